//! Our service provider metadata: `GET {domain}/saml2/metadata` (SAML 2.0 Metadata; S-31).
//!
//! Says what an identity provider must know of us: entity id and assertion consumer service. Public.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ReqData};

use crate::federation::broker::sp_entity_id;
use crate::federation::saml::sp_metadata::{self, SpMetadata};
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::model::failure::Failure;
use crate::saml::acs::PoolPath;
use crate::saml::{SamlState, error};
use crate::user_pools::address;

const EVENT: &str = "saml.metadata";

/// Shows the metadata of the pool that is served here.
pub async fn show(facts: ReqData<RequestFacts>, state: Data<SamlState>, path: web::Path<PoolPath>) -> HttpResponse {
    match document(&facts, &state, path.pool_id.as_deref()).await {
        Ok(document) => {
            let mut response = HttpResponse::Ok().content_type("application/samlmetadata+xml").body(document);
            AuditEvent::success(EVENT).attach(&mut response);
            response
        }
        Err(failure) => error::page(EVENT, &failure, &facts.request_id),
    }
}

async fn document(facts: &RequestFacts, state: &SamlState, path_pool: Option<&str>) -> Result<String, Failure> {
    let served = address::resolve(&state.context(facts), path_pool, &facts.host)
        .await?
        .ok_or_else(|| Failure::ResourceNotFound("no user pool is served here".to_owned()))?;
    let entity_id = sp_entity_id(&served.pool.id);
    let acs_url = format!("{}/saml2/idpresponse", served.domain_url);
    let slo_url = format!("{}/saml2/logout", served.domain_url);
    Ok(sp_metadata::document(&SpMetadata {
        entity_id: &entity_id,
        acs_url: &acs_url,
        slo_url: Some(&slo_url),
        signing_certificate: None,
    }))
}
