//! Connecting to SQLite, the embedded default.
//!
//! Owns the file's place and the connection settings: write-ahead log, one writer, a few readers that never wait for it, foreign keys
//! on. `sqlite::memory:` is a database that vanishes with its [`Home`]; it lives on the memory file system so that readers and
//! the writer behave exactly as on disk. Errors are understood in `sql::dialect`.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::base::random::Random;
use crate::store::StoreError;
use crate::store::sql::dialect::{Connection, understand};

/// How long work waits for a connection or a lock.
const WAIT: Duration = Duration::from_secs(2);
/// Connections for reading.
const READERS: u32 = 4;

/// A directory that is removed with its last user.
#[derive(Debug)]
pub struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The two pools on one file.
#[derive(Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Where a passing database lives.
    _home: Option<Home>,
}

impl Sqlite {
    /// The one connection that writes.
    pub async fn writer(&self) -> Result<Connection, StoreError> {
        self.writer.acquire().await.map(Connection::Sqlite).map_err(understand)
    }

    /// A connection that reads.
    pub async fn reader(&self) -> Result<Connection, StoreError> {
        self.readers.acquire().await.map(Connection::Sqlite).map_err(understand)
    }
}

/// Opens `sqlite://PATH` (relative or absolute) or `sqlite::memory:`; the file and its directory are created when missing,
/// readable by their owner only.
pub async fn connect(url: &str) -> Result<Sqlite, StoreError> {
    let (path, home) = if url == "sqlite::memory:" {
        let home = passing_home().map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        (home.0.join("fedgate.db"), Some(home))
    } else {
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        if path.is_empty() {
            return Err(StoreError::Schema("the store's URL names no file: sqlite://PATH".to_owned()));
        }
        (PathBuf::from(path), None)
    };
    prepare(&path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;

    let common = SqliteConnectOptions::new().filename(&path).foreign_keys(true).busy_timeout(WAIT);
    let writing = common.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
    let writer = pool(1).connect_with(writing).await.map_err(understand)?;
    let readers = pool(READERS).connect_lazy_with(common.pragma("query_only", "ON"));
    Ok(Sqlite { writer, readers, _home: home })
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // A file does not go away by itself: connections are neither tested nor retired.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None)
}

fn prepare(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty() && !directory.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    // SQLite gives its log and index files the mode of the database file.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn passing_home() -> io::Result<Home> {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let path = parent.join(format!("fedgate-{}", Random::System.token()));
    DirBuilder::new().mode(0o700).create(&path)?;
    Ok(Home(path))
}
