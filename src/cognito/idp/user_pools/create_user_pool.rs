//! `CreateUserPool`: a new tenant with its signing keys.
//!
//! Owns the translation only; the rules are `user_pools::pools`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cognito::idp::user_pools::described;
use crate::cognito::operation::{Call, Effect, Operation, Reach};
use crate::model::failure::Failure;
use crate::user_pools::pools::{self, NewPool};

/// Cognito: `CreateUserPool`.
#[derive(Debug)]
pub struct CreateUserPool;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    pool_name: String,
    #[serde(flatten)]
    document: Map<String, Value>,
}

impl Operation for CreateUserPool {
    const NAME: &'static str = "CreateUserPool";
    const EFFECT: Effect = Effect::Write;
    const REACH: Reach = Reach::Everything;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let context = &call.context;
        let new = NewPool { id: None, name: input.pool_name, declared: false, document: input.document };
        let prepared = pools::prepare(context, new).await?;
        let mut work = context.ports.store.begin().await?;
        pools::insert(&mut work, &prepared).await?;
        work.commit().await?;
        let pool = prepared.pool;
        call.note("user_pool.id", pool.id.clone());
        Ok(json!({ "UserPool": described(call, &pool, &[], 0) }))
    }
}
