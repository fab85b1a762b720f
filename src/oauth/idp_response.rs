//! `GET /oauth2/idpresponse`: where OpenID Connect providers send the browser back.
//!
//! Translates only: the broker takes the transaction and lets the provider check the answer. What a check refused is the fixed page (O-28);
//! what the provider or user declined goes to the app.

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

/// The endpoint.
pub async fn get(request: HttpRequest, state: web::Data<OAuthState>, facts: web::ReqData<RequestFacts>) -> HttpResponse {
    let context = entry::context(&state, &facts);
    match land(&context, &state, &request, &facts).await {
        Ok(response) => response,
        Err(error) => error.page(&context, EVENT),
    }
}

async fn land(
    context: &Context,
    state: &OAuthState,
    request: &HttpRequest,
    facts: &RequestFacts,
) -> Result<HttpResponse, OAuthError> {
    let ours = |failure: Failure| translate(context, &failure);
    let served = entry::served(context, request, facts).await.map_err(ours)?.ok_or_else(error::no_pool)?;
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE)
        .map_err(|_| OAuthError::invalid_request("", "parameters_malformed"))?;
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
