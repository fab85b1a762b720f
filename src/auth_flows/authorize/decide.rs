//! What happens with a good authorization request: a code at once, a provider, the sign-in page, or an error for the app.
//!
//! Owns when a browser session answers and which providers a client offers. Does not send the browser anywhere: the faces do.

use std::sync::Arc;

use crate::auth_flows::authorization::{OWN_DIRECTORY, error_redirect, grant_code};
use crate::auth_flows::authorize::prompt::Prompt;
use crate::auth_flows::authorize::{Named, Validated};
use crate::auth_flows::standing::provider_is_usable;
use crate::context::Context;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::model::web_session::WebSession;

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The session answers: redirect to the app with a code.
    Code {
        /// The whole URL.
        url: String,
        /// The user.
        sub: String,
        /// The provider that proved the user.
        provider: String,
    },
    /// Begin a login at this provider.
    Provider(String),
    /// Show the sign-in page.
    Page,
    /// Redirect to the app with an error.
    Refused {
        /// The whole URL.
        url: String,
        /// For the audit log.
        reason: &'static str,
    },
}

/// Decides the next step. `session` is the browser's living session with the pool.
pub async fn decide(context: &Context, request: &Validated, session: Option<&WebSession>) -> Result<Next, Failure> {
    if let Some(session) = session
        && session_answers(context, request, session).await?
    {
        let url = grant_code(context, &request.authorization, &session.sub, &session.provider, session.auth_time_ms).await?;
        return Ok(Next::Code { url, sub: session.sub.clone(), provider: session.provider.clone() });
    }
    if request.prompt == Prompt::Never {
        let url = error_redirect(context, &request.authorization, "login_required", "the user must sign in");
        return Ok(Next::Refused { url, reason: "login_required" });
    }
    if let Named::External(name) = &request.named {
        return Ok(Next::Provider(name.clone()));
    }
    if request.named == Named::Nothing && !offers_own_directory(&request.client) {
        let mut offered = offered_providers(context, &request.client).await?;
        if offered.len() == 1
            && let Some(only) = offered.pop()
        {
            return Ok(Next::Provider(only.name.clone()));
        }
    }
    Ok(Next::Page)
}

/// The external providers that a client offers now, in the client's order.
pub async fn offered_providers(context: &Context, client: &AppClient) -> Result<Vec<Arc<IdentityProvider>>, Failure> {
    let mut offered = Vec::new();
    for name in client.providers.iter().filter(|name| *name != OWN_DIRECTORY) {
        if let Some(provider) = context.ports.held.provider(&client.pool_id, name).await?
            && provider.enabled
        {
            offered.push(provider);
        }
    }
    Ok(offered)
}

fn offers_own_directory(client: &AppClient) -> bool {
    client.providers.iter().any(|name| name == OWN_DIRECTORY)
}

async fn session_answers(context: &Context, request: &Validated, session: &WebSession) -> Result<bool, Failure> {
    if matches!(request.prompt, Prompt::Ask(_)) {
        return Ok(false);
    }
    // A session does not know at which level it was begun, so it cannot answer for one (O-30).
    if request.authorization.acr_values.is_some() {
        return Ok(false);
    }
    let named = match &request.named {
        Named::Nothing => true,
        Named::OwnDirectory => session.provider == OWN_DIRECTORY,
        Named::External(name) => session.provider == *name,
    };
    if !named {
        return Ok(false);
    }
    if let Some(max_age_s) = request.authorization.max_age_s {
        let age_ms = context.now_ms().saturating_sub(session.auth_time_ms);
        // Zero asks for a sign-in now (OpenID Connect Core section 3.1.2.1), however young the session.
        if max_age_s == 0 || age_ms > max_age_s.saturating_mul(1000) {
            return Ok(false);
        }
    }
    Ok(provider_is_usable(context, &request.client, &session.provider).await?)
}
