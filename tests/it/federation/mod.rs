//! Federation through stand-in providers: each row of the threat tables beside its control.

mod amazon;
pub(crate) mod apple;
mod apple_secret;
mod broker;
pub(crate) mod broker_world;
mod explain;
mod facebook;
mod google;
mod link_proofs;
mod linking;
mod mapping;
mod oidc;
mod oidc_answer;
mod oidc_claims;
mod oidc_documents;
mod oidc_extras;
mod oidc_id_token;
mod oidc_keys;
mod oidc_properties;
mod oidc_settings;
pub(crate) mod social;
mod social_doors;
pub(crate) mod social_world;
mod takeover;
mod takeover_scenarios;
mod unified;
