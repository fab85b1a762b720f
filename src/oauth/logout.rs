//! `GET /logout` (Cognito, section 3.4): ends the browser's session with the pool.
//!
//! `logout_uri` must be a registered sign-out URL; else `redirect_uri` with `response_type` begins a new sign-in; else a page. Every target is
//! matched exactly (A-30, U-10). A foreign page that loads this as an image ends nothing: the session cookie is SameSite=Lax. A session that
//! came through a provider with single logout leads there first; ours is over by then, and whatever the provider does cannot bring it back.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth_flows::authorize::redirect_uri::registrable;
use crate::auth_flows::web_session;
use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, BrowserBinding, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::model::web_session::ProviderSession;
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
    match answer(&context, &state, &request, &facts).await {
        Ok(response) => response,
        Err(error) => error.page(&context, EVENT),
    }
}

async fn answer(
    context: &Context,
    state: &OAuthState,
    request: &HttpRequest,
    facts: &RequestFacts,
) -> Result<HttpResponse, OAuthError> {
    let ours = |failure: Failure| translate(context, &failure);
    let served = entry::served(context, request, facts).await.map_err(ours)?.ok_or_else(error::no_pool)?;
    let refused = |reason| OAuthError::invalid_request("", reason).about("user_pool.id", &served.pool.id);
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE).map_err(|_| refused("parameters_malformed"))?;
    let client = client(context, &served, &parameters).await.map_err(ours)?;
    let client = client.ok_or_else(|| refused("client_unknown"))?;
    let target = target(&client, &served, request, &parameters).map_err(|reason| refused(reason).about("client.id", &client.id))?;
    let away = departure::redirect_found(&target).map_err(|error| translate(context, &Failure::internal(error)))?;
    let ended = end_session(context, request, &served).await.map_err(ours)?;
    let mut response = match ended.provider {
        Some(session) => through_provider(context, state, request, &session, &target).await.unwrap_or(away),
        None => away,
    };
    if ended.had_cookie {
        let cleared = cookies::clear(&context.ports.public_url, CookieKind::Session(&served.pool.id));
        response.add_cookie(&cleared).map_err(|_| ours(Failure::internal("the session cookie cannot be cleared")))?;
    }
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

/// What the sign-out found.
struct EndedHere {
    /// Whether the browser brought a session cookie.
    had_cookie: bool,
    /// The provider's session behind ours, where it is to end too.
    provider: Option<ProviderSession>,
}

/// Ends the session here, before anybody else is told.
async fn end_session(context: &Context, request: &HttpRequest, served: &ServedPool) -> Result<EndedHere, Failure> {
    match cookies::read(request, &context.ports.public_url, CookieKind::Session(&served.pool.id)) {
        Some(cookie) => Ok(EndedHere { had_cookie: true, provider: web_session::end(context, &served.pool.id, &cookie).await? }),
        None => Ok(EndedHere { had_cookie: false, provider: None }),
    }
}

/// The way over the provider; nothing when there is none, and then the browser goes to the app at once.
async fn through_provider(
    context: &Context,
    state: &OAuthState,
    request: &HttpRequest,
    session: &ProviderSession,
    target: &str,
) -> Option<HttpResponse> {
    let public_url = &context.ports.public_url;
    let browser = BrowserBinding::of(request, public_url, &context.ports.random);
    let begun = match state.broker.begin_sign_out(context, session, target, &browser.value).await {
        Ok(begun) => begun?,
        Err(failure) => {
            let reason = failure.reason();
            tracing::warn!(request.id = context.request_id, provider = session.provider, reason, "signed out here only");
            return None;
        }
    };
    let mut response = departure::leave(&begun, &context.ports.random).ok()?;
    browser.keep(public_url, &mut response).ok()?;
    Some(response)
}
