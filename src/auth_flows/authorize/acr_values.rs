//! `acr_values`: the levels of which the sign-in must have one (OpenID Connect Core section 3.1.2.1; O-30).
//!
//! Bounded here, forwarded to OpenID providers, compared with their answer there. Duplicates are dropped.

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Most values.
const MOST: usize = 8;
/// Longest value, bytes (Cognito: `AcrValueType`).
const LONGEST: usize = 64;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let Some(asked) = draft.get("acr_values") else { return Ok(()) };
    let mut values: Vec<&str> = Vec::new();
    for value in asked.split(' ').filter(|value| !value.is_empty()) {
        let plain = value.len() <= LONGEST && value.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !plain || values.len() == MOST {
            return Err(Fault::invalid("acr_values is not valid", "acr_values_invalid"));
        }
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if values.is_empty() {
        return Err(Fault::invalid("acr_values is not valid", "acr_values_invalid"));
    }
    draft.acr_values = Some(values.join(" "));
    Ok(())
}
