//! The userinfo endpoint (OpenID Connect Core section 5.3).
//!
//! Owns the request and the comparison of subjects (O-15). Only plain JSON is read: a signed answer is refused rather than read
//! unverified. What its claims mean is `claims`'.

use serde_json::{Map, Value};

use crate::base::secret::Secret;
use crate::federation::providers::oidc::strict_json;
use crate::model::failure::Failure;
use crate::outbound::{Call, Outbound, OutboundError};

/// The largest answer, bytes.
const LIMIT: usize = 64 * 1024;

/// Asks for the claims of `subject`. `method` is `GET` or `POST`.
pub async fn fetch(
    outbound: &Outbound,
    method: &'static str,
    url: &str,
    access_token: &Secret,
    subject: &str,
) -> Result<Map<String, Value>, Failure> {
    let headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
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
    if kind.starts_with("application/jwt") {
        return Err(Failure::FederationRefused { reason: "userinfo_signed" });
    }
    if !kind.starts_with("application/json") {
        return Err(unavailable("userinfo_malformed"));
    }
    let claims = strict_json::object(&answer.body).ok_or(unavailable("userinfo_malformed"))?;
    if claims.get("sub").and_then(Value::as_str) == Some(subject) {
        Ok(claims)
    } else {
        Err(Failure::FederationRefused { reason: "userinfo_subject_mismatch" })
    }
}

fn unavailable(reason: &'static str) -> Failure {
    Failure::ProviderUnavailable { reason }
}
