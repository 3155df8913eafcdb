//! What whoever is signed in can do. Each form has its limits, says what is wrong at the field, and keeps what was typed.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::page::{Said, show};
use super::{Sent, cookie, field, private, random};
use crate::model::GuidelineId;
use crate::registry::flow::{Held, Key, LINK_MS, Secret, name, scope_of};
use crate::registry::http::Shared;
use crate::registry::http::pages::broken;
use crate::registry::http::query::Slip;
use crate::registry::store::NewPerson;

/// Longest life of a key, in days.
const DAYS: i64 = 3_650;
const DAY_MS: i64 = 86_400_000;

/// Makes a key with which a machine publishes in a namespace.
pub(in crate::registry::http) async fn make_token(
    State(shared): State<Shared>,
    Sent { somebody, form }: Sent,
) -> Response {
    let (namespace, days) = (field(&form, "namespace").to_owned(), field(&form, "days").to_owned());
    let mut slips = Vec::new();
    if !somebody.person.has(&namespace) {
        let message = "choose a namespace of one of your teams".to_owned();
        slips.push(Slip { field: "namespace", message });
    }
    let number = days.parse::<i64>().ok().filter(|days| (1..=DAYS).contains(days));
    if number.is_none() {
        slips.push(Slip { field: "days", message: format!("a number of days from 1 to {DAYS}") });
    }
    let (Some(number), true) = (number, slips.is_empty()) else {
        let typed = vec![("namespace", namespace), ("days", days)];
        return show(&shared, somebody, Said { typed, slips, ..Said::default() }).await;
    };
    let key = match random(&shared) {
        Ok(random) => Key::new(random),
        Err(answer) => return answer,
    };
    let now = (shared.now_ms)();
    let owner = somebody.owner().to_owned();
    let held =
        Held { owner, scope: scope_of(&namespace), expires_ms: now + number * DAY_MS, revoked_ms: None };
    match shared.store.add_token_of(somebody.person.id, &key.hash(), &held, now).await {
        Ok(true) => {}
        Ok(false) => {
            let message = "you are not in the team of this namespace any more".to_owned();
            let typed = vec![("namespace", namespace), ("days", days)];
            let slips = vec![Slip { field: "namespace", message }];
            return show(&shared, somebody, Said { typed, slips, ..Said::default() }).await;
        }
        Err(error) => return broken(&error),
    }
    let what = format!("The key for publishing in {namespace}, for {number} days");
    show(&shared, somebody, Said { secret: Some((what, key.show().to_owned())), ..Said::default() }).await
}

/// Takes a key back.
pub(in crate::registry::http) async fn revoke_token(
    State(shared): State<Shared>,
    Path(id): Path<i64>,
    Sent { somebody, .. }: Sent,
) -> Response {
    // One that is not theirs, or is taken back already, is as good as taken back.
    match shared.store.revoke_one(id, somebody.person.id, (shared.now_ms)()).await {
        Ok(_) => Redirect::to("/account").into_response(),
        Err(error) => broken(&error),
    }
}

/// Ends a session.
pub(in crate::registry::http) async fn end_session(
    State(shared): State<Shared>,
    Path(id): Path<i64>,
    Sent { somebody, .. }: Sent,
) -> Response {
    match shared.store.end_session(id, somebody.person.id, (shared.now_ms)()).await {
        Ok(_) => Redirect::to("/account").into_response(),
        Err(error) => broken(&error),
    }
}

/// Ends this session.
pub(in crate::registry::http) async fn sign_out(
    State(shared): State<Shared>,
    Sent { somebody, .. }: Sent,
) -> Response {
    match shared.store.end_session(somebody.session.id, somebody.person.id, (shared.now_ms)()).await {
        Ok(_) => private(([(header::SET_COOKIE, cookie(None))], Redirect::to("/")).into_response()),
        Err(error) => broken(&error),
    }
}

/// Gives a namespace that nobody has to a team of theirs.
pub(in crate::registry::http) async fn claim(
    State(shared): State<Shared>,
    Sent { somebody, form }: Sent,
) -> Response {
    let (namespace, team) = (field(&form, "new-namespace").to_owned(), field(&form, "team").to_owned());
    let team_id = somebody.person.teams.iter().find(|(_, name)| *name == team).map(|it| it.0);
    let mut slips = Vec::new();
    let is_name = GuidelineId::new(&format!("{namespace}/x"));
    if let Err(why) = is_name {
        slips.push(Slip { field: "new-namespace", message: why });
    }
    if team_id.is_none() {
        slips.push(Slip { field: "team", message: "choose one of your teams".to_owned() });
    }
    if let (Some(team), true) = (team_id, slips.is_empty()) {
        match shared.store.claim(&namespace, team).await {
            Ok(true) => return Redirect::to("/account").into_response(),
            Ok(false) => {
                slips.push(Slip { field: "new-namespace", message: "somebody has it already".to_owned() });
            }
            Err(error) => return broken(&error),
        }
    }
    let typed = vec![("new-namespace", namespace), ("team", team)];
    show(&shared, somebody, Said { typed, slips, ..Said::default() }).await
}

/// Takes a colleague into a team, and makes a link that signs them in.
pub(in crate::registry::http) async fn add_member(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Sent { somebody, form }: Sent,
) -> Response {
    let (person, team) = (field(&form, "person").to_owned(), field(&form, "of-team").to_owned());
    let team_id = somebody.person.teams.iter().find(|(_, name)| *name == team).map(|it| it.0);
    let mut slips = Vec::new();
    if team_id.is_none() {
        slips.push(Slip { field: "of-team", message: "choose one of your teams".to_owned() });
    }
    if let Err(message) = name(&person) {
        slips.push(Slip { field: "person", message });
    }
    if let (Some(team), true) = (team_id, slips.is_empty()) {
        let secret = match random(&shared) {
            Ok(random) => Secret::new(random),
            Err(answer) => return answer,
        };
        let now = (shared.now_ms)();
        let link = (secret.hash(), now + LINK_MS);
        match shared
            .store
            .new_person_in_team(&person, team, (&link.0, link.1), (somebody.person.id, now))
            .await
        {
            Ok(NewPerson::In) => {
                let what = format!("The link that signs {person} in, once, within a day");
                let root = super::super::feed::root(&shared, &headers);
                let link = format!("{root}/sign-in/{}", secret.show());
                return show(&shared, somebody, Said { secret: Some((what, link)), ..Said::default() }).await;
            }
            Ok(NewPerson::NotTheirTeam) => {
                let message = "you are not in this team any more".to_owned();
                slips.push(Slip { field: "of-team", message });
            }
            Ok(NewPerson::NameIsTaken) => {
                let message =
                    "somebody of this name is here already; the operator takes them into the team".to_owned();
                slips.push(Slip { field: "person", message });
            }
            Err(error) => return broken(&error),
        }
    }
    let typed = vec![("person", person), ("of-team", team)];
    show(&shared, somebody, Said { typed, slips, ..Said::default() }).await
}

/// Takes somebody out of a team of theirs, with the keys that they made for its namespaces.
pub(in crate::registry::http) async fn remove_member(
    State(shared): State<Shared>,
    Path((team, person)): Path<(i64, i64)>,
    Sent { somebody, .. }: Sent,
) -> Response {
    // A team that is not theirs has no members that they know of.
    if !somebody.person.teams.iter().any(|(own, _)| *own == team) {
        return Redirect::to("/account").into_response();
    }
    match shared.store.leave(team, person, (somebody.person.id, (shared.now_ms)())).await {
        Ok(true) => Redirect::to("/account").into_response(),
        Ok(false) => {
            let message = "the last one of a team stays in it; take in somebody else first".to_owned();
            let slips = vec![Slip { field: "colleagues", message }];
            show(&shared, somebody, Said { slips, ..Said::default() }).await
        }
        Err(error) => broken(&error),
    }
}
