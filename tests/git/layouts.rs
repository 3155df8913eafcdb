//! Repository layouts and states, each with the expected findings of a run.

use super::world::{World, lines};

/// Description, setup, arguments of `check`, expected summary (see `World::summarize_run`).
type Situation = (&'static str, fn(&mut World), &'static [&'static str], &'static str);

const STAGED: &[&str] = &["--staged"];
const SINCE_MAIN: &[&str] = &["--since", "main"];

fn stage_marked_file(world: &World) {
    world.write("b.txt", "one\nFIXME\n");
    world.git("add b.txt");
}

fn commit_on_feature_branch(world: &World) {
    world.git("checkout -q -b feature");
    world.write("b.txt", "one\nFIXME\n");
    world.commit("two");
}

/// Both sides change the first line of `a.txt`.
fn diverge_branches(world: &World) {
    world.git("checkout -q -b other");
    world.write("a.txt", "FIXME theirs\ntwo\nthree\n");
    world.commit("theirs");
    world.git("checkout -q main");
    world.write("a.txt", "FIXME ours\ntwo\nthree\n");
    world.commit("ours");
}

fn recreate_repository(world: &mut World, init: &str) {
    std::fs::remove_dir_all(world.path("")).expect("removed");
    world.write("a.txt", "FIXME one\ntwo\nthree\n");
    world.write("LICENSE", "as you like\n");
    world.git(init);
    world.commit("one");
}

fn check_situations(situations: &[Situation]) {
    let mut wrong = Vec::new();
    for (name, make, arguments, expected) in situations {
        let mut world = World::new();
        make(&mut world);
        let summary = world.summarize_run(arguments);
        if summary != *expected {
            wrong.push(format!("{name}: expected {expected:?}, found {summary:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn staged_changes_are_assessed() {
    check_situations(&[
        ("nothing", |_| {}, STAGED, ""),
        ("a new file", |w| stage_marked_file(w), STAGED, "b.txt:2"),
        (
            "before the first commit",
            |w| {
                std::fs::remove_dir_all(w.path("")).expect("removed");
                w.write("a.txt", "FIXME\n");
                w.git("init -q");
                w.git("add a.txt");
            },
            STAGED,
            "LICENSE licence, a.txt:1",
        ),
        (
            "content of the index, not of the work tree",
            |w| {
                stage_marked_file(w);
                w.write("b.txt", "clean\n");
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "deleted in the work tree only",
            |w| {
                stage_marked_file(w);
                std::fs::remove_file(w.path("b.txt")).expect("removed");
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "not staged",
            |w| {
                w.write("a.txt", "FIXME\nFIXME\n");
                w.write("new.txt", "FIXME\n");
            },
            STAGED,
            "",
        ),
        (
            "only changed lines",
            |w| {
                w.write("a.txt", "FIXME one\ntwo\nthree\nFIXME four\n");
                w.git("add -A");
            },
            STAGED,
            "a.txt:4",
        ),
        (
            "a removed line",
            |w| {
                w.write("a.txt", "FIXME one\nthree\n");
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "a part of the repository",
            |w| {
                stage_marked_file(w);
                w.write("sub/c.txt", "FIXME\n");
                w.git("add -A");
            },
            &["--staged", "sub"],
            "sub/c.txt:1",
        ),
        ("a removed required file", |w| drop(w.git("rm -q LICENSE")), STAGED, "LICENSE licence"),
        (
            "a required file that was missing before",
            |w| {
                w.git("rm -q LICENSE");
                w.git("commit -q -m gone");
                w.write("b.txt", "fine\n");
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "one file of a required pair removed",
            |w| {
                w.write("lib/one.rs", "");
                w.write("checks/one.rs", "");
                w.write("lib/two.rs", "");
                w.commit("two");
                w.git("rm -q checks/one.rs");
            },
            STAGED,
            "checks/one.rs pair",
        ),
        (
            "file name checks apply to new files only",
            |w| {
                w.write("Old_Name.txt", "");
                w.commit("two");
                w.write("Old_Name.txt", "edited\n");
                w.write("New_Name.txt", "");
                w.git("add -A");
            },
            STAGED,
            "New_Name.txt names",
        ),
        ("a file that moved", |w| drop(w.git("mv a.txt c.txt")), STAGED, ""),
        (
            "a file that moved and changed",
            |w| {
                w.git("mv a.txt c.txt");
                w.write("c.txt", "FIXME one\ntwo\n");
                w.git("add -A");
            },
            STAGED,
            "c.txt:1",
        ),
        (
            "a file replaces a folder",
            |w| {
                w.write("d/e.txt", "FIXME\n");
                w.commit("two");
                w.git("rm -q -r d");
                w.write("d", "FIXME x\n");
                w.git("add -A");
            },
            STAGED,
            "d:1",
        ),
        (
            "a symbolic link, which is not followed",
            |w| {
                std::os::unix::fs::symlink("a.txt", w.path("link.txt")).expect("made");
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "a file replaces a symbolic link",
            |w| {
                std::os::unix::fs::symlink("a.txt", w.path("link.txt")).expect("made");
                w.commit("two");
                std::fs::remove_file(w.path("link.txt")).expect("removed");
                w.write("link.txt", "FIXME\n");
                w.git("add -A");
            },
            STAGED,
            "link.txt:1",
        ),
        (
            "a changed file mode",
            |w| {
                super::world::make_executable(&w.path("a.txt"));
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "added with --intent-to-add",
            |w| {
                w.write("b.txt", "FIXME\n");
                w.git("add -N b.txt");
            },
            STAGED,
            "",
        ),
        (
            "assumed unchanged",
            |w| {
                w.write("a.txt", "FIXME one\ntwo\nthree\nFIXME\n");
                w.git("add -A");
                w.git("update-index --assume-unchanged a.txt");
            },
            STAGED,
            "a.txt:4",
        ),
        (
            "missing in the work tree",
            |w| {
                stage_marked_file(w);
                w.git("update-index --skip-worktree b.txt");
                std::fs::remove_file(w.path("b.txt")).expect("removed");
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "staged line endings",
            |w| {
                w.write("a.txt", "FIXME one\r\ntwo\r\nthree\r\n");
                w.git("add -A");
            },
            STAGED,
            "a.txt:1",
        ),
        (
            "a staged path that is not on disk",
            |w| {
                stage_marked_file(w);
                w.git("add -A");
                std::fs::remove_file(w.path("b.txt")).expect("removed");
            },
            &["--staged", "b.txt"],
            "b.txt:2",
        ),
        (
            "line endings that git converts",
            |w| {
                w.git("config core.autocrlf true");
                w.write("a.txt", "FIXME one\r\ntwo\r\nFIXME three\r\n");
                w.git("add -A");
            },
            STAGED,
            "a.txt:3",
        ),
        (
            "a name that is not UTF-8",
            |w| {
                use std::os::unix::ffi::OsStrExt as _;
                let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
                std::fs::write(w.path("").join(name), "FIXME\n").expect("written");
                w.git("add -A");
            },
            STAGED,
            "caf\\xe9.txt names, caf\\xe9.txt:1",
        ),
    ]);
}

#[test]
fn repository_layouts_are_supported() {
    check_situations(&[
        (
            "a linked work tree",
            |w| {
                w.git("worktree add -q -b side ../side");
                w.change_folder("side");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "a linked work tree since",
            |w| {
                w.git("worktree add -q -b side ../side");
                w.change_folder("side");
                w.write("b.txt", "FIXME\n");
            },
            SINCE_MAIN,
            "b.txt:1",
        ),
        (
            "a submodule",
            |w| {
                w.git("clone -q . ../lib");
                w.git("submodule add -q ../lib lib");
                w.change_folder("repo/lib");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "around a submodule",
            |w| {
                w.git("clone -q . ../lib");
                w.git("submodule add -q ../lib lib");
            },
            STAGED,
            "",
        ),
        (
            "a separate git directory",
            |w| {
                recreate_repository(w, "init -q -b main --separate-git-dir ../data");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "a root below the top of the work tree",
            |w| {
                w.write("sub/stanchion.toml", "schema = 1\n");
                w.commit("two");
                w.write("sub/c.txt", "FIXME\n");
                stage_marked_file(w);
                w.git("add -A");
                w.change_folder("repo/sub");
            },
            STAGED,
            "c.txt:1",
        ),
        (
            "a root below the top of the work tree, since",
            |w| {
                w.write("sub/stanchion.toml", "schema = 1\n");
                w.commit("two");
                w.write("sub/c.txt", "FIXME\n");
                stage_marked_file(w);
                w.change_folder("repo/sub");
            },
            SINCE_MAIN,
            "c.txt:1",
        ),
        (
            "index of version 4",
            |w| {
                w.git("update-index --index-version 4");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "a split index",
            |w| {
                w.git("update-index --split-index");
                stage_marked_file(w);
                w.git("rm -q --cached LICENSE");
            },
            STAGED,
            "LICENSE licence, b.txt:2",
        ),
        (
            "a sparse index",
            |w| {
                w.write("in/x.txt", "x\n");
                w.write("out/lib/y.txt", "FIXME\n");
                w.commit("two");
                w.git("sparse-checkout set --cone --sparse-index in");
                assert!(!w.path("out").exists());
                w.write("in/x.txt", "x\nFIXME\n");
                w.git("add in");
            },
            STAGED,
            "in/x.txt:2",
        ),
        (
            "a sparse work tree since",
            |w| {
                w.write("in/x.txt", "x\n");
                w.write("out/y.txt", "FIXME\n");
                w.commit("two");
                w.git("sparse-checkout set --cone in");
                w.write("in/x.txt", "x\nFIXME\n");
            },
            SINCE_MAIN,
            "in/x.txt:2",
        ),
        (
            "SHA-256",
            |w| {
                recreate_repository(w, "init -q -b main --object-format=sha256");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "SHA-256 since",
            |w| {
                recreate_repository(w, "init -q -b main --object-format=sha256");
                commit_on_feature_branch(w);
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        (
            "references in the reftable format",
            |w| {
                recreate_repository(w, "init -q -b main --ref-format=reftable");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "references in the reftable format, since",
            |w| {
                recreate_repository(w, "init -q -b main --ref-format=reftable");
                commit_on_feature_branch(w);
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        (
            "packed",
            |w| {
                w.git("gc -q --prune=now");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "packed since",
            |w| {
                commit_on_feature_branch(w);
                w.git("gc -q --prune=now");
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        (
            "deltas",
            |w| {
                for number in 0..20 {
                    w.write("long.txt", lines(2_000, "line") + &lines(number, "more"));
                    w.commit("more");
                }
                w.git("repack -q -a -d -f --depth=50");
                w.write("long.txt", lines(2_000, "line") + "FIXME\n" + &lines(19, "more"));
                w.git("add -A");
            },
            STAGED,
            "long.txt:2001",
        ),
        (
            "objects elsewhere",
            |w| {
                w.git("clone -q --shared . ../copy");
                w.change_folder("copy");
                w.write("a.txt", "FIXME one\ntwo\nFIXME\n");
                w.git("add -A");
            },
            STAGED,
            "a.txt:3",
        ),
    ]);
}

#[test]
fn unfinished_git_operations_are_supported() {
    check_situations(&[
        (
            "an unfinished merge",
            |w| {
                diverge_branches(w);
                assert!(!w.try_git("merge other").0);
            },
            STAGED,
            "a.txt: unmerged",
        ),
        (
            "a resolved merge",
            |w| {
                diverge_branches(w);
                assert!(!w.try_git("merge other").0);
                w.write("a.txt", "FIXME both\ntwo\nthree\n");
                w.git("add a.txt");
            },
            STAGED,
            "a.txt:1",
        ),
        (
            "an unfinished rebase",
            |w| {
                diverge_branches(w);
                assert!(!w.try_git("rebase other").0);
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2, a.txt: unmerged",
        ),
        (
            "an unfinished cherry-pick",
            |w| {
                diverge_branches(w);
                assert!(!w.try_git("cherry-pick other").0);
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2, a.txt: unmerged",
        ),
        (
            "an unfinished merge, since",
            |w| {
                diverge_branches(w);
                assert!(!w.try_git("merge other").0);
            },
            &["--since", "HEAD"],
            "a.txt:4",
        ),
        (
            "a detached HEAD",
            |w| {
                w.git("checkout -q --detach");
                stage_marked_file(w);
            },
            STAGED,
            "b.txt:2",
        ),
    ]);
}

#[test]
fn changes_since_a_revision_are_assessed() {
    check_situations(&[
        ("nothing", |_| {}, SINCE_MAIN, ""),
        (
            "committed, staged, changed and new",
            |w| {
                w.write(".gitignore", "ignored.txt\n");
                w.commit("ignore");
                commit_on_feature_branch(w);
                w.write("c.txt", "FIXME\n");
                w.git("add c.txt");
                w.write("a.txt", "FIXME one\ntwo\nFIXME three\n");
                w.write("d.txt", "FIXME\n");
                w.write("ignored.txt", "FIXME\n");
            },
            SINCE_MAIN,
            "a.txt:3, b.txt:2, c.txt:1, d.txt:1",
        ),
        (
            "content of the work tree, not of the index",
            |w| {
                stage_marked_file(w);
                w.write("b.txt", "clean\n");
            },
            SINCE_MAIN,
            "",
        ),
        (
            "changes of the other branch do not count",
            |w| {
                commit_on_feature_branch(w);
                w.git("checkout -q main");
                w.write("a.txt", "theirs\n");
                w.commit("theirs");
                w.git("checkout -q feature");
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        ("rewritten with the same content", |w| w.write("a.txt", "FIXME one\ntwo\nthree\n"), SINCE_MAIN, ""),
        (
            "changed with equal size and timestamp",
            |w| {
                w.write("c.txt", "one 1\n");
                w.commit("c");
                w.write("c.txt", "FIXME\n");
            },
            &["--since", "HEAD"],
            "c.txt:1",
        ),
        (
            "stored line endings",
            |w| {
                w.git("checkout -q -b feature");
                w.write("a.txt", "FIXME one\r\ntwo\r\nthree\r\n");
                w.commit("crlf");
            },
            SINCE_MAIN,
            "a.txt:1",
        ),
        (
            "a folder that became a symbolic link",
            |w| {
                w.write("checks/one.rs", "");
                w.write("elsewhere/one.rs", "");
                w.write("lib/one.rs", "");
                w.commit("two");
                std::fs::remove_dir_all(w.path("checks")).expect("removed");
                std::os::unix::fs::symlink("elsewhere", w.path("checks")).expect("a link");
            },
            &["--since", "HEAD"],
            "checks/one.rs pair",
        ),
        (
            "a removed path",
            |w| drop(w.git("rm -q LICENSE")),
            &["--since", "HEAD", "LICENSE"],
            "LICENSE licence",
        ),
        (
            "line endings on disk",
            |w| {
                w.git("config core.autocrlf true");
                w.write("a.txt", "FIXME one\r\ntwo\r\nthree\r\nFIXME\r\n");
            },
            SINCE_MAIN,
            "a.txt:4",
        ),
        (
            "a git LFS pointer",
            |w| {
                w.write("big.dat", "version https://git-lfs.github.com/spec/v1\noid sha256:1a2a7bd93b4a39f3d3b2e8a2bc9f6d7b8ebfd8a2ad0f5b6bd3a6bbf8f7b7fa26\nsize 6\n");
                w.commit("lfs");
                w.write("big.dat", "FIXME\n");
            },
            &["--since", "HEAD"],
            "big.dat:1",
        ),
        (
            "a removed required file",
            |w| std::fs::remove_file(w.path("LICENSE")).expect("removed"),
            SINCE_MAIN,
            "LICENSE licence",
        ),
        (
            "a file that moved",
            |w| {
                w.git("checkout -q -b feature");
                w.git("mv a.txt c.txt");
                w.git("commit -q -m moved");
            },
            SINCE_MAIN,
            "",
        ),
        (
            "no longer tracked, but on disk",
            |w| {
                w.git("rm -q --cached a.txt");
                w.write("a.txt", "FIXME one\ntwo\nthree\n4 FIXME\n");
            },
            SINCE_MAIN,
            "a.txt:4",
        ),
        ("a changed file mode", |w| super::world::make_executable(&w.path("a.txt")), SINCE_MAIN, ""),
        (
            "a part of the repository",
            |w| {
                stage_marked_file(w);
                w.write("sub/c.txt", "FIXME\n");
            },
            &["--since", "main", "sub"],
            "sub/c.txt:1",
        ),
    ]);
}
