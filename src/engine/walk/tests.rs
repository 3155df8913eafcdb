//! Tests on real trees on disk.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;

use super::*;
use crate::engine::tree::{EntryKind, PathEntry};
use crate::model::Reason;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (path, content) in files {
        put(dir.path(), path, content);
    }
    dir
}

fn put(root: &Path, path: &str, content: &str) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().expect("a parent")).expect("a directory");
    fs::write(place, content).expect("a file");
}

fn list(dir: &TempDir) -> Listing {
    DiskTree::open(dir.path()).expect("a tree").list().expect("a list")
}

/// Paths of everything but directories.
fn files(listing: &Listing) -> Vec<String> {
    let not_directory = |entry: &&PathEntry| entry.kind != EntryKind::Directory;
    listing.entries.iter().filter(not_directory).map(|entry| entry.path.lossless().into_owned()).collect()
}

fn problems(listing: &Listing) -> Vec<(String, Reason)> {
    listing.problems.iter().map(|(path, error)| (path.lossless().into_owned(), error.reason)).collect()
}

#[expect(clippy::disallowed_methods, reason = "the index must be git's own")]
fn git(dir: &Path, arguments: &[&str]) -> String {
    let done = std::process::Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("these tests need git");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn read(dir: &TempDir, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut buffer = b"left over".to_vec();
    let result = DiskTree::open(dir.path()).expect("a tree").read(&RepoPath::from(path), limit, &mut buffer);
    // Resolving paths without `openat2` gives the same result.
    let mut other = Vec::new();
    let stepwise = Root::open(dir.path()).expect("a root").without_kernel_help().read(
        path.as_bytes(),
        limit,
        &mut other,
    );
    assert_eq!((&result, &buffer), (&stepwise, &other), "{path}");
    result.map(|()| buffer)
}

#[test]
fn only_gitignore_files_of_the_tree_are_used() {
    let dir = tree(&[
        (".gitignore", "\u{feff}*.log\r\n/build/\n!keep.log\n*.{a,b}\n"),
        (".ignore", "*\n"),
        (".hidden/x", ""),
        ("a.log", ""),
        ("keep.log", ""),
        ("build/x", ""),
        ("build/y/z", ""),
        ("src/build/x", ""),
        ("src/.gitignore", "!b.log\n/only\n"),
        ("src/b.log", ""),
        ("src/only", ""),
        ("src/deep/only", ""),
        ("x.a", ""),
        ("x.{a,b}", ""),
        (".hg/x", ""),
    ]);
    let listing = list(&dir);
    assert_eq!(
        files(&listing),
        [
            ".gitignore",
            ".hidden/x",
            ".ignore",
            "keep.log",
            "src/.gitignore",
            "src/b.log",
            "src/build/x",
            "src/deep/only",
            "x.a",
        ]
    );
    // a.log, build, src/only, x.{a,b}, .hg: an ignored directory counts once.
    assert_eq!((listing.ignored, problems(&listing)), (5, vec![]));
    assert!(listing.entries.is_sorted_by(|a, b| a.path < b.path));
    assert!(listing.entries.iter().any(|e| e.path.bytes() == b"src/deep" && e.kind == EntryKind::Directory));
    assert!(!listing.entries.iter().any(|e| e.path.bytes() == b"build"));
}

/// The walk lists exactly the files that git does not ignore.
fn same_as_git(dir: &TempDir, gitignore: &str) {
    put(dir.path(), ".gitignore", gitignore);
    let output = git(dir.path(), &["ls-files", "-z", "--others", "--exclude-standard"]);
    let mut expected: Vec<&str> = output.split_terminator('\0').collect();
    expected.sort_unstable();
    assert_eq!(files(&list(dir)), expected, "{gitignore:?}");
}

/// A tree with names that lines of ignore files may match.
fn names_to_ignore() -> TempDir {
    let names = [
        "a", "b1", "ab", "a]", "x\t", "tail\t", "x ", "b-", "!a", "#b", "a{b}", "[", "é", "foo/bar1",
        "foo-bar2", "foo/a/b", "foo/ab", "a.b/a/b1", "a.b/b", "foo:d",
    ];
    let dir = tree(&names.map(|name| (name, "")));
    git(dir.path(), &["init", "-q"]);
    dir
}

#[test]
fn lines_mean_what_git_means() {
    let dir = names_to_ignore();
    for line in [
        "*\t",
        "x ",
        "x\\ ",
        "\t",
        "x\t  ",
        "foo[^x]bar*",
        "foo[!x]*",
        "/foo[^x]bar1",
        "[[:digit:]]",
        "*[[:digit:]]",
        "[\\]a]",
        "a[]]",
        "*[[:punct:]]",
        "**//",
        "**/",
        "**",
        "*//",
        "foo//a",
        "foo/**",
        "foo/**/b",
        "/**/b",
        "foo**",
        "*/**/b",
        "foo/[+-b]",
        "foo[+-:]*",
        "[!a]",
        "[^[:alpha:]]*",
        "a{b}",
        "*{*",
        "\\!a",
        "\\#b",
        "!a",
        "*\n!a",
        "*\n!foo/\n!b1",
        "[",
        "[a",
        "a[[:alpha:]",
        "[[:nothing:]]",
        "[[:alpha]]",
        "a\\",
        "[b-a]",
        "[a-]",
        "b[-a]",
        "*[!-1]",
        "[^]]*",
        "é",
        "?",
        "??",
        "foo/a[/]b",
        "foo/a/",
        "foo/a\\/b",
        "a.b/*/b?",
        "/",
        "//",
        "//a",
        "a /",
        "[!!]a",
    ] {
        same_as_git(&dir, line);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_line_means_what_git_means(
        lines in proptest::collection::vec(
            r"!?/?(foo|a|b|b1|\*|\?|\[[!^]?\]?[ab/:\\-]{0,3}(\[:(alpha|digit|x):?\])?\]?|/|/\*\*/|\\|[ \t{},]){1,5}", 1..3),
    ) {
        same_as_git(&names_to_ignore(), &lines.join("\n"));
    }
}

#[test]
fn a_hostile_ignore_file_is_parsed_quickly() {
    let deep = format!("{}\n[{}\n{}]\nx\n", "[".repeat(4_000), "[:".repeat(2_000), "[:".repeat(2_000));
    let dir = tree(&[("x", ""), ("y", ""), (".gitignore", &deep)]);
    assert_eq!(
        (files(&list(&dir)), list(&dir).notes),
        (vec![".gitignore".to_owned(), "y".to_owned()], vec![])
    );
    put(dir.path(), ".gitignore", &format!("y\n{}\nx\n", "[".repeat(200_000)));
    let listing = list(&dir);
    assert_eq!(files(&listing), [".gitignore"]);
    assert_eq!(listing.notes[0].message, "line 2 of `.gitignore` is longer than 4 KiB and was skipped");
}

#[test]
fn tracked_files_are_considered_though_ignored() {
    for version in ["2", "4"] {
        for format in ["sha1", "sha256"] {
            let dir = tree(&[
                ("keep/tracked.txt", ""),
                ("keep/other.txt", ""),
                ("keep/sub/deep.txt", ""),
                ("keep/no/x", ""),
                ("a.gen", ""),
                ("b.gen", ""),
                ("out/x", ""),
                ("plain.txt", ""),
            ]);
            git(dir.path(), &["init", "-q", &format!("--object-format={format}")]);
            git(dir.path(), &["config", "index.version", version]);
            git(dir.path(), &["add", "keep/tracked.txt", "keep/sub", "a.gen"]);
            put(dir.path(), ".gitignore", "keep/\nout\n*.gen\n");
            let listing = list(&dir);
            assert_eq!(
                files(&listing),
                [".gitignore", "a.gen", "keep/sub/deep.txt", "keep/tracked.txt", "plain.txt"],
                "index version {version}, {format}"
            );
            // .git, b.gen, out, keep/other.txt, keep/no
            assert_eq!((listing.ignored, listing.notes), (5, vec![]));
        }
    }
}

#[test]
fn extended_entries_make_a_version_3_index() {
    let dir = tree(&[("a.gen", ""), ("b.gen", "")]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "--intent-to-add", "a.gen"]);
    put(dir.path(), ".gitignore", "*.gen\n");
    assert_eq!(files(&list(&dir)), [".gitignore", "a.gen"]);
}

#[test]
fn a_linked_worktree_uses_its_own_index() {
    let dir = tree(&[("main/a.gen", "")]);
    let main = dir.path().join("main");
    git(&main, &["init", "-q"]);
    git(&main, &["add", "a.gen"]);
    git(&main, &["commit", "-qm", "x"]);
    git(&main, &["worktree", "add", "-q", "../linked"]);
    let linked = dir.path().join("linked");
    put(&linked, ".gitignore", "*.gen\n");
    put(&linked, "b.gen", "");
    let listing = DiskTree::open(&linked).expect("a tree").list().expect("a list");
    assert_eq!((files(&listing), listing.ignored), (vec![".gitignore".to_owned(), "a.gen".to_owned()], 2));
}

#[test]
fn an_index_that_cannot_be_read_is_noted_once() {
    let cases: &[(&str, &str)] =
        &[("DIRC\0\0\0\x09", "version"), ("hello", "not an index"), ("", "not an index")];
    for (content, expected) in cases {
        let dir = tree(&[(".gitignore", "*.gen"), ("a.gen", ""), ("b.gen", ""), (".git/index", content)]);
        let listing = list(&dir);
        assert_eq!(files(&listing), [".gitignore"]);
        assert_eq!(listing.notes.len(), 1);
        assert!(listing.notes[0].message.contains(expected), "{:?}", listing.notes);
    }
    // Without an ignored path, the index is not read.
    assert_eq!(list(&tree(&[("a", ""), (".git/index", "hello")])).notes, []);
    // A `.git` file or an index that leads to a device must not block the walk.
    let dir = tree(&[(".gitignore", "x"), ("x", ""), (".git", "gitdir: /dev/zero\n")]);
    assert_eq!(list(&dir).notes.len(), 1);
    let dir = tree(&[(".gitignore", "x"), ("x", ""), ("elsewhere/a", ""), (".git", "gitdir: elsewhere\n")]);
    symlink("/dev/zero", dir.path().join("elsewhere/index")).expect("a link");
    assert_eq!(list(&dir).notes.len(), 1);
}

#[test]
fn nested_repositories_are_left_out_and_listed_in_a_note() {
    let dir = tree(&[
        ("a/x", ""),
        ("sub/.git", "gitdir: ../x"),
        ("sub/f", ""),
        ("vendor/lib/.git/HEAD", ""),
        ("vendor/lib/f", ""),
    ]);
    let listing = list(&dir);
    assert_eq!((files(&listing), listing.ignored), (vec!["a/x".to_owned()], 2));
    assert!(!listing.entries.iter().any(|entry| entry.path.bytes() == b"sub"));
    assert_eq!(
        listing.notes[0].message,
        "nested repositories are not assessed: `sub`, `vendor/lib`; check each one separately"
    );
    let many: Vec<String> = (0..9).map(|n| format!("r{n}/.git/HEAD")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|path| (path.as_str(), "")).collect();
    assert!(list(&tree(&many)).notes[0].message.contains("`r4` and 4 more;"));
}

#[test]
fn a_directory_with_tracked_files_is_no_nested_repository() {
    let dir = tree(&[("src/a", ""), ("src/deep/b", ""), ("sub/f", "")]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "src"]);
    for path in ["src/.git", "src/deep/.git/HEAD", "sub/.git"] {
        put(dir.path(), path, "");
    }
    let listing = list(&dir);
    assert_eq!(files(&listing), ["src/a", "src/deep/b"]);
    assert_eq!(listing.notes.len(), 1);
    assert!(listing.notes[0].message.starts_with("a nested repository is not assessed: `sub`;"));
}

#[test]
fn links_are_entries_and_never_followed() {
    let dir = tree(&[("real/file", "content")]);
    let outside = tree(&[("secret", "canary")]);
    symlink("..", dir.path().join("real/loop")).expect("a link");
    symlink("self", dir.path().join("self")).expect("a link");
    symlink(outside.path(), dir.path().join("out")).expect("a link");
    symlink(outside.path().join("secret"), dir.path().join("leaf")).expect("a link");
    symlink("nowhere", dir.path().join("dangling")).expect("a link");
    symlink("real", dir.path().join("inside")).expect("a link");
    let listing = list(&dir);
    assert_eq!(files(&listing), ["dangling", "inside", "leaf", "out", "real/file", "real/loop", "self"]);
    assert!(
        listing
            .entries
            .iter()
            .filter(|e| e.path.bytes() != b"real" && e.path.bytes() != b"real/file")
            .all(|e| e.kind == EntryKind::Link)
    );
    for path in ["leaf", "out/secret", "inside/file", "real/loop/real/file", "self", "dangling"] {
        let error = read(&dir, path, 100).expect_err(path);
        assert_eq!(error.reason, Reason::Changed, "{path}: {}", error.detail);
    }
    let disk = DiskTree::open(dir.path()).expect("a tree");
    assert!(disk.metadata(&RepoPath::from("out/secret")).is_err());
    for path in ["../x", "/etc/passwd", "real/../real/file", "real//file", "", "."] {
        assert!(read(&dir, path, 1 << 20).is_err(), "{path}");
        assert!(disk.metadata(&RepoPath::from(path)).is_err(), "{path}");
    }
}

#[test]
fn special_files_are_never_opened() {
    let dir = tree(&[("d/x", "")]);
    mkfifoat(CWD, dir.path().join("fifo"), Mode::RUSR).expect("a FIFO");
    mkfifoat(CWD, dir.path().join("d/.gitignore"), Mode::RUSR).expect("a FIFO");
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).expect("a socket");
    let listing = list(&dir);
    assert_eq!(files(&listing), ["d/.gitignore", "d/x", "fifo", "socket"]);
    assert_eq!(problems(&listing), [("d/.gitignore".to_owned(), Reason::IgnoreFile)]);
    for path in ["fifo", "socket"] {
        assert_eq!(read(&dir, path, 100).expect_err(path).reason, Reason::Special);
    }
    assert_eq!(read(&dir, "d", 100).expect_err("a directory").reason, Reason::Changed);
}

#[test]
fn unusable_ignore_files_are_reported() {
    let dir = tree(&[
        ("big/.gitignore", &"# \n".repeat(100_000)),
        ("big/x", ""),
        ("many/.gitignore", &"x\n".repeat(4_097)),
        ("many/x", ""),
        ("bytes/x", ""),
        ("bytes/y", ""),
        ("zero/x", ""),
        ("just/.gitignore", &"x\n".repeat(4_096)),
        ("just/x", ""),
    ]);
    symlink("/dev/zero", dir.path().join("zero/.gitignore")).expect("a link");
    fs::write(dir.path().join("bytes/.gitignore"), b"\xff*\nx\n").expect("a file");
    let listing = list(&dir);
    let shown = ["big", "many", "zero"].map(|name| (format!("{name}/.gitignore"), Reason::IgnoreFile));
    assert_eq!(problems(&listing), shown);
    assert_eq!(listing.ignored, 2, "just/x and bytes/x");
    assert!(listing.notes[0].message.starts_with("line 1 of `bytes/.gitignore` is not UTF-8"));
}

#[test]
fn which_ignore_files_fit_does_not_depend_on_threads() {
    let dir = tree(&[]);
    for n in 0..20 {
        put(dir.path(), &format!("d{n:02}/.gitignore"), &format!("{}\nx\n", "#".repeat(100_000)));
        put(dir.path(), &format!("d{n:02}/x"), "");
    }
    let listing = list(&dir);
    assert_eq!((listing.ignored, listing.problems.len()), (10, 10));
    assert_eq!(listing.problems[0].0.bytes(), b"d10/.gitignore");
}

#[test]
fn unreadable_files_are_reported() {
    let dir = tree(&[("file", "12345"), ("closed/x", ""), ("mode0", "x"), ("run", "")]);
    assert_eq!(read(&dir, "file", 5), Ok(b"12345".to_vec()));
    let error = read(&dir, "file", 4).expect_err("over the limit");
    assert_eq!(
        (error.reason, error.detail.as_str()),
        (Reason::TooBig, "5 bytes exceeds the limit of 4 bytes")
    );
    let mut buffer = b"left over".to_vec();
    put(dir.path(), "long", &"ab".repeat(10_000));
    for (path, head) in [("file", 5), ("long", 8 << 10)] {
        let root = Root::open(dir.path()).expect("a root");
        assert_eq!(root.read(path.as_bytes(), 4, &mut buffer).expect_err(path).reason, Reason::TooBig);
        assert_eq!(buffer.len(), head, "the head of {path}");
    }
    assert_eq!(read(&dir, "gone", 5).expect_err("no file").reason, Reason::Changed);
    let sparse = fs::File::create(dir.path().join("sparse")).expect("a file");
    sparse.set_len(10 << 30).expect("a sparse file");
    assert_eq!(read(&dir, "sparse", 1 << 20).expect_err("10 GiB").reason, Reason::TooBig);

    fs::set_permissions(dir.path().join("run"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let disk = DiskTree::open(dir.path()).expect("a tree");
    assert_eq!(disk.metadata(&RepoPath::from("run")), Ok(Metadata { size: 0, executable: Some(true) }));
    assert_eq!(disk.metadata(&RepoPath::from("file")), Ok(Metadata { size: 5, executable: Some(false) }));

    for path in ["closed", "mode0"] {
        fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(0o000)).expect("a mode");
    }
    let listing = list(&dir);
    // The superuser may read everything, so permissions can only be tested as another user.
    if dir.path().metadata().expect("the directory").uid() == 0 {
        assert_eq!(listing.problems, []);
        assert_eq!(read(&dir, "mode0", 5), Ok(b"x".to_vec()));
    } else {
        let error = ReadError { reason: Reason::Directory, detail: "Permission denied".to_owned() };
        assert_eq!(listing.problems, [(RepoPath::from("closed"), error)]);
        let error = ReadError { reason: Reason::Unreadable, detail: "Permission denied".to_owned() };
        assert_eq!(read(&dir, "mode0", 5), Err(error));
    }
    fs::set_permissions(dir.path().join("closed"), fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn a_system_file_that_reports_a_wrong_size_is_an_error() {
    // Files below /proc report 0 bytes but contain more.
    let Ok(root) = Root::open(Path::new("/proc/self")) else { return };
    let mut buffer = Vec::new();
    assert_eq!(root.read(b"status", 100_000, &mut buffer).expect_err("size 0").reason, Reason::Changed);
    assert!(buffer.is_empty());
}

#[test]
fn invalid_roots() {
    let dir = tree(&[("file", "")]);
    for path in ["file", "gone"] {
        assert_eq!(DiskTree::open(&dir.path().join(path)).expect_err(path).reason, Reason::Directory);
    }
    symlink(".", dir.path().join("link")).expect("a link");
    let linked =
        DiskTree::open(&dir.path().join("link")).expect("a root may be a link").list().expect("a list");
    assert_eq!(files(&linked), ["file", "link"]);
}

#[test]
fn names_are_bytes() {
    let dir = tree(&[]);
    let names: [&[u8]; 5] = [b"new\nline", b"esc\x1b[31m", b"invalid\xff", b"-rf", b"tail "];
    for name in names {
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(name)), name).expect("a file");
    }
    let listing = list(&dir);
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(listing.entries.iter().map(|entry| entry.path.bytes()).collect::<Vec<_>>(), expected);
    let disk = DiskTree::open(dir.path()).expect("a tree");
    let mut buffer = Vec::new();
    for entry in &listing.entries {
        assert_eq!(disk.read(&entry.path, 100, &mut buffer), Ok(()));
        assert_eq!(buffer, entry.path.bytes());
    }
}

#[test]
fn a_path_longer_than_the_system_allows_is_reported() {
    use rustix::fs::{OFlags, mkdirat, openat};
    let dir = tree(&[("z", "")]);
    let name = "n".repeat(200);
    let mut fd = rustix::fs::open(dir.path(), OFlags::DIRECTORY, Mode::empty()).expect("a directory");
    for _ in 0..25 {
        mkdirat(&fd, &name, Mode::RWXU).expect("a directory");
        fd = openat(&fd, &name, OFlags::DIRECTORY, Mode::empty()).expect("a directory");
    }
    let listing = list(&dir);
    assert_eq!(listing.entries.len(), 22);
    assert_eq!(listing.problems.len(), 1);
    assert_eq!(
        (listing.problems[0].1.reason, listing.problems[0].0.bytes().len()),
        (Reason::PathTooLong, 21 * 201 - 1)
    );
    assert_eq!(files(&listing), ["z"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]
    #[test]
    fn the_list_does_not_depend_on_the_number_of_threads(
        paths in proptest::collection::btree_set("[abc]/[abc]{1,2}/[abcd]", 0..40),
        ignored in proptest::collection::vec("!?/?[abc*]/?", 0..4),
    ) {
        let dir = tree(&[]);
        for path in &paths {
            put(dir.path(), path, "");
        }
        put(dir.path(), ".gitignore", &ignored.join("\n"));
        put(dir.path(), "a/.gitignore", &ignored.concat());
        let lists: Vec<Listing> = [1, 2, 5]
            .iter()
            .map(|&threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                pool.install(|| list(&dir))
            })
            .collect();
        for other in &lists[1..] {
            proptest::prop_assert_eq!(&lists[0].entries, &other.entries);
            proptest::prop_assert_eq!(lists[0].ignored, other.ignored);
        }
    }
}
