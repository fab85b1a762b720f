//! Request objects are refused, without looking at or fetching them (A-28; OpenID Connect Core section 6).

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    if draft.get("request").is_some() {
        return Err(Fault::redirect("request_not_supported", "request is not supported", "request_object"));
    }
    if draft.get("request_uri").is_some() {
        return Err(Fault::redirect("request_uri_not_supported", "request_uri is not supported", "request_object"));
    }
    if draft.get("registration").is_some() {
        return Err(Fault::redirect("registration_not_supported", "registration is not supported", "request_object"));
    }
    Ok(())
}
