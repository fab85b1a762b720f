//! A browser session with a pool: single sign-on across the pool's clients, and where it came from.
//!
//! Lives in the cache under the digest of its cookie. One hour from the last interactive sign-in, not extended by use
//! (Cognito: the `cognito` cookie). A session that a provider may end (single logout) has a row in the store besides, and counts
//! only while the row stands.

use serde::{Deserialize, Serialize};

use crate::model::external_identity::LogoutHandle;

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSession {
    /// The pool.
    pub pool_id: String,
    /// The user.
    pub sub: String,
    /// The provider through which the user signed in; honoured only for clients that support it.
    pub provider: String,
    /// When the user signed in, ms.
    pub auth_time_ms: i64,
    /// When it ends, ms: the pool's session life, or earlier when the identity provider said so (S-15).
    pub expires_ms: i64,
    /// Whether it counts only while its [`ProviderSession`] stands.
    #[serde(default)]
    pub single_logout: bool,
}

/// What a provider calls the subject and session behind one of our sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInAt {
    /// The identity key.
    pub subject_key: String,
    /// What its logout needs.
    pub logout: LogoutHandle,
}

/// The durable half of a session that takes part in single logout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSession {
    /// The pool.
    pub pool_id: String,
    /// The digest of the session's cookie.
    pub session_key: String,
    /// The provider.
    pub provider: String,
    /// The provider's subject.
    pub subject_key: String,
    /// What its logout needs.
    pub logout: LogoutHandle,
    /// The user.
    pub sub: String,
    /// When the session ends anyway, ms.
    pub expires_ms: i64,
}
