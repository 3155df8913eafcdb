//! What the operator does by hand, with the database alone.

use std::io::Write as _;
use std::path::PathBuf;

use super::{now_ms, random, say};
use crate::model::GuidelineId;
use crate::registry::export::{ExportError, export};
use crate::registry::flow::{Held, Key, LARGEST, Refusal, followed, prepare, scope_of, words};
use crate::registry::http::Site;
use crate::registry::store::{Kind, NewVersion, Published, Store};
use crate::registry::{backup, proving, site};
use crate::report::escape::escape;
use crate::report::{HumanStyle, render_problems};

/// So many files that could not be written are named.
const MISSING: usize = 20;

pub(super) async fn publish(store: &Store, files: &[PathBuf], by: &str) -> Result<(), String> {
    for file in files {
        let name = file.display().to_string();
        #[expect(clippy::disallowed_methods, reason = "a file that the operator named")]
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        let is_standard = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("toml"));
        let kind = if is_standard { Kind::Standard } else { Kind::Guideline };
        let mut version =
            prepare(kind, &name, &text, by, now_ms()).map_err(|refusal| refused(&name, refusal))?;
        if kind == Kind::Guideline {
            version.note = proved(store, &name, &version).await?;
            if let Some(note) = &version.note {
                say(&format!("note: {note}"));
            }
        }
        let told = format!("{}/{} {}", version.namespace, version.slug, version.version);
        match store.publish(&version).await.map_err(|error| format!("cannot publish {name}: {error}"))? {
            Published::New => say(&format!("published: {told}")),
            Published::Same => say(&format!("published before: {told}")),
            Published::OtherKind(other) => {
                return Err(format!(
                    "{told} cannot be published: the name is a {}'s, for ever\n  help: give this one another name",
                    other.word()
                ));
            }
            Published::Taken { sha256 } => {
                return Err(format!(
                    "{told} is published with another text (sha256 {sha256}), for ever\n  help: give this one another version"
                ));
            }
        }
    }
    Ok(())
}

pub(super) async fn yank(
    store: &Store,
    id: &str,
    version: &str,
    message: Option<&str>,
) -> Result<(), String> {
    let id = GuidelineId::new(id).map_err(|why| format!("`{id}` is no guideline: {why}"))?;
    let name = (id.namespace(), id.slug(), version);
    let found = store.yank(name, message, now_ms(), words).await;
    if !found.map_err(|error| format!("cannot yank {id} {version}: {error}"))? {
        return Err(format!(
            "{id} {version} is not published\n  help: `stanchion-registry list` shows what is"
        ));
    }
    say(&format!("{}: {id} {version}", if message.is_some() { "yanked" } else { "no longer yanked" }));
    Ok(())
}

pub(super) async fn retire(
    store: &Store,
    id: &str,
    message: Option<&str>,
    successor: Option<&str>,
) -> Result<(), String> {
    let parse = |id: &str| GuidelineId::new(id).map_err(|why| format!("`{id}` is no name: {why}"));
    let id = parse(id)?;
    let wrong = |error: sqlx::Error| format!("cannot retire {id}: {error}");
    if let Some(successor) = successor {
        let next = parse(successor)?;
        if store.name(next.namespace(), next.slug()).await.map_err(wrong)?.is_none() {
            return Err(format!(
                "{next} is not published\n  help: publish it first, or leave --successor out"
            ));
        }
    }
    let retired = message.map(|message| (message, successor));
    if !store.retire((id.namespace(), id.slug()), retired, now_ms()).await.map_err(wrong)? {
        return Err(format!("{id} is not published\n  help: `stanchion-registry list` shows what is"));
    }
    say(&format!("{}: {id}", if message.is_some() { "retired" } else { "advised again" }));
    Ok(())
}

pub(super) async fn token(store: &Store, namespace: &str, owner: &str, days: i64) -> Result<(), String> {
    GuidelineId::new(&format!("{namespace}/x"))
        .map_err(|why| format!("`{namespace}` is no namespace: {why}"))?;
    let (key, now) = (Key::new(random().ok_or("the system has no random bytes")?), now_ms());
    let expires_ms = now + days * 86_400_000;
    let held = Held { owner: owner.to_owned(), scope: scope_of(namespace), expires_ms, revoked_ms: None };
    store
        .add_token(&key.hash(), &held, now)
        .await
        .map_err(|error| format!("cannot keep the key: {error}"))?;
    // Only the key on standard output, so that it can be piped to where it is kept.
    say(key.show());
    let _ = writeln!(
        std::io::stderr(),
        "For {}, to publish in {namespace}, for {days} days. It is shown this once; only its hash is kept.",
        escape(owner)
    );
    Ok(())
}

pub(super) async fn revoke(store: &Store, owner: &str) -> Result<(), String> {
    let number = store.revoke(owner, now_ms()).await.map_err(|error| format!("cannot revoke: {error}"))?;
    if number == 0 {
        // Whoever asks believes that there is one: it may be valid, and somebody else's in this list.
        return Err(format!(
            "nothing was taken back: {owner} has no key that is not taken back already\n  help: look whether this is the database and the \
             name that were meant; whoever is signed in finds their keys on /account"
        ));
    }
    say(&format!("{number} taken back from {owner}"));
    Ok(())
}

pub(super) async fn write_export(
    store: &Store,
    folder: &std::path::Path,
    public_url: Option<&str>,
) -> Result<(), String> {
    let wrong = |error: ExportError| format!("cannot export: {error}");
    let mut exported = export(store, folder).await.map_err(wrong)?;
    let site = Site {
        store: store.clone(),
        now_ms,
        random,
        public: public_url.map(str::to_owned),
        provider: None,
        worker: None,
        numbers: std::sync::Arc::default(),
        quiet: true,
    };
    let written = site::export(site, store, folder).await.map_err(wrong)?;
    let pages = written.pages;
    say(&format!("exported: {} names, {} versions, {pages} pages", exported.names, exported.versions));
    exported.wrong.extend(written.wrong);
    let missing = exported.wrong.len();
    if missing == 0 {
        return Ok(());
    }
    let mut told: Vec<String> = exported.wrong.into_iter().take(MISSING).collect();
    if missing > MISSING {
        told.push(format!("and {} more", missing - MISSING));
    }
    Err(format!(
        "{missing} files are missing in {}, or are what they were; the others are there:\n  {}\n  help: export again when that is \
         mended; what is there stays",
        folder.display(),
        told.join("\n  ")
    ))
}

pub(super) async fn verify(store: &Store) -> Result<(), String> {
    let found = backup::verify(store).await.map_err(|error| format!("cannot look: {error}"))?;
    found.wrong.iter().for_each(|line| say(line));
    if found.wrong.is_empty() {
        say(&format!("{} versions are what they were when they were published.", found.versions));
        return Ok(());
    }
    Err(format!(
        "{} of {} versions are not what they were\n  help: restore a backup, or publish the texts again under new versions",
        found.wrong.len(),
        found.versions
    ))
}

pub(super) async fn list(store: &Store) -> Result<(), String> {
    let mut none = true;
    for kind in [Kind::Guideline, Kind::Standard] {
        let names = store.every_name(kind).await.map_err(|error| format!("cannot list: {error}"))?;
        none &= names.is_empty();
        for it in &names {
            let yanked = if it.yanked_ms.is_some() { " (yanked)" } else { "" };
            let retired = if it.retired_ms.is_some() { " (retired)" } else { "" };
            let stage = if kind == Kind::Standard { "a set" } else { &it.stage };
            say(&format!(
                "{}/{} {}{yanked}{retired}  {stage} · {}: {}",
                it.namespace, it.slug, it.version, it.owner, it.title
            ));
        }
    }
    if none {
        say("Nothing is published yet: `stanchion-registry serve` publishes the starter guidelines.");
    }
    Ok(())
}

/// What is to be noted about a guideline, if it can be published.
async fn proved(store: &Store, name: &str, new: &NewVersion) -> Result<Option<String>, String> {
    let wrong = |error: sqlx::Error| format!("cannot publish {name}: {error}");
    let versions = store.versions(&new.namespace, &new.slug).await.map_err(wrong)?;
    if let Some(there) = versions.iter().find(|it| it.version == new.version) {
        return Ok(there.note.clone());
    }
    let before = match followed(&versions, new) {
        Some(sha256) => store.text(sha256).await.map_err(wrong)?,
        None => None,
    };
    let found = proving::prove(name, &new.text, before.as_deref(), proving::worker_program().as_deref());
    if found.problems.is_empty() {
        Ok(found.note)
    } else {
        Err(refused(name, Refusal::Problems(found.problems)))
    }
}

/// Why a file is not published.
pub(super) fn refused(name: &str, refusal: Refusal) -> String {
    match refusal {
        Refusal::TooLarge => {
            format!("{name} is larger than {} KiB\n  help: link to what is longer", LARGEST >> 10)
        }
        Refusal::EndsInJson => format!(
            "cannot publish {name}: its version ends in .json, which is how the site names the JSON of another one"
        ),
        Refusal::Name(why) => format!("cannot publish {name}: {why}\n  help: choose another name"),
        Refusal::BuildMetadata => format!(
            "the version of {name} holds build metadata (+…), by which nobody could choose it\n  help: leave the part from + on out"
        ),
        Refusal::Problems(problems) => {
            let style = HumanStyle { cap: Some(usize::MAX), ..HumanStyle::default() };
            format!("{name} cannot be published:\n{}", render_problems(&problems, &style))
        }
    }
}
