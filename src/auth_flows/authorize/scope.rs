//! `scope`: bounded, within what the client may ask; all of it when absent; unknown words are ignored (Cognito, section 3.2; ).

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest `scope`, bytes; checked before it is taken apart.
const MAX_SCOPE: usize = 8 * 1024;

/// Most scopes in a request (Cognito allows a client 50).
const MAX_COUNT: usize = 50;

/// The scopes that exist in every pool.
pub const STANDARD: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let Some(client) = &draft.client else { return Err(Fault::Page("client_unknown")) };
    let Some(asked) = draft.get("scope") else {
        draft.scopes.clone_from(&client.scopes);
        return Ok(());
    };
    if asked.len() > MAX_SCOPE {
        return Err(invalid("scope_too_long"));
    }
    let mut granted: Vec<String> = Vec::new();
    for (count, scope) in asked.split(' ').filter(|scope| !scope.is_empty()).enumerate() {
        if count >= MAX_COUNT {
            return Err(invalid("scope_too_many"));
        }
        if client.scopes.iter().any(|allowed| allowed == scope) {
            if !granted.iter().any(|known| known == scope) {
                granted.push(scope.to_owned());
            }
        } else if STANDARD.contains(&scope) {
            return Err(invalid("scope_not_allowed"));
        }
    }
    if granted.is_empty() {
        return Err(invalid("scope_unknown"));
    }
    draft.scopes = granted;
    Ok(())
}

fn invalid(reason: &'static str) -> Fault {
    Fault::redirect("invalid_scope", "scope is not valid", reason)
}
