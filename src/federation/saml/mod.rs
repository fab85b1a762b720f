//! The SAML 2.0 service provider's protocol, fenced: bytes in, verified facts out.
//!
//! Owns the gate over raw XML, signature verification, the reading of responses and metadata, and the writing of
//! AuthnRequests and of our own metadata. Pure: no HTTP, no clock, no randomness, no store; the caller passes the time,
//! the request id bytes and the expectation, and writes the replay row. Nothing else in the house may name the XML and
//! XML signature crates. A message goes through these files in this order: `gate` (limits, strict parse), `structure`
//! (where signatures and the assertion may stand, which algorithms), `signature` (stored keys only), `response`
//! (`subject`, `conditions`, `attributes`), and is read only inside the verified element of the one parsed tree. An encrypted
//! assertion is opened by `encryption` after the signature around it, and passes the gate again as a document of its own.
//! `outgoing` signs what we send, with a key that is handed in. Neighbours: `federation::providers::saml` calls this room.

pub mod aggregate;
pub mod attributes;
pub mod authn_request;
pub mod conditions;
pub mod duration;
pub mod encryption;
pub mod fault;
pub mod gate;
pub mod instant;
pub mod keys;
pub mod logout;
pub mod metadata;
pub mod metadata_signature;
pub mod outgoing;
pub mod redirect_binding;
pub mod response;
pub mod signature;
pub mod sp_metadata;
pub mod structure;
pub mod subject;
pub mod xml;
