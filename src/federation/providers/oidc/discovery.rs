//! The discovery document of an OpenID provider (OpenID Connect Discovery sections 3 and 4.3).
//!
//! Owns which members count and the issuer comparison (O-05). Fetching and keeping is `documents`'; settings made by hand win
//! over it, which is decided in `endpoints`.

use std::str::FromStr as _;

use jsonwebtoken::Algorithm;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, ProviderMetadata};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::federation::providers::oidc::strict_json;

/// The largest discovery document, bytes.
pub const LIMIT: usize = 256 * 1024;

/// The algorithms that we verify; asymmetric ones only (O-06).
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What of the document counts; a member that we do not use cannot make it bad.
const MEMBERS: [&str; 10] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "authorization_response_iss_parameter_supported",
];

/// A discovery document whose issuer is the configured one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// `authorization_endpoint`.
    pub authorize_url: String,
    /// `token_endpoint`.
    pub token_url: String,
    /// `userinfo_endpoint`.
    pub attributes_url: Option<String>,
    /// `jwks_uri`.
    pub jwks_uri: String,
    /// What it signs ID tokens with, of what we verify. Not empty.
    pub algorithms: Vec<Algorithm>,
    /// Whether client credentials go into the form; else into the `authorization` header.
    pub secret_in_form: bool,
    /// Whether its answers carry `iss` (RFC 9207 section 3).
    pub announces_iss: bool,
}

/// RFC 9207 section 3.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Reads a document that must be of `issuer`; the error is a reason for the log.
pub fn parse(bytes: &[u8], issuer: &str) -> Result<Discovery, &'static str> {
    let mut object = strict_json::object(bytes).ok_or("discovery_malformed")?;
    object.retain(|name, _| MEMBERS.contains(&name.as_str()));
    let metadata: Metadata = serde_json::from_value(Value::Object(object)).map_err(|_| "discovery_incomplete")?;
    if metadata.issuer().as_str() != issuer {
        return Err("discovery_issuer_mismatch");
    }
    let listed: Vec<Algorithm> = metadata
        .id_token_signing_alg_values_supported()
        .iter()
        .filter_map(|name| serde_json::to_value(name).ok())
        .filter_map(|name| name.as_str().and_then(|name| Algorithm::from_str(name).ok()))
        .collect();
    let algorithms: Vec<Algorithm> = ALGORITHMS.into_iter().filter(|known| listed.contains(known)).collect();
    if algorithms.is_empty() {
        return Err("discovery_without_usable_algorithm");
    }
    let token_url = metadata.token_endpoint().ok_or("discovery_incomplete")?;
    Ok(Discovery {
        authorize_url: metadata.authorization_endpoint().as_str().to_owned(),
        token_url: token_url.as_str().to_owned(),
        attributes_url: metadata.userinfo_endpoint().map(|url| url.as_str().to_owned()),
        jwks_uri: metadata.jwks_uri().as_str().to_owned(),
        algorithms,
        // Discovery section 3: a provider that lists no methods takes the header.
        secret_in_form: metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretPost)),
        announces_iss: metadata.additional_metadata().authorization_response_iss_parameter_supported,
    })
}
