//! `AdminLinkProviderForUser`: an external identity signs in as a user that exists (cognito-surface section 3.9).
//!
//! Owns the translation only; what a link may stand on is `federation::link`'s.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::users::Identifier;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::federation::link;
use crate::model::failure::Failure;
use crate::user_pools::pools;

/// Cognito: `AdminLinkProviderForUser`.
#[derive(Debug)]
pub struct AdminLinkProviderForUser;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    destination_user: Identifier,
    source_user: Identifier,
}

impl Operation for AdminLinkProviderForUser {
    const NAME: &'static str = "AdminLinkProviderForUser";
    const EFFECT: Effect = Effect::Write;
    const FAILURES: &'static [&'static str] = &["UserNotFoundException", "AliasExistsException", "LimitExceededException"];
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let pool = pools::find(&mut call.context.ports.store.read().await?, &input.user_pool_id).await?;
        let destination = input.destination_user.named("DestinationUser")?;
        let source = input.source_user.named("SourceUser")?;
        call.note("provider", source.provider.clone());
        let user = link::link(&call.context, &pool.id, &destination, &source).await?;
        call.note("user.sub", user.sub);
        Ok(json!({}))
    }
}
