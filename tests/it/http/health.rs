//! `/healthz` and `/readyz` (L-10).

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tokio::net::TcpStream;

use crate::harness::both_backends;
use crate::harness::gateway::{TestGateway, client};
use crate::harness::storage::{Backend, Storage};

both_backends!(a_running_gateway_is_alive_and_ready);

async fn a_running_gateway_is_alive_and_ready(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    for path in ["/healthz", "/readyz"] {
        let answer = client().get(gateway.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.text().await.unwrap(), r#"{"status":"ok"}"#, "L-10: no versions, no addresses");
        assert_eq!(client().delete(gateway.url(path)).send().await.unwrap().status(), 405);
    }
}

#[tokio::test]
async fn readyz_names_what_is_down_and_healthz_does_not_care() {
    let (redis, port) = redis().await;
    let mut storage = Storage::fresh(Backend::Embedded).await;
    storage.cache_url = format!("redis://127.0.0.1:{port}");
    let gateway = TestGateway::builder().storage(&storage).start().await;
    let ready = async || client().get(gateway.url("/readyz")).send().await.unwrap();
    assert_eq!(ready().await.status(), 200, "the control");
    drop(redis);

    let answer = ready().await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with(r#"{"status":"unavailable","down":["cache"],"#) && !text.contains("127.0.0.1"), "{text}");
    let line = gateway.last_audit();
    assert_eq!((line.event(), line.outcome(), line.get("down")), ("health.ready", "error", "cache"));
    assert_eq!(client().get(gateway.url("/healthz")).send().await.unwrap().status(), 200);
}

/// A Redis of this test's own, to be stopped.
struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn redis() -> (Redis, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed");
    let redis = Redis(child);
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::task::yield_now().await;
    }
    (redis, port)
}
