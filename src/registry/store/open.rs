//! Opening and configuring the database.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use super::Store;
use super::migrate::{MigrateError, is_current_schema, migrate};

/// Longest time that a statement waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time that a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of tries, and pause between them, while another process initializes the database.
const MAX_TRIES: u32 = 100;
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Largest number of connections.
const MAX_CONNECTIONS: u32 = 16;
/// Start of all messages about a server. They never contain its address, which may contain a password.
const UNUSABLE_SERVER: &str = "the PostgreSQL database cannot be used";
/// Help text for a missing database.
const LOCATION_HELP: &str =
    "give its location with --config (the file that `serve` uses), --data, or DATABASE_URL";

/// Access to an existing database, which is neither created nor migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum AccessMode {
    /// Reading; an older schema is accepted.
    Reading,
    /// Writing; the schema must be current.
    Writing,
}

/// Reason why a database cannot be opened, and what to do.
#[derive(Debug)]
pub(in crate::registry) struct OpenError {
    pub(in crate::registry) what: String,
    pub(in crate::registry) help: String,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  help: {}", self.what, self.help)
    }
}

impl Store {
    /// Opens the SQLite database at `path` and creates it if it is missing.
    ///
    /// # Errors
    /// Returns an error if it cannot be opened or has a newer schema.
    pub(in crate::registry) async fn open_sqlite(path: &Path) -> Result<Self, OpenError> {
        let options = sqlite_options(path).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let what = unusable_message(path);
        Self::migrated(Self::Sqlite(connect(options, &what).await?), &what).await
    }

    /// Opens the existing SQLite database at `path` without migration.
    ///
    /// # Errors
    /// Returns an error if it is missing, cannot be opened, or has an unsuitable schema.
    pub(in crate::registry) async fn find_sqlite(path: &Path, mode: AccessMode) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError {
                what: format!("there is no database {}", path.display()),
                help: format!("{LOCATION_HELP}; `stanchion-registry serve` creates a new one"),
            });
        }
        let what = unusable_message(path);
        let pool = connect(sqlite_options(path), &what).await?;
        Self::checked(Self::Sqlite(pool), mode, &what).await
    }

    /// Opens a PostgreSQL database and migrates it.
    ///
    /// # Errors
    /// Returns an error if it cannot be reached or has a newer schema.
    pub(in crate::registry) async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        Self::migrated(Self::Postgres(connect_postgres(url).await?), UNUSABLE_SERVER).await
    }

    /// Opens a PostgreSQL database that contains a registry, without migration.
    ///
    /// # Errors
    /// Returns an error if it cannot be reached, contains no registry, or has an unsuitable schema.
    pub(in crate::registry) async fn find_postgres(url: &str, mode: AccessMode) -> Result<Self, OpenError> {
        Self::checked(Self::Postgres(connect_postgres(url).await?), mode, UNUSABLE_SERVER).await
    }

    /// Copies the SQLite database to a new file, as one consistent snapshot.
    ///
    /// # Errors
    /// Returns a message. PostgreSQL is not supported, because it has its own backup programs.
    pub(in crate::registry) async fn copy_into(&self, file: &Path) -> Result<(), String> {
        let Self::Sqlite(pool) = self else {
            return Err(
                "`backup` copies only a SQLite database\n  help: back up PostgreSQL with `pg_dump --format=custom`".to_owned()
            );
        };
        let Some(name) = file.to_str() else { return Err("the file name is not UTF-8".to_owned()) };
        sqlx::query("VACUUM INTO $1")
            .bind(name)
            .execute(pool)
            .await
            .map(|_| ())
            .map_err(|error| format!("cannot write {name}: {}", first_line(&error)))
    }

    /// Closes all connections, so that all data is in the database file.
    pub(in crate::registry) async fn close(&self) {
        with_pool!(self, pool => pool.close().await);
    }

    async fn migrated(store: Self, what: &str) -> Result<Self, OpenError> {
        migrate(&store).await.map_err(|error| open_error(error, what))?;
        Ok(store)
    }

    async fn checked(store: Self, mode: AccessMode, what: &str) -> Result<Self, OpenError> {
        let is_current_schema = is_current_schema(&store).await.map_err(|error| open_error(error, what))?;
        if mode == AccessMode::Writing && !is_current_schema {
            return Err(OpenError {
                what: format!("{what}: it was created by an earlier version of this program"),
                help: "back it up, then start `stanchion-registry serve` of this version, which migrates it"
                    .to_owned(),
            });
        }
        Ok(store)
    }
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // Committed data must survive a power failure.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

fn unusable_message(path: &Path) -> String {
    format!("the database {} cannot be used", path.display())
}

async fn connect(options: SqliteConnectOptions, what: &str) -> Result<SqlitePool, OpenError> {
    let pool = SqlitePoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
    let mut tries = 0;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            // When several processes create a database, one of them enables the journal, and SQLite gives the
            // others an error instead of waiting.
            Err(error) if is_busy(&error) && tries < MAX_TRIES => {
                tries += 1;
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => {
                return Err(OpenError {
                    what: format!("{what}: {}", first_line(&error)),
                    help: "name a writable folder with --data".to_owned(),
                });
            }
        }
    }
}

async fn connect_postgres(url: &str) -> Result<PgPool, OpenError> {
    let pool = PgPoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
    pool.connect(url).await.map_err(|error| OpenError {
        what: format!("{UNUSABLE_SERVER}: {}", first_line(&error)),
        help: "check DATABASE_URL, whether the server is running, and whether the database exists".to_owned(),
    })
}

fn open_error(error: MigrateError, what: &str) -> OpenError {
    match error {
        MigrateError::NewerSchema(number) => OpenError {
            what: format!("{what}: it was migrated by a later version of this program (migration {number})"),
            help: "use that version; a database is never migrated back".to_owned(),
        },
        MigrateError::NoRegistry => OpenError {
            what: format!("{what}: it contains no registry"),
            help: format!("{LOCATION_HELP}; `stanchion-registry serve` creates a new one"),
        },
        MigrateError::Database(error) => OpenError {
            what: format!("{what}: {}", first_line(&error)),
            help: "nothing was changed; check the permissions of the database user".to_owned(),
        },
    }
}

/// Whether the error is SQLITE_BUSY, with any extended code.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// First line of a database error.
fn first_line(error: &sqlx::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
