//! Answers to an authorization request: the code, or an error, as a URL of the app.
//!
//! Owns what every answer carries (`state`, `iss` by RFC 9207) and the life of codes in the cache. Who may get a code is decided
//! before; what a code becomes is `redemption`.

use url::form_urlencoded::Serializer;

use crate::base::{digest, ids};
use crate::cache::Kind;
use crate::context::{Context, Ports};
use crate::model::authorization::{Authorization, AuthorizationCode};
use crate::model::failure::Failure;

/// Life of a code, ms (Cognito: 5 minutes; A-03).
pub const CODE_LIFE_MS: i64 = 5 * 60 * 1000;

/// The name of the pool's own directory among providers.
pub const OWN_DIRECTORY: &str = "COGNITO";

/// Issues a code for a signed-in user and returns the redirect URL with `code`, `state` and `iss`. `provider` is the name of the
/// provider that proved the user, at `auth_time_ms`.
pub async fn grant_code(
    context: &Context,
    authorization: &Authorization,
    sub: &str,
    provider: &str,
    auth_time_ms: i64,
) -> Result<String, Failure> {
    let ports = &context.ports;
    let mut authorization = authorization.clone();
    if authorization.nonce.is_none() && provider != OWN_DIRECTORY {
        // Cognito puts a nonce of its own into the ID tokens of federated sign-ins.
        authorization.nonce = Some(ports.random.token());
    }
    let code = ids::authorization_code(&ports.random);
    let record = AuthorizationCode {
        sub: sub.to_owned(),
        provider: provider.to_owned(),
        auth_time_ms,
        expires_ms: context.now_ms().saturating_add(CODE_LIFE_MS),
        authorization,
    };
    let value = serde_json::to_string(&record).map_err(Failure::internal)?;
    ports.cache.put(Kind::Code, &code_key(&record.authorization.pool_id, &code_digest(&code)), &value, CODE_LIFE_MS).await?;
    Ok(answer(ports, &record.authorization, &[("code", &code)]))
}

/// The redirect URL of a refusal with `error`, `error_description`, `state` and `iss`. `error` and `description` come from fixed
/// texts, never from a provider (O-28).
pub fn error_redirect(context: &Context, authorization: &Authorization, error: &str, description: &str) -> String {
    if description.is_empty() {
        answer(&context.ports, authorization, &[("error", error)])
    } else {
        answer(&context.ports, authorization, &[("error", error), ("error_description", description)])
    }
}

/// The redirect URL after the user linked an identity of that provider: `linked`, `state` and `iss`. No code: nobody signed in.
pub fn linked_redirect(context: &Context, authorization: &Authorization, provider: &str) -> String {
    answer(&context.ports, authorization, &[("linked", provider)])
}

/// Takes a code out of the cache: of concurrent takers one gets it.
pub async fn take_code(context: &Context, pool_id: &str, code_digest: &str) -> Result<Option<AuthorizationCode>, Failure> {
    let Some(value) = context.ports.cache.take(Kind::Code, &code_key(pool_id, code_digest)).await? else { return Ok(None) };
    serde_json::from_str(&value).map(Some).map_err(Failure::internal)
}

/// What a code is looked up by.
pub fn code_digest(code: &str) -> String {
    digest::sha256_b64(code.as_bytes())
}

fn code_key(pool_id: &str, code_digest: &str) -> String {
    format!("{pool_id}:{code_digest}")
}

/// Appends to the registered URI as text: parsing and printing it again could change what the app compares.
fn answer(ports: &Ports, authorization: &Authorization, parameters: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    if let Some(state) = &authorization.state {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &ports.issuer(&authorization.pool_id));
    let uri = &authorization.redirect_uri;
    let separator = match uri.rsplit_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{}", query.finish())
}
