//! Z-07: discovery documents and key sets; see `fedgate_fuzz::oidc_discovery`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::oidc_discovery::run(bytes));
