//! TLS of the listener: it serves with the configured pair, and says what is wrong with another.

use std::process::Command;

use fedgate::http::tls::{TlsFiles, load};
use tempfile::TempDir;

use crate::http::bare::Bare;

/// A self-signed pair for `localhost`, made by openssl.
fn pair(directory: &TempDir, name: &str) -> TlsFiles {
    let cert = directory.path().join(format!("{name}.pem"));
    let key = directory.path().join(format!("{name}.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-out")
        .arg(&cert)
        .arg("-keyout")
        .arg(&key)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    TlsFiles { cert, key }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test's own side of the wire")]
async fn a_client_that_trusts_the_certificate_is_served_and_one_that_does_not_is_not() {
    let directory = TempDir::new().unwrap();
    let files = pair(&directory, "server");
    let pem = std::fs::read(&files.cert).unwrap();
    let bare = Bare::with(Some(files), |seam| seam.secure = true).await;
    let url = format!("{}/plain", bare.url.replace("127.0.0.1", "localhost"));
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let builder = || reqwest::Client::builder().no_proxy();
    let trusting = builder().tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()]).build().unwrap();
    assert_eq!(trusting.get(&url).send().await.unwrap().status(), 200);
    assert!(builder().build().unwrap().get(&url).send().await.is_err());
}

#[test]
fn a_wrong_pair_is_named() {
    let directory = TempDir::new().unwrap();
    let (one, other) = (pair(&directory, "one"), pair(&directory, "other"));
    assert!(load(&one).is_ok());
    let text = |cert: &std::path::Path, key: &std::path::Path| {
        load(&TlsFiles { cert: cert.to_owned(), key: key.to_owned() }).unwrap_err().to_string()
    };
    assert!(text(&one.cert, &other.key).contains("cannot be used"));
    assert!(text(&one.key, &one.key).contains("one.key: not a readable PEM certificate"));
    assert!(text(&one.cert, &one.cert).contains("one.pem: not a readable PEM private key"));
    assert!(text(&directory.path().join("none"), &one.key).contains("none: not a readable"));
}
