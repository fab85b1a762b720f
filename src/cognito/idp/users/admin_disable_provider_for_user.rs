//! `AdminDisableProviderForUser`: ends a link, or a user's native way in (cognito-surface section 3.9).
//!
//! Owns the translation only. No passwords are kept yet: for `Cognito` the user's status becomes `EXTERNAL_PROVIDER` and what came through
//! the pool's own directory ends.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::users::Identifier;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::federation::link;
use crate::model::failure::Failure;
use crate::user_pools::pools;

/// Cognito: `AdminDisableProviderForUser`.
#[derive(Debug)]
pub struct AdminDisableProviderForUser;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    user: Identifier,
}

impl Operation for AdminDisableProviderForUser {
    const NAME: &'static str = "AdminDisableProviderForUser";
    const EFFECT: Effect = Effect::Write;
    const FAILURES: &'static [&'static str] = &["UserNotFoundException"];
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let pool = pools::find(&mut call.context.ports.store.read().await?, &input.user_pool_id).await?;
        let named = input.user.named("User")?;
        call.note("provider", named.provider.clone());
        for sub in link::unlink(&call.context, &pool.id, &named).await? {
            call.note("user.sub", sub);
        }
        Ok(json!({}))
    }
}
