//! Single logout: `GET` and `POST {domain}/saml2/logout` (SAML 2.0 Bindings sections 3.4 and 3.5; Cognito, section 3.7).
//!
//! Takes a message by redirect, as its raw octets, or by form, each field once, and hands it to the broker. The browser then goes on to the
//! app, or back to the identity provider with our answer. A LogoutRequest needs no cookie; the answer to one of ours does.

use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};

use crate::context::Context;
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::logout::Delivery;
use crate::federation::sign_out::{SignOutArrival, SignedOut};
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::model::departure::Departure;
use crate::model::failure::Failure;
use crate::saml::acs::{PoolPath, form};
use crate::saml::{SamlState, error};
use crate::user_pools::address;

const EVENT: &str = "saml.logout";

/// Receives a logout message.
pub async fn receive(
    request: HttpRequest,
    facts: ReqData<RequestFacts>,
    state: Data<SamlState>,
    path: web::Path<PoolPath>,
    body: Bytes,
) -> HttpResponse {
    let context = state.context(&facts);
    match land(&context, &request, &facts, &state, (path.pool_id.as_deref(), &body)).await {
        Ok(response) => response,
        Err(failure) => error::page(EVENT, &failure, &facts.request_id),
    }
}

async fn land(
    context: &Context,
    request: &HttpRequest,
    facts: &RequestFacts,
    state: &SamlState,
    (path_pool, body): (Option<&str>, &[u8]),
) -> Result<HttpResponse, Failure> {
    let served = address::resolve(context, path_pool, &facts.host)
        .await?
        .ok_or_else(|| Failure::ResourceNotFound("no user pool is served here".to_owned()))?;
    let browser = cookies::read(request, &state.ports.public_url, CookieKind::Browser);
    let arrival = SignOutArrival {
        pool_id: &served.pool.id,
        slo_url: format!("{}/saml2/logout", served.domain_url),
        browser: browser.as_deref(),
        delivery: delivery(request, body)?,
    };
    let done = state.broker.sign_out_arrived(context, arrival).await?;
    respond(context, request.method(), &served.pool.id, done)
}

fn delivery(request: &HttpRequest, body: &[u8]) -> Result<Delivery, Failure> {
    let delivery = if *request.method() == Method::POST {
        let form = form(request, body)?;
        Delivery::from_form(form.get("SAMLRequest"), form.get("SAMLResponse"), form.get("RelayState"))
    } else {
        Delivery::from_query(request.query_string())
    };
    delivery.map_err(|fault: SamlFault| Failure::FederationRefused { reason: fault.reason() })
}

fn respond(context: &Context, method: &Method, pool_id: &str, done: SignedOut) -> Result<HttpResponse, Failure> {
    let mut response = match &done.departure {
        Departure::Redirect(url) if *method == Method::POST => departure::redirect_see_other(url),
        other => departure::leave(other, &context.ports.random),
    }
    .map_err(Failure::internal)?;
    let mut event = AuditEvent::decided(EVENT, done.refused).with("user_pool.id", pool_id).with("provider", done.provider);
    if let Some(sessions) = done.sessions {
        event = event.with("sessions", sessions.to_string());
    }
    event.attach(&mut response);
    Ok(response)
}
