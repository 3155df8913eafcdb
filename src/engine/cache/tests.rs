//! Tests that the cache returns the stored result or none.

use proptest::prelude::*;

use super::*;
use crate::engine::file_result::{CannotTell, RawFinding};
use crate::model::{Edit, Fix, Reason};
use crate::text::{Excerpt, Position, Span};

const KEY: Digest = [7; 32];
const CLASS: Digest = [1; 32];

fn digest(number: u8) -> Digest {
    [number; 32]
}

fn stamp(number: u64) -> Stamp {
    Stamp { size: number, modified: -5, changed: i128::from(number) << 20, inode: number, device: 3 }
}

fn found(text: &str) -> RawFinding {
    RawFinding {
        check: 3,
        message: format!("`{text}` has no timeout"),
        start: Position { line: 2, column: 3, byte: 9 },
        end: Position { line: 2, column: 4, byte: 300 },
        excerpt: Some(Excerpt { first_line: 2, text: "é = 1".to_owned(), span: Span::new(2, 6), cut: true }),
        content: text.to_owned(),
        fix: Some(Fix {
            title: Some("set one".to_owned()),
            edits: vec![
                Edit::Replace { span: Span::new(3, 9), with: "x".to_owned() },
                Edit::Create { path: RepoPath::from("docs/a.md"), content: "# a".to_owned() },
            ],
        }),
    }
}

fn result(text: &str) -> FileResult {
    let cannot_tell = vec![
        CannotTell { check: None, reason: Reason::Encoding, detail: text.to_owned() },
        CannotTell { check: Some(0), reason: Reason::ParseError, detail: String::new() },
    ];
    let comments = vec![crate::engine::judge::Comment {
        line: 3,
        covers: 4,
        at: 17,
        text: "waive a/b -- because".to_owned(),
        source: "    # stanchion: waive a/b -- because".to_owned(),
    }];
    FileResult { file: 0, found: vec![found(text), found("other")], cannot_tell, comments }
}

/// Writes the cache and loads it as the next run does.
fn reload(store: &ResultCache) -> ResultCache {
    ResultCache::decode(store.encode().expect("something new"), KEY).expect("what was written can be read")
}

#[test]
fn a_result_is_found_by_stamp_and_by_content_and_only_then() {
    let store = ResultCache::empty(KEY);
    let (a, b) = (RepoPath::from("a.py"), RepoPath::from("b.py"));
    store.store(&a, Some(stamp(1)), digest(1), CLASS, &FileResult { file: 99, ..result("requests.get") });
    store.store(&b, None, digest(2), CLASS, &FileResult::default());
    let next = reload(&store);
    assert_eq!(next.by_stamp(&a, &stamp(1), &CLASS), Some(result("requests.get")));
    assert_eq!(next.by_content(&a, &digest(1), &CLASS), Some(result("requests.get")));
    assert_eq!(next.by_content(&b, &digest(2), &CLASS), Some(FileResult::default()));
    let one = stamp(1);
    for other in [
        Stamp { size: 2, ..one },
        Stamp { modified: -6, ..one },
        Stamp { changed: one.changed + 1, ..one },
        Stamp { inode: 2, ..one },
        Stamp { device: 2, ..one },
        Stamp { modified: i128::MAX, ..one },
    ] {
        assert_eq!(next.by_stamp(&a, &other, &CLASS), None, "{other:?}");
    }
    assert_eq!(next.by_stamp(&a, &one, &digest(9)), None, "other checks");
    assert_eq!(next.by_content(&a, &digest(2), &CLASS), None, "another file's content");
    assert_eq!(next.by_content(&a, &digest(1), &digest(9)), None, "other checks");
    assert_eq!(next.by_stamp(&b, &stamp(0), &CLASS), None, "it was stored without a stamp");
    assert_eq!(next.by_stamp(&RepoPath::from("c.py"), &one, &CLASS), None, "another path");
    assert!(next.encode().is_none(), "nothing is new");
}

#[test]
fn the_last_result_of_a_path_counts_and_the_others_stay() {
    let first = ResultCache::empty(KEY);
    let paths: Vec<RepoPath> = (0..2000).map(|n| RepoPath::new(format!("d{}/{n}", n % 7))).collect();
    for (number, path) in (0..).zip(&paths) {
        first.store(path, Some(stamp(number)), digest(1), digest(path.name()[0]), &FileResult::default());
    }
    let second = reload(&first);
    second.store(&paths[5], Some(stamp(5)), digest(8), CLASS, &result("old"));
    second.store(&paths[5], Some(stamp(6)), digest(9), CLASS, &result("new"));
    second.store(&RepoPath::from("new"), None, digest(9), CLASS, &result("new"));
    let third = reload(&second);
    assert_eq!(third.by_content(&paths[5], &digest(9), &CLASS), Some(result("new")));
    assert_eq!(third.by_content(&paths[5], &digest(8), &CLASS), None);
    assert!(third.by_content(&RepoPath::from("new"), &digest(9), &CLASS).is_some());
    for (number, path) in (0..).zip(&paths).filter(|(number, _)| *number != 5) {
        assert!(third.by_stamp(path, &stamp(number), &digest(path.name()[0])).is_some(), "{path:?}");
    }
}

#[test]
fn storing_a_known_entry_is_nothing_new() {
    let store = ResultCache::empty(KEY);
    let path = RepoPath::from("a");
    store.store(&path, Some(stamp(1)), digest(1), CLASS, &result("x"));
    store.store_facts(digest(4), vec![1, 2]);
    let next = reload(&store);
    next.store(&path, Some(stamp(1)), digest(1), CLASS, &result("x"));
    next.store(&path, None, digest(1), CLASS, &result("x"));
    next.store_facts(digest(4), vec![1, 2]);
    assert!(next.encode().is_none());
    next.store(&path, Some(stamp(2)), digest(1), CLASS, &result("x"));
    assert!(reload(&next).by_stamp(&path, &stamp(2), &CLASS).is_some(), "a fresh stamp is worth writing");
}

#[test]
fn results_that_may_differ_in_another_run_are_not_stored() {
    let mut long = result("x");
    long.found[0].message = "x".repeat(1 << 20);
    let mut backwards = result("x");
    backwards.found[0].end.byte = 0;
    let mut beside = result("x");
    beside.found[1].excerpt =
        beside.found[1].excerpt.take().map(|it| Excerpt { span: Span::new(1, 2), ..it });
    let mut outside = result("x");
    outside.found[0].fix = Some(Fix {
        title: None,
        edits: vec![Edit::Create { path: RepoPath::from("a/../../b"), content: String::new() }],
    });
    let unsure = [
        Reason::Died,
        Reason::Budget,
        Reason::Changed,
        Reason::Unreadable,
        Reason::Special,
        Reason::PathTooLong,
        Reason::Directory,
        Reason::IgnoreFile,
    ]
    .map(|reason| {
        let cannot_tell = vec![CannotTell { check: None, reason, detail: String::new() }];
        FileResult { cannot_tell, ..FileResult::default() }
    });
    for result in unsure.into_iter().chain([long, backwards, beside, outside]) {
        let store = ResultCache::empty(KEY);
        store.store(&RepoPath::from("a"), None, digest(1), CLASS, &result);
        assert!(store.encode().is_none(), "{result:?}");
    }
}

#[test]
fn facts_come_back_as_they_were() {
    let store = ResultCache::empty(KEY);
    for number in [9, 2, 200, 7] {
        store.store_facts(digest(number), vec![number; usize::from(number)]);
    }
    store.store_facts(digest(3), vec![0; MOST_FACTS + 1]);
    let next = reload(&store);
    for number in [2, 7, 9, 200] {
        assert_eq!(next.facts(&digest(number)), Some(vec![number; usize::from(number)]));
    }
    assert_eq!(
        (next.facts(&digest(3)), next.facts(&digest(0)), next.facts(&digest(255))),
        (None, None, None)
    );
    next.store_facts(digest(7), vec![]);
    let third = reload(&next);
    assert_eq!((third.facts(&digest(7)), third.facts(&digest(9))), (Some(vec![]), Some(vec![9; 9])));
}

#[test]
fn a_different_key_or_version_is_rejected() {
    let store = ResultCache::empty(KEY);
    store.store_facts(digest(1), vec![1]);
    let bytes = store.encode().expect("something new");
    assert!(ResultCache::decode(bytes.clone(), digest(8)).is_none());
    let mut other = bytes.clone();
    other[7] += 1;
    let body = other.len() - 32;
    let checksum = layout::checksum_of(&other[..body]);
    other[body..].copy_from_slice(&checksum);
    assert!(ResultCache::decode(other, KEY).is_none(), "another version, whole in itself");
    assert!(ResultCache::decode(Vec::new(), KEY).is_none());
    assert_eq!(CacheSummary::of(bytes), Some(CacheSummary { files: 0, with_findings: 0, checks: 1 }));
}

#[test]
fn unused_entries_are_evicted_first() {
    let store = ResultCache::empty(KEY);
    let paths: Vec<RepoPath> = (0..400).map(|n| RepoPath::new(format!("{n:03}"))).collect();
    for path in &paths {
        store.store(path, None, digest(1), CLASS, &FileResult::default());
        store.store_facts(digest(path.bytes()[0]), vec![0; 500]);
    }
    let next = reload(&store);
    for path in &paths[100..200] {
        assert!(next.by_content(path, &digest(1), &CLASS).is_some());
    }
    next.store(&RepoPath::from("new"), None, digest(1), CLASS, &FileResult::default());
    let most = 200 * 150;
    let bytes = next.encode_within(most).expect("something new");
    assert!(bytes.len() <= most, "{}", bytes.len());
    let third = ResultCache::decode(bytes, KEY).expect("whole");
    assert!(third.by_content(&RepoPath::from("new"), &digest(1), &CLASS).is_some());
    for path in &paths[100..200] {
        assert!(third.by_content(path, &digest(1), &CLASS).is_some(), "{path:?} was used");
    }
    let tiny = next.encode_within(0).expect("something new");
    assert!(ResultCache::decode(tiny, KEY).is_some(), "nothing fits; still a whole file");
}

#[test]
fn long_unused_entries_are_removed() {
    let mut store = ResultCache::empty(KEY);
    let (used, unused) = (RepoPath::from("used"), RepoPath::from("unused"));
    for path in [&used, &unused] {
        store.store(path, None, digest(1), CLASS, &FileResult::default());
    }
    let mut writes = 0;
    store = reload(&store);
    while store.loaded.as_ref().is_some_and(|loaded| loaded.find(b"unused").is_some()) {
        assert!(store.by_content(&used, &digest(1), &CLASS).is_some());
        store.store(&RepoPath::from("busy"), Some(stamp(writes)), digest(1), CLASS, &FileResult::default());
        store = reload(&store);
        writes += 1;
        assert!(writes < 1000, "the unused entry is never removed");
    }
    assert!(writes > 200 && store.by_content(&used, &digest(1), &CLASS).is_some());
}

fn some_result() -> impl Strategy<Value = FileResult> {
    (proptest::collection::vec(".{0,20}", 0..4), any::<u32>()).prop_map(|(texts, number)| {
        let found = texts
            .iter()
            .map(|text| {
                let end = Position { line: number | 2, column: 1, byte: u64::from(number) + 9 };
                RawFinding { check: number, end, fix: None, excerpt: None, ..found(text) }
            })
            .collect();
        FileResult { found, ..FileResult::default() }
    })
}

/// A small cache file, and its results.
fn some_store() -> impl Strategy<Value = (Vec<u8>, Vec<(RepoPath, FileResult)>)> {
    proptest::collection::btree_map("[a-c/]{0,12}", some_result(), 0..12).prop_map(|files| {
        let store = ResultCache::empty(KEY);
        store.store_facts(digest(1), vec![5; 9]);
        let files: Vec<_> = files.into_iter().map(|(path, result)| (RepoPath::new(path), result)).collect();
        for (number, (path, result)) in (0..).zip(&files) {
            store.store(path, Some(stamp(number)), digest(1), CLASS, result);
        }
        (store.encode().expect("something new"), files)
    })
}

/// Replaces the checksum with a correct one, as an attacker would.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len().saturating_sub(32);
    let checksum = layout::checksum_of(&bytes[..body]);
    bytes.truncate(body);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// Performs all lookups and writes the cache. Tests only that nothing panics and the results are sound.
fn use_everything(store: &ResultCache, files: &[(RepoPath, FileResult)]) {
    for (number, (path, _)) in (0..).zip(files) {
        let _ = store.by_stamp(path, &stamp(number), &CLASS);
        if let Some(result) = store.by_content(path, &digest(1), &CLASS) {
            for found in &result.found {
                let excerpt = found.excerpt.iter();
                excerpt.for_each(|it| assert!(it.text.get(it.span.start..it.span.end).is_some()));
            }
        }
    }
    let _ = store.facts(&digest(1));
    store.store(&RepoPath::from("zz"), None, digest(3), CLASS, &FileResult::default());
    let written = store.encode().expect("something new");
    assert!(written.len() <= MOST_BYTES && ResultCache::decode(written, KEY).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stored_results_are_returned((bytes, files) in some_store()) {
        let store = ResultCache::decode(bytes, KEY).expect("whole");
        for (number, (path, result)) in (0..).zip(&files) {
            prop_assert_eq!(store.by_stamp(path, &stamp(number), &CLASS), Some(result.clone()));
        }
    }

    #[test]
    fn a_flipped_bit_or_a_truncated_file_is_rejected(
        (bytes, _) in some_store(),
        at in any::<prop::sample::Index>(),
        bit in 0u32..8,
        more in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut flipped = bytes.clone();
        flipped[at.index(bytes.len())] ^= 1 << bit;
        prop_assert!(ResultCache::decode(flipped, KEY).is_none());
        prop_assert!(ResultCache::decode(bytes[..at.index(bytes.len())].to_vec(), KEY).is_none());
        prop_assert!(ResultCache::decode([bytes, more].concat(), KEY).is_none());
    }

    #[test]
    fn random_bytes_are_rejected(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(ResultCache::decode(bytes.clone(), KEY).is_none());
        let _ = result::decode(&bytes);
    }

    /// A poisoned file with a correct checksum never causes a panic or an unsound result.
    #[test]
    fn a_poisoned_file_is_survived(
        (bytes, files) in some_store(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut poisoned = bytes.clone();
        for (at, byte) in &changes {
            // After the key, so that the counts in the head and every table are modified.
            let at = 40 + at.index(bytes.len() - 40);
            poisoned[at] = *byte;
        }
        for bytes in [sealed(poisoned.clone()), sealed(poisoned[..cut.index(poisoned.len())].to_vec())] {
            if let Some(store) = ResultCache::decode(bytes.clone(), KEY) {
                use_everything(&store, &files);
            }
            let _ = CacheSummary::of(bytes);
        }
    }
}
