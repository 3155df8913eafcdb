//! A folder with repositories, git with a clean environment, and the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder of its own with a repository `repo` (branch `main`) and guidelines beside it.
pub struct World {
    folder: tempfile::TempDir,
    /// Where git and the program are run, relative to the folder.
    pub here: &'static str,
    /// The program's environment beside the usual one.
    pub environment: Vec<(String, String)>,
}

/// A guideline with a check of each kind that is of use here.
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
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { folder, here: "repo", environment: Vec::new() };
        world.write("../rules/marks.md", MARKS);
        world
    }

    /// A repository with one commit: `a.txt` with a mark in its first line, `LICENSE`.
    pub fn new() -> Self {
        let world = Self::empty();
        world.git("init -q -b main");
        world.write("a.txt", "FIXME one\ntwo\nthree\n");
        world.write("LICENSE", "as you like\n");
        world.commit("one");
        world
    }

    pub fn top(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("its path")
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

    /// Git as it would run for a user without any configuration; words are split at spaces.
    pub fn try_git(&self, arguments: &str) -> (bool, String) {
        let mut git = Command::new("git");
        git.env_clear().env("PATH", std::env::var_os("PATH").expect("a path")).env("HOME", self.top());
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

    /// The same world, its commands run elsewhere.
    pub fn at(&mut self, here: &'static str) {
        self.here = here;
    }

    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut program = assert_cmd::Command::cargo_bin("stanchion").expect("the program is built");
        program.env_clear().env("LANG", "C.UTF-8").current_dir(self.path(""));
        program.envs(self.environment.iter().cloned());
        let rules = self.top().join("rules");
        let output = program.arg("check").args(arguments).arg("--guidelines").arg(rules).output();
        let output = output.expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// What a run says, in a few words: `path:line` of marks, `path check` of others, `path: reason` of
    /// what could not be told, each set apart by a comma; or the message of status 2. Nothing in the
    /// folder may be changed by it.
    pub fn said(&self, arguments: &[&str]) -> String {
        let before = self.state();
        let mut with_format = arguments.to_vec();
        with_format.extend(["--format", "json"]);
        let (status, out, err) = self.run(&with_format);
        assert!(before == self.state(), "something was changed by {arguments:?}");
        if status != 0 {
            assert_eq!((status, out.as_str()), (2, ""), "{err}");
            assert!(err.contains("help:"), "no help: {err}");
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

    /// Every file below the folder and what it holds: indexes, HEADs and references too.
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

/// Copies of `text` with its number before it, one a line.
pub fn lines(count: usize, text: &str) -> String {
    (0..count).map(|number| format!("{number} {text}\n")).collect()
}

/// Makes `path` executable.
pub fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("changed");
}
