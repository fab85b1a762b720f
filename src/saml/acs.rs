//! The assertion consumer service: `POST {domain}/saml2/idpresponse` (SAML 2.0 Bindings section 3.5).
//!
//! Takes the form, each field once (S-26), finds the browser's cookie and hands both to the broker. RelayState is our opaque handle and
//! never a URL (S-30), unless it names a redirect URI in Cognito's parameters: then nobody here asked for the answer (IdP-initiated, S-11).

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes, Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};

use crate::context::Context;
use crate::federation::broker::{Arrival, Landing};
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;
use crate::model::identity_provider::Protocol;
use crate::saml::{ACS_BODY_LIMIT, SamlState, error};
use crate::user_pools::address;

const EVENT: &str = "saml.acs";

/// Longest RelayState of an answer that nobody asked for, bytes; the 80 of the standard are too few for Cognito's parameters.
const MAX_RELAY_STATE: usize = 2_048;

/// Receives an identity provider's answer.
pub async fn receive(
    request: HttpRequest,
    facts: ReqData<RequestFacts>,
    state: Data<SamlState>,
    path: web::Path<PoolPath>,
    body: Bytes,
) -> HttpResponse {
    match land(&request, &facts, &state, path.pool_id.as_deref(), &body).await {
        Ok(response) => response,
        Err(failure) => error::page(EVENT, &failure, &facts.request_id),
    }
}

/// The pool in the path, where there is one.
#[derive(Debug, serde::Deserialize)]
pub struct PoolPath {
    /// `{pool_id}`.
    pub pool_id: Option<String>,
}

async fn land(
    request: &HttpRequest,
    facts: &RequestFacts,
    state: &SamlState,
    path_pool: Option<&str>,
    body: &[u8],
) -> Result<HttpResponse, Failure> {
    let context = state.context(facts);
    let served = address::resolve(&context, path_pool, &facts.host)
        .await?
        .ok_or_else(|| Failure::ResourceNotFound("no user pool is served here".to_owned()))?;
    let parameters = form(request, body)?;
    let handle = parameters.get("RelayState").ok_or(refused("relay_state_missing"))?;
    if let Some(asked) = unsolicited(handle) {
        let landing = state.broker.unsolicited(&context, &served, asked?.all(), parameters.all()).await?;
        return respond(&context, &landing, true);
    }
    let browser = cookies::read(request, &state.ports.public_url, CookieKind::Browser);
    let arrival = Arrival {
        pool_id: &served.pool.id,
        protocol: Protocol::Saml,
        handle,
        browser: browser.as_deref(),
        parameters: parameters.all(),
    };
    let landing = state.broker.complete(&context, arrival).await?;
    respond(&context, &landing, false)
}

/// The parameters in RelayState, where it has any: our own handles never contain `=`.
fn unsolicited(relay_state: &str) -> Option<Result<Parameters, Failure>> {
    if !relay_state.split('&').any(|piece| piece.starts_with("redirect_uri=")) {
        return None;
    }
    if relay_state.len() > MAX_RELAY_STATE {
        return Some(Err(refused("relay_state_too_long")));
    }
    Some(Parameters::parse(relay_state, MAX_RELAY_STATE).map_err(|_| refused("relay_state_malformed")))
}

/// The fields of a form that carries a SAML message.
pub(super) fn form(request: &HttpRequest, body: &[u8]) -> Result<Parameters, Failure> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(refused("content_type"));
    }
    if body.len() > ACS_BODY_LIMIT {
        return Err(refused("response_too_large"));
    }
    let text = std::str::from_utf8(body).map_err(|_| refused("malformed_form"))?;
    let parameters = Parameters::parse(text, ACS_BODY_LIMIT).map_err(|_| refused("malformed_form"))?;
    if !request.query_string().is_empty() {
        return Err(refused("unexpected_query"));
    }
    Ok(parameters)
}

fn respond(context: &Context, landing: &Landing, unsolicited: bool) -> Result<HttpResponse, Failure> {
    let session = landing.session.as_deref().map(|value| (landing.facts.pool_id.as_str(), value));
    let mut event = AuditEvent::decided(EVENT, landing.facts.refused).with_all(landing.facts.fields());
    if unsolicited {
        event = event.with("unsolicited", "true");
    }
    departure::landed(&context.ports.public_url, &landing.redirect_to, session, event).map_err(Failure::internal)
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
