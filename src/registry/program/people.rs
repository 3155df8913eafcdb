//! Operator commands for users. A user is identified by number if the name is ambiguous.

use std::io::Write as _;

use super::{now_ms, print_line, random_bytes};
use crate::registry::decisions::{SIGN_IN_LINK_MS, Secret, parse_user_and_team};
use crate::registry::store::{JoinOutcome, Store, UserRecord};
use crate::report::escape::escape;

/// Creates a sign-in link. Returns its secret.
pub(super) async fn sign_in_link(store: &Store, who: &str, number: Option<i64>) -> Result<String, String> {
    let (user, team) = parse_user_and_team(who)?;
    let secret = Secret::new(random_bytes().ok_or("the system provides no random bytes")?);
    let now = now_ms();
    let link = secret.hash();
    let taken = store
        .join_team((&user, &team), number, (&link, now + SIGN_IN_LINK_MS), now)
        .await
        .map_err(|error| format!("cannot create a sign-in link: {error}"))?;
    match taken {
        JoinOutcome::Joined(record) => {
            // Only the link goes to standard output.
            let _ = writeln!(std::io::stderr(), "Sign-in link for {}", escape(&describe(&record)));
            Ok(secret.show().to_owned())
        }
        JoinOutcome::UnknownUser => Err(format!(
            "there is no user named {user}\n  help: run `stanchion-registry people` to list users; omit --number to create {user}"
        )),
        JoinOutcome::Locked(record) => Err(format!(
            "this user is locked: {}\n  help: run `stanchion-registry lock --number {} --undo` to unlock the user",
            describe(&UserRecord { locked_ms: None, ..record.clone() }),
            record.id
        )),
        JoinOutcome::Ambiguous(record) => Err(ambiguous(&record, number, &format!("sign-in {who}"))),
    }
}

/// Lists all users.
pub(super) async fn list(store: &Store) -> Result<(), String> {
    let users = store.users().await.map_err(|error| format!("cannot list: {error}"))?;
    if users.is_empty() {
        print_line("There are no users yet. `stanchion-registry serve` creates the first sign-in link.");
    }
    users.iter().for_each(|record| print_line(&describe(record)));
    Ok(())
}

/// Locks or unlocks a user.
pub(super) async fn lock(
    store: &Store,
    name: Option<&str>,
    number: Option<i64>,
    undo: bool,
) -> Result<(), String> {
    let wrong = |error: sqlx::Error| format!("cannot lock: {error}");
    let found = match (number, name) {
        (Some(number), _) => store.user_by_number(number).await,
        (None, name) => store.user_by_name(name.unwrap_or_default()).await,
    };
    let Some(record) = found.map_err(wrong)? else {
        let who = number.map_or_else(|| name.unwrap_or_default().to_owned(), |it| format!("number {it}"));
        return Err(format!(
            "there is no user {who}; nothing was changed\n  help: run `stanchion-registry people` to list users; to revoke tokens created for a \
             name, run `stanchion-registry revoke`"
        ));
    };
    if number.is_none() && record.identity.is_some() {
        return Err(ambiguous(&record, None, if undo { "lock --undo" } else { "lock" }));
    }
    if undo {
        if !store.unlock_user(record.id).await.map_err(wrong)? {
            return Err(format!("this user is not locked: {}", describe(&record)));
        }
        print_line(&format!("unlocked: {}", describe(&UserRecord { locked_ms: None, ..record })));
        return Ok(());
    }
    let now = now_ms();
    let ended = store.lock_user(record.id, now).await.map_err(wrong)?;
    print_line(&format!("locked: {}", describe(&UserRecord { locked_ms: None, ..record.clone() })));
    print_line(&format!(
        "ended: sessions {}, sign-in links {}, tokens {}",
        ended.sessions, ended.links, ended.tokens
    ));
    let others = store.count_operator_tokens(&record.name, now).await.map_err(wrong)?;
    if others > 0 {
        print_line(&format!(
            "note: tokens that the operator created for {0} are still valid ({others}); run `stanchion-registry revoke {0}` to revoke them",
            record.name
        ));
    }
    Ok(())
}

/// Message about an ambiguous name, with the command that identifies the user by number.
fn ambiguous(record: &UserRecord, number: Option<i64>, command: &str) -> String {
    let why = match (number, &record.identity) {
        (Some(number), _) => format!("{} does not have the user number {number}", record.name),
        (None, Some(_)) => {
            format!("{} comes from an identity provider, where users can choose their own name", record.name)
        }
        (None, None) => format!("a user named {} already exists and may be a different person", record.name),
    };
    format!(
        "{why}: {}\n  help: verify who this is, then run `stanchion-registry {command} --number {}`",
        describe(record),
        record.id
    )
}

/// Description of a user in one line.
fn describe(record: &UserRecord) -> String {
    let identity = match &record.identity {
        Some((issuer, subject)) => format!("{subject} at {issuer}"),
        None => "by sign-in link".to_owned(),
    };
    let teams = if record.teams.is_empty() {
        "no team".to_owned()
    } else {
        format!("teams: {}", record.teams.join(", "))
    };
    let locked = if record.locked_ms.is_some() { " (locked)" } else { "" };
    format!("number {}, {} ({identity}), {teams}{locked}", record.id, record.name)
}
