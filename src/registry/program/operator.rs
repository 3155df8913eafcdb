//! Operator commands, which use only the database.

use std::io::Write as _;
use std::path::PathBuf;

use super::{now_ms, print_line, random_bytes};
use crate::model::GuidelineId;
use crate::registry::decisions::{
    AccessToken, MAX_TEXT_BYTES, PublishRefusal, TokenGrant, prepare_version, previous_version, scope_of,
    search_terms,
};
use crate::registry::export::{ExportError, export};
use crate::registry::http::SiteConfig;
use crate::registry::store::{NewVersion, PublishOutcome, PublishedKind, Store};
use crate::registry::{backup, example_tests, site};
use crate::report::escape::escape;
use crate::report::{HumanStyle, render_problems};

/// Largest number of listed files that could not be written.
const MAX_LISTED_FILES: usize = 20;

pub(super) async fn publish(store: &Store, files: &[PathBuf], by: &str) -> Result<(), String> {
    for file in files {
        let name = file.display().to_string();
        #[expect(clippy::disallowed_methods, reason = "a file that the operator named")]
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        let is_standard = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("toml"));
        let kind = if is_standard { PublishedKind::Standard } else { PublishedKind::Guideline };
        let mut version = prepare_version(kind, &name, &text, by, now_ms())
            .map_err(|refusal| refusal_message(&name, refusal))?;
        if kind == PublishedKind::Guideline {
            version.note = test_new_version(store, &name, &version).await?;
            if let Some(note) = &version.note {
                print_line(&format!("note: {note}"));
            }
        }
        let label = format!("{}/{} {}", version.namespace, version.slug, version.version);
        match store.publish(&version).await.map_err(|error| format!("cannot publish {name}: {error}"))? {
            PublishOutcome::New => print_line(&format!("published: {label}")),
            PublishOutcome::Same => print_line(&format!("already published: {label}")),
            PublishOutcome::OtherKind(other) => {
                return Err(format!(
                    "cannot publish {label}: the name permanently belongs to a {}\n  help: choose another name",
                    other.as_str()
                ));
            }
            PublishOutcome::DifferentText { sha256 } => {
                return Err(format!(
                    "{label} is already published with a different text (sha256 {sha256}); published versions are permanent\n  help: publish this text under another version"
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
    let id = GuidelineId::new(id).map_err(|why| format!("`{id}` is not a valid name: {why}"))?;
    let name = (id.namespace(), id.slug(), version);
    let found = store.yank(name, message, now_ms(), search_terms).await;
    if !found.map_err(|error| format!("cannot yank {id} {version}: {error}"))? {
        return Err(format!(
            "{id} {version} is not published\n  help: run `stanchion-registry list` to see what is published"
        ));
    }
    print_line(&format!("{}: {id} {version}", if message.is_some() { "yanked" } else { "no longer yanked" }));
    Ok(())
}

pub(super) async fn retire(
    store: &Store,
    id: &str,
    message: Option<&str>,
    successor: Option<&str>,
) -> Result<(), String> {
    let parse = |id: &str| GuidelineId::new(id).map_err(|why| format!("`{id}` is not a valid name: {why}"));
    let id = parse(id)?;
    let wrong = |error: sqlx::Error| format!("cannot retire {id}: {error}");
    if let Some(successor) = successor {
        let next = parse(successor)?;
        if store.name(next.namespace(), next.slug()).await.map_err(wrong)?.is_none() {
            return Err(format!("{next} is not published\n  help: publish it first, or omit --successor"));
        }
    }
    let retired = message.map(|message| (message, successor));
    if !store.retire((id.namespace(), id.slug()), retired, now_ms()).await.map_err(wrong)? {
        return Err(format!(
            "{id} is not published\n  help: run `stanchion-registry list` to see what is published"
        ));
    }
    print_line(&format!("{}: {id}", if message.is_some() { "retired" } else { "no longer retired" }));
    Ok(())
}

pub(super) async fn token(store: &Store, namespace: &str, owner: &str, days: i64) -> Result<(), String> {
    GuidelineId::new(&format!("{namespace}/x"))
        .map_err(|why| format!("`{namespace}` is not a valid namespace: {why}"))?;
    let (token, now) =
        (AccessToken::new(random_bytes().ok_or("the system provides no random bytes")?), now_ms());
    let expires_ms = now + days * 86_400_000;
    let grant =
        TokenGrant { owner: owner.to_owned(), scope: scope_of(namespace), expires_ms, revoked_ms: None };
    store
        .add_operator_token(&token.hash(), &grant, now)
        .await
        .map_err(|error| format!("cannot store the token: {error}"))?;
    // Only the token goes to standard output, so that it can be piped to a secret store.
    print_line(token.show());
    let _ = writeln!(
        std::io::stderr(),
        "Token for {} to publish in {namespace}, valid for {days} days. It is shown only once; the registry stores its hash.",
        escape(owner)
    );
    Ok(())
}

pub(super) async fn revoke(store: &Store, owner: &str) -> Result<(), String> {
    let number =
        store.revoke_tokens_of(owner, now_ms()).await.map_err(|error| format!("cannot revoke: {error}"))?;
    if number == 0 {
        // An error, because the operator expects a token to be revoked: with a wrong name or database, it may
        // still be valid.
        return Err(format!(
            "no token was revoked: {owner} has no tokens, or all are already revoked\n  help: check the name and the database; users find \
             the tokens that they created on /account"
        ));
    }
    print_line(&format!("revoked tokens of {owner}: {number}"));
    Ok(())
}

pub(super) async fn write_export(
    store: &Store,
    folder: &std::path::Path,
    public_url: Option<&str>,
) -> Result<(), String> {
    let wrong = |error: ExportError| format!("cannot export: {error}");
    let mut exported = export(store, folder).await.map_err(wrong)?;
    let site = SiteConfig {
        store: store.clone(),
        now_ms,
        random: random_bytes,
        public_url: public_url.map(str::to_owned),
        provider: None,
        worker: None,
        metrics: std::sync::Arc::default(),
        quiet: true,
    };
    let written = site::export(site, store, folder).await.map_err(wrong)?;
    let pages = written.pages;
    print_line(&format!("exported: {} names, {} versions, {pages} pages", exported.names, exported.versions));
    exported.failures.extend(written.failures);
    let missing = exported.failures.len();
    if missing == 0 {
        return Ok(());
    }
    let mut lines: Vec<String> = exported.failures.into_iter().take(MAX_LISTED_FILES).collect();
    if missing > MAX_LISTED_FILES {
        lines.push(format!("and {} more", missing - MAX_LISTED_FILES));
    }
    Err(format!(
        "{missing} files could not be written to {}; all others are up to date:\n  {}\n  help: correct the cause and export again; \
         existing files stay",
        folder.display(),
        lines.join("\n  ")
    ))
}

pub(super) async fn verify(store: &Store) -> Result<(), String> {
    let found = backup::verify(store).await.map_err(|error| format!("cannot verify: {error}"))?;
    found.damaged.iter().for_each(|line| print_line(line));
    if found.damaged.is_empty() {
        print_line(&format!("{} versions verified; all are unchanged.", found.versions));
        return Ok(());
    }
    Err(format!(
        "{} of {} versions are damaged\n  help: restore a backup, or publish the texts again under new versions",
        found.damaged.len(),
        found.versions
    ))
}

pub(super) async fn list(store: &Store) -> Result<(), String> {
    let mut none = true;
    for kind in [PublishedKind::Guideline, PublishedKind::Standard] {
        let names = store.all_names(kind).await.map_err(|error| format!("cannot list: {error}"))?;
        none &= names.is_empty();
        for it in &names {
            let yanked = if it.yanked_ms.is_some() { " (yanked)" } else { "" };
            let retired = if it.retired_ms.is_some() { " (retired)" } else { "" };
            let stage = if kind == PublishedKind::Standard { "a standard" } else { &it.stage };
            print_line(&format!(
                "{}/{} {}{yanked}{retired}  {stage} · {}: {}",
                it.namespace, it.slug, it.version, it.owner, it.title
            ));
        }
    }
    if none {
        print_line("Nothing is published yet. `stanchion-registry serve` publishes the starter guidelines.");
    }
    Ok(())
}

/// Tests a guideline and returns its note.
async fn test_new_version(store: &Store, name: &str, new: &NewVersion) -> Result<Option<String>, String> {
    let wrong = |error: sqlx::Error| format!("cannot publish {name}: {error}");
    let versions = store.versions(&new.namespace, &new.slug).await.map_err(wrong)?;
    if let Some(there) = versions.iter().find(|it| it.version == new.version) {
        return Ok(there.note.clone());
    }
    let before = match previous_version(&versions, new) {
        Some(sha256) => store.text(sha256).await.map_err(wrong)?,
        None => None,
    };
    let found = example_tests::test_guideline(
        name,
        &new.text,
        before.as_deref(),
        example_tests::worker_program().as_deref(),
    );
    if found.problems.is_empty() {
        Ok(found.note)
    } else {
        Err(refusal_message(name, PublishRefusal::Problems(found.problems)))
    }
}

/// Message about a file that cannot be published.
pub(super) fn refusal_message(name: &str, refusal: PublishRefusal) -> String {
    match refusal {
        PublishRefusal::TooLarge => {
            format!(
                "{name} is larger than {} KiB\n  help: shorten it, and link to longer texts",
                MAX_TEXT_BYTES >> 10
            )
        }
        PublishRefusal::EndsInJson => format!(
            "cannot publish {name}: its version ends in .json\n  help: choose another version; the site uses that suffix for the JSON form of a version"
        ),
        PublishRefusal::Name(why) => format!("cannot publish {name}: {why}\n  help: choose another name"),
        PublishRefusal::BuildMetadata => format!(
            "cannot publish {name}: versions must not contain build metadata (+…), because version requirements ignore it\n  help: remove the part from + on"
        ),
        PublishRefusal::Problems(problems) => {
            let style = HumanStyle { cap: Some(usize::MAX), ..HumanStyle::default() };
            format!("{name} cannot be published:\n{}", render_problems(&problems, &style))
        }
    }
}
