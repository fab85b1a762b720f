//! `GetIdentityProviderByIdentifier`: the provider that an `IdpIdentifiers` entry names, as describe shows it.
//!
//! Owns the translation only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::identity_providers::described;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::{identity_providers, pools};

/// Cognito: `GetIdentityProviderByIdentifier`.
#[derive(Debug)]
pub struct GetIdentityProviderByIdentifier;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    idp_identifier: String,
}

impl Operation for GetIdentityProviderByIdentifier {
    const NAME: &'static str = "GetIdentityProviderByIdentifier";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let found = work.identity_providers().find_by_identifier(&pool.id, &input.idp_identifier).await?;
        let provider = found.ok_or_else(|| {
            Failure::ResourceNotFound(format!("Identity provider with the identifier {} does not exist.", input.idp_identifier))
        })?;
        call.note("provider", provider.name.clone());
        let secrets =
            if call.caller.is_full() { identity_providers::open_secrets(&call.context, &provider)? } else { BTreeMap::new() };
        Ok(json!({ "IdentityProvider": described(&provider, &secrets) }))
    }
}
