//! Sign in with Apple: OpenID Connect whose client secret is a token that we make, and whose answer comes as a posted form.
//!
//! Owns the settings, `form_post` when name or e-mail is asked, the one-time `user` field (O-22) and Apple's booleans in text. The secret is
//! `client_secret`'s, the flow is the OIDC engine's. Apple documents neither PKCE nor prompts for the web, so the nonce alone ties its
//! answer to the login. Everything but the display name comes from the ID token; a private relay address is an address like any other.

pub mod client_secret;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::federation::fixed_endpoints::{FixedEndpoints, check_constants};
use crate::federation::provider::{self, Answer, Begun, Boxed, Provider, Start};
use crate::federation::providers::oidc::endpoints::Endpoints;
use crate::federation::providers::oidc::engine::{Engine, Party};
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::settings::{self, invalid};
use crate::federation::providers::oidc::{claims, strict_json};
use crate::federation::providers::sign_in_with_apple::client_secret::{APPLE, ClientSecrets, Signer};
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// Where Apple is.
const TRUTH: [(&str, &str); 3] = [
    ("authorize_url", "https://appleid.apple.com/auth/authorize"),
    ("token_url", "https://appleid.apple.com/auth/token"),
    ("jwks_uri", "https://appleid.apple.com/auth/keys"),
];

/// What describe answers show besides the first two of [`TRUTH`].
const CONSTANTS: [(&str, &str); 3] =
    [("attributes_url_add_attributes", "false"), ("oidc_issuer", APPLE), ("token_request_method", "POST")];

/// The only secret setting: the key's PKCS#8 text, with or without its PEM lines.
const PRIVATE_KEY: &str = "private_key";

/// Longest part of a name, characters.
const NAME_MAX: usize = 128;

/// The kind `SignInWithApple`.
#[derive(Debug, Default)]
pub struct SignInWithApple {
    engine: Engine,
    secrets: ClientSecrets,
}

struct Settings<'a> {
    client_id: &'a str,
    team_id: &'a str,
    key_id: &'a str,
    scopes: Vec<&'a str>,
    place: FixedEndpoints,
}

impl<'a> Settings<'a> {
    fn read(details: &'a BTreeMap<String, String>) -> Result<Self, Failure> {
        let known = |key: &str| {
            matches!(key, "client_id" | "team_id" | "key_id" | "authorize_scopes")
                || TRUTH.iter().chain(&CONSTANTS).any(|(known, _)| *known == key)
        };
        if let Some(other) = details.keys().find(|key| !known(key)) {
            return Err(invalid(other, "is not a key of Sign in with Apple"));
        }
        check_constants(details, &CONSTANTS)?;
        let scopes = settings::scopes(details)?;
        if let Some(other) = scopes.iter().find(|scope| !matches!(**scope, "openid" | "email" | "name")) {
            return Err(invalid("authorize_scopes", &format!("can be email and name, not {other}")));
        }
        Ok(Self {
            client_id: settings::client_id(details)?,
            team_id: identifier(details, "team_id")?,
            key_id: identifier(details, "key_id")?,
            scopes,
            place: FixedEndpoints::read(details, &TRUTH)?,
        })
    }

    /// Apple answers by a posted form when it may have a name or an address to tell, and takes no other way then.
    fn posts_form(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(*scope, "email" | "name"))
    }

    fn party(&self) -> Party<'a> {
        let url = |key| self.place.url(key);
        let mode = if self.posts_form() { "form_post" } else { "query" };
        Party {
            issuer: Issuer::Exact(APPLE),
            client_id: self.client_id,
            scopes: self.scopes.clone(),
            trusted_audiences: Vec::new(),
            endpoints: Endpoints::fixed(url("authorize_url"), url("token_url"), url("jwks_uri")),
            pkce: false,
            extra: vec![("response_mode", mode.to_owned())],
        }
    }
}

impl SignInWithApple {
    async fn check_settings(&self, context: &Context, provider: &mut IdentityProvider) -> Result<(), Failure> {
        let settings = Settings::read(&provider.details)?;
        if let Some(other) = provider.sealed_details.keys().find(|key| *key != PRIVATE_KEY) {
            return Err(invalid(other, "is not a secret of Sign in with Apple"));
        }
        let key = provider::secret(context, provider, PRIVATE_KEY)?.ok_or_else(|| invalid(PRIVATE_KEY, "is missing"))?;
        client_secret::check_key(&key)
            .map_err(|_| invalid(PRIVATE_KEY, "is not a P-256 key in PKCS#8 form, as Apple's .p8 files have it"))?;
        settings.place.admit(context).await?;
        for (key, value) in TRUTH.iter().filter(|(key, _)| *key != "jwks_uri").chain(&CONSTANTS) {
            provider.details.entry((*key).to_owned()).or_insert_with(|| (*value).to_owned());
        }
        Ok(())
    }

    async fn start(&self, context: &Context, provider: &IdentityProvider, start: Start<'_>) -> Result<Begun, Failure> {
        let settings = stored(provider)?;
        settings.place.admit(context).await.map_err(|_| unavailable("endpoint_not_allowed"))?;
        self.engine.begin(context, &settings.party(), &start)
    }

    async fn finish(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        answer: Answer<'_>,
    ) -> Result<ExternalIdentity, Failure> {
        let settings = stored(provider)?;
        let signer = Signer {
            pool_id: &provider.pool_id,
            provider: &provider.name,
            client_id: settings.client_id,
            team_id: settings.team_id,
            key_id: settings.key_id,
            sealed_key: provider.sealed_details.get(PRIVATE_KEY).map_or("", String::as_str),
        };
        let open = || provider::secret(context, provider, PRIVATE_KEY)?.ok_or(unavailable("settings_invalid"));
        let secret = self.secrets.get(context.now_ms(), &signer, open)?;
        let mut proven = self.engine.prove(context, provider, &settings.party(), Some(&secret), &answer).await?;
        for name in ["email_verified", "is_private_email"] {
            plain_boolean(&mut proven.claims, name);
        }
        let mut identity = claims::identity(proven, None, &provider.attribute_mapping)?;
        if let Some(text) = answer.parameters.get("user")
            && is_first(context, provider, &identity).await?
        {
            for (claim, value) in display_name(text) {
                // What Apple signed is not replaced by what the browser brought.
                identity.claims.entry(claim.to_owned()).or_insert(Value::String(value));
            }
        }
        Ok(identity)
    }
}

/// Whether this identity has not signed in here before: only then does Apple send the field, and only then is it read (O-22).
async fn is_first(context: &Context, provider: &IdentityProvider, identity: &ExternalIdentity) -> Result<bool, Failure> {
    let mut work = context.ports.store.read().await?;
    Ok(work.users().find_by_identity(&provider.pool_id, &provider.name, &identity.subject_key).await?.is_none())
}

/// Apple sends booleans as such or as texts. This provider's own rule, and no other's (O-17).
fn plain_boolean(claims: &mut Map<String, Value>, name: &str) {
    let plain = match claims.get(name) {
        Some(Value::String(text)) if text == "true" => true,
        Some(Value::String(text)) if text == "false" => false,
        _ => return,
    };
    claims.insert(name.to_owned(), Value::Bool(plain));
}

/// The display name of the `user` field, and nothing else of it: it came through the browser, unsigned (CVE-2020-26254).
fn display_name(text: &str) -> Vec<(&'static str, String)> {
    let user = strict_json::object(text.as_bytes()).unwrap_or_default();
    let part = |pointer: &str| {
        let part = user.get("name").and_then(|name| name.get(pointer)).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        let good = !part.is_empty() && part.chars().count() <= NAME_MAX && !part.chars().any(char::is_control);
        good.then(|| part.to_owned())
    };
    let (first, last) = (part("firstName"), part("lastName"));
    let whole: Vec<&str> = first.iter().chain(&last).map(String::as_str).collect();
    let whole = (!whole.is_empty()).then(|| whole.join(" "));
    // Cognito's names of the claims, and the standard ones.
    let claims =
        [("firstName", first.clone()), ("given_name", first), ("lastName", last.clone()), ("family_name", last), ("name", whole)];
    claims.into_iter().filter_map(|(claim, value)| Some((claim, value?))).collect()
}

/// An id of ten letters and digits; Apple does not promise the ten.
fn identifier<'a>(details: &'a BTreeMap<String, String>, key: &str) -> Result<&'a str, Failure> {
    let text = settings::required(details, key)?;
    let plain = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { Ok(text) } else { Err(invalid(key, "must be letters and digits")) }
}

/// Settings that were checked when they were saved.
fn stored(provider: &IdentityProvider) -> Result<Settings<'_>, Failure> {
    Settings::read(&provider.details).map_err(|_| unavailable("settings_invalid"))
}

fn unavailable(reason: &'static str) -> Failure {
    Failure::ProviderUnavailable { reason }
}

impl Provider for SignInWithApple {
    fn kind(&self) -> ProviderKind {
        ProviderKind::SignInWithApple
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
