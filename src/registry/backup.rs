//! Backups of the SQLite database, and verification of stored texts.

use std::path::Path;

use super::decisions::prepare_version;
use super::store::{AccessMode, PublishedKind, Store};

/// Summary of a backup.
pub(super) struct BackupSummary {
    /// Number of versions in the copy.
    pub(super) versions: usize,
    /// Size of the copy in bytes.
    pub(super) bytes: u64,
}

/// Result of [`verify`].
#[derive(Debug, Default)]
pub(super) struct VerifyReport {
    /// Number of versions checked.
    pub(super) versions: usize,
    /// One line for each damaged version.
    pub(super) damaged: Vec<String>,
}

/// Copies the SQLite database to `file`. The copy is verified before it gets its final name.
///
/// # Errors
/// Returns a message about the reason why there is no copy. No file is left in that case.
pub(super) async fn backup(store: &Store, file: &Path) -> Result<BackupSummary, String> {
    if file.exists() {
        return Err(format!("{} already exists\n  help: name another file", file.display()));
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
        // Report the first error, not the cleanup error.
        let _ = std::fs::remove_file(&temporary);
    }
    named
}

async fn copy(store: &Store, file: &Path) -> Result<BackupSummary, String> {
    store.copy_into(file).await?;
    // Opened without migration: a copy has the schema of its original.
    let copy = Store::find_sqlite(file, AccessMode::Reading).await.map_err(|error| error.to_string())?;
    let found = verify(&copy).await;
    copy.close().await;
    let found = found.map_err(|error| format!("cannot read the copy: {error}"))?;
    if let Some(first) = found.damaged.first() {
        return Err(format!(
            "the copy differs from the published versions: {first}\n  help: run `stanchion-registry verify` for all differences"
        ));
    }
    let bytes =
        std::fs::metadata(file).map_err(|error| format!("cannot read the size of the copy: {error}"))?.len();
    Ok(BackupSummary { versions: found.versions, bytes })
}

/// Checks every version: its text exists, matches the digest, and has the name and version of the record.
///
/// # Errors
/// Returns the error of the database.
pub(super) async fn verify(store: &Store) -> Result<VerifyReport, sqlx::Error> {
    let mut found = VerifyReport::default();
    for kind in [PublishedKind::Guideline, PublishedKind::Standard] {
        for name in store.all_names(kind).await? {
            for it in store.versions(&name.namespace, &name.slug).await? {
                found.versions += 1;
                let label = format!("{}/{} {}", it.namespace, it.slug, it.version);
                let Some(text) = store.text(&it.sha256).await? else {
                    found.damaged.push(format!("{label}: its text is missing"));
                    continue;
                };
                let digest = crate::format::sha256_hex(text.as_bytes());
                if digest != it.sha256 {
                    found
                        .damaged
                        .push(format!("{label}: checksum mismatch: its text has the digest {digest}"));
                    continue;
                }
                let parsed = prepare_version(kind, &label, &text, &it.published_by, it.published_ms);
                let same = parsed.is_ok_and(|parsed| {
                    (parsed.namespace, parsed.slug, parsed.version) == (it.namespace, it.slug, it.version)
                });
                if !same {
                    found.damaged.push(format!("{label}: its text has a different name or version"));
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
    async fn backups_are_complete_and_verify_finds_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
        for (name, text) in crate::format::starter_guidelines() {
            let new = prepare_version(PublishedKind::Guideline, name, text, "starter", 5).expect("a version");
            store.publish(&new).await.expect("published");
        }
        let file = folder.path().join("copy.sqlite");
        let copied = backup(&store, &file).await.expect("copied");
        assert_eq!(copied.versions, crate::format::starter_guidelines().len());
        assert!(backup(&store, &file).await.is_err(), "an existing file is not replaced");
        // A restored copy is an ordinary database.
        let restored = Store::open_sqlite(&file).await.expect("opened");
        assert!(verify(&restored).await.expect("verified").damaged.is_empty());
        // Someone with access to the file can do what the program never does. `verify` finds it.
        let Store::Sqlite(pool) = &restored else { unreachable!("it is SQLite") };
        for statement in [
            "DROP TRIGGER blob_stays",
            "UPDATE blob SET text = text || 'x' WHERE sha256 = (SELECT MIN(sha256) FROM blob)",
        ] {
            sqlx::query(statement).execute(pool).await.expect("done");
        }
        let damaged = verify(&restored).await.expect("verified").damaged;
        assert!(damaged.len() == 1 && damaged[0].contains("checksum mismatch"), "{damaged:?}");
        let again = backup(&restored, &folder.path().join("bad.sqlite")).await;
        assert!(
            again.is_err() && !folder.path().join("bad.sqlite").exists(),
            "a damaged database gives no backup"
        );
    }
}
