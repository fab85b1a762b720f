//! Z-03: mutations of Responses with an encrypted assertion; see `fedgate_fuzz::saml_encrypted`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::saml_encrypted::run(bytes));
