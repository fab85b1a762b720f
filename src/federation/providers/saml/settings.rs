//! The settings of a SAML provider: Cognito's `ProviderDetails` keys, read and checked.
//!
//! Owns which keys there are and their form. Does no I/O: what the metadata says is `descriptors`'.

use std::collections::BTreeMap;

use crate::federation::providers::saml::descriptors::source::QUERY_BASE;
use crate::federation::saml::keys::SigningCertificate;
use crate::model::failure::Failure;

/// Settings that are `true` or `false`. `AllowLegacyEncryption` is ours: it lets a provider encrypt with AES-CBC and RSAES-PKCS1-v1_5.
const SWITCHES: [&str; 4] = ["IDPInit", "IDPSignout", "EncryptedResponses", "AllowLegacyEncryption"];

/// The only algorithm that signs our requests.
const REQUEST_SIGNING: &str = "rsa-sha256";

/// Refuses unknown keys and contradictions; names the key.
pub fn check(details: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (key, value) in details {
        if SWITCHES.contains(&key.as_str()) && !["true", "false"].contains(&value.as_str()) {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} must be true or false")));
        }
        if key == "RequestSigningAlgorithm" && value != REQUEST_SIGNING {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} must be {REQUEST_SIGNING}")));
        }
        let known = [
            "MetadataURL",
            "MetadataFile",
            "SSORedirectBindingURI",
            "SLORedirectBindingURI",
            "ActiveEncryptionCertificate",
            "RequestSigningAlgorithm",
            "EntityId",
            "MetadataSigningCertificate",
        ];
        if ![&known[..], &SWITCHES].concat().contains(&key.as_str()) {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not a key of SAML providers")));
        }
    }
    metadata_source(details)?;
    match (details.contains_key("MetadataURL"), details.contains_key("MetadataFile")) {
        (true, false) | (false, true) => Ok(()),
        _ => Err(Failure::InvalidParameter("ProviderDetails takes exactly one of MetadataURL and MetadataFile".to_owned())),
    }
}

/// What fedgate knows beyond Cognito: which entity of many (`EntityId`), and who must have signed the metadata.
fn metadata_source(details: &BTreeMap<String, String>) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::InvalidParameter(format!("ProviderDetails.{text}")));
    let entity_id = details.get("EntityId");
    if entity_id.is_some_and(|entity_id| entity_id.is_empty() || entity_id.len() > 1_024) {
        return refuse("EntityId must have 1 to 1024 characters");
    }
    if entity_id.is_none() && details.get("MetadataURL").is_some_and(|url| url.ends_with(QUERY_BASE)) {
        return refuse("MetadataURL is a metadata query service: EntityId must say which entity");
    }
    match details.get("MetadataSigningCertificate") {
        None => Ok(()),
        Some(_) if details.contains_key("MetadataFile") => {
            refuse("MetadataSigningCertificate is for MetadataURL; a MetadataFile is trusted as it is given")
        }
        Some(text) if SigningCertificate::read_all(text).is_some() => Ok(()),
        Some(_) => refuse("MetadataSigningCertificate must be certificates (PEM or base64) with RSA keys of 2048 bits or EC keys"),
    }
}

/// Whether this provider may send answers that nobody asked for.
pub fn takes_unsolicited(details: &BTreeMap<String, String>) -> bool {
    is_on(details, "IDPInit")
}

/// Whether single logout is done with this provider.
pub fn signs_out(details: &BTreeMap<String, String>) -> bool {
    is_on(details, "IDPSignout")
}

/// Whether our requests to this provider are signed.
pub fn signs_requests(details: &BTreeMap<String, String>) -> bool {
    details.get("RequestSigningAlgorithm").is_some_and(|algorithm| algorithm == REQUEST_SIGNING)
}

/// Whether this provider encrypts its assertions; then it must.
pub fn encrypted(details: &BTreeMap<String, String>) -> bool {
    is_on(details, "EncryptedResponses")
}

/// Whether this provider may encrypt with algorithms that protect no integrity.
pub fn allows_legacy_encryption(details: &BTreeMap<String, String>) -> bool {
    is_on(details, "AllowLegacyEncryption")
}

fn is_on(details: &BTreeMap<String, String>, key: &str) -> bool {
    details.get(key).is_some_and(|value| value == "true")
}
