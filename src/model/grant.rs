//! A grant: what one redeemed code (or sign-in) gave an app, and the family of tokens that came of it.
//!
//! Its id is the `origin_jti` of the family. The row also decides the single use of the code: `code_digest` is unique in
//! the durable store.

use serde::{Deserialize, Serialize};

/// A grant with its refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// UUID; `origin_jti` of every token of the family.
    pub id: String,
    /// The pool.
    pub pool_id: String,
    /// The app client.
    pub client_id: String,
    /// The user.
    pub sub: String,
    /// The provider through which the user signed in.
    pub provider: String,
    /// SHA-256 of the redeemed code; unique.
    pub code_digest: Option<String>,
    /// SHA-256 of the refresh token; unique.
    pub refresh_digest: Option<String>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// The app's nonce, repeated in refreshed ID tokens.
    pub nonce: Option<String>,
    /// When the user signed in, ms.
    pub auth_time_ms: i64,
    /// Id of the sign-in event, UUID; the `event_id` claim.
    pub event_id: String,
    /// Creation time, ms.
    pub created_ms: i64,
    /// When the refresh token dies, ms.
    pub expires_ms: i64,
    /// When it was revoked, ms.
    pub revoked_ms: Option<i64>,
}
