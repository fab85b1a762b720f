//! Z-05: logout messages by redirect and POST; see `fedgate_fuzz::saml_logout`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::saml_logout::run(bytes));
