//! User administration for the operator: the first user, identification, and locking.
//!
//! A name does not identify a user: users of an identity provider choose their names, and so do users who
//! create links for team members. Permissions are given by user number.

use super::begin::BeginWrite as _;
use super::{Store, sql};

/// User with the data that identifies them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct UserRecord {
    pub id: i64,
    pub name: String,
    /// Issuer and subject, for a user from an identity provider.
    pub identity: Option<(String, String)>,
    pub locked_ms: Option<i64>,
    /// Names of the teams.
    pub teams: Vec<String>,
}

impl UserRecord {
    /// Whether this is the user that the operator wants to add to a team: the number matches, or, without a
    /// number, the user has no identity and is already in the team.
    fn is_identified_by(&self, team: &str, number: Option<i64>) -> bool {
        match number {
            Some(number) => number == self.id,
            None => self.identity.is_none() && self.teams.iter().any(|own| own == team),
        }
    }
}

/// Result of adding a user to a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum JoinOutcome {
    /// The user is in the team, and the link is stored.
    Joined(UserRecord),
    /// The name belongs to a user with another number, or no number was given and the user could be a
    /// different person.
    Ambiguous(UserRecord),
    /// The user is locked.
    Locked(UserRecord),
    /// A number was given, but no user has the name.
    UnknownUser,
}

/// Access that ended when a user was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) struct EndedAccess {
    pub sessions: u64,
    pub links: u64,
    pub tokens: u64,
}

const ANY_USER: &str = "SELECT id FROM person LIMIT 1";
const ALL_USERS: &str = "SELECT id, name, issuer, subject, locked_ms FROM person ORDER BY id";
const USER_BY_NAME: &str = "SELECT id, name, issuer, subject, locked_ms FROM person WHERE name = $1";
const USER_BY_ID: &str = "SELECT id, name, issuer, subject, locked_ms FROM person WHERE id = $1";
const ALL_MEMBERS: &str = "SELECT member.person_id, team.name FROM member JOIN team ON team.id = member.team_id \
    ORDER BY team.name";
const LOCK: &str = "UPDATE person SET locked_ms = $2 WHERE id = $1 AND locked_ms IS NULL";
const UNLOCK: &str = "UPDATE person SET locked_ms = NULL WHERE id = $1 AND locked_ms IS NOT NULL";
const END_SESSIONS: &str = "UPDATE session SET ended_ms = $2 WHERE person_id = $1 AND ended_ms IS NULL";
const END_LINKS: &str = "UPDATE sign_in_link SET used_ms = $2 WHERE (person_id = $1 OR made_by = $1) AND used_ms IS NULL AND expires_ms > $2";
const REVOKE_USER_TOKENS: &str =
    "UPDATE token SET revoked_ms = $2 WHERE person_id = $1 AND revoked_ms IS NULL";
const COUNT_OPERATOR_TOKENS: &str = "SELECT COUNT(*) FROM token WHERE owner = $1 AND person_id IS NULL AND revoked_ms IS NULL AND expires_ms > $2";

/// All statements of this module, for the test that prepares them on both databases.
#[cfg(test)]
pub(super) const ALL: [&str; 11] = [
    ANY_USER,
    ALL_USERS,
    USER_BY_NAME,
    USER_BY_ID,
    ALL_MEMBERS,
    LOCK,
    UNLOCK,
    END_SESSIONS,
    END_LINKS,
    REVOKE_USER_TOKENS,
    COUNT_OPERATOR_TOKENS,
];

type UserRow = (i64, String, Option<String>, Option<String>, Option<i64>);

fn record((id, name, issuer, subject, locked_ms): UserRow, teams: Vec<String>) -> UserRecord {
    UserRecord { id, name, identity: issuer.zip(subject), locked_ms, teams }
}

impl Store {
    /// Creates the first user in a team, with a sign-in link (hash and expiry time), if there are no users.
    /// Returns whether it was created. Of two concurrent calls, only one succeeds.
    ///
    /// # Errors
    /// Returns the error of the database. No user is created in that case.
    pub(in crate::registry) async fn create_first_user(
        &self,
        user: &str,
        team: &str,
        (link, expires_ms): (&str, i64),
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let anybody: Option<(i64,)> = sqlx::query_as(ANY_USER).fetch_optional(&mut *transaction).await?;
            if anybody.is_some() {
                return Ok(false);
            }
            // In PostgreSQL, two calls can reach this point. The second waits here and adds nothing.
            let added =
                sqlx::query(sql::ADD_PERSON).bind(user).bind(now_ms).execute(&mut *transaction).await?;
            if added.rows_affected() != 1 {
                return Ok(false);
            }
            let (id,): (i64,) =
                sqlx::query_as(sql::PERSON_BY_NAME).bind(user).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_TEAM).bind(team).execute(&mut *transaction).await?;
            let (team,): (i64,) =
                sqlx::query_as(sql::TEAM_BY_NAME).bind(team).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(team).bind(id).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_LINK).bind(link).bind(id).bind(expires_ms).bind(None::<i64>).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    /// Adds a user to a team and stores a sign-in link (hash and expiry time). Creates the user and the team
    /// if they are missing. An existing user must be identified: by number, or (without an identity) by
    /// membership in the team.
    ///
    /// # Errors
    /// Returns the error of the database. No user is added in that case.
    pub(in crate::registry) async fn join_team(
        &self,
        (user, team): (&str, &str),
        number: Option<i64>,
        (link, expires_ms): (&str, i64),
        now_ms: i64,
    ) -> Result<JoinOutcome, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let added =
                sqlx::query(sql::ADD_PERSON).bind(user).bind(now_ms).execute(&mut *transaction).await?;
            let is_new = added.rows_affected() == 1;
            if is_new && number.is_some() {
                return Ok(JoinOutcome::UnknownUser);
            }
            let row: UserRow = sqlx::query_as(USER_BY_NAME).bind(user).fetch_one(&mut *transaction).await?;
            let teams: Vec<(i64, String)> =
                sqlx::query_as(sql::TEAMS_OF).bind(row.0).fetch_all(&mut *transaction).await?;
            let mut record = record(row, teams.into_iter().map(|it| it.1).collect());
            if !is_new && !record.is_identified_by(team, number) {
                return Ok(JoinOutcome::Ambiguous(record));
            }
            if record.locked_ms.is_some() {
                return Ok(JoinOutcome::Locked(record));
            }
            sqlx::query(sql::ADD_TEAM).bind(team).execute(&mut *transaction).await?;
            let (id,): (i64,) =
                sqlx::query_as(sql::TEAM_BY_NAME).bind(team).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(id).bind(record.id).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_LINK)
                .bind(link)
                .bind(record.id)
                .bind(expires_ms)
                .bind(None::<i64>)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            if !record.teams.iter().any(|own| own == team) {
                record.teams.push(team.to_owned());
            }
            Ok(JoinOutcome::Joined(record))
        })
    }

    /// All users, by id.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn users(&self) -> Result<Vec<UserRecord>, sqlx::Error> {
        let (rows, members): (Vec<UserRow>, Vec<(i64, String)>) = with_pool!(self, pool => {
            let rows = sqlx::query_as(ALL_USERS).fetch_all(pool).await?;
            (rows, sqlx::query_as(ALL_MEMBERS).fetch_all(pool).await?)
        });
        let mut teams: std::collections::BTreeMap<i64, Vec<String>> = std::collections::BTreeMap::new();
        for (user, team) in members {
            teams.entry(user).or_default().push(team);
        }
        Ok(rows
            .into_iter()
            .map(|row| {
                let own = teams.remove(&row.0).unwrap_or_default();
                record(row, own)
            })
            .collect())
    }

    /// User with a number.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn user_by_number(
        &self,
        id: i64,
    ) -> Result<Option<UserRecord>, sqlx::Error> {
        let row: Option<UserRow> =
            with_pool!(self, pool => sqlx::query_as(USER_BY_ID).bind(id).fetch_optional(pool).await?);
        self.with_teams(row).await
    }

    /// User with a name.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn user_by_name(
        &self,
        name: &str,
    ) -> Result<Option<UserRecord>, sqlx::Error> {
        let row: Option<UserRow> =
            with_pool!(self, pool => sqlx::query_as(USER_BY_NAME).bind(name).fetch_optional(pool).await?);
        self.with_teams(row).await
    }

    async fn with_teams(&self, row: Option<UserRow>) -> Result<Option<UserRecord>, sqlx::Error> {
        let Some(row) = row else { return Ok(None) };
        let teams: Vec<(i64, String)> =
            with_pool!(self, pool => sqlx::query_as(sql::TEAMS_OF).bind(row.0).fetch_all(pool).await?);
        Ok(Some(record(row, teams.into_iter().map(|it| it.1).collect())))
    }

    /// Locks a user: ends all sessions, sign-in links and tokens. New ones are not possible until the user is
    /// unlocked.
    ///
    /// # Errors
    /// Returns the error of the database. Nothing is ended in that case.
    pub(in crate::registry) async fn lock_user(
        &self,
        id: i64,
        now_ms: i64,
    ) -> Result<EndedAccess, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(LOCK).bind(id).bind(now_ms).execute(&mut *transaction).await?;
            let mut ended = [0; 3];
            for (number, statement) in ended.iter_mut().zip([END_SESSIONS, END_LINKS, REVOKE_USER_TOKENS]) {
                let done = sqlx::query(statement).bind(id).bind(now_ms).execute(&mut *transaction).await?;
                *number = done.rows_affected();
            }
            transaction.commit().await?;
            let [sessions, links, tokens] = ended;
            Ok(EndedAccess { sessions, links, tokens })
        })
    }

    /// Unlocks a user. Returns whether the user was locked.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn unlock_user(&self, id: i64) -> Result<bool, sqlx::Error> {
        let done =
            with_pool!(self, pool => sqlx::query(UNLOCK).bind(id).execute(pool).await?.rows_affected());
        Ok(done == 1)
    }

    /// Number of valid tokens that the operator created for an owner of this name. They do not belong to a
    /// particular user.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn count_operator_tokens(
        &self,
        name: &str,
        now_ms: i64,
    ) -> Result<i64, sqlx::Error> {
        let (number,): (i64,) = with_pool!(self, pool => sqlx::query_as(COUNT_OPERATOR_TOKENS).bind(name).bind(now_ms).fetch_one(pool).await?);
        Ok(number)
    }
}
