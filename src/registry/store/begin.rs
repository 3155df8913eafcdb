//! Transactions that write.

use std::future::Future;

use sqlx::{Database, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// A pool whose transactions may write from their first statement on.
pub(super) trait BeginWrite {
    /// The database.
    type Db: Database;

    /// Begins. SQLite takes the one right to write at once: a transaction that reads first and writes then fails
    /// when another one has written in between, whatever its timeout.
    fn begin_write(&self)
    -> impl Future<Output = Result<Transaction<'static, Self::Db>, sqlx::Error>> + Send;
}

impl BeginWrite for SqlitePool {
    type Db = Sqlite;

    async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.begin_with("BEGIN IMMEDIATE").await
    }
}

impl BeginWrite for PgPool {
    type Db = Postgres;

    async fn begin_write(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.begin().await
    }
}
