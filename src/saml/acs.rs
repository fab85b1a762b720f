//! The assertion consumer service: `POST {domain}/saml2/idpresponse` (SAML 2.0 Bindings section 3.5).
//!
//! Takes the form, each field once (S-26), finds the browser's cookie and hands both to the broker. RelayState is our opaque handle and
//! never a URL (S-30).

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
    let browser = cookies::read(request, &state.ports.public_url, CookieKind::Browser);
    let arrival = Arrival {
        pool_id: &served.pool.id,
        protocol: Protocol::Saml,
        handle,
        browser: browser.as_deref(),
        parameters: parameters.all(),
    };
    let landing = state.broker.complete(&context, arrival).await?;
    respond(&context, &landing)
}

fn form(request: &HttpRequest, body: &[u8]) -> Result<Parameters, Failure> {
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

fn respond(context: &Context, landing: &Landing) -> Result<HttpResponse, Failure> {
    let session = landing.session.as_deref().map(|value| (landing.facts.pool_id.as_str(), value));
    let event = AuditEvent::decided(EVENT, landing.facts.refused).with_all(landing.facts.fields());
    departure::landed(&context.ports.public_url, &landing.redirect_to, session, event).map_err(Failure::internal)
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
