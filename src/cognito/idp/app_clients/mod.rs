//! Operations on app clients, and the one form in which a client is described.
//!
//! Owns what describe answers add to what was given. Units of token lives are never invented (Terraform compares them).

pub mod create_user_pool_client;
pub mod describe_user_pool_client;
pub mod list_user_pool_clients;

use serde_json::{Value, json};

use crate::base::secret::Secret;
use crate::cognito::operation::Entry;
use crate::cognito::wire;
use crate::model::app_client::AppClient;

/// The family.
pub const OPERATIONS: &[Entry] = &[
    Entry::of::<create_user_pool_client::CreateUserPoolClient>(),
    Entry::of::<describe_user_pool_client::DescribeUserPoolClient>(),
    Entry::of::<list_user_pool_clients::ListUserPoolClients>(),
];

/// A client as describe answers show it (Cognito: `UserPoolClientType`).
fn described(client: &AppClient, secret: Option<&Secret>) -> Value {
    let mut shown = client.document.as_object().cloned().unwrap_or_default();
    for (member, default) in [
        ("AllowedOAuthFlowsUserPoolClient", json!(false)),
        ("AuthSessionValidity", json!(3)),
        ("EnablePropagateAdditionalUserContextData", json!(false)),
        ("EnableTokenRevocation", json!(true)),
        ("RefreshTokenValidity", json!(30)),
    ] {
        shown.entry(member).or_insert(default);
    }
    // Zero asks for the default.
    if shown.get("RefreshTokenValidity") == Some(&json!(0)) {
        shown.insert("RefreshTokenValidity".into(), 30.into());
    }
    shown.insert("ClientId".into(), client.id.clone().into());
    shown.insert("ClientName".into(), client.name.clone().into());
    shown.insert("UserPoolId".into(), client.pool_id.clone().into());
    shown.insert("CreationDate".into(), wire::date(client.created_ms));
    shown.insert("LastModifiedDate".into(), wire::date(client.modified_ms));
    if let Some(secret) = secret {
        shown.insert("ClientSecret".into(), secret.reveal().into());
    }
    Value::Object(shown)
}
