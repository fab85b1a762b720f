//! The program: chooses the TLS library's cryptography, then hands the arguments over to `commands`.

use std::process::ExitCode;

fn main() -> ExitCode {
    // rustls picks a provider by itself only when exactly one is compiled in; this must come before any TLS.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    fedgate::commands::run()
}
