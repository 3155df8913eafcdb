//! People as the operator sees them: who the first one is, who somebody is, and who may come in no longer.
//!
//! A name says little: whoever an identity provider knows may have chosen theirs, and so did whoever made a link for a
//! colleague. Rights are given to somebody by number.

use super::begin::BeginWrite as _;
use super::{Store, sql};

/// Somebody, with what says who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Known {
    pub id: i64,
    pub name: String,
    /// Issuer and subject, where an identity provider knows them.
    pub identity: Option<(String, String)>,
    pub locked_ms: Option<i64>,
    /// Teams, by name.
    pub teams: Vec<String>,
}

impl Known {
    /// Whether it is they who are meant by a name that is taken into a team: by number; else only somebody without an
    /// identity, who is in the team already.
    fn is_meant(&self, team: &str, number: Option<i64>) -> bool {
        match number {
            Some(number) => number == self.id,
            None => self.identity.is_none() && self.teams.iter().any(|own| own == team),
        }
    }
}

/// What became of somebody who was to be taken into a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Taken {
    /// They are in it, and the link is kept.
    In(Known),
    /// Somebody has the name, and is not the one with the number, or there was no number and they might be anybody.
    Unsure(Known),
    /// They are locked.
    Locked(Known),
    /// A number was given, and nobody has the name.
    Nobody,
}

/// What ended when somebody was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Ended {
    pub sessions: u64,
    pub links: u64,
    pub keys: u64,
}

const ANYBODY: &str = "SELECT id FROM person LIMIT 1";
const EVERYBODY: &str = "SELECT id, name, issuer, subject, locked_ms FROM person ORDER BY id";
const ONE_BY_NAME: &str = "SELECT id, name, issuer, subject, locked_ms FROM person WHERE name = $1";
const ONE_BY_ID: &str = "SELECT id, name, issuer, subject, locked_ms FROM person WHERE id = $1";
const EVERY_MEMBER: &str = "SELECT member.person_id, team.name FROM member JOIN team ON team.id = member.team_id \
    ORDER BY team.name";
const LOCK: &str = "UPDATE person SET locked_ms = $2 WHERE id = $1 AND locked_ms IS NULL";
const UNLOCK: &str = "UPDATE person SET locked_ms = NULL WHERE id = $1 AND locked_ms IS NOT NULL";
const END_SESSIONS: &str = "UPDATE session SET ended_ms = $2 WHERE person_id = $1 AND ended_ms IS NULL";
const END_LINKS: &str = "UPDATE sign_in_link SET used_ms = $2 WHERE (person_id = $1 OR made_by = $1) AND used_ms IS NULL AND expires_ms > $2";
const REVOKE_OWN: &str = "UPDATE token SET revoked_ms = $2 WHERE person_id = $1 AND revoked_ms IS NULL";
const KEYS_FOR: &str = "SELECT COUNT(*) FROM token WHERE owner = $1 AND person_id IS NULL AND revoked_ms IS NULL AND expires_ms > $2";

/// All of them, for the test that both databases understand them.
#[cfg(test)]
pub(super) const ALL: [&str; 11] = [
    ANYBODY,
    EVERYBODY,
    ONE_BY_NAME,
    ONE_BY_ID,
    EVERY_MEMBER,
    LOCK,
    UNLOCK,
    END_SESSIONS,
    END_LINKS,
    REVOKE_OWN,
    KEYS_FOR,
];

type Row = (i64, String, Option<String>, Option<String>, Option<i64>);

fn known((id, name, issuer, subject, locked_ms): Row, teams: Vec<String>) -> Known {
    Known { id, name, identity: issuer.zip(subject), locked_ms, teams }
}

impl Store {
    /// Makes the first person, in a team, with a link (its hash, and its end) that signs them in, where nobody is there
    /// yet. Returns whether it did: of two that ask at once, one does.
    ///
    /// # Errors
    /// What the database says; then nobody is made.
    pub(in crate::registry) async fn first_person(
        &self,
        person: &str,
        team: &str,
        (link, expires_ms): (&str, i64),
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let anybody: Option<(i64,)> = sqlx::query_as(ANYBODY).fetch_optional(&mut *transaction).await?;
            if anybody.is_some() {
                return Ok(false);
            }
            // PostgreSQL lets two come this far: the second waits here, and changes nothing.
            let added =
                sqlx::query(sql::ADD_PERSON).bind(person).bind(now_ms).execute(&mut *transaction).await?;
            if added.rows_affected() != 1 {
                return Ok(false);
            }
            let (id,): (i64,) =
                sqlx::query_as(sql::PERSON_BY_NAME).bind(person).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_TEAM).bind(team).execute(&mut *transaction).await?;
            let (team,): (i64,) =
                sqlx::query_as(sql::TEAM_BY_NAME).bind(team).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(team).bind(id).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_LINK).bind(link).bind(id).bind(expires_ms).bind(None::<i64>).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    /// Takes somebody into a team, and keeps a link (its hash, and its end) that signs them in. Person and team are made
    /// where there are none. Whoever is there already must be meant for certain: by number, or (without an identity)
    /// by being in the team.
    ///
    /// # Errors
    /// What the database says; then nobody is taken.
    pub(in crate::registry) async fn take_into_team(
        &self,
        (person, team): (&str, &str),
        number: Option<i64>,
        (link, expires_ms): (&str, i64),
        now_ms: i64,
    ) -> Result<Taken, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let added =
                sqlx::query(sql::ADD_PERSON).bind(person).bind(now_ms).execute(&mut *transaction).await?;
            let is_new = added.rows_affected() == 1;
            if is_new && number.is_some() {
                return Ok(Taken::Nobody);
            }
            let row: Row = sqlx::query_as(ONE_BY_NAME).bind(person).fetch_one(&mut *transaction).await?;
            let teams: Vec<(i64, String)> =
                sqlx::query_as(sql::TEAMS_OF).bind(row.0).fetch_all(&mut *transaction).await?;
            let mut known = known(row, teams.into_iter().map(|it| it.1).collect());
            if !is_new && !known.is_meant(team, number) {
                return Ok(Taken::Unsure(known));
            }
            if known.locked_ms.is_some() {
                return Ok(Taken::Locked(known));
            }
            sqlx::query(sql::ADD_TEAM).bind(team).execute(&mut *transaction).await?;
            let (id,): (i64,) =
                sqlx::query_as(sql::TEAM_BY_NAME).bind(team).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(id).bind(known.id).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_LINK)
                .bind(link)
                .bind(known.id)
                .bind(expires_ms)
                .bind(None::<i64>)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            if !known.teams.iter().any(|own| own == team) {
                known.teams.push(team.to_owned());
            }
            Ok(Taken::In(known))
        })
    }

    /// Everybody, in the order in which they came.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn everybody(&self) -> Result<Vec<Known>, sqlx::Error> {
        let (rows, members): (Vec<Row>, Vec<(i64, String)>) = on!(self, pool => {
            let rows = sqlx::query_as(EVERYBODY).fetch_all(pool).await?;
            (rows, sqlx::query_as(EVERY_MEMBER).fetch_all(pool).await?)
        });
        let mut teams: std::collections::BTreeMap<i64, Vec<String>> = std::collections::BTreeMap::new();
        for (person, team) in members {
            teams.entry(person).or_default().push(team);
        }
        Ok(rows
            .into_iter()
            .map(|row| {
                let own = teams.remove(&row.0).unwrap_or_default();
                known(row, own)
            })
            .collect())
    }

    /// Somebody by number.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn known_by_number(&self, id: i64) -> Result<Option<Known>, sqlx::Error> {
        let row: Option<Row> =
            on!(self, pool => sqlx::query_as(ONE_BY_ID).bind(id).fetch_optional(pool).await?);
        self.with_teams(row).await
    }

    /// Somebody by name.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn known_by_name(&self, name: &str) -> Result<Option<Known>, sqlx::Error> {
        let row: Option<Row> =
            on!(self, pool => sqlx::query_as(ONE_BY_NAME).bind(name).fetch_optional(pool).await?);
        self.with_teams(row).await
    }

    async fn with_teams(&self, row: Option<Row>) -> Result<Option<Known>, sqlx::Error> {
        let Some(row) = row else { return Ok(None) };
        let teams: Vec<(i64, String)> =
            on!(self, pool => sqlx::query_as(sql::TEAMS_OF).bind(row.0).fetch_all(pool).await?);
        Ok(Some(known(row, teams.into_iter().map(|it| it.1).collect())))
    }

    /// Locks somebody out: their sessions, links and keys end, and none begins until they are unlocked.
    ///
    /// # Errors
    /// What the database says; then nothing ended.
    pub(in crate::registry) async fn lock(&self, id: i64, now_ms: i64) -> Result<Ended, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(LOCK).bind(id).bind(now_ms).execute(&mut *transaction).await?;
            let mut ended = [0; 3];
            for (number, statement) in ended.iter_mut().zip([END_SESSIONS, END_LINKS, REVOKE_OWN]) {
                let done = sqlx::query(statement).bind(id).bind(now_ms).execute(&mut *transaction).await?;
                *number = done.rows_affected();
            }
            transaction.commit().await?;
            let [sessions, links, keys] = ended;
            Ok(Ended { sessions, links, keys })
        })
    }

    /// Lets somebody in again. Returns whether they were locked.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn unlock(&self, id: i64) -> Result<bool, sqlx::Error> {
        let done = on!(self, pool => sqlx::query(UNLOCK).bind(id).execute(pool).await?.rows_affected());
        Ok(done == 1)
    }

    /// How many keys that hold were made by the operator for somebody of this name: they are nobody's in particular.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn keys_for(&self, name: &str, now_ms: i64) -> Result<i64, sqlx::Error> {
        let (number,): (i64,) =
            on!(self, pool => sqlx::query_as(KEYS_FOR).bind(name).bind(now_ms).fetch_one(pool).await?);
        Ok(number)
    }
}
