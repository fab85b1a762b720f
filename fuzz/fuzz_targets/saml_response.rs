//! Z-02: mutations of signed Responses; see `fedgate_fuzz::saml_response`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::saml_response::run(bytes));
