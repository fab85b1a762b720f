//! `DeleteIdentityProvider`: disconnects a pool from a provider; its users stay and cannot sign in through it.
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::{identity_provider_changes, pools};

/// Cognito: `DeleteIdentityProvider`.
#[derive(Debug)]
pub struct DeleteIdentityProvider;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    provider_name: String,
}

impl Operation for DeleteIdentityProvider {
    const NAME: &'static str = "DeleteIdentityProvider";
    const EFFECT: Effect = Effect::Write;
    const FAILURES: &'static [&'static str] = &["UnsupportedIdentityProviderException", "ConcurrentModificationException"];
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let context = &call.context;
        call.note("provider", input.provider_name.clone());
        let mut work = context.ports.store.begin().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let provider = identity_provider_changes::changeable(&mut work, &pool.id, &input.provider_name).await?;
        identity_provider_changes::delete(context, &mut work, &provider).await?;
        work.commit().await?;
        Ok(json!({}))
    }
}
