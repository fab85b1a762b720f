//! Unmodified boto3 (PyPI) as an administrator's script: tests/sdk/operations.py.

use std::process::Command;

use serde_json::Value;

use crate::real::{file, python, run};

/// Runs every operation against a gateway. The report has `passed`, `failed`, `user_pool_id` and `client_id`.
pub async fn operations(endpoint: &str, access_key_id: &str, secret_access_key: &str) -> Value {
    let mut program = Command::new(python());
    program.arg(file("tests/sdk/operations.py")).args([endpoint, access_key_id, secret_access_key]);
    // The user's own configuration of the SDK stays out of it.
    program.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    run(program).await.1
}
