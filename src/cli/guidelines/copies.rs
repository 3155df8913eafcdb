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
        let source = self.locked(id).map_or_else(|| "own copy".to_owned(), |locked| locked.source.clone());
        let origin = Origin::Copy { file: shown.to_string(), source };
        let loaded = load::file(&full, &shown, &origin, true, settings);
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
