//! Copies of the embedded database, and whether what is stored is what was published.

use std::path::Path;

use super::flow::prepare;
use super::store::{Kind, Store, Wanted};

/// A copy.
pub(super) struct Copied {
    /// Versions in it.
    pub(super) versions: usize,
    /// Its size.
    pub(super) bytes: u64,
}

/// What [`verify`] found.
#[derive(Debug, Default)]
pub(super) struct Verified {
    /// Versions that were looked at.
    pub(super) versions: usize,
    /// A line for each that is not what it was.
    pub(super) wrong: Vec<String>,
}

/// Copies the embedded database into `file`, looks at the copy, and only then gives it its name.
///
/// # Errors
/// A sentence about why there is no copy; then there is no file.
pub(super) async fn backup(store: &Store, file: &Path) -> Result<Copied, String> {
    if file.exists() {
        return Err(format!("{} is there already\n  help: name another file", file.display()));
    }
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = std::path::PathBuf::from(temporary);
    let copied = copy(store, &temporary).await;
    let named = copied.and_then(|copied| {
        std::fs::rename(&temporary, file)
            .map(|()| copied)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))
    });
    if named.is_err() {
        // The first failure is the one to tell.
        let _ = std::fs::remove_file(&temporary);
    }
    named
}

async fn copy(store: &Store, file: &Path) -> Result<Copied, String> {
    store.copy_into(file).await?;
    // As it is: a copy has the shape of what was copied.
    let copy = Store::find_sqlite(file, Wanted::Reading).await.map_err(|error| error.to_string())?;
    let found = verify(&copy).await;
    copy.close().await;
    let found = found.map_err(|error| format!("the copy cannot be read: {error}"))?;
    if let Some(first) = found.wrong.first() {
        return Err(format!(
            "the copy is not what was published: {first}\n  help: `stanchion-registry verify` says more"
        ));
    }
    let bytes = std::fs::metadata(file).map_err(|error| format!("cannot look at the copy: {error}"))?.len();
    Ok(Copied { versions: found.versions, bytes })
}

/// Looks at every version: whether its text is there, has its digest, and says what the version says.
///
/// # Errors
/// What the database says.
pub(super) async fn verify(store: &Store) -> Result<Verified, sqlx::Error> {
    let mut found = Verified::default();
    for kind in [Kind::Guideline, Kind::Standard] {
        for name in store.every_name(kind).await? {
            for it in store.versions(&name.namespace, &name.slug).await? {
                found.versions += 1;
                let told = format!("{}/{} {}", it.namespace, it.slug, it.version);
                let Some(text) = store.text(&it.sha256).await? else {
                    found.wrong.push(format!("{told}: its text is gone"));
                    continue;
                };
                let digest = crate::format::digest(text.as_bytes());
                if digest != it.sha256 {
                    found.wrong.push(format!("{told}: its text has another digest ({digest})"));
                    continue;
                }
                let says = prepare(kind, &told, &text, &it.published_by, it.published_ms);
                let same = says.is_ok_and(|says| {
                    (says.namespace, says.slug, says.version) == (it.namespace, it.slug, it.version)
                });
                if !same {
                    found.wrong.push(format!("{told}: its text says something else of itself"));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_backup_is_whole_and_what_was_tampered_with_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
        for (name, text) in crate::format::starter() {
            let new = prepare(Kind::Guideline, name, text, "starter", 5).expect("a version");
            store.publish(&new).await.expect("published");
        }
        let file = folder.path().join("copy.sqlite");
        let copied = backup(&store, &file).await.expect("copied");
        assert_eq!(copied.versions, crate::format::starter().len());
        assert!(backup(&store, &file).await.is_err(), "what is there is left alone");
        // Restored, it is a database like any other.
        let restored = Store::open_sqlite(&file).await.expect("opened");
        assert!(verify(&restored).await.expect("looked").wrong.is_empty());
        // Somebody with the file can do what the program never does; it is seen.
        let Store::Sqlite(pool) = &restored else { unreachable!("it is SQLite") };
        for statement in [
            "DROP TRIGGER blob_stays",
            "UPDATE blob SET text = text || 'x' WHERE sha256 = (SELECT MIN(sha256) FROM blob)",
        ] {
            sqlx::query(statement).execute(pool).await.expect("done");
        }
        let wrong = verify(&restored).await.expect("looked").wrong;
        assert!(wrong.len() == 1 && wrong[0].contains("another digest"), "{wrong:?}");
        let again = backup(&restored, &folder.path().join("bad.sqlite")).await;
        assert!(
            again.is_err() && !folder.path().join("bad.sqlite").exists(),
            "what is not whole is no backup"
        );
    }
}
