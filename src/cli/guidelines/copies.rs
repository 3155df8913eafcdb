//! A project's copies of followed guidelines and standards: `.stanchion/guidelines/`,
//! `.stanchion/standards/`, and the lock with the version, digest and source of each copy.

use std::path::{Path, PathBuf};

use super::super::failure::system_words;
use super::super::files;
use super::super::project::POLICY_FOLDER;
use super::load::{self, LoadedFile, whole_file};
use super::settings::ProjectSettings;
use crate::format::{self, Lock, LockEntry};
use crate::model::{GuidelineId, Origin, Problem, Standard};

/// Path of the lock, relative to the project.
pub(in super::super) const LOCK: &str = ".stanchion/lock.toml";
/// Source name of the starter set in the lock.
pub(in super::super) const STARTER: &str = "starter";

/// The copies of a project.
pub(in super::super) struct Copies {
    root: PathBuf,
    /// Content of the lock.
    pub(in super::super) lock: Lock,
}

impl Copies {
    /// Reads the lock of the project in `root`. An unreadable lock is a problem and counts as empty.
    pub(in super::super) fn read(root: &Path) -> (Self, Vec<Problem>) {
        let nothing = |problems| (Self { root: root.to_owned(), lock: Lock::default() }, problems);
        let path = root.join(LOCK);
        if path.symlink_metadata().is_err() {
            return nothing(vec![]);
        }
        if !is_plain(root, Path::new(LOCK)) {
            return nothing(vec![whole_file(LOCK, "is a symbolic link and was not read")]);
        }
        let parsed = files::read(&path)
            .map_err(|error| vec![whole_file(LOCK, &format!("cannot be read: {}", system_words(&error)))])
            .and_then(|text| format::parse_lock(LOCK, &text));
        match parsed {
            Ok(lock) => (Self { root: root.to_owned(), lock }, vec![]),
            Err(problems) => nothing(problems),
        }
    }

    /// Reads the lock for `update`. If a merge left two entries for the same name, the entry of the existing
    /// copy is used, or the later version.
    ///
    /// # Errors
    /// All other problems of the lock.
    pub(in super::super) fn read_merged(root: &Path) -> Result<Self, Vec<Problem>> {
        let (copies, problems) = Self::read(root);
        if problems.is_empty() {
            return Ok(copies);
        }
        // A problem quotes the file, so it must not be the target of a symbolic link.
        if !is_plain(root, Path::new(LOCK)) {
            return Err(problems);
        }
        let text = files::read(&root.join(LOCK)).map_err(|_| problems)?;
        let is_here = |path: PathBuf, sha256: &str| {
            let text = files::read(&root.join(path));
            text.is_ok_and(|text| {
                format::sha256_hex(load::as_published(&text, |sha| sha == sha256).as_bytes()) == sha256
            })
        };
        let lock = format::parse_merged_lock(LOCK, &text, &|locked, is_standard| {
            let path =
                if is_standard { Self::standard_path(&locked.id) } else { Self::guideline_path(&locked.id) };
            is_here(path, &locked.sha256)
        })?;
        Ok(Self { root: root.to_owned(), lock })
    }

    /// Whether the project has copies of the starter set, whose guidelines are `ids`: entries in the lock, or
    /// copies without an entry.
    pub(in super::super) fn has_starter<'i>(&self, ids: impl IntoIterator<Item = &'i GuidelineId>) -> bool {
        let of_starter = self.lock.guidelines.iter().any(|locked| locked.source == STARTER);
        of_starter || self.has_any() && ids.into_iter().any(|id| self.is_own(id))
    }

    /// Whether the folder with copies exists.
    pub(super) fn has_any(&self) -> bool {
        self.root.join(POLICY_FOLDER).join("guidelines").is_dir()
    }

    /// Whether there is a copy without an entry in the lock.
    pub(super) fn is_own(&self, id: &GuidelineId) -> bool {
        self.locked(id).is_none() && self.root.join(Self::guideline_path(id)).symlink_metadata().is_ok()
    }

    /// Path of the copy of a guideline, relative to the project.
    pub(in super::super) fn guideline_path(id: &GuidelineId) -> PathBuf {
        PathBuf::from(format!("{POLICY_FOLDER}/guidelines/{id}.md"))
    }

    /// Path of the copy of a standard, relative to the project.
    pub(in super::super) fn standard_path(id: &GuidelineId) -> PathBuf {
        PathBuf::from(format!("{POLICY_FOLDER}/standards/{id}.toml"))
    }

    /// Lock entry of a guideline.
    pub(in super::super) fn locked(&self, id: &GuidelineId) -> Option<&LockEntry> {
        self.lock.guidelines.iter().find(|locked| locked.id == *id)
    }

    /// Lock entries of guidelines from `source`.
    pub(super) fn of_source(&self, source: &str) -> Vec<&LockEntry> {
        self.lock.guidelines.iter().filter(|locked| locked.source == source).collect()
    }

    /// Loads the copy of a guideline; `None` without a copy.
    pub(super) fn guideline(&self, id: &GuidelineId, settings: &ProjectSettings<'_>) -> Option<LoadedFile> {
        let path = Self::guideline_path(id);
        let full = self.root.join(&path);
        full.symlink_metadata().ok()?;
        let shown = path.to_string_lossy();
        if !is_plain(&self.root, &path) {
            return Some(LoadedFile::Problems(vec![whole_file(
                &shown,
                "is a symbolic link and was not read",
            )]));
        }
        let locked = self.locked(id);
        let source = locked.map_or_else(|| "own copy".to_owned(), |locked| locked.source.clone());
        let origin = Origin::Copy { file: shown.to_string(), source };
        let sha256 = locked.map(|locked| locked.sha256.as_str());
        let loaded = load::read_copy(&full, &shown, &origin, sha256, settings);
        Some(match loaded {
            LoadedFile::Guideline(guideline) if guideline.id != *id => {
                let message = format!(
                    "this path is reserved for {id}, but the file contains {}; move the file or change its id",
                    guideline.id
                );
                LoadedFile::Problems(vec![whole_file(&shown, &message)])
            }
            loaded => loaded,
        })
    }

    /// Reads the copy of a standard; `None` without a copy.
    pub(in super::super) fn standard(&self, id: &GuidelineId) -> Option<Result<Standard, Vec<Problem>>> {
        let path = Self::standard_path(id);
        let full = self.root.join(&path);
        full.symlink_metadata().ok()?;
        let shown = path.to_string_lossy();
        if !is_plain(&self.root, &path) {
            return Some(Err(vec![whole_file(&shown, "is a symbolic link and was not read")]));
        }
        let read = files::read(&full)
            .map_err(|error| vec![whole_file(&shown, &format!("cannot be read: {}", system_words(&error)))]);
        Some(read.and_then(|text| format::parse_standard(&shown, &text, Origin::File(shown.to_string()))))
    }
}

/// Whether no component of `path` below `root` is a symbolic link. A problem quotes the file, so it must be
/// inside the repository.
pub(in super::super) fn is_plain(root: &Path, path: &Path) -> bool {
    path.ancestors().filter(|part| !part.as_os_str().is_empty()).all(|part| !root.join(part).is_symlink())
}
