//! `/oauth2/idpresponse`: where OpenID Connect and social providers send the browser back, by redirect or by a posted form (`form_post`).
//!
//! Translates only: the broker takes the transaction and lets the provider check the answer. What a check refused is the fixed page (O-28);
//! what the provider or user declined goes to the app. A form comes from another site, so of our cookies only the browser's arrives with it;
//! every answer is 303, a GET without the form's content (O-21).

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::context::Context;
use crate::federation::broker::{Arrival, Landing};
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;
use crate::model::identity_provider::Protocol;
use crate::oauth::error::{self, OAuthError, translate};
use crate::oauth::{OAuthState, entry};

const EVENT: &str = "oauth.idp_response";

/// Longest parameter of an answer, bytes.
const MAX_VALUE: usize = 4 * 1024;

/// Longest posted form, bytes.
const MAX_FORM: usize = 16 * 1024;

/// The endpoint, for answers by redirect.
pub async fn get(request: HttpRequest, state: web::Data<OAuthState>, facts: web::ReqData<RequestFacts>) -> HttpResponse {
    let context = entry::context(&state, &facts);
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE).map_err(|_| malformed());
    match land(&context, &state, &request, &facts, parameters).await {
        Ok(response) => response,
        Err(error) => error.page(&context, EVENT),
    }
}

/// The endpoint, for posted answers (OAuth 2.0 Form Post Response Mode; Apple).
pub async fn post(
    request: HttpRequest,
    state: web::Data<OAuthState>,
    facts: web::ReqData<RequestFacts>,
    body: Bytes,
) -> HttpResponse {
    let context = entry::context(&state, &facts);
    match land(&context, &state, &request, &facts, form(&request, &body)).await {
        Ok(response) => response,
        Err(error) => error.page(&context, EVENT),
    }
}

/// The form, and nothing beside it: parameters in two places could be read in two ways (O-27).
fn form(request: &HttpRequest, body: &[u8]) -> Result<Parameters, OAuthError> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form =
        media_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form || body.len() > MAX_FORM || !request.query_string().is_empty() {
        return Err(malformed());
    }
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    Parameters::parse(text, MAX_VALUE).map_err(|_| malformed())
}

fn malformed() -> OAuthError {
    OAuthError::invalid_request("", "parameters_malformed")
}

async fn land(
    context: &Context,
    state: &OAuthState,
    request: &HttpRequest,
    facts: &RequestFacts,
    parameters: Result<Parameters, OAuthError>,
) -> Result<HttpResponse, OAuthError> {
    let ours = |failure: Failure| translate(context, &failure);
    let served = entry::served(context, request, facts).await.map_err(ours)?.ok_or_else(error::no_pool)?;
    let parameters = parameters?;
    let state_handle = parameters.get("state").ok_or_else(|| OAuthError::invalid_request("", "state_missing"))?;
    let public_url = &context.ports.public_url;
    let browser = cookies::read(request, public_url, CookieKind::Browser);
    let arrival = Arrival {
        pool_id: &served.pool.id,
        protocol: Protocol::OAuth,
        handle: state_handle,
        browser: browser.as_deref(),
        parameters: parameters.all(),
    };
    let landing = state.broker.complete(context, arrival).await.map_err(ours)?;
    respond(context, &landing).map_err(ours)
}

fn respond(context: &Context, landing: &Landing) -> Result<HttpResponse, Failure> {
    let session = landing.session.as_deref().map(|value| (landing.facts.pool_id.as_str(), value));
    let event = AuditEvent::decided(EVENT, landing.facts.refused).with_all(landing.facts.fields());
    departure::landed(&context.ports.public_url, &landing.redirect_to, session, event).map_err(Failure::internal)
}
