//! Z-01: the SAML gate on raw bytes; see `fedgate_fuzz::saml_gate`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::saml_gate::run(bytes));
