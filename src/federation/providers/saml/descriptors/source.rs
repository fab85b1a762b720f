//! Where a provider's metadata comes from, as its settings say.
//!
//! Owns the four forms: a file in the settings, a URL that serves one entity, a URL that serves an aggregate (`EntityId` chooses),
//! and a metadata query service (a `MetadataURL` that ends in `/entities/`, and `EntityId`; draft-young-md-query section 2).
//! Does not own whether the settings contradict each other: `settings` checked that before they were saved.

use serde_json::json;

use crate::base::digest::sha256_b64;
use crate::federation::saml::keys::SigningCertificate;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// The end of the base URL of a metadata query service.
pub const QUERY_BASE: &str = "/entities/";

/// The forms.
#[derive(Debug)]
pub enum Source<'p> {
    /// The document itself, and the entity to choose in it.
    File(&'p str, Option<&'p str>),
    /// A published document.
    Url(Remote),
}

/// A published document.
#[derive(Clone, Debug)]
pub struct Remote {
    /// The pool.
    pub pool_id: String,
    /// The provider's name in it.
    pub provider: String,
    /// What is asked.
    pub url: String,
    /// The entity that the settings choose.
    pub entity_id: Option<String>,
    /// Whether the document may hold many entities and be large.
    pub aggregate: bool,
    /// Who must have signed it: the setting as it stands.
    pub signer: Option<String>,
    /// Digest of all of it and of the provider's creation: a copy from another source does not count.
    pub identity: String,
    /// Where the entity id is pinned that the first copy named, when the settings choose none.
    pub pin_name: String,
}

impl Remote {
    /// Who must have signed the document; empty: nobody. Nothing when the setting cannot be read, which never means "nobody".
    pub fn signers(&self) -> Option<Vec<SigningCertificate>> {
        self.signer.as_deref().map_or_else(|| Some(Vec::new()), SigningCertificate::read_all)
    }
}

/// Reads the settings.
pub fn of(provider: &IdentityProvider) -> Result<Source<'_>, Failure> {
    let detail = |key: &str| provider.details.get(key).map(String::as_str);
    let entity_id = detail("EntityId");
    if let Some(xml) = detail("MetadataFile") {
        return Ok(Source::File(xml, entity_id));
    }
    let base = detail("MetadataURL").ok_or(Failure::FederationRefused { reason: "metadata_missing" })?;
    let signer = detail("MetadataSigningCertificate");
    let query = entity_id.filter(|_| base.ends_with(QUERY_BASE));
    let url = query.map_or_else(|| base.to_owned(), |entity_id| format!("{base}{}", percent_encoded(entity_id)));
    let digest = |whose: &serde_json::Value| sha256_b64(whose.to_string().as_bytes());
    Ok(Source::Url(Remote {
        pool_id: provider.pool_id.clone(),
        provider: provider.name.clone(),
        url,
        entity_id: entity_id.map(str::to_owned),
        aggregate: entity_id.is_some() && query.is_none(),
        signer: signer.map(str::to_owned),
        identity: digest(&json!([provider.created_ms, base, entity_id, signer])),
        // With the provider itself, so that one made anew starts anew.
        pin_name: format!("saml_entity_id:{}", digest(&json!([provider.pool_id, provider.name, provider.created_ms, base]))),
    }))
}

/// Everything but unreserved characters encoded (RFC 3986 section 2.3), as metadata query services expect it.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
