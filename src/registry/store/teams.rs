//! Members of teams.

use super::begin::BeginWrite as _;
use super::{Store, sql};

/// Member of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct TeamMember {
    pub team_id: i64,
    pub team: String,
    pub user_id: i64,
    pub user: String,
}

impl Store {
    /// Members of all teams of a user, including the user, by team and name.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn team_members(&self, user: i64) -> Result<Vec<TeamMember>, sqlx::Error> {
        let rows: Vec<(i64, String, i64, String)> =
            with_pool!(self, pool => sqlx::query_as(sql::TEAM_MEMBERS).bind(user).fetch_all(pool).await?);
        let member = |(team_id, team, user_id, user)| TeamMember { team_id, team, user_id, user };
        Ok(rows.into_iter().map(member).collect())
    }

    /// Team that owns a namespace.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn team_of_namespace(
        &self,
        namespace: &str,
    ) -> Result<Option<i64>, sqlx::Error> {
        let team: Option<(i64,)> = with_pool!(self, pool => sqlx::query_as(sql::TEAM_OF_NAMESPACE).bind(namespace).fetch_optional(pool).await?);
        Ok(team.map(|(id,)| id))
    }

    /// Removes a user from a team. Also revokes the tokens that the user created for its namespaces, and the
    /// sign-in links that the user created for other members. Does nothing if `by` is not in the team.
    /// Returns `false` for the last member, who must stay: otherwise no one could add members.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn remove_from_team(
        &self,
        team: i64,
        user: i64,
        (by, now_ms): (i64, i64),
    ) -> Result<bool, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            // Of two members who remove each other, the second waits here.
            sqlx::query(sql::LOCK_TEAM).bind(team).execute(&mut *transaction).await?;
            let members: Vec<(i64,)> =
                sqlx::query_as(sql::MEMBERS_OF_TEAM).bind(team).fetch_all(&mut *transaction).await?;
            if !members.contains(&(user,)) || !members.contains(&(by,)) {
                transaction.rollback().await?;
                return Ok(true);
            }
            if members.len() == 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
            sqlx::query(sql::END_LINKS_OF_TEAM)
                .bind(team)
                .bind(user)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(sql::REMOVE_MEMBER).bind(team).bind(user).execute(&mut *transaction).await?;
            sqlx::query(sql::REVOKE_OF_TEAM)
                .bind(team)
                .bind(user)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
    }
}
