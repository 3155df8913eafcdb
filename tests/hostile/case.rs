//! One case: a fresh repository, how the program is called on it, and what must come of it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::random::Random;

/// Longest run of a case with one hostile thing in it, in milliseconds.
pub const MOST_WALL_MS: u64 = 5_000;

/// Work that goes on beside the program until the flag is set.
pub type Beside = Box<dyn FnOnce(&AtomicBool) + Send>;

/// What must come of a case. The default: it ends with 0, everything planted is found, every path is counted.
pub struct Expect {
    /// Exit statuses that are as documented.
    pub statuses: Vec<i32>,
    /// Words that standard error must hold when the status is 2.
    pub words: Vec<String>,
    /// Whether the beacons must be reported (when the status is 0).
    pub beacons: bool,
    /// How many paths must be seen; `None` asks the independent walk.
    pub seen: Option<usize>,
    /// Whether the number of paths seen is known at all.
    pub seen_is_known: bool,
    /// Paths that must be told as not assessed, each with reasons of which one must be given (none: any).
    pub named: Vec<(String, Vec<&'static str>)>,
    /// Paths about which something must be found.
    pub found: Vec<String>,
    /// Words that must stand in the details of what is not assessed: guidelines that cannot be used.
    pub refused: Vec<String>,
    /// What must not stand in any output.
    pub forbidden: Vec<Vec<u8>>,
    /// Files that must not come to be.
    pub absent: Vec<PathBuf>,
    /// Longest run, in milliseconds.
    pub most_wall_ms: u64,
    /// Whether places can be compared with the files (not while something changes them).
    pub places: bool,
    /// Whether the repository must be the same afterwards.
    pub untouched: bool,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            statuses: vec![0],
            words: vec![],
            beacons: true,
            seen: None,
            seen_is_known: true,
            named: vec![],
            found: vec![],
            refused: vec![],
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
    /// Folders of guidelines; none: what the repository follows.
    pub guidelines: Vec<PathBuf>,
    /// Further arguments.
    pub arguments: Vec<OsString>,
    /// Environment besides the usual.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts; the repository unless said.
    pub directory: Option<PathBuf>,
    /// Words of a shell before it.
    pub before: Option<String>,
    /// Redirections of that shell.
    pub redirect: String,
    /// Whether it runs as an ordinary user (where the tests run as root).
    pub ordinary_user: bool,
    /// Whether the run is repeated with a damaged cache, and must say the same.
    pub again: Option<Damage>,
}

/// What is done to the cache between two runs.
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
    /// The parameters, in words.
    pub what: Vec<String>,
    pub random: Random,
    /// Everything of the case lies below.
    pub base: PathBuf,
    pub repository: PathBuf,
    /// A folder that the program has no business with.
    pub outside: PathBuf,
    pub expect: Expect,
    pub call: Call,
    pub beside: Option<Beside>,
    /// Whether sizes may be those that only a release build reads in time.
    pub large: bool,
}

impl Case {
    /// An empty repository below `base`, and secrets beside it.
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

    /// A word that no output may hold, which the guidelines look for.
    pub fn canary(&mut self) -> String {
        let canary = format!("CANARY-{:016x}", self.random.next());
        self.expect.forbidden.push(canary.clone().into_bytes());
        canary
    }

    /// Says a parameter.
    pub fn note(&mut self, what: impl Into<String>) {
        self.what.push(what.into());
    }

    /// The place of `path` in the repository.
    pub fn at(&self, path: impl AsRef<[u8]>) -> PathBuf {
        self.repository.join(OsStr::from_bytes(path.as_ref()))
    }

    /// Writes a file of the repository.
    pub fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
        write(&self.at(path), content.as_ref());
    }

    /// Makes a symbolic link in the repository.
    pub fn link(&self, target: impl AsRef<[u8]>, path: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::os::unix::fs::symlink(OsStr::from_bytes(target.as_ref()), path).expect("a link");
    }

    /// Makes a FIFO in the repository.
    pub fn fifo(&self, path: impl AsRef<[u8]>) {
        self.node(path, rustix::fs::FileType::Fifo, 0);
    }

    /// Makes a special file in the repository.
    pub fn node(&self, path: impl AsRef<[u8]>, kind: rustix::fs::FileType, device: u64) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, device).expect("a special file");
    }

    /// Expects `path` to be told as not assessed, for one of `reasons` (none: any).
    pub fn named(&mut self, path: impl Into<String>, reasons: &[&'static str]) {
        self.expect.named.push((path.into(), reasons.to_vec()));
    }

    /// Plants a hostile file at the root, nested, in a nested repository or behind a link, and expects it to
    /// be told with one of `reasons` where it belongs to the repository. Without reasons it only has to be
    /// counted. Returns its path, when it belongs to the repository.
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
                self.note("behind a link");
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
                self.named(path.clone(), reasons);
            }
        }
        inside
    }

    /// A guideline file of the repository, which is used besides the pack.
    pub fn guideline(&mut self, name: &str, text: &str) {
        let folder = self.base.join("guidelines");
        write(&folder.join(name), text.as_bytes());
        if !self.call.guidelines.contains(&folder) {
            self.call.guidelines.push(folder);
        }
    }

    /// Adds an argument.
    pub fn argument(&mut self, argument: impl AsRef<OsStr>) {
        self.call.arguments.push(argument.as_ref().to_owned());
    }

    /// Adds to the environment.
    pub fn environment(&mut self, key: &str, value: impl AsRef<[u8]>) {
        let value = OsString::from_vec(value.as_ref().to_vec());
        self.call.environment.push((key.into(), value));
    }

    /// Goes on beside the program.
    pub fn beside(&mut self, work: impl FnOnce(&AtomicBool) + Send + 'static) {
        self.beside = Some(Box::new(work));
        self.expect.places = false;
        self.expect.untouched = false;
        self.expect.seen_is_known = false;
    }

    /// Plants the beacons: findings in ordinary files, before or behind everything else in order of name.
    pub fn plant_beacons(&self, random: &mut Random) -> [String; 3] {
        let picked = *random.pick(&["", "a/", "src/", "zz/", "~/", "0/1/2/3/"]);
        // Some families make files of any name.
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

/// Runs `work` beside something else until dropped.
pub struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Starts it.
    pub fn start(work: Option<Beside>) -> Self {
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
            thread.join().expect("the work beside the program does not fail");
        }
    }
}
