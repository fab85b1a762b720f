//! An app client of a user pool: an OAuth client with Cognito's settings.
//!
//! Owns the settings that rules read, with defaults resolved; the exact echo of what a caller sent is in `document`.
//! The client secret is here only as digest and sealed text, never in clear.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The OAuth flows that a client may be allowed (Cognito: `AllowedOAuthFlows`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthFlow {
    /// Authorization code.
    Code,
    /// Tokens in the fragment; stored, not served yet.
    Implicit,
    /// Machine tokens; stored, not served yet.
    ClientCredentials,
}

/// An app client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppClient {
    /// The pool that owns it.
    pub pool_id: String,
    /// 26 lower-case letters or digits, or as declared.
    pub id: String,
    /// 1 to 128 characters.
    pub name: String,
    /// SHA-256 of the secret (`base::digest::sha256_b64`), when the client is confidential.
    pub secret_digest: Option<String>,
    /// The secret sealed by `keys::seal`, for describe calls.
    pub secret_sealed: Option<String>,
    /// Exact redirect URIs.
    pub callback_urls: Vec<String>,
    /// Exact sign-out URIs.
    pub logout_urls: Vec<String>,
    /// Which flows are allowed; empty unless the OAuth features are switched on for the client.
    pub flows: Vec<OAuthFlow>,
    /// Which scopes may be asked for.
    pub scopes: Vec<String>,
    /// Names of the providers that users of this client may come from; `COGNITO` is the pool's own directory.
    pub providers: Vec<String>,
    /// Life of access tokens, seconds (300 to 86,400).
    pub access_token_s: i64,
    /// Life of ID tokens, seconds (300 to 86,400).
    pub id_token_s: i64,
    /// Life of refresh tokens, seconds (3,600 to 315,360,000).
    pub refresh_token_s: i64,
    /// Whether tokens carry `jti` and `origin_jti` and can be revoked.
    pub revocation: bool,
    /// Names of the attributes that the client may read; empty means all.
    pub read_attributes: Vec<String>,
    /// Names of the attributes that the client may write; empty means all.
    pub write_attributes: Vec<String>,
    /// Whether it may still be used.
    pub enabled: bool,
    /// Creation time, ms.
    pub created_ms: i64,
    /// Time of the last change, ms.
    pub modified_ms: i64,
    /// Whether the configuration file owns it.
    pub declared: bool,
    /// The configuration as given (a JSON object), for the exact echo.
    pub document: Value,
}
