//! `promise` and `promise --withdraw`: concurrent runs, and promises that cannot be judged.

use std::process::Stdio;

use super::world::World;

const ID: &str = "resilience/http-timeouts";

/// Repository with one finding of the guideline and a promise with `--from-here`.
fn promised() -> World {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.write("a.py", "import requests\nrequests.get(1)\n");
    world.run_expecting(0, &["init"]);
    world.run_expecting(0, &["promise", ID, "--from-here"]);
    world.commit();
    world
}

#[test]
fn concurrent_promises_are_all_kept() {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.run_expecting(0, &["init"]);
    let all: Vec<String> = world.run(&["list", "--format", "json"]).out.lines().map(str::to_owned).collect();
    let list: serde_json::Value = serde_json::from_str(&all.join("\n")).expect("JSON");
    let ids: Vec<String> = list["guidelines"]
        .as_array()
        .expect("guidelines")
        .iter()
        .map(|it| it["id"].as_str().expect("an id").to_owned())
        .take(8)
        .collect();
    assert_eq!(ids.len(), 8);
    let running: Vec<_> = ids
        .iter()
        .map(|id| {
            let mut command = world.command();
            command.args(["promise", id, "--from-here"]).stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("the program should start")
        })
        .collect();
    for run in running {
        let ended = run.wait_with_output().expect("the program should end");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let config = world.read("stanchion.toml");
    for id in ids {
        assert!(config.contains(&id), "{id} is lost:\n{config}");
    }
    world.run_expecting(0, &["check"]);
}

#[test]
fn a_baseline_stays_while_a_file_cannot_be_assessed() {
    let world = promised();
    let before = (world.read("stanchion.toml"), world.read(".stanchion/baseline.toml"));
    // The finding is fixed, and another file cannot be read.
    world.write("a.py", "x = 1\n");
    world.write("b.py", b"\xff\xfe\x00\xd8import requests\n");
    let run = world.run_expecting(2, &["promise", ID]);
    assert!(run.err.contains("cannot tell whether") && run.err.contains("--anyway"), "{}", run.err);
    assert_eq!(before, (world.read("stanchion.toml"), world.read(".stanchion/baseline.toml")));
    // Once every file can be assessed, the baseline entry is removed and the removal is reported.
    world.write("b.py", "x = 2\n");
    let run = world.run_expecting(0, &["promise", ID]);
    assert!(run.out.contains("Removed 1 entry from"), "{}", run.out);
    assert!(!world.path(".stanchion/baseline.toml").exists());
}

#[test]
fn a_withdrawal_that_cannot_finish_changes_nothing() {
    let world = promised();
    world.write(
        ".stanchion/baseline.toml",
        format!("<<<<<<< HEAD\n{}", world.read(".stanchion/baseline.toml")),
    );
    let before = world.read("stanchion.toml");
    let run = world.run_expecting(2, &["promise", ID, "--withdraw"]);
    assert!(run.err.contains("unresolved merge conflict"), "{}", run.err);
    assert_eq!(before, world.read("stanchion.toml"));
}

#[test]
fn a_byte_order_mark_is_kept() {
    let world = promised();
    world.write("stanchion.toml", format!("\u{feff}{}", world.read("stanchion.toml")));
    world.run_expecting(0, &["promise", "docs/readme-present"]);
    assert!(world.read("stanchion.toml").starts_with('\u{feff}'));
    world.run_expecting(0, &["promise", "docs/readme-present", "--withdraw"]);
    assert!(world.read("stanchion.toml").starts_with('\u{feff}'));
}

#[test]
fn suggested_commands_work_in_the_current_folder() {
    let world = promised();
    world.write("deep/er/x.txt", "");
    let output = world
        .command()
        .args(["promise", "docs/readme-present"])
        .current_dir(world.path("deep/er"))
        .output()
        .expect("the program should start");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(out.contains("git add ../../stanchion.toml"), "{out}");
    // An invalid stanchion.toml in the parent folder is an error about that file, not about this folder.
    world.write("part/stanchion.toml", "schema = 1\ninherit = true\n");
    world.write("stanchion.toml", "schema = 1\nfolow = []\n");
    let run = world.run_expecting(2, &["check", "part"]);
    assert!(run.err.contains("../stanchion.toml"), "{}", run.err);
}
