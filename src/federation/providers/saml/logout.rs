//! Single logout with a SAML identity provider (Cognito: `IDPSignout`; SAML Profiles section 4.4; S-28, S-29).
//!
//! Owns which provider a message is from, which binding ours takes (redirect, or POST where the provider has nothing else), and
//! their signing with the pool's key. The documents and every check of them are `federation::saml::logout`'s; sessions are
//! `federation::sign_out`'s. Verification runs where that of responses does.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::provider::{Begun, Boxed, EndAsked, EndWish, Ended, Leaving, SignOut, SignOutMessage};
use crate::federation::providers::saml::{Saml, refused, subject_key};
use crate::federation::saml::authn_request::request_id;
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::logout::{
    self, Addressed, LogoutRequest, LogoutResponse, Outcome, REQUESTER, RESPONDER, SUCCESS, SignedRequest,
};
use crate::federation::saml::metadata::IdpDescriptor;
use crate::federation::saml::outgoing::{self, Field};
use crate::federation::saml::response::DEFAULT_SKEW_S;
use crate::federation::saml::subject::NameId;
use crate::model::departure::Departure;
use crate::model::external_identity::OneTimeId;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// Where a provider takes logout messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// By HTTP-Redirect.
    Redirect(&'a str),
    /// By HTTP-POST.
    Post(&'a str),
}

impl<'a> Endpoint<'a> {
    /// The endpoint of a provider, redirect first as Cognito does.
    pub fn of(idp: &'a IdpDescriptor) -> Option<Self> {
        let redirect = idp.slo_redirect_url.as_deref().map(Self::Redirect);
        redirect.or_else(|| idp.slo_post_url.as_deref().map(Self::Post))
    }

    fn url(self) -> &'a str {
        match self {
            Self::Redirect(url) | Self::Post(url) => url,
        }
    }
}

impl SignOut for Saml {
    fn leave<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        leaving: Leaving<'a>,
    ) -> Boxed<'a, Result<Begun, Failure>> {
        Box::pin(async move {
            let idp = self.descriptors.pinned(context, provider).await?;
            let endpoint = endpoint(&idp)?;
            let id = request_id(context.ports.random.bytes());
            let handle = &leaving.session.logout;
            let request = LogoutRequest {
                id: &id,
                issue_instant_ms: context.now_ms(),
                destination: endpoint.url(),
                sp_entity_id: &leaving.sp_entity_id,
                name_id: &name_id(&handle.name_id)?,
                session_index: handle.session_index.as_deref(),
            };
            let message = (Field::Request, request.to_xml());
            let departure = signed(context, &provider.pool_id, endpoint, message, Some(leaving.handle)).await?;
            Ok(Begun { departure, memory: json!({ "request_id": id }) })
        })
    }

    fn left<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        message: &'a SignOutMessage,
        memory: &'a Value,
    ) -> Boxed<'a, Result<Option<&'static str>, Failure>> {
        Box::pin(async move {
            let request_id: Arc<str> = Arc::from(memory["request_id"].as_str().ok_or(refused("request_id_missing"))?);
            let verified = self
                .proven(context, provider, message, move |message, addressed| {
                    logout::verify_response(&message.delivery, addressed, &request_id)
                })
                .await?;
            match verified.map_err(|fault| refused(fault.reason()))? {
                Outcome::Done | Outcome::Partial => Ok(None),
                Outcome::Failed => Ok(Some("provider_did_not_sign_out")),
            }
        })
    }

    fn asked<'a>(
        &'a self,
        context: &'a Context,
        providers: &'a [IdentityProvider],
        message: &'a SignOutMessage,
    ) -> Boxed<'a, Result<EndAsked, Failure>> {
        Box::pin(async move {
            let delivery = Arc::clone(&message.delivery);
            let issuer = self.off_the_loop(move || logout::claimed_issuer(&delivery)).await?;
            let issuer = issuer.map_err(|fault| refused(fault.reason()))?;
            let (mut asking, mut request, mut failure) = (Vec::new(), None, refused("issuer_unknown"));
            // A pool may know one identity provider under several names; each has its own copy of the keys.
            for provider in providers {
                // A provider that cannot be described takes nothing from the others.
                if self.descriptors.known_entity_id(context, provider).await.ok().flatten().as_deref() != Some(issuer.as_str()) {
                    continue;
                }
                let verify =
                    |message: &SignOutMessage, addressed: &Addressed<'_>| logout::verify_request(&message.delivery, addressed);
                match self.proven(context, provider, message, verify).await {
                    Ok(Ok(signed)) => {
                        asking.push(provider.clone());
                        request = Some(signed);
                    }
                    Ok(Err(fault)) => failure = refused(fault.reason()),
                    Err(unavailable) => failure = unavailable,
                }
            }
            let SignedRequest { id, wish } = request.ok_or(failure)?;
            let once_digest = sha256_b64(format!("{issuer}\n{id}").as_bytes());
            let wish = wish.map_err(SamlFault::reason).map(|wish| EndWish {
                subject_key: subject_key(&wish.name_id),
                session_indexes: wish.session_indexes,
                once: OneTimeId { kind: "saml_logout".to_owned(), digest: once_digest, expires_ms: wish.replay_until_ms },
            });
            Ok(EndAsked { providers: asking, wish, memory: json!({ "request_id": id }) })
        })
    }

    fn answer<'a>(
        &'a self,
        context: &'a Context,
        asked: &'a EndAsked,
        message: &'a SignOutMessage,
        ended: Ended,
        sp_entity_id: &'a str,
    ) -> Boxed<'a, Result<Departure, Failure>> {
        Box::pin(async move {
            let provider = asked.providers.first().ok_or(refused("issuer_unknown"))?;
            let idp = self.descriptors.pinned(context, provider).await?;
            let endpoint = endpoint(&idp)?;
            let response = LogoutResponse {
                id: &request_id(context.ports.random.bytes()),
                issue_instant_ms: context.now_ms(),
                destination: endpoint.url(),
                sp_entity_id,
                in_response_to: asked.memory["request_id"].as_str().ok_or(refused("request_id_missing"))?,
                status: match ended {
                    Ended::Done => SUCCESS,
                    Ended::Refused => REQUESTER,
                    Ended::Failed => RESPONDER,
                },
            };
            let relay_state = message.delivery.relay_state();
            signed(context, &provider.pool_id, endpoint, (Field::Response, response.to_xml()), relay_state).await
        })
    }
}

impl Saml {
    /// Verifies with the provider's keys; a signature that our copy of the metadata cannot explain is looked at once more with a newer
    /// copy, at most once a minute.
    async fn proven<T: Send + 'static>(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        message: &SignOutMessage,
        verify: impl Fn(&SignOutMessage, &Addressed<'_>) -> Result<T, SamlFault> + Clone + Send + 'static,
    ) -> Result<Result<T, SamlFault>, Failure> {
        let idp = self.descriptors.pinned(context, provider).await?;
        let now_ms = context.now_ms();
        let attempt = async |idp: &Arc<IdpDescriptor>| {
            let (idp, message, verify) = (Arc::clone(idp), message.clone(), verify.clone());
            let run = move || {
                let addressed = Addressed { idp: &idp, slo_url: &message.slo_url, now_ms, skew_s: DEFAULT_SKEW_S };
                verify(&message, &addressed)
            };
            self.off_the_loop(run).await
        };
        match attempt(&idp).await? {
            Err(SamlFault::SignatureInvalid) => {
                let newer = self.descriptors.newer(context, provider, &idp).await?;
                if Arc::ptr_eq(&newer, &idp) {
                    return Ok(Err(SamlFault::SignatureInvalid));
                }
                attempt(&newer).await
            }
            verdict => Ok(verdict),
        }
    }

    /// Runs a check on the blocking pool, behind the same semaphore as those of responses (S-33).
    async fn off_the_loop<T: Send + 'static>(&self, run: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let permit = Arc::clone(&self.checks).acquire_owned().await.map_err(Failure::internal)?;
        let run = move || {
            let _permit = permit;
            run()
        };
        tokio::task::spawn_blocking(run).await.map_err(Failure::internal)
    }
}

fn endpoint(idp: &IdpDescriptor) -> Result<Endpoint<'_>, Failure> {
    Endpoint::of(idp).ok_or(Failure::ProviderUnavailable { reason: "metadata_without_logout_endpoint" })
}

/// Signs a message with the pool's key as its binding wants it.
async fn signed(
    context: &Context,
    pool_id: &str,
    endpoint: Endpoint<'_>,
    (field, xml): (Field, String),
    relay_state: Option<&str>,
) -> Result<Departure, Failure> {
    let key = context.ports.keys.saml_signing_key(pool_id).await?;
    match endpoint {
        Endpoint::Redirect(url) => {
            Ok(Departure::Redirect(outgoing::redirect_url(url, field, &xml, relay_state, Some(&key)).await?))
        }
        Endpoint::Post(url) => {
            let mut fields = vec![(field.name().to_owned(), STANDARD.encode(outgoing::signed(&xml, &key).await?))];
            fields.extend(relay_state.map(|value| ("RelayState".to_owned(), value.to_owned())));
            Ok(Departure::PostForm { action: url.to_owned(), fields })
        }
    }
}

/// The NameID as the login kept it.
fn name_id(kept: &Value) -> Result<NameId, Failure> {
    let [format, name_qualifier, sp_name_qualifier, value]: [Option<String>; 4] =
        serde_json::from_value(kept.clone()).map_err(Failure::internal)?;
    let value = value.ok_or_else(|| Failure::internal("a kept NameID has no value"))?;
    Ok(NameId { value, format, name_qualifier, sp_name_qualifier })
}
