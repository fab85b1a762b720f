//! Client authentication at token and revoke (RFC 6749 section 2.3; A-07).
//!
//! Basic or body, never both; a client with a secret must present it, a client without must not. Secrets are compared by digest in constant
//! time, and an unknown client costs the same comparison. Which part was wrong is for the audit log only.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::digest;
use crate::base::secret::Secret;
use crate::context::Context;
use crate::http::parameters::Parameters;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::oauth::error::{OAuthError, translate};

/// The methods that we serve; discovery lists them.
pub const SERVED: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// Longest client id.
const MAX_ID: usize = 128;

/// Longest secret that is hashed.
const MAX_SECRET: usize = 256;

/// What stands in place of the digest of an unknown client.
const NO_DIGEST: &str = "-------------------------------------------";

/// What a client presents.
struct Credentials {
    id: String,
    /// The secret in the forms that it may have been meant in; empty when none was sent.
    secrets: Vec<Secret>,
}

/// The client that a request comes from.
pub async fn authenticate(
    context: &Context,
    pool_id: &str,
    request: &HttpRequest,
    parameters: &Parameters,
) -> Result<Arc<AppClient>, OAuthError> {
    let credentials = read(request, parameters)?;
    let client = find(context, pool_id, &credentials.id).await.map_err(|failure| translate(context, &failure))?;
    let expected = client.as_ref().and_then(|client| client.secret_digest.as_deref());
    let proven = credentials.secrets.iter().fold(false, |proven, secret| {
        let presented = digest::sha256_b64(secret.reveal().as_bytes());
        digest::same(presented.as_bytes(), expected.unwrap_or(NO_DIGEST).as_bytes()) | proven
    });
    let Some(client) = client else { return Err(OAuthError::invalid_client("client_unknown")) };
    match fault(&client, !credentials.secrets.is_empty(), proven) {
        None => Ok(client),
        Some(reason) => Err(OAuthError::invalid_client(reason).about("client.id", &client.id)),
    }
}

fn fault(client: &AppClient, sent: bool, proven: bool) -> Option<&'static str> {
    match (client.secret_digest.is_some(), sent) {
        (true, false) => Some("client_secret_missing"),
        (true, true) if !proven => Some("client_secret_wrong"),
        (false, true) => Some("client_secret_unexpected"),
        (true, true) | (false, false) => (!client.enabled).then_some("client_disabled"),
    }
}

async fn find(context: &Context, pool_id: &str, id: &str) -> Result<Option<Arc<AppClient>>, Failure> {
    Ok(context.ports.held.client(pool_id, id).await?)
}

fn read(request: &HttpRequest, parameters: &Parameters) -> Result<Credentials, OAuthError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next();
    if headers.next().is_some() {
        return Err(OAuthError::invalid_request("Authorization is repeated", "authorization_repeated"));
    }
    if parameters.get("client_assertion").is_some() || parameters.get("client_assertion_type").is_some() {
        return Err(OAuthError::invalid_client("client_assertion_unsupported"));
    }
    let id = parameters.get("client_id");
    let secret = parameters.get("client_secret");
    let credentials = match header {
        None => Credentials {
            id: id.ok_or_else(|| OAuthError::invalid_client("client_id_missing"))?.to_owned(),
            secrets: secret.map(Secret::new).into_iter().collect(),
        },
        Some(_) if secret.is_some() => {
            return Err(OAuthError::invalid_request("more than one client authentication method", "client_methods_mixed"));
        }
        Some(header) => {
            let text = header.to_str().map_err(|_| OAuthError::invalid_client("authorization_malformed"))?;
            let credentials = basic(text).ok_or_else(|| OAuthError::invalid_client("authorization_malformed"))?;
            if id.is_some_and(|id| id != credentials.id) {
                return Err(OAuthError::invalid_request("client_id contradicts Authorization", "client_id_contradiction"));
            }
            credentials
        }
    };
    let fits = credentials.id.len() <= MAX_ID && credentials.secrets.iter().all(|secret| secret.reveal().len() <= MAX_SECRET);
    if fits { Ok(credentials) } else { Err(OAuthError::invalid_client("client_credentials_too_long")) }
}

/// `Basic` by RFC 7617, its parts form-encoded by RFC 6749 section 2.3.1. Many clients leave out the second encoding, so that a secret
/// with `%` or `+` is taken as it stands, too.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || value.len() > 2048 {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let id = form_decoded(id)?;
    if id.is_empty() {
        return None;
    }
    let mut secrets = Vec::new();
    if !secret.is_empty() {
        secrets.push(Secret::new(secret));
        if let Some(decoded) = form_decoded(secret).filter(|decoded| decoded != secret) {
            secrets.push(Secret::new(decoded));
        }
    }
    Some(Credentials { id, secrets })
}

fn form_decoded(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((value, rest)), None) if rest.is_empty() => Some(value.into_owned()),
        _ => None,
    }
}
