//! What every subcommand promises: exit statuses, messages, nothing overwritten.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// The program in `folder`, with nothing of the tester's environment.
pub fn stanchion(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("stanchion").expect("the program is built");
    command.env_clear().env("LANG", "C.UTF-8").current_dir(folder);
    command
}

/// A repository of its own, so that nothing above it counts.
pub fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("made");
    folder
}

/// What a run wrote and how it ended.
pub fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = stanchion(folder).args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn alone_it_says_what_it_can_do() {
    let folder = repository();
    let (status, out, err) = run(folder.path(), &[]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("Usage: stanchion") && out.contains("check") && out.ends_with('\n'), "{out}");
}

#[test]
fn what_cannot_be_done_is_said_with_status_2() {
    let folder = repository();
    fs::create_dir_all(folder.path().join("other/.git")).expect("made");
    for (arguments, message) in [
        (&["check", "nowhere"][..], "cannot assess nowhere: no such file"),
        (&["check", ".", "other"], "different repositories"),
        (&["check", "--guidelines", "nowhere"], "cannot list the guidelines in"),
        (&["check", "--output", "xml=a"], "FORMAT=FILE"),
        (&["check", "--output", "json=no/such/folder/a.json"], "cannot write no/such/folder/a.json"),
        (&["explain", "no/such"], "no guideline `no/such` is followed here"),
        (&["why", "no/such"], "no guideline `no/such` is followed here"),
        (&["new", "NotAnId"], "cannot be an id"),
        (&["chekc"], "check"),
    ] {
        let (status, out, err) = run(folder.path(), arguments);
        assert_eq!(status, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains(message), "{arguments:?}: {err}");
        assert_eq!(out, "", "{arguments:?}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = repository();
    for arguments in [&["init"][..], &["new", "acme/short-names"]] {
        let (status, _, err) = run(folder.path(), arguments);
        assert_eq!(status, 0, "{err}");
        let (status, _, err) = run(folder.path(), arguments);
        assert_eq!(status, 2);
        assert!(err.contains("is there already"), "{err}");
    }
    assert!(folder.path().join("guidelines/acme/short-names.md").is_file());
    assert!(folder.path().join("stanchion.toml").is_file());
}

#[test]
fn schemas_completions_and_manual_pages_are_printed() {
    let folder = repository();
    for what in ["guideline", "config", "report"] {
        let (status, out, _) = run(folder.path(), &["schema", what]);
        assert_eq!(status, 0);
        assert!(
            serde_json::from_str::<serde_json::Value>(&out).is_ok_and(|schema| schema.is_object()),
            "{what}"
        );
    }
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (status, out, _) = run(folder.path(), &["completions", shell]);
        assert!(status == 0 && out.contains("stanchion"), "{shell}");
    }
    assert!(run(folder.path(), &["man"]).1.contains(".TH STANCHION"));
    assert_eq!(run(folder.path(), &["man", "--dir", "man"]).0, 0);
    assert!(folder.path().join("man/stanchion-check.1").is_file());
}

#[test]
fn commands_in_a_report_work_when_copied() {
    let here = repository();
    let there = repository();
    let (status, _, err) = run(there.path(), &["new", "acme/read-me", "--kind", "files"]);
    assert_eq!(status, 0, "{err}");
    fs::rename(there.path().join("guidelines"), there.path().join("my drafts")).expect("moved");
    let toml = "schema = 1\nfollow = [\"./my drafts\"]\n";
    fs::write(there.path().join("stanchion.toml"), toml).expect("written");
    let drafts = there.path().join("my drafts");
    let (there, drafts) = (there.path().to_str().expect("UTF-8"), drafts.to_str().expect("UTF-8"));
    for arguments in [&["check", there][..], &["check", "--guidelines", drafts]] {
        let (status, out, err) = run(here.path(), arguments);
        assert_eq!(status, 0, "{err}");
        let command = out.lines().find_map(|line| line.split_once("keep it    ")).expect(&out).1;
        let mut shell = std::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_stanchion");
        let line = command.replacen("stanchion", "\"$STANCHION\"", 1);
        shell.args(["-c", &line]).env("STANCHION", program).current_dir(here.path());
        let output = shell.output().expect("it runs");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn usage_messages_begin_like_all_others() {
    let folder = repository();
    for (arguments, expected) in [
        (&["chekc"][..], "help: some similar subcommands exist"),
        (&["check", "--cap", "many"], "write a whole number"),
        (&["explain"], "<ID>"),
    ] {
        let (status, _, err) = run(folder.path(), arguments);
        assert!(status == 2 && err.starts_with("stanchion: ") && err.contains(expected), "{err}");
    }
}
