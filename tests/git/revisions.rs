//! Forms of `--since REVISION`, and messages about invalid revisions.

use super::world::World;

fn history() -> World {
    let world = World::new();
    for number in 2..5 {
        world.write(&format!("f{number}.txt"), "FIXME\n");
        world.commit(&format!("c{number}"));
    }
    world.git("tag light HEAD~1");
    world.git("tag -a -m notes heavy HEAD~1");
    world.git("update-ref refs/remotes/origin/main HEAD~2");
    world
}

#[test]
fn revision_names_resolve_to_commits() {
    let world = history();
    let id = world.git("rev-parse HEAD~1");
    let (short, described) = (&id[..7], world.git("describe --long --tags HEAD~1"));
    for (revision, expected) in [
        ("HEAD", ""),
        ("@", ""),
        ("main", ""),
        ("refs/heads/main", ""),
        ("heads/main", ""),
        ("HEAD~1", "f4.txt:1"),
        ("HEAD^", "f4.txt:1"),
        ("HEAD~1^0", "f4.txt:1"),
        ("main^^", "f3.txt:1, f4.txt:1"),
        ("light", "f4.txt:1"),
        ("heavy", "f4.txt:1"),
        ("heavy^{commit}~1", "f3.txt:1, f4.txt:1"),
        ("origin/main", "f3.txt:1, f4.txt:1"),
        (id.as_str(), "f4.txt:1"),
        (short, "f4.txt:1"),
        (described.as_str(), "f4.txt:1"),
        ("HEAD~3", "f2.txt:1, f3.txt:1, f4.txt:1"),
    ] {
        assert_eq!(world.summarize_run(&["--since", revision]), expected, "{revision}");
    }
    world.git("pack-refs --all");
    for revision in ["light", "heavy", "origin/main"] {
        assert!(!world.summarize_run(&["--since", revision]).contains("stanchion:"), "{revision}");
    }
}

#[test]
fn an_invalid_revision_is_an_error() {
    let world = history();
    world.git("branch both HEAD");
    world.git("tag both HEAD~1");
    world.git("checkout -q --orphan alone");
    world.git("commit -q -m alone");
    world.git("tag alone-tag");
    world.git("update-ref refs/remotes/origin/dev HEAD");
    world.git("checkout -q main");
    for (revision, words) in [
        ("nope", "no such branch, tag or commit"),
        ("-x", "invalid revision syntax"),
        ("--output=x", "invalid revision syntax"),
        ("", "the revision is empty"),
        ("HEAD~é", "unsupported suffix"),
        ("HEAD^{tree}", "only `^{}` and `^{commit}`"),
        ("light2", "no such branch, tag or commit"),
        ("dev", "did you mean `origin/dev`?"),
        ("COMMIT_EDITMSG", "no such branch, tag or commit"),
        ("HEAD~99999", "history ends 3 commits before"),
        ("HEAD^2", "has 1 parent"),
        ("HEAD^{tree}", "unsupported suffix"),
        ("HEAD@{1}", "unsupported revision syntax"),
        ("main..light", "unsupported revision syntax"),
        ("HEAD:a.txt", "unsupported revision syntax"),
        ("a\u{1b}[31mb", "invalid revision syntax"),
        ("../../etc/passwd", "unsupported revision syntax"),
        ("both", "refs/tags/both or refs/heads/both"),
        ("alone-tag", "shares no history"),
        ("0123456789012345678901234567890123456789", "not in this clone"),
        ("99999999999999999999999", "no such branch, tag or commit"),
    ] {
        let summary = world.summarize_run(&[&format!("--since={revision}")]);
        assert!(summary.contains(words) && !summary.contains('\u{1b}'), "{revision}: {summary}");
    }
    let long = world.summarize_run(&[&format!("--since={}", "x".repeat(5_000))]);
    assert!(long.len() < 500, "{long}");
    let (_, _, both) = world.run(&["--staged", "--since", "main"]);
    assert!(both.contains("cannot be used with"), "{both}");
}

#[test]
fn a_shallow_history_is_reported() {
    let mut world = history();
    world.git("checkout -q -b feature HEAD~2");
    world.write("g.txt", "FIXME\n");
    world.commit("feature");
    let url = format!("file://{}", world.path("").display());
    world.git(&format!("clone -q --depth=1 --no-single-branch -b feature {url} ../copy"));
    world.change_folder("copy");
    assert_eq!(world.summarize_run(&["--since", "HEAD"]), "");
    let summary = world.summarize_run(&["--since", "origin/main"]);
    assert!(summary.contains("shallow") && summary.contains("git fetch --unshallow"), "{summary}");
    for revision in ["HEAD~1", "HEAD^"] {
        let summary = world.summarize_run(&["--since", revision]);
        assert!(summary.contains("shallow") && summary.contains("--deepen"), "{summary}");
    }
    world.git("fetch -q --unshallow");
    assert_eq!(world.summarize_run(&["--since", "origin/main"]), "g.txt:1");
}

#[test]
fn a_merge_base_is_found_across_many_merges() {
    let world = World::new();
    for number in 0..6 {
        world.git(&format!("checkout -q -b side{number}"));
        world.write(&format!("s{number}.txt"), "FIXME\n");
        world.commit("side");
        world.git("checkout -q main");
        world.write(&format!("m{number}.txt"), "FIXME\n");
        world.commit("main");
        world.git(&format!("merge -q -m merged side{number}"));
    }
    world.git("checkout -q -b feature main~2");
    world.write("g.txt", "FIXME\n");
    world.commit("feature");
    for other in ["main", "side2", "side5", "main~1", "main^2", "side4~1"] {
        let base = world.git(&format!("merge-base HEAD {other}"));
        let (_, out, err) = world.run(&["--since", other, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&out).expect(&err);
        assert_eq!(report["revision"], base.as_str(), "{other}");
    }
}

#[test]
fn one_line_is_printed_when_nothing_changed() {
    let world = World::new();
    assert_eq!(world.run(&["--staged"]), (0, "Nothing staged\n".to_owned(), String::new()));
    let nothing = (0, "Nothing changed since main\n".to_owned(), String::new());
    assert_eq!(world.run(&["--since", "main"]), nothing);
    world.write("b.txt", "FIXME\n");
    world.git("add -A");
    let (status, out, _) = world.run(&["--staged"]);
    assert!(status == 0 && out.contains("staged changes only"), "{out}");
    assert!(world.run(&["--since", "main"]).1.contains("changes since main only"));
    std::fs::remove_dir_all(world.path(".git")).expect("removed");
    for arguments in [&["--staged"][..], &["--since", "main"]] {
        assert!(world.summarize_run(arguments).contains("is not in a git repository"), "{arguments:?}");
    }
}

/// A path argument that is not on disk is searched in the compared tree only.
#[test]
fn a_missing_path_is_an_error_with_a_focus() {
    let world = World::new();
    for arguments in [["--staged", "none"], ["--since=HEAD", "none"]] {
        let summary = world.summarize_run(&arguments);
        assert!(summary.contains("cannot assess none"), "{arguments:?}: {summary}");
    }
}

#[test]
fn a_branch_whose_name_is_not_utf8_is_not_the_first_commit() {
    let world = World::new();
    std::fs::write(world.path(".git/HEAD"), b"ref: refs/heads/caf\xe9\n").expect("written");
    for arguments in [["--staged"], ["--since=main"]] {
        let summary = world.summarize_run(&arguments);
        assert!(
            summary.contains("refs/heads/caf\\xe9") && summary.contains("not UTF-8"),
            "{arguments:?}: {summary}"
        );
    }
}

#[test]
fn an_empty_git_folder_below_the_root_is_ignored() {
    let mut world = World::new();
    world.write("sub/.git/x", "");
    world.write("sub/b.txt", "FIXME\n");
    world.git("add sub/b.txt");
    world.change_folder("repo/sub");
    assert_eq!(world.summarize_run(&["--staged"]), "LICENSE licence, b.txt:1");
}
