//! Stand-ins for rooms that are being built beside this one, with the agreed signatures.
//!
//! To be replaced by `crate::format`, `crate::engine` and `crate::verify`; then this file goes.

/// `crate::format`
pub(super) mod format {
    use crate::model::{Guideline, Origin, Problem};
    use std::sync::Arc;

    /// Reads a file that belongs to a guideline, by its path relative to the guideline's own folder.
    pub(crate) type Asset<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

    /// `stanchion.toml`, validated.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Config {
        pub(crate) follow: Vec<String>,
    }

    pub(crate) fn parse(
        file: &str,
        text: &str,
        _origin: Origin,
        _asset: &Asset<'_>,
    ) -> Result<Guideline, Vec<Problem>> {
        Err(vec![Problem {
            file: Arc::from(file),
            text: Arc::from(text),
            span: crate::text::Span::at(0),
            message: "guideline files cannot be read yet".to_owned(),
            label: String::new(),
            help: None,
        }])
    }

    pub(crate) fn starter() -> Vec<Arc<Guideline>> {
        Vec::new()
    }

    pub(crate) fn parse_config(_file: &str, _text: &str) -> Result<Config, Vec<Problem>> {
        Ok(Config { follow: vec!["starter".to_owned()] })
    }

    pub(crate) fn scaffold(id: &crate::model::GuidelineId, kind: &str) -> String {
        format!("---\nguideline: {id}\n# {kind}\n---\n")
    }

    pub(crate) fn guideline_schema() -> serde_json::Value {
        serde_json::json!({})
    }

    pub(crate) fn config_schema() -> serde_json::Value {
        serde_json::json!({})
    }
}

/// `crate::engine::walk`
pub(super) mod walk {
    use std::path::{Path, PathBuf};

    use crate::engine::tree::{Entry, EntryKind, Listing, Metadata, ReadError, Tree};
    use crate::model::{Reason, RepoPath};

    /// A folder as it is on disk, without any of the care of the real one.
    pub(crate) struct DiskTree(PathBuf);

    impl DiskTree {
        #[allow(clippy::unnecessary_wraps)]
        pub(crate) fn open(root: &Path) -> Result<Self, ReadError> {
            Ok(Self(root.to_path_buf()))
        }

        fn full(&self, path: &RepoPath) -> PathBuf {
            self.0.join(path.lossless().as_ref())
        }
    }

    fn refused(error: &std::io::Error) -> ReadError {
        ReadError { reason: Reason::Unreadable, detail: error.to_string() }
    }

    impl Tree for DiskTree {
        fn list(&self) -> Result<Listing, ReadError> {
            let mut listing = Listing::default();
            let mut open = vec![self.0.clone()];
            while let Some(folder) = open.pop() {
                for entry in std::fs::read_dir(&folder).map_err(|error| refused(&error))?.flatten() {
                    let Ok(kind) = entry.file_type() else { continue };
                    let path = crate::cli::root::relative(&self.0, &entry.path());
                    if kind.is_dir() {
                        if entry.file_name() != ".git" && entry.file_name() != "target" {
                            open.push(entry.path());
                            listing.entries.push(Entry { path, kind: EntryKind::Directory });
                        }
                    } else if kind.is_file() {
                        listing.entries.push(Entry { path, kind: EntryKind::File });
                    }
                }
            }
            listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(listing)
        }

        #[allow(clippy::disallowed_methods)]
        fn read(&self, path: &RepoPath, _limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
            *buffer = std::fs::read(self.full(path)).map_err(|error| refused(&error))?;
            Ok(())
        }

        fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError> {
            let metadata = std::fs::symlink_metadata(self.full(path)).map_err(|error| refused(&error))?;
            Ok(Metadata { size: metadata.len(), executable: false })
        }
    }
}
