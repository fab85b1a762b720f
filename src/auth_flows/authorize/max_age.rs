//! `max_age`: whole seconds since the sign-in (OpenID Connect Core section 3.1.2.1; A-31).

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Most digits that are read.
const MAX_DIGITS: usize = 9;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let Some(asked) = draft.get("max_age") else { return Ok(()) };
    let plain = asked.len() <= MAX_DIGITS && asked.bytes().all(|byte| byte.is_ascii_digit());
    match asked.parse::<i64>() {
        Ok(seconds) if plain => {
            draft.max_age_s = Some(seconds);
            Ok(())
        }
        _ => Err(Fault::invalid("max_age is not valid", "max_age_invalid")),
    }
}
