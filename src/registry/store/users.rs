//! People, teams, sessions, and the keys that people make.

use super::begin::BeginWrite as _;
use super::{Store, sql};
use crate::registry::flow::{Held, Session};

/// A key as a list of them shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct TokenRow {
    pub id: i64,
    pub scope: String,
    pub created_ms: i64,
    pub expires_ms: i64,
    pub used_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
}

/// Somebody, with what they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Person {
    pub id: i64,
    pub name: String,
    /// Teams, by name.
    pub teams: Vec<(i64, String)>,
    /// Namespaces of those teams, by name.
    pub namespaces: Vec<String>,
}

impl Person {
    /// Whether they may publish in a namespace.
    pub(in crate::registry) fn has(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|own| own == namespace)
    }
}

/// What came of taking somebody new into a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum NewPerson {
    /// They are in it.
    In,
    /// Somebody has the name.
    NameIsTaken,
    /// Whoever asked is not in the team (any more).
    NotTheirTeam,
}

impl Store {
    /// Takes somebody new into a team, with a link (its hash and its end) that signs them in, made by somebody (their
    /// number), who has to be in the team. A name that somebody has is left alone: a link for them would let its
    /// maker sign in as them.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn new_person_in_team(
        &self,
        name: &str,
        team: i64,
        (link, expires_ms): (&str, i64),
        (by, now_ms): (i64, i64),
    ) -> Result<NewPerson, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            // Whoever takes the maker out waits, or was first.
            sqlx::query(sql::HOLD_TEAM).bind(team).execute(&mut *transaction).await?;
            let members: Vec<(i64,)> =
                sqlx::query_as(sql::MEMBERS_OF_TEAM).bind(team).fetch_all(&mut *transaction).await?;
            if !members.contains(&(by,)) {
                transaction.rollback().await?;
                return Ok(NewPerson::NotTheirTeam);
            }
            let added = sqlx::query(sql::ADD_PERSON).bind(name).bind(now_ms).execute(&mut *transaction).await?;
            if added.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(NewPerson::NameIsTaken);
            }
            let (person,): (i64,) =
                sqlx::query_as(sql::PERSON_BY_NAME).bind(name).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(team).bind(person).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_LINK).bind(link).bind(person).bind(expires_ms).bind(by).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(NewPerson::In)
        })
    }

    /// The person that an identity provider knows as `subject`; made where there is none, with the first free name
    /// that begins with `wish`.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn person_of_provider(
        &self,
        issuer: &str,
        subject: &str,
        wish: &str,
        now_ms: i64,
    ) -> Result<i64, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            for nth in 1..100 {
                let known: Option<(i64,)> = sqlx::query_as(sql::PERSON_BY_SUBJECT)
                    .bind(issuer)
                    .bind(subject)
                    .fetch_optional(&mut *transaction)
                    .await?;
                if let Some((id,)) = known {
                    transaction.commit().await?;
                    return Ok(id);
                }
                let name = if nth == 1 { wish.to_owned() } else { format!("{wish}-{nth}") };
                sqlx::query(sql::ADD_PERSON_OF_PROVIDER)
                    .bind(&name)
                    .bind(issuer)
                    .bind(subject)
                    .bind(now_ms)
                    .execute(&mut *transaction)
                    .await?;
            }
            Err(sqlx::Error::RowNotFound)
        })
    }

    /// Somebody by number.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn person(&self, id: i64) -> Result<Option<Person>, sqlx::Error> {
        on!(self, pool => {
            let name: Option<(String,)> =
                sqlx::query_as(sql::PERSON).bind(id).fetch_optional(pool).await?;
            let Some((name,)) = name else { return Ok(None) };
            let teams: Vec<(i64, String)> =
                sqlx::query_as(sql::TEAMS_OF).bind(id).fetch_all(pool).await?;
            let namespaces: Vec<(String,)> =
                sqlx::query_as(sql::NAMESPACES_OF).bind(id).fetch_all(pool).await?;
            Ok(Some(Person { id, name, teams, namespaces: namespaces.into_iter().map(|it| it.0).collect() }))
        })
    }

    /// Gives a namespace that nobody has to a team. Returns whether it has it now.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn claim(&self, namespace: &str, team: i64) -> Result<bool, sqlx::Error> {
        let added = on!(self, pool => sqlx::query(sql::CLAIM_NAMESPACE)
            .bind(namespace)
            .bind(team)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(added == 1)
    }

    /// Uses a link, once. Returns whom it signs in; `None` where it is none, is over or was used.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn use_link(
        &self,
        hash: &str,
        now_ms: i64,
    ) -> Result<Option<i64>, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let used = sqlx::query(sql::USE_LINK)
                .bind(hash)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if used != 1 {
                return Ok(None);
            }
            let (person,): (i64,) =
                sqlx::query_as(sql::PERSON_OF_LINK).bind(hash).fetch_one(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(Some(person))
        })
    }

    /// Begins a session. Returns whether it began: none does for somebody who is locked.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn add_session(
        &self,
        hash: &str,
        person: i64,
        agent: &str,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        let begun = on!(self, pool => sqlx::query(sql::ADD_SESSION)
            .bind(hash)
            .bind(person)
            .bind(agent)
            .bind(now_ms)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(begun == 1)
    }

    /// The session with this hash.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn session(&self, hash: &str) -> Result<Option<Session>, sqlx::Error> {
        let found: Option<Row> =
            on!(self, pool => sqlx::query_as(sql::SESSION).bind(hash).fetch_optional(pool).await?);
        Ok(found.map(session))
    }

    /// Says that a session is used.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn session_seen(&self, id: i64, now_ms: i64) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::SESSION_SEEN).bind(id).bind(now_ms).execute(pool).await.map(|_| ()))
    }

    /// The sessions of somebody, the last first.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn sessions(&self, person: i64) -> Result<Vec<Session>, sqlx::Error> {
        let found: Vec<Row> =
            on!(self, pool => sqlx::query_as(sql::SESSIONS).bind(person).fetch_all(pool).await?);
        Ok(found.into_iter().map(session).collect())
    }

    /// Ends a session of somebody. Returns whether it was theirs and was not over.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn end_session(
        &self,
        id: i64,
        person: i64,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        let ended = on!(self, pool => sqlx::query(sql::END_SESSION)
            .bind(id)
            .bind(person)
            .bind(now_ms)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(ended == 1)
    }

    /// The keys that somebody made, the last first.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn tokens(&self, person: i64) -> Result<Vec<TokenRow>, sqlx::Error> {
        let found: Vec<KeyRow> =
            on!(self, pool => sqlx::query_as(sql::TOKENS).bind(person).fetch_all(pool).await?);
        let row = |(id, scope, created_ms, expires_ms, used_ms, revoked_ms)| TokenRow {
            id,
            scope,
            created_ms,
            expires_ms,
            used_ms,
            revoked_ms,
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// Takes back one key of somebody. Returns whether it was theirs and was not taken back.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn revoke_one(
        &self,
        id: i64,
        person: i64,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        let revoked = on!(self, pool => sqlx::query(sql::REVOKE_ONE)
            .bind(id)
            .bind(person)
            .bind(now_ms)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(revoked == 1)
    }
}

type KeyRow = (i64, String, i64, i64, Option<i64>, Option<i64>);
type Row = (i64, i64, String, i64, i64, Option<i64>);

fn session((id, person, agent, created_ms, seen_ms, ended_ms): Row) -> Session {
    Session { id, person, agent, created_ms, seen_ms, ended_ms }
}

/// Keys of machines.
impl Store {
    /// Keeps a key that the operator made: its hash, for whom it is, what it may do, and from when until when. It is on
    /// nobody's page: a name says not for certain whose it is.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn add_token(
        &self,
        hash: &str,
        held: &Held,
        created_ms: i64,
    ) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::ADD_TOKEN)
            .bind(hash)
            .bind(&held.owner)
            .bind(&held.scope)
            .bind(created_ms)
            .bind(held.expires_ms)
            .bind(None::<i64>)
            .execute(pool)
            .await
            .map(|_| ()))
    }

    /// Keeps a key that somebody made for a namespace of one of their teams. Returns whether they still are in it; else
    /// nothing is kept: whoever is taken out at this moment would keep a key.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn add_token_of(
        &self,
        person: i64,
        hash: &str,
        held: &Held,
        created_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(sql::HOLD_TEAM_OF_SCOPE).bind(&held.scope).execute(&mut *transaction).await?;
            let added = sqlx::query(sql::ADD_TOKEN_OF_MEMBER)
                .bind(hash)
                .bind(&held.owner)
                .bind(&held.scope)
                .bind(created_ms)
                .bind(held.expires_ms)
                .bind(person)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(added.rows_affected() == 1)
        })
    }

    /// The key with this hash.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn token(&self, hash: &str) -> Result<Option<Held>, sqlx::Error> {
        let found: Option<(String, String, i64, Option<i64>)> =
            on!(self, pool => sqlx::query_as(sql::TOKEN).bind(hash).fetch_optional(pool).await?);
        Ok(found.map(|(owner, scope, expires_ms, revoked_ms)| Held { owner, scope, expires_ms, revoked_ms }))
    }

    /// Says that a key was used.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn token_used(&self, hash: &str, now_ms: i64) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::TOKEN_USED).bind(hash).bind(now_ms).execute(pool).await.map(|_| ()))
    }

    /// Takes back every key of whoever has this name. Returns how many there were.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn revoke(&self, owner: &str, now_ms: i64) -> Result<u64, sqlx::Error> {
        on!(self, pool => sqlx::query(sql::REVOKE)
            .bind(owner)
            .bind(now_ms)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
    }
}

/// What tests begin with: people and links without the questions that the program asks before.
#[cfg(test)]
impl Store {
    /// The person with this name in this team; both are made where there are none.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn person_in_team(
        &self,
        person: &str,
        team: &str,
        now_ms: i64,
    ) -> Result<i64, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(sql::ADD_PERSON).bind(person).bind(now_ms).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_TEAM).bind(team).execute(&mut *transaction).await?;
            let (person,): (i64,) =
                sqlx::query_as(sql::PERSON_BY_NAME).bind(person).fetch_one(&mut *transaction).await?;
            let (team,): (i64,) =
                sqlx::query_as(sql::TEAM_BY_NAME).bind(team).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(team).bind(person).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(person)
        })
    }

    /// Keeps a link that signs somebody in.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn add_link(
        &self,
        hash: &str,
        person: i64,
        expires_ms: i64,
    ) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::ADD_LINK)
            .bind(hash)
            .bind(person)
            .bind(expires_ms)
            .bind(None::<i64>)
            .execute(pool)
            .await
            .map(|_| ()))
    }
}
