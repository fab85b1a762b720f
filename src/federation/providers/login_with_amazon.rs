//! Login with Amazon (Cognito: `LoginWithAmazon`).
//!
//! Owns the order of the steps: consent page, code for token, `tokeninfo`, profile. A token counts only when `tokeninfo` names our client
//! as its audience, and that is asked before the profile is read (O-25). Amazon vouches for no address. Does not own state and single
//! use (`broker`) nor users (`identity`).

pub mod profile;
pub mod settings;

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::federation::oauth2::{self, refused};
use crate::federation::provider::{Answer, Begun, Boxed, Provider, Start};
use crate::federation::providers::login_with_amazon::settings::{ISSUER, Settings};
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::token_request::{self, Redemption};
use crate::federation::providers::oidc::{answer, claims};
use crate::model::departure::Departure;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// The kind `LoginWithAmazon`.
#[derive(Debug, Default)]
pub struct LoginWithAmazon;

/// What a login must see again at its end; kept in the cache by the broker.
#[derive(Serialize, Deserialize)]
struct Memory {
    verifier: String,
    /// The settings that the login began with: an answer must not meet others.
    client_id: String,
}

async fn check_settings(context: &Context, provider: &mut IdentityProvider) -> Result<(), Failure> {
    Settings::check(provider)?;
    let settings = Settings::read(&provider.details)?;
    settings.endpoints.admit(context).await?;
    let shown = settings.shown();
    provider.details.extend(shown.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Ok(())
}

async fn start(context: &Context, provider: &IdentityProvider, start: Start<'_>) -> Result<Begun, Failure> {
    let settings = stored(provider)?;
    // Amazon tells neither when the user signed in nor that it asked anew: an age that cannot be proven is not promised (O-30).
    if start.authorization.max_age_s.is_some() {
        return Err(refused("sign_in_time_not_provable"));
    }
    oauth2::refuse_levels(start.authorization)?;
    oauth2::admit(context, &settings.endpoints).await?;
    let memory = Memory { verifier: context.ports.random.token(), client_id: settings.client_id.to_owned() };
    let challenge = oauth2::challenge(&memory.verifier);
    let scope = settings.scopes.join(" ");
    let mut parameters = oauth2::code_request(settings.client_id, &start.callback_url, start.handle, &challenge);
    parameters.push(("scope", &scope));
    let url = oauth2::with_query(settings.endpoints.url("authorize_url"), &parameters)?;
    let memory = serde_json::to_value(&memory).map_err(Failure::internal)?;
    Ok(Begun { departure: Departure::Redirect(url), memory })
}

async fn finish(context: &Context, provider: &IdentityProvider, answer: Answer<'_>) -> Result<ExternalIdentity, Failure> {
    let memory = Memory::deserialize(answer.memory).map_err(Failure::internal)?;
    let settings = stored(provider)?;
    if memory.client_id != settings.client_id {
        return Err(refused("provider_changed"));
    }
    let outbound = &context.ports.outbound;
    let code = answer::code(answer.parameters, &Issuer::Exact(ISSUER), false)?;
    let secret = oauth2::client_secret(context, provider)?;
    let redemption = Redemption {
        url: settings.endpoints.url("token_url"),
        client_id: settings.client_id,
        client_secret: Some(&secret),
        secret_in_form: true,
        code,
        redirect_uri: &answer.callback_url,
        verifier: Some(&memory.verifier),
    };
    let tokens = token_request::redeem(outbound, &redemption).await?;
    let token = &tokens.access_token;
    if !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(oauth2::unavailable("token_answer_malformed"));
    }
    let subject = profile::owner(outbound, &settings, token).await?;
    let mut claims = profile::read(outbound, &settings, token, &subject).await?;
    claims::offer_tokens(&mut claims, &provider.attribute_mapping, [("access_token", token)])?;
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

impl Provider for LoginWithAmazon {
    fn kind(&self) -> ProviderKind {
        ProviderKind::LoginWithAmazon
    }

    fn validate<'a>(&'a self, context: &'a Context, provider: &'a mut IdentityProvider) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(check_settings(context, provider))
    }

    fn begin<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        start: Start<'a>,
    ) -> Boxed<'a, Result<Begun, Failure>> {
        Box::pin(self::start(context, provider, start))
    }

    fn complete<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        answer: Answer<'a>,
    ) -> Boxed<'a, Result<ExternalIdentity, Failure>> {
        Box::pin(finish(context, provider, answer))
    }
}

/// Settings that were checked when they were saved.
fn stored(provider: &IdentityProvider) -> Result<Settings<'_>, Failure> {
    Settings::read(&provider.details).map_err(|_| oauth2::unavailable("settings_invalid"))
}
