//! Write transactions.

use std::future::Future;

use sqlx::{Database, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Pool whose transactions may write from the first statement on.
pub(super) trait BeginWrite {
    /// Database type.
    type Db: Database;

    /// Begins a write transaction. In SQLite it takes the write lock at once: a transaction that first reads
    /// and then writes fails if another one wrote in between, regardless of its timeout.
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
