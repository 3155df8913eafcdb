//! A party: a folder with a `stanchion.toml`, which answers for the files below it; and what it says there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, files, links};
use crate::format::{self, Config};
use crate::model::{GuidelineId, Promise};

/// The configuration of a party, in its folder.
pub(super) const CONFIG: &str = "stanchion.toml";
/// What a party holds besides: its copies, lock, waivers and baseline.
pub(super) const FOLDER: &str = ".stanchion";
/// Most parties above one another.
const DEEPEST: usize = 16;

/// A party and its configuration.
#[derive(Clone, Debug)]
pub(super) struct Party {
    /// Its folder, absolute, without links.
    pub(super) root: PathBuf,
    /// What it says; the default where it has no file.
    pub(super) config: Config,
    /// The text of its `stanchion.toml` without a byte order mark; `None` where there is none.
    pub(super) text: Option<Arc<str>>,
}

impl Party {
    /// Reads the `stanchion.toml` in `root`.
    ///
    /// # Errors
    /// When it cannot be read or used: every problem of it.
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let path = root.join(CONFIG);
        // What a problem shows of the file must be the repository's own.
        let place = if path.is_symlink() {
            links::inside_without_asking(root, Path::new(CONFIG))
        } else {
            Some(path.clone())
        };
        let Some(place) = place else {
            let message = format!("{CONFIG} is a link that leads out of this repository, and is not read");
            return Err(Failure::new(message).with_help("put the file itself there"));
        };
        match files::read(&place) {
            Ok(text) => Self::parse(root, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { root: root.to_owned(), config: Config::default(), text: None })
            }
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// The party in `root` whose `stanchion.toml` holds `text`.
    ///
    /// # Errors
    /// Every problem of it.
    pub(super) fn parse(root: &Path, text: &str) -> Result<Self, Failure> {
        // Nobody sees a byte order mark; places count without it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let config = format::parse_config(CONFIG, text)
            .map_err(|problems| Failure::Problems { what: format!("{CONFIG} cannot be used"), problems })?;
        Ok(Self { root: root.to_owned(), config, text: Some(Arc::from(text)) })
    }

    /// The promises, in order of guideline.
    pub(super) fn promises(&self) -> Vec<(GuidelineId, Promise)> {
        self.config.promises.iter().map(|it| (it.guideline.clone(), it.promise.clone())).collect()
    }

    /// The nearest party above this one in the same git repository.
    ///
    /// # Errors
    /// Those of [`Party::read`].
    pub(super) fn above(&self) -> Result<Option<Self>, Failure> {
        // Where a repository begins, nobody above is asked.
        if self.root.join(".git").symlink_metadata().is_ok() {
            return Ok(None);
        }
        for (up, folder) in self.root.ancestors().enumerate().skip(1) {
            if folder.join(CONFIG).symlink_metadata().is_ok() {
                // Said as it is found from here: there is a file of this name here, too.
                return Self::read(folder).map(Some).map_err(|failure| failure.of_folder(&"../".repeat(up)));
            }
            if folder.join(".git").symlink_metadata().is_ok() {
                break;
            }
        }
        Ok(None)
    }

    /// This party and those above from which it inherits, the nearest first.
    ///
    /// # Errors
    /// Those of [`Party::read`].
    pub(super) fn lineage(&self) -> Result<Vec<Self>, Failure> {
        let mut all = vec![self.clone()];
        while let Some(last) = all.last().filter(|last| last.config.inherit && all.len() < DEEPEST) {
            match last.above()? {
                Some(above) => all.push(above),
                None => break,
            }
        }
        Ok(all)
    }
}
