//! `POST /oauth2/token`: the phases that every grant shares, so that no grant can forget one.
//!
//! 1. parameters, from a form body, each once; 2. the grant type; 3. client authentication; 4. the client's permission; 5. the grant;
//! 6. the answer, which nobody may keep. Grants (`grants`) only answer phase 5.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::http::parameters::{ParameterFault, Parameters};
use crate::oauth::error::{self, OAuthError};
use crate::oauth::grant::Granted;
use crate::oauth::{OAuthState, client_auth, cors, entry, grants};

const EVENT: &str = "oauth.token";

/// Longest form value, bytes.
const MAX_VALUE: usize = 8 * 1024;

/// The endpoint.
pub async fn post(
    request: HttpRequest,
    state: web::Data<OAuthState>,
    facts: web::ReqData<RequestFacts>,
    body: Result<web::Bytes, actix_web::Error>,
) -> HttpResponse {
    let context = entry::context(&state, &facts);
    let mut response = match answer(&context, &request, &facts, body.ok().as_deref()).await {
        Ok(response) => response,
        Err(error) => error.respond(EVENT),
    };
    cors::open(&mut response);
    response
}

async fn answer(
    context: &Context,
    request: &HttpRequest,
    facts: &RequestFacts,
    body: Option<&[u8]>,
) -> Result<HttpResponse, OAuthError> {
    let pool_id = entry::pool_id(context, request, facts).await?;
    grant(context, request, &pool_id, body).await.map_err(|error| error.about("user_pool.id", &pool_id))
}

async fn grant(context: &Context, request: &HttpRequest, pool_id: &str, body: Option<&[u8]>) -> Result<HttpResponse, OAuthError> {
    let parameters = form(request, body)?;
    let grant_type =
        parameters.get("grant_type").ok_or_else(|| OAuthError::invalid_request("grant_type is missing", "grant_type_missing"))?;
    let grant =
        grants::find(grant_type).ok_or_else(|| OAuthError::bad_request("unsupported_grant_type", "", "grant_type_unsupported"))?;
    let client = client_auth::authenticate(context, pool_id, request, &parameters).await?;
    let granted = if client.flows.contains(&grant.flow()) {
        grant.authorize(context, &client, &parameters).await
    } else {
        Err(OAuthError::bad_request("unauthorized_client", "", "flow_not_allowed"))
    };
    let granted = granted.map_err(|error| error.about("client.id", &client.id).about("grant_type", grant.grant_type()))?;
    let mut response = error::json_response(StatusCode::OK, &success(&granted));
    AuditEvent::success(EVENT)
        .with("user_pool.id", pool_id)
        .with("client.id", &*client.id)
        .with("user.sub", granted.sub)
        .with("grant_type", grant.grant_type())
        .attach(&mut response);
    Ok(response)
}

fn success(granted: &Granted) -> Value {
    let mut body = Map::new();
    if let Some(id_token) = &granted.tokens.id_token {
        body.insert("id_token".into(), json!(id_token.reveal()));
    }
    body.insert("access_token".into(), json!(granted.tokens.access_token.reveal()));
    if let Some(refresh_token) = &granted.refresh_token {
        body.insert("refresh_token".into(), json!(refresh_token.reveal()));
    }
    body.insert("expires_in".into(), json!(granted.tokens.expires_in_s));
    body.insert("token_type".into(), json!("Bearer"));
    Value::Object(body)
}

/// The form parameters of a request: the right media type, in the body only (L-03), each once.
pub fn form(request: &HttpRequest, body: Option<&[u8]>) -> Result<Parameters, OAuthError> {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let media_type = types.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if types.next().is_some() || !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(OAuthError::invalid_request("the body must be form-encoded", "content_type"));
    }
    if !request.query_string().is_empty() {
        return Err(OAuthError::invalid_request("parameters belong in the body", "parameters_in_url"));
    }
    let text = body.and_then(|body| std::str::from_utf8(body).ok());
    let text = text.ok_or_else(|| OAuthError::invalid_request("a parameter is malformed", "parameter_malformed"))?;
    Parameters::parse(text, MAX_VALUE).map_err(|fault| match fault {
        ParameterFault::Repeated(_) => OAuthError::invalid_request("a parameter is repeated", "parameter_repeated"),
        ParameterFault::Malformed => OAuthError::invalid_request("a parameter is malformed", "parameter_malformed"),
        ParameterFault::TooLong => OAuthError::invalid_request("a parameter is too long", "parameter_too_long"),
    })
}
