//! Embedded, numbered migrations. Each runs once under a lock, so that several instances may start at the
//! same time.
//!
//! sqlx's own migrator takes no lock on SQLite: of 100 simultaneous starts, half failed when
//! it was measured.

use super::Store;
use super::begin::BeginWrite as _;

/// Number, name and SQL of each migration, in order.
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

/// Takes the advisory lock of this program in PostgreSQL. Its number is arbitrary.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7355608)";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL)";
const DONE: &str = "SELECT COALESCE(MAX(number), 0) FROM migration";
const ADD: &str = "INSERT INTO migration (number, name) VALUES ($1, $2)";

/// Reason why a database cannot be used.
#[derive(Debug)]
pub(super) enum MigrateError {
    /// A later version of this program migrated it; contains the number of its last migration.
    NewerSchema(i64),
    /// The database contains no registry.
    NoRegistry,
    /// Error of the database.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Runs all missing migrations in one transaction.
pub(super) async fn migrate(store: &Store) -> Result<(), MigrateError> {
    match store {
        Store::Sqlite(pool) => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(TABLE).execute(&mut *transaction).await?;
            let (done,): (i64,) = sqlx::query_as(DONE).fetch_one(&mut *transaction).await?;
            check_not_newer(done, SQLITE)?;
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
            check_not_newer(done, POSTGRES)?;
            for (number, name, text) in POSTGRES.iter().filter(|(number, ..)| *number > done) {
                sqlx::raw_sql(*text).execute(&mut *transaction).await?;
                sqlx::query(ADD).bind(number).bind(name).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Whether the database has the current schema. Changes nothing.
///
/// # Errors
/// Returns an error for a newer schema or a database without a registry.
pub(super) async fn is_current_schema(store: &Store) -> Result<bool, MigrateError> {
    let done: Result<(i64,), _> = with_pool!(store, pool => sqlx::query_as(DONE).fetch_one(pool).await);
    let (done,) = done.map_err(|error| {
        if is_missing_table(&error) { MigrateError::NoRegistry } else { MigrateError::Database(error) }
    })?;
    let known = match store {
        Store::Sqlite(_) => SQLITE,
        Store::Postgres(_) => POSTGRES,
    };
    check_not_newer(done, known)?;
    if done == 0 { Err(MigrateError::NoRegistry) } else { Ok(done == latest(known)) }
}

/// Whether the error means that the table is missing.
fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().is_some_and(|code| code == "42P01") || error.message().starts_with("no such table")
    })
}

fn latest(known: Migrations) -> i64 {
    known.last().map_or(0, |(number, ..)| *number)
}

fn check_not_newer(done: i64, known: Migrations) -> Result<(), MigrateError> {
    if done > latest(known) { Err(MigrateError::NewerSchema(done)) } else { Ok(()) }
}
