//! The SAML face: where identity providers' answers arrive, and our own metadata.
//!
//! Only translates: form or query → `federation::broker` → redirect or the fixed error page. The protocol is `federation::saml`. Routes
//! stand at the pool's domain and at `/{pool_id}`.

pub mod acs;
pub mod error;
pub mod metadata;
pub mod slo;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};

use crate::context::{Context, Ports};
use crate::federation::broker::Broker;
use crate::http::facts::RequestFacts;

/// Largest form body at the assertion consumer service, bytes: 256 KiB of encoded response (S-00) with form escapes around it.
pub const ACS_BODY_LIMIT: usize = 384 * 1024;

/// What the endpoints of this face share.
#[derive(Clone, Debug)]
pub struct SamlState {
    /// The process's ports.
    pub ports: Arc<Ports>,
    /// The broker.
    pub broker: Arc<Broker>,
}

impl SamlState {
    fn context(&self, facts: &RequestFacts) -> Context {
        Context { ports: Arc::clone(&self.ports), request_id: facts.request_id.clone() }
    }
}

/// Registers the endpoints; `app` provides a `web::Data<SamlState>`.
pub fn routes(cfg: &mut ServiceConfig) {
    for prefix in ["", "/{pool_id}"] {
        cfg.route(&format!("{prefix}/saml2/idpresponse"), web::post().to(acs::receive))
            .route(&format!("{prefix}/saml2/logout"), web::get().to(slo::receive))
            .route(&format!("{prefix}/saml2/logout"), web::post().to(slo::receive))
            .route(&format!("{prefix}/saml2/metadata"), web::get().to(metadata::show));
    }
}
