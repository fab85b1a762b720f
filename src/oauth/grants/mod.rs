//! The table of grants. A new grant is a file here and a line in [`TABLE`]; discovery follows the table.

pub mod authorization_code;
pub mod refresh_token;

use crate::oauth::grant::Grant;

/// Every grant that the token endpoint serves.
pub const TABLE: [&dyn Grant; 2] = [&authorization_code::AuthorizationCode, &refresh_token::RefreshToken];

/// The grant of a type.
pub fn find(grant_type: &str) -> Option<&'static dyn Grant> {
    TABLE.into_iter().find(|grant| grant.grant_type() == grant_type)
}
