//! Google: OpenID Connect with two spellings of the issuer, hosted domains and the People API (Cognito: `ProviderType` Google).
//!
//! Owns the settings, what of the app's request Google understands, and the hosted domain (O-26). The flow is the OIDC engine's; People
//! API fields are `people`'s. Google signs nobody in anew on request (`prompt=login` becomes `select_account`) and says neither
//! `auth_time` nor `acr`, so an app that asks for `max_age` or `acr_values` gets no sign-in through it. Besides Cognito's keys there
//! is `hosted_domain`: a Google Workspace domain, or `*` for any.

pub mod people;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::federation::fixed_endpoints::{FixedEndpoints, check_constants};
use crate::federation::provider::{self, Answer, Begun, Boxed, Provider, Start};
use crate::federation::providers::oidc::claims;
use crate::federation::providers::oidc::endpoints::Endpoints;
use crate::federation::providers::oidc::engine::{Engine, Party};
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::settings::{self, CLIENT_SECRET, invalid};
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// The two spellings that Google's own documents allow, and no other (O-26).
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// Where Google is.
const TRUTH: [(&str, &str); 4] = [
    ("authorize_url", "https://accounts.google.com/o/oauth2/v2/auth"),
    ("token_url", "https://www.googleapis.com/oauth2/v4/token"),
    ("attributes_url", "https://people.googleapis.com/v1/people/me?personFields="),
    ("jwks_uri", "https://www.googleapis.com/oauth2/v3/certs"),
];

/// What describe answers show besides the first three of [`TRUTH`].
const CONSTANTS: [(&str, &str); 3] =
    [("attributes_url_add_attributes", "true"), ("oidc_issuer", ISSUERS[0]), ("token_request_method", "POST")];

/// A Google Workspace domain whose users may sign in; `*` for any Workspace domain. Ours, not Cognito's.
const HOSTED_DOMAIN: &str = "hosted_domain";

/// The kind `Google`.
#[derive(Debug, Default)]
pub struct Google {
    engine: Engine,
}

struct Settings<'a> {
    client_id: &'a str,
    scopes: Vec<&'a str>,
    hosted_domain: Option<&'a str>,
    place: FixedEndpoints,
}

impl<'a> Settings<'a> {
    fn read(details: &'a BTreeMap<String, String>) -> Result<Self, Failure> {
        let known = |key: &str| {
            matches!(key, "client_id" | "authorize_scopes" | HOSTED_DOMAIN)
                || TRUTH.iter().chain(&CONSTANTS).any(|(known, _)| *known == key)
        };
        if let Some(other) = details.keys().find(|key| !known(key)) {
            return Err(invalid(other, "is not a key of Google"));
        }
        check_constants(details, &CONSTANTS)?;
        let hosted_domain = details.get(HOSTED_DOMAIN).map(String::as_str);
        if !hosted_domain.is_none_or(|domain| domain == "*" || is_domain(domain)) {
            return Err(invalid(HOSTED_DOMAIN, "must be a domain in small letters, or *"));
        }
        Ok(Self {
            client_id: settings::client_id(details)?,
            scopes: settings::scopes(details)?,
            hosted_domain,
            place: FixedEndpoints::read(details, &TRUTH)?,
        })
    }

    fn party(&self) -> Party<'a> {
        let url = |key| self.place.url(key);
        // Cognito takes settings without `openid`; without it there would be no ID token.
        let others = self.scopes.iter().copied().filter(|scope| *scope != "openid");
        Party {
            issuer: Issuer::Spellings(&ISSUERS),
            client_id: self.client_id,
            scopes: std::iter::once("openid").chain(others).collect(),
            trusted_audiences: Vec::new(),
            endpoints: Endpoints::fixed(url("authorize_url"), url("token_url"), url("jwks_uri")),
            pkce: true,
            extra: Vec::new(),
        }
    }
}

impl Google {
    async fn check_settings(&self, context: &Context, provider: &mut IdentityProvider) -> Result<(), Failure> {
        let settings = Settings::read(&provider.details)?;
        if let Some(other) = provider.sealed_details.keys().find(|key| *key != CLIENT_SECRET) {
            return Err(invalid(other, "is not a secret of Google"));
        }
        if !provider.sealed_details.contains_key(CLIENT_SECRET) {
            return Err(invalid(CLIENT_SECRET, "is missing"));
        }
        settings.place.admit(context).await?;
        for (key, value) in TRUTH.iter().filter(|(key, _)| *key != "jwks_uri").chain(&CONSTANTS) {
            provider.details.entry((*key).to_owned()).or_insert_with(|| (*value).to_owned());
        }
        Ok(())
    }

    async fn start(&self, context: &Context, provider: &IdentityProvider, start: Start<'_>) -> Result<Begun, Failure> {
        let settings = stored(provider)?;
        settings.place.admit(context).await.map_err(|_| unavailable("endpoint_not_allowed"))?;
        let mut party = settings.party();
        let asked = start.authorization;
        let passed_on = [
            ("hd", settings.hosted_domain.map(str::to_owned)),
            ("login_hint", asked.login_hint.clone()),
            ("prompt", asked.prompt.as_deref().map(prompt)),
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
        let secret = provider::secret(context, provider, CLIENT_SECRET)?;
        let proven = self.engine.prove(context, provider, &settings.party(), secret.as_ref(), &answer).await?;
        hosted_domain(&proven.claims, settings.hosted_domain)?;
        let fields = people::wanted(&provider.attribute_mapping);
        let profile = if fields.is_empty() {
            BTreeMap::new()
        } else {
            let url = format!("{}{}", settings.place.url("attributes_url"), fields.join(","));
            people::fetch(&context.ports.outbound, &url, &proven.access_token, &proven.subject).await?
        };
        let mut identity = claims::identity(proven, None, &provider.attribute_mapping)?;
        for (claim, value) in profile {
            identity.claims.entry(claim).or_insert(value);
        }
        Ok(identity)
    }
}

/// O-26: what was asked for by `hd` is only a hint to Google's page; what counts is the claim.
fn hosted_domain(claims: &Map<String, Value>, wanted: Option<&str>) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    let reason = match claims.get("hd").and_then(Value::as_str) {
        Some(domain) if domain == wanted || (wanted == "*" && is_domain(domain)) => return Ok(()),
        Some(_) => "hosted_domain_mismatch",
        None => "hosted_domain_missing",
    };
    Err(Failure::FederationRefused { reason })
}

/// What Google understands of `prompt`: it refuses `login`, and choosing the account is the nearest that it has.
fn prompt(asked: &str) -> String {
    let mut values: Vec<&str> = Vec::new();
    for value in asked.split(' ').map(|value| if value == "login" { "select_account" } else { value }) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.join(" ")
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

/// Settings that were checked when they were saved.
fn stored(provider: &IdentityProvider) -> Result<Settings<'_>, Failure> {
    Settings::read(&provider.details).map_err(|_| unavailable("settings_invalid"))
}

fn unavailable(reason: &'static str) -> Failure {
    Failure::ProviderUnavailable { reason }
}

impl Provider for Google {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Google
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
