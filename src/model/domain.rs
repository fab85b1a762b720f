//! A host name that serves a pool's pages and OAuth endpoints.
//!
//! Owns the two kinds (prefix and custom); which request belongs to which pool is decided in `user_pools::address`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A pool's domain (Cognito: `CreateUserPoolDomain`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The prefix (1 to 63 of `[a-z0-9-]`) or, for a custom one, the full lower-case host name. Unique over all pools.
    pub name: String,
    /// The pool that owns it.
    pub pool_id: String,
    /// Whether `name` is a full host name.
    pub custom: bool,
    /// Creation time, ms.
    pub created_ms: i64,
    /// The remaining settings as given (a JSON object).
    #[serde(default)]
    pub document: Value,
}
