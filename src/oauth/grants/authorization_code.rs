//! `authorization_code` (RFC 6749 section 4.1.3): reads the parameters; `auth_flows::redemption` decides.

use crate::auth_flows::redemption::{self, Presented};
use crate::context::Context;
use crate::http::parameters::Parameters;
use crate::model::app_client::{AppClient, OAuthFlow};
use crate::oauth::error::OAuthError;
use crate::oauth::grant::{Boxed, Grant, Granted, fault};

/// The grant.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationCode;

impl Grant for AuthorizationCode {
    fn grant_type(&self) -> &'static str {
        "authorization_code"
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
            let missing = |description, reason| move || OAuthError::invalid_request(description, reason);
            let presented = Presented {
                code: parameters.get("code").ok_or_else(missing("code is missing", "code_missing"))?,
                redirect_uri: parameters
                    .get("redirect_uri")
                    .ok_or_else(missing("redirect_uri is missing", "redirect_uri_missing"))?,
                code_verifier: parameters.get("code_verifier"),
            };
            let redeemed = redemption::redeem(context, client, presented).await.map_err(|error| fault(context, error))?;
            Ok(Granted { tokens: redeemed.tokens, refresh_token: Some(redeemed.refresh_token), sub: redeemed.sub })
        })
    }
}
