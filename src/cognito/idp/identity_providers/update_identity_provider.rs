//! `UpdateIdentityProvider`: new settings for a provider; members that are absent stay as they are.
//!
//! Owns the order: read, check by the provider's own rules outside any unit of work, write unless it changed meanwhile.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::identity_providers::{described, validate};
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::identity_provider_changes::{self, Change};
use crate::user_pools::{identity_providers, pools};

/// Cognito: `UpdateIdentityProvider`.
#[derive(Debug)]
pub struct UpdateIdentityProvider;

/// The request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    provider_name: String,
    provider_details: Option<BTreeMap<String, String>>,
    attribute_mapping: Option<BTreeMap<String, String>>,
    idp_identifiers: Option<Vec<String>>,
    acr_mapping: Option<Value>,
}

impl Operation for UpdateIdentityProvider {
    const NAME: &'static str = "UpdateIdentityProvider";
    const EFFECT: Effect = Effect::Write;
    const FAILURES: &'static [&'static str] = &["UnsupportedIdentityProviderException", "ConcurrentModificationException"];
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let context = &call.context;
        call.note("provider", input.provider_name.clone());
        let mut work = context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let stored = identity_provider_changes::changeable(&mut work, &pool.id, &input.provider_name).await?;
        drop(work);
        let new_details = input.provider_details.is_some();
        let change = Change {
            details: input.provider_details,
            attribute_mapping: input.attribute_mapping,
            identifiers: input.idp_identifiers,
            acr_mapping: input.acr_mapping,
        };
        let mut provider = identity_provider_changes::changed(context, &pool, &stored, change)?;
        match validate(context, &call.broker, &mut provider).await {
            // The settings were good when they were saved; a host that is down now is no reason against a new mapping.
            Err(Failure::ProviderUnavailable { .. }) if !new_details => provider.details.clone_from(&stored.details),
            checked => checked?,
        }
        identity_provider_changes::check_places(&stored, &provider)?;
        let mut work = context.ports.store.begin().await?;
        identity_provider_changes::replace(&mut work, &stored, &provider).await?;
        work.commit().await?;
        Ok(json!({ "IdentityProvider": described(&provider, &identity_providers::open_secrets(context, &provider)?) }))
    }
}
