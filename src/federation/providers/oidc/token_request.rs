//! Redeems the code at the provider's token endpoint (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
//!
//! Owns client authentication and how refusals are told apart from outages. The tokens are not looked into here. Written by hand, since
//! openidconnect's exchange decodes the ID token before it is verified and keeps answer texts in its errors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::base::secret::Secret;
use crate::model::failure::Failure;
use crate::outbound::{Answer, Call, Outbound, OutboundError};

/// The largest answer, bytes.
const LIMIT: usize = 64 * 1024;

/// A code to redeem.
#[derive(Debug)]
pub struct Redemption<'a> {
    /// The token endpoint.
    pub url: &'a str,
    /// Our client id.
    pub client_id: &'a str,
    /// Our secret, unless we are a public client.
    pub client_secret: Option<&'a Secret>,
    /// Whether credentials go into the form (Cognito's way) or into the header.
    pub secret_in_form: bool,
    /// The code.
    pub code: &'a str,
    /// Where the code arrived.
    pub redirect_uri: &'a str,
    /// The PKCE verifier, where the login had a challenge.
    pub verifier: Option<&'a str>,
}

/// What the endpoint gave. Serde's own rule: a doubled member is an error.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    /// For userinfo.
    pub access_token: Secret,
    /// Not verified yet.
    pub id_token: Option<Secret>,
    token_type: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Redeems the code.
pub async fn redeem(outbound: &Outbound, redemption: &Redemption<'_>) -> Result<Tokens, Failure> {
    let answer = outbound.send(call(redemption)).await.map_err(|error| {
        unavailable(match error {
            OutboundError::Refused(_) => "token_endpoint_address_refused",
            OutboundError::Unreachable(_) => "token_endpoint_unreachable",
            OutboundError::TooLarge => "token_answer_too_large",
        })
    })?;
    read(&answer)
}

fn call(redemption: &Redemption<'_>) -> Call {
    let mut headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", redemption.code)
        .append_pair("redirect_uri", redemption.redirect_uri);
    if let Some(verifier) = redemption.verifier {
        form.append_pair("code_verifier", verifier);
    }
    match redemption.client_secret {
        Some(secret) if !redemption.secret_in_form => {
            headers.push(("authorization".to_owned(), basic(redemption.client_id, secret)));
        }
        Some(secret) => {
            form.append_pair("client_id", redemption.client_id).append_pair("client_secret", secret.reveal());
        }
        None => {
            form.append_pair("client_id", redemption.client_id);
        }
    }
    Call { method: "POST", url: redemption.url.to_owned(), headers, body: form.finish().into_bytes(), limit: LIMIT }
}

/// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
fn basic(client_id: &str, secret: &Secret) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret.reveal()))))
}

fn read(answer: &Answer) -> Result<Tokens, Failure> {
    if answer.status != 200 {
        let error = serde_json::from_slice::<Refusal>(&answer.body).map(|refusal| refusal.error).unwrap_or_default();
        return Err(match (answer.status, error.as_str()) {
            (_, "invalid_grant") => Failure::FederationRefused { reason: "code_refused" },
            (_, "invalid_client" | "unauthorized_client") => unavailable("client_refused"),
            (400, _) => Failure::FederationRefused { reason: "token_request_refused" },
            _ => unavailable("token_endpoint_status"),
        });
    }
    if !answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(unavailable("token_answer_malformed"));
    }
    let tokens: Tokens = serde_json::from_slice(&answer.body).map_err(|_| unavailable("token_answer_malformed"))?;
    if !tokens.token_type.eq_ignore_ascii_case("Bearer") || tokens.access_token.reveal().is_empty() {
        return Err(unavailable("token_answer_malformed"));
    }
    Ok(tokens)
}

fn unavailable(reason: &'static str) -> Failure {
    Failure::ProviderUnavailable { reason }
}
