//! The grant trait: what the token endpoint asks a grant after client authentication and permission.

use std::future::Future;
use std::pin::Pin;

use crate::auth_flows::standing::GrantFault;
use crate::base::secret::Secret;
use crate::context::Context;
use crate::http::parameters::Parameters;
use crate::model::app_client::{AppClient, OAuthFlow};
use crate::oauth::error::{OAuthError, translate};
use crate::tokens::issue::Tokens;

/// A boxed future, since grants stand in a table.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a grant gives.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The tokens.
    pub tokens: Tokens,
    /// A refresh token, when this grant hands one out.
    pub refresh_token: Option<Secret>,
    /// The user.
    pub sub: String,
}

/// A grant.
pub trait Grant: Send + Sync {
    /// The value of `grant_type`.
    fn grant_type(&self) -> &'static str;

    /// The flow that the client must be allowed.
    fn flow(&self) -> OAuthFlow;

    /// Judges the request of an authenticated, permitted client.
    fn authorize<'a>(
        &'a self,
        context: &'a Context,
        client: &'a AppClient,
        parameters: &'a Parameters,
    ) -> Boxed<'a, Result<Granted, OAuthError>>;
}

/// How a fault looks on the wire.
pub fn fault(context: &Context, fault: GrantFault) -> OAuthError {
    match fault {
        GrantFault::Refused(reason) => OAuthError::invalid_grant(reason),
        GrantFault::Scope => OAuthError::bad_request("invalid_scope", "", "scope_not_granted"),
        GrantFault::Failed(failure) => translate(context, &failure),
    }
}
