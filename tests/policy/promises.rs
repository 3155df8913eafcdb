//! Promises: what several people do at once, and what cannot be told.

use std::process::Stdio;

use super::world::World;

const ID: &str = "resilience/http-timeouts";

/// A repository with one finding of the guideline and a promise from here.
fn promised() -> World {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.write("a.py", "import requests\nrequests.get(1)\n");
    world.ends(0, &["init"]);
    world.ends(0, &["promise", ID, "--from-here"]);
    world.commit();
    world
}

#[test]
fn whoever_promises_at_the_same_time_is_heard() {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.ends(0, &["init"]);
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
            command.spawn().expect("it runs")
        })
        .collect();
    for run in running {
        let ended = run.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let config = world.read("stanchion.toml");
    for id in ids {
        assert!(config.contains(&id), "{id} is lost:\n{config}");
    }
    world.ends(0, &["check"]);
}

#[test]
fn a_baseline_does_not_go_while_nobody_can_tell() {
    let world = promised();
    let before = (world.read("stanchion.toml"), world.read(".stanchion/baseline.toml"));
    // What was found is mended, and another file cannot be read.
    world.write("a.py", "x = 1\n");
    world.write("b.py", b"\xff\xfe\x00\xd8import requests\n");
    let run = world.ends(2, &["promise", ID]);
    assert!(run.err.contains("cannot tell whether") && run.err.contains("--anyway"), "{}", run.err);
    assert_eq!(before, (world.read("stanchion.toml"), world.read(".stanchion/baseline.toml")));
    // When all is told, what stood there goes, and that is said.
    world.write("b.py", "x = 2\n");
    let run = world.ends(0, &["promise", ID]);
    assert!(run.out.contains("is gone with it (1 entry)"), "{}", run.out);
    assert!(!world.path(".stanchion/baseline.toml").exists());
}

#[test]
fn half_a_withdrawal_is_none() {
    let world = promised();
    world.write(
        ".stanchion/baseline.toml",
        format!("<<<<<<< HEAD\n{}", world.read(".stanchion/baseline.toml")),
    );
    let before = world.read("stanchion.toml");
    let run = world.ends(2, &["promise", ID, "--withdraw"]);
    assert!(run.err.contains("a merge is not resolved"), "{}", run.err);
    assert_eq!(before, world.read("stanchion.toml"));
}

#[test]
fn a_byte_order_mark_stays() {
    let world = promised();
    world.write("stanchion.toml", format!("\u{feff}{}", world.read("stanchion.toml")));
    world.ends(0, &["promise", "docs/readme-present"]);
    assert!(world.read("stanchion.toml").starts_with('\u{feff}'));
    world.ends(0, &["promise", "docs/readme-present", "--withdraw"]);
    assert!(world.read("stanchion.toml").starts_with('\u{feff}'));
}

#[test]
fn a_command_that_is_named_works_where_one_is() {
    let world = promised();
    world.write("deep/er/x.txt", "");
    let output = world
        .command()
        .args(["promise", "docs/readme-present"])
        .current_dir(world.path("deep/er"))
        .output()
        .expect("it runs");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(out.contains("git add ../../stanchion.toml"), "{out}");
    // A file above that cannot be used is not taken for the one here.
    world.write("part/stanchion.toml", "schema = 1\ninherit = true\n");
    world.write("stanchion.toml", "schema = 1\nfolow = []\n");
    let run = world.ends(2, &["check", "part"]);
    assert!(run.err.contains("../stanchion.toml"), "{}", run.err);
}
