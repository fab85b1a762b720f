//! Redis keeps the promises; and what is its own: lives on the server, and a server that stops or stalls. The shared server is named
//! by `FEDGATE_TEST_REDIS_URL`; the tests that stop one start their own.

use std::future::Future;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fedgate::base::clock::Clock;
use fedgate::cache::{Cache, CacheError, Kind};
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::conformance::key;

fn url() -> String {
    std::env::var("FEDGATE_TEST_REDIS_URL").expect("FEDGATE_TEST_REDIS_URL names a Redis (`make test` starts one)")
}

async fn fresh() -> Cache {
    Cache::connect(&url(), Clock::System).await.unwrap()
}

async fn raw() -> MultiplexedConnection {
    redis::Client::open(url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

super::all_promises!(fresh);

#[tokio::test]
async fn records_have_a_life_on_the_server() {
    let (cache, mut raw, key) = (fresh().await, raw().await, key());
    cache.put(Kind::Code, &key, "x", 30_000).await.unwrap();
    let left: i64 = raw.pttl(format!("fedgate:code:{key}")).await.unwrap();
    assert!((20_000..=30_000).contains(&left), "{left}");
    cache.put(Kind::Code, &key, "x", 90_000).await.unwrap();
    let left: i64 = raw.pttl(format!("fedgate:code:{key}")).await.unwrap();
    assert!((80_000..=90_000).contains(&left), "{left}");
    // And it does end.
    cache.put(Kind::Code, &key, "x", 50).await.unwrap();
    eventually(async || cache.get(Kind::Code, &key).await.unwrap().is_none()).await;
}

#[tokio::test]
async fn counters_end_when_they_said_first() {
    let (cache, mut raw, key) = (fresh().await, raw().await, key());
    let place = format!("fedgate:counter:{key}");
    assert_eq!(cache.increment(Kind::Counter, &key, 30_000).await.unwrap(), 1);
    assert_eq!(cache.increment(Kind::Counter, &key, 90_000).await.unwrap(), 2);
    let left: i64 = raw.pttl(&place).await.unwrap();
    assert!((20_000..=30_000).contains(&left), "{left}");
    // A counter that lost its end gets one again.
    let _: bool = raw.persist(&place).await.unwrap();
    assert_eq!(cache.increment(Kind::Counter, &key, 30_000).await.unwrap(), 3);
    let left: i64 = raw.pttl(&place).await.unwrap();
    assert!((20_000..=30_000).contains(&left), "{left}");
}

#[tokio::test]
async fn a_server_that_stops_is_unavailable_until_it_is_back() {
    let mut server = Server::start();
    let cache = server.cache().await;
    cache.put(Kind::Code, "key", "x", 60_000).await.unwrap();
    server.stop();
    everything_fails_soon(&cache).await;
    server.run();
    eventually(async || cache.ping().await.is_ok()).await;
    // It lost everything; it takes new records.
    assert_eq!(cache.get(Kind::Code, "key").await.unwrap(), None);
    cache.put(Kind::Code, "key", "y", 60_000).await.unwrap();
    assert_eq!(cache.take(Kind::Code, "key").await.unwrap().as_deref(), Some("y"));
}

#[tokio::test]
async fn a_server_that_stalls_is_unavailable_until_it_goes_on() {
    let server = Server::start();
    let cache = server.cache().await;
    cache.put(Kind::Code, "key", "x", 60_000).await.unwrap();
    server.signal("-STOP");
    everything_fails_soon(&cache).await;
    server.signal("-CONT");
    eventually(async || cache.ping().await.is_ok()).await;
    // F-04: late answers to the questions above reach nobody.
    for number in 0..100 {
        let value = number.to_string();
        cache.put(Kind::Login, "number", &value, 60_000).await.unwrap();
        assert_eq!(cache.get(Kind::Login, "number").await.unwrap(), Some(value));
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    assert!(soon(Cache::connect("redis://127.0.0.1:1", Clock::System)).await.is_err());
}

async fn everything_fails_soon(cache: &Cache) {
    assert!(soon(cache.ping()).await.is_err());
    assert!(soon(cache.get(Kind::Code, "key")).await.is_err());
    assert!(soon(cache.put(Kind::Code, "other", "x", 1_000)).await.is_err());
    assert!(soon(cache.take(Kind::Code, "other")).await.is_err());
    assert!(soon(cache.increment(Kind::Counter, "other", 1_000)).await.is_err());
}

/// Two seconds are the longest that a request waits for the cache.
async fn soon<T>(work: impl Future<Output = Result<T, CacheError>>) -> Result<T, CacheError> {
    tokio::time::timeout(Duration::from_secs(2), work).await.expect("an answer or a failure within 2 s")
}

/// Asks again and again, for at most 20 seconds.
async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("it holds at last");
}

/// A Redis of this test's own.
struct Server {
    port: u16,
    home: TempDir,
    process: Option<Child>,
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { port, home: TempDir::new().unwrap(), process: None };
        server.run();
        server
    }

    fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
        command.arg(self.home.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("redis-server is installed (scripts/install test)"));
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    async fn cache(&self) -> Cache {
        let url = format!("redis://127.0.0.1:{}", self.port);
        let mut cache = None;
        eventually(async || {
            cache = Cache::connect(&url, Clock::System).await.ok();
            cache.is_some()
        })
        .await;
        cache.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
