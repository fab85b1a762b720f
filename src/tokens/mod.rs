//! Tokens: what stands in them, how they are made, checked and revoked.
//!
//! Owns the claims of ID and access tokens (`claims`), their issue and the form of refresh tokens (`issue`), the full check of a presented
//! access token (`verify`) and the revocation of a family (`revoke`). Keys and signatures are `keys`'; when tokens may be
//! issued is `auth_flows`'.

pub mod claims;
pub mod issue;
pub mod revoke;
pub mod verify;
