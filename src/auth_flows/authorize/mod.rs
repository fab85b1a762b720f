//! The authorization request: a table of checks, one small file each, in the order in which they run.
//!
//! Until client and redirect URI are known to be good, a refusal is a page; from then on it is a redirect to the app. Both
//! `/oauth2/authorize` and `/login` judge their query here. What happens with a good request is `decide`.

pub mod acr_values;
pub mod client;
pub mod decide;
pub mod draft;
pub mod login_hint;
pub mod max_age;
pub mod nonce;
pub mod pkce;
pub mod prompt;
pub mod provider;
pub mod redirect_uri;
pub mod request_object;
pub mod resource;
pub mod response_mode;
pub mod response_type;
pub mod scope;
pub mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::auth_flows::authorization::error_redirect;
use crate::auth_flows::authorize::draft::{Draft, Fault};
use crate::auth_flows::authorize::prompt::Prompt;
use crate::context::Context;
use crate::model::app_client::AppClient;
use crate::model::authorization::Authorization;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::user_pools::address::ServedPool;

/// A check of the request.
pub type Check = fn(&mut Draft<'_>) -> Result<(), Fault>;

/// The checks in order. `state` stands right after the redirect URI, so that every later refusal carries it.
pub const CHECKS: [Check; 15] = [
    client::check,
    redirect_uri::check,
    state::check,
    request_object::check,
    response_mode::check,
    response_type::check,
    scope::check,
    pkce::check,
    nonce::check,
    prompt::check,
    max_age::check,
    acr_values::check,
    login_hint::check,
    resource::check,
    provider::check,
];

/// A request that passed every check.
#[derive(Clone, Debug)]
pub struct Validated {
    /// What the user will sign in for.
    pub authorization: Authorization,
    /// The app client.
    pub client: Arc<AppClient>,
    /// How much the user may be asked.
    pub prompt: Prompt,
    /// The provider that the request names.
    pub named: Named,
}

/// Which provider a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// None.
    Nothing,
    /// The pool's own directory, `COGNITO`.
    OwnDirectory,
    /// An external provider, by its name.
    External(String),
}

/// A request that failed a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nowhere safe to redirect to: show the fixed page.
    Page {
        /// For the audit log.
        reason: &'static str,
    },
    /// Tell the app.
    Redirect {
        /// The whole URL.
        url: String,
        /// For the audit log.
        reason: &'static str,
    },
}

/// Judges an authorization request.
pub async fn validate(
    context: &Context,
    served: &ServedPool,
    parameters: &BTreeMap<String, String>,
) -> Result<Result<Validated, Refusal>, Failure> {
    let (client, provider) = load(context, &served.pool.id, parameters).await?;
    let mut draft = Draft::new(parameters, client, provider);
    for check in CHECKS {
        if let Err(fault) = check(&mut draft) {
            return Ok(Err(refusal(context, served, &draft, &fault)));
        }
    }
    let authorization = authorization(context, served, &draft);
    let Draft { client, named, prompt, .. } = draft;
    let Some(client) = client else { return Ok(Err(Refusal::Page { reason: "client_unknown" })) };
    Ok(Ok(Validated { authorization, client, prompt, named }))
}

/// The rows that the checks need; absent ones are the checks' business.
async fn load(
    context: &Context,
    pool_id: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<(Option<Arc<AppClient>>, Option<Arc<IdentityProvider>>), Failure> {
    let given = |name: &str, max: usize| parameters.get(name).filter(|value| !value.is_empty() && value.len() <= max);
    let Some(client_id) = given("client_id", client::MAX_ID) else { return Ok((None, None)) };
    let held = &context.ports.held;
    let Some(client) = held.client(pool_id, client_id).await? else { return Ok((None, None)) };
    let provider = if let Some(name) = given("identity_provider", provider::MAX_NAME) {
        held.provider(pool_id, name).await?
    } else if let Some(identifier) = given("idp_identifier", provider::MAX_IDENTIFIER) {
        held.provider_by_identifier(pool_id, identifier).await?
    } else {
        None
    };
    Ok((Some(client), provider))
}

fn refusal(context: &Context, served: &ServedPool, draft: &Draft<'_>, fault: &Fault) -> Refusal {
    match *fault {
        Fault::Page(reason) => Refusal::Page { reason },
        Fault::Redirect { error, description, reason } => {
            let url = error_redirect(context, &authorization(context, served, draft), error, description);
            Refusal::Redirect { url, reason }
        }
    }
}

fn authorization(context: &Context, served: &ServedPool, draft: &Draft<'_>) -> Authorization {
    Authorization {
        pool_id: served.pool.id.clone(),
        client_id: draft.client.as_ref().map(|client| client.id.clone()).unwrap_or_default(),
        redirect_uri: draft.redirect_uri.clone(),
        scopes: draft.scopes.clone(),
        state: draft.state.clone(),
        nonce: draft.nonce.clone(),
        code_challenge: draft.code_challenge.clone(),
        domain_url: served.domain_url.clone(),
        login_hint: draft.login_hint.clone(),
        prompt: draft.prompt.forwarded(),
        max_age_s: draft.max_age_s,
        acr_values: draft.acr_values.clone(),
        created_ms: context.now_ms(),
    }
}
