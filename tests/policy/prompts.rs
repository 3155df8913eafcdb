//! `waive` at a terminal: it prompts for missing fields and repeats a prompt after an invalid answer.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::world::World;

#[test]
fn missing_waiver_fields_are_prompted_for_at_a_terminal() {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.write("a.py", "import requests\nrequests.get(1)\n");
    // `script` (bsdutils) gives the program a terminal.
    let program =
        format!("{} waive resilience/http-timeouts --today 2026-11-25", env!("CARGO_BIN_EXE_stanchion"));
    let mut child = Command::new("script")
        .args(["-qec", &program, "/dev/null"])
        .current_dir(world.path("."))
        .env("LANG", "C.UTF-8")
        .env("TERM", "dumb")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script (bsdutils) is needed for this test");
    let mut input = child.stdin.take().expect("stdin should be piped");
    // Location (Enter: the default), an invalid kind, a kind by number, no reason, a reason, a past date,
    // Enter.
    for answer in ["", "99", "7", ".", "the vendor has no other way", "2020-01-01", ""] {
        std::thread::sleep(std::time::Duration::from_millis(300));
        writeln!(input, "{answer}").expect("the program should read the answer");
    }
    drop(input);
    let output = child.wait_with_output().expect("the program should end");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    for words in [
        "one of the numbers or words above",
        "needs a reason in words",
        "this date is in the past",
        "It covers 1 finding",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    let written = world.read(".stanchion/waivers.toml");
    for line in [
        "paths = [\"a.py\"]",
        "kind = \"cost\"",
        "reason = \"the vendor has no other way\"",
        "until = 2027-05-24",
    ] {
        assert!(written.contains(line), "{line} in\n{written}");
    }
}
