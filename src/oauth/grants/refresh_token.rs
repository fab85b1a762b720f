//! `refresh_token` (RFC 6749 section 6): reads the parameters; `auth_flows::refresh` decides.

use crate::auth_flows::refresh;
use crate::context::Context;
use crate::http::parameters::Parameters;
use crate::model::app_client::{AppClient, OAuthFlow};
use crate::oauth::error::OAuthError;
use crate::oauth::grant::{Boxed, Grant, Granted, fault};

/// The grant.
#[derive(Clone, Copy, Debug)]
pub struct RefreshToken;

impl Grant for RefreshToken {
    fn grant_type(&self) -> &'static str {
        "refresh_token"
    }

    fn flow(&self) -> OAuthFlow {
        OAuthFlow::Code
    }

    fn authorize<'a>(
        &'a self,
        context: &'a Context,
        client: &'a AppClient,
        parameters: &'a Parameters,
    ) -> Boxed<'a, Result<Granted, OAuthError>> {
        Box::pin(async move {
            let token = parameters
                .get("refresh_token")
                .ok_or_else(|| OAuthError::invalid_request("refresh_token is missing", "refresh_token_missing"))?;
            let scopes = parameters
                .get("scope")
                .map(|scope| scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect());
            let refreshed = refresh::refresh(context, client, token, scopes).await.map_err(|error| fault(context, error))?;
            Ok(Granted { tokens: refreshed.tokens, refresh_token: None, sub: refreshed.sub })
        })
    }
}
