//! Export of the whole index as static files, for any web server or folder.
//!
//! Texts are written before the index lines that name them, and each file is replaced atomically. A reader
//! never sees incomplete data, even while an export replaces an older one.

use std::fmt;
use std::io;
use std::path::Path;

use super::index;
use super::store::{PublishedKind, Store};

/// Reason why something was not exported.
#[derive(Debug)]
pub(super) enum ExportError {
    /// Error of the database.
    Database(sqlx::Error),
    /// Path of a file, and the error of the operating system.
    File(String, io::Error),
    /// Address of a page that could not be rendered.
    Page(String),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "cannot read the database: {error}"),
            Self::File(path, error) => write!(f, "cannot write {path}: {error}"),
            Self::Page(address) => write!(f, "cannot render the page {address}; see the log for the reason"),
        }
    }
}

/// Summary of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ExportedIndex {
    /// Number of names.
    pub(super) names: usize,
    /// Number of versions.
    pub(super) versions: usize,
    /// One line for each file that could not be written.
    pub(super) failures: Vec<String>,
}

/// Records a failure, so that the export continues with the other files. Returns whether the file was
/// written.
///
/// # Errors
/// Returns the error of the database, because the export cannot continue without it.
pub(super) fn record_failure(
    done: Result<(), ExportError>,
    failures: &mut Vec<String>,
) -> Result<bool, ExportError> {
    match done {
        Ok(()) => Ok(true),
        Err(error @ ExportError::Database(_)) => Err(error),
        Err(error) => {
            failures.push(error.to_string());
            Ok(false)
        }
    }
}

/// Exports the index below `folder`. Unchanged files are not written.
///
/// # Errors
/// Returns the error of the database. Files written before the error are complete.
pub(super) async fn export(store: &Store, folder: &Path) -> Result<ExportedIndex, ExportError> {
    let mut exported = ExportedIndex::default();
    for kind in [PublishedKind::Guideline, PublishedKind::Standard] {
        write_kind(store, folder, kind, &mut exported).await?;
    }
    let config = write_atomically(&folder.join("index").join("config.json"), index::config().as_bytes());
    record_failure(config, &mut exported.failures)?;
    Ok(exported)
}

async fn write_kind(
    store: &Store,
    folder: &Path,
    kind: PublishedKind,
    exported: &mut ExportedIndex,
) -> Result<(), ExportError> {
    for name in store.all_names(kind).await? {
        let versions = store.versions(&name.namespace, &name.slug).await?;
        let mut is_whole = true;
        for version in &versions {
            let file = format!("{}.{}", version.sha256, kind.file_extension());
            is_whole &= if let Some(text) = store.text(&version.sha256).await? {
                record_failure(
                    write_atomically(&folder.join("blob").join(file), text.as_bytes()),
                    &mut exported.failures,
                )?
            } else {
                let label = format!("{}/{} {}", name.namespace, name.slug, version.version);
                let line =
                    format!("the text of {label} is missing; run `stanchion-registry verify` for details");
                exported.failures.push(line);
                false
            };
        }
        // An index line must not name a text that is missing.
        let path = folder.join("index").join(&name.namespace).join(format!("{}.jsonl", name.slug));
        let lines = index::lines(&name, &versions);
        if is_whole && record_failure(write_atomically(&path, lines.as_bytes()), &mut exported.failures)? {
            exported.names += 1;
            exported.versions += versions.len();
        }
    }
    Ok(())
}

/// Writes a temporary file and renames it to its final name.
pub(super) fn write_atomically(path: &Path, text: &[u8]) -> Result<(), ExportError> {
    let wrong = |error| ExportError::File(path.display().to_string(), error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    #[expect(clippy::disallowed_methods, reason = "a file of an earlier export")]
    if std::fs::read(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // Report the first error, not the cleanup error.
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::decisions::prepare_version;

    #[tokio::test]
    async fn an_export_is_complete_and_idempotent() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
        for (name, text) in crate::format::starter_guidelines() {
            store
                .publish(
                    &prepare_version(PublishedKind::Guideline, name, text, "starter", 5).expect("a version"),
                )
                .await
                .expect("published");
        }
        let site = folder.path().join("site");
        let exported = export(&store, &site).await.expect("exported");
        assert_eq!(exported.names, crate::format::starter_guidelines().len());
        let list = || {
            let mut all = Vec::new();
            let mut open = vec![site.clone()];
            while let Some(at) = open.pop() {
                for entry in std::fs::read_dir(at).expect("listed") {
                    let entry = entry.expect("an entry");
                    if entry.path().is_dir() {
                        open.push(entry.path());
                    } else {
                        all.push((
                            entry.path(),
                            entry.metadata().and_then(|it| it.modified()).expect("a time"),
                        ));
                    }
                }
            }
            all.sort();
            all
        };
        let before = list();
        assert_eq!(before.len(), 2 * exported.names + 1);
        assert!(before.iter().all(|(path, _)| path.extension().is_some_and(|it| it != "tmp")));
        assert_eq!(export(&store, &site).await.expect("exported"), exported);
        assert_eq!(list(), before);
        // A damaged file is written again.
        let (blob, _) = before.iter().find(|it| it.0.starts_with(site.join("blob"))).expect("a text");
        let read = |path: &Path| {
            #[expect(clippy::disallowed_methods, reason = "a file of this test")]
            std::fs::read_to_string(path).expect("read")
        };
        let whole = read(blob);
        std::fs::write(blob, "").expect("damaged");
        export(&store, &site).await.expect("exported");
        assert_eq!(read(blob), whole);
    }

    #[tokio::test]
    async fn unwritable_files_are_reported_and_others_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
        for (name, text) in crate::format::starter_guidelines() {
            let new = prepare_version(PublishedKind::Guideline, name, text, "starter", 5).expect("a version");
            store.publish(&new).await.expect("published");
        }
        let names = store.all_names(PublishedKind::Guideline).await.expect("listed");
        let site = folder.path().join("site");
        // A folder blocks the path of an index file and of a text.
        let (index, blob) = (&names[0], &names[1]);
        let index = site.join("index").join(&index.namespace).join(format!("{}.jsonl", index.slug));
        for path in [&index, &site.join("blob").join(format!("{}.md", blob.sha256))] {
            std::fs::create_dir_all(path.join("x")).expect("in the way");
        }
        let exported = export(&store, &site).await.expect("exported");
        assert_eq!(
            (exported.names, exported.failures.len()),
            (names.len() - 2, 2),
            "{:?}",
            exported.failures
        );
        assert!(exported.failures.iter().any(|line| line.contains(&blob.sha256)), "{:?}", exported.failures);
        let lines = |it: &crate::registry::store::Name| {
            site.join("index").join(&it.namespace).join(format!("{}.jsonl", it.slug))
        };
        assert!(!lines(blob).exists(), "no index line for a missing text");
        assert!(names[2..].iter().all(|it| lines(it).is_file()));
    }
}
