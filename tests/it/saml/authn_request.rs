//! S-27, S-28 (outgoing): the AuthnRequest and its two bindings.

use std::collections::HashSet;
use std::io::Read;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::authn_request::{AuthnRequest, PostForm, request_id};
use flate2::read::DeflateDecoder;
use playground::saml_idp::trust;
use url::Url;

use super::{ACS, ATTACKER, NOW, REQUEST, SP};
use crate::keys::common::{POOL, Place};

fn request(destination: &str) -> AuthnRequest<'_> {
    AuthnRequest {
        id: REQUEST,
        issue_instant_ms: NOW,
        destination,
        sp_entity_id: SP,
        acs_url: ACS,
        force_authn: false,
        name_id_format: None,
    }
}

fn inflate(parameter: &str) -> String {
    let mut text = String::new();
    DeflateDecoder::new(&*STANDARD.decode(parameter).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// D-05: 128 bits in every id, an NCName.
#[test]
fn s27_request_ids() {
    let mut seen = HashSet::new();
    for number in 0..100_000_u128 {
        // A bijection stands for the random source: every bit of the input must reach the id.
        let id = request_id(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes());
        assert!(id.len() >= 22 && id.starts_with('_') && id[1..].bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(seen.insert(id));
    }
    for bit in 0..128 {
        assert!(seen.insert(request_id((1_u128 << bit).to_be_bytes())));
    }
}

#[test]
fn the_document_escapes_what_it_is_given() {
    let hostile = AuthnRequest {
        sp_entity_id: "a&b<c>\"d\"",
        name_id_format: Some("\"><x/>"),
        force_authn: true,
        ..request("https://idp.example.com/sso?a=1&b=2")
    };
    let xml = hostile.to_xml();
    assert!(xml.contains("<saml:Issuer>a&amp;b&lt;c&gt;&quot;d&quot;</saml:Issuer>"));
    assert!(xml.contains("Destination=\"https://idp.example.com/sso?a=1&amp;b=2\""));
    assert!(xml.contains(" ForceAuthn=\"true\""));
    assert!(!xml.contains("<x/>"));
    let plain = request("https://idp.example.com/sso").to_xml();
    assert!(!plain.contains("ForceAuthn") && !plain.contains("NameIDPolicy"));
    assert!(plain.contains(&format!("AssertionConsumerServiceURL=\"{ACS}\"")));
    assert!(plain.contains("IssueInstant=\"2026-11-21T12:00:00Z\""));
}

#[tokio::test]
async fn s28_redirect() {
    let relay_state = "a b+c/d=&e".repeat(12);
    for (destination, start) in [
        ("https://idp.example.com/sso", "https://idp.example.com/sso?SAMLRequest="),
        ("https://idp.example.com/sso?x=1", "https://idp.example.com/sso?x=1&SAMLRequest="),
        ("https://idp.example.com/sso?", "https://idp.example.com/sso?SAMLRequest="),
        ("https://idp.example.com/sso?x=1&", "https://idp.example.com/sso?x=1&SAMLRequest="),
    ] {
        let url = request(destination).redirect_url(&relay_state, None).await.unwrap();
        assert!(url.starts_with(start), "{url}");
        let pairs: Vec<_> = Url::parse(&url).unwrap().query_pairs().into_owned().filter(|(name, _)| name != "x").collect();
        assert_eq!(pairs.len(), 2);
        assert_eq!(inflate(&pairs[0].1), request(destination).to_xml());
        assert_eq!(pairs[1], ("RelayState".to_owned(), relay_state.clone()));
    }
}

/// Bindings section 3.4.4.1: the signature covers the octets as they are sent.
#[tokio::test]
async fn s27_s28_a_signed_redirect_covers_the_octets() {
    let place = Place::new().await;
    let key = place.ring.saml_signing_key(POOL).await.unwrap();
    let certificates = [key.certificate.clone()];
    for (destination, relay_state) in [("https://idp.example.com/sso?x=1", "a b"), ("https://idp.example.com/sso", "")] {
        let url = request(destination).redirect_url(relay_state, Some(&key)).await.unwrap();
        let query = url.strip_prefix(destination).unwrap().trim_start_matches(['?', '&']).to_owned();
        assert!(query.contains("&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature="));
        trust::redirect(&query, "SAMLRequest", &certificates).unwrap();
        // Attacks: another key, a changed RelayState, a missing or doubled part, a weaker algorithm.
        let other = [ATTACKER.certificate_base64()];
        assert!(trust::redirect(&query, "SAMLRequest", &other).is_err());
        for (from, to) in [
            ("&RelayState=", "&RelayState=x"),
            ("&SigAlg=", "&sigalg="),
            ("rsa-sha256", "rsa-sha1"),
            ("&Signature=", "&RelayState=y&Signature="),
            ("&Signature=", "&Signature=AAAA&x="),
        ] {
            assert!(trust::redirect(&query.replacen(from, to, 1), "SAMLRequest", &certificates).is_err(), "{from} {to}");
        }
    }
}

fn posted(form: &PostForm) -> String {
    assert_eq!(form.fields[0].0, "SAMLRequest");
    String::from_utf8(STANDARD.decode(&form.fields[0].1).unwrap()).unwrap()
}

#[tokio::test]
async fn post_form() {
    let form = request("https://idp.example.com/sso/post").post_form("handle", None).await.unwrap();
    assert_eq!(form.action, "https://idp.example.com/sso/post");
    assert_eq!(posted(&form), request(&form.action).to_xml());
    assert_eq!(form.fields[1], ("RelayState".to_owned(), "handle".to_owned()));
}

/// Core section 5.4: enveloped, after the Issuer; xmlsec agrees.
#[tokio::test]
async fn s27_a_signed_post_carries_an_enveloped_signature() {
    let place = Place::new().await;
    let key = place.ring.saml_signing_key(POOL).await.unwrap();
    let certificates = [key.certificate.clone()];
    let asked = AuthnRequest {
        force_authn: true,
        name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
        sp_entity_id: "urn:a&b<c>\u{e9}",
        ..request("https://idp.example.com/sso?a=1&b=\u{fc}")
    };
    let xml = posted(&asked.post_form("handle", Some(&key)).await.unwrap());
    assert!(xml.contains("</saml:Issuer><ds:Signature "), "{xml}");
    trust::enveloped(&xml, &certificates).unwrap();
    assert!(xmlsec_verifies(&xml, &key.certificate), "{xml}");
    // Attacks: changed content, no signature, another key.
    let forged = xml.replace("ForceAuthn=\"true\"", "ForceAuthn=\"false\"");
    assert!(trust::enveloped(&forged, &certificates).is_err() && !xmlsec_verifies(&forged, &key.certificate));
    assert!(trust::enveloped(&asked.to_xml(), &certificates).is_err());
    assert!(trust::enveloped(&xml, &[ATTACKER.certificate_base64()]).is_err());
    assert!(!xmlsec_verifies(&xml, &ATTACKER.certificate_base64()));
}

/// Debian's `xmlsec1` about the root's signature, with this certificate's key alone.
fn xmlsec_verifies(xml: &str, certificate: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (document, trusted) = (folder.path().join("request.xml"), folder.path().join("certificate.pem"));
    std::fs::write(&document, xml).unwrap();
    let lines: Vec<&str> = certificate.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    std::fs::write(&trusted, pem).unwrap();
    let output = Command::new("xmlsec1")
        .args(["--verify", "--enabled-key-data", "key-name", "--pubkey-cert-pem"])
        .arg(trusted)
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest"])
        .arg(document)
        .output()
        .expect("the program xmlsec1 is installed (package xmlsec1)");
    output.status.success()
}
