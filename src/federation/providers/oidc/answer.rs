//! What the browser brought back from the authorization endpoint (RFC 6749 section 4.1.2, RFC 9207).
//!
//! Owns the order of the checks: issuer, error, code. `state` and doubled parameters were checked before it came here (O-01, O-27).

use std::collections::BTreeMap;

use crate::federation::providers::oidc::issuer::Issuer;
use crate::model::failure::Failure;

/// Longer codes are nobody's.
const CODE_MAX: usize = 4096;

/// Error codes that are passed on; any other becomes `access_denied`, and no text is (O-28).
const ERRORS: [&str; 11] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// The code, if the answer is of `issuer` and carries one.
pub fn code<'a>(parameters: &'a BTreeMap<String, String>, issuer: &Issuer<'_>, iss_required: bool) -> Result<&'a str, Failure> {
    let refused = |reason| Err(Failure::FederationRefused { reason });
    // RFC 9207 section 2.4: before anything else of the answer is used, errors included (O-04).
    match parameters.get("iss") {
        Some(iss) if !issuer.may_answer(iss) => return refused("issuer_mismatch"),
        None if iss_required => return refused("issuer_missing"),
        Some(_) | None => {}
    }
    // We asked for a code; a token through the browser is an injection, not an answer.
    if parameters.contains_key("id_token") || parameters.contains_key("access_token") {
        return refused("token_in_front_channel");
    }
    match (parameters.get("code"), parameters.get("error")) {
        (Some(_), Some(_)) => refused("code_and_error"),
        (None, Some(error)) => {
            let code = ERRORS.into_iter().find(|known| known == error).unwrap_or("access_denied");
            Err(Failure::ProviderDenied { code })
        }
        (Some(code), None) if (1..=CODE_MAX).contains(&code.len()) => Ok(code),
        (Some(_), None) => refused("code_malformed"),
        (None, None) => refused("code_missing"),
    }
}
