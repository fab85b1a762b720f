//! Federation through stand-in providers: each row of the threat tables beside its control.

mod broker;
pub(crate) mod broker_world;
mod link_proofs;
mod linking;
mod oidc;
mod oidc_answer;
mod oidc_claims;
mod oidc_documents;
mod oidc_id_token;
mod oidc_keys;
mod oidc_properties;
mod oidc_settings;
mod takeover;
mod takeover_scenarios;
