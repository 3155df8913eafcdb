//! Location of the cache, and whether it can be trusted. This module does not write anything.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// Reasons why the cache is not used.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum CacheUnavailable {
    /// No environment variable names a folder for caches.
    #[error("no environment variable names a cache folder")]
    Nowhere,
    /// A symbolic link, which could lead anywhere.
    #[error("{0} is a symbolic link, which is never followed for the cache")]
    Link(String),
    /// Another kind of file has this name.
    #[error("{0} is not a folder")]
    NotAFolder(String),
    /// The folder belongs to another user.
    #[error("{0} belongs to another user")]
    Foreign(String),
    /// Other users may write to the folder.
    #[error("{0} is writable by other users")]
    OpenToOthers(String),
    /// The folder is inside the assessed repository, so a run would change its own input.
    #[error("{0} is inside the assessed repository")]
    Inside(String),
    /// An I/O error.
    #[error("{0} cannot be used: {1}")]
    System(String, String),
}

impl CacheUnavailable {
    /// Advice that resolves the reason.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Nowhere => "set XDG_CACHE_HOME or HOME to the absolute path of a folder",
            Self::Link(_) | Self::NotAFolder(_) => "move it away, or set XDG_CACHE_HOME to another folder",
            Self::Foreign(_) => "set XDG_CACHE_HOME to a folder of your own",
            Self::OpenToOthers(_) => {
                "remove the write permission of other users with chmod go-w, if only you use the folder"
            }
            Self::Inside(_) => "set XDG_CACHE_HOME to a folder outside the repository",
            Self::System(..) => "check its permissions, or set XDG_CACHE_HOME to another folder",
        }
    }
}

/// The cache folder, which may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct CacheFolder {
    /// Absolute path.
    pub(super) path: PathBuf,
    /// Parent folder that must already exist; `None` if all parents may be created.
    pub(super) home: Option<PathBuf>,
}

impl CacheFolder {
    /// Reads the location from the environment.
    ///
    /// # Errors
    /// [`CacheUnavailable::Nowhere`].
    pub(super) fn from_environment() -> Result<Self, CacheUnavailable> {
        #[expect(clippy::disallowed_methods, reason = "the only place that reads the location of caches")]
        Self::from_variables(&|name| std::env::var_os(name)).ok_or(CacheUnavailable::Nowhere)
    }

    /// Ignores empty and relative values, as the XDG specification requires.
    fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
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

    /// Path for messages, not escaped.
    pub(super) fn display_path(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether the folder exists.
    ///
    /// # Errors
    /// It exists, but is not a folder of this user.
    pub(super) fn exists(&self) -> Result<bool, CacheUnavailable> {
        Ok(self.metadata()?.is_some())
    }

    fn metadata(&self) -> Result<Option<Metadata>, CacheUnavailable> {
        let metadata = match self.path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(CacheUnavailable::System(
                    self.display_path(),
                    super::super::failure::system_words(&error),
                ));
            }
        };
        if metadata.is_symlink() {
            return Err(CacheUnavailable::Link(self.display_path()));
        }
        if !metadata.is_dir() {
            return Err(CacheUnavailable::NotAFolder(self.display_path()));
        }
        if !belongs_to_user(&metadata) {
            return Err(CacheUnavailable::Foreign(self.display_path()));
        }
        Ok(Some(metadata))
    }

    /// Whether the folder exists, for a run that assesses the tree at `root` (canonical).
    ///
    /// # Errors
    /// The folder must not be used for this run.
    pub(super) fn exists_for(&self, root: &Path) -> Result<bool, CacheUnavailable> {
        let metadata = self.metadata()?;
        if metadata.as_ref().is_some_and(is_writable_by_others) {
            return Err(CacheUnavailable::OpenToOthers(self.display_path()));
        }
        if resolve_path(&self.path).is_none_or(|path| path.starts_with(root)) {
            return Err(CacheUnavailable::Inside(self.display_path()));
        }
        Ok(metadata.is_some())
    }
}

/// Resolves the existing part of `path` and appends the missing components.
fn resolve_path(path: &Path) -> Option<PathBuf> {
    let existing = path.ancestors().find_map(|at| Some((at, at.canonicalize().ok()?)));
    let (ancestor, real) = existing?;
    Some(real.join(path.strip_prefix(ancestor).ok()?))
}

/// Whether a file or folder belongs to the effective user.
#[cfg(unix)]
pub(super) fn belongs_to_user(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn is_writable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o022 != 0
}

/// On other systems, the user's folder is protected as a whole.
#[cfg(not(unix))]
pub(super) fn belongs_to_user(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_writable_by_others(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn location_is_read_from_the_environment() {
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
            let found = CacheFolder::from_variables(&variable).map(|folder| folder.path);
            assert_eq!(found, expected.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }

    #[test]
    fn a_folder_inside_the_tree_is_detected_before_it_exists_and_behind_links() {
        let place = tempfile::tempdir().expect("a folder");
        let base = place.path().canonicalize().expect("its path");
        std::fs::create_dir_all(base.join("tree/sub")).expect("made");
        std::os::unix::fs::symlink(base.join("tree/sub"), base.join("link")).expect("a link");
        let root = base.join("tree");
        for (caches, inside) in [("tree/a/b", true), ("link/a", true), ("other/a", false), ("treetop", false)]
        {
            let folder = CacheFolder { path: base.join(caches).join("stanchion"), home: None };
            let refused = matches!(folder.exists_for(&root), Err(CacheUnavailable::Inside(_)));
            assert_eq!(refused, inside, "{caches}");
        }
    }
}
