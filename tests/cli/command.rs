//! Guarantees of every subcommand: exit statuses, messages, and no overwritten files.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// Command that runs the program in `folder` with an empty environment.
pub fn stanchion(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("stanchion").expect("the program is built");
    command.env_clear().env("LANG", "C.UTF-8").current_dir(folder);
    command
}

/// Temporary folder with a `.git` folder, so that no configuration above it applies.
pub fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("made");
    folder
}

/// Exit status, standard output and standard error of a run.
pub fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = stanchion(folder).args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn without_arguments_the_usage_is_printed() {
    let folder = repository();
    let (status, out, err) = run(folder.path(), &[]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("Usage: stanchion") && out.contains("check") && out.ends_with('\n'), "{out}");
}

#[test]
fn usage_and_input_errors_exit_with_2() {
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
        (&["new", "NotAnId"], "is not a valid guideline id"),
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
        assert!(err.contains("already exists"), "{err}");
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
fn usage_errors_have_the_common_prefix() {
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

/// Writes the text of `stanchion new` to `path`, after `change`.
fn write_guideline(folder: &Path, path: &str, change: impl Fn(&str) -> String) {
    let (status, _, err) = run(folder, &["new", "acme/a", "--dir", "scratch"]);
    assert_eq!(status, 0, "{err}");
    let text = fs::read_to_string(folder.join("scratch/acme/a.md")).expect("written");
    fs::remove_dir_all(folder.join("scratch")).expect("removed");
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, change(&text)).expect("written");
}

#[test]
fn skipped_guideline_files_are_reported() {
    let folder = repository();
    for (name, before) in [("line", "\n"), ("comment", "<!-- ours -->\n"), ("title", "# A\n\n")] {
        let path = format!("{name}/x.md");
        write_guideline(folder.path(), &path, |text| format!("{before}{text}"));
        write_guideline(folder.path(), &format!("{name}/good.md"), |text| text.replace("acme/a", "acme/b"));
        let (status, out, err) = run(folder.path(), &["test", name]);
        assert_eq!((status, err.as_str()), (2, ""), "{name}: {out}");
        assert!(out.contains(&path) && out.contains("1 problem in guideline files"), "{name}: {out}");
    }
    write_guideline(folder.path(), "empty/good.md", str::to_owned);
    fs::write(folder.path().join("empty/x.md"), "\n").expect("written");
    assert_eq!(run(folder.path(), &["test", "empty"]).0, 2);

    write_guideline(folder.path(), "prose/good.md", str::to_owned);
    fs::write(folder.path().join("prose/a.md"), "# About\n").expect("written");
    let shows = "# Format\n\n```\n---\nschema: 1\n---\n```\n\n---\n\nschema: 1\n";
    fs::write(folder.path().join("prose/b.md"), shows).expect("written");
    for command in [&["test", "prose"][..], &["list", "--guidelines", "prose"]] {
        let (status, out, _) = run(folder.path(), command);
        assert_eq!(status, 0, "{out}");
        assert!(out.contains("note: 2 Markdown files do not begin with front matter"), "{out}");
    }
}

#[test]
fn a_duplicate_guideline_id_is_reported() {
    let folder = repository();
    write_guideline(folder.path(), "g/one.md", str::to_owned);
    write_guideline(folder.path(), "g/two.md", |text| text.replace("FIXME\n", "TODO\n"));
    let (status, out, _) = run(folder.path(), &["test", "g"]);
    assert_eq!(status, 2, "{out}");
    assert!(out.contains("g/two.md:3:12 problem: g/one.md has the same id"), "{out}");
    assert!(out.contains("4 examples in 2 guidelines: 3 hold, 1 do"), "{out}");
    for command in ["list", "why", "explain", "check"] {
        let mut arguments = vec![command, "--guidelines", "g"];
        arguments.extend(["why", "explain"].contains(&command).then_some("acme/a"));
        let (status, out, err) = run(folder.path(), &arguments);
        assert_eq!((status, err.as_str()), (0, ""), "{command}");
        assert!(out.contains("note: acme/a is followed twice"), "{command}: {out}");
    }
}

#[test]
fn a_folder_without_guidelines_is_an_error() {
    let folder = repository();
    fs::create_dir(folder.path().join("g")).expect("made");
    fs::write(folder.path().join("g/README.md"), "---\n").expect("written");
    let (status, out, err) = run(folder.path(), &["test", "g"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.starts_with("stanchion: no guidelines found in g\n  help: "), "{err}");
}

#[test]
fn new_reports_what_prevents_writing() {
    let folder = repository();
    let (status, _, err) = run(folder.path(), &["new", "acme/readme"]);
    assert!(status == 2 && err.contains("would never be read") && err.contains("acme/read-me"), "{err}");
    fs::write(folder.path().join("guidelines"), "").expect("written");
    let (status, _, err) = run(folder.path(), &["new", "acme/a"]);
    assert!(status == 2 && err.contains("guidelines is not a folder"), "{err}");
    assert!(!err.contains("already exists"), "{err}");
    let (status, out, _) = run(folder.path(), &["new", "acme/a", "--dir", "my drafts"]);
    assert_eq!(status, 0);
    assert!(out.contains("stanchion test 'my drafts/acme/a.md'\n"), "{out}");
    assert!(out.contains("stanchion check --guidelines 'my drafts'\n"), "{out}");
    let (_, _, err) = run(folder.path(), &["explain", "no/such", "--guidelines", "my drafts"]);
    assert!(err.contains("`stanchion list --guidelines 'my drafts'`"), "{err}");
}

#[test]
fn init_prints_where_it_writes_and_follows_only_paths_inside_the_repository() {
    let folder = repository();
    let outside = repository();
    write_guideline(outside.path(), "g/one.md", str::to_owned);
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("g"), folder.path().join("guidelines")).expect("linked");
    let below = folder.path().join("src");
    fs::create_dir(&below).expect("made");
    let (status, out, err) = run(&below, &["init"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let written = folder.path().canonicalize().expect("there").join("stanchion.toml");
    assert!(out.contains(&format!("{}.", written.display())), "{out}");
    assert!(!fs::read_to_string(written).expect("written").contains("[\"./guidelines"), "{out}");
    assert_eq!(run(folder.path(), &["list"]).0, 0);
}

#[test]
fn a_line_break_in_an_argument_cannot_forge_a_message() {
    let folder = repository();
    for arguments in [
        &["x\nstanchion: all is well"][..],
        &["check", "--cap", "x\nstanchion: all is well"],
        &["check", "--x\nstanchion: all is well"],
        &["check", "--format", "x\nstanchion: all is well"],
        &["check", "--quie\nstanchion: all is well"],
        &["list", "a", "b\nstanchion: all is well"],
    ] {
        let (status, _, err) = run(folder.path(), arguments);
        assert_eq!(status, 2, "{arguments:?}");
        assert!(err.contains("\\nstanchion: all is well"), "{err}");
        assert!(!err.contains("\nstanchion: all is well"), "{err}");
    }
}

#[test]
fn why_wraps_to_a_narrow_terminal() {
    let folder = repository();
    write_guideline(folder.path(), "g/one.md", |text| {
        let condition =
            "applies: { any: [{ exists: [\"a very long name of a file that is looked for/in this\"] }] }";
        text.replace("consequences:", &format!("{condition}\nconsequences:"))
    });
    let arguments = ["why", "acme/a", "--guidelines", "g"];
    let output = stanchion(folder.path()).args(arguments).env("COLUMNS", "40").output().expect("it runs");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    let wide = |line: &&str| line.chars().count() > 40 && !line.contains("sha256");
    assert_eq!(out.lines().filter(wide).collect::<Vec<_>>(), Vec::<&str>::new(), "{out}");
}

#[test]
fn an_unknown_data_format_is_reported_as_unknown() {
    let folder = repository();
    fs::write(folder.path().join("settings"), "a: 1\n").expect("written");
    write_guideline(folder.path(), "g/one.md", |text| {
        let end = text.find("    text: {").expect("its check");
        let after = text.find("    message:").expect("its message");
        let check = "    data: { files: [settings], select: \"$.a\", assert: { type: string } }\n";
        format!("{}{check}{}", &text[..end], &text[after..])
    });
    let (status, out, err) = run(folder.path(), &["check", "--guidelines", "g"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("unknown data format · 1 path\n") && !out.contains("syntax error"), "{out}");
    let out = run(folder.path(), &["check", "--guidelines", "g", "--format", "json"]).1;
    assert!(out.contains("\"reason\": \"unknown-format\""), "{out}");
}

/// Covers workers and in-process runs, where no worker reports times.
#[test]
fn timings_report_the_time_per_guideline_and_change_no_finding() {
    let folder = repository();
    let checks = "checks:\n  - { id: word, text: { find: needle }, message: m }\n  \
                  - { id: lone, code: { language: python, query: '(integer) @a' }, message: m }\n---\n";
    write_guideline(folder.path(), "rules/a.md", |text| {
        let (head, rest) = text.split_once("checks:\n").expect("checks");
        let (_, body) = rest.split_once("---\n").expect("an end");
        format!("{head}{checks}{body}")
    });
    fs::write(folder.path().join("a.py"), "a = 1\nneedle = 2\n").expect("written");
    let without = run(folder.path(), &["check", "-g", "rules", "--format", "json"]);
    assert_eq!(without.0, 0, "{without:?}");
    for more in [&[][..], &["--no-worker"]] {
        let with = |format| {
            run(folder.path(), &[&["check", "-g", "rules", "--timings", "-f", format], more].concat())
        };
        let (status, out, err) = with("json");
        assert_eq!((status, &out), (0, &without.1), "{err}");
        assert!(err.contains("Time per guideline, slowest first"), "{err}");
        let (status, out, err) = with("human");
        assert_eq!((status, err.as_str()), (0, ""), "{out}");
        let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, costs) = words.split_once("Time per guideline, slowest first").expect("a table");
        assert!(
            costs.contains("acme/a") && costs.contains("acme/a lone: no requirement is derived from queries"),
            "{out}"
        );
        assert!(!costs.contains("acme/a word:"), "{out}");
        assert!(
            costs.contains("parsing code and data: ") && costs.contains("reading and filtering 2 files: "),
            "{out}"
        );
        assert!(!costs.contains("acme/a 0.00 ms 0.00 ms"), "{out}");
    }
}
