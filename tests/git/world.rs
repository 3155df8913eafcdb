//! A temporary folder with repositories, git with a clean environment, and runs of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Temporary folder with a repository `repo` (branch `main`) and a folder `rules` of guidelines.
pub struct World {
    folder: tempfile::TempDir,
    /// Working directory of git and the program, relative to the temporary folder.
    pub here: &'static str,
    /// Further environment variables of the program.
    pub environment: Vec<(String, String)>,
}

/// Guideline with one check of each kind that these tests use.
pub const MARKS: &str = r#"---
schema: 1
guideline: test/marks
version: 1.0.0
title: No marks
summary: Marks are found line by line.
stage: trial
owner: test
level: note
topics: [test]
checks:
  - id: mark
    text: { files: ["**"], find: "FIXME" }
    message: "a mark"
  - id: licence
    files: { require: { all: [LICENSE] } }
    message: "no licence"
  - id: pair
    files: { pair: { for: "lib/*.rs", want: "checks/{1}.rs" } }
    message: "no pair"
  - id: names
    files: { names: { paths: ["**/*.txt"], regex: "[a-z0-9.-]+" } }
    message: "a name"
---
# No marks

## Why
To test.

## How to keep it
Take them out.
"#;

impl World {
    /// Creates an empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { folder, here: "repo", environment: Vec::new() };
        world.write("../rules/marks.md", MARKS);
        world
    }

    /// Creates a repository with one commit: `a.txt` with a mark in its first line, and `LICENSE`.
    pub fn new() -> Self {
        let world = Self::empty();
        world.git("init -q -b main");
        world.write("a.txt", "FIXME one\ntwo\nthree\n");
        world.write("LICENSE", "as you like\n");
        world.commit("one");
        world
    }

    pub fn top(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder should have a canonical path")
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.top().join(self.here).join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let here = self.folder.path().join(self.here);
        fs::create_dir_all(&here).expect("made");
        let path = here.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    /// Runs git as for a user without configuration. `arguments` is split at spaces.
    pub fn try_git(&self, arguments: &str) -> (bool, String) {
        let mut git = Command::new("git");
        git.env_clear()
            .env("PATH", std::env::var_os("PATH").expect("PATH should be set"))
            .env("HOME", self.top());
        git.envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ("GIT_EDITOR", "true"),
        ]);
        git.args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"]);
        let output = git.args(arguments.split(' ')).current_dir(self.path("")).output().expect("git runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).trim().to_owned())
    }

    pub fn git(&self, arguments: &str) -> String {
        let (worked, text) = self.try_git(arguments);
        assert!(worked, "git {arguments}: {text}");
        text
    }

    pub fn commit(&self, message: &str) {
        self.git("add -A");
        self.git(&format!("commit -q -m {message}"));
    }

    /// Changes the working directory of later commands.
    pub fn change_folder(&mut self, here: &'static str) {
        self.here = here;
    }

    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut program = assert_cmd::Command::cargo_bin("stanchion").expect("the program is built");
        program.env_clear().env("LANG", "C.UTF-8").current_dir(self.path(""));
        program.envs(self.environment.iter().cloned());
        let rules = self.top().join("rules");
        let output = program.arg("check").args(arguments).arg("--guidelines").arg(rules).output();
        let output = output.expect("the program should start");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// Runs `check` and summarizes its report, separated by commas: `path:line` for marks, `path check` for
    /// other findings, `path: reason` for files that could not be assessed. Returns the message if the status
    /// is 2. Asserts that the run changes no file.
    pub fn summarize_run(&self, arguments: &[&str]) -> String {
        let before = self.state();
        let mut with_format = arguments.to_vec();
        with_format.extend(["--format", "json"]);
        let (status, out, err) = self.run(&with_format);
        assert!(before == self.state(), "{arguments:?} changed a file");
        if status != 0 {
            assert_eq!((status, out.as_str()), (2, ""), "{err}");
            assert!(err.contains("help:"), "the message has no help line: {err}");
            return err;
        }
        let report: Value = serde_json::from_str(&out).expect("JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut words = Vec::new();
        for finding in report["findings"].as_array().expect("findings") {
            let path = text(&finding["path"]);
            words.push(match text(&finding["check"]).as_str() {
                "mark" => format!("{path}:{}", finding["start"]["line"]),
                other => format!("{path} {other}"),
            });
        }
        for item in report["not_assessed"].as_array().expect("not assessed") {
            words.push(format!("{}: {}", text(&item["path"]), text(&item["reason"])));
        }
        let paths = &report["summary"]["paths"];
        let number = |key: &str| paths[key].as_u64().expect("a number");
        assert_eq!(number("seen"), number("assessed") + number("not_applicable") + number("cannot_tell"));
        words.join(", ")
    }

    /// Path and content of every file below the temporary folder, including git's own files.
    fn state(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.top()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).expect("listed").flatten() {
                let path = entry.path();
                let kind = entry.file_type().expect("a kind");
                if kind.is_dir() {
                    open.push(path);
                } else if kind.is_file() {
                    files.insert(path.clone(), fs::read(&path).expect("read"));
                } else {
                    files.insert(path, Vec::new());
                }
            }
        }
        files
    }
}

/// Returns `count` lines, each with its number and `text`.
pub fn lines(count: usize, text: &str) -> String {
    (0..count).map(|number| format!("{number} {text}\n")).collect()
}

/// Makes `path` executable.
pub fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("changed");
}
