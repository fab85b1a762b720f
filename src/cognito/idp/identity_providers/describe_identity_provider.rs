//! `DescribeIdentityProvider`: a provider's settings, as Cognito with its secret in clear for callers with full access.
//!
//! Owns the translation only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::identity_providers::described;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::{identity_providers, pools};

/// Cognito: `DescribeIdentityProvider`.
#[derive(Debug)]
pub struct DescribeIdentityProvider;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    provider_name: String,
}

impl Operation for DescribeIdentityProvider {
    const NAME: &'static str = "DescribeIdentityProvider";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let provider = identity_providers::find(&mut work, &pool.id, &input.provider_name).await?;
        call.note("provider", provider.name.clone());
        let secrets =
            if call.caller.is_full() { identity_providers::open_secrets(&call.context, &provider)? } else { BTreeMap::new() };
        Ok(json!({ "IdentityProvider": described(&provider, &secrets) }))
    }
}
