//! Operations of the user pools API, one folder for each family, one file for each operation.
//!
//! Owns the list of families. A new operation is a file and a line in its family's array.

pub mod app_clients;
pub mod domains;
pub mod identity_providers;
pub mod user_pools;
pub mod users;

use crate::cognito::operation::Entry;

/// The operations of every family.
pub const FAMILIES: &[&[Entry]] =
    &[user_pools::OPERATIONS, app_clients::OPERATIONS, domains::OPERATIONS, identity_providers::OPERATIONS, users::OPERATIONS];
