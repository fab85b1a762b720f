//! SAML 2.0 identity providers (Cognito: `ProviderType` SAML).
//!
//! Owns the settings (`MetadataURL` or `MetadataFile`), the choice of binding, and what of a verified assertion becomes the external
//! identity. The protocol and every check of it is `federation::saml`; metadata by URL is fetched through `federation::documents`.
//! Verification runs on the blocking pool behind a semaphore, never on an event-loop thread (S-33).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::documents::{Documents, Key};
use crate::federation::provider::{Answer, Begun, Boxed, Departure, Provider, Start};
use crate::federation::saml::authn_request::{self, AuthnRequest};
use crate::federation::saml::metadata::{self, IdpDescriptor, MetadataOptions};
use crate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation, NameId, VerifiedAssertion};
use crate::model::external_identity::{ExternalIdentity, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// Largest metadata document, bytes (S-24).
const METADATA_LIMIT: usize = 2 * 1024 * 1024;
/// How long fetched metadata counts as fresh, ms: within Cognito's 6 hours, and short enough for a certificate roll-over.
const METADATA_TTL_MS: i64 = 600_000;
/// Responses verified at the same time.
const PARALLEL_CHECKS: usize = 4;
/// Settings that Cognito knows and this build refuses instead of ignoring them.
const NOT_YET: [&str; 4] = ["IDPInit", "IDPSignout", "EncryptedResponses", "RequestSigningAlgorithm"];

/// The provider.
#[derive(Debug)]
pub struct Saml {
    documents: Documents<IdpDescriptor>,
    checks: Arc<Semaphore>,
}

impl Default for Saml {
    fn default() -> Self {
        Self { documents: Documents::default(), checks: Arc::new(Semaphore::new(PARALLEL_CHECKS)) }
    }
}

impl Provider for Saml {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Saml
    }

    fn validate<'a>(&'a self, context: &'a Context, provider: &'a mut IdentityProvider) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            check_settings(&provider.details)?;
            let descriptor = self.descriptor(context, provider).await.map_err(named)?;
            for (key, url) in [
                ("SSORedirectBindingURI", &descriptor.sso_redirect_url),
                ("SLORedirectBindingURI", &descriptor.slo_redirect_url),
            ] {
                if let Some(url) = url {
                    provider.details.insert(key.to_owned(), url.clone());
                }
            }
            Ok(())
        })
    }

    fn begin<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        start: Start<'a>,
    ) -> Boxed<'a, Result<Begun, Failure>> {
        Box::pin(async move {
            let descriptor = self.descriptor(context, provider).await?;
            let id = authn_request::request_id(context.ports.random.bytes());
            let destination = descriptor
                .sso_redirect_url
                .as_deref()
                .or(descriptor.sso_post_url.as_deref())
                .ok_or(Failure::ProviderUnavailable { reason: "metadata_without_endpoint" })?;
            let prompt = start.authorization.prompt.as_deref().unwrap_or_default();
            let request = AuthnRequest {
                id: &id,
                issue_instant_ms: context.now_ms(),
                destination,
                sp_entity_id: &start.sp_entity_id,
                acs_url: &start.acs_url,
                force_authn: prompt.split(' ').any(|word| word == "login"),
                name_id_format: None,
            };
            let departure = if descriptor.sso_redirect_url.is_some() {
                let unsigned: Option<&dyn Fn(&[u8]) -> Result<Vec<u8>, Failure>> = None;
                Departure::Redirect(request.redirect_url(start.handle, unsigned)?)
            } else {
                let form = request.post_form(start.handle);
                Departure::PostForm { action: form.action, fields: form.fields }
            };
            Ok(Begun { departure, memory: json!({ "request_id": id }) })
        })
    }

    fn complete<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        answer: Answer<'a>,
    ) -> Boxed<'a, Result<ExternalIdentity, Failure>> {
        Box::pin(async move {
            let request_id = answer.memory["request_id"].as_str().ok_or(refused("request_id_missing"))?.to_owned();
            let encoded = answer.parameters.get("SAMLResponse").ok_or(refused("saml_response_missing"))?.clone();
            let idp = self.descriptor(context, provider).await?;
            let now_ms = context.now_ms();
            let permit = Arc::clone(&self.checks).acquire_owned().await.map_err(Failure::internal)?;
            let verified = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let xml = response::decode(&encoded)?;
                let expectation = Expectation {
                    idp: &idp,
                    sp_entity_id: &answer.sp_entity_id,
                    acs_url: &answer.acs_url,
                    request_id: Some(&request_id),
                    now_ms,
                    skew_s: DEFAULT_SKEW_S,
                };
                response::verify(&xml, &expectation)
            });
            let assertion =
                verified.await.map_err(Failure::internal)?.map_err(|fault| refused(fault.reason()))?;
            Ok(external_identity(assertion))
        })
    }
}

impl Saml {
    /// The identity provider's description: parsed from the file, or fetched and kept fresh.
    async fn descriptor(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        todo!()
    }
}

fn check_settings(details: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (key, value) in details {
        if NOT_YET.contains(&key.as_str()) && value != "false" {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not available yet")));
        }
        let known = ["MetadataURL", "MetadataFile", "SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate"];
        if !known.contains(&key.as_str()) && !NOT_YET.contains(&key.as_str()) {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not a key of SAML providers")));
        }
    }
    match (details.contains_key("MetadataURL"), details.contains_key("MetadataFile")) {
        (true, false) | (false, true) => Ok(()),
        _ => Err(Failure::InvalidParameter("ProviderDetails takes exactly one of MetadataURL and MetadataFile".to_owned())),
    }
}

/// Faults of metadata, told to the operator who saves the provider: which rule, never the document's text.
fn named(failure: Failure) -> Failure {
    match failure {
        Failure::FederationRefused { reason } => {
            Failure::InvalidParameter(format!("The SAML metadata is refused: {}", reason.replace('_', " ")))
        }
        other => other,
    }
}

fn external_identity(assertion: VerifiedAssertion) -> ExternalIdentity {
    let mut claims: BTreeMap<String, Value> =
        assertion.attributes.into_iter().map(|(name, values)| (name, json!(values))).collect();
    claims.insert("NameID".to_owned(), json!(assertion.name_id.value));
    let one_time = OneTimeId {
        kind: "saml_assertion".to_owned(),
        digest: sha256_b64(format!("{}\n{}", assertion.issuer, assertion.assertion_id).as_bytes()),
        expires_ms: assertion.replay_until_ms,
    };
    ExternalIdentity {
        subject_key: subject_key(&assertion.name_id),
        subject: assertion.name_id.value,
        issuer: Some(assertion.issuer),
        claims,
        auth_time_ms: assertion.authn_instant_ms,
        session_until_ms: assertion.session_not_on_or_after_ms,
        one_time: Some(one_time),
    }
}

/// Format, qualifiers and value, told apart unambiguously; case counts (S-18).
fn subject_key(name_id: &NameId) -> String {
    json!([name_id.format, name_id.name_qualifier, name_id.sp_name_qualifier, name_id.value]).to_string()
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
