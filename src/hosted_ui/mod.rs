//! The hosted pages: what a user sees of the gateway.
//!
//! Owns the pages' table (`pages`), their shape (`page`) and their rendering with a policy that allows nothing foreign (`render`; U-01, A-21,
//! Judging the request is `auth_flows::authorize`'s; leaving for a provider is the OAuth face's.

pub mod error;
pub mod linking;
pub mod page;
pub mod pages;
pub mod render;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::context::{Context, Ports};
use crate::federation::broker::Broker;
use crate::hosted_ui::page::{Page, Visit};
use crate::http::facts::RequestFacts;
use crate::user_pools::address;

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

/// Registers each page at its path, on the pool's domain and below the pool's id.
pub fn routes(cfg: &mut ServiceConfig) {
    linking::routes(cfg);
    for page in pages::PAGES {
        for prefix in ["", "/{pool_id}"] {
            cfg.service(
                web::resource(format!("{prefix}{}", page.path()))
                    .route(web::get().to(move |request, state, facts| show(page, request, state, facts))),
            );
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
    let served = match address::resolve(&context, request.match_info().get("pool_id"), &facts.host).await {
        Ok(Some(served)) => served,
        Ok(None) => return error::not_found(&context, page.event()),
        Err(failure) => return error::failed(&context, page.event(), &failure),
    };
    match page.get(Visit { context: &context, served: &served, request: &request }).await {
        Ok(response) => response,
        Err(failure) => error::failed(&context, page.event(), &failure),
    }
}
