//! Z-06: mutations of signed ID tokens; see `fedgate_fuzz::id_token`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fedgate_fuzz::id_token::run(bytes));
