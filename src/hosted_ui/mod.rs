//! The hosted pages: what a user sees of the gateway.
//!
//! Owns the pages' table (`pages`), their shape (`page`) and their rendering with a policy that allows nothing foreign (`render`; U-01, A-21,
//! Judging the request is `auth_flows::authorize`'s; leaving for a provider is the OAuth face's.

pub mod error;
pub mod linking;
pub mod page;
pub mod pages;
pub mod query;
pub mod render;

use std::sync::Arc;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::context::{Context, Ports};
use crate::federation::broker::Broker;
use crate::hosted_ui::page::{Page, Visit};
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::user_pools::address::{self, ServedPool};

/// What the pages need of the process.
#[derive(Clone, Debug)]
pub struct HostedUiState {
    /// The ports.
    pub ports: Arc<Ports>,
    /// The broker that carries links out to providers.
    pub broker: Arc<Broker>,
}

impl HostedUiState {
    /// The request's context.
    pub fn context(&self, facts: &RequestFacts) -> Context {
        Context { ports: Arc::clone(&self.ports), request_id: facts.request_id.clone() }
    }
}

/// The largest form, bytes: one address and one token.
const FORM_LIMIT: usize = 8 * 1024;

/// Registers each page at its path, on the pool's domain and below the pool's id.
pub fn routes(cfg: &mut ServiceConfig) {
    linking::routes(cfg);
    for page in pages::PAGES {
        for prefix in ["", "/{pool_id}"] {
            let mut resource = web::resource(format!("{prefix}{}", page.path()))
                .app_data(PayloadConfig::new(FORM_LIMIT))
                .route(web::get().to(move |request, state, facts| show(page, request, state, facts)));
            if page.takes_form() {
                resource =
                    resource.route(web::post().to(move |request, state, facts, body| take(page, request, state, facts, body)));
            }
            cfg.service(resource);
        }
    }
}

async fn show(
    page: &'static dyn Page,
    request: HttpRequest,
    state: web::Data<HostedUiState>,
    facts: web::ReqData<RequestFacts>,
) -> HttpResponse {
    let context = state.context(&facts);
    let served = match served(&context, page, &request, &facts).await {
        Ok(served) => served,
        Err(answer) => return answer,
    };
    let answer = page.get(Visit { context: &context, served: &served, request: &request }).await;
    answer.unwrap_or_else(|failure| error::failed(&context, page.event(), &failure))
}

async fn take(
    page: &'static dyn Page,
    request: HttpRequest,
    state: web::Data<HostedUiState>,
    facts: web::ReqData<RequestFacts>,
    body: Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let context = state.context(&facts);
    let served = match served(&context, page, &request, &facts).await {
        Ok(served) => served,
        Err(answer) => return answer,
    };
    let refused =
        |reason| error::refused(&context, AuditEvent::refused(page.event(), reason).with("user_pool.id", &*served.pool.id));
    let Some(form) = body.ok().and_then(|body| form(&request, &body)) else { return refused("form_malformed") };
    let Some(answer) = page.post(Visit { context: &context, served: &served, request: &request }, form) else {
        return refused("form_unexpected");
    };
    answer.await.unwrap_or_else(|failure| error::failed(&context, page.event(), &failure))
}

/// The pool that the page is for, or the answer when there is none.
async fn served(
    context: &Context,
    page: &'static dyn Page,
    request: &HttpRequest,
    facts: &RequestFacts,
) -> Result<ServedPool, HttpResponse> {
    match address::resolve(context, request.match_info().get("pool_id"), &facts.host).await {
        Ok(Some(served)) => Ok(served),
        Ok(None) => Err(error::not_found(context, page.event())),
        Err(failure) => Err(error::failed(context, page.event(), &failure)),
    }
}

/// The fields of a form as browsers send it.
fn form(request: &HttpRequest, body: &[u8]) -> Option<Parameters> {
    let media_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    if media_type.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return None;
    }
    Parameters::parse(std::str::from_utf8(body).ok()?, FORM_LIMIT).ok()
}
