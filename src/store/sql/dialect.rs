//! What differs between the databases: how a value is bound, how a row is read, how an error is understood.
//!
//! The only place, besides the two connect files, that knows which database it talks to. Knows no table.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Executor as _, Postgres, Row as _, Sqlite};

use crate::store::StoreError;

/// A value on its way into a statement.
#[derive(Debug)]
pub enum Value<'v> {
    /// Text, or none.
    Text(Option<Cow<'v, str>>),
    /// A 64-bit integer, or none.
    Integer(Option<i64>),
    /// A truth value.
    Flag(bool),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(Some(Cow::Borrowed(value)))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(value: &'v String) -> Self {
        Self::Text(Some(Cow::Borrowed(value)))
    }
}

impl<'v> From<&'v Option<String>> for Value<'v> {
    fn from(value: &'v Option<String>) -> Self {
        Self::Text(value.as_deref().map(Cow::Borrowed))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Some(Cow::Owned(value)))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Integer(Some(i64::from(value)))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl Value<'_> {
    /// A document as JSON text.
    pub fn json<T: Serialize>(document: &T) -> Result<Self, StoreError> {
        serde_json::to_string(document).map(Self::from).map_err(StoreError::broken)
    }

    /// The single word that a unit variant serialises to.
    pub fn word<T: Serialize>(variant: &T) -> Result<Self, StoreError> {
        match serde_json::to_value(variant).map_err(StoreError::broken)? {
            serde_json::Value::String(word) => Ok(Self::from(word)),
            _ => Err(StoreError::broken("the variant is not a single word")),
        }
    }
}

/// A row that came back.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $name:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($name).map_err(StoreError::broken),
            Row::Postgres(row) => row.try_get($name).map_err(StoreError::broken),
        }
    };
}

impl Row {
    /// A text column.
    pub fn text(&self, name: &str) -> Result<String, StoreError> {
        column!(self, name)
    }

    /// A text column that may be null.
    pub fn maybe_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        column!(self, name)
    }

    /// An integer column.
    pub fn integer(&self, name: &str) -> Result<i64, StoreError> {
        column!(self, name)
    }

    /// An integer column that may be null.
    pub fn maybe_integer(&self, name: &str) -> Result<Option<i64>, StoreError> {
        column!(self, name)
    }

    /// A boolean column.
    pub fn flag(&self, name: &str) -> Result<bool, StoreError> {
        column!(self, name)
    }

    /// A document column.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(name)?).map_err(StoreError::broken)
    }

    /// A column written by [`Value::word`].
    pub fn word<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        serde_json::from_value(serde_json::Value::String(self.text(name)?)).map_err(StoreError::broken)
    }
}

/// A connection taken from a pool.
#[derive(Debug)]
pub enum Connection {
    /// To SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// To PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

macro_rules! bound {
    ($arguments:ty, $values:expr) => {{
        let mut arguments = <$arguments>::default();
        for value in $values {
            match value {
                Value::Text(text) => arguments.add(text.as_deref()),
                Value::Integer(integer) => arguments.add(*integer),
                Value::Flag(flag) => arguments.add(*flag),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        arguments
    }};
}

impl Connection {
    /// How a transaction that may write begins. SQLite takes the write lock at once: upgrading later can fail.
    pub fn begin_text(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        }
    }

    /// What makes two replicas that migrate at once wait for each other, inside a transaction. SQLite's write lock does already.
    pub fn schema_lock_text(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SELECT 1",
            Self::Postgres(_) => "SET LOCAL statement_timeout = '60s'; SELECT pg_advisory_xact_lock(7151839204)",
        }
    }

    /// Runs one statement; how many rows it changed.
    pub async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query_with::<Sqlite, _>(sql, bound!(SqliteArguments, values));
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
            Self::Postgres(connection) => {
                let query = sqlx::query_with::<Postgres, _>(sql, bound!(PgArguments, values));
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
        }
    }

    /// Runs one statement; the rows that it gave.
    pub async fn fetch(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query_with::<Sqlite, _>(sql, bound!(SqliteArguments, values));
                Ok(query.fetch_all(&mut **connection).await?.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(connection) => {
                let query = sqlx::query_with::<Postgres, _>(sql, bound!(PgArguments, values));
                Ok(query.fetch_all(&mut **connection).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs statements without values, unprepared.
    pub async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => (&mut **connection).execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::Postgres(connection) => (&mut **connection).execute(sqlx::raw_sql(sql)).await.map(drop),
        }
    }

    /// Closes the connection instead of giving it back: somebody stopped waiting in the middle of its work (F-11).
    pub fn discard(self) {
        match self {
            Self::Sqlite(connection) => drop(connection.detach()),
            Self::Postgres(connection) => drop(connection.detach()),
        }
    }
}

/// What an error of the driver means to us.
pub fn understand(error: sqlx::Error) -> StoreError {
    use sqlx::Error;
    let unavailable = match &error {
        Error::Database(refused) if refused.is_unique_violation() => return StoreError::Duplicate,
        Error::Database(refused) => refused.code().is_some_and(|code| is_transient(&code)),
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        _ => false,
    };
    if unavailable { StoreError::Unavailable(Box::new(error)) } else { StoreError::broken(error) }
}

/// Whether the code says that the same work may succeed later. PostgreSQL's codes have five characters (its manual, appendix A);
/// SQLite's are numbers of at most four digits whose low byte is the kind (sqlite.org/rescode.html).
fn is_transient(code: &str) -> bool {
    if code.len() == 5 {
        // Connection trouble, resources, shutdown, a cancelled or waiting statement, lost races, and a primary that became a standby.
        ["08", "53", "57", "58", "40"].iter().any(|class| code.starts_with(class)) || matches!(code, "55P03" | "25P03" | "25006")
    } else {
        // BUSY, LOCKED, IOERR, FULL, CANTOPEN.
        code.parse::<u32>().is_ok_and(|number| matches!(number & 0xff, 5 | 6 | 10 | 13 | 14))
    }
}
