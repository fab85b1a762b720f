//! OpenID Connect providers: code flow with PKCE, nonce and state, discovery, verified ID token, userinfo.
//!
//! Owns the order of the steps and the two kinds of kept documents (discovery, keys); each step is a file beneath. Does not own state and
//! single use (`broker`) nor users (`identity`). Kinds that speak OIDC with a twist build on this one.

pub mod answer;
pub mod claims;
pub mod discovery;
pub mod endpoints;
pub mod id_token;
pub mod key_set;
pub mod settings;
pub mod strict_json;
pub mod token_request;
pub mod userinfo;

use std::sync::Arc;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{
    AuthUrl, ClientId, CsrfToken, IssuerUrl, JsonWebKeySet, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::federation::documents::{Documents, Held, Key, Rules};
use crate::federation::provider::{self, Answer, Begun, Boxed, Departure, Provider, Start};
use crate::federation::providers::oidc::discovery::Discovery;
use crate::federation::providers::oidc::endpoints::Endpoints;
use crate::federation::providers::oidc::id_token::{Expected, Unverified};
use crate::federation::providers::oidc::key_set::KeySet;
use crate::federation::providers::oidc::settings::{ADD_ATTRIBUTES, CLIENT_SECRET, Settings, invalid};
use crate::federation::providers::oidc::token_request::Redemption;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::outbound::OutboundError;

const HOUR_MS: i64 = 3_600_000;

/// The kind `OIDC`.
#[derive(Debug)]
pub struct Oidc {
    discoveries: Documents<Discovery>,
    key_sets: Documents<KeySet>,
}

/// What a login must see again at its end; kept in the cache by the broker.
#[derive(Serialize, Deserialize)]
struct Memory {
    nonce: String,
    verifier: String,
    /// The settings that the login began with: an answer must not meet others.
    issuer: String,
    client_id: String,
    iss_required: bool,
    begun_s: i64,
    max_age_s: Option<i64>,
    /// Whether a fresh sign-in was asked for (`prompt=login`).
    sign_in_anew: bool,
}

impl Default for Oidc {
    fn default() -> Self {
        Self::new()
    }
}

impl Oidc {
    /// Knows no documents yet.
    pub fn new() -> Self {
        let rules =
            Rules { accept: "application/json", limit: discovery::LIMIT, ttl_ms: HOUR_MS, stale_ms: 24 * HOUR_MS, entries: 4096 };
        Self {
            discoveries: Documents::new(rules),
            key_sets: Documents::new(Rules {
                accept: "application/jwk-set+json, application/json",
                limit: key_set::LIMIT,
                ..rules
            }),
        }
    }

    async fn discover(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'_>,
    ) -> Result<Held<Discovery>, Failure> {
        let key = place(provider, settings.discovery_url());
        self.discoveries.get(context, &key, |body| discovery::parse(body, settings.issuer)).await
    }

    async fn endpoints(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'_>,
    ) -> Result<Endpoints, Failure> {
        match self.discover(context, provider, settings).await {
            Ok(held) => Endpoints::join(settings, Ok(&held.document)),
            Err(failure) => Endpoints::join(settings, Err(failure)),
        }
    }

    async fn check_settings(&self, context: &Context, provider: &mut IdentityProvider) -> Result<(), Failure> {
        let settings = Settings::read(&provider.details)?;
        if let Some(other) = provider.sealed_details.keys().find(|key| *key != CLIENT_SECRET) {
            return Err(invalid(other, "is not a secret of OIDC providers"));
        }
        let mut added = vec![(ADD_ATTRIBUTES, "false".to_owned())];
        // A provider from the configuration file is asked at its first login: its outage must not stop our start, and what the
        // file says stays what is stored.
        if !provider.declared {
            callable(context, "oidc_issuer", settings.issuer).await?;
            let missing = settings.missing_endpoints();
            if !missing.is_empty() {
                let found = self.discover(context, provider, &settings).await.map_err(|_| {
                    let missing = missing.join(", ");
                    Failure::InvalidParameter(format!(
                        "Unable to contact well-known endpoint; without it ProviderDetails must contain {missing}"
                    ))
                })?;
                let endpoints = Endpoints::join(&settings, Ok(&found.document))
                    .map_err(|_| invalid("authorize_url", "must be an https URL"))?;
                added.push(("authorize_url", endpoints.authorize_url));
                added.push(("token_url", endpoints.token_url));
                added.push(("jwks_uri", endpoints.jwks_uri));
                added.extend(endpoints.attributes_url.map(|url| ("attributes_url", url)));
            }
        }
        for (key, value) in added {
            provider.details.entry(key.to_owned()).or_insert(value);
        }
        if !provider.declared {
            for key in ["token_url", "jwks_uri", "attributes_url"] {
                if let Some(url) = provider.details.get(key) {
                    callable(context, key, url).await?;
                }
            }
        }
        Ok(())
    }

    async fn start(&self, context: &Context, provider: &IdentityProvider, start: Start<'_>) -> Result<Begun, Failure> {
        let settings = stored(provider)?;
        let endpoints = self.endpoints(context, provider, &settings).await?;
        let asked = start.authorization;
        let memory = Memory {
            nonce: context.ports.random.token(),
            verifier: context.ports.random.token(),
            issuer: settings.issuer.to_owned(),
            client_id: settings.client_id.to_owned(),
            iss_required: endpoints.iss_required,
            begun_s: context.now_ms().div_euclid(1000),
            max_age_s: asked.max_age_s,
            sign_in_anew: asked.prompt.as_deref().is_some_and(|prompt| prompt.split(' ').any(|value| value == "login")),
        };
        let url = authorize_url(&settings, &endpoints, &memory, &start).map_err(Failure::internal)?;
        let memory = serde_json::to_value(memory).map_err(Failure::internal)?;
        Ok(Begun { departure: Departure::Redirect(url), memory })
    }

    async fn finish(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        answer: Answer<'_>,
    ) -> Result<ExternalIdentity, Failure> {
        let memory = Memory::deserialize(answer.memory).map_err(Failure::internal)?;
        let settings = stored(provider)?;
        if memory.issuer != settings.issuer || memory.client_id != settings.client_id {
            return Err(refused("provider_changed"));
        }
        let endpoints = self.endpoints(context, provider, &settings).await?;
        let iss_required = memory.iss_required || endpoints.iss_required;
        let code = answer::code(answer.parameters, settings.issuer, iss_required)?;
        let secret = provider::secret(context, provider, CLIENT_SECRET)?;
        let redemption = Redemption {
            url: &endpoints.token_url,
            client_id: settings.client_id,
            client_secret: secret.as_ref(),
            secret_in_form: endpoints.secret_in_form,
            code,
            redirect_uri: &answer.callback_url,
            verifier: &memory.verifier,
        };
        let tokens = token_request::redeem(&context.ports.outbound, &redemption).await?;
        let id_token = tokens.id_token.ok_or(refused("id_token_missing"))?;
        let unverified = Unverified::read(id_token.reveal(), &endpoints.algorithms).map_err(refused)?;
        let proven = self.verified(context, &place(provider, endpoints.jwks_uri), &unverified).await?;
        let expected = Expected {
            issuer: settings.issuer,
            client_id: settings.client_id,
            nonce: &memory.nonce,
            access_token: tokens.access_token.reveal(),
            code,
            now_s: context.now_ms().div_euclid(1000),
            max_age_s: memory.max_age_s,
            signed_in_after_s: memory.sign_in_anew.then_some(memory.begun_s),
        };
        let subject = id_token::check(&proven, unverified.algorithm, &expected).map_err(refused)?;
        let auth_time_ms = proven.get("auth_time").and_then(Value::as_i64).map(|seconds| seconds.saturating_mul(1000));
        let userinfo = match &endpoints.attributes_url {
            Some(url) => {
                let outbound = &context.ports.outbound;
                Some(userinfo::fetch(outbound, settings.userinfo_method, url, &tokens.access_token, &subject).await?)
            }
            None => None,
        };
        let mut claims = claims::merge(proven, userinfo);
        let offered = [("access_token", &tokens.access_token), ("id_token", &id_token)];
        claims::offer_tokens(&mut claims, &provider.attribute_mapping, offered)?;
        Ok(ExternalIdentity {
            subject_key: subject.clone(),
            subject,
            issuer: None,
            claims,
            auth_time_ms,
            session_until_ms: None,
            logout: None,
            one_time: None,
        })
    }

    /// The claims of a token that one of the provider's keys signed; an unknown key asks for a newer set, once (O-08, O-10).
    async fn verified(&self, context: &Context, key: &Key, token: &Unverified<'_>) -> Result<Map<String, Value>, Failure> {
        let attempt = |set: &Arc<KeySet>| set.find(token.kid.as_deref(), token.algorithm).and_then(|key| token.verify(key));
        let held = self.key_sets.get(context, key, KeySet::parse).await?;
        let reason = match attempt(&held.document) {
            Ok(claims) => return Ok(claims),
            Err(reason) => reason,
        };
        // Without a `kid`, a rotated key shows only as a signature that does not fit.
        let may_be_rotated = reason == "key_unknown" || token.kid.is_none();
        if held.just_fetched || !may_be_rotated {
            return Err(refused(reason));
        }
        let newer = self.key_sets.newer(context, key, &held.document, KeySet::parse).await?;
        attempt(&newer.document).map_err(refused)
    }
}

impl Provider for Oidc {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Oidc
    }

    fn validate<'a>(&'a self, context: &'a Context, provider: &'a mut IdentityProvider) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(self.check_settings(context, provider))
    }

    fn begin<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        start: Start<'a>,
    ) -> Boxed<'a, Result<Begun, Failure>> {
        Box::pin(self.start(context, provider, start))
    }

    fn complete<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        answer: Answer<'a>,
    ) -> Boxed<'a, Result<ExternalIdentity, Failure>> {
        Box::pin(self.finish(context, provider, answer))
    }
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}

/// Settings that were checked when they were saved.
fn stored(provider: &IdentityProvider) -> Result<Settings<'_>, Failure> {
    Settings::read(&provider.details).map_err(|_| Failure::ProviderUnavailable { reason: "settings_invalid" })
}

fn place(provider: &IdentityProvider, url: String) -> Key {
    Key { pool_id: provider.pool_id.clone(), provider: provider.name.clone(), url }
}

async fn callable(context: &Context, key: &str, url: &str) -> Result<(), Failure> {
    match context.ports.outbound.check(url).await {
        Err(OutboundError::Refused(_)) => Err(invalid(key, "must be an https URL with a public address")),
        Ok(()) | Err(OutboundError::Unreachable(_) | OutboundError::TooLarge) => Ok(()),
    }
}

/// OpenID Connect Core section 3.1.2.1 with PKCE (RFC 7636 section 4.3). The endpoint's own query stays.
fn authorize_url(
    settings: &Settings<'_>,
    endpoints: &Endpoints,
    memory: &Memory,
    start: &Start<'_>,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    // The client only builds the request; keys stay with our own verifier.
    let client = CoreClient::new(
        ClientId::new(settings.client_id.to_owned()),
        IssuerUrl::new(settings.issuer.to_owned())?,
        JsonWebKeySet::new(Vec::new()),
    )
    .set_auth_uri(AuthUrl::new(endpoints.authorize_url.clone())?)
    .set_redirect_uri(RedirectUrl::new(start.callback_url.clone())?);
    let verifier = PkceCodeVerifier::new(memory.verifier.clone());
    let (state, nonce) = (CsrfToken::new(start.handle.to_owned()), Nonce::new(memory.nonce.clone()));
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    // The builder names `openid` by itself.
    for scope in settings.scopes.iter().filter(|scope| **scope != "openid") {
        request = request.add_scope(Scope::new((*scope).to_owned()));
    }
    let asked = start.authorization;
    let passed_on = [
        ("login_hint", asked.login_hint.clone()),
        ("prompt", asked.prompt.clone()),
        ("max_age", asked.max_age_s.map(|seconds| seconds.to_string())),
    ];
    for (name, value) in passed_on {
        if let Some(value) = value {
            request = request.add_extra_param(name, value);
        }
    }
    Ok(request.url().0.into())
}
