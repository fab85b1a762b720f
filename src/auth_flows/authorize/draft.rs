//! The request while it is being checked: what was sent, what was loaded, and what the checks so far made of it.
//!
//! Each check reads the parameters that it is named after and fills its own field. Does not do I/O.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::auth_flows::authorize::Named;
use crate::auth_flows::authorize::prompt::Prompt;
use crate::model::app_client::AppClient;
use crate::model::identity_provider::IdentityProvider;

/// Why a check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Client or redirect URI are not good: a page, with the reason for the audit log.
    Page(&'static str),
    /// The app is told.
    Redirect {
        /// RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6.
        error: &'static str,
        /// Fixed text.
        description: &'static str,
        /// For the audit log.
        reason: &'static str,
    },
}

impl Fault {
    /// An error that the app is told.
    pub fn redirect(error: &'static str, description: &'static str, reason: &'static str) -> Self {
        Self::Redirect { error, description, reason }
    }

    /// `invalid_request`.
    pub fn invalid(description: &'static str, reason: &'static str) -> Self {
        Self::redirect("invalid_request", description, reason)
    }
}

/// A request being checked.
#[derive(Debug)]
pub struct Draft<'a> {
    parameters: &'a BTreeMap<String, String>,
    /// The client, if `client_id` names one of the pool.
    pub client: Option<Arc<AppClient>>,
    /// The row of the named provider, if there is one.
    pub provider: Option<Arc<IdentityProvider>>,
    /// The exact registered URI.
    pub redirect_uri: String,
    /// `state`.
    pub state: Option<String>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// PKCE challenge.
    pub code_challenge: Option<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age`, seconds.
    pub max_age_s: Option<i64>,
    /// `acr_values`.
    pub acr_values: Option<String>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// The provider that the request names.
    pub named: Named,
}

impl<'a> Draft<'a> {
    /// A request with nothing checked yet.
    pub fn new(
        parameters: &'a BTreeMap<String, String>,
        client: Option<Arc<AppClient>>,
        provider: Option<Arc<IdentityProvider>>,
    ) -> Self {
        Self {
            parameters,
            client,
            provider,
            redirect_uri: String::new(),
            state: None,
            scopes: Vec::new(),
            code_challenge: None,
            nonce: None,
            prompt: Prompt::default(),
            max_age_s: None,
            acr_values: None,
            login_hint: None,
            named: Named::Nothing,
        }
    }

    /// A parameter, when present and not empty.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
