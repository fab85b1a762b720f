//! PKCE: S256 only, method and challenge together or neither, and required for public clients (RFC 7636; A-06).

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// The methods that we serve; discovery lists them.
pub const SERVED: [&str; 1] = ["S256"];

/// Length of a base64url SHA-256.
const CHALLENGE_LEN: usize = 43;

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let challenge = match (draft.get("code_challenge"), draft.get("code_challenge_method")) {
        (None, None) => {
            let public = draft.client.as_ref().is_none_or(|client| client.secret_digest.is_none());
            if public {
                return Err(Fault::invalid("code_challenge is required for this client", "pkce_missing"));
            }
            None
        }
        (Some(challenge), Some(method)) if SERVED.contains(&method) => Some(challenge),
        (Some(_), Some(_)) => return Err(Fault::invalid("code_challenge_method must be S256", "pkce_method")),
        (Some(_), None) | (None, Some(_)) => {
            return Err(Fault::invalid("code_challenge and code_challenge_method go together", "pkce_incomplete"));
        }
    };
    if challenge.is_some_and(|text| !is_challenge(text)) {
        return Err(Fault::invalid("code_challenge is not valid", "pkce_malformed"));
    }
    draft.code_challenge = challenge.map(str::to_owned);
    Ok(())
}

fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
