//! The rules of a user pool and of what belongs to it: addresses, attributes, app clients, domains, identity providers' records, user search.
//!
//! Owns which settings fit together, what is stored for them, and which requests belong to a pool. Knows Cognito's member names, since the
//! configuration is kept as it was given; does not know HTTP or signatures (faces), nor what a provider's settings mean (`federation`).

pub mod address;
pub mod app_clients;
pub mod attributes;
pub mod domains;
pub mod identity_provider_changes;
pub mod identity_providers;
pub mod lifetimes;
pub mod pools;
pub mod redirect_uri;
pub mod schema;
pub mod search;
