//! A project: a folder with a `stanchion.toml`, which configures the assessment of the files below it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, files, links};
use crate::format::{self, Config};
use crate::model::{GuidelineId, Promise};

/// File name of the configuration of a project.
pub(super) const CONFIG: &str = "stanchion.toml";
/// Folder of a project that contains its copies, lock, waivers and baseline.
pub(super) const POLICY_FOLDER: &str = ".stanchion";
/// Maximum number of projects from which one inherits.
const MAX_PROJECT_DEPTH: usize = 16;

/// A project and its configuration.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// Absolute path of its folder, without symbolic links.
    pub(super) root: PathBuf,
    /// Its configuration; the default without a `stanchion.toml`.
    pub(super) config: Config,
    /// Text of its `stanchion.toml` without a byte order mark; `None` without the file.
    pub(super) text: Option<Arc<str>>,
}

impl Project {
    /// Reads the `stanchion.toml` in `root`.
    ///
    /// # Errors
    /// The file cannot be read, or every problem of its content.
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let path = root.join(CONFIG);
        // A problem quotes the file, so it must not be a file outside the repository.
        let place = if path.is_symlink() {
            links::resolve_inside(root, Path::new(CONFIG))
        } else {
            Some(path.clone())
        };
        let Some(place) = place else {
            let message =
                format!("{CONFIG} is a symbolic link that leads out of the repository and was not read");
            return Err(Failure::new(message).with_help("replace the link with the file"));
        };
        match files::read(&place) {
            Ok(text) => Self::parse(root, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { root: root.to_owned(), config: Config::default(), text: None })
            }
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// Parses `text` as the `stanchion.toml` of the project in `root`.
    ///
    /// # Errors
    /// Every problem of the text.
    pub(super) fn parse(root: &Path, text: &str) -> Result<Self, Failure> {
        // Positions are counted without the byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let config = format::parse_config(CONFIG, text).map_err(|problems| Failure::Problems {
            message: format!("{CONFIG} cannot be used"),
            problems,
        })?;
        Ok(Self { root: root.to_owned(), config, text: Some(Arc::from(text)) })
    }

    /// Promises in order of guideline id.
    pub(super) fn promises(&self) -> Vec<(GuidelineId, Promise)> {
        self.config.promises.iter().map(|it| (it.guideline.clone(), it.promise.clone())).collect()
    }

    /// Nearest parent project in the same git repository.
    ///
    /// # Errors
    /// Those of [`Project::read`].
    pub(super) fn parent(&self) -> Result<Option<Self>, Failure> {
        // The root of a git repository has no parent project.
        if self.root.join(".git").symlink_metadata().is_ok() {
            return Ok(None);
        }
        for (up, folder) in self.root.ancestors().enumerate().skip(1) {
            if folder.join(CONFIG).symlink_metadata().is_ok() {
                // Reported with a relative path, because this folder has a file of the same name.
                return Self::read(folder).map(Some).map_err(|failure| failure.of_folder(&"../".repeat(up)));
            }
            if folder.join(".git").symlink_metadata().is_ok() {
                break;
            }
        }
        Ok(None)
    }

    /// This project and the parent projects from which it inherits, nearest first.
    ///
    /// # Errors
    /// Those of [`Project::read`].
    pub(super) fn with_ancestors(&self) -> Result<Vec<Self>, Failure> {
        let mut all = vec![self.clone()];
        while let Some(last) = all.last().filter(|last| last.config.inherit && all.len() < MAX_PROJECT_DEPTH)
        {
            match last.parent()? {
                Some(above) => all.push(above),
                None => break,
            }
        }
        Ok(all)
    }
}
