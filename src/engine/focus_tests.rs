//! Tests of which findings belong to a change. Runs with a focus are tested in `tests/git/whole.rs`.

use super::*;

struct Every;

impl ChangedLines for Every {
    fn lines(&self, _: &RepoPath) -> LineChanges {
        LineChanges::All
    }
}

fn focus(of: &[(&str, ChangeKind)]) -> Focus {
    let changes = of.iter().map(|&(path, kind)| Change { path: RepoPath::from(path), kind }).collect();
    Focus::new(changes, Arc::new(Every), BTreeSet::new())
}

fn entries(paths: &[&str]) -> Vec<PathEntry> {
    let kind = |path: &str| if path.ends_with('/') { EntryKind::Directory } else { EntryKind::File };
    let entry =
        |path: &&str| PathEntry { path: RepoPath::from(path.trim_end_matches('/')), kind: kind(path) };
    paths.iter().map(entry).collect()
}

fn at(line: u32, column: u32) -> Position {
    Position { line, column, byte: u64::from(line * 100 + column) }
}

#[test]
fn findings_touch_changed_lines() {
    for (changes, start, end, expected) in [
        (&[(2, 2)][..], at(2, 1), at(2, 5), true),
        (&[(2, 2)], at(1, 1), at(2, 1), false),
        (&[(2, 2)], at(1, 1), at(2, 2), true),
        (&[(2, 3)], at(3, 1), at(9, 2), true),
        (&[(2, 3)], at(4, 1), at(9, 2), false),
        // Lines deleted between 2 and 3.
        (&[(3, 2)], at(2, 1), at(3, 5), true),
        (&[(3, 2)], at(2, 1), at(2, 5), false),
        (&[(3, 2)], at(3, 1), at(3, 5), false),
        // A missing element belongs to any change of the file.
        (&[(9, 9)], at(1, 1), at(1, 1), true),
        (&[], at(1, 1), at(1, 1), false),
        (&[], at(1, 1), at(1, 5), false),
    ] {
        let lines = LineChanges::some(changes.iter().copied());
        assert_eq!(lines.touches(start, end), expected, "{changes:?} {start:?} {end:?}");
    }
    assert!(LineChanges::All.touches(at(1, 1), at(1, 2)));
}

#[test]
fn the_entries_before_the_change() {
    use ChangeKind::{Added, Modified, Removed};
    let now = entries(&["a/", "a/b", "new/", "new/deep/", "new/deep/x", "old.txt"]);
    let focus =
        focus(&[("new/deep/x", Added), ("a/b", Modified), ("gone/sub/y", Removed), ("old.txt/z", Removed)]);
    let before = focus.entries_before(&now);
    let paths: Vec<&str> = before.iter().filter_map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["a", "a/b", "gone", "gone/sub", "gone/sub/y", "old.txt", "old.txt/z"]);
    let own: Vec<&str> =
        focus.own_entries(&now, true).into_iter().filter_map(|at| now[at].path.as_str()).collect();
    assert_eq!(own, ["a/b", "new", "new/deep", "new/deep/x"]);
    assert_eq!(focus.own_entries(&now, false).len(), 3);
    assert!(focus.is_changed(&RepoPath::from("a/b")) && !focus.is_changed(&RepoPath::from("gone/sub/y")));
}

/// 20,000 new files below many folders: quadratic work would not finish in reasonable time.
#[test]
fn many_new_files_in_one_folder() {
    let deep = "d/".repeat(200);
    let paths: Vec<String> = (0..20_000).map(|number| format!("{deep}f{number:05}")).collect();
    let mut now: Vec<PathEntry> = (1..=200)
        .map(|depth| PathEntry {
            path: RepoPath::from("d/".repeat(depth).trim_end_matches('/')),
            kind: EntryKind::Directory,
        })
        .collect();
    now.push(PathEntry { path: RepoPath::from("d/old"), kind: EntryKind::File });
    now.extend(
        paths.iter().map(|path| PathEntry { path: RepoPath::from(path.as_str()), kind: EntryKind::File }),
    );
    now.sort_by(|a, b| a.path.cmp(&b.path));
    let added: Vec<(&str, ChangeKind)> =
        paths.iter().map(|path| (path.as_str(), ChangeKind::Added)).collect();
    let focus = focus(&added);
    for _ in 0..20 {
        assert_eq!(focus.own_entries(&now, false).len(), 20_000 + 199);
        assert_eq!(focus.entries_before(&now).len(), 2);
    }
    // A list of a different length belongs to another run, so the cached result is not used.
    assert_eq!(focus.own_entries(&now[..1], false).len(), 1);
}
