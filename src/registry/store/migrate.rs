//! Migrations: embedded, numbered, each once, under a lock, so that any number of instances may start at once.
//!
//! sqlx's own migrator takes no lock on SQLite: of 100 simultaneous starts half failed (design, GUARANTEES.md B5).

use super::Store;
use super::begin::BeginWrite as _;

/// Number, name and text of each migration, in order.
type Migrations = &'static [(i64, &'static str, &'static str)];

const SQLITE: Migrations = &[
    (1, "versions", include_str!("../../../migrations/sqlite/0001_versions.sql")),
    (2, "tokens", include_str!("../../../migrations/sqlite/0002_tokens.sql")),
    (3, "names", include_str!("../../../migrations/sqlite/0003_names.sql")),
    (4, "people", include_str!("../../../migrations/sqlite/0004_people.sql")),
];
const POSTGRES: Migrations = &[
    (1, "versions", include_str!("../../../migrations/postgres/0001_versions.sql")),
    (2, "tokens", include_str!("../../../migrations/postgres/0002_tokens.sql")),
    (3, "names", include_str!("../../../migrations/postgres/0003_names.sql")),
    (4, "people", include_str!("../../../migrations/postgres/0004_people.sql")),
];

/// Any number: the lock of this program in PostgreSQL.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7355608)";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL)";
const DONE: &str = "SELECT COALESCE(MAX(number), 0) FROM migration";
const ADD: &str = "INSERT INTO migration (number, name) VALUES ($1, $2)";

/// Why a database cannot be used.
#[derive(Debug)]
pub(super) enum MigrateError {
    /// It was made by a later version of this program.
    Newer(i64),
    /// No registry is in it.
    Empty,
    /// What the database says.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Brings the database to today's shape: all at once, or not at all.
pub(super) async fn migrate(store: &Store) -> Result<(), MigrateError> {
    match store {
        Store::Sqlite(pool) => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(TABLE).execute(&mut *transaction).await?;
            let (done,): (i64,) = sqlx::query_as(DONE).fetch_one(&mut *transaction).await?;
            newer(done, SQLITE)?;
            for (number, name, text) in SQLITE.iter().filter(|(number, ..)| *number > done) {
                sqlx::raw_sql(*text).execute(&mut *transaction).await?;
                sqlx::query(ADD).bind(number).bind(name).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Store::Postgres(pool) => {
            let mut transaction = pool.begin().await?;
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            sqlx::query(TABLE).execute(&mut *transaction).await?;
            let (done,): (i64,) = sqlx::query_as(DONE).fetch_one(&mut *transaction).await?;
            newer(done, POSTGRES)?;
            for (number, name, text) in POSTGRES.iter().filter(|(number, ..)| *number > done) {
                sqlx::raw_sql(*text).execute(&mut *transaction).await?;
                sqlx::query(ADD).bind(number).bind(name).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Whether the database has today's shape: an older one has not. Nothing is changed.
pub(super) async fn is_of_today(store: &Store) -> Result<bool, MigrateError> {
    let done: Result<(i64,), _> = on!(store, pool => sqlx::query_as(DONE).fetch_one(pool).await);
    let (done,) =
        done.map_err(
            |error| {
                if is_no_table(&error) { MigrateError::Empty } else { MigrateError::Database(error) }
            },
        )?;
    let known = match store {
        Store::Sqlite(_) => SQLITE,
        Store::Postgres(_) => POSTGRES,
    };
    newer(done, known)?;
    if done == 0 { Err(MigrateError::Empty) } else { Ok(done == last(known)) }
}

/// Whether a database says that it has no such table.
fn is_no_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().is_some_and(|code| code == "42P01") || error.message().starts_with("no such table")
    })
}

fn last(known: Migrations) -> i64 {
    known.last().map_or(0, |(number, ..)| *number)
}

fn newer(done: i64, known: Migrations) -> Result<(), MigrateError> {
    if done > last(known) { Err(MigrateError::Newer(done)) } else { Ok(()) }
}
