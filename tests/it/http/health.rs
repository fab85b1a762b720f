//! `/healthz` and `/readyz` (L-10).

use crate::harness::both_backends;
use crate::harness::gateway::{TestGateway, client};
use crate::harness::storage::Backend;

both_backends!(a_running_gateway_is_alive_and_ready);

async fn a_running_gateway_is_alive_and_ready(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    for path in ["/healthz", "/readyz"] {
        let answer = client().get(gateway.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.text().await.unwrap(), r#"{"status":"ok"}"#, "L-10: no versions, no addresses");
    }
}
