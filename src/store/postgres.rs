//! Connecting to PostgreSQL.
//!
//! Owns the pool's size and the limits that the server itself keeps: a statement is stopped after 5 s, a forgotten transaction after
//! 30 s. Isolation is the server's default, READ COMMITTED: what must be unique is decided by unique indexes. Errors are
//! understood in `sql::dialect`.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use crate::store::StoreError;
use crate::store::sql::dialect::{Connection, understand};

/// How long work waits for a connection, a new one included.
const WAIT: Duration = Duration::from_secs(2);
/// After how long a rest a connection is tested before it is used.
const REST: Duration = Duration::from_secs(1);

/// The pool.
#[derive(Debug)]
pub struct Postgres(PgPool);

impl Postgres {
    /// A connection for anything.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        self.0.acquire().await.map(Connection::Postgres).map_err(understand)
    }
}

/// Opens `postgres://…`.
pub async fn connect(url: &str) -> Result<Postgres, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Schema("the store's URL is not a PostgreSQL URL".to_owned()))?
        .application_name("fedgate")
        .options([("statement_timeout", "5s"), ("lock_timeout", "4s"), ("idle_in_transaction_session_timeout", "30s")]);
    PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .before_acquire(|connection, facts| {
            Box::pin(async move {
                if facts.idle_for > REST {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map(Postgres)
        .map_err(understand)
}
