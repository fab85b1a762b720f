//! SAML 2.0 identity providers (Cognito: `ProviderType` SAML).
//!
//! Owns the settings (`MetadataURL` or `MetadataFile`), the choice of binding, and what of a verified assertion becomes the external
//! identity. The protocol and every check of it is `federation::saml`; metadata by URL is fetched through `federation::documents`.
//! Verification runs on the blocking pool behind a semaphore, never on an event-loop thread (S-33).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::attribute_mapping;
use crate::federation::documents::{Documents, Key, Rules};
use crate::federation::provider::{Answer, Begun, Boxed, Departure, Provider, Start};
use crate::federation::saml::authn_request::{self, AuthnRequest};
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::metadata::{self, IdpDescriptor, MetadataFault, MetadataOptions};
use crate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation, VerifiedAssertion};
use crate::federation::saml::subject::NameId;
use crate::model::external_identity::{ExternalIdentity, LogoutHandle, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// Fetched metadata: at most 2 MiB (S-24); fresh for 10 minutes, well within Cognito's 6 hours; the last good copy serves for a week of
/// outage unless its own `validUntil` ends before.
const METADATA: Rules = Rules {
    accept: "application/samlmetadata+xml, application/xml, text/xml",
    limit: 2 * 1024 * 1024,
    ttl_ms: 600_000,
    stale_ms: 7 * 86_400_000,
    entries: 10_000,
};
/// Parsed metadata files kept in memory.
const FILES: usize = 10_000;
/// Responses verified at the same time.
const PARALLEL_CHECKS: usize = 4;
/// Settings that Cognito knows and this build refuses instead of ignoring them.
const NOT_YET: [&str; 4] = ["IDPInit", "IDPSignout", "EncryptedResponses", "RequestSigningAlgorithm"];

/// The provider.
#[derive(Debug)]
pub struct Saml {
    documents: Documents<IdpDescriptor>,
    /// Entity ids of metadata by URL that this process knows to be pinned.
    pins: Mutex<BTreeMap<String, String>>,
    files: Mutex<BTreeMap<String, Arc<IdpDescriptor>>>,
    checks: Arc<Semaphore>,
}

impl Default for Saml {
    fn default() -> Self {
        Self {
            documents: Documents::new(METADATA),
            pins: Mutex::default(),
            files: Mutex::default(),
            checks: Arc::new(Semaphore::new(PARALLEL_CHECKS)),
        }
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
            for (key, url) in
                [("SSORedirectBindingURI", &descriptor.sso_redirect_url), ("SLORedirectBindingURI", &descriptor.slo_redirect_url)]
            {
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
            let descriptor = self.pinned_descriptor(context, provider).await?;
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
                Departure::Redirect(request.redirect_url::<Failure>(start.handle, None)?)
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
            let encoded = answer.parameters.get("SAMLResponse").ok_or(refused("saml_response_missing"))?;
            let check = Check {
                encoded: Arc::from(encoded.as_str()),
                request_id: answer.memory["request_id"].as_str().ok_or(refused("request_id_missing"))?.to_owned(),
                sp_entity_id: answer.sp_entity_id,
                acs_url: answer.acs_url,
                now_ms: context.now_ms(),
            };
            let idp = self.pinned_descriptor(context, provider).await?;
            let assertion = match self.verified(&check, &idp).await? {
                Ok(assertion) => assertion,
                // A new key that our copy of the metadata does not have yet: look once more, at most once a minute.
                Err(SamlFault::SignatureInvalid) => {
                    let newer = self.newer_descriptor(context, provider, &idp).await?;
                    if Arc::ptr_eq(&newer, &idp) {
                        return Err(refused(SamlFault::SignatureInvalid.reason()));
                    }
                    self.verified(&check, &newer).await?.map_err(|fault| refused(fault.reason()))?
                }
                // The user or the identity provider declined; the app is told, as for every other provider.
                Err(SamlFault::Status) => return Err(Failure::ProviderDenied { code: "access_denied" }),
                Err(fault) => return Err(refused(fault.reason())),
            };
            if let Some(fault) =
                assertion.fault_of_mapped(attribute_mapping::claims_read(&provider.attribute_mapping).iter().map(String::as_str))
            {
                return Err(refused(fault.reason()));
            }
            Ok(external_identity(assertion))
        })
    }
}

/// One response to verify, as the blocking pool takes it.
#[derive(Clone, Debug)]
struct Check {
    encoded: Arc<str>,
    request_id: String,
    sp_entity_id: String,
    acs_url: String,
    now_ms: i64,
}

impl Saml {
    async fn verified(&self, check: &Check, idp: &Arc<IdpDescriptor>) -> Result<Result<VerifiedAssertion, SamlFault>, Failure> {
        let permit = Arc::clone(&self.checks).acquire_owned().await.map_err(Failure::internal)?;
        let (check, idp) = (check.clone(), Arc::clone(idp));
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let expectation = Expectation {
                idp: &idp,
                sp_entity_id: &check.sp_entity_id,
                acs_url: &check.acs_url,
                request_id: Some(&check.request_id),
                now_ms: check.now_ms,
                skew_s: DEFAULT_SKEW_S,
            };
            response::decode(&check.encoded).and_then(|xml| response::verify(&xml, &expectation))
        })
        .await
        .map_err(Failure::internal)
    }

    /// The identity provider's description: parsed from the file, or fetched and kept fresh. Refused once its `validUntil` has passed.
    async fn descriptor(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        let descriptor = match source(provider)? {
            Source::File(xml) => self.read_file(context, xml)?,
            Source::Url(key) => {
                let pin = self.known_pin(provider);
                self.documents.get(context, &key, |xml| parse(context, xml, pin.as_deref())).await?.document
            }
        };
        still_valid(context, descriptor)
    }

    /// The description for a login: the entity id of metadata by URL is the one that the first login saw, on every replica and after
    /// every restart; a document that names another one counts as a failed fetch (S-24).
    async fn pinned_descriptor(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        if !provider.details.contains_key("MetadataURL") {
            return self.descriptor(context, provider).await;
        }
        let name = pin_name(provider);
        if self.known_pin(provider).is_none()
            && let Some(entity_id) = context.ports.store.read().await?.meta().get(&name).await?
        {
            self.pins().insert(name.clone(), entity_id);
        }
        let descriptor = self.descriptor(context, provider).await?;
        let pin = if let Some(pin) = self.known_pin(provider) {
            pin
        } else {
            let mut work = context.ports.store.begin().await?;
            let entity_id = work.meta().get_or_insert(&name, &descriptor.entity_id).await?;
            work.commit().await?;
            self.pins().insert(name, entity_id.clone());
            entity_id
        };
        // Compared each time: a copy may be older than the pin.
        if pin == descriptor.entity_id {
            Ok(descriptor)
        } else {
            Err(Failure::ProviderUnavailable { reason: MetadataFault::EntityMissing.reason() })
        }
    }

    fn known_pin(&self, provider: &IdentityProvider) -> Option<String> {
        self.pins().get(&pin_name(provider)).cloned()
    }

    fn pins(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A newer copy than `seen`, where there is one to ask for.
    async fn newer_descriptor(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        seen: &Arc<IdpDescriptor>,
    ) -> Result<Arc<IdpDescriptor>, Failure> {
        match source(provider)? {
            Source::File(_) => Ok(Arc::clone(seen)),
            Source::Url(key) => {
                let pin = self.known_pin(provider);
                let held = self.documents.newer(context, &key, seen, |xml| parse(context, xml, pin.as_deref())).await?;
                still_valid(context, held.document)
            }
        }
    }

    fn read_file(&self, context: &Context, xml: &str) -> Result<Arc<IdpDescriptor>, Failure> {
        let digest = sha256_b64(xml.as_bytes());
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(descriptor) = files.get(&digest) {
            return Ok(Arc::clone(descriptor));
        }
        let descriptor = Arc::new(parse(context, xml.as_bytes(), None).map_err(refused)?);
        if files.len() >= FILES {
            files.clear();
        }
        files.insert(digest, Arc::clone(&descriptor));
        Ok(descriptor)
    }
}

enum Source<'a> {
    File(&'a str),
    Url(Key),
}

fn source(provider: &IdentityProvider) -> Result<Source<'_>, Failure> {
    if let Some(xml) = provider.details.get("MetadataFile") {
        return Ok(Source::File(xml));
    }
    let url = provider.details.get("MetadataURL").ok_or(refused("metadata_missing"))?;
    Ok(Source::Url(Key { pool_id: provider.pool_id.clone(), provider: provider.name.clone(), url: url.clone() }))
}

/// Where the entity id of a provider's metadata is pinned: with the provider itself, so that one made anew starts anew.
fn pin_name(provider: &IdentityProvider) -> String {
    let url = provider.details.get("MetadataURL").map_or("", String::as_str);
    let whose = json!([provider.pool_id, provider.name, provider.created_ms, url]).to_string();
    format!("saml_entity_id:{}", sha256_b64(whose.as_bytes()))
}

/// Plain http endpoints pass only while the gateway itself is served over plain http: development on loopback.
fn parse(context: &Context, xml: &[u8], entity_id: Option<&str>) -> Result<IdpDescriptor, &'static str> {
    let options = MetadataOptions {
        expected_entity_id: entity_id,
        now_ms: context.now_ms(),
        allow_http: context.ports.public_url.scheme() == "http",
    };
    metadata::parse(xml, &options).map_err(MetadataFault::reason)
}

fn still_valid(context: &Context, descriptor: Arc<IdpDescriptor>) -> Result<Arc<IdpDescriptor>, Failure> {
    if descriptor.valid_until_ms.is_some_and(|until| until <= context.now_ms()) {
        return Err(Failure::ProviderUnavailable { reason: MetadataFault::Expired.reason() });
    }
    Ok(descriptor)
}

fn check_settings(details: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (key, value) in details {
        if NOT_YET.contains(&key.as_str()) && value != "false" {
            return Err(Failure::InvalidParameter(format!("ProviderDetails.{key} is not available yet")));
        }
        let known =
            ["MetadataURL", "MetadataFile", "SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate"];
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
    let logout = LogoutHandle { name_id: json!(name_id_parts(&assertion.name_id)), session_index: assertion.session_index };
    ExternalIdentity {
        subject_key: subject_key(&assertion.name_id),
        subject: assertion.name_id.value,
        issuer: Some(assertion.issuer),
        claims,
        auth_time_ms: assertion.authn_instant_ms,
        session_until_ms: assertion.session_not_on_or_after_ms,
        logout: Some(logout),
        one_time: Some(one_time),
    }
}

/// Format, qualifiers and value, told apart unambiguously; case counts (S-18).
fn subject_key(name_id: &NameId) -> String {
    json!(name_id_parts(name_id)).to_string()
}

fn name_id_parts(name_id: &NameId) -> [Option<&str>; 4] {
    let NameId { format, name_qualifier, sp_name_qualifier, value } = name_id;
    [format.as_deref(), name_qualifier.as_deref(), sp_name_qualifier.as_deref(), Some(value)]
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
