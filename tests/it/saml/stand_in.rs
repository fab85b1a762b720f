//! The stand-in identity provider on the wire, against the room: both bindings, a person, a refusal, a certificate change.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::authn_request::AuthnRequest;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::metadata::{self, IdpDescriptor, MetadataOptions};
use fedgate::federation::saml::response::{self, Expectation, VerifiedAssertion};
use playground::saml_idp::response::Sign;
use playground::saml_idp::signer::SigningKey;
use playground::saml_idp::{Config, SamlIdp, SamlIdpHandle};
use url::Url;

use super::{ACS, NOW, REQUEST, SP, second_opinion::xmlsec_agrees};

fn start(sign: Sign) -> SamlIdpHandle {
    SamlIdp::start(Config { sign, clock: Arc::new(|| NOW / 1000), ..Config::default() }).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test is the browser, outside the gateway and its outbound door")]
fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn describe(idp: &SamlIdpHandle) -> IdpDescriptor {
    let document = http().get(idp.metadata_url()).send().await.unwrap().bytes().await.unwrap();
    let options = MetadataOptions { expected_entity_id: Some(&idp.entity_id), now_ms: NOW, allow_http: true };
    metadata::parse(&document, &options).unwrap()
}

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

/// The value of a hidden field; the values here need no unescaping.
fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// Sends the request by redirect and presses a button; gives the page with the answer.
async fn sign_in(idp: &SamlIdpHandle, choice: (&str, &str)) -> String {
    let destination = describe(idp).await.sso_redirect_url.unwrap();
    let url = request(&destination).redirect_url("the-handle", None).await.unwrap();
    let http = http();
    let page = http.get(url).send().await.unwrap().text().await.unwrap();
    press(idp, &page, choice).await
}

async fn press(idp: &SamlIdpHandle, page: &str, choice: (&str, &str)) -> String {
    let transaction = hidden(page, "transaction").unwrap();
    let form = [("transaction", transaction.as_str()), choice];
    let http = http();
    http.post(format!("{}/login", idp.base_url)).form(&form).send().await.unwrap().text().await.unwrap()
}

fn verify(page: &str, idp: &IdpDescriptor) -> Result<VerifiedAssertion, SamlFault> {
    let expectation = Expectation { idp, sp_entity_id: SP, acs_url: ACS, request_id: Some(REQUEST), now_ms: NOW, skew_s: 60 };
    response::decode(&hidden(page, "SAMLResponse").unwrap()).and_then(|xml| response::verify(&xml, &expectation))
}

const KATHERINE: (&str, &str) = ("person", "katherine-1918");

#[tokio::test]
async fn a_sign_in_by_redirect_in_three_ways_of_signing() {
    for sign in super::SIGNED {
        let idp = start(sign);
        let page = sign_in(&idp, KATHERINE).await;
        assert!(page.contains(&format!("<form method=\"post\" action=\"{ACS}\">")));
        assert_eq!(hidden(&page, "RelayState").unwrap(), "the-handle");
        let assertion = verify(&page, &describe(&idp).await).unwrap();
        assert_eq!(assertion.name_id.value, "katherine-1918");
        let email = ("email".to_owned(), vec!["katherine@example.com".to_owned()]);
        assert!(assertion.attributes.contains(&email));
        let document = String::from_utf8(STANDARD.decode(idp.answered().pop().unwrap()).unwrap()).unwrap();
        assert!(xmlsec_agrees(&document, &idp.key()));
        assert_eq!(idp.asked().pop().unwrap().id, REQUEST);
    }
}

#[tokio::test]
async fn a_sign_in_by_post() {
    let idp = start(Sign::Assertion);
    let descriptor = describe(&idp).await;
    let form = request(descriptor.sso_post_url.as_deref().unwrap()).post_form("the-handle", None).await.unwrap();
    let http = http();
    let page = http.post(form.action).form(&form.fields).send().await.unwrap().text().await.unwrap();
    let page = press(&idp, &page, KATHERINE).await;
    assert_eq!(verify(&page, &descriptor).unwrap().name_id.value, "katherine-1918");
}

#[tokio::test]
async fn somebody_who_cancels_is_reported() {
    let idp = start(Sign::Assertion);
    let page = sign_in(&idp, ("cancel", "1")).await;
    assert_eq!(verify(&page, &describe(&idp).await), Err(SamlFault::Status));
}

#[tokio::test]
async fn s23_a_new_certificate_works_after_the_metadata_is_read_again() {
    let idp = start(Sign::Assertion);
    let old = describe(&idp).await;
    idp.rotate_key(SigningKey::p256("next"), true, true);
    let both = describe(&idp).await;
    let page = sign_in(&idp, KATHERINE).await;
    assert_eq!(both.signing_certificates.len(), 2);
    assert_eq!(verify(&page, &old), Err(SamlFault::SignatureInvalid));
    assert!(verify(&page, &both).is_ok());
}

#[tokio::test]
async fn the_stand_in_can_be_told_to_misbehave() {
    let idp = start(Sign::Assertion);
    idp.tamper(|spec| spec.audiences = vec![vec!["urn:other".to_owned()]]);
    let page = sign_in(&idp, KATHERINE).await;
    assert_eq!(verify(&page, &describe(&idp).await), Err(SamlFault::Audience));
    idp.behave();
    assert!(verify(&sign_in(&idp, KATHERINE).await, &describe(&idp).await).is_ok());
}

/// S-28: the stand-in reads requests as carefully as it should.
#[tokio::test]
async fn requests_that_a_provider_refuses() {
    let idp = start(Sign::Assertion);
    let sso = format!("{}/sso", idp.base_url);
    let good = request(&sso).redirect_url("h", None).await.unwrap();
    let http = http();
    let status = |url: String| {
        let http = http.clone();
        async move { http.get(url).send().await.unwrap().status().as_u16() }
    };
    assert_eq!(status(good.clone()).await, 200);
    assert_eq!(status(format!("{good}&RelayState=x")).await, 400);
    let query = Url::parse(&good).unwrap().query().unwrap().to_owned();
    assert_eq!(status(format!("{good}&{query}")).await, 400);
    assert_eq!(status(format!("{sso}?RelayState=x")).await, 400);
    assert_eq!(status(format!("{sso}?SAMLRequest=AAAA")).await, 400);
    let elsewhere = request("https://else.example.com/sso").redirect_url("h", None).await.unwrap();
    assert_eq!(status(elsewhere.replace("https://else.example.com/sso", &sso)).await, 400);
    let bomb = {
        use std::io::Write;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; 8 * 1024 * 1024]).unwrap();
        STANDARD.encode(encoder.finish().unwrap()).replace('+', "%2B").replace('/', "%2F")
    };
    assert_eq!(status(format!("{sso}?SAMLRequest={bomb}")).await, 400);
}
