//! Operations on identity providers, and the one form in which a provider is described.
//!
//! Owns the way of new settings through their kind's own checks, which may fetch documents: never inside a unit of work.

pub mod create_identity_provider;
pub mod delete_identity_provider;
pub mod describe_identity_provider;
pub mod get_identity_provider_by_identifier;
pub mod get_signing_certificate;
pub mod list_identity_providers;
pub mod update_identity_provider;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::base::secret::Secret;
use crate::cognito::operation::Entry;
use crate::cognito::wire;
use crate::context::Context;
use crate::federation::broker::Broker;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// The family.
pub const OPERATIONS: &[Entry] = &[
    Entry::of::<create_identity_provider::CreateIdentityProvider>(),
    Entry::of::<delete_identity_provider::DeleteIdentityProvider>(),
    Entry::of::<describe_identity_provider::DescribeIdentityProvider>(),
    Entry::of::<get_identity_provider_by_identifier::GetIdentityProviderByIdentifier>(),
    Entry::of::<get_signing_certificate::GetSigningCertificate>(),
    Entry::of::<list_identity_providers::ListIdentityProviders>(),
    Entry::of::<update_identity_provider::UpdateIdentityProvider>(),
];

/// Checks a drafted provider by its kind's own rules; they may complete its details.
pub async fn validate(context: &Context, broker: &Broker, provider: &mut IdentityProvider) -> Result<(), Failure> {
    let Some(kind) = broker.provider(provider.kind) else {
        let text = format!("Identity providers of type {} are not available in this version.", provider.kind.as_str());
        return Err(Failure::InvalidParameter(text));
    };
    kind.validate(context, provider).await
}

/// The secret that not even describe answers show (Cognito: Apple's `private_key`).
const NEVER_SHOWN: &str = "private_key";

/// A provider as describe answers show it (Cognito: `IdentityProviderType`), secrets in clear where given.
fn described(provider: &IdentityProvider, secrets: &BTreeMap<String, Secret>) -> Value {
    let mut details: Map<String, Value> = provider.details.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    details.extend(secrets.iter().filter(|(key, _)| *key != NEVER_SHOWN).map(|(key, value)| (key.clone(), value.reveal().into())));
    let mut shown = json!({
        "UserPoolId": provider.pool_id,
        "ProviderName": provider.name,
        "ProviderType": provider.kind.as_str(),
        "ProviderDetails": details,
        "AttributeMapping": provider.attribute_mapping,
        "IdpIdentifiers": provider.identifiers,
        "CreationDate": wire::date(provider.created_ms),
        "LastModifiedDate": wire::date(provider.modified_ms),
    });
    if let Some(mapping) = provider.document.get("AcrMapping") {
        shown["AcrMapping"] = mapping.clone();
    }
    shown
}
