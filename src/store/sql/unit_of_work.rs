//! One connection, one transaction, and what happens when somebody stops waiting for it.
//!
//! Owns the rule that a connection goes back to its pool only when it is known to be idle and out of any transaction (F-11, sqlx
//! issue 4393): work that was interrupted, by a time-out or because the request's future was dropped, costs the connection.
//! Also makes both databases agree that a failed statement ends its unit of work.

use std::time::Duration;

use crate::store::StoreError;
use crate::store::sql::dialect::{Connection, Row, Value, understand};

/// How long a statement may take, seen from here; PostgreSQL itself stops it after 5 s.
const STATEMENT: Duration = Duration::from_secs(6);
/// How long a schema change may take.
const SCHEMA: Duration = Duration::from_mins(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waiting for the next statement.
    Idle,
    /// Inside a statement; whoever sees this from outside saw an interruption.
    Busy,
    /// A statement failed; nothing more can be done but roll back.
    Failed,
}

/// A transaction, or for reading only a bare connection whose statements each see the newest committed state.
#[derive(Debug)]
pub struct Unit {
    connection: Option<Connection>,
    state: State,
    writes: bool,
}

impl Unit {
    /// Takes over a connection for reading.
    pub fn reading(connection: Connection) -> Self {
        Self { connection: Some(connection), state: State::Idle, writes: false }
    }

    /// Begins a transaction on a connection.
    pub async fn writing(connection: Connection) -> Result<Self, StoreError> {
        let begin = connection.begin_text();
        // The unit owns the connection before the first await, so that an interrupted BEGIN discards it.
        let mut unit = Self { connection: Some(connection), state: State::Idle, writes: true };
        unit.run(STATEMENT, async |connection| connection.script(begin).await).await?;
        Ok(unit)
    }

    /// Runs one statement that changes rows and is committed by itself; how many rows. Saves the two round trips of a transaction.
    pub async fn alone(connection: Connection, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut unit = Self::reading(connection);
        unit.run(STATEMENT, async |connection| connection.execute(sql, values).await).await
    }

    /// Runs a statement that changes rows; how many.
    pub async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        if !self.writes {
            return Err(StoreError::broken("a unit of work that only reads was asked to write"));
        }
        self.run(STATEMENT, async |connection| connection.execute(sql, values).await).await
    }

    /// Runs a query.
    pub async fn fetch(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.run(STATEMENT, async |connection| connection.fetch(sql, values).await).await
    }

    /// Runs a query for at most one row.
    pub async fn fetch_one(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Runs statements of a migration.
    pub async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.run(SCHEMA, async |connection| connection.script(sql).await).await
    }

    /// Waits until this is the only unit that changes the schema.
    pub async fn lock_schema(&mut self) -> Result<(), StoreError> {
        let lock = self.connection.as_ref().map_or("SELECT 1", Connection::schema_lock_text);
        self.script(lock).await
    }

    /// Commits. An error may mean either outcome only when the connection was lost on the way.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if self.writes {
            self.run(STATEMENT, async |connection| connection.script("COMMIT").await).await?;
            self.writes = false;
        }
        Ok(())
    }

    async fn run<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Connection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let (Some(connection), State::Idle) = (&mut self.connection, self.state) else {
            return Err(StoreError::broken("the unit of work failed before"));
        };
        self.state = State::Busy;
        match tokio::time::timeout(limit, work(connection)).await {
            Ok(Ok(value)) => {
                self.state = State::Idle;
                Ok(value)
            }
            Ok(Err(error)) => {
                self.state = State::Failed;
                Err(understand(error))
            }
            // Still busy: the drop below discards the connection.
            Err(elapsed) => Err(StoreError::Unavailable(Box::new(elapsed))),
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        match (self.state, tokio::runtime::Handle::try_current()) {
            (State::Busy, _) | (_, Err(_)) => connection.discard(),
            (State::Idle, Ok(_)) if !self.writes => drop(connection),
            (State::Idle | State::Failed, Ok(runtime)) => {
                let writes = self.writes;
                runtime.spawn(async move {
                    let undone = tokio::time::timeout(STATEMENT, async {
                        // A failed read left no transaction open; asking anything shows whether the connection lives.
                        connection.script(if writes { "ROLLBACK" } else { "SELECT 1" }).await
                    });
                    if !matches!(undone.await, Ok(Ok(()))) {
                        connection.discard();
                    }
                });
            }
        }
    }
}
