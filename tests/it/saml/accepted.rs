//! Every document that the gateway's room accepts anywhere in this binary, kept for the second opinion.
//!
//! Owns the writing only: one JSON file each under target/tmp/saml-accepted, with the certificates that were trusted. `make test`
//! then lets samael with xmlsec and Debian's `xmlsec1` judge them all: crates/saml_oracle/tests/accepted.rs.

use std::path::Path;

use fedgate::base::digest::sha256_b64;
use serde_json::json;

/// Keeps a document, once. `certificates`: base64 of the DER that its signatures were checked with.
pub fn keep(document: &str, certificates: &[String]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saml-accepted");
    std::fs::create_dir_all(&folder).unwrap();
    let digest: String = sha256_b64(document.as_bytes()).chars().filter(char::is_ascii_alphanumeric).collect();
    let path = folder.join(format!("{digest}.json"));
    if !path.exists() {
        // Complete or not there at all: tests run side by side.
        let new = folder.join(format!("{digest}.{:?}.new", std::thread::current().id()));
        std::fs::write(&new, json!({ "document": document, "certificates": certificates }).to_string()).unwrap();
        std::fs::rename(&new, &path).unwrap();
    }
}
