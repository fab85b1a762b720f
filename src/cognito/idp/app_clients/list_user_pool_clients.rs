//! `ListUserPoolClients`: ids and names of a pool's clients, page by page.
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::cursor;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::user_pools::pools;

/// Cognito: `ListUserPoolClients`.
#[derive(Debug)]
pub struct ListUserPoolClients;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    max_results: Option<u32>,
    next_token: Option<String>,
    client_type: Option<String>,
}

impl Operation for ListUserPoolClients {
    const NAME: &'static str = "ListUserPoolClients";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let client_type = input.client_type.as_deref().unwrap_or_default();
        let question = [Self::NAME, &input.user_pool_id, client_type];
        let after = cursor::open(call, &question, input.next_token.as_deref())?;
        let limit = input.max_results.unwrap_or(60);
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let mut page = work.app_clients().list(&pool.id, after.as_deref(), limit + 1).await?;
        if client_type == "DCR" {
            // Clients never register themselves in this version.
            page.clear();
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = page.len() > limit;
        page.truncate(limit);
        let summary =
            |client: &AppClient| json!({ "ClientId": client.id, "ClientName": client.name, "UserPoolId": client.pool_id });
        let mut output = json!({ "UserPoolClients": page.iter().map(summary).collect::<Vec<Value>>() });
        if let Some(last) = page.last().filter(|_| more) {
            output["NextToken"] = cursor::seal(call, &question, &last.id)?.into();
        }
        Ok(output)
    }
}
