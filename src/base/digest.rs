//! SHA-256 as the one digest for look-up keys of secrets (codes, tokens, cookies).
//!
//! What is secret is stored only as its digest; equality of secrets is decided in constant time.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// SHA-256 of `value`, base64url without padding: 43 characters.
pub fn sha256_b64(value: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, value).as_ref())
}

/// Whether two values are equal, in time that depends on their lengths only.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
