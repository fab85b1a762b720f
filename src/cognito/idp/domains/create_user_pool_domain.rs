//! `CreateUserPoolDomain`: a prefix or a custom host name for a pool.
//!
//! Owns the translation only; the rules are `user_pools::domains`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cognito::idp::domains::{alias_target, managed_login_version};
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::domains::{self, NewDomain};
use crate::user_pools::pools;

/// Cognito: `CreateUserPoolDomain`.
#[derive(Debug)]
pub struct CreateUserPoolDomain;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    domain: String,
    user_pool_id: String,
    #[serde(flatten)]
    document: Map<String, Value>,
}

impl Operation for CreateUserPoolDomain {
    const NAME: &'static str = "CreateUserPoolDomain";
    const EFFECT: Effect = Effect::Write;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let context = &call.context;
        if input.document.get("ManagedLoginVersion").and_then(Value::as_i64).is_some_and(|version| !(1..=2).contains(&version)) {
            return Err(Failure::InvalidParameter("ManagedLoginVersion must be 1 or 2.".to_owned()));
        }
        let mut work = context.ports.store.begin().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let new = NewDomain { name: input.domain, document: input.document };
        let domain = domains::create(context, &mut work, &pool, new).await?;
        work.commit().await?;
        call.note("domain", domain.name.clone());
        let mut output = json!({ "ManagedLoginVersion": managed_login_version(&domain) });
        if domain.custom {
            output["CloudFrontDomain"] = alias_target(call).into();
        }
        if let Some(routing) = domain.document.get("Routing") {
            output["Routing"] = routing.clone();
        }
        Ok(output)
    }
}
