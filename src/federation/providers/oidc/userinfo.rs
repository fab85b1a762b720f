//! The userinfo endpoint (OpenID Connect Core section 5.3).
//!
//! Owns the request and the comparison with the ID token (O-15). A signed answer is handed back unread: its signature is the engine's
//! to verify. What the claims mean is `claims`'.

use serde_json::{Map, Value};

use crate::base::secret::Secret;
use crate::federation::providers::oidc::strict_json;
use crate::model::failure::Failure;
use crate::outbound::{Call, Outbound, OutboundError};

/// The largest answer, bytes.
const LIMIT: usize = 64 * 1024;

/// What the endpoint answered; its subject is not compared yet.
#[derive(Debug)]
pub enum Userinfo {
    /// Plain JSON.
    Plain(Map<String, Value>),
    /// A compact JWS whose signature nobody has looked at.
    Signed(Secret),
}

/// Asks for claims. `method` is `GET` or `POST`.
pub async fn fetch(outbound: &Outbound, method: &'static str, url: &str, access_token: &Secret) -> Result<Userinfo, Failure> {
    let headers = vec![
        ("accept".to_owned(), "application/json, application/jwt".to_owned()),
        ("authorization".to_owned(), format!("Bearer {}", access_token.reveal())),
    ];
    let call = Call { method, url: url.to_owned(), headers, body: Vec::new(), limit: LIMIT };
    let answer = outbound.send(call).await.map_err(|error| {
        unavailable(match error {
            OutboundError::Refused(_) => "userinfo_address_refused",
            OutboundError::Unreachable(_) => "userinfo_unreachable",
            OutboundError::TooLarge => "userinfo_too_large",
        })
    })?;
    if answer.status != 200 {
        return Err(unavailable("userinfo_status"));
    }
    let kind = answer.content_type.as_deref().unwrap_or_default();
    if kind.split(';').next().map(str::trim) == Some("application/jwt") {
        let token = String::from_utf8(answer.body).map_err(|_| unavailable("userinfo_malformed"))?;
        return Ok(Userinfo::Signed(Secret::new(token)));
    }
    if !kind.starts_with("application/json") {
        return Err(unavailable("userinfo_malformed"));
    }
    strict_json::object(&answer.body).map(Userinfo::Plain).ok_or(unavailable("userinfo_malformed"))
}

/// O-15: the claims must be of the subject that the ID token proved.
pub fn of_subject(claims: Map<String, Value>, subject: &str) -> Result<Map<String, Value>, Failure> {
    if claims.get("sub").and_then(Value::as_str) == Some(subject) { Ok(claims) } else { Err(refused("userinfo_subject_mismatch")) }
}

/// Core section 5.3.2: a signed answer names issuer and audience, and they are those of the ID token. Members that a provider leaves out
/// (the standard says only that it should not) are not missed: the answer came over our own call with our own token.
pub fn check_signed(claims: &Map<String, Value>, id_token: &Map<String, Value>, client_id: &str) -> Result<(), Failure> {
    if claims.get("iss").is_some_and(|iss| Some(iss) != id_token.get("iss")) {
        return Err(refused("userinfo_issuer_mismatch"));
    }
    let ours = |audience: &Value| match audience {
        Value::String(audience) => audience == client_id,
        Value::Array(list) => list.iter().any(|entry| entry.as_str() == Some(client_id)),
        _ => false,
    };
    if claims.get("aud").is_some_and(|audience| !ours(audience)) {
        return Err(refused("userinfo_audience_mismatch"));
    }
    Ok(())
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}

fn unavailable(reason: &'static str) -> Failure {
    Failure::ProviderUnavailable { reason }
}
