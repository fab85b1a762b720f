//! `state` is the app's; it is bounded and echoed.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest `state`, bytes.
const MAX_STATE: usize = 4096;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    match draft.get("state") {
        Some(state) if state.len() > MAX_STATE => Err(Fault::invalid("state is too long", "state_too_long")),
        state => {
            draft.state = state.map(str::to_owned);
            Ok(())
        }
    }
}
