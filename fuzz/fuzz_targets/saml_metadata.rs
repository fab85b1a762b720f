//! Z-04: metadata; see `fedgate_fuzz::saml_metadata`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::saml_metadata::run(bytes));
