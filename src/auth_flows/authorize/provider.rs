//! `identity_provider` and `idp_identifier` name a provider that the client offers and that is enabled (O-20, A-18).
//!
//! Missing, disabled and not offered look alike to the app: which providers a pool has is not everybody's business.

use crate::auth_flows::authorization::OWN_DIRECTORY;
use crate::auth_flows::authorize::Named;
use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest provider name that is looked up (Cognito: 32).
pub const MAX_NAME: usize = 32;

/// Longest identifier that is looked up (Cognito: 40, or more for domains: RFC 1035).
pub const MAX_IDENTIFIER: usize = 253;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let name = draft.get("identity_provider");
    if name.is_none() && draft.get("idp_identifier").is_none() {
        return Ok(());
    }
    let Some(client) = &draft.client else { return Err(Fault::Page("client_unknown")) };
    let offered = |name: &str| client.providers.iter().any(|offered| offered == name);
    if name == Some(OWN_DIRECTORY) {
        if !offered(OWN_DIRECTORY) {
            return Err(unavailable());
        }
        draft.named = Named::OwnDirectory;
        return Ok(());
    }
    match &draft.provider {
        Some(provider) if provider.enabled && offered(&provider.name) => {
            draft.named = Named::External(provider.name.clone());
            Ok(())
        }
        _ => Err(unavailable()),
    }
}

fn unavailable() -> Fault {
    Fault::invalid("the identity provider is not available", "provider_unavailable_to_client")
}
