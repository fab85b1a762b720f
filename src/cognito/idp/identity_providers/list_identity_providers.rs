//! `ListIdentityProviders`: names, types and dates of a pool's providers, page by page. Never their settings (P-15).
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::cursor;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::cognito::wire;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::user_pools::pools;

/// Cognito: `ListIdentityProviders`.
#[derive(Debug)]
pub struct ListIdentityProviders;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    max_results: Option<u32>,
    next_token: Option<String>,
}

impl Operation for ListIdentityProviders {
    const NAME: &'static str = "ListIdentityProviders";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let question = [Self::NAME, &input.user_pool_id];
        let after = cursor::open(call, &question, input.next_token.as_deref())?;
        let limit = input.max_results.filter(|limit| *limit > 0).unwrap_or(60);
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let mut page = work.identity_providers().list(&pool.id, after.as_deref(), limit + 1).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = page.len() > limit;
        page.truncate(limit);
        let summary = |provider: &IdentityProvider| {
            json!({
                "ProviderName": provider.name,
                "ProviderType": provider.kind.as_str(),
                "CreationDate": wire::date(provider.created_ms),
                "LastModifiedDate": wire::date(provider.modified_ms),
            })
        };
        let mut output = json!({ "Providers": page.iter().map(summary).collect::<Vec<Value>>() });
        if let Some(last) = page.last().filter(|_| more) {
            output["NextToken"] = cursor::seal(call, &question, &last.name)?.into();
        }
        Ok(output)
    }
}
