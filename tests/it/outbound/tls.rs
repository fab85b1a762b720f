//! N-09: chain, host name and dates are verified; an additional root is trusted, and nothing without one.

use std::io::Write as _;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use fedgate::outbound::{Outbound, OutboundError, OutboundSettings};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::server::{head, respond};
use super::{Names, get, settings};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/fixtures/tls/{name}")).unwrap()
}

/// A TLS server with that certificate; answers every request with `secure`.
fn serve(certificate: &str) -> u16 {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = CertificateDer::pem_slice_iter(&fixture(certificate)).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(&fixture("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = Stream::new(&mut connection, &mut stream);
            // An answer before the question would be none to the client. Nothing comes when it refused the certificate.
            if head(&mut tls).is_empty() {
                continue;
            }
            respond(&mut tls, "200 OK", &[], b"secure");
            let _ = tls.flush();
            tls.conn.send_close_notify();
            let _ = tls.flush();
            // Closing with bytes unread would reset the connection, and the answer with it: the client closes first.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            let _ = stream.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    port
}

fn client(roots: &[&str]) -> Outbound {
    let settings = OutboundSettings { extra_roots: roots.iter().map(|name| fixture(name)).collect(), ..settings(&["127.0.0.0/8"]) };
    Outbound::with_lookup(&settings, Names::of("idp.example.test", &[&["127.0.0.1"]])).unwrap()
}

#[tokio::test]
async fn n_09_only_a_sound_certificate_is_accepted() {
    let trusting = client(&["ca.pem"]);
    for certificate in ["other-name.pem", "expired.pem", "not-yet-valid.pem", "self-signed.pem"] {
        let url = format!("https://idp.example.test:{}/", serve(certificate));
        let outcome = trusting.send(get(&url)).await;
        assert!(matches!(outcome, Err(OutboundError::Unreachable("tls"))), "{certificate}: {outcome:?}");
    }
    let url = format!("https://idp.example.test:{}/", serve("good.pem"));
    assert_eq!(trusting.send(get(&url)).await.unwrap().body, b"secure");
    // The same certificate without the additional root.
    let outcome = client(&[]).send(get(&url)).await;
    assert!(matches!(outcome, Err(OutboundError::Unreachable("tls"))), "{outcome:?}");
}

#[test]
fn roots_that_are_no_certificates_stop_the_start() {
    for pem in [b"".to_vec(), b"not a certificate".to_vec(), fixture("server.key")] {
        let settings = OutboundSettings { extra_roots: vec![pem], ..settings(&[]) };
        assert!(matches!(Outbound::new(&settings), Err(OutboundError::Refused("extra_roots"))));
    }
    assert!(Outbound::new(&OutboundSettings { extra_roots: vec![fixture("ca.pem")], ..settings(&[]) }).is_ok());
}
