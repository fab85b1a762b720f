//! `GET` and `POST /oauth2/userInfo` (OpenID Connect Core section 5.3; Cognito, section 3.4).
//!
//! Takes the access token from the Authorization header only (RFC 6750 section 5.3: not from URLs). Errors are Cognito's, texts included; all values
//! of the answer are strings.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::oauth::error::{self, OAuthError, translate};
use crate::oauth::{OAuthState, cors, entry};
use crate::tokens::verify::VerifiedAccess;
use crate::tokens::{claims, verify};

const EVENT: &str = "oauth.userinfo";

/// Cognito's text for every token that does not count.
const DEAD: &str = "Access token is expired, disabled, or deleted, or the user has globally signed out.";

/// Cognito's text for a token without the scope.
const NO_SCOPE: &str = "Access token does not contain openid scope";

/// The endpoint.
pub async fn answer(request: HttpRequest, state: web::Data<OAuthState>, facts: web::ReqData<RequestFacts>) -> HttpResponse {
    let context = entry::context(&state, &facts);
    let mut response = match body(&context, &request, &facts).await {
        Ok(response) => response,
        Err(error) => {
            let mut response = error.respond(EVENT);
            challenge(&mut response, &error);
            response
        }
    };
    cors::open(&mut response);
    response
}

async fn body(context: &Context, request: &HttpRequest, facts: &RequestFacts) -> Result<HttpResponse, OAuthError> {
    let pool_id = entry::pool_id(context, request, facts).await?;
    let verified = verified(context, request, &pool_id).await.map_err(|error| error.about("user_pool.id", &pool_id))?;
    let claims = claims::user_info(&verified.user, &verified.client, &verified.scopes);
    let mut response = error::json_response(StatusCode::OK, &claims);
    AuditEvent::success(EVENT)
        .with("user_pool.id", pool_id)
        .with("client.id", &*verified.client.id)
        .with("user.sub", verified.user.sub)
        .attach(&mut response);
    Ok(response)
}

async fn verified(context: &Context, request: &HttpRequest, pool_id: &str) -> Result<VerifiedAccess, OAuthError> {
    let token = bearer(request)?;
    let verified = verify::access(context, pool_id, token).await.map_err(|failure| translate(context, &failure))?;
    let verified = verified.ok_or_else(|| invalid_token(DEAD, "access_token_dead"))?;
    if verified.scopes.iter().any(|scope| scope == "openid") {
        Ok(verified)
    } else {
        let refused = invalid_token(NO_SCOPE, "openid_missing");
        Err(refused.about("client.id", &verified.client.id).about("user.sub", &verified.user.sub))
    }
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(request: &HttpRequest) -> Result<&str, OAuthError> {
    let missing = || OAuthError::invalid_request("The access token is missing or malformed.", "access_token_missing");
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().ok_or_else(missing)?;
    if headers.next().is_some() {
        return Err(missing());
    }
    let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ') { Ok(token) } else { Err(missing()) }
}

fn invalid_token(description: &str, reason: &'static str) -> OAuthError {
    OAuthError { status: StatusCode::UNAUTHORIZED, ..OAuthError::bad_request("invalid_token", description, reason) }
}

/// Cognito's form of the challenge: no scheme in front.
fn challenge(response: &mut HttpResponse, error: &OAuthError) {
    if matches!(error.status, StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST)
        && let Ok(value) = HeaderValue::from_str(&format!("error=\"{}\", error_description=\"{}\"", error.code, error.description))
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}
