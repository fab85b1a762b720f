//! `{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery; RFC 8414; Cognito, section 3.1).
//!
//! Every list comes from the table or check that serves it, so that the document cannot promise what we refuse.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::auth_flows::authorize::{pkce, response_mode, response_type};
use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::model::failure::Failure;
use crate::oauth::error::{self, OAuthError, translate};
use crate::oauth::{OAuthState, client_auth, cors, entry, grants};
use crate::user_pools::address::{self, ServedPool};

const EVENT: &str = "oauth.discovery";

/// How long clients may keep the document.
const KEEP: &str = "public, max-age=3600";

/// The endpoint.
pub async fn get(request: HttpRequest, state: web::Data<OAuthState>, facts: web::ReqData<RequestFacts>) -> HttpResponse {
    let context = entry::context(&state, &facts);
    let mut response = match answer(&context, &request, &facts).await {
        Ok(response) => response,
        Err(error) => error.respond(EVENT),
    };
    cors::open(&mut response);
    response
}

async fn answer(context: &Context, request: &HttpRequest, facts: &RequestFacts) -> Result<HttpResponse, OAuthError> {
    let ours = |failure: Failure| translate(context, &failure);
    let served = entry::served(context, request, facts).await.map_err(ours)?.ok_or_else(error::no_pool)?;
    let document = document(context, &served).await.map_err(ours)?;
    let mut response = error::json_response(StatusCode::OK, &document);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(KEEP));
    AuditEvent::success(EVENT).with("user_pool.id", &*served.pool.id).attach(&mut response);
    Ok(response)
}

async fn document(context: &Context, served: &ServedPool) -> Result<Value, Failure> {
    let issuer = context.ports.issuer(&served.pool.id);
    let domain = address::primary_domain_url(context, &served.pool).await?;
    let grant_types: Vec<&str> = grants::TABLE.iter().map(|grant| grant.grant_type()).collect();
    Ok(json!({
        "authorization_endpoint": format!("{domain}/oauth2/authorize"),
        "end_session_endpoint": format!("{domain}/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": response_type::SERVED,
        "revocation_endpoint": format!("{domain}/oauth2/revoke"),
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": format!("{domain}/oauth2/token"),
        "token_endpoint_auth_methods_supported": client_auth::SERVED,
        "userinfo_endpoint": format!("{domain}/oauth2/userInfo"),
        "authorization_response_iss_parameter_supported": true,
        "code_challenge_methods_supported": pkce::SERVED,
        "grant_types_supported": grant_types,
        "response_modes_supported": response_mode::SERVED,
        "revocation_endpoint_auth_methods_supported": client_auth::SERVED,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
    }))
}
