//! People, as the operator names them: by number where a name is not enough.

use std::io::Write as _;

use super::{now_ms, random, say};
use crate::registry::flow::{LINK_MS, Secret, person_and_team};
use crate::registry::store::{Known, Store, Taken};
use crate::report::escape::escape;

/// A link that signs somebody in, without the address before it.
pub(super) async fn sign_in_link(store: &Store, who: &str, number: Option<i64>) -> Result<String, String> {
    let (person, team) = person_and_team(who)?;
    let secret = Secret::new(random().ok_or("the system has no random bytes")?);
    let now = now_ms();
    let link = secret.hash();
    let taken = store
        .take_into_team((&person, &team), number, (&link, now + LINK_MS), now)
        .await
        .map_err(|error| format!("cannot make a link: {error}"))?;
    match taken {
        Taken::In(known) => {
            // Only the link on standard output.
            let _ = writeln!(std::io::stderr(), "For {}", escape(&told(&known)));
            Ok(secret.show().to_owned())
        }
        Taken::Nobody => Err(format!(
            "nobody is called {person}\n  help: `stanchion-registry people` shows who is there; without --number {person} is made"
        )),
        Taken::Locked(known) => Err(format!(
            "{} is locked\n  help: `stanchion-registry lock --number {} --undo` lets them in again",
            told(&Known { locked_ms: None, ..known.clone() }),
            known.id
        )),
        Taken::Unsure(known) => Err(unsure(&known, number, &format!("sign-in {who}"))),
    }
}

/// Lists everybody.
pub(super) async fn list(store: &Store) -> Result<(), String> {
    let everybody = store.everybody().await.map_err(|error| format!("cannot list: {error}"))?;
    if everybody.is_empty() {
        say("Nobody is here yet: `stanchion-registry serve` makes the first link.");
    }
    everybody.iter().for_each(|known| say(&told(known)));
    Ok(())
}

/// Locks somebody out, or lets them in again.
pub(super) async fn lock(
    store: &Store,
    name: Option<&str>,
    number: Option<i64>,
    undo: bool,
) -> Result<(), String> {
    let wrong = |error: sqlx::Error| format!("cannot lock: {error}");
    let found = match (number, name) {
        (Some(number), _) => store.known_by_number(number).await,
        (None, name) => store.known_by_name(name.unwrap_or_default()).await,
    };
    let Some(known) = found.map_err(wrong)? else {
        let who = number.map_or_else(|| name.unwrap_or_default().to_owned(), |it| format!("number {it}"));
        return Err(format!(
            "nobody is {who}, and nothing ended\n  help: `stanchion-registry people` shows who is there; keys that were made for a name \
             are taken back by `stanchion-registry revoke`"
        ));
    };
    if number.is_none() && known.identity.is_some() {
        return Err(unsure(&known, None, if undo { "lock --undo" } else { "lock" }));
    }
    if undo {
        if !store.unlock(known.id).await.map_err(wrong)? {
            return Err(format!("{} is not locked", told(&known)));
        }
        say(&format!("let in again: {}", told(&Known { locked_ms: None, ..known })));
        return Ok(());
    }
    let now = now_ms();
    let ended = store.lock(known.id, now).await.map_err(wrong)?;
    say(&format!("locked: {}", told(&Known { locked_ms: None, ..known.clone() })));
    say(&format!("ended: {} sessions, {} links, {} keys", ended.sessions, ended.links, ended.keys));
    let others = store.keys_for(&known.name, now).await.map_err(wrong)?;
    if others > 0 {
        say(&format!(
            "note: {others} keys that the operator made for {0} still hold: `stanchion-registry revoke {0}` takes them back",
            known.name
        ));
    }
    Ok(())
}

/// Why a name is not enough, and how the one who has it is named for certain.
fn unsure(known: &Known, number: Option<i64>, command: &str) -> String {
    let why = match (number, &known.identity) {
        (Some(number), _) => format!("the number of {} is not {number}", known.name),
        (None, Some(_)) => format!(
            "{} came from an identity provider, where people may choose the name by which they are called",
            known.name
        ),
        (None, None) => format!("somebody called {} is here already, and may be somebody else", known.name),
    };
    format!(
        "{why}: {}\n  help: make sure who that is; then `stanchion-registry {command} --number {}`",
        told(known),
        known.id
    )
}

/// Somebody in one line.
fn told(known: &Known) -> String {
    let identity = match &known.identity {
        Some((issuer, subject)) => format!("{subject} at {issuer}"),
        None => "by link".to_owned(),
    };
    let teams = if known.teams.is_empty() {
        "in no team".to_owned()
    } else {
        format!("in {}", known.teams.join(", "))
    };
    let locked = if known.locked_ms.is_some() { " (locked)" } else { "" };
    format!("number {}, {} ({identity}), {teams}{locked}", known.id, known.name)
}
