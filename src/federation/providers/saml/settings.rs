//! The settings of a SAML provider: Cognito's `ProviderDetails` keys, read and checked.
//!
//! Owns which keys there are and their form. Does no I/O: what the metadata says is `descriptors`'.

use std::collections::BTreeMap;

use crate::model::failure::Failure;

/// Settings that Cognito knows and this build refuses instead of ignoring them.
const NOT_YET: [&str; 4] = ["IDPInit", "IDPSignout", "EncryptedResponses", "RequestSigningAlgorithm"];

/// Refuses unknown keys and contradictions; names the key.
pub fn check(details: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (key, value) in details {
        if NOT_YET.contains(&key.as_str()) && value != "false" {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not available yet")));
        }
        let known =
            ["MetadataURL", "MetadataFile", "SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate"];
        if !known.contains(&key.as_str()) && !NOT_YET.contains(&key.as_str()) {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not a key of SAML providers")));
        }
    }
    match (details.contains_key("MetadataURL"), details.contains_key("MetadataFile")) {
        (true, false) | (false, true) => Ok(()),
        _ => Err(Failure::InvalidParameter("ProviderDetails takes exactly one of MetadataURL and MetadataFile".to_owned())),
    }
}
