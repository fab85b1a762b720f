//! `GET /logout` (Cognito, section 3.4): ends the browser's session with the pool.
//!
//! `logout_uri` must be a registered sign-out URL; else `redirect_uri` with `response_type` begins a new sign-in; else a page. Every target is
//! matched exactly (A-30, U-10). A foreign page that loads this as an image ends nothing: the session cookie is SameSite=Lax.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth_flows::authorize::redirect_uri::registrable;
use crate::auth_flows::web_session;
use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::oauth::error::{self, OAuthError, translate};
use crate::oauth::{OAuthState, entry};
use crate::user_pools::address::ServedPool;

const EVENT: &str = "oauth.logout";

/// Longest parameter that is read, bytes.
const MAX_VALUE: usize = 16 * 1024;

/// Longest client id.
const MAX_ID: usize = 128;

/// The endpoint.
pub async fn get(request: HttpRequest, state: web::Data<OAuthState>, facts: web::ReqData<RequestFacts>) -> HttpResponse {
    let context = entry::context(&state, &facts);
    match answer(&context, &request, &facts).await {
        Ok(response) => response,
        Err(error) => error.page(&context, EVENT),
    }
}

async fn answer(context: &Context, request: &HttpRequest, facts: &RequestFacts) -> Result<HttpResponse, OAuthError> {
    let ours = |failure: Failure| translate(context, &failure);
    let served = entry::served(context, request, facts).await.map_err(ours)?.ok_or_else(error::no_pool)?;
    let refused = |reason| OAuthError::invalid_request("", reason).about("user_pool.id", &served.pool.id);
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE).map_err(|_| refused("parameters_malformed"))?;
    let client = client(context, &served, &parameters).await.map_err(ours)?;
    let client = client.ok_or_else(|| refused("client_unknown"))?;
    let target = target(&client, &served, request, &parameters).map_err(|reason| refused(reason).about("client.id", &client.id))?;
    let mut response = departure::redirect_found(&target).map_err(|error| translate(context, &Failure::internal(error)))?;
    end_session(context, request, &served, &mut response).await.map_err(ours)?;
    AuditEvent::success(EVENT).with("user_pool.id", &*served.pool.id).with("client.id", &*client.id).attach(&mut response);
    Ok(response)
}

async fn client(context: &Context, served: &ServedPool, parameters: &Parameters) -> Result<Option<Arc<AppClient>>, Failure> {
    let Some(id) = parameters.get("client_id").filter(|id| id.len() <= MAX_ID) else { return Ok(None) };
    let client = context.ports.held.client(&served.pool.id, id).await?;
    Ok(client.filter(|client| client.enabled))
}

/// Where the browser goes; `logout_uri` wins.
fn target(client: &AppClient, served: &ServedPool, request: &HttpRequest, parameters: &Parameters) -> Result<String, &'static str> {
    let listed = |list: &[String], uri: &str| list.iter().any(|known| known == uri) && registrable(uri).is_ok();
    if let Some(uri) = parameters.get("logout_uri") {
        return if listed(&client.logout_urls, uri) { Ok(uri.to_owned()) } else { Err("logout_uri_mismatch") };
    }
    match (parameters.get("redirect_uri"), parameters.get("response_type")) {
        (Some(uri), Some(_)) if listed(&client.callback_urls, uri) => {
            Ok(format!("{}/login?{}", served.domain_url, request.query_string()))
        }
        (Some(_), Some(_)) => Err("redirect_uri_mismatch"),
        _ => Err("logout_target_missing"),
    }
}

/// Forgets the session and, when the browser had one, its cookie.
async fn end_session(
    context: &Context,
    request: &HttpRequest,
    served: &ServedPool,
    response: &mut HttpResponse,
) -> Result<(), Failure> {
    let public_url = &context.ports.public_url;
    let kind = CookieKind::Session(&served.pool.id);
    if let Some(cookie) = cookies::read(request, public_url, kind) {
        web_session::end(context, &served.pool.id, &cookie).await?;
        response
            .add_cookie(&cookies::clear(public_url, kind))
            .map_err(|_| Failure::internal("the session cookie cannot be cleared"))?;
    }
    Ok(())
}
