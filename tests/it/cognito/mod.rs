//! The Cognito face over HTTP: real signatures, every answer checked against the service models.

mod app_clients;
pub(crate) mod aws;
mod bad_input;
mod boto3;
mod coverage;
mod declare;
mod domains;
mod identity_providers;
mod identity_providers_cycle;
mod linking;
mod page_tokens;
mod signature;
mod tenants;
mod user_pools;
mod users;
mod wire;
