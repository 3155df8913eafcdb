//! One case: a fresh repository, the call of the program, and the expected result.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::random::Random;

/// Maximum duration of a case with one hostile file, in milliseconds.
pub const MOST_WALL_MS: u64 = 5_000;

/// Work that runs concurrently with the program until the flag is set.
pub type ConcurrentWork = Box<dyn FnOnce(&AtomicBool) + Send>;

/// Expected result of a case. The default: status 0, every beacon is found, every path is counted.
pub struct Expect {
    /// Allowed exit statuses.
    pub statuses: Vec<i32>,
    /// Phrases that standard error must contain if the status is 2.
    pub stderr_words: Vec<String>,
    /// Whether the beacons must be reported if the status is 0.
    pub beacons: bool,
    /// Expected number of paths; `None` uses the independent walk of the judge.
    pub seen: Option<usize>,
    /// Whether the number of paths is known, and checked.
    pub seen_is_known: bool,
    /// Paths that must be reported as not assessed, each with its allowed reasons (empty: any reason).
    pub not_assessed: Vec<(String, Vec<&'static str>)>,
    /// Paths that must have a finding.
    pub found: Vec<String>,
    /// Phrases that the details of `not_assessed` must contain, about invalid guidelines.
    pub details: Vec<String>,
    /// Bytes that no output may contain.
    pub forbidden: Vec<Vec<u8>>,
    /// Files that the run must not create.
    pub absent: Vec<PathBuf>,
    /// Maximum duration of the run, in milliseconds.
    pub most_wall_ms: u64,
    /// Whether locations can be compared with the files, which is impossible while the files change.
    pub places: bool,
    /// Whether the run must not change the repository.
    pub untouched: bool,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            statuses: vec![0],
            stderr_words: vec![],
            beacons: true,
            seen: None,
            seen_is_known: true,
            not_assessed: vec![],
            found: vec![],
            details: vec![],
            forbidden: vec![],
            absent: vec![],
            most_wall_ms: MOST_WALL_MS,
            places: true,
            untouched: true,
        }
    }
}

/// How the program is called.
#[derive(Default)]
pub struct Call {
    /// Guideline folders; empty: the guidelines that the repository follows.
    pub guidelines: Vec<PathBuf>,
    /// Further arguments.
    pub arguments: Vec<OsString>,
    /// Further environment variables.
    pub environment: Vec<(OsString, OsString)>,
    /// Working directory; `None`: the repository.
    pub directory: Option<PathBuf>,
    /// Shell commands to run before the program.
    pub before: Option<String>,
    /// Redirections of that shell.
    pub redirect: String,
    /// Whether the program runs as an unprivileged user, if the tests run as root.
    pub ordinary_user: bool,
    /// Damage to the cache before a second run, which must give the same report.
    pub again: Option<Damage>,
}

/// Damage to the cache between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    Nothing,
    Flip,
    Cut,
    Empty,
    Garbage,
    Huge,
}

/// A case that is being built.
pub struct Case {
    /// Description of the parameters.
    pub what: Vec<String>,
    pub random: Random,
    /// Folder of all files of the case.
    pub base: PathBuf,
    pub repository: PathBuf,
    /// Folder outside the repository that the program must not read.
    pub outside: PathBuf,
    pub expect: Expect,
    pub call: Call,
    pub beside: Option<ConcurrentWork>,
    /// Whether inputs may be so large that only a release build finishes in time.
    pub large: bool,
}

impl Case {
    /// Creates an empty repository below `base`, and secret files beside it.
    pub fn new(base: &Path, random: Random, pack: &Path, large: bool) -> Self {
        let repository = base.join("repository");
        let outside = base.join("outside");
        for folder in [&repository, &outside, &base.join("cache"), &base.join("home"), &base.join("out")] {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::create_dir(repository.join(".git")).expect("a folder");
        let mut case = Self {
            what: vec![],
            random,
            base: base.to_owned(),
            repository,
            outside,
            expect: Expect::default(),
            call: Call { guidelines: vec![pack.to_owned()], ..Call::default() },
            beside: None,
            large,
        };
        let canary = case.canary();
        fs::write(case.outside.join("secret.txt"), &canary).expect("written");
        case
    }

    /// Returns a unique word that the guidelines search for and that no output may contain.
    pub fn canary(&mut self) -> String {
        let canary = format!("CANARY-{:016x}", self.random.next());
        self.expect.forbidden.push(canary.clone().into_bytes());
        canary
    }

    /// Adds a parameter to the description.
    pub fn note(&mut self, what: impl Into<String>) {
        self.what.push(what.into());
    }

    /// Full path of `path` in the repository.
    pub fn at(&self, path: impl AsRef<[u8]>) -> PathBuf {
        self.repository.join(OsStr::from_bytes(path.as_ref()))
    }

    /// Writes a file of the repository.
    pub fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
        write(&self.at(path), content.as_ref());
    }

    /// Creates a symbolic link in the repository.
    pub fn link(&self, target: impl AsRef<[u8]>, path: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::os::unix::fs::symlink(OsStr::from_bytes(target.as_ref()), path).expect("a link");
    }

    /// Creates a FIFO in the repository.
    pub fn fifo(&self, path: impl AsRef<[u8]>) {
        self.node(path, rustix::fs::FileType::Fifo, 0);
    }

    /// Creates a special file in the repository.
    pub fn node(&self, path: impl AsRef<[u8]>, kind: rustix::fs::FileType, device: u64) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, device).expect("a special file");
    }

    /// Expects `path` to be reported as not assessed for one of `reasons` (empty: any reason).
    pub fn expect_not_assessed(&mut self, path: impl Into<String>, reasons: &[&'static str]) {
        self.expect.not_assessed.push((path.into(), reasons.to_vec()));
    }

    /// Plants a hostile file at the root, in a subfolder, in a nested repository or behind a symbolic link.
    ///
    /// If it belongs to the repository, expects it as not assessed for one of `reasons`; without reasons it
    /// only has to be counted. Returns its path if it belongs to the repository.
    pub fn plant(
        &mut self,
        name: &str,
        content: impl AsRef<[u8]>,
        reasons: &[&'static str],
    ) -> Option<String> {
        let content = content.as_ref();
        self.note(format!("{name}: {} bytes", content.len()));
        let inside = match self.random.below(10) {
            0..=4 => Some(name.to_owned()),
            5..=7 => Some(format!("src/deep/er/{name}")),
            8 => {
                self.note("in a nested repository");
                self.write("vendored/.git/HEAD", "ref: refs/heads/main\n");
                let canary = self.canary();
                self.write("vendored/notes.txt", canary);
                self.write(format!("vendored/{name}"), content);
                None
            }
            _ => {
                self.note("behind a symbolic link");
                write(&self.outside.join("elsewhere").join(name), content);
                let canary = self.canary();
                write(&self.outside.join("elsewhere/notes.txt"), canary.as_bytes());
                let target = self.outside.join("elsewhere");
                self.link(target.as_os_str().as_bytes(), "linked");
                None
            }
        };
        if let Some(path) = &inside {
            self.write(path, content);
            if !reasons.is_empty() {
                self.expect_not_assessed(path.clone(), reasons);
            }
        }
        inside
    }

    /// Adds a guideline file, which is used in addition to the pack.
    pub fn guideline(&mut self, name: &str, text: &str) {
        let folder = self.base.join("guidelines");
        write(&folder.join(name), text.as_bytes());
        if !self.call.guidelines.contains(&folder) {
            self.call.guidelines.push(folder);
        }
    }

    /// Adds a command-line argument.
    pub fn argument(&mut self, argument: impl AsRef<OsStr>) {
        self.call.arguments.push(argument.as_ref().to_owned());
    }

    /// Adds an environment variable.
    pub fn environment(&mut self, key: &str, value: impl AsRef<[u8]>) {
        let value = OsString::from_vec(value.as_ref().to_vec());
        self.call.environment.push((key.into(), value));
    }

    /// Runs `work` concurrently with the program.
    pub fn run_concurrently(&mut self, work: impl FnOnce(&AtomicBool) + Send + 'static) {
        self.beside = Some(Box::new(work));
        self.expect.places = false;
        self.expect.untouched = false;
        self.expect.seen_is_known = false;
    }

    /// Plants the beacons: findings in ordinary files whose names sort before or after all others.
    pub fn plant_beacons(&self, random: &mut Random) -> [String; 3] {
        let picked = *random.pick(&["", "a/", "src/", "zz/", "~/", "0/1/2/3/"]);
        // Some families create files with arbitrary names.
        let above = self.at(picked.split('/').next().unwrap_or_default());
        let is_free = fs::symlink_metadata(above).map_or(true, |it| it.is_dir());
        let folder = if is_free { picked } else { "" };
        let paths = ["beacon.txt", "beacon.py", "beacon.json"].map(|name| format!("{folder}{name}"));
        self.write(&paths[0], "an ordinary line\nPLANTED-1 in another\n");
        self.write(&paths[1], "def ordinary():\n    return planted(1)\n");
        self.write(&paths[2], "{\"planted\": true}\n");
        paths
    }
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, content).expect("written");
}

/// Thread that runs concurrent work until this value is dropped.
pub struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Starts the thread.
    pub fn start(work: Option<ConcurrentWork>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = work.map(|work| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || work(&stop))
        });
        Self { stop, thread }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the concurrent work should not panic");
        }
    }
}
