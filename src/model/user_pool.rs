//! A user pool: the tenant. Everything else belongs to exactly one.
//!
//! Typed fields are what our rules read; `document` keeps the remaining configuration exactly as it was given, for the
//! echo that Terraform and the SDKs need.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A user pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserPool {
    /// `{region}_{9 characters}`; never reused.
    pub id: String,
    /// 1 to 128 characters; not unique in general, but the identity of declared pools.
    pub name: String,
    /// Creation time, ms.
    pub created_ms: i64,
    /// Time of the last change, ms.
    pub modified_ms: i64,
    /// Whether the configuration file owns this pool; then the API may not change it.
    pub declared: bool,
    /// Whether user names differ by case; cannot change later. Cognito: true unless `UsernameConfiguration` says otherwise at creation.
    pub username_case_sensitive: bool,
    /// The remaining configuration as given at creation (a JSON object).
    pub document: Value,
}

impl UserPool {
    /// The form of a user name that is looked up and stored: as is, or lower-cased when the pool ignores case.
    pub fn canonical_username(&self, username: &str) -> String {
        if self.username_case_sensitive { username.to_owned() } else { username.to_lowercase() }
    }
}
