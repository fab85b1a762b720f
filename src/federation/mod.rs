//! Federation: sign-in through other identity providers.
//!
//! `broker` carries a login out and back (state, browser binding, one-time use); `provider` is the trait and `providers` the table of
//! what can be spoken to; `saml` is the fenced protocol room; `expiry` warns of what expires; `attribute_mapping` and `identity` turn what a provider proved
//! into a user of the pool. Tokens, codes and sessions are `auth_flows` and `tokens`.

pub mod attribute_mapping;
pub mod broker;
pub mod discovery;
pub mod documents;
pub mod expiry;
pub mod explain;
pub mod fixed_endpoints;
pub mod identity;
pub mod link;
pub mod link_proof;
pub mod oauth2;
pub mod provider;
pub mod providers;
pub mod saml;
pub mod sign_out;
pub mod unsolicited;
