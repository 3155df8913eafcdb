//! Users, sessions, sign-in links and tokens.

use super::begin::BeginWrite as _;
use super::{Store, sql};
use crate::registry::decisions::{TokenGrant, UserSession};

/// Token as shown in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct TokenRow {
    pub id: i64,
    pub scope: String,
    pub created_ms: i64,
    pub expires_ms: i64,
    pub used_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
}

/// User with teams and namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct User {
    pub id: i64,
    pub name: String,
    /// Ids and names of the teams, by name.
    pub teams: Vec<(i64, String)>,
    /// Namespaces of those teams, by name.
    pub namespaces: Vec<String>,
}

impl User {
    /// Whether the user may publish in a namespace.
    pub(in crate::registry) fn owns_namespace(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|own| own == namespace)
    }
}

/// Result of adding a new user to a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum AddUserOutcome {
    /// The user was created and added.
    Added,
    /// The name is already taken.
    NameIsTaken,
    /// The creator is not, or no longer, in the team.
    NotInTeam,
}

impl Store {
    /// Creates a user in a team, with a sign-in link (hash and expiry time). `by` is the id of the creator,
    /// who must be in the team. An existing user is not changed: the creator of a link could sign in as them.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn add_new_user_to_team(
        &self,
        name: &str,
        team: i64,
        (link, expires_ms): (&str, i64),
        (by, now_ms): (i64, i64),
    ) -> Result<AddUserOutcome, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            // Serializes with a concurrent removal of the creator.
            sqlx::query(sql::LOCK_TEAM).bind(team).execute(&mut *transaction).await?;
            let members: Vec<(i64,)> =
                sqlx::query_as(sql::MEMBERS_OF_TEAM).bind(team).fetch_all(&mut *transaction).await?;
            if !members.contains(&(by,)) {
                transaction.rollback().await?;
                return Ok(AddUserOutcome::NotInTeam);
            }
            let added = sqlx::query(sql::ADD_PERSON).bind(name).bind(now_ms).execute(&mut *transaction).await?;
            if added.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(AddUserOutcome::NameIsTaken);
            }
            let (user,): (i64,) =
                sqlx::query_as(sql::PERSON_BY_NAME).bind(name).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(team).bind(user).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_LINK).bind(link).bind(user).bind(expires_ms).bind(by).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(AddUserOutcome::Added)
        })
    }

    /// User that an identity provider knows as `subject`. A new user gets the first free name that begins
    /// with `preferred_name`.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn user_of_provider(
        &self,
        issuer: &str,
        subject: &str,
        preferred_name: &str,
        now_ms: i64,
    ) -> Result<i64, sqlx::Error> {
        with_pool!(self, pool => {
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
                let name = if nth == 1 { preferred_name.to_owned() } else { format!("{preferred_name}-{nth}") };
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

    /// User with an id.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn user(&self, id: i64) -> Result<Option<User>, sqlx::Error> {
        with_pool!(self, pool => {
            let name: Option<(String,)> =
                sqlx::query_as(sql::PERSON).bind(id).fetch_optional(pool).await?;
            let Some((name,)) = name else { return Ok(None) };
            let teams: Vec<(i64, String)> =
                sqlx::query_as(sql::TEAMS_OF).bind(id).fetch_all(pool).await?;
            let namespaces: Vec<(String,)> =
                sqlx::query_as(sql::NAMESPACES_OF).bind(id).fetch_all(pool).await?;
            Ok(Some(User { id, name, teams, namespaces: namespaces.into_iter().map(|it| it.0).collect() }))
        })
    }

    /// Gives a free namespace to a team. Returns whether the team got it.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn claim_namespace(
        &self,
        namespace: &str,
        team: i64,
    ) -> Result<bool, sqlx::Error> {
        let added = with_pool!(self, pool => sqlx::query(sql::CLAIM_NAMESPACE)
            .bind(namespace)
            .bind(team)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(added == 1)
    }

    /// Uses a sign-in link, which works once. Returns the user id; `None` if the link is unknown, expired or
    /// used.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn use_link(
        &self,
        hash: &str,
        now_ms: i64,
    ) -> Result<Option<i64>, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let marked = sqlx::query(sql::USE_LINK)
                .bind(hash)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if marked != 1 {
                return Ok(None);
            }
            let (user,): (i64,) =
                sqlx::query_as(sql::PERSON_OF_LINK).bind(hash).fetch_one(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(Some(user))
        })
    }

    /// Creates a session. Returns `false` if the user is locked.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn add_session(
        &self,
        hash: &str,
        user: i64,
        agent: &str,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        let begun = with_pool!(self, pool => sqlx::query(sql::ADD_SESSION)
            .bind(hash)
            .bind(user)
            .bind(agent)
            .bind(now_ms)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(begun == 1)
    }

    /// Session with a hash.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn session(&self, hash: &str) -> Result<Option<UserSession>, sqlx::Error> {
        let found: Option<SessionRow> =
            with_pool!(self, pool => sqlx::query_as(sql::SESSION).bind(hash).fetch_optional(pool).await?);
        Ok(found.map(session))
    }

    /// Updates the time of the last use of a session.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn touch_session(&self, id: i64, now_ms: i64) -> Result<(), sqlx::Error> {
        with_pool!(self, pool => sqlx::query(sql::SESSION_SEEN).bind(id).bind(now_ms).execute(pool).await.map(|_| ()))
    }

    /// Sessions of a user, the newest first.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn sessions(&self, user: i64) -> Result<Vec<UserSession>, sqlx::Error> {
        let found: Vec<SessionRow> =
            with_pool!(self, pool => sqlx::query_as(sql::SESSIONS).bind(user).fetch_all(pool).await?);
        Ok(found.into_iter().map(session).collect())
    }

    /// Ends a session of a user. Returns whether the session belonged to the user and was active.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn end_session(
        &self,
        id: i64,
        user: i64,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        let ended = with_pool!(self, pool => sqlx::query(sql::END_SESSION)
            .bind(id)
            .bind(user)
            .bind(now_ms)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(ended == 1)
    }

    /// Tokens that a user created, the newest first.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn tokens(&self, user: i64) -> Result<Vec<TokenRow>, sqlx::Error> {
        let found: Vec<TokenColumns> =
            with_pool!(self, pool => sqlx::query_as(sql::TOKENS).bind(user).fetch_all(pool).await?);
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

    /// Revokes a token of a user. Returns whether the token belonged to the user and was not yet revoked.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn revoke_token(
        &self,
        id: i64,
        user: i64,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        let revoked = with_pool!(self, pool => sqlx::query(sql::REVOKE_ONE)
            .bind(id)
            .bind(user)
            .bind(now_ms)
            .execute(pool)
            .await?
            .rows_affected());
        Ok(revoked == 1)
    }
}

type TokenColumns = (i64, String, i64, i64, Option<i64>, Option<i64>);
type SessionRow = (i64, i64, String, i64, i64, Option<i64>);

fn session((id, user, agent, created_ms, seen_ms, ended_ms): SessionRow) -> UserSession {
    UserSession { id, user, agent, created_ms, seen_ms, ended_ms }
}

/// Access tokens.
impl Store {
    /// Stores a token that the operator created. It is not shown on an account page, because an owner name
    /// does not identify a user.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn add_operator_token(
        &self,
        hash: &str,
        grant: &TokenGrant,
        created_ms: i64,
    ) -> Result<(), sqlx::Error> {
        with_pool!(self, pool => sqlx::query(sql::ADD_TOKEN)
            .bind(hash)
            .bind(&grant.owner)
            .bind(&grant.scope)
            .bind(created_ms)
            .bind(grant.expires_ms)
            .bind(None::<i64>)
            .execute(pool)
            .await
            .map(|_| ()))
    }

    /// Stores a token that a user created for a namespace of one of their teams. Returns `false` and stores
    /// nothing if the user is no longer in the team: a user who is being removed must not keep a token.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn add_user_token(
        &self,
        user: i64,
        hash: &str,
        grant: &TokenGrant,
        created_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(sql::LOCK_TEAM_OF_SCOPE).bind(&grant.scope).execute(&mut *transaction).await?;
            let added = sqlx::query(sql::ADD_TOKEN_OF_MEMBER)
                .bind(hash)
                .bind(&grant.owner)
                .bind(&grant.scope)
                .bind(created_ms)
                .bind(grant.expires_ms)
                .bind(user)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(added.rows_affected() == 1)
        })
    }

    /// Token with a hash.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn token(&self, hash: &str) -> Result<Option<TokenGrant>, sqlx::Error> {
        let found: Option<(String, String, i64, Option<i64>)> =
            with_pool!(self, pool => sqlx::query_as(sql::TOKEN).bind(hash).fetch_optional(pool).await?);
        Ok(found.map(|(owner, scope, expires_ms, revoked_ms)| TokenGrant {
            owner,
            scope,
            expires_ms,
            revoked_ms,
        }))
    }

    /// Records the use of a token.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn record_token_use(
        &self,
        hash: &str,
        now_ms: i64,
    ) -> Result<(), sqlx::Error> {
        with_pool!(self, pool => sqlx::query(sql::TOKEN_USED).bind(hash).bind(now_ms).execute(pool).await.map(|_| ()))
    }

    /// Revokes all tokens of an owner. Returns their number.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn revoke_tokens_of(
        &self,
        owner: &str,
        now_ms: i64,
    ) -> Result<u64, sqlx::Error> {
        with_pool!(self, pool => sqlx::query(sql::REVOKE)
            .bind(owner)
            .bind(now_ms)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
    }
}

/// Helpers for tests: users and links without the checks of the program.
#[cfg(test)]
impl Store {
    /// User with a name in a team. Creates both if they are missing.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn create_user_in_team(
        &self,
        user: &str,
        team: &str,
        now_ms: i64,
    ) -> Result<i64, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(sql::ADD_PERSON).bind(user).bind(now_ms).execute(&mut *transaction).await?;
            sqlx::query(sql::ADD_TEAM).bind(team).execute(&mut *transaction).await?;
            let (user,): (i64,) =
                sqlx::query_as(sql::PERSON_BY_NAME).bind(user).fetch_one(&mut *transaction).await?;
            let (team,): (i64,) =
                sqlx::query_as(sql::TEAM_BY_NAME).bind(team).fetch_one(&mut *transaction).await?;
            sqlx::query(sql::ADD_MEMBER).bind(team).bind(user).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(user)
        })
    }

    /// Stores a sign-in link.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn add_link(
        &self,
        hash: &str,
        user: i64,
        expires_ms: i64,
    ) -> Result<(), sqlx::Error> {
        with_pool!(self, pool => sqlx::query(sql::ADD_LINK)
            .bind(hash)
            .bind(user)
            .bind(expires_ms)
            .bind(None::<i64>)
            .execute(pool)
            .await
            .map(|_| ()))
    }
}
