//! What the fuzz targets run: one function for each, from bytes to an oracle that panics when it is broken.
//!
//! Shared by cargo-fuzz (`fuzz_targets/`), which looks for new inputs, and by `tests/it/fuzz.rs`, which replays the seeds and
//! some thousand changes of them in every test run. The oracles are those of the requirement rows Z-01 to Z-07.

pub mod bench;
pub mod edits;
pub mod id_token;
pub mod oidc_discovery;
pub mod saml_encrypted;
pub mod saml_gate;
pub mod saml_logout;
pub mod saml_metadata;
pub mod saml_response;
