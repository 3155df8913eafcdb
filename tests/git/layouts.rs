//! Layouts of repositories and states that they can be in, each with what is told and what is not.

use super::world::{World, lines};

/// What it is, how it is made, how it is asked, what is said.
type Situation = (&'static str, fn(&mut World), &'static [&'static str], &'static str);

const STAGED: &[&str] = &["--staged"];
const SINCE_MAIN: &[&str] = &["--since", "main"];

fn mark(world: &World) {
    world.write("b.txt", "one\nFIXME\n");
    world.git("add b.txt");
}

fn feature(world: &World) {
    world.git("checkout -q -b feature");
    world.write("b.txt", "one\nFIXME\n");
    world.commit("two");
}

/// Both sides change the first line of `a.txt`.
fn diverged(world: &World) {
    world.git("checkout -q -b other");
    world.write("a.txt", "FIXME theirs\ntwo\nthree\n");
    world.commit("theirs");
    world.git("checkout -q main");
    world.write("a.txt", "FIXME ours\ntwo\nthree\n");
    world.commit("ours");
}

fn again(world: &mut World, init: &str) {
    std::fs::remove_dir_all(world.path("")).expect("removed");
    world.write("a.txt", "FIXME one\ntwo\nthree\n");
    world.write("LICENSE", "as you like\n");
    world.git(init);
    world.commit("one");
}

fn check(situations: &[Situation]) {
    let mut wrong = Vec::new();
    for (name, make, arguments, expected) in situations {
        let mut world = World::new();
        make(&mut world);
        let said = world.said(arguments);
        if said != *expected {
            wrong.push(format!("{name}: expected {expected:?}, and it said {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_staged() {
    check(&[
        ("nothing", |_| {}, STAGED, ""),
        ("a new file", |w| mark(w), STAGED, "b.txt:2"),
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
                mark(w);
                w.write("b.txt", "clean\n");
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "gone from the work tree only",
            |w| {
                mark(w);
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
            "a line taken away",
            |w| {
                w.write("a.txt", "FIXME one\nthree\n");
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "a part of it",
            |w| {
                mark(w);
                w.write("sub/c.txt", "FIXME\n");
                w.git("add -A");
            },
            &["--staged", "sub"],
            "sub/c.txt:1",
        ),
        ("a required file taken away", |w| drop(w.git("rm -q LICENSE")), STAGED, "LICENSE licence"),
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
            "a pair taken apart",
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
            "only new names",
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
            "a file in the place of a folder",
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
            "a link, which is not followed",
            |w| {
                std::os::unix::fs::symlink("a.txt", w.path("link.txt")).expect("made");
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "a file in the place of a link",
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
            "a change of mode",
            |w| {
                super::world::make_executable(&w.path("a.txt"));
                w.git("add -A");
            },
            STAGED,
            "",
        ),
        (
            "announced, but not added",
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
            "not in the work tree",
            |w| {
                mark(w);
                w.git("update-index --skip-worktree b.txt");
                std::fs::remove_file(w.path("b.txt")).expect("removed");
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "line ends that are staged",
            |w| {
                w.write("a.txt", "FIXME one\r\ntwo\r\nthree\r\n");
                w.git("add -A");
            },
            STAGED,
            "a.txt:1",
        ),
        (
            "a path that is not on disk",
            |w| {
                mark(w);
                w.git("add -A");
                std::fs::remove_file(w.path("b.txt")).expect("removed");
            },
            &["--staged", "b.txt"],
            "b.txt:2",
        ),
        (
            "line ends that git changes",
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
fn layouts_of_repositories() {
    check(&[
        (
            "a linked work tree",
            |w| {
                w.git("worktree add -q -b side ../side");
                w.at("side");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "a linked work tree since",
            |w| {
                w.git("worktree add -q -b side ../side");
                w.at("side");
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
                w.at("repo/lib");
                mark(w);
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
            "git's folder elsewhere",
            |w| {
                again(w, "init -q -b main --separate-git-dir ../data");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "a root below the top",
            |w| {
                w.write("sub/stanchion.toml", "schema = 1\n");
                w.commit("two");
                w.write("sub/c.txt", "FIXME\n");
                mark(w);
                w.git("add -A");
                w.at("repo/sub");
            },
            STAGED,
            "c.txt:1",
        ),
        (
            "a root below the top, since",
            |w| {
                w.write("sub/stanchion.toml", "schema = 1\n");
                w.commit("two");
                w.write("sub/c.txt", "FIXME\n");
                mark(w);
                w.at("repo/sub");
            },
            SINCE_MAIN,
            "c.txt:1",
        ),
        (
            "index of version 4",
            |w| {
                w.git("update-index --index-version 4");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "a split index",
            |w| {
                w.git("update-index --split-index");
                mark(w);
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
                again(w, "init -q -b main --object-format=sha256");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "SHA-256 since",
            |w| {
                again(w, "init -q -b main --object-format=sha256");
                feature(w);
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        (
            "references in tables",
            |w| {
                again(w, "init -q -b main --ref-format=reftable");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "references in tables, since",
            |w| {
                again(w, "init -q -b main --ref-format=reftable");
                feature(w);
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        (
            "packed",
            |w| {
                w.git("gc -q --prune=now");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
        (
            "packed since",
            |w| {
                feature(w);
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
                w.at("copy");
                w.write("a.txt", "FIXME one\ntwo\nFIXME\n");
                w.git("add -A");
            },
            STAGED,
            "a.txt:3",
        ),
    ]);
}

#[test]
fn states_in_between() {
    check(&[
        (
            "a merge under way",
            |w| {
                diverged(w);
                assert!(!w.try_git("merge other").0);
            },
            STAGED,
            "a.txt: unmerged",
        ),
        (
            "a merge that is resolved",
            |w| {
                diverged(w);
                assert!(!w.try_git("merge other").0);
                w.write("a.txt", "FIXME both\ntwo\nthree\n");
                w.git("add a.txt");
            },
            STAGED,
            "a.txt:1",
        ),
        (
            "a rebase under way",
            |w| {
                diverged(w);
                assert!(!w.try_git("rebase other").0);
                mark(w);
            },
            STAGED,
            "b.txt:2, a.txt: unmerged",
        ),
        (
            "a cherry-pick under way",
            |w| {
                diverged(w);
                assert!(!w.try_git("cherry-pick other").0);
                mark(w);
            },
            STAGED,
            "b.txt:2, a.txt: unmerged",
        ),
        (
            "a merge under way, since",
            |w| {
                diverged(w);
                assert!(!w.try_git("merge other").0);
            },
            &["--since", "HEAD"],
            "a.txt:4",
        ),
        (
            "nothing is checked out",
            |w| {
                w.git("checkout -q --detach");
                mark(w);
            },
            STAGED,
            "b.txt:2",
        ),
    ]);
}

#[test]
fn what_changed_since() {
    check(&[
        ("nothing", |_| {}, SINCE_MAIN, ""),
        (
            "committed, staged, changed and new",
            |w| {
                w.write(".gitignore", "ignored.txt\n");
                w.commit("ignore");
                feature(w);
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
            "content of the work tree",
            |w| {
                mark(w);
                w.write("b.txt", "clean\n");
            },
            SINCE_MAIN,
            "",
        ),
        (
            "what the other side did is not ours",
            |w| {
                feature(w);
                w.git("checkout -q main");
                w.write("a.txt", "theirs\n");
                w.commit("theirs");
                w.git("checkout -q feature");
            },
            SINCE_MAIN,
            "b.txt:2",
        ),
        ("written again without a change", |w| w.write("a.txt", "FIXME one\ntwo\nthree\n"), SINCE_MAIN, ""),
        (
            "the same size in the same moment",
            |w| {
                w.write("c.txt", "one 1\n");
                w.commit("c");
                w.write("c.txt", "FIXME\n");
            },
            &["--since", "HEAD"],
            "c.txt:1",
        ),
        (
            "line ends that are stored",
            |w| {
                w.git("checkout -q -b feature");
                w.write("a.txt", "FIXME one\r\ntwo\r\nthree\r\n");
                w.commit("crlf");
            },
            SINCE_MAIN,
            "a.txt:1",
        ),
        (
            "a folder that is a link now",
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
            "a path that is not there any more",
            |w| drop(w.git("rm -q LICENSE")),
            &["--since", "HEAD", "LICENSE"],
            "LICENSE licence",
        ),
        (
            "line ends on disk",
            |w| {
                w.git("config core.autocrlf true");
                w.write("a.txt", "FIXME one\r\ntwo\r\nthree\r\nFIXME\r\n");
            },
            SINCE_MAIN,
            "a.txt:4",
        ),
        (
            "a pointer of git LFS",
            |w| {
                w.write("big.dat", "version https://git-lfs.github.com/spec/v1\noid sha256:1a2a7bd93b4a39f3d3b2e8a2bc9f6d7b8ebfd8a2ad0f5b6bd3a6bbf8f7b7fa26\nsize 6\n");
                w.commit("lfs");
                w.write("big.dat", "FIXME\n");
            },
            &["--since", "HEAD"],
            "big.dat:1",
        ),
        (
            "a required file taken away",
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
            "not tracked any more, but there",
            |w| {
                w.git("rm -q --cached a.txt");
                w.write("a.txt", "FIXME one\ntwo\nthree\n4 FIXME\n");
            },
            SINCE_MAIN,
            "a.txt:4",
        ),
        ("a change of mode", |w| super::world::make_executable(&w.path("a.txt")), SINCE_MAIN, ""),
        (
            "a part of it",
            |w| {
                mark(w);
                w.write("sub/c.txt", "FIXME\n");
            },
            &["--since", "main", "sub"],
            "sub/c.txt:1",
        ),
    ]);
}
