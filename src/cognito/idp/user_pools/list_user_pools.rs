//! `ListUserPools`: the pools that the caller reaches, page by page.
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::cursor;
use crate::cognito::operation::{Call, Effect, Operation, Reach};
use crate::cognito::wire;
use crate::model::failure::Failure;
use crate::model::user_pool::UserPool;

/// Cognito: `ListUserPools`.
#[derive(Debug)]
pub struct ListUserPools;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    max_results: u32,
    next_token: Option<String>,
}

impl Operation for ListUserPools {
    const NAME: &'static str = "ListUserPools";
    const EFFECT: Effect = Effect::Read;
    const REACH: Reach = Reach::Own;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let question = [Self::NAME];
        let mut after = cursor::open(call, &question, input.next_token.as_deref())?;
        let limit = usize::try_from(input.max_results).unwrap_or(usize::MAX);
        let mut shown = Vec::new();
        let mut more = true;
        let mut work = call.context.ports.store.read().await?;
        while more && shown.len() < limit {
            let page = work.user_pools().list(after.as_deref(), input.max_results + 1).await?;
            more = page.len() > limit;
            for pool in page.iter().take(limit) {
                if shown.len() == limit {
                    more = true;
                    break;
                }
                after = Some(pool.id.clone());
                if call.caller.reaches(&pool.id) {
                    shown.push(summary(pool));
                }
            }
        }
        let mut output = json!({ "UserPools": shown });
        if let Some(after) = after.filter(|_| more) {
            output["NextToken"] = cursor::seal(call, &question, &after)?.into();
        }
        Ok(output)
    }
}

fn summary(pool: &UserPool) -> Value {
    let lambdas = pool.document.get("LambdaConfig").cloned().unwrap_or_else(|| json!({}));
    json!({
        "Id": pool.id,
        "Name": pool.name,
        "LambdaConfig": lambdas,
        "CreationDate": wire::date(pool.created_ms),
        "LastModifiedDate": wire::date(pool.modified_ms),
    })
}
