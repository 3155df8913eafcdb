//! Where the cache lies, and whether that place can be trusted. Nothing is made or written here.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// Why no cache is used.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Refusal {
    /// The environment does not say where caches go.
    #[error("no variable of the environment names a folder for caches")]
    Nowhere,
    /// A link could lead anywhere.
    #[error("{0} is a link, and a cache is never looked for behind one")]
    Link(String),
    /// Something else has the name.
    #[error("{0} is not a folder")]
    NotAFolder(String),
    /// It belongs to somebody else.
    #[error("{0} belongs to another user")]
    Foreign(String),
    /// Others may change it.
    #[error("{0} can be written by other users")]
    OpenToOthers(String),
    /// A run would change what it assesses.
    #[error("{0} lies in the repository that is assessed")]
    Inside(String),
    /// The system says no.
    #[error("{0} cannot be used: {1}")]
    System(String, String),
}

impl Refusal {
    /// What to do about it.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Nowhere => "set XDG_CACHE_HOME or HOME to the absolute path of a folder",
            Self::Link(_) | Self::NotAFolder(_) => {
                "move it away, or set XDG_CACHE_HOME to the folder that is meant"
            }
            Self::Foreign(_) => "set XDG_CACHE_HOME to a folder of your own",
            Self::OpenToOthers(_) => "take the others' right away with chmod go-w, if it is yours alone",
            Self::Inside(_) => "set XDG_CACHE_HOME to a folder outside of it",
            Self::System(..) => "look at its rights, or set XDG_CACHE_HOME to another folder",
        }
    }
}

/// The folder of the cache, which may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Folder {
    /// Absolute path.
    pub(super) path: PathBuf,
    /// The folder above that must be there already; `None` when all of them may be made.
    pub(super) home: Option<PathBuf>,
}

impl Folder {
    /// The folder that the environment asks for.
    ///
    /// # Errors
    /// [`Refusal::Nowhere`].
    pub(super) fn of_environment() -> Result<Self, Refusal> {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks where caches go")]
        Self::chosen(&|name| std::env::var_os(name)).ok_or(Refusal::Nowhere)
    }

    /// Values that are empty or relative do not count, as the XDG specification asks for.
    fn chosen(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        let absolute = |name| variable(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
        if let Some(caches) = absolute("XDG_CACHE_HOME") {
            return Some(Self { path: caches.join("stanchion"), home: None });
        }
        if cfg!(windows) {
            let caches = absolute("LOCALAPPDATA")?;
            return Some(Self { path: caches.join("stanchion").join("cache"), home: Some(caches) });
        }
        let home = absolute("HOME")?;
        let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        Some(Self { path: home.join(caches).join("stanchion"), home: Some(home) })
    }

    /// The path for people, not escaped.
    pub(super) fn words(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether the folder is there.
    ///
    /// # Errors
    /// When it is there and no folder of ours.
    pub(super) fn is_there(&self) -> Result<bool, Refusal> {
        Ok(self.metadata()?.is_some())
    }

    fn metadata(&self) -> Result<Option<Metadata>, Refusal> {
        let metadata = match self.path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Refusal::System(self.words(), super::super::failure::system_words(&error)));
            }
        };
        if metadata.is_symlink() {
            return Err(Refusal::Link(self.words()));
        }
        if !metadata.is_dir() {
            return Err(Refusal::NotAFolder(self.words()));
        }
        if !is_ours(&metadata) {
            return Err(Refusal::Foreign(self.words()));
        }
        Ok(Some(metadata))
    }

    /// Whether the folder is there, for a run that assesses the tree at `root` (canonical).
    ///
    /// # Errors
    /// When nothing may be read or written there.
    pub(super) fn is_there_for(&self, root: &Path) -> Result<bool, Refusal> {
        let metadata = self.metadata()?;
        if metadata.as_ref().is_some_and(others_may_write) {
            return Err(Refusal::OpenToOthers(self.words()));
        }
        if real(&self.path).is_none_or(|path| path.starts_with(root)) {
            return Err(Refusal::Inside(self.words()));
        }
        Ok(metadata.is_some())
    }
}

/// Where `path` would be if what is missing of it were made.
fn real(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().find_map(|at| Some((at, at.canonicalize().ok()?)));
    let (ancestor, real) = there?;
    Some(real.join(path.strip_prefix(ancestor).ok()?))
}

/// Whether a file or folder belongs to the user that runs this.
#[cfg(unix)]
pub(super) fn is_ours(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn others_may_write(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o022 != 0
}

/// Elsewhere the user's folder is protected as a whole.
#[cfg(not(unix))]
pub(super) fn is_ours(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn others_may_write(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_where() {
        for (xdg, home, expected) in [
            (Some("/c"), Some("/h"), Some("/c/stanchion")),
            (None, Some("/h"), Some("/h/.cache/stanchion")),
            (Some(""), Some("/h"), Some("/h/.cache/stanchion")),
            (Some("rel/c"), Some("/h"), Some("/h/.cache/stanchion")),
            (Some("/c"), None, Some("/c/stanchion")),
            (None, Some("h"), None),
            (None, None, None),
        ] {
            let variable = |name: &str| match name {
                "XDG_CACHE_HOME" => xdg.map(OsString::from),
                "HOME" => home.map(OsString::from),
                _ => None,
            };
            let found = Folder::chosen(&variable).map(|folder| folder.path);
            assert_eq!(found, expected.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }

    #[test]
    fn a_folder_in_the_tree_is_seen_before_it_is_there_and_behind_links() {
        let place = tempfile::tempdir().expect("a folder");
        let base = place.path().canonicalize().expect("its path");
        std::fs::create_dir_all(base.join("tree/sub")).expect("made");
        std::os::unix::fs::symlink(base.join("tree/sub"), base.join("link")).expect("a link");
        let root = base.join("tree");
        for (caches, inside) in [("tree/a/b", true), ("link/a", true), ("other/a", false), ("treetop", false)]
        {
            let folder = Folder { path: base.join(caches).join("stanchion"), home: None };
            let refused = matches!(folder.is_there_for(&root), Err(Refusal::Inside(_)));
            assert_eq!(refused, inside, "{caches}");
        }
    }
}
