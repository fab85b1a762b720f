//! `CreateIdentityProvider`: connects a pool to an identity provider.
//!
//! Owns the translation only; the rules are `user_pools::identity_providers` and the provider's own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cognito::idp::identity_providers::{described, validate};
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::identity_providers::{self, NewProvider};
use crate::user_pools::pools;

/// Cognito: `CreateIdentityProvider`.
#[derive(Debug)]
pub struct CreateIdentityProvider;

/// The request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    provider_name: String,
    provider_type: String,
    provider_details: BTreeMap<String, String>,
    #[serde(default)]
    attribute_mapping: BTreeMap<String, String>,
    #[serde(default)]
    idp_identifiers: Vec<String>,
    acr_mapping: Option<Value>,
}

impl Operation for CreateIdentityProvider {
    const NAME: &'static str = "CreateIdentityProvider";
    const EFFECT: Effect = Effect::Write;
    const FAILURES: &'static [&'static str] = &["DuplicateProviderException"];
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let context = &call.context;
        let mut document = Map::new();
        document.extend(input.acr_mapping.map(|mapping| ("AcrMapping".to_owned(), mapping)));
        let new = NewProvider {
            name: input.provider_name,
            kind: input.provider_type,
            details: input.provider_details,
            attribute_mapping: input.attribute_mapping,
            identifiers: input.idp_identifiers,
            declared: false,
            document: Value::Object(document),
        };
        call.note("provider", new.name.clone());
        let mut work = context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        drop(work);
        let mut provider = identity_providers::draft(context, &pool, new)?;
        validate(context, &call.broker, &mut provider).await?;
        let mut work = context.ports.store.begin().await?;
        // The pool again: it may be gone after the provider's documents were fetched.
        pools::find(&mut work, &pool.id).await?;
        identity_providers::insert(&mut work, &provider).await?;
        work.commit().await?;
        Ok(json!({ "IdentityProvider": described(&provider, &identity_providers::open_secrets(context, &provider)?) }))
    }
}
