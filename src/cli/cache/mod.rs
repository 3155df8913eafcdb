//! The cache in the file system: finds its folder, opens it for a run, and implements `stanchion cache`.
//!
//! Cache errors only cost time; they never change a report or an exit status. An untrusted folder is not
//! used, an unreadable file counts as missing, and write errors are ignored. `engine::cache` defines the file
//! content.

mod cache_file;
mod cache_folder;
mod cleanup;
mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::client::CachedIndex;
use crate::engine::CacheHandle;
use crate::engine::cache::{Digest, ResultCache};
use crate::model::Guideline;
use cache_folder::CacheFolder;
pub(super) use cache_folder::CacheUnavailable;

/// Show or clear cached results of earlier runs
///
/// `stanchion check` caches the results for each file, so that it does not read unchanged files again. The
/// cache never changes a report. Clearing it is always safe and only costs time.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion cache info                       show location, use and size
  stanchion cache info services/pay          for the repository of a path
  stanchion cache clear                      remove all cached results
  stanchion check --no-cache                 neither read nor write the cache")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(clap::Subcommand, Debug)]
enum CacheCommand {
    /// Show the location, use and size of the cache
    #[command(after_help = "\
Examples:
  stanchion cache info
  stanchion cache info --guidelines ./drafts")]
    Info(InfoArguments),
    /// Remove all cached results; other files stay
    #[command(after_help = "\
Example:
  stanchion cache clear")]
    Clear,
}

/// Arguments of `info`.
#[derive(clap::Args, Debug)]
struct InfoArguments {
    /// Any path inside the repository [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Use the guidelines in this folder instead of the followed ones; repeatable
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
}

/// Shows or clears the cache.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match &arguments.command {
        CacheCommand::Info(info) => show::print_info(info.path.as_deref(), &info.guidelines, terminal),
        CacheCommand::Clear => show::clear_cache(terminal),
    }
}

/// Files that a run assesses. Each scope has its own cache file, so that a commit hook does not read the
/// results for every file of a large repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheScope {
    /// Files in the work tree.
    Files,
    /// Staged files.
    Staged,
}

/// The cache of one run, for one repository and one set of guidelines.
pub(super) struct RunCache {
    root: PathBuf,
    folder: CacheFolder,
    key: Digest,
    now: SystemTime,
    handle: CacheHandle,
}

impl RunCache {
    /// Opens the cache for a run over the tree at `root` (canonical) with these guidelines. Must be called
    /// before the tree is read: files that were modified after this time are not considered settled.
    ///
    /// # Errors
    /// The cache must not be used.
    pub(super) fn open(
        root: &Path,
        guidelines: &[Arc<Guideline>],
        scope: CacheScope,
    ) -> Result<Self, CacheUnavailable> {
        let now = current_time();
        let folder = CacheFolder::from_environment()?;
        let key = cache_key(root, guidelines, scope);
        let known = if folder.exists_for(root)? { cache_file::read(&folder, &key, now) } else { None };
        let store = known
            .and_then(|bytes| ResultCache::decode(bytes, key))
            .unwrap_or_else(|| ResultCache::empty(key));
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        // With a clock before 1970, no timestamp is trusted.
        let nanoseconds = i128::try_from(since.as_nanos()).unwrap_or(0);
        let handle = CacheHandle { store: Arc::new(store), now: nanoseconds };
        Ok(Self { root: root.to_path_buf(), folder, key, now, handle })
    }

    /// Handle for the engine.
    pub(super) fn handle(&self) -> CacheHandle {
        self.handle.clone()
    }

    /// Writes the results that the run added. Write errors (disk full, read-only) are ignored.
    pub(super) fn write(&self) {
        let Some(bytes) = self.handle.store.encode() else { return };
        // Checked again: another user may have created the folder in the meantime.
        let is_usable = cache_file::create_folder(&self.folder).is_ok()
            && self.folder.exists_for(&self.root).is_ok_and(|exists| exists);
        if is_usable && cache_file::write(&self.folder, &self.key, &bytes).is_ok() {
            cleanup::clean_up(&self.folder.path, &cache_file::path(&self.folder, &self.key), self.now);
        }
    }
}

/// Key of a cache file: hash of this build, the repository path, the guideline ids and the scope. The content
/// of guidelines is not part of it, because each result records the checks it came from.
fn cache_key(root: &Path, guidelines: &[Arc<Guideline>], scope: CacheScope) -> Digest {
    let mut ids: Vec<String> = guidelines.iter().map(|guideline| guideline.id.to_string()).collect();
    ids.sort_unstable();
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(env!("STANCHION_BUILD").as_bytes());
    // The same sources can be built with other versions of dependencies.
    let program = std::env::current_exe().and_then(|path| path.metadata()).ok();
    let modified = program.as_ref().and_then(|it| it.modified().ok());
    let modified = modified.and_then(|it| it.duration_since(SystemTime::UNIX_EPOCH).ok());
    add(&program.map_or(0, |it| it.len()).to_le_bytes());
    add(&modified.map_or(0, |it| it.as_nanos()).to_le_bytes());
    add(root.as_os_str().as_encoded_bytes());
    if scope == CacheScope::Staged {
        // Not a valid id.
        add(b"/staged");
    }
    ids.iter().for_each(|id| add(id.as_bytes()));
    hash.finalize().into()
}

/// Reads the cached index of the registry at `url`; empty without a cache.
pub(super) fn read_registry_index(url: &str) -> CachedIndex {
    let known = || {
        let folder = CacheFolder::from_environment().ok()?;
        folder.exists().ok().filter(|exists| *exists)?;
        cache_file::read(&folder, &registry_key(url), current_time())
    };
    known().map_or_else(CachedIndex::default, |bytes| CachedIndex::from_bytes(&bytes))
}

/// Writes the cached index of a registry, if the cache can be used.
pub(super) fn write_registry_index(url: &str, index: &CachedIndex) {
    let (Ok(folder), Some(bytes)) = (CacheFolder::from_environment(), index.to_bytes()) else { return };
    let key = registry_key(url);
    let is_usable = cache_file::create_folder(&folder).is_ok() && folder.exists().is_ok_and(|exists| exists);
    if is_usable && cache_file::write(&folder, &key, &bytes).is_ok() {
        cleanup::clean_up(&folder.path, &cache_file::path(&folder, &key), current_time());
    }
}

fn registry_key(url: &str) -> Digest {
    Sha256::digest(format!("registry {url}")).into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the time decides which files have settled and which cache files are unused"
)]
fn current_time() -> SystemTime {
    SystemTime::now()
}

/// Note of `check --verbose` if the location of the cache is known, but it is not used. Not escaped.
pub(super) fn unused_note(reason: &CacheUnavailable) -> Option<String> {
    let is_located = !matches!(reason, CacheUnavailable::Nowhere);
    is_located.then(|| format!("results are not cached: {reason}; {}", reason.advice()))
}
