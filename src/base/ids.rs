//! The identifier formats of Cognito (cognito-surface sections 1 and 4).
//!
//! Owns how identifiers look; uniqueness is the store's promise.

use uuid::Builder;

use crate::base::random::Random;

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LOWER_ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// `{region}_{9 letters or digits}`, the id of a user pool.
pub fn user_pool_id(region: &str, random: &Random) -> String {
    format!("{region}_{}", random.text(9, ALPHANUMERIC))
}

/// 26 lower-case letters or digits, the id of an app client.
pub fn client_id(random: &Random) -> String {
    random.text(26, LOWER_ALPHANUMERIC)
}

/// 51 lower-case letters or digits, the secret of an app client.
pub fn client_secret(random: &Random) -> String {
    random.text(51, LOWER_ALPHANUMERIC)
}

/// A version 4 UUID: `sub`, `jti`, event and request ids.
pub fn uuid(random: &Random) -> String {
    Builder::from_random_bytes(random.bytes()).into_uuid().to_string()
}

/// 128 random bits in the shape of a UUID, without the fixed bits of a version: authorization codes
/// (Cognito's look; A-03 asks for 128 bits).
pub fn authorization_code(random: &Random) -> String {
    Builder::from_bytes(random.bytes()).into_uuid().to_string()
}
