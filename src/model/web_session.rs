//! A browser session with a pool: single sign-on across the pool's clients.
//!
//! Lives in the cache under the digest of its cookie. One hour from the last interactive sign-in, not extended by use
//! (Cognito: the `cognito` cookie).

use serde::{Deserialize, Serialize};

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
}
