//! Hostile and damaged repositories.

use std::fs;

use super::world::{World, lines, make_executable};

/// Every git setting that can start a program.
const KEYS: [&str; 42] = [
    "alias.check",
    "alias.status",
    "browser.x.cmd",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.hooksPath",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "credential.https://example.org.helper",
    "diff.external",
    "diff.mine.command",
    "diff.mine.textconv",
    "difftool.mine.cmd",
    "extensions.partialClone",
    "filter.mine.clean",
    "filter.mine.process",
    "filter.mine.smudge",
    "gpg.program",
    "gpg.ssh.defaultKeyCommand",
    "gpg.ssh.program",
    "guitool.mine.cmd",
    "http.proxy",
    "imap.tunnel",
    "include.path",
    "includeIf.gitdir:/.path",
    "init.templateDir",
    "interactive.diffFilter",
    "man.mine.cmd",
    "merge.mine.driver",
    "mergetool.mine.cmd",
    "pager.status",
    "receive.procReceiveRefs",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "remote.origin.vcs",
    "sendemail.sendmailCmd",
    "sequence.editor",
    "uploadpack.packObjectsHook",
];

#[test]
fn no_git_setting_starts_a_program() {
    for arguments in [&["--staged"][..], &["--since", "HEAD"], &["--since", "HEAD~1"], &[]] {
        let world = World::new();
        world.write("b.txt", "FIXME\n");
        world.commit("two");
        world.write(".gitattributes", "* filter=mine diff=mine merge=mine text=auto\n");
        world.write("c.txt", "FIXME\n");
        world.git("add -A");
        let canary = world.top().join("canary");
        let script = world.top().join("script.sh");
        fs::write(&script, format!("#!/bin/sh\ntouch '{}'\n", canary.display())).expect("written");
        make_executable(&script);
        let hooks = world.top().join("hooks");
        fs::create_dir(&hooks).expect("made");
        for name in ["pre-commit", "post-checkout", "post-index-change", "fsmonitor-watchman"] {
            fs::copy(&script, hooks.join(name)).expect("copied");
            fs::copy(&script, world.path(".git/hooks").join(name)).expect("copied");
        }
        let mut config = fs::read_to_string(world.path(".git/config")).expect("read");
        for key in KEYS {
            let (start, name) = key.rsplit_once('.').expect("two parts");
            let section = match start.split_once('.') {
                Some((section, below)) => format!("[{section} \"{below}\"]"),
                None => format!("[{start}]"),
            };
            let value = match key {
                "core.hooksPath" | "init.templateDir" => hooks.display().to_string(),
                _ => script.display().to_string(),
            };
            config.push_str(&format!("{section}\n\t{name} = {value}\n"));
        }
        fs::write(world.path(".git/config"), config).expect("written");
        let summary = world.summarize_run(arguments);
        assert!(summary.contains("c.txt:1"), "{arguments:?}: {summary}");
        assert!(!canary.exists(), "{arguments:?} started a program");
    }
}

#[test]
fn a_git_folder_of_another_repository_is_not_used() {
    for (name, make, words) in [
        (
            "a file that points into another work tree",
            (|w: &World| {
                w.git("clone -q . ../private");
                fs::remove_dir_all(w.path(".git")).expect("removed");
                w.write(".git", "gitdir: ../private/.git\n");
            }) as fn(&World),
            "belongs to a different work tree",
        ),
        (
            "a link into another work tree",
            |w| {
                w.git("clone -q . ../private");
                fs::remove_dir_all(w.path(".git")).expect("removed");
                std::os::unix::fs::symlink("../private/.git", w.path(".git")).expect("made");
            },
            "belongs to a different work tree",
        ),
        ("a work tree at another path", |w| drop(w.git("config core.worktree /tmp")), "core.worktree"),
        ("a bare repository", |w| drop(w.git("config core.bare true")), "bare repository"),
        (
            "an unknown extension",
            |w| w.write(".git/config", "[core]\nrepositoryformatversion = 1\n[extensions]\nnews = 1\n"),
            "extensions.news",
        ),
        (
            "an unknown repository version",
            |w| w.write(".git/config", "[core]\nrepositoryformatversion = 2\n"),
            "repositoryFormatVersion 2",
        ),
        (
            "no git folder",
            |w| {
                fs::remove_dir_all(w.path(".git")).expect("removed");
                w.write(".git/x", "");
            },
            "is not a git directory",
        ),
        (
            "a .git file with a missing target",
            |w| {
                fs::remove_dir_all(w.path(".git")).expect("removed");
                w.write(".git", "hello");
            },
            "does not point to a git directory",
        ),
        ("a reference to itself", |w| w.write(".git/HEAD", "ref: HEAD\n"), "more than 5 levels"),
        ("no index", |w| w.write(".git/index", "hello"), "it is not an index"),
        (
            "a truncated index",
            |w| {
                let index = fs::read(w.path(".git/index")).expect("read");
                w.write(".git/index", &index[..60]);
            },
            "cannot use git's index",
        ),
        (
            "an index that is a FIFO",
            |w| {
                fs::remove_file(w.path(".git/index")).expect("removed");
                fifo(w, ".git/index");
            },
            "not a regular file",
        ),
        ("a damaged HEAD", |w| w.write(".git/HEAD", "hello\n"), "not a reference"),
        (
            "a missing commit",
            |w| {
                fs::remove_dir_all(w.path(".git/objects")).expect("removed");
                fs::create_dir(w.path(".git/objects")).expect("made");
            },
            "not in this clone",
        ),
    ] {
        let world = World::new();
        make(&world);
        let summary = world.summarize_run(&["--staged"]);
        assert!(summary.contains(words), "{name}: {summary}");
    }
}

fn fifo(world: &World, path: &str) {
    let made = std::process::Command::new("mkfifo").arg(world.path(path)).status().expect("it runs");
    assert!(made.success());
}

/// Path of the loose object of the staged content of `path`.
fn object(world: &World, path: &str) -> String {
    let id = world.git(&format!("rev-parse :{path}"));
    format!(".git/objects/{}/{}", &id[..2], &id[2..])
}

#[test]
fn damaged_objects_are_reported_as_cannot_tell() {
    type Harm = fn(&World, &str);
    let harms: [(&str, Harm); 6] = [
        ("missing", |w, path| fs::remove_file(w.path(path)).expect("removed")),
        ("empty", |w, path| replace(w, path, b"")),
        ("no zlib", |w, path| replace(w, path, b"hello")),
        ("cut short", |w, path| {
            let content = fs::read(w.path(path)).expect("read");
            replace(w, path, &content[..content.len() / 2]);
        }),
        ("waiting", |w, path| {
            fs::remove_file(w.path(path)).expect("removed");
            fifo(w, path);
        }),
        ("a header with a size of 10 GB", |w, path| replace(w, path, &deflated(b"blob 10737418240\0hello"))),
    ];
    for (name, harm) in harms {
        let world = World::new();
        world.write("b.txt", lines(500, "FIXME"));
        world.write("c.txt", "FIXME\n");
        world.git("add -A");
        harm(&world, &object(&world, "b.txt"));
        let summary = world.summarize_run(&["--staged"]);
        assert!(summary.starts_with("c.txt:1, b.txt: "), "{name}: {summary}");
    }
}

fn replace(world: &World, path: &str, content: &[u8]) {
    fs::remove_file(world.path(path)).expect("removed");
    world.write(path, content);
}

fn deflated(content: &[u8]) -> Vec<u8> {
    // One stored block: length, its complement, the bytes, Adler-32.
    let length = u16::try_from(content.len()).expect("short");
    let mut out = vec![0x78, 0x01, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(content);
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in content {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

#[test]
fn missing_objects_of_a_partial_clone_are_not_fetched() {
    let mut world = World::new();
    world.git("config uploadpack.allowFilter true");
    let url = format!("file://{}", world.path("").display());
    world.git(&format!("clone -q --filter=blob:none --no-checkout {url} ../copy"));
    world.change_folder("copy");
    world.git("read-tree --empty");
    world.git("update-index --add --cacheinfo 100644,1111111111111111111111111111111111111111,gone.txt");
    let summary = world.summarize_run(&["--staged"]);
    assert!(summary.contains("gone.txt: unreadable"), "{summary}");
    world.git("read-tree HEAD");
    let id = world.git("rev-parse HEAD:a.txt");
    world.git(&format!("update-index --add --cacheinfo 100644,{id},copy-of-a.txt"));
    let summary = world.summarize_run(&["--staged"]);
    assert_eq!(summary, "copy-of-a.txt: unreadable");
}

#[test]
fn a_file_that_is_too_big_is_reported_as_cannot_tell() {
    let world = World::new();
    world.write("big.txt", "FIXME\n".repeat(3_000_000));
    world.git("add -A");
    assert_eq!(world.summarize_run(&["--staged"]), "big.txt: too-big");
    world.git("commit -q -m big");
    world.git("gc -q");
    world.write("big.txt", "FIXME\n".repeat(3_000_001));
    world.git("add -A");
    assert_eq!(world.summarize_run(&["--staged"]), "big.txt: too-big");
}

#[test]
fn paths_that_git_rejects_are_not_read() {
    let world = World::new();
    world.write("b.txt", "FIXME\n");
    world.git("add -A");
    let index = fs::read(world.path(".git/index")).expect("read");
    for bad in ["../b.", ".git/b", "/b.tx", "a//b."] {
        // A path of equal length keeps the other offsets of the index valid.
        let at = index.windows(5).position(|window| window == b"b.txt").expect("there");
        let mut changed = index.clone();
        let short = &bad.as_bytes()[..5];
        changed[at..at + 5].copy_from_slice(short);
        fs::write(world.path(".git/index"), changed).expect("written");
        let summary = world.summarize_run(&["--staged"]);
        assert!(!summary.contains(":1"), "{bad}: {summary}");
    }
}
