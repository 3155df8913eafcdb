//! The conditions, checked on small trees.

use super::*;
use crate::engine::tree::{EntryKind, Listing, Metadata, ReadError};
use crate::engine::{MemoryTree, SpecProblem};
use crate::model::{Edit, FilesCheck, Fix, Reason};

fn check(json: &str) -> FilesCheck {
    serde_json::from_str(json).expect("a files check")
}

fn compiled(json: &str) -> CompiledFiles {
    compile(&check(json)).unwrap_or_else(|problems| panic!("{json}: {problems:?}"))
}

fn tree(paths: &[&str]) -> MemoryTree {
    MemoryTree::new(paths.iter().map(|path| (RepoPath::from(*path), b"12345".to_vec())))
}

/// Returns the findings as (path, message), and the inspected paths.
fn answers(
    json: &str,
    tree: &dyn Tree,
    scope: &str,
    message: Option<&str>,
) -> (Vec<(String, String)>, Vec<String>) {
    let entries = tree.list().expect("a list").entries;
    let (mut out, mut cannot_tell, mut inspected) = (Vec::new(), Vec::new(), Vec::new());
    compiled(json).assess(
        7,
        &entries,
        tree,
        &RepoPath::from(scope),
        message,
        None,
        &mut out,
        &mut cannot_tell,
        &mut |index| inspected.push(entries[index].path.lossless().into_owned()),
    );
    assert_eq!(cannot_tell, []);
    assert!(out.iter().all(|(_, found)| found.check == 7 && found.excerpt.is_none() && found.fix.is_none()));
    let found = out.into_iter().map(|(path, found)| (path.lossless().into_owned(), found.message)).collect();
    inspected.sort();
    inspected.dedup();
    (found, inspected)
}

/// A check, the files of a tree, and the findings: path and message.
type Case = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

#[test]
fn findings_and_their_sentences() {
    #[rustfmt::skip]
    let cases: &[Case] = &[
        // require, once
        (r#"{"require": {"any": ["README.md", "README.*"]}}"#, &["README.rst"], &[]),
        (r#"{"require": {"any": ["README.md", "README.*"]}}"#, &["src/README.md"],
            &[("README.md", "none of `README.md`, `README.*` is in the repository: add `README.md`")]),
        (r#"{"require": {"any": ["LICENSE"]}}"#, &["x"], &[("LICENSE", "`LICENSE` is missing: add it")]),
        (r#"{"require": {"all": ["a", "docs/*.md", "b"]}}"#, &["a", "docs/x/y.md"], &[
            (".", "nothing in the repository matches `docs/*.md`: add a file that does"),
            ("b", "`b` is missing: add it"),
        ]),
        (r#"{"require": {"any": ["docs"]}}"#, &["docs/a"], &[]),
        (r#"{"require": {"any": ["**/*_test.py"]}, "except": ["examples/**"]}"#, &["examples/a_test.py"],
            &[(".", "nothing in the repository matches `**/*_test.py`: add a file that does")]),
        // require, in each directory
        (r#"{"each": "services/*", "require": {"all": ["README.md", "src/*.rs"]}}"#,
            &["services/a/README.md", "services/a/src/x.rs", "services/b/x", "services/c/README.md", "services/file"], &[
            ("services/b", "nothing in `services/b` matches `src/*.rs`: add a file that does (required in every directory that matches `services/*`)"),
            ("services/b/README.md", "`services/b/README.md` is missing: add it (required in every directory that matches `services/*`)"),
            ("services/c", "nothing in `services/c` matches `src/*.rs`: add a file that does (required in every directory that matches `services/*`)"),
        ]),
        (r#"{"each": [".", "a"], "require": {"any": ["x", "y"]}, "except": ["b/**"]}"#, &["a/y", "b/x"],
            &[("x", "none of `x`, `y` is in the repository: add `x`")]),
        (r#"{"each": "s/*", "require": {"any": ["x"]}, "except": ["s/b"]}"#, &["s/a/x", "s/b/y", "s-1/y"], &[]),
        // forbid
        (r#"{"forbid": ["**/*.orig", "docs/**"], "except": ["docs/keep/*"]}"#, &["a/b.orig", "docs/x/y", "docs/keep/z", "ok"], &[
            ("a/b.orig", "`a/b.orig` is not wanted here: remove it, rename it or move it elsewhere"),
            ("docs/x/y", "`docs/x/y` is not wanted here: remove it, rename it or move it elsewhere"),
        ]),
        (r#"{"forbid": ["**/node_modules"]}"#, &["a/node_modules/x/y", "node_modules.md"],
            &[("a/node_modules", "`a/node_modules` is not wanted here: remove it, rename it or move it elsewhere")]),
        (r#"{"each": "p/*", "forbid": ["*.tmp"]}"#, &["p/a/x.tmp", "p/a/b/x.tmp", "x.tmp"],
            &[("p/a/x.tmp", "`p/a/x.tmp` is not wanted here: remove it, rename it or move it elsewhere")]),
        // names
        (r#"{"names": {"paths": ["src/**"], "style": "kebab"}, "except": ["**/README*"]}"#,
            &["src/MyPart/two_words.ts", "src/README.md", "Other.md", "src/good-name.test.ts"],
            &[("src/MyPart/two_words.ts", "the name `two_words.ts` is not written in kebab-case: rename it to `two-words.ts`")]),
        (r#"{"names": {"paths": ["src/**"], "of": "directories", "style": "snake"}}"#, &["src/MyPart/File"],
            &[("src/MyPart", "the name `MyPart` is not written in snake_case: rename it to `my_part`")]),
        (r#"{"names": {"paths": ["**"], "of": "both", "regex": "[a-z]{1,2}"}}"#, &["ab/abc", "a/b"],
            &[("ab/abc", "the name `abc` does not match `[a-z]{1,2}`: rename it")]),
        // pair
        (r#"{"pair": {"for": "services/*/Dockerfile", "want": "services/{1}/RUNBOOK.md"}}"#,
            &["services/pay/Dockerfile", "services/ok/Dockerfile", "services/ok/RUNBOOK.md", "services/x/y/Dockerfile"],
            &[("services/pay/RUNBOOK.md", "`services/pay/RUNBOOK.md` is missing: `services/pay/Dockerfile` requires it")]),
        (r#"{"pair": {"for": "src/**/*.{ts,js}", "want": "test/{1}/{2}.test.md"}}"#,
            &["src/a.ts", "src/a.js", "src/d/e/b.ts", "test/d/e/b.test.md"],
            &[("test/a.test.md", "`test/a.test.md` is missing: `src/a.js` requires it")]),
        // size: each file has 5 bytes
        (r#"{"size": {"paths": ["**"], "max": "4"}}"#, &["a/x"],
            &[("a/x", "`a/x` has 5 bytes, more than 4 bytes: make it smaller, or keep it outside the repository")]),
        (r#"{"size": {"paths": ["*.md"], "min": "1 KiB"}}"#, &["a.md", "b"],
            &[("a.md", "`a.md` has 5 bytes, less than 1 KiB: complete it, or remove it")]),
        (r#"{"size": {"paths": ["**"], "max": "5", "min": "5"}}"#, &["a/x"], &[]),
        // executable
        (r#"{"executable": {"paths": ["bin/*"], "set": true}}"#, &["bin/run", "x"],
            &[("bin/run", "`bin/run` is not executable: set the bit with `git update-index --chmod=+x`")]),
        (r#"{"executable": {"paths": ["**"], "set": false}}"#, &["bin/run"], &[]),
        // duplicates
        (r#"{"duplicates": {"paths": ["**"]}}"#,
            &["a/Item (2).md", "a/Item.md", "b/Item (2).md", "c/Copy of x/f", "Item.md", "d/Item copy/f", "d/Item/f"], &[
            ("a/Item (2).md", "`a/Item (2).md` is named like a copy of `Item.md`: remove it, or give it a descriptive name"),
            ("c/Copy of x", "`c/Copy of x` is named like a copy of `x`: remove it, or give it a descriptive name"),
            ("d/Item copy", "`d/Item copy` is named like a copy of `Item`: remove it, or give it a descriptive name"),
        ]),
    ];
    for (json, paths, expected) in cases {
        let (mut found, _) = answers(json, &tree(paths), "", None);
        found.sort();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(found, expected, "{json}");
    }
}

#[test]
fn inspected_paths() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (r#"{"require": {"any": ["a", "b"], "all": ["c"]}}"#, &["a", "b", "c", "d"], &["a", "b", "c"]),
        (r#"{"forbid": ["a"]}"#, &["a", "b"], &["a"]),
        (r#"{"each": "p/*", "forbid": ["*.tmp"]}"#, &["p/a/x", "p/f", "q/a/x"], &["p/a"]),
        (r#"{"names": {"paths": ["a*"], "style": "lower"}}"#, &["a", "ab", "b"], &["a", "ab"]),
        (r#"{"pair": {"for": "*.c", "want": "{1}.h"}}"#, &["a.c", "a.h", "b.h"], &["a.c", "a.h"]),
        (r#"{"size": {"paths": ["a/*"], "max": "9"}, "except": ["a/y"]}"#, &["a/x", "a/y"], &["a/x"]),
    ];
    for (json, paths, expected) in cases {
        assert_eq!(answers(json, &tree(paths), "", None).1, *expected, "{json}");
    }
}

#[test]
fn conditions_that_apply_to_the_whole_repository() {
    for (json, whole) in [
        (r#"{"forbid": ["a"]}"#, true),
        (r#"{"each": [".", "p/*"], "forbid": ["a"]}"#, true),
        (r#"{"each": "p/*", "forbid": ["a"]}"#, false),
        (r#"{"size": {"paths": ["a"], "max": "1"}}"#, false),
    ] {
        assert_eq!(compiled(json).applies_to_whole_repository(), whole, "{json}");
    }
}

#[test]
fn a_scope_leaves_out_what_is_elsewhere() {
    let paths = tree(&["a/X", "b/X"]);
    let names = r#"{"names": {"paths": ["**"], "style": "lower"}}"#;
    assert_eq!(answers(names, &paths, "b", None).0.len(), 1);
    let root = r#"{"require": {"any": ["README*"]}}"#;
    assert_eq!(answers(root, &paths, "b", None).0, []);
    let each = r#"{"each": "*", "require": {"any": ["y"]}}"#;
    assert_eq!(answers(each, &paths, "a", None).0.len(), 1);
}

#[test]
fn messages_of_the_check_itself() {
    let cases = [
        (
            r#"{"names": {"paths": ["**"], "style": "kebab"}}"#,
            "a/My File.md",
            "$NAME in $PATH -> $SUGGESTED $",
            "My File.md in a/My File.md -> my-file.md $",
        ),
        (
            r#"{"size": {"paths": ["**"], "max": "2"}}"#,
            "x",
            "$SIZE/$LIMIT$MISSING $5 $UNKNOWN",
            "5 bytes/2 bytes $5 $UNKNOWN",
        ),
        (r#"{"require": {"all": ["a/*.md"]}}"#, "x", "add $MISSING", "add a/*.md"),
        (r#"{"forbid": ["**"]}"#, "NAME", "$$PATH is $$$PATH $$", "$PATH is $NAME $"),
        (r#"{"forbid": ["**"]}"#, "$NAME", "no $PATH", "no $NAME"),
    ];
    for (json, path, message, expected) in cases {
        assert_eq!(answers(json, &tree(&[path]), "", Some(message)).0[0].1, expected);
    }
}

#[test]
fn a_fix_creates_what_is_missing_in_one_place() {
    let fix = FixSpec { title: Some("add it".to_owned()), replace: None, create: Some("# hi\n".to_owned()) };
    let cases = [
        (r#"{"require": {"all": ["a/b.md"]}}"#, Some("a/b.md")),
        (r#"{"require": {"any": ["*.md"]}}"#, None),
        (r#"{"pair": {"for": "*.c", "want": "doc/{1}.md"}}"#, Some("doc/x.md")),
        (r#"{"forbid": ["*.c"]}"#, None),
    ];
    for (json, expected) in cases {
        let tree = tree(&["x.c"]);
        let entries = tree.list().expect("a list").entries;
        let mut out = Vec::new();
        let root = RepoPath::from("");
        compiled(json).assess(
            0,
            &entries,
            &tree,
            &root,
            None,
            Some(&fix),
            &mut out,
            &mut Vec::new(),
            &mut |_| {},
        );
        let expected = expected.map(|path| Fix {
            title: Some("add it".to_owned()),
            edits: vec![Edit::Create { path: RepoPath::from(path), content: "# hi\n".to_owned() }],
        });
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].1.fix, expected, "{json}");
    }
}

/// A tree with the given entries, whose metadata is not available.
struct Odd(Vec<PathEntry>);

impl Tree for Odd {
    fn list(&self) -> Result<Listing, ReadError> {
        Ok(Listing { entries: self.0.clone(), ..Listing::default() })
    }
    fn read(&self, _: &RepoPath, _: u64, _: &mut Vec<u8>) -> Result<(), ReadError> {
        Err(ReadError { reason: Reason::Unreadable, detail: "no".to_owned() })
    }
    fn metadata(&self, _: &RepoPath) -> Result<Metadata, ReadError> {
        Err(ReadError { reason: Reason::Changed, detail: "it was deleted during the run".to_owned() })
    }
}

/// A tree on a system without an executable bit.
struct WithoutExecutableBit(MemoryTree);

impl Tree for WithoutExecutableBit {
    fn list(&self) -> Result<Listing, ReadError> {
        self.0.list()
    }
    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.0.read(path, limit, buffer)
    }
    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError> {
        Ok(Metadata { executable: None, ..self.0.metadata(path)? })
    }
}

#[test]
fn unavailable_metadata_is_not_a_finding() {
    let tree = WithoutExecutableBit(tree(&["a"]));
    let entries = tree.list().expect("a list").entries;
    for json in [
        r#"{"executable": {"paths": ["**"], "set": true}}"#,
        r#"{"executable": {"paths": ["**"], "set": false}}"#,
    ] {
        let (mut out, mut unknown) = (Vec::new(), Vec::new());
        let root = RepoPath::from("");
        compiled(json).assess(0, &entries, &tree, &root, None, None, &mut out, &mut unknown, &mut |_| {});
        assert_eq!((out.len(), unknown.len()), (0, 1), "{json}");
    }
}

#[test]
fn links_count_as_existing_and_empty_directories_do_not() {
    let entry = |path: &[u8], kind| PathEntry { path: RepoPath::new(path), kind };
    let odd = Odd(vec![
        entry(b"LINK", EntryKind::Link),
        entry(b"Odd\xff", EntryKind::File),
        entry(b"empty", EntryKind::Directory),
    ]);
    assert_eq!(answers(r#"{"require": {"any": ["LINK"]}}"#, &odd, "", None).0, []);
    assert_eq!(answers(r#"{"require": {"any": ["empty"]}}"#, &odd, "", None).0.len(), 1);
    assert_eq!(answers(r#"{"forbid": ["empty"]}"#, &odd, "", None).0, []);
    assert_eq!(answers(r#"{"each": "*", "require": {"any": ["x"]}}"#, &odd, "", None).0, []);
    let names =
        answers(r#"{"names": {"paths": ["*"], "of": "both", "style": "screaming-snake"}}"#, &odd, "", None).0;
    assert_eq!(
        names,
        [(
            r"Odd\xff".to_owned(),
            r"the name `Odd\xff` is not UTF-8, so it is not written in SCREAMING_SNAKE_CASE: rename it"
                .to_owned()
        )]
    );

    let (mut out, mut cannot_tell) = (Vec::new(), Vec::new());
    let size = compiled(r#"{"size": {"paths": ["**"], "max": "1"}}"#);
    size.assess(3, &odd.0, &odd, &RepoPath::from(""), None, None, &mut out, &mut cannot_tell, &mut |_| {});
    assert!(out.is_empty());
    assert_eq!(cannot_tell.len(), 1, "the file, not the link");
    assert_eq!((cannot_tell[0].1.check, cannot_tell[0].1.reason), (Some(3), Reason::Changed));
}

#[test]
fn problems_of_a_check() {
    let deep = format!(r#"{{"forbid": ["{}"]}}"#, "{".repeat(100));
    let long = format!(r#"{{"names": {{"paths": ["*"], "regex": "{}"}}}}"#, "a".repeat(9_000));
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str)] = &[
        ("{}", "files", "needs one of `require`, `forbid`"),
        (r#"{"forbid": ["a"], "require": {"any": ["b"]}}"#, "files", "`require` and `forbid`"),
        (r#"{"forbid": []}"#, "files.forbid", "empty"),
        (r#"{"forbid": ["ok", "a/"]}"#, "files.forbid.1", "`a/**`"),
        (r#"{"forbid": ["a"], "except": ["../x"]}"#, "files.except.0", "`..`"),
        (&deep, "files.forbid.0", "16 levels"),
        (r#"{"require": {}}"#, "files.require", "needs `any` or `all`"),
        (r#"{"require": {"any": ["a"], "all": ["b", "/c"]}}"#, "files.require.all.1", "write `c`"),
        (r#"{"each": "a/", "require": {"any": ["x"]}}"#, "files.each", "ends with `/`"),
        (r#"{"each": [".", "a", "./b"], "require": {"any": ["x"]}}"#, "files.each.2", "write `b`"),
        (r#"{"each": "a", "names": {"paths": ["*"], "style": "kebab"}}"#, "files.each", "only with `require` and `forbid`"),
        (r#"{"names": {"paths": ["*"]}}"#, "files.names", "needs `style` or `regex`"),
        (r#"{"names": {"paths": ["*"], "style": "kebab", "regex": "a"}}"#, "files.names", "both"),
        (r#"{"names": {"paths": ["*"], "regex": "(a"}}"#, "files.names.regex", "unclosed group"),
        (r#"{"names": {"paths": ["*"], "regex": "(?=a)"}}"#, "files.names.regex", "look-around"),
        (r#"{"names": {"paths": ["*"], "regex": "(\\w{100}){100}"}}"#, "files.names.regex", "1 MiB"),
        (&long, "files.names.regex", "8 KiB"),
        (r#"{"pair": {"for": "a/*", "want": "b/{2}"}}"#, "files.pair.want", "has only 1"),
        (r#"{"pair": {"for": "a/*", "want": "b/{x}"}}"#, "files.pair.want", "without a number"),
        (r#"{"pair": {"for": "a/*", "want": "b/{1"}}"#, "files.pair.want", "without a number"),
        (r#"{"pair": {"for": "a/*", "want": "b/{0}"}}"#, "files.pair.want", "without a number"),
        (r#"{"pair": {"for": "a/*", "want": "../{1}"}}"#, "files.pair.want", "below the repository's root"),
        (r#"{"pair": {"for": "a/*", "want": "b/*"}}"#, "files.pair.want", "is a glob"),
        (r#"{"pair": {"for": "a**", "want": "b"}}"#, "files.pair.for", "must be alone"),
        (r#"{"size": {"paths": ["*"]}}"#, "files.size", "needs `max` or `min`"),
        (r#"{"size": {"paths": ["*"], "max": "5 XB"}}"#, "files.size.max", "not a size"),
        (r#"{"size": {"paths": ["*"], "max": "5", "min": "6"}}"#, "files.size", "larger than `max`"),
        (r#"{"executable": {"paths": [], "set": true}}"#, "files.executable.paths", "empty"),
        (r#"{"duplicates": {"paths": ["[z-a]"]}}"#, "files.duplicates.paths.0", "reversed"),
    ];
    for (json, at, words) in cases {
        let problems = compile(&check(json)).expect_err(json);
        let [problem] = problems.as_slice() else { panic!("{json}: {problems:?}") };
        assert!(problem.message.contains(words), "{json}: {}", problem.message);
        assert_eq!(path_of(problem), *at, "{json}");
    }
    let several = r#"{"names": {"paths": ["a/"], "regex": "("}, "except": ["/x"]}"#;
    assert_eq!(compile(&check(several)).expect_err("three problems").len(), 3);
}

fn path_of(problem: &SpecProblem) -> String {
    let steps = problem.at.iter().map(|step| match step {
        crate::data::PointerStep::Key(key) => key.clone(),
        crate::data::PointerStep::Index(index) => index.to_string(),
    });
    steps.collect::<Vec<_>>().join(".")
}
