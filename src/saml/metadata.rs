//! Our service provider metadata: `GET {domain}/saml2/metadata` (SAML 2.0 Metadata; S-31).
//!
//! Says what an identity provider must know of us: entity id, endpoints, the certificates of our keys. Public. `?provider=NAME` names the
//! provider that reads it, since each one that encrypts has a key of its own.

use actix_web::web::{self, Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};

use crate::context::Context;
use crate::federation::broker::sp_entity_id;
use crate::federation::providers::saml::settings;
use crate::federation::saml::sp_metadata::{self, SpMetadata};
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::saml::acs::PoolPath;
use crate::saml::{SamlState, error};
use crate::user_pools::address;

const EVENT: &str = "saml.metadata";
/// Providers of a pool that are looked at; a pool has at most 300 (Cognito's quota).
const MOST_PROVIDERS: u32 = 1_000;
/// The longest name of a provider that is looked up, bytes: 32 characters.
const LONGEST_NAME: usize = 128;

/// Shows the metadata of the pool that is served here.
pub async fn show(
    request: HttpRequest,
    facts: ReqData<RequestFacts>,
    state: Data<SamlState>,
    path: web::Path<PoolPath>,
) -> HttpResponse {
    match document(&facts, &state, path.pool_id.as_deref(), request.query_string()).await {
        Ok(document) => {
            let mut response = HttpResponse::Ok().content_type("application/samlmetadata+xml").body(document);
            AuditEvent::success(EVENT).attach(&mut response);
            response
        }
        Err(failure) => error::page(EVENT, &failure, &facts.request_id),
    }
}

async fn document(facts: &RequestFacts, state: &SamlState, path_pool: Option<&str>, query: &str) -> Result<String, Failure> {
    let context = state.context(facts);
    let query = Parameters::parse(query, LONGEST_NAME).map_err(|_| Failure::InvalidParameter("malformed query".to_owned()))?;
    let served = address::resolve(&context, path_pool, &facts.host)
        .await?
        .ok_or_else(|| Failure::ResourceNotFound("no user pool is served here".to_owned()))?;
    let readers = readers(&context, &served.pool.id, query.get("provider")).await?;
    let keys = &context.ports.keys;
    let encryption_certificate = match readers.as_slice() {
        [only] if settings::encrypted(&only.details) => {
            keys.saml_encryption_keys(&served.pool.id, &only.name).await?.first().map(|key| key.certificate.clone())
        }
        _ => None,
    };
    Ok(sp_metadata::document(&SpMetadata {
        entity_id: &sp_entity_id(&served.pool.id),
        acs_url: &format!("{}/saml2/idpresponse", served.domain_url),
        slo_url: Some(&format!("{}/saml2/logout", served.domain_url)),
        signing_certificates: &keys.saml_signing_certificates(&served.pool.id).await?,
        requests_signed: !readers.is_empty() && readers.iter().all(|reader| settings::signs_requests(&reader.details)),
        encryption_certificate: encryption_certificate.as_deref(),
        valid_until_ms: Some(keys.saml_signing_key(&served.pool.id).await?.not_after_ms),
    }))
}

/// The SAML providers that the document is for: the one that is asked for by name, else all of the pool. Each has an encryption key of
/// its own, so a document for several of them names none.
async fn readers(context: &Context, pool_id: &str, asked: Option<&str>) -> Result<Vec<IdentityProvider>, Failure> {
    let mut work = context.ports.store.read().await?;
    let mut found = match asked {
        Some(name) => work.identity_providers().find(pool_id, name).await?.into_iter().collect(),
        None => work.identity_providers().list(pool_id, None, MOST_PROVIDERS).await?,
    };
    found.retain(|provider| provider.kind == ProviderKind::Saml);
    if asked.is_some() && found.is_empty() {
        return Err(Failure::ResourceNotFound("no such SAML identity provider".to_owned()));
    }
    Ok(found)
}
