//! OpenID Connect providers: code flow with PKCE, nonce and state, discovery, verified ID token, userinfo.
//!
//! Owns the kind `OIDC`: its settings, discovery, userinfo. The flow itself is `engine`'s, each step a file beneath. Does not own state and
//! single use (`broker`) nor users (`identity`). Kinds that speak OIDC with a twist build on the same engine.

pub mod answer;
pub mod claims;
pub mod discovery;
pub mod endpoints;
pub mod engine;
pub mod id_token;
pub mod issuer;
pub mod key_set;
pub mod settings;
pub mod strict_json;
pub mod token_request;
pub mod userinfo;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::federation::documents::{Documents, Held};
use crate::federation::provider::{self, Answer, Begun, Boxed, Provider, Start};
use crate::federation::providers::oidc::discovery::Discovery;
use crate::federation::providers::oidc::endpoints::Endpoints;
use crate::federation::providers::oidc::engine::{Engine, Party, Proven, place};
use crate::federation::providers::oidc::settings::{ADD_ATTRIBUTES, CLIENT_SECRET, Settings, invalid};
use crate::federation::providers::oidc::userinfo::Userinfo;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::outbound::OutboundError;

/// The kind `OIDC`.
#[derive(Debug)]
pub struct Oidc {
    discoveries: Documents<Discovery>,
    engine: Engine,
}

impl Default for Oidc {
    fn default() -> Self {
        Self::new()
    }
}

impl Oidc {
    /// Knows no documents yet.
    pub fn new() -> Self {
        Self { discoveries: Documents::new(engine::RULES), engine: Engine::default() }
    }

    async fn discover(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'_>,
    ) -> Result<Held<Discovery>, Failure> {
        let key = place(provider, settings.discovery_url());
        self.discoveries.get(context, &key, |body| discovery::parse(body, settings.accepted.configured())).await
    }

    async fn party<'a>(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'a>,
    ) -> Result<Party<'a>, Failure> {
        let endpoints = match self.discover(context, provider, settings).await {
            Ok(held) => Endpoints::join(settings, Ok(&held.document)),
            Err(failure) => Endpoints::join(settings, Err(failure)),
        }?;
        // `openid` first, whatever the order of the settings.
        let others = settings.scopes.iter().copied().filter(|scope| *scope != "openid");
        Ok(Party {
            issuer: settings.accepted.clone(),
            client_id: settings.client_id,
            scopes: std::iter::once("openid").chain(others).collect(),
            trusted_audiences: settings.trusted_audiences.clone(),
            endpoints,
            pkce: true,
            extra: Vec::new(),
        })
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
        let mut party = self.party(context, provider, &settings).await?;
        let asked = start.authorization;
        let passed_on = [
            ("login_hint", asked.login_hint.clone()),
            ("prompt", asked.prompt.clone()),
            ("max_age", asked.max_age_s.map(|seconds| seconds.to_string())),
            ("acr_values", asked.acr_values.clone()),
        ];
        party.extra = passed_on.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.engine.begin(context, &party, &start)
    }

    async fn finish(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        answer: Answer<'_>,
    ) -> Result<ExternalIdentity, Failure> {
        let settings = stored(provider)?;
        Engine::check_unchanged(&answer, &settings.accepted, settings.client_id)?;
        let party = self.party(context, provider, &settings).await?;
        let secret = provider::secret(context, provider, CLIENT_SECRET)?;
        let proven = self.engine.prove(context, provider, &party, secret.as_ref(), &answer).await?;
        let userinfo = self.userinfo(context, provider, &settings, &party, &proven).await?;
        claims::identity(proven, userinfo, &provider.attribute_mapping)
    }

    async fn userinfo(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'_>,
        party: &Party<'_>,
        proven: &Proven,
    ) -> Result<Option<Map<String, Value>>, Failure> {
        let Some(url) = &party.endpoints.attributes_url else { return Ok(None) };
        let outbound = &context.ports.outbound;
        let claims = match userinfo::fetch(outbound, settings.userinfo_method, url, &proven.access_token).await? {
            Userinfo::Plain(claims) => claims,
            Userinfo::Signed(token) => {
                let claims = self.engine.signed(context, provider, party, token.reveal()).await?.claims;
                userinfo::check_signed(&claims, &proven.claims, party.client_id)?;
                claims
            }
        };
        userinfo::of_subject(claims, &proven.subject).map(Some)
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

/// Settings that were checked when they were saved.
fn stored(provider: &IdentityProvider) -> Result<Settings<'_>, Failure> {
    Settings::read(&provider.details).map_err(|_| Failure::ProviderUnavailable { reason: "settings_invalid" })
}

async fn callable(context: &Context, key: &str, url: &str) -> Result<(), Failure> {
    match context.ports.outbound.check(url).await {
        Err(OutboundError::Refused(_)) => Err(invalid(key, "must be an https URL with a public address")),
        Ok(()) | Err(OutboundError::Unreachable(_) | OutboundError::TooLarge) => Ok(()),
    }
}
