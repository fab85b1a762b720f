//! `CreateUserPoolClient`: a new app client; the answer is the first place that shows its secret.
//!
//! Owns the translation only; the rules are `user_pools::app_clients`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::base::secret::Secret;
use crate::cognito::idp::app_clients::described;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::app_clients::{self, NewClient, NewSecret};
use crate::user_pools::pools;

/// Cognito: `CreateUserPoolClient`.
#[derive(Debug)]
pub struct CreateUserPoolClient;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    client_name: String,
    client_secret: Option<Secret>,
    #[serde(default)]
    generate_secret: bool,
    #[serde(flatten)]
    document: Map<String, Value>,
}

impl Operation for CreateUserPoolClient {
    const NAME: &'static str = "CreateUserPoolClient";
    const EFFECT: Effect = Effect::Write;
    const FAILURES: &'static [&'static str] = &["ScopeDoesNotExistException", "InvalidOAuthFlowException"];
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let context = &call.context;
        let secret = match (input.generate_secret, input.client_secret) {
            (true, Some(_)) => {
                return Err(Failure::InvalidParameter("GenerateSecret and ClientSecret can not be given together.".to_owned()));
            }
            (true, None) => NewSecret::Generate,
            (false, Some(secret)) => NewSecret::Given(secret),
            (false, None) => NewSecret::None,
        };
        let new = NewClient { id: None, name: input.client_name, secret, declared: false, document: input.document };
        let mut work = context.ports.store.begin().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let (client, secret) = app_clients::create(context, &mut work, &pool, new).await?;
        work.commit().await?;
        call.note("client.id", client.id.clone());
        Ok(json!({ "UserPoolClient": described(&client, secret.as_ref()) }))
    }
}
