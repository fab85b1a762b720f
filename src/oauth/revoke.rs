//! `POST /oauth2/revoke` (RFC 7009; Cognito, section 3.4).
//!
//! Shares body and client authentication with the token endpoint; what is revoked is `tokens::revoke`'s. A store that fails gives 5xx, so that the
//! app tries again.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::app_client::AppClient;
use crate::oauth::error::{OAuthError, translate};
use crate::oauth::{OAuthState, client_auth, cors, entry, token};
use crate::tokens::revoke::{self, Revocation};

const EVENT: &str = "oauth.revoke";

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
        Err(mut error) => {
            // Here Cognito answers 401 for a client that it does not believe.
            if error.code == "invalid_client" {
                error.status = StatusCode::UNAUTHORIZED;
            }
            let mut response = error.respond(EVENT);
            if error.status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
            }
            response
        }
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
    let about_pool = |error: OAuthError| error.about("user_pool.id", &pool_id);
    let parameters = token::form(request, body).map_err(about_pool)?;
    let client = client_auth::authenticate(context, &pool_id, request, &parameters).await.map_err(about_pool)?;
    let outcome = revoke(context, &client, &parameters).await.map_err(|error| about_pool(error).about("client.id", &client.id))?;
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish();
    AuditEvent::success(EVENT)
        .with("user_pool.id", pool_id)
        .with("client.id", &*client.id)
        .with("result", outcome)
        .attach(&mut response);
    Ok(response)
}

async fn revoke(context: &Context, client: &AppClient, parameters: &Parameters) -> Result<&'static str, OAuthError> {
    let token = parameters.get("token").ok_or_else(|| OAuthError::invalid_request("token is missing", "token_missing"))?;
    match revoke::refresh_token(context, client, token).await.map_err(|failure| translate(context, &failure))? {
        Revocation::Revoked => Ok("revoked"),
        Revocation::Nothing => Ok("nothing"),
        Revocation::WrongKind => {
            Err(OAuthError::bad_request("unsupported_token_type", "only refresh tokens can be revoked", "token_kind"))
        }
        Revocation::SwitchedOff => {
            Err(OAuthError::invalid_request("token revocation is disabled for the client", "revocation_disabled"))
        }
    }
}
