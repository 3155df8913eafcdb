//! The whole index as files: any web server, or a folder, serves it as well.
//!
//! Texts are written before the lines that name them, and every file whole or not at all, so that a reader never
//! sees half of anything, also while an export runs over an older one.

use std::io;
use std::path::Path;

use super::index;
use super::store::{Kind, Store};

/// Why an export did not end.
#[derive(Debug)]
pub(super) enum ExportError {
    /// What the database says.
    Database(sqlx::Error),
    /// A file, and what the system says.
    File(String, io::Error),
    /// A page that could not be made: its address.
    Page(String),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exported {
    /// Names.
    pub(super) names: usize,
    /// Versions of them.
    pub(super) versions: usize,
}

/// Writes everything that is published below `folder`. What is there already and the same is left alone.
///
/// # Errors
/// What could not be read or written; what was written until then is whole.
pub(super) async fn export(store: &Store, folder: &Path) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    for kind in [Kind::Guideline, Kind::Standard] {
        write_kind(store, folder, kind, &mut exported).await?;
    }
    write(&folder.join("index").join("config.json"), index::config().as_bytes())?;
    Ok(exported)
}

async fn write_kind(
    store: &Store,
    folder: &Path,
    kind: Kind,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    for name in store.every_name(kind).await? {
        let versions = store.versions(&name.namespace, &name.slug).await?;
        for version in &versions {
            let path = folder.join("blob").join(format!("{}.{}", version.sha256, kind.ending()));
            // A text never changes.
            if path.exists() {
                continue;
            }
            if let Some(text) = store.text(&version.sha256).await? {
                write(&path, text.as_bytes())?;
            }
        }
        let path = folder.join("index").join(&name.namespace).join(format!("{}.jsonl", name.slug));
        write(&path, index::lines(&name, &versions).as_bytes())?;
        exported.names += 1;
        exported.versions += versions.len();
    }
    Ok(())
}

/// Writes a file beside its place and renames it there.
pub(super) fn write(path: &Path, text: &[u8]) -> Result<(), ExportError> {
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
        // The first failure is the one to tell.
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::flow::prepare;

    #[tokio::test]
    async fn an_export_holds_everything_and_a_second_one_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
        for (name, text) in crate::format::starter() {
            store
                .publish(&prepare(Kind::Guideline, name, text, "starter", 5).expect("a version"))
                .await
                .expect("published");
        }
        let site = folder.path().join("site");
        let exported = export(&store, &site).await.expect("exported");
        assert_eq!(exported.names, crate::format::starter().len());
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
    }
}
