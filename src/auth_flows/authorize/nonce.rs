//! `nonce` is the app's; it is bounded and comes back in the ID token.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest `nonce`, bytes: it travels in every ID token.
const MAX_NONCE: usize = 1024;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    match draft.get("nonce") {
        Some(nonce) if nonce.len() > MAX_NONCE => Err(Fault::invalid("nonce is too long", "nonce_too_long")),
        nonce => {
            draft.nonce = nonce.map(str::to_owned);
            Ok(())
        }
    }
}
