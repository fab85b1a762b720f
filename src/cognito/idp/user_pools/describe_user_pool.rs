//! `DescribeUserPool`: a pool's configuration, as given and with Cognito's defaults.
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::user_pools::described;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::pools;

/// Cognito: `DescribeUserPool`.
#[derive(Debug)]
pub struct DescribeUserPool;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
}

impl Operation for DescribeUserPool {
    const NAME: &'static str = "DescribeUserPool";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let domains = work.domains().for_pool(&pool.id).await?;
        let users = work.users().list(&pool.id, None, 1000).await?.len();
        Ok(json!({ "UserPool": described(call, &pool, &domains, i64::try_from(users).unwrap_or(i64::MAX)) }))
    }
}
