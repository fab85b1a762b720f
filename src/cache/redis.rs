//! The cache in Redis 6.2 or later, or Valkey: for more than one replica.
//!
//! Owns one multiplexed connection that comes back by itself, and its time limits: an answer within 500 ms, a connection within 1 s,
//! a failure within 2 s in all. A command that nobody waits for any more loses its answer; the connection tells answers apart by order and keeps
//! doing so (F-04).

use std::future::Future;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, Script};

use crate::cache::CacheError;

/// Before every key, so that the server may be shared.
const PREFIX: &str = "fedgate:";
const ANSWER: Duration = Duration::from_millis(500);
const CONNECT: Duration = Duration::from_secs(1);
/// Longer than one answer, one connection and one more answer would be too long for a request.
const PATIENCE: Duration = Duration::from_millis(1_800);
/// One step, so that no counter stays without an end.
const INCREMENT: &str = "local n = redis.call('INCR', KEYS[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n";

/// A cache in Redis.
#[derive(Clone)]
pub struct Redis {
    connection: ConnectionManager,
    increment: Script,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

impl Redis {
    /// Connects to `redis://…` or `rediss://…`.
    pub async fn connect(url: &str) -> Result<Self, CacheError> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(ANSWER))
            .set_connection_timeout(Some(CONNECT))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_millis(100));
        let client = Client::open(url).map_err(failed)?;
        let connection = bounded(ConnectionManager::new_with_config(client, config)).await?;
        Ok(Self { connection, increment: Script::new(INCREMENT) })
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<(), CacheError> {
        self.again(&redis::cmd("PING")).await
    }

    /// Reads a record.
    pub async fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        self.again(redis::cmd("GET").arg(place(key))).await
    }

    /// Writes a record.
    pub async fn put(&self, key: &str, value: &str, ttl_ms: i64) -> Result<(), CacheError> {
        self.again(redis::cmd("SET").arg(place(key)).arg(value).arg("PX").arg(ttl_ms)).await
    }

    /// Reads and removes a record. Asked only once: a second time could find the record gone by our own hand.
    pub async fn take(&self, key: &str) -> Result<Option<String>, CacheError> {
        let mut connection = self.connection.clone();
        bounded(redis::cmd("GETDEL").arg(place(key)).query_async(&mut connection)).await
    }

    /// Removes a record.
    pub async fn remove(&self, key: &str) -> Result<(), CacheError> {
        self.again(redis::cmd("DEL").arg(place(key))).await
    }

    /// Adds one to a counter.
    pub async fn increment(&self, key: &str, ttl_ms: i64) -> Result<i64, CacheError> {
        let mut connection = self.connection.clone();
        bounded(self.increment.key(place(key)).arg(ttl_ms).invoke_async(&mut connection)).await
    }

    /// Asks, and once more when the connection was lost: only for commands that may run twice.
    async fn again<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let mut connection = self.connection.clone();
        bounded(async {
            match command.query_async(&mut connection).await {
                Err(error) if error.is_connection_dropped() || error.is_connection_refusal() => {
                    command.query_async(&mut connection).await
                }
                answer => answer,
            }
        })
        .await
    }
}

fn place(key: &str) -> String {
    format!("{PREFIX}{key}")
}

async fn bounded<T>(work: impl Future<Output = Result<T, RedisError>>) -> Result<T, CacheError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(answer) => answer.map_err(failed),
        Err(_) => Err(failed(RedisError::from((ErrorKind::Io, "no answer in time")))),
    }
}

fn failed(error: RedisError) -> CacheError {
    CacheError(Box::new(error))
}
