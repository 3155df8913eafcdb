//! Runs inside git hooks, and with git's environment variables.

use super::world::{World, make_executable};

/// Installs a pre-commit hook that writes the report to the file `report`.
fn install_hook(world: &World) {
    let script = format!(
        "#!/bin/sh\n'{}' check --staged --format json --guidelines '{}' > '{}' 2>&1\n",
        env!("CARGO_BIN_EXE_stanchion"),
        world.top().join("rules").display(),
        world.top().join("report").display(),
    );
    let path = world.git("rev-parse --path-format=absolute --git-path hooks/pre-commit");
    std::fs::create_dir_all(std::path::Path::new(&path).parent().expect("a folder")).expect("made");
    std::fs::write(&path, script).expect("written");
    make_executable(std::path::Path::new(&path));
}

#[test]
fn a_hook_assesses_the_content_being_committed() {
    for (commit, expected, not_expected) in [
        ("commit -q -m x", "b.txt", "c.txt"),
        ("commit -q -a -m x", "c.txt", "a.txt"),
        ("commit -q -m x c.txt", "c.txt", "b.txt"),
    ] {
        for linked in [false, true] {
            let mut world = World::new();
            if linked {
                world.git("worktree add -q -b side ../side");
                world.change_folder("side");
            }
            install_hook(&world);
            world.write("c.txt", "fine\n");
            world.git("add -A");
            world.git("commit -q --no-verify -m c");
            world.write("b.txt", "FIXME\n");
            world.git("add -A");
            world.write("c.txt", "FIXME\n");
            world.git(commit);
            let text =
                std::fs::read_to_string(world.top().join("report")).expect("the hook should write a report");
            let report: serde_json::Value = serde_json::from_str(&text).expect(&text);
            let found = report["findings"].to_string();
            assert!(found.contains(expected) && !found.contains(not_expected), "{commit} {linked}: {found}");
        }
    }
}

#[test]
fn git_environment_variables_are_ignored() {
    let mut world = World::new();
    world.git("clone -q . ../bait");
    world.change_folder("bait");
    world.write("bait.txt", "FIXME\n");
    world.git("add -A");
    world.change_folder("repo");
    world.write("b.txt", "FIXME\n");
    world.git("add -A");
    let bait = world.top().join("bait");
    let git = bait.join(".git");
    let link = world.path(".git/linked-index");
    std::os::unix::fs::symlink(git.join("index"), &link).expect("made");
    for (name, value) in [
        ("GIT_DIR", git.clone()),
        ("GIT_WORK_TREE", bait.clone()),
        ("GIT_COMMON_DIR", git.clone()),
        ("GIT_INDEX_FILE", git.join("index")),
        ("GIT_INDEX_FILE", link),
        ("GIT_INDEX_FILE", world.path(".git/config")),
        ("GIT_INDEX_FILE", world.path(".git/none")),
        ("GIT_INDEX_FILE", "/dev/zero".into()),
        ("GIT_INDEX_FILE", "".into()),
        ("GIT_OBJECT_DIRECTORY", "/nowhere".into()),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nowhere".into()),
        ("GIT_NAMESPACE", "x".into()),
        ("GIT_PREFIX", "../bait".into()),
        ("GIT_CEILING_DIRECTORIES", world.top()),
        ("GIT_CONFIG_GLOBAL", "/nowhere".into()),
        ("GIT_CONFIG_PARAMETERS", "'core.bare=true'".into()),
    ] {
        world.environment = vec![(name.to_owned(), value.to_string_lossy().into_owned())];
        assert_eq!(world.summarize_run(&["--staged"]), "b.txt:1", "{name}={}", value.display());
        assert_eq!(world.summarize_run(&["--since", "main"]), "b.txt:1", "{name}={}", value.display());
    }
    world.environment =
        [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.bare"), ("GIT_CONFIG_VALUE_0", "true")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
    assert_eq!(world.summarize_run(&["--staged"]), "b.txt:1");
}
