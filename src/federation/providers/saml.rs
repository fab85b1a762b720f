//! SAML 2.0 identity providers (Cognito: `ProviderType` SAML).
//!
//! Owns the choice of binding, which of our keys sign and decrypt, and what of a verified assertion becomes the external identity. The
//! protocol and every check of it is `federation::saml`; settings are `settings`', the provider's metadata is `descriptors`'.
//! Verification runs on the blocking pool behind a semaphore, never on an event-loop thread (S-33).

pub mod descriptors;
pub mod logout;
pub mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::attribute_mapping;
use crate::federation::provider::{Answer, Begun, Boxed, Provider, SignOut, Start, unsolicited};
use crate::federation::providers::saml::descriptors::Descriptors;
use crate::federation::saml::authn_request::{self, AuthnRequest};
use crate::federation::saml::encryption::Decryption;
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::metadata::IdpDescriptor;
use crate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation, VerifiedAssertion};
use crate::federation::saml::subject::NameId;
use crate::keys::KeyError;
use crate::keys::saml_keys::SpKey;
use crate::model::departure::Departure;
use crate::model::external_identity::{ExternalIdentity, LogoutHandle, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// The detail that tells the identity provider's administrator to which key to encrypt.
const ACTIVE_ENCRYPTION_CERTIFICATE: &str = "ActiveEncryptionCertificate";
/// Responses verified at the same time.
const PARALLEL_CHECKS: usize = 4;

/// The provider.
#[derive(Debug)]
pub struct Saml {
    descriptors: Arc<Descriptors>,
    checks: Arc<Semaphore>,
}

impl Default for Saml {
    fn default() -> Self {
        Self { descriptors: Arc::default(), checks: Arc::new(Semaphore::new(PARALLEL_CHECKS)) }
    }
}

impl Provider for Saml {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Saml
    }

    fn validate<'a>(&'a self, context: &'a Context, provider: &'a mut IdentityProvider) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            settings::check(&provider.details)?;
            provider.details.remove(ACTIVE_ENCRYPTION_CERTIFICATE);
            let descriptor = self.descriptors.current(context, provider).await.map_err(named)?;
            if self.sign_out(provider).is_some() && logout::Endpoint::of(&descriptor).is_none() {
                let text = "The SAML metadata has no SingleLogoutService for HTTP-Redirect or HTTP-POST, which IDPSignout needs";
                return Err(Failure::InvalidParameter(text.to_owned()));
            }
            for (key, url) in
                [("SSORedirectBindingURI", &descriptor.sso_redirect_url), ("SLORedirectBindingURI", &descriptor.slo_redirect_url)]
            {
                if let Some(url) = url {
                    provider.details.insert(key.to_owned(), url.clone());
                }
            }
            if settings::encrypted(&provider.details) {
                match context.ports.keys.saml_encryption_keys(&provider.pool_id, &provider.name).await {
                    Ok(keys) => {
                        let newest = keys.first().map(|key| key.certificate.clone());
                        provider.details.extend(newest.map(|certificate| (ACTIVE_ENCRYPTION_CERTIFICATE.to_owned(), certificate)));
                    }
                    // A declared pool that is not stored yet: the ring makes the key at first need and notes it with the provider.
                    Err(KeyError::Missing) => {}
                    Err(error) => return Err(error.into()),
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
            let descriptor = self.descriptors.pinned(context, provider).await?;
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
            let signs = descriptor.want_authn_requests_signed || settings::signs_requests(&provider.details);
            let key = if signs { Some(context.ports.keys.saml_signing_key(&provider.pool_id).await?) } else { None };
            let departure = if descriptor.sso_redirect_url.is_some() {
                Departure::Redirect(request.redirect_url(start.handle, key.as_ref()).await?)
            } else {
                let form = request.post_form(start.handle, key.as_ref()).await?;
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
            let is_unsolicited = *answer.memory == unsolicited();
            let request_id = answer.memory["request_id"].as_str().map(str::to_owned);
            if is_unsolicited == request_id.is_some() {
                return Err(refused("request_id_missing"));
            }
            let opening = if settings::encrypted(&provider.details) {
                Some(Opening {
                    keys: context.ports.keys.saml_encryption_keys(&provider.pool_id, &provider.name).await?,
                    allow_legacy: settings::allows_legacy_encryption(&provider.details),
                    decoy: context.ports.random.bytes(),
                })
            } else {
                None
            };
            let check = Check {
                encoded: Arc::from(encoded.as_str()),
                request_id,
                sp_entity_id: answer.sp_entity_id,
                acs_url: answer.acs_url,
                now_ms: context.now_ms(),
                opening,
            };
            let idp = self.descriptors.pinned(context, provider).await?;
            let assertion = match self.verified(&check, &idp).await? {
                Ok(assertion) => assertion,
                // A new key that our copy of the metadata does not have yet: look once more, at most once a minute.
                Err(fault @ (SamlFault::SignatureInvalid | SamlFault::DecryptedSignature)) => {
                    self.verified_with_newer(context, provider, &check, (idp, fault)).await?
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

    fn upkeep<'a>(&'a self, context: &'a Context) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            let asked = self.descriptors.round(context).await?;
            tracing::debug!(asked, "metadata that was due");
            self.descriptors.survey(context).await
        })
    }

    fn takes_unsolicited(&self, provider: &IdentityProvider) -> bool {
        settings::takes_unsolicited(&provider.details)
    }

    fn sign_out(&self, provider: &IdentityProvider) -> Option<&dyn SignOut> {
        settings::signs_out(&provider.details).then_some(self)
    }
}

/// One response to verify, as the blocking pool takes it.
#[derive(Clone, Debug)]
struct Check {
    encoded: Arc<str>,
    /// None for an answer that nobody asked for.
    request_id: Option<String>,
    sp_entity_id: String,
    acs_url: String,
    now_ms: i64,
    /// How to open it, where the provider encrypts.
    opening: Option<Opening>,
}

/// What opens an encrypted assertion.
#[derive(Clone, Debug)]
struct Opening {
    keys: Vec<Arc<SpKey>>,
    allow_legacy: bool,
    decoy: [u8; 32],
}

impl Saml {
    /// Tries newer metadata: first what another replica has read meanwhile, then what the host says.
    async fn verified_with_newer(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        check: &Check,
        (mut idp, mut fault): (Arc<IdpDescriptor>, SamlFault),
    ) -> Result<VerifiedAssertion, Failure> {
        for _ in 0..2 {
            let newer = self.descriptors.newer(context, provider, &idp).await?;
            if Arc::ptr_eq(&newer, &idp) {
                break;
            }
            fault = match self.verified(check, &newer).await? {
                Ok(assertion) => return Ok(assertion),
                Err(fault) => fault,
            };
            if !matches!(fault, SamlFault::SignatureInvalid | SamlFault::DecryptedSignature) {
                break;
            }
            idp = newer;
        }
        Err(refused(fault.reason()))
    }

    async fn verified(&self, check: &Check, idp: &Arc<IdpDescriptor>) -> Result<Result<VerifiedAssertion, SamlFault>, Failure> {
        let permit = Arc::clone(&self.checks).acquire_owned().await.map_err(Failure::internal)?;
        let (check, idp) = (check.clone(), Arc::clone(idp));
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let expectation = Expectation {
                idp: &idp,
                sp_entity_id: &check.sp_entity_id,
                acs_url: &check.acs_url,
                request_id: check.request_id.as_deref(),
                now_ms: check.now_ms,
                skew_s: DEFAULT_SKEW_S,
            };
            let xml = response::decode(&check.encoded)?;
            match &check.opening {
                None => response::verify(&xml, &expectation),
                Some(Opening { keys, allow_legacy, decoy }) => {
                    let decryption = Decryption { keys, allow_legacy: *allow_legacy, decoy };
                    response::verify_encrypted(&xml, &expectation, &decryption)
                }
            }
        })
        .await
        .map_err(Failure::internal)
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
