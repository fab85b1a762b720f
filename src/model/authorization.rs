//! An authorization request on its way to a code, and the code (RFC 6749 section 4.1).
//!
//! Both live in the cache: losing one costs the user a new start of the login. The stages and their lives are decided in
//! `auth_flows::authorization`.

use serde::{Deserialize, Serialize};

/// A validated authorization request, waiting for the user to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The pool.
    pub pool_id: String,
    /// The app client.
    pub client_id: String,
    /// Where the answer goes: an exact registered URI.
    pub redirect_uri: String,
    /// Granted scopes, in the order asked.
    pub scopes: Vec<String>,
    /// The app's `state`, echoed.
    pub state: Option<String>,
    /// The app's `nonce`, for the ID token.
    pub nonce: Option<String>,
    /// PKCE S256 challenge (RFC 7636).
    pub code_challenge: Option<String>,
    /// The public origin and prefix under which the browser entered, such as `https://host/{pool_id}`.
    pub domain_url: String,
    /// `login_hint`, forwarded to OIDC providers.
    pub login_hint: Option<String>,
    /// `prompt` values other than `none`, forwarded to OIDC providers.
    pub prompt: Option<String>,
    /// `max_age` in seconds, forwarded to OIDC providers and checked in their answer.
    pub max_age_s: Option<i64>,
    /// `acr_values`, space separated: forwarded to OIDC providers and checked in their answer.
    #[serde(default)]
    pub acr_values: Option<String>,
    /// When it was made, ms.
    pub created_ms: i64,
}

/// What an authorization code stands for. Bound to everything that A-04 names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// The request that it answers.
    pub authorization: Authorization,
    /// The user who signed in.
    pub sub: String,
    /// The provider through which the user signed in; `COGNITO` for the pool's own directory.
    pub provider: String,
    /// When the user signed in, ms.
    pub auth_time_ms: i64,
    /// When the code dies, ms.
    pub expires_ms: i64,
}
