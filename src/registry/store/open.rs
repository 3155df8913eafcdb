//! Opening the database: where it is, how it is set up, and who may have it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use super::Store;
use super::migrate::{MigrateError, is_of_today, migrate};

/// How long a statement waits for another writer.
const BUSY: Duration = Duration::from_secs(5);
/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How often, and after which pauses, a database that is being begun is tried again.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);
/// Connections.
const CONNECTIONS: u32 = 16;
/// What begins every sentence about a server. Never its address: it may hold a password.
const SERVER: &str = "the PostgreSQL database cannot be used";
/// Where the right database may be named.
const ELSEWHERE: &str = "name where it is: --config with the file that `serve` has, --data, or DATABASE_URL";

/// What is wanted of a database that must be there already: nothing is made, and its shape stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Wanted {
    /// To read: an older shape does, as far as it has what is asked for.
    Reading,
    /// To write: it must be of today's shape.
    Writing,
}

/// Why a database cannot be opened: a sentence, and what to do.
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
    /// Opens the SQLite database at `path`, and makes it where there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or was made by a later version of this program.
    pub(in crate::registry) async fn open_sqlite(path: &Path) -> Result<Self, OpenError> {
        let options = sqlite_options(path).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let what = cannot_use(path);
        Self::ready(Self::Sqlite(connect(options, &what).await?), &what).await
    }

    /// Opens the SQLite database at `path`, which must be there, as it is: it is neither made nor migrated.
    ///
    /// # Errors
    /// When there is none, it cannot be opened, or its shape is not what is wanted.
    pub(in crate::registry) async fn find_sqlite(path: &Path, wanted: Wanted) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError {
                what: format!("there is no database {}", path.display()),
                help: format!("{ELSEWHERE}; `stanchion-registry serve` makes a new one"),
            });
        }
        let what = cannot_use(path);
        let pool = connect(sqlite_options(path), &what).await?;
        Self::found(Self::Sqlite(pool), wanted, &what).await
    }

    /// Opens a PostgreSQL database.
    ///
    /// # Errors
    /// When it cannot be reached, or was made by a later version of this program.
    pub(in crate::registry) async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        Self::ready(Self::Postgres(connect_postgres(url).await?), SERVER).await
    }

    /// Opens a PostgreSQL database, which must hold a registry, as it is: it is neither begun nor migrated.
    ///
    /// # Errors
    /// When it cannot be reached, holds none, or its shape is not what is wanted.
    pub(in crate::registry) async fn find_postgres(url: &str, wanted: Wanted) -> Result<Self, OpenError> {
        Self::found(Self::Postgres(connect_postgres(url).await?), wanted, SERVER).await
    }

    /// Copies an embedded database into a file that is not there, as it is at one moment.
    ///
    /// # Errors
    /// A sentence, for a server, too: it has programs for that.
    pub(in crate::registry) async fn copy_into(&self, file: &Path) -> Result<(), String> {
        let Self::Sqlite(pool) = self else {
            return Err(
                "PostgreSQL is copied by its own programs\n  help: pg_dump --format=custom".to_owned()
            );
        };
        let Some(name) = file.to_str() else { return Err("the name of the file is not UTF-8".to_owned()) };
        sqlx::query("VACUUM INTO $1")
            .bind(name)
            .execute(pool)
            .await
            .map(|_| ())
            .map_err(|error| format!("cannot write {name}: {}", words(&error)))
    }

    /// Ends its connections, so that everything lies in its file.
    pub(in crate::registry) async fn close(&self) {
        on!(self, pool => pool.close().await);
    }

    async fn ready(store: Self, what: &str) -> Result<Self, OpenError> {
        migrate(&store).await.map_err(|error| told(error, what))?;
        Ok(store)
    }

    async fn found(store: Self, wanted: Wanted, what: &str) -> Result<Self, OpenError> {
        let is_of_today = is_of_today(&store).await.map_err(|error| told(error, what))?;
        if wanted == Wanted::Writing && !is_of_today {
            return Err(OpenError {
                what: format!("{what}: it was made by an earlier version of this program"),
                help: "back it up; `stanchion-registry serve` of this version brings it to today's shape"
                    .to_owned(),
            });
        }
        Ok(store)
    }
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // What was acknowledged outlasts a loss of power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
}

fn cannot_use(path: &Path) -> String {
    format!("the database {} cannot be used", path.display())
}

async fn connect(options: SqliteConnectOptions, what: &str) -> Result<SqlitePool, OpenError> {
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
    let mut tries = 0;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            // Of many that begin a database at once, one turns on its journal, and SQLite does not let others wait.
            Err(error) if is_busy(&error) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                return Err(OpenError {
                    what: format!("{what}: {}", words(&error)),
                    help: "give a folder that can be written with --data".to_owned(),
                });
            }
        }
    }
}

async fn connect_postgres(url: &str) -> Result<PgPool, OpenError> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
    pool.connect(url).await.map_err(|error| OpenError {
        what: format!("{SERVER}: {}", words(&error)),
        help: "look at DATABASE_URL, and whether the server is up".to_owned(),
    })
}

fn told(error: MigrateError, what: &str) -> OpenError {
    match error {
        MigrateError::Newer(number) => OpenError {
            what: format!("{what}: it was made by a later version of this program (migration {number})"),
            help: "start that version; a database is never taken back".to_owned(),
        },
        MigrateError::Empty => OpenError {
            what: format!("{what}: no registry is in it"),
            help: format!("{ELSEWHERE}; `stanchion-registry serve` begins a new one"),
        },
        MigrateError::Database(error) => OpenError {
            what: format!("{what}: {}", words(&error)),
            help: "nothing was changed; look at the rights of the database's user".to_owned(),
        },
    }
}

/// Whether SQLite has no time at the moment: SQLITE_BUSY with whatever detail.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// What a database says, in one line.
fn words(error: &sqlx::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
