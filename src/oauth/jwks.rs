//! `{issuer}/.well-known/jwks.json`: the public keys of a pool (RFC 7517).
//!
//! The document is `keys`'; here stands how long it may be kept: shorter than the time for which a new key is published before it signs,
//! with room for a replica that sees the key some seconds later (K-01).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::oauth::error::{self, OAuthError, translate};
use crate::oauth::{OAuthState, cors, entry};

const EVENT: &str = "oauth.jwks";

/// How long clients may keep the document.
const KEEP: &str = "public, max-age=240";

/// The endpoint.
pub async fn get(request: HttpRequest, state: web::Data<OAuthState>, facts: web::ReqData<RequestFacts>) -> HttpResponse {
    let mut response = match answer(&request, &state, &facts).await {
        Ok(response) => response,
        Err(error) => error.respond(EVENT),
    };
    cors::open(&mut response);
    response
}

async fn answer(request: &HttpRequest, state: &OAuthState, facts: &RequestFacts) -> Result<HttpResponse, OAuthError> {
    let context = entry::context(state, facts);
    let pool_id = entry::pool_id(&context, request, facts).await?;
    let keys = context.ports.keys.jwks(&pool_id).await.map_err(|error| translate(&context, &error.into()))?;
    let mut response = error::json_response(StatusCode::OK, &keys);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(KEEP));
    AuditEvent::success(EVENT).with("user_pool.id", pool_id).attach(&mut response);
    Ok(response)
}
