//! `login_hint` is bounded and forwarded to OpenID providers.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest hint, bytes: room for any e-mail address.
const MAX_HINT: usize = 512;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    match draft.get("login_hint") {
        Some(hint) if hint.len() > MAX_HINT => Err(Fault::invalid("login_hint is too long", "login_hint_too_long")),
        hint => {
            draft.login_hint = hint.map(str::to_owned);
            Ok(())
        }
    }
}
