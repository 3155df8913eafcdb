//! The cache from outside: whatever happens to it or to the repository, a report is that of a run without it.
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

/// A repository that follows guidelines of its own, and a place for a cache beside it.
struct World {
    folder: tempfile::TempDir,
}

/// A guideline about waits, in text, data, names and code.
const WAITS: &str = r"  - { id: todo, text: { find: TODO }, message: a thing to do }
  - { id: wait, data: { files: ['**/*.json'], select: $.wait, assert: { maximum: 10 } }, message: a long wait }
  - { id: names, files: { forbid: ['**/*.bak'] }, message: a copy }
  - { id: sleep, code: { language: python, rule: { pattern: time.sleep($X) } }, message: it sleeps $X }
";

/// A guideline file with these checks.
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

    /// The program with these arguments, in the repository.
    fn command(&self, arguments: &[&str]) -> Command {
        self.set_up(Command::new(program()), arguments)
    }

    /// A program that runs ours: the name of ours comes first.
    fn through(&self, mut outer: Command, arguments: &[&str]) -> Command {
        outer.arg(program());
        self.set_up(outer, arguments)
    }

    fn set_up(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.path("tree")).env_clear();
        command.env("XDG_CACHE_HOME", self.path("caches")).env("HOME", self.path("home"));
        command
    }

    /// A report with the cache.
    fn check(&self) -> String {
        report(&mut self.command(&CHECK))
    }

    /// A report without it.
    fn plain(&self) -> String {
        report(&mut self.command(&["check", "--format", "json", "--no-cache"]))
    }

    /// Asks twice with the cache and once without.
    fn same(&self, when: &str) -> String {
        let expected = self.plain();
        for run in ["first", "second"] {
            assert_same(&self.check(), &expected, &format!("{when}, {run} run"));
        }
        expected
    }

    /// The cache files.
    fn kept(&self) -> Vec<PathBuf> {
        let mut kept = listed(&self.caches());
        kept.retain(|path| path.extension().is_some_and(|extension| extension == "cache"));
        kept
    }

    /// The only cache file.
    fn only(&self) -> PathBuf {
        let mut kept = self.kept();
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept.remove(0)
    }
}

const CHECK: [&str; 3] = ["check", "--format", "json"];

fn program() -> PathBuf {
    // Long forms are run with a release build.
    std::env::var_os("STANCHION_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stanchion")), PathBuf::from)
}

/// What is in a folder, sorted; nothing when it is not there.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// What a command that ends well writes.
fn report(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    told(&output)
}

fn told(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    assert_eq!(complaint, "");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Text for people without its line ends, which depend on how long the names of temporary folders are.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reports are long: the first lines that differ say more.
fn assert_same(found: &str, expected: &str, when: &str) {
    if found != expected {
        let differ = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
        panic!("{when}: {differ:#?} of {} and {} bytes", found.len(), expected.len());
    }
}

/// Whether a program is installed.
fn has(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|at| at.join(name).exists()))
}

/// Says what could not be tried on this machine.
#[expect(clippy::print_stdout, reason = "a test that tries less must say so")]
fn left_out(why: &str) {
    println!("left out here: {why}");
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A small generator of numbers (xorshift), so that a run can be repeated by its seed.
struct Numbers(u64);

impl Numbers {
    fn seeded() -> Self {
        Self(number("STANCHION_SEED", 7) as u64 | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("below a usize")
    }
}

/// Until the files that were just written count as settled.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(2100));
}
