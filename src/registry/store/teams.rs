//! Who is in a team with whom, and leaving one.

use super::begin::BeginWrite as _;
use super::{Store, sql};

/// Somebody in a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Colleague {
    pub team_id: i64,
    pub team: String,
    pub person_id: i64,
    pub person: String,
}

impl Store {
    /// Everybody in the teams of a person, themselves as well, by team and name.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn colleagues(&self, person: i64) -> Result<Vec<Colleague>, sqlx::Error> {
        let rows: Vec<(i64, String, i64, String)> =
            on!(self, pool => sqlx::query_as(sql::COLLEAGUES).bind(person).fetch_all(pool).await?);
        let colleague = |(team_id, team, person_id, person)| Colleague { team_id, team, person_id, person };
        Ok(rows.into_iter().map(colleague).collect())
    }

    /// The team that has a namespace.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn team_of(&self, namespace: &str) -> Result<Option<i64>, sqlx::Error> {
        let team: Option<(i64,)> = on!(self, pool => sqlx::query_as(sql::TEAM_OF_NAMESPACE).bind(namespace).fetch_optional(pool).await?);
        Ok(team.map(|(id,)| id))
    }

    /// Takes a person out of a team, with the keys that they made for its namespaces and the links that they made
    /// for others in it, if `by` is in the team (else nobody is taken out). Returns `false` where they are the last one of
    /// it, who stays: or nobody could ever take somebody in again.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn leave(
        &self,
        team: i64,
        person: i64,
        (by, now_ms): (i64, i64),
    ) -> Result<bool, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            // Of two who take each other out one has to wait.
            sqlx::query(sql::HOLD_TEAM).bind(team).execute(&mut *transaction).await?;
            let members: Vec<(i64,)> =
                sqlx::query_as(sql::MEMBERS_OF_TEAM).bind(team).fetch_all(&mut *transaction).await?;
            if !members.contains(&(person,)) || !members.contains(&(by,)) {
                transaction.rollback().await?;
                return Ok(true);
            }
            if members.len() == 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
            sqlx::query(sql::END_LINKS_OF_TEAM)
                .bind(team)
                .bind(person)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(sql::REMOVE_MEMBER).bind(team).bind(person).execute(&mut *transaction).await?;
            sqlx::query(sql::REVOKE_OF_TEAM)
                .bind(team)
                .bind(person)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
    }
}
