//! Unmodified boto3 calls every operation of the first issue (P-05): tests/sdk/operations.py.

use fedgate::base::clock::Clock;
use serde_json::json;

use crate::harness::gateway::{ADMIN_KEY, START_MS, TestGateway};
use crate::harness::storage::Backend;
use crate::real::boto3;

#[tokio::test]
async fn p_05_boto3_signs_and_reads() {
    let gateway = TestGateway::start(Backend::Embedded).await;
    // boto3 signs with the machine's time.
    gateway.advance_s((Clock::System.now_ms() - START_MS) / 1000);
    let report = boto3::operations(&gateway.base_url, ADMIN_KEY.0, ADMIN_KEY.1).await;
    assert_eq!(report["failed"], json!({}), "{report:#}");
    assert!(report["passed"].as_array().unwrap().len() >= 35, "{report:#}");
}
