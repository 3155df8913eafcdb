//! End-to-end tests of the result cache: every report equals that of a run without a cache.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "these tests start programs and read what they wrote")]

mod changes;
mod corruption;
mod crowds;
mod places;
mod upkeep;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Temporary folder with a repository that has its own guidelines (`tree`) and a cache folder (`caches`).
struct World {
    folder: tempfile::TempDir,
}

/// Checks of each kind: text, data, file names and code.
const WAITS: &str = r"  - { id: todo, text: { find: TODO }, message: a thing to do }
  - { id: wait, data: { files: ['**/*.json'], select: $.wait, assert: { maximum: 10 } }, message: a long wait }
  - { id: names, files: { forbid: ['**/*.bak'] }, message: a copy }
  - { id: sleep, code: { language: python, rule: { pattern: time.sleep($X) } }, message: it sleeps $X }
";

/// Guideline text with these checks.
fn guideline(id: &str, checks: &str) -> String {
    format!(
        "---\nschema: 1\nguideline: {id}\nversion: 1.0.0\ntitle: One\nsummary: One.\nstage: standard\n\
         owner: us\nlevel: note\nchecks:\n{checks}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    )
}

impl World {
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(world.path("caches")).expect("made");
        world.write("tree/stanchion.toml", "schema = 1\nowner = \"us\"\nfollow = [\"./guidelines\"]\n");
        world.write("tree/guidelines/acme/waits.md", &guideline("acme/waits", WAITS));
        world.write("tree/src/a.py", "import time\ntime.sleep(1)\n# TODO\n");
        world.write("tree/src/b.py", "print('nothing here')\n");
        world.write("tree/src/c.json", "{\"wait\": 99}\n");
        world.write("tree/src/broken.json", "{\"wait\": \n");
        world.write("tree/src/old.bak", "TODO\n");
        fs::write(world.path("tree/src/latin.txt"), b"TODO caf\xe9\n").expect("written");
        for number in 0..20 {
            world.write(&format!("tree/src/more/{number}.py"), &format!("time.sleep({number})\n"));
        }
        world
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn caches(&self) -> PathBuf {
        self.path("caches/stanchion")
    }

    /// Command that runs the program with these arguments in the repository.
    fn command(&self, arguments: &[&str]) -> Command {
        self.prepare_command(Command::new(program()), arguments)
    }

    /// Runs the program through another one (`outer`), such as strace.
    fn command_through(&self, mut outer: Command, arguments: &[&str]) -> Command {
        outer.arg(program());
        self.prepare_command(outer, arguments)
    }

    fn prepare_command(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.path("tree")).env_clear();
        command.env("XDG_CACHE_HOME", self.path("caches")).env("HOME", self.path("home"));
        command
    }

    /// JSON report of a run with the cache.
    fn report_with_cache(&self) -> String {
        run_command(&mut self.command(&CHECK))
    }

    /// JSON report of a run with `--no-cache`.
    fn report_without_cache(&self) -> String {
        run_command(&mut self.command(&["check", "--format", "json", "--no-cache"]))
    }

    /// Asserts that two runs with the cache give the report of a run without it. Returns that report.
    fn assert_cache_agrees(&self, when: &str) -> String {
        let expected = self.report_without_cache();
        for run in ["first", "second"] {
            assert_same(&self.report_with_cache(), &expected, &format!("{when}, {run} run"));
        }
        expected
    }

    /// Cache files, sorted.
    fn cache_files(&self) -> Vec<PathBuf> {
        let mut files = list_folder(&self.caches());
        files.retain(|path| path.extension().is_some_and(|extension| extension == "cache"));
        files
    }

    /// The only cache file; panics if there is not exactly one.
    fn only_cache_file(&self) -> PathBuf {
        let mut files = self.cache_files();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

const CHECK: [&str; 3] = ["check", "--format", "json"];

fn program() -> PathBuf {
    // The long test runs use a release build.
    std::env::var_os("STANCHION_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stanchion")), PathBuf::from)
}

/// Entries of a folder, sorted; empty if the folder does not exist.
fn list_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Runs a command that must succeed, and returns its standard output.
fn run_command(command: &mut Command) -> String {
    let output = command.output().expect("the program should start");
    successful_output(&output)
}

/// Standard output of a run that ended with 0 and wrote nothing to standard error.
fn successful_output(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors, "");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Text without line breaks. Wrapping depends on the length of the temporary folder's path.
fn unwrap_lines(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Compares reports; prints only the first pair of lines that differ, as reports are long.
fn assert_same(found: &str, expected: &str, when: &str) {
    if found != expected {
        let differ = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
        panic!("{when}: {differ:#?} in reports of {} and {} bytes", found.len(), expected.len());
    }
}

/// Whether a program is installed on `PATH`.
fn is_installed(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|at| at.join(name).exists()))
}

/// Prints that a part of the test was skipped on this machine.
#[expect(clippy::print_stdout, reason = "a skipped part of a test is reported")]
fn report_skipped(why: &str) {
    println!("skipped on this machine: {why}");
}

fn number_from_env(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Pseudo-random numbers (xorshift), so that a run can be repeated by its seed.
struct Numbers(u64);

impl Numbers {
    fn seeded() -> Self {
        Self(number_from_env("STANCHION_SEED", 7) as u64 | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("the remainder should fit into usize")
    }
}

/// Waits until the timestamps of files just written are old enough for the cache to trust them.
fn wait_until_settled() {
    std::thread::sleep(std::time::Duration::from_millis(2100));
}
