//! Operations on the domains of user pools.
//!
//! Owns the version of a domain's pages and the name to which custom domains point.

pub mod create_user_pool_domain;
pub mod describe_user_pool_domain;

use serde_json::Value;

use crate::cognito::operation::{Call, Entry};
use crate::model::domain::Domain;

/// The family.
pub const OPERATIONS: &[Entry] = &[
    Entry::of::<create_user_pool_domain::CreateUserPoolDomain>(),
    Entry::of::<describe_user_pool_domain::DescribeUserPoolDomain>(),
];

/// 1 is Cognito's classic hosted UI, 2 its managed login.
fn managed_login_version(domain: &Domain) -> i64 {
    domain.document.get("ManagedLoginVersion").and_then(Value::as_i64).unwrap_or(1)
}

/// Where the DNS entry of a custom domain points: the gateway's own host (Cognito: a CloudFront name).
fn alias_target(call: &Call) -> String {
    call.context.ports.public_url.host_str().unwrap_or_default().to_owned()
}
