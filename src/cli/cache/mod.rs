//! The cache's place in the file system: finding it, using it for a run, and `stanchion cache`.
//!
//! Whatever goes wrong here costs time, never a report or an exit status: a place that cannot be trusted is
//! not used, a file that cannot be read is none, one that cannot be written is not. What the bytes mean is
//! the affair of `engine::cache`.

mod keep;
mod place;
mod show;
mod tidy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::client::Remembered;
use crate::engine::Memory;
use crate::engine::cache::{Digest, Store};
use crate::model::Guideline;
use place::Folder;
pub(super) use place::Refusal;

/// Show or clear what is remembered about earlier runs
///
/// `stanchion check` remembers what it found in each file, so that a file that did not change is not read
/// again. It never changes a report; clearing it is always safe, and costs only time.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion cache info                       where it is, whether it is used
  stanchion cache info services/pay          about the repository of a path
  stanchion cache clear                      forget everything
  stanchion check --no-cache                 neither use it nor add to it")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Show where the cache is, whether it is used, and what is in it
    #[command(after_help = "\
Examples:
  stanchion cache info
  stanchion cache info --guidelines ./drafts")]
    Info(Info),
    /// Forget everything; what is not stanchion's stays
    #[command(after_help = "\
Example:
  stanchion cache clear")]
    Clear,
}

/// What `info` is about.
#[derive(clap::Args, Debug)]
struct Info {
    /// A path in the repository; without it, the repository you are in
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// As for a check against the guidelines in this folder; may be given again
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
}

/// Shows or clears the cache.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Info(info) => show::info(info.path.as_deref(), &info.guidelines, terminal),
        Command::Clear => show::clear(terminal),
    }
}

/// What a run looks into. Each has a cache file of its own: a commit hook should not read all that is known
/// about every file of a large repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The files as they are.
    Files,
    /// What is staged.
    Staged,
}

/// The cache of one run: of one repository and one set of guidelines.
pub(super) struct Lane {
    root: PathBuf,
    folder: Folder,
    key: Digest,
    now: SystemTime,
    memory: Memory,
}

impl Lane {
    /// The cache for a run over the tree at `root` (canonical) with these guidelines. Opened before the
    /// tree is looked at: its time says which files had settled before.
    ///
    /// # Errors
    /// When no cache may be used.
    pub(super) fn open(root: &Path, guidelines: &[Arc<Guideline>], part: Part) -> Result<Self, Refusal> {
        let now = now();
        let folder = Folder::of_environment()?;
        let key = key(root, guidelines, part);
        let known = if folder.is_there_for(root)? { keep::read(&folder, &key, now) } else { None };
        let store = known.and_then(|bytes| Store::decode(bytes, key)).unwrap_or_else(|| Store::empty(key));
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        // A clock before 1970 trusts no stamp.
        let nanoseconds = i128::try_from(since.as_nanos()).unwrap_or(0);
        let memory = Memory { store: Arc::new(store), now: nanoseconds };
        Ok(Self { root: root.to_path_buf(), folder, key, now, memory })
    }

    /// For the run.
    pub(super) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// Keeps what the run added. A disk that is full or must not be written to is no affair of a report.
    pub(super) fn keep(&self) {
        let Some(bytes) = self.memory.store.encode() else { return };
        // Looked at again: it may have been made since, and by somebody else.
        let there = keep::make(&self.folder).is_ok()
            && self.folder.is_there_for(&self.root).is_ok_and(|is_there| is_there);
        if there && keep::write(&self.folder, &self.key, &bytes).is_ok() {
            tidy::tidy(&self.folder.path, &keep::path(&self.folder, &self.key), self.now);
        }
    }
}

/// What a cache file belongs to: this build, a repository, the guidelines' names. What they say may change:
/// each result tells which checks it came from.
fn key(root: &Path, guidelines: &[Arc<Guideline>], part: Part) -> Digest {
    let mut ids: Vec<String> = guidelines.iter().map(|guideline| guideline.id.to_string()).collect();
    ids.sort_unstable();
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(env!("STANCHION_BUILD").as_bytes());
    // The same sources can be built with other versions of what they stand on.
    let program = std::env::current_exe().and_then(|path| path.metadata()).ok();
    let modified = program.as_ref().and_then(|it| it.modified().ok());
    let modified = modified.and_then(|it| it.duration_since(SystemTime::UNIX_EPOCH).ok());
    add(&program.map_or(0, |it| it.len()).to_le_bytes());
    add(&modified.map_or(0, |it| it.as_nanos()).to_le_bytes());
    add(root.as_os_str().as_encoded_bytes());
    if part == Part::Staged {
        // No id looks like that.
        add(b"/staged");
    }
    ids.iter().for_each(|id| add(id.as_bytes()));
    hash.finalize().into()
}

/// What is remembered of the registry at `url`; nothing where there is no cache.
pub(super) fn of_registry(url: &str) -> Remembered {
    let known = || {
        let folder = Folder::of_environment().ok()?;
        folder.is_there().ok().filter(|is_there| *is_there)?;
        keep::read(&folder, &key_of_registry(url), now())
    };
    known().map_or_else(Remembered::default, |bytes| Remembered::from_bytes(&bytes))
}

/// Keeps what is to be remembered of a registry, if there is a place for it.
pub(super) fn keep_of_registry(url: &str, remembered: &Remembered) {
    let (Ok(folder), Some(bytes)) = (Folder::of_environment(), remembered.to_bytes()) else { return };
    let key = key_of_registry(url);
    let there = keep::make(&folder).is_ok() && folder.is_there().is_ok_and(|is_there| is_there);
    if there && keep::write(&folder, &key, &bytes).is_ok() {
        tidy::tidy(&folder.path, &keep::path(&folder, &key), now());
    }
}

fn key_of_registry(url: &str) -> Digest {
    Sha256::digest(format!("registry {url}")).into()
}

#[expect(clippy::disallowed_methods, reason = "files settle, and what is not used is tidied away")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// What `check --verbose` says when there is a place for a cache and it is not used; not escaped.
pub(super) fn why_not(refusal: &Refusal) -> Option<String> {
    let said = !matches!(refusal, Refusal::Nowhere);
    said.then(|| format!("nothing is remembered for the next run: {refusal}; {}", refusal.advice()))
}
