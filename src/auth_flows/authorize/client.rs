//! `client_id` names an enabled client of this pool.
//!
//! The row was loaded by the pool and the id together, so that a client of another pool is simply unknown here.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest client id (Cognito: 128).
pub const MAX_ID: usize = 128;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    if draft.get("client_id").is_none() {
        return Err(Fault::Page("client_id_missing"));
    }
    match &draft.client {
        Some(client) if client.enabled => Ok(()),
        Some(_) => Err(Fault::Page("client_disabled")),
        None => Err(Fault::Page("client_unknown")),
    }
}
