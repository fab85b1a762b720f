//! What an identity provider proved about a user, before mapping.
//!
//! Produced by a provider after every check of its protocol; consumed by `federation::attribute_mapping` and
//! `federation::identity`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An identifier of the provider's answer that may be used once, ever (S-16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeId {
    /// The name space in `store::consumed`, such as `saml_assertion`.
    pub kind: String,
    /// SHA-256 of the identifier with its issuer.
    pub digest: String,
    /// Until when it must be remembered, ms.
    pub expires_ms: i64,
}

/// How the provider calls this sign-in when it, or we, end it (SAML Core section 3.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutHandle {
    /// The subject's name with format and qualifiers, as the provider itself keeps it; opaque outside the provider.
    pub name_id: Value,
    /// The provider's own session, if it names one.
    pub session_index: Option<String>,
}

/// A verified external identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalIdentity {
    /// The subject as shown: OIDC `sub`, SAML NameID.
    pub subject: String,
    /// The identity key: the subject, with SAML's format and qualifiers where they matter (O-16, S-18).
    pub subject_key: String,
    /// The SAML entity id of the issuer; none for other kinds (Cognito: `identities[].issuer`).
    pub issuer: Option<String>,
    /// Claims by name. OIDC: JSON as received, ID token with userinfo merged over it. SAML: string or array of strings. The provider
    /// has made `email_verified` and `phone_number_verified` a JSON boolean where it may vouch, and removed them where it may not (O-17).
    pub claims: BTreeMap<String, Value>,
    /// When the provider says that the user signed in, ms.
    pub auth_time_ms: Option<i64>,
    /// When the provider's own session ends, ms; caps ours (S-15).
    pub session_until_ms: Option<i64>,
    /// What a single logout at this provider needs later; none where it has no such thing.
    pub logout: Option<LogoutHandle>,
    /// What must be consumed in the unit of work that lets the user in.
    pub one_time: Option<OneTimeId>,
}
