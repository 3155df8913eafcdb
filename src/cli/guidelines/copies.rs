//! A party's own copies of what it follows: `.stanchion/guidelines/`, `.stanchion/standards/`, and the lock that
//! says what each was when it came.

use std::path::{Path, PathBuf};

use super::super::failure::system_words;
use super::super::files;
use super::super::party::FOLDER;
use super::load::{self, Loaded, whole_file};
use super::settings::Settings;
use crate::format::{self, Lock, Locked};
use crate::model::{GuidelineId, Origin, Problem, Standard};

/// The lock's name, relative to the party.
pub(in super::super) const LOCK: &str = ".stanchion/lock.toml";
/// The name of the starter set, as a source.
pub(in super::super) const STARTER: &str = "starter";

/// The copies of a party.
pub(in super::super) struct Copies {
    root: PathBuf,
    /// What the lock says.
    pub(in super::super) lock: Lock,
}

impl Copies {
    /// Reads the lock of the party in `root`. A lock that cannot be read is a problem, and says nothing.
    pub(in super::super) fn read(root: &Path) -> (Self, Vec<Problem>) {
        let nothing = |problems| (Self { root: root.to_owned(), lock: Lock::default() }, problems);
        let path = root.join(LOCK);
        if path.symlink_metadata().is_err() {
            return nothing(vec![]);
        }
        if !is_plain(root, Path::new(LOCK)) {
            return nothing(vec![whole_file(LOCK, "is a link, and is not read")]);
        }
        let parsed = files::read(&path)
            .map_err(|error| vec![whole_file(LOCK, &format!("cannot be read: {}", system_words(&error)))])
            .and_then(|text| format::parse_lock(LOCK, &text));
        match parsed {
            Ok(lock) => (Self { root: root.to_owned(), lock }, vec![]),
            Err(problems) => nothing(problems),
        }
    }

    /// Reads the lock as `update` does: where a merge left two entries of one name, that of the copy that is there counts,
    /// else the later version.
    ///
    /// # Errors
    /// Everything else that is wrong with it.
    pub(in super::super) fn merged(root: &Path) -> Result<Self, Vec<Problem>> {
        let (copies, problems) = Self::read(root);
        if problems.is_empty() {
            return Ok(copies);
        }
        // What a problem shows must be the repository's own: never what a link leads to.
        if !is_plain(root, Path::new(LOCK)) {
            return Err(problems);
        }
        let text = files::read(&root.join(LOCK)).map_err(|_| problems)?;
        let is_here = |path: PathBuf, sha256: &str| {
            let text = files::read(&root.join(path));
            text.is_ok_and(|text| {
                format::digest(load::as_published(&text, |sha| sha == sha256).as_bytes()) == sha256
            })
        };
        let lock = format::parse_merged_lock(LOCK, &text, &|locked, is_standard| {
            let path =
                if is_standard { Self::standard_path(&locked.id) } else { Self::guideline_path(&locked.id) };
            is_here(path, &locked.sha256)
        })?;
        Ok(Self { root: root.to_owned(), lock })
    }

    /// Whether the party has copies of the starter set, whose guidelines are `ids`: the lock says so, or there
    /// are some of which it says nothing.
    pub(in super::super) fn has_starter<'i>(&self, ids: impl IntoIterator<Item = &'i GuidelineId>) -> bool {
        let of_starter = self.lock.guidelines.iter().any(|locked| locked.source == STARTER);
        of_starter || self.has_any() && ids.into_iter().any(|id| self.is_own(id))
    }

    /// Whether there is a folder with copies at all.
    pub(super) fn has_any(&self) -> bool {
        self.root.join(FOLDER).join("guidelines").is_dir()
    }

    /// Whether there is a copy of which the lock says nothing.
    pub(super) fn is_own(&self, id: &GuidelineId) -> bool {
        self.locked(id).is_none() && self.root.join(Self::guideline_path(id)).symlink_metadata().is_ok()
    }

    /// Where the copy of a guideline lies, relative to the party.
    pub(in super::super) fn guideline_path(id: &GuidelineId) -> PathBuf {
        PathBuf::from(format!("{FOLDER}/guidelines/{id}.md"))
    }

    /// Where the copy of a standard lies, relative to the party.
    pub(in super::super) fn standard_path(id: &GuidelineId) -> PathBuf {
        PathBuf::from(format!("{FOLDER}/standards/{id}.toml"))
    }

    /// What the lock says of a guideline.
    pub(in super::super) fn locked(&self, id: &GuidelineId) -> Option<&Locked> {
        self.lock.guidelines.iter().find(|locked| locked.id == *id)
    }

    /// The guidelines that came from `source`.
    pub(super) fn of_source(&self, source: &str) -> Vec<&Locked> {
        self.lock.guidelines.iter().filter(|locked| locked.source == source).collect()
    }

    /// The copy of a guideline; `None` where there is none.
    pub(super) fn guideline(&self, id: &GuidelineId, settings: &Settings<'_>) -> Option<Loaded> {
        let path = Self::guideline_path(id);
        let full = self.root.join(&path);
        full.symlink_metadata().ok()?;
        let shown = path.to_string_lossy();
        if !is_plain(&self.root, &path) {
            return Some(Loaded::Problems(vec![whole_file(&shown, "is a link, and is not read")]));
        }
        let locked = self.locked(id);
        let source = locked.map_or_else(|| "own copy".to_owned(), |locked| locked.source.clone());
        let origin = Origin::Copy { file: shown.to_string(), source };
        let sha256 = locked.map(|locked| locked.sha256.as_str());
        let loaded = load::copy(&full, &shown, &origin, sha256, settings);
        Some(match loaded {
            Loaded::Guideline(guideline) if guideline.id != *id => {
                let message = format!("this is the place of {id}, but the file says it is {}", guideline.id);
                Loaded::Problems(vec![whole_file(&shown, &message)])
            }
            loaded => loaded,
        })
    }

    /// The copy of a standard; `None` where there is none.
    pub(in super::super) fn standard(&self, id: &GuidelineId) -> Option<Result<Standard, Vec<Problem>>> {
        let path = Self::standard_path(id);
        let full = self.root.join(&path);
        full.symlink_metadata().ok()?;
        let shown = path.to_string_lossy();
        if !is_plain(&self.root, &path) {
            return Some(Err(vec![whole_file(&shown, "is a link, and is not read")]));
        }
        let read = files::read(&full)
            .map_err(|error| vec![whole_file(&shown, &format!("cannot be read: {}", system_words(&error)))]);
        Some(read.and_then(|text| format::parse_standard(&shown, &text, Origin::File(shown.to_string()))))
    }
}

/// Whether no part of `path` below `root` is a link: what a problem shows of a file must be the repository's own.
pub(in super::super) fn is_plain(root: &Path, path: &Path) -> bool {
    path.ancestors().filter(|part| !part.as_os_str().is_empty()).all(|part| !root.join(part).is_symlink())
}
