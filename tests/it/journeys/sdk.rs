//! Unmodified boto3 against the gateway, on both sets of backends: every operation that it has, each with its refusals.

use fedgate::base::clock::Clock;

use crate::harness::gateway::{ADMIN_KEY, TestGateway};
use crate::harness::storage::Backend;
use crate::real::boto3;

async fn journey(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    // The SDK signs with the machine's time.
    gateway.ports().clock.advance_ms(Clock::System.now_ms() - gateway.now_ms());
    let report = boto3::operations(&gateway.address_url, ADMIN_KEY.0, ADMIN_KEY.1).await;
    assert_eq!(report["failed"], serde_json::json!({}), "{report}");
    assert!(report["passed"].as_array().unwrap().len() >= 29, "{report}");
}

#[tokio::test]
async fn boto3_administers_a_gateway_on_sqlite_and_memory() {
    journey(Backend::Embedded).await;
}

#[tokio::test]
async fn boto3_administers_a_gateway_on_postgresql_and_redis() {
    journey(Backend::Shared).await;
}
