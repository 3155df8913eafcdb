//! Report targets: standard output, files, closed pipes, and terminals with or without colors.

use std::fs;
use std::process::Stdio;

use crate::command::{repository, run, stanchion};

#[test]
fn a_terminal_report_and_a_json_file_come_from_one_run() {
    let folder = repository();
    fs::write(folder.path().join("a.txt"), "hello\n").expect("written");
    let (status, out, err) =
        run(folder.path(), &["check", "--output", "json=r.json", "--output", "jsonl=r.jsonl"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("file") && !out.contains('\x1b'), "{out}");
    let file = fs::read(folder.path().join("r.json")).expect("written");
    let report: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    assert_eq!(report["version"], 1);
    let lines = fs::read_to_string(folder.path().join("r.jsonl")).expect("written");
    assert!(lines.starts_with(r#"{"type":"run","version":1"#), "{lines}");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 4, "a temporary file was left behind");
}

#[test]
fn the_same_run_gives_identical_bytes() {
    let folder = repository();
    fs::write(folder.path().join("a.py"), "import requests\nrequests.get(u)\n").expect("written");
    let report = |threads: &str| run(folder.path(), &["check", "--format", "json", "--threads", threads]).1;
    assert_eq!(report("1"), report("4"));
}

#[test]
fn a_closed_pipe_does_not_fail_a_run() {
    let folder = repository();
    for arguments in
        [&["check", "--format", "json"][..], &["completions", "bash"], &["man"], &["--help"], &[]]
    {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stanchion"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn colors_follow_the_terminal_the_option_and_the_environment() {
    let folder = repository();
    let colored = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = stanchion(folder.path());
        command.args(arguments).envs(environment.iter().copied());
        command.output().expect("the program should start").stdout.contains(&0x1b)
    };
    assert!(!colored(&["check"], &[]), "output that is not a terminal has no color");
    assert!(
        colored(&["check", "--color", "always"], &[("NO_COLOR", "1")]),
        "`--color always` overrides NO_COLOR"
    );
    assert!(colored(&["check"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["check"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["check", "--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(
        !colored(&["--color", "never", "--help"], &[("CLICOLOR_FORCE", "1")]),
        "`--help` respects the color setting"
    );
    assert!(colored(&["check", "--help", "--color=always"], &[]), "`--help` respects the color setting");
}

#[test]
fn control_characters_in_arguments_are_escaped() {
    let folder = repository();
    for arguments in
        [&["check", "\x1b[2Jx"][..], &["explain", "a/\x1b[2J"], &["\x1b[2J"], &["new", "\u{202e}x"]]
    {
        let (_, out, err) = run(folder.path(), arguments);
        assert!(!format!("{out}{err}").contains(['\x1b', '\u{202e}']), "{arguments:?}: {err:?}");
    }
}

#[test]
fn piped_lists_have_one_line_per_guideline() {
    let folder = repository();
    fs::write(folder.path().join("a.py"), "import requests\nrequests.get(u)\n").expect("written");
    let mut command = stanchion(folder.path());
    let output =
        command.args(["check", "-q"]).env("COLUMNS", "30").output().expect("the program should start");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(out.lines().count() > 1 && out.lines().all(|line| !line.starts_with(' ')), "{out}");
}

#[cfg(unix)]
#[test]
fn report_targets_keep_their_kind_and_mode() {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

    let folder = repository();
    let at = |name: &str| folder.path().join(name);
    let report = |name: &str| {
        let (status, _, err) = run(folder.path(), &["check", "-q", "--output", &format!("json={name}")]);
        assert_eq!((status, err.as_str()), (0, ""), "{name}");
    };
    assert!(
        std::process::Command::new("mkfifo")
            .arg(at("fifo"))
            .status()
            .expect("the program should start")
            .success()
    );
    let fifo = at("fifo");
    let reader = std::thread::spawn(move || fs::read_to_string(fifo).expect("read"));
    report("fifo");
    assert!(fs::symlink_metadata(at("fifo")).expect("there").file_type().is_fifo());
    assert!(reader.join().expect("read").contains("\"version\""));

    fs::create_dir(at("real")).expect("made");
    symlink("real/one.json", at("one")).expect("linked");
    symlink("one", at("two")).expect("linked");
    for round in ["no target yet", "existing target"] {
        report("two");
        assert!(at("one").is_symlink() && at("two").is_symlink(), "{round}");
        assert!(fs::read_to_string(at("real/one.json")).expect(round).starts_with('{'), "{round}");
    }

    fs::write(at("private"), "old").expect("written");
    fs::set_permissions(at("private"), fs::Permissions::from_mode(0o600)).expect("set");
    report("private");
    assert!(fs::read_to_string(at("private")).expect("there").starts_with('{'));
    assert_eq!(fs::metadata(at("private")).expect("there").permissions().mode() & 0o777, 0o600);
}
