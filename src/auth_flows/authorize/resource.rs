//! `resource` (RFC 8707) is refused until access tokens can carry it: an app that asks for a narrowed token must not get a wide one.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    if draft.get("resource").is_some() {
        return Err(Fault::redirect("invalid_target", "resource is not supported", "resource_unsupported"));
    }
    Ok(())
}
