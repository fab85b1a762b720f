//! A user of a pool, and the external identities that sign in as this user.
//!
//! Owns the status machine's states; transitions are rules of `user_pools` and `federation`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where a user stands in the life cycle (Cognito: `UserStatusType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Signed up, not yet confirmed.
    Unconfirmed,
    /// A native account in use.
    Confirmed,
    /// Signs in only through an external provider.
    ExternalProvider,
    /// Must replace a temporary password.
    ForceChangePassword,
    /// Must reset the password.
    ResetRequired,
}

/// One external identity of a user (Cognito: an entry of the `identities` attribute).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederatedIdentity {
    /// The provider's name in the pool.
    pub provider: String,
    /// The provider's type in Cognito's spelling, such as `OIDC` or `SAML`.
    pub provider_type: String,
    /// The identity key: what the provider calls the user, with SAML's format and qualifiers where they matter (O-16, S-18).
    pub subject_key: String,
    /// The subject as shown (`sub`, NameID).
    pub subject: String,
    /// The SAML entity id; none for other kinds.
    pub issuer: Option<String>,
    /// Whether the user was created by this identity.
    pub primary: bool,
    /// When the identity was linked, ms.
    pub created_ms: i64,
}

/// A user of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The pool that owns it.
    pub pool_id: String,
    /// Immutable id, UUID.
    pub sub: String,
    /// Canonical user name, unique in the pool.
    pub username: String,
    /// Life-cycle state.
    pub status: UserStatus,
    /// Disabled users hold no valid session or token.
    pub enabled: bool,
    /// Attributes by name (`email`, `custom:x`), without `sub` and `identities`.
    pub attributes: BTreeMap<String, String>,
    /// The external identities that sign in as this user, oldest first.
    pub identities: Vec<FederatedIdentity>,
    /// Tokens and sessions that began before this time are void, ms; 0 when never signed out everywhere.
    pub signed_out_ms: i64,
    /// Creation time, ms.
    pub created_ms: i64,
    /// Time of the last change, ms.
    pub modified_ms: i64,
}
