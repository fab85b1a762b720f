//! A stand-in SAML 2.0 identity provider.
//!
//! Owns a provider that behaves on the wire as the real ones do (`server`, `pages`, `request`), and the workshop that the
//! tests use without any HTTP: keys with self-signed certificates made at start (`certificate`, `signer`), and responses in
//! which every part can be changed before and after signing (`response`). Nothing here is fit for real use: it signs in
//! whoever presses a button, and takes the assertion consumer service from the request.

pub mod certificate;
pub mod response;
pub mod signer;
