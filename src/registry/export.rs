//! The whole index as files: any web server, or a folder, serves it as well.
//!
//! Texts are written before the lines that name them, and every file whole or not at all, so that a reader never
//! sees half of anything, also while an export runs over an older one.

use std::fmt;
use std::io;
use std::path::Path;

use super::index;
use super::store::{Kind, Store};

/// Why something was not written.
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

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database cannot be read: {error}"),
            Self::File(path, error) => write!(f, "cannot write {path}: {error}"),
            Self::Page(address) => write!(f, "the page {address} could not be made; the log says why"),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exported {
    /// Names.
    pub(super) names: usize,
    /// Versions of them.
    pub(super) versions: usize,
    /// A line for each file that could not be written.
    pub(super) wrong: Vec<String>,
}

/// Goes on where one thing could not be written: the others do not wait for it. Returns whether it was written.
///
/// # Errors
/// What the database says: without it nothing goes on.
pub(super) fn noted(done: Result<(), ExportError>, wrong: &mut Vec<String>) -> Result<bool, ExportError> {
    match done {
        Ok(()) => Ok(true),
        Err(error @ ExportError::Database(_)) => Err(error),
        Err(error) => {
            wrong.push(error.to_string());
            Ok(false)
        }
    }
}

/// Writes everything that is published below `folder`. What is there already and the same is left alone.
///
/// # Errors
/// What the database says; what was written until then is whole.
pub(super) async fn export(store: &Store, folder: &Path) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    for kind in [Kind::Guideline, Kind::Standard] {
        write_kind(store, folder, kind, &mut exported).await?;
    }
    let config = write(&folder.join("index").join("config.json"), index::config().as_bytes());
    noted(config, &mut exported.wrong)?;
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
        let mut is_whole = true;
        for version in &versions {
            let file = format!("{}.{}", version.sha256, kind.ending());
            is_whole &= if let Some(text) = store.text(&version.sha256).await? {
                noted(write(&folder.join("blob").join(file), text.as_bytes()), &mut exported.wrong)?
            } else {
                let told = format!("{}/{} {}", name.namespace, name.slug, version.version);
                let line = format!("the text of {told} is gone; `stanchion-registry verify` says more");
                exported.wrong.push(line);
                false
            };
        }
        // No line names a text that is not there.
        let path = folder.join("index").join(&name.namespace).join(format!("{}.jsonl", name.slug));
        let lines = index::lines(&name, &versions);
        if is_whole && noted(write(&path, lines.as_bytes()), &mut exported.wrong)? {
            exported.names += 1;
            exported.versions += versions.len();
        }
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
        // What is damaged is written again.
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
    async fn what_cannot_be_written_is_named_and_the_rest_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
        for (name, text) in crate::format::starter() {
            let new = prepare(Kind::Guideline, name, text, "starter", 5).expect("a version");
            store.publish(&new).await.expect("published");
        }
        let names = store.every_name(Kind::Guideline).await.expect("listed");
        let site = folder.path().join("site");
        // A folder lies where a file is to be: of the index, and of a text.
        let (index, blob) = (&names[0], &names[1]);
        let index = site.join("index").join(&index.namespace).join(format!("{}.jsonl", index.slug));
        for path in [&index, &site.join("blob").join(format!("{}.md", blob.sha256))] {
            std::fs::create_dir_all(path.join("x")).expect("in the way");
        }
        let exported = export(&store, &site).await.expect("exported");
        assert_eq!((exported.names, exported.wrong.len()), (names.len() - 2, 2), "{:?}", exported.wrong);
        assert!(exported.wrong.iter().any(|line| line.contains(&blob.sha256)), "{:?}", exported.wrong);
        let lines = |it: &crate::registry::store::Name| {
            site.join("index").join(&it.namespace).join(format!("{}.jsonl", it.slug))
        };
        assert!(!lines(blob).exists(), "no line names a text that is not there");
        assert!(names[2..].iter().all(|it| lines(it).is_file()));
    }
}
