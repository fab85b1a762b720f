//! The ID-token verifier: signature first, then every claim, each required and typed (O-02, O-05 to O-08, O-12 to O-14, O-30).
//!
//! Owns the rules for one token. Which keys and algorithms apply is decided before, from our settings and the provider's documents,
//! never from the token (O-06); keys and addresses in its header are not looked at (O-07). Reasons are for the audit log.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use serde_json::{Map, Value};
use std::str::FromStr as _;

use crate::base::digest::same;
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::key_set::Key;
use crate::federation::providers::oidc::strict_json;

/// What providers of one algorithm allow (O-06).
pub const RS256_ONLY: [Algorithm; 1] = [Algorithm::RS256];
/// The longest token, bytes.
const TOKEN_MAX: usize = 16 * 1024;
/// How far the provider's clock may be off, seconds (O-13).
const SKEW_S: i64 = 60;
/// An ID token of a code just redeemed cannot be older, seconds (O-13).
const AGE_MAX_S: i64 = 600;

/// A token whose form is right, before its signature is verified: nothing but the header has been read.
#[derive(Debug)]
pub struct Unverified<'t> {
    /// The key that the token asks for.
    pub kid: Option<String>,
    /// One of the allowed algorithms.
    pub algorithm: Algorithm,
    signed: &'t str,
    payload: &'t str,
    signature: &'t str,
}

/// What the claims must say.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// Whose token it may be.
    pub issuer: &'a Issuer<'a>,
    /// The `iss` of the answer that brought the code, where it had one (RFC 9207).
    pub answered_by: Option<&'a str>,
    /// Our client id.
    pub client_id: &'a str,
    /// Audiences that may stand beside ours, by the settings.
    pub trusted_audiences: &'a [&'a str],
    /// The nonce of this login.
    pub nonce: &'a str,
    /// The access token that came with it.
    pub access_token: &'a str,
    /// The code that was redeemed.
    pub code: &'a str,
    /// The current time, seconds.
    pub now_s: i64,
    /// The `max_age` that was asked for, seconds.
    pub max_age_s: Option<i64>,
    /// With `prompt=login`: when the login began, seconds; an earlier sign-in does not answer it.
    pub signed_in_after_s: Option<i64>,
    /// The `acr_values` that were asked for; empty means none.
    pub acr_values: &'a [String],
}

impl<'t> Unverified<'t> {
    /// Reads the form and the header of a compact JWS (RFC 7515 section 7.1).
    pub fn read(token: &'t str, allowed: &[Algorithm]) -> Result<Self, &'static str> {
        if token.len() > TOKEN_MAX {
            return Err("id_token_too_long");
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err("id_token_malformed");
        };
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = URL_SAFE_NO_PAD.decode(header).ok().and_then(|bytes| strict_json::object(&bytes));
        let header = header.ok_or("id_token_malformed")?;
        // RFC 7515 section 4.1.11: we understand no extension.
        if header.contains_key("crit") {
            return Err("id_token_critical_header");
        }
        // RFC 8725 section 3.11: a token of another type is not an ID token.
        match header.get("typ") {
            None => {}
            Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => {}
            Some(_) => return Err("id_token_type"),
        }
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(|name| Algorithm::from_str(name).ok());
        let algorithm = algorithm.filter(|algorithm| allowed.contains(algorithm)).ok_or("algorithm_not_allowed")?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err("id_token_malformed"),
        };
        Ok(Self { kid, algorithm, signed, payload, signature })
    }

    /// The claims, if `key` signed them.
    pub fn verify(&self, key: &Key) -> Result<Map<String, Value>, &'static str> {
        match crypto::verify(self.signature, self.signed.as_bytes(), &key.decoding, self.algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err("signature_invalid"),
        }
        let payload = URL_SAFE_NO_PAD.decode(self.payload).ok();
        payload.and_then(|bytes| strict_json::object(&bytes)).ok_or("id_token_malformed")
    }
}

/// Checks verified claims and returns the subject.
pub fn check(claims: &Map<String, Value>, algorithm: Algorithm, expected: &Expected<'_>) -> Result<String, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    expected.issuer.check(claims)?;
    // With a template, any tenant's `iss` may have come back; it must be the one of the token (O-04). Two spellings are one issuer.
    if matches!(expected.issuer, Issuer::Tenants { .. }) && expected.answered_by.is_some_and(|iss| text("iss") != Some(iss)) {
        return Err("issuer_mismatch");
    }
    audience(claims, expected)?;
    times(claims, expected)?;
    // O-30. The claim is voluntary in the standard; an app that asks must not take a lesser sign-in for what it asked.
    if !expected.acr_values.is_empty() && !text("acr").is_some_and(|acr| expected.acr_values.iter().any(|asked| asked == acr)) {
        return Err("acr_mismatch");
    }
    if !text("nonce").is_some_and(|nonce| same(nonce.as_bytes(), expected.nonce.as_bytes())) {
        return Err("nonce_mismatch");
    }
    half_hash(claims, "at_hash", expected.access_token, algorithm).ok_or("access_token_hash_mismatch")?;
    half_hash(claims, "c_hash", expected.code, algorithm).ok_or("code_hash_mismatch")?;
    // OpenID Connect Core section 2: at most 255 ASCII characters; we let other characters pass, but no control characters.
    let subject = text("sub").filter(|sub| !sub.is_empty() && sub.len() <= 255 && !sub.chars().any(char::is_control));
    subject.map(str::to_owned).ok_or("subject_invalid")
}

/// O-12. Other audiences than ours must be listed in the settings, and a token for several says which of them asked.
fn audience(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let client_id = expected.client_id;
    let known =
        |entry: &Value| entry.as_str().is_some_and(|entry| entry == client_id || expected.trusted_audiences.contains(&entry));
    let several = match claims.get("aud") {
        Some(Value::String(audience)) if audience == client_id => false,
        Some(Value::Array(list)) if list.iter().any(|entry| entry.as_str() == Some(client_id)) && list.iter().all(known) => {
            list.len() > 1
        }
        _ => return Err("audience_mismatch"),
    };
    match claims.get("azp") {
        None if several => Err("authorized_party_missing"),
        None => Ok(()),
        Some(party) if party.as_str() == Some(client_id) => Ok(()),
        Some(_) => Err("authorized_party_mismatch"),
    }
}

/// O-13 and O-30. Whole seconds only: a number of another form is not ours to interpret.
fn times(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let now_s = expected.now_s;
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().filter(|seconds| *seconds >= 0).map(Some).ok_or("time_claim_malformed"),
    };
    let expires_s = seconds("exp")?.ok_or("expiry_missing")?;
    if now_s > expires_s.saturating_add(SKEW_S) {
        return Err("id_token_expired");
    }
    let issued_s = seconds("iat")?.ok_or("issue_time_missing")?;
    if issued_s > now_s.saturating_add(SKEW_S) {
        return Err("id_token_from_the_future");
    }
    if issued_s < now_s.saturating_sub(AGE_MAX_S) {
        return Err("id_token_too_old");
    }
    if seconds("nbf")?.is_some_and(|from_s| from_s > now_s.saturating_add(SKEW_S)) {
        return Err("id_token_not_yet_valid");
    }
    let signed_in_s = seconds("auth_time")?;
    if signed_in_s.is_some_and(|at_s| at_s > now_s.saturating_add(SKEW_S)) {
        return Err("sign_in_from_the_future");
    }
    if let Some(max_age_s) = expected.max_age_s {
        let at_s = signed_in_s.ok_or("sign_in_time_missing")?;
        if at_s < now_s.saturating_sub(max_age_s).saturating_sub(SKEW_S) {
            return Err("sign_in_too_old");
        }
    }
    // `auth_time` is optional here (Core section 2); a provider that sends it must have asked the user anew.
    if let (Some(at_s), Some(after_s)) = (signed_in_s, expected.signed_in_after_s)
        && at_s < after_s.saturating_sub(SKEW_S)
    {
        return Err("sign_in_not_repeated");
    }
    Ok(())
}

/// O-14: the left half of the hash that belongs to the algorithm (Core section 3.1.3.6).
fn half_hash(claims: &Map<String, Value>, name: &str, of: &str, algorithm: Algorithm) -> Option<()> {
    let Some(claimed) = claims.get(name) else { return Some(()) };
    let hash = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => &SHA256,
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &SHA512,
        _ => return None,
    };
    let hash = digest(hash, of.as_bytes());
    let half = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2]);
    claimed.as_str().filter(|claimed| same(claimed.as_bytes(), half.as_bytes())).map(|_| ())
}
