//! The pure types of the domain: no I/O, no clock, no wire names.
//!
//! Owns what a pool, client, user, provider, authorization, grant and session *are*, and the one failure enum. How they
//! are stored is `store`; how they look on the wire is the faces' business. Types derive serde because documents are kept
//! as JSON in the store and the cache.

pub mod app_client;
pub mod authorization;
pub mod departure;
pub mod domain;
pub mod external_identity;
pub mod failure;
pub mod grant;
pub mod identity_provider;
pub mod unified_identity;
pub mod user;
pub mod user_pool;
pub mod web_session;
