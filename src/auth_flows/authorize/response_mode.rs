//! `response_mode` is absent or one that we serve.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// The modes that we serve; discovery lists them.
pub const SERVED: [&str; 1] = ["query"];

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    match draft.get("response_mode") {
        Some(mode) if !SERVED.contains(&mode) => Err(Fault::invalid("response_mode is not supported", "response_mode_unsupported")),
        _ => Ok(()),
    }
}
