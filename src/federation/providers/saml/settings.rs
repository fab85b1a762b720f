//! The settings of a SAML provider: Cognito's `ProviderDetails` keys, read and checked.
//!
//! Owns which keys there are and their form. Does no I/O: what the metadata says is `descriptors`'.

use std::collections::BTreeMap;

use crate::model::failure::Failure;

/// Settings that Cognito knows and this build refuses instead of ignoring them.
const NOT_YET: [&str; 2] = ["IDPInit", "IDPSignout"];

/// Settings that are `true` or `false`. `AllowLegacyEncryption` is ours: it lets a provider encrypt with AES-CBC and RSAES-PKCS1-v1_5.
const SWITCHES: [&str; 2] = ["EncryptedResponses", "AllowLegacyEncryption"];

/// The only algorithm that signs our requests.
const REQUEST_SIGNING: &str = "rsa-sha256";

/// Refuses unknown keys and contradictions; names the key.
pub fn check(details: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (key, value) in details {
        if NOT_YET.contains(&key.as_str()) && value != "false" {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not available yet")));
        }
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
        ];
        if ![&known[..], &NOT_YET, &SWITCHES].concat().contains(&key.as_str()) {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not a key of SAML providers")));
        }
    }
    match (details.contains_key("MetadataURL"), details.contains_key("MetadataFile")) {
        (true, false) | (false, true) => Ok(()),
        _ => Err(Failure::InvalidParameter("ProviderDetails takes exactly one of MetadataURL and MetadataFile".to_owned())),
    }
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
