//! What every room may stand on: the clock, randomness, identifier formats and redacting secrets.
//!
//! Owns no state and does no I/O but reading the system's clock and random generator. Nothing here knows
//! identity, HTTP or storage; the floor above is `model`.

pub mod clock;
pub mod declared;
pub mod digest;
pub mod expression;
pub mod ids;
pub mod random;
pub mod secret;
