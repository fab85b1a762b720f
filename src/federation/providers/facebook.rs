//! Facebook: Login with the Graph API (Cognito: `Facebook`).
//!
//! Owns the order of the steps: dialog, code for token, `debug_token`, `/me`; each is a file beneath. A token counts only when Facebook
//! itself says that it belongs to our app and to the user whose profile we read (O-24); an ID token, where one comes along, must agree. Does
//! not own state and single use (`broker`) nor users (`identity`).

pub mod graph;
pub mod id_token;
pub mod settings;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Context;
use crate::federation::oauth2::{self, refused};
use crate::federation::provider::{Answer, Begun, Boxed, Provider, Start};
use crate::federation::providers::facebook::graph::{Fresh, Graph};
use crate::federation::providers::facebook::id_token::IdTokens;
use crate::federation::providers::facebook::settings::{Settings, WWW};
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::{answer, claims};
use crate::model::departure::Departure;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// The kind `Facebook`.
#[derive(Debug, Default)]
pub struct Facebook {
    id_tokens: IdTokens,
}

/// What a login must see again at its end; kept in the cache by the broker.
#[derive(Serialize, Deserialize)]
struct Memory {
    nonce: String,
    verifier: String,
    /// The settings that the login began with: an answer must not meet others.
    client_id: String,
    /// The nonce of a sign-in that had to be fresh.
    auth_nonce: Option<String>,
}

impl Facebook {
    async fn check_settings(&self, context: &Context, provider: &mut IdentityProvider) -> Result<(), Failure> {
        Settings::check(provider)?;
        let settings = Settings::read(&provider.details)?;
        settings.endpoints.admit(context).await?;
        let shown = settings.shown();
        provider.details.extend(shown.into_iter().map(|(key, value)| (key.to_owned(), value)));
        Ok(())
    }

    async fn start(&self, context: &Context, provider: &IdentityProvider, start: Start<'_>) -> Result<Begun, Failure> {
        let settings = stored(provider)?;
        let asked = start.authorization;
        oauth2::refuse_levels(asked)?;
        oauth2::admit(context, &settings.endpoints).await?;
        let prompts = |wanted: &str| asked.prompt.as_deref().is_some_and(|prompt| prompt.split(' ').any(|one| one == wanted));
        // Facebook tells no time of sign-in; what it can prove is that the user was asked again (O-30).
        let fresh = asked.max_age_s.is_some() || prompts("login");
        let memory = Memory {
            nonce: context.ports.random.token(),
            verifier: context.ports.random.token(),
            client_id: settings.client_id.to_owned(),
            auth_nonce: fresh.then(|| context.ports.random.token()),
        };
        let challenge = oauth2::challenge(&memory.verifier);
        let scope = settings.scopes.join(",");
        let mut parameters = oauth2::code_request(settings.client_id, &start.callback_url, start.handle, &challenge);
        parameters.push(("scope", &scope));
        parameters.push(("nonce", &memory.nonce));
        if let Some(auth_nonce) = &memory.auth_nonce {
            parameters.extend([("auth_type", graph::REAUTHENTICATE), ("auth_nonce", auth_nonce)]);
        } else if prompts("consent") {
            parameters.push(("auth_type", "rerequest"));
        }
        let url = oauth2::with_query(&settings.dialog_url, &parameters)?;
        let memory = serde_json::to_value(&memory).map_err(Failure::internal)?;
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
        if memory.client_id != settings.client_id {
            return Err(refused("provider_changed"));
        }
        let code = code(&answer)?;
        let secret = oauth2::client_secret(context, provider)?;
        let graph = Graph { outbound: &context.ports.outbound, root: &settings.graph_url, client_id: settings.client_id, secret };
        let tokens = graph.redeem(code, &answer.callback_url, &memory.verifier).await?;
        let expected = Fresh { now_s: context.now_ms().div_euclid(1000), auth_nonce: memory.auth_nonce.as_deref() };
        let subject = graph.owner(&tokens.access_token, &expected).await?;
        if let Some(token) = &tokens.id_token {
            let token = id_token::Received { token, nonce: &memory.nonce, access_token: &tokens.access_token, code };
            let named = self.id_tokens.subject(context, provider, &settings, &token).await?;
            if named != subject {
                return Err(refused("id_token_of_another_user"));
            }
        }
        let mut claims = graph.profile(&tokens.access_token, &provider.attribute_mapping, &subject).await?;
        let offered = [("access_token", Some(&tokens.access_token)), ("id_token", tokens.id_token.as_ref())];
        let offered = offered.into_iter().filter_map(|(name, token)| Some((name, token?)));
        claims::offer_tokens(&mut claims, &provider.attribute_mapping, offered)?;
        Ok(ExternalIdentity {
            subject_key: subject.clone(),
            subject,
            issuer: None,
            claims,
            auth_time_ms: None,
            session_until_ms: None,
            logout: None,
            one_time: None,
        })
    }
}

impl Provider for Facebook {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Facebook
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

/// Facebook has errors with a number of its own in place of `error`, for example while an app is not published.
fn code<'a>(answer: &Answer<'a>) -> Result<&'a str, Failure> {
    let has = |name: &str| answer.parameters.contains_key(name);
    if has("error_code") && !has("error") && !has("code") {
        return Err(Failure::ProviderDenied { code: "access_denied" });
    }
    answer::code(answer.parameters, &Issuer::Exact(WWW), false)
}

/// Settings that were checked when they were saved.
fn stored(provider: &IdentityProvider) -> Result<Settings<'_>, Failure> {
    Settings::read(&provider.details).map_err(|_| oauth2::unavailable("settings_invalid"))
}

/// Claims by which Facebook may vouch for nothing (O-17, O-24).
fn vouches_for(claim: &str) -> bool {
    !matches!(claim, "email_verified" | "phone_number_verified")
}

/// Text of a JSON value.
fn text<'a>(object: &'a serde_json::Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
