//! S-27, S-28 (outgoing): the AuthnRequest and its two bindings.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::authn_request::{AuthnRequest, request_id};
use flate2::read::DeflateDecoder;
use url::Url;

use super::{ACS, NOW, REQUEST, SP};

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

#[test]
fn s28_redirect() {
    let relay_state = "a b+c/d=&e".repeat(12);
    for (destination, start) in [
        ("https://idp.example.com/sso", "https://idp.example.com/sso?SAMLRequest="),
        ("https://idp.example.com/sso?x=1", "https://idp.example.com/sso?x=1&SAMLRequest="),
        ("https://idp.example.com/sso?", "https://idp.example.com/sso?SAMLRequest="),
        ("https://idp.example.com/sso?x=1&", "https://idp.example.com/sso?x=1&SAMLRequest="),
    ] {
        let url = request(destination).redirect_url::<Infallible>(&relay_state, None).unwrap();
        assert!(url.starts_with(start), "{url}");
        let pairs: Vec<_> = Url::parse(&url).unwrap().query_pairs().into_owned().filter(|(name, _)| name != "x").collect();
        assert_eq!(pairs.len(), 2);
        assert_eq!(inflate(&pairs[0].1), request(destination).to_xml());
        assert_eq!(pairs[1], ("RelayState".to_owned(), relay_state.clone()));
    }
}

/// Bindings section 3.4.4.1: the signature covers the octets as they are sent.
#[test]
fn s28_signed_redirect_covers_the_octets() {
    let covered = std::cell::RefCell::new(Vec::new());
    let sign = |octets: &[u8]| {
        covered.borrow_mut().extend_from_slice(octets);
        Ok::<_, Infallible>(vec![0xfb, 0xff, 0x3e])
    };
    let url = request("https://idp.example.com/sso?x=1").redirect_url("a b", Some(&sign)).unwrap();
    let covered = String::from_utf8(covered.into_inner()).unwrap();
    assert!(covered.starts_with("SAMLRequest="));
    assert!(covered.ends_with("&RelayState=a+b&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256"));
    assert_eq!(url, format!("https://idp.example.com/sso?x=1&{covered}&Signature=%2B%2F8%2B"));
    let failing = |_: &[u8]| Err("no key");
    assert_eq!(request("https://idp.example.com/sso").redirect_url("", Some(&failing)), Err("no key"));
}

#[test]
fn post_form() {
    let form = request("https://idp.example.com/sso/post").post_form("handle");
    assert_eq!(form.action, "https://idp.example.com/sso/post");
    assert_eq!(form.fields[0].0, "SAMLRequest");
    assert_eq!(STANDARD.decode(&form.fields[0].1).unwrap(), request(&form.action).to_xml().as_bytes());
    assert_eq!(form.fields[1], ("RelayState".to_owned(), "handle".to_owned()));
}
