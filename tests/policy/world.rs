//! A git repository in a temporary folder, and runs of the program in it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Git repository in a temporary folder.
pub struct World {
    folder: tempfile::TempDir,
}

/// Exit status and output of a run.
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl World {
    /// Creates an empty repository on the branch `main`.
    pub fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder") };
        world.git(&["init", "-q", "-b", "main"]);
        world
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.path(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("made");
        fs::write(full, text).expect("written");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    /// Replaces the first `old` in a file.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{path} has no {old:?}:\n{text}");
        self.write(path, text.replacen(old, new, 1));
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .current_dir(self.folder.path())
            .output()
            .expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    /// Restores the committed state of all files.
    pub fn restore(&self) {
        self.git(&["reset", "-q", "--hard"]);
        self.git(&["clean", "-fdq"]);
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanchion"));
        command
            .env_clear()
            .env("LANG", "C.UTF-8")
            .env("COLUMNS", "120")
            .env("XDG_CACHE_HOME", self.path(".git/cache"));
        command.current_dir(self.folder.path());
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command().args(arguments).output().expect("the program should start");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Run { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the program and asserts its exit status.
    pub fn run_expecting(&self, status: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.status, status, "{arguments:?}:\n{}{}", run.out, run.err);
        run
    }

    /// JSON report of `check` with further arguments.
    pub fn report(&self, arguments: &[&str]) -> Value {
        let all: Vec<&str> = ["check", "--format", "json"].iter().chain(arguments).copied().collect();
        let run = self.run(&all);
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
    }
}
