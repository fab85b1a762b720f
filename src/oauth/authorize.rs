//! `GET /oauth2/authorize`: the browser's entry.
//!
//! Translates only: `auth_flows::authorize` judges the request and decides what is next; the broker begins logins at providers. A refusal is a
//! page until client and redirect URI are known to be good, and a redirect to the app from then on.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth_flows::authorization::error_redirect;
use crate::auth_flows::authorize::decide::{self, Next};
use crate::auth_flows::authorize::{self, Refusal, Validated};
use crate::auth_flows::web_session;
use crate::context::Context;
use crate::federation::discovery;
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, BrowserBinding, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;
use crate::oauth::error::{self, OAuthError, translate};
use crate::oauth::{OAuthState, entry};
use crate::user_pools::address::ServedPool;

const EVENT: &str = "oauth.authorize";

/// Longest parameter that is read, bytes; the checks have tighter bounds of their own.
const MAX_VALUE: usize = 16 * 1024;

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
    let about_pool = |error: OAuthError| error.about("user_pool.id", &served.pool.id);
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE)
        .map_err(|_| about_pool(OAuthError::invalid_request("a parameter is malformed", "parameters_malformed")))?;
    let validated = match authorize::validate(context, &served, parameters.all()).await.map_err(ours)? {
        Ok(validated) => validated,
        Err(Refusal::Page { reason }) => return Err(about_pool(OAuthError::invalid_request("", reason))),
        Err(Refusal::Redirect { url, reason }) => {
            let event = AuditEvent::refused(EVENT, reason).with("user_pool.id", &*served.pool.id);
            // A redirect means that the client was found.
            return away(context, &url, event.with("client.id", parameters.get("client_id").unwrap_or_default()));
        }
    };
    match proceed(context, state, request, &served, &validated).await {
        Ok(response) => Ok(response),
        // The redirect URI is good, so the app is told (RFC 6749 section 4.1.2.1).
        Err(failure) => {
            let error = translate(context, &failure);
            let url = error_redirect(context, &validated.authorization, error.code, &error.description);
            away(context, &url, facts_of(error.event(EVENT), &validated))
        }
    }
}

async fn proceed(
    context: &Context,
    state: &OAuthState,
    request: &HttpRequest,
    served: &ServedPool,
    validated: &Validated,
) -> Result<HttpResponse, Failure> {
    let public_url = &context.ports.public_url;
    let session = match cookies::read(request, public_url, CookieKind::Session(&served.pool.id)) {
        Some(cookie) => web_session::find(context, &served.pool.id, &cookie).await?,
        None => None,
    };
    let event = AuditEvent::success(EVENT);
    let mut next = decide::decide(context, validated, session.as_ref()).await?;
    // Who would have to type an address, and has given it, need not.
    if next == Next::Page
        && let Some(name) = discovery::hinted(context, validated).await?
    {
        next = Next::Provider(name);
    }
    let (mut response, event) = match next {
        Next::Code { url, sub, provider } => {
            let event = event.with("next", "code").with("user.sub", sub).with("provider", provider);
            (departure::redirect_found(&url).map_err(Failure::internal)?, event)
        }
        Next::Refused { url, reason } => {
            (departure::redirect_found(&url).map_err(Failure::internal)?, AuditEvent::refused(EVENT, reason))
        }
        Next::Page => {
            let url = format!("{}/login?{}", served.domain_url, request.query_string());
            (departure::redirect_found(&url).map_err(Failure::internal)?, event.with("next", "login"))
        }
        Next::Provider(name) => {
            (begin(context, state, request, validated, &name).await?, event.with("next", "provider").with("provider", name))
        }
    };
    facts_of(event, validated).attach(&mut response);
    Ok(response)
}

/// Begins a login at a provider, bound to this browser (O-01).
async fn begin(
    context: &Context,
    state: &OAuthState,
    request: &HttpRequest,
    validated: &Validated,
    provider: &str,
) -> Result<HttpResponse, Failure> {
    let public_url = &context.ports.public_url;
    let browser = BrowserBinding::of(request, public_url, &context.ports.random);
    let away = state.broker.begin(context, validated.authorization.clone(), provider, &browser.value).await?;
    let mut response = departure::leave(&away, &context.ports.random).map_err(Failure::internal)?;
    browser.keep(public_url, &mut response).map_err(Failure::internal)?;
    Ok(response)
}

fn away(context: &Context, url: &str, event: AuditEvent) -> Result<HttpResponse, OAuthError> {
    let mut response = departure::redirect_found(url).map_err(|error| translate(context, &Failure::internal(error)))?;
    event.attach(&mut response);
    Ok(response)
}

fn facts_of(event: AuditEvent, validated: &Validated) -> AuditEvent {
    event.with("user_pool.id", &*validated.authorization.pool_id).with("client.id", &*validated.client.id)
}
