//! `DescribeUserPoolClient`: a client's configuration, with its secret for callers with full access.
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::app_clients::described;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::{app_clients, pools};

/// Cognito: `DescribeUserPoolClient`.
#[derive(Debug)]
pub struct DescribeUserPoolClient;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    client_id: String,
}

impl Operation for DescribeUserPoolClient {
    const NAME: &'static str = "DescribeUserPoolClient";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let client = app_clients::find(&mut work, &pool.id, &input.client_id).await?;
        call.note("client.id", client.id.clone());
        let secret = if call.caller.is_full() { app_clients::open_secret(&call.context, &client)? } else { None };
        Ok(json!({ "UserPoolClient": described(&client, secret.as_ref()) }))
    }
}
