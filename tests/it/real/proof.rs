//! The real programs work with each other and with the screenless browser, before the gateway stands between them.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use playground::browser::Browser;
use serde_json::json;
use url::Url;

use crate::real::oidc_provider::OidcProvider;
use crate::real::openid_client::App;
use crate::real::simplesamlphp::{Signs, SimpleSaml};

const CALLBACK: &str = "http://127.0.0.1:9/callback";

#[tokio::test]
async fn the_app_signs_in_at_the_provider_directly() {
    let mut provider = OidcProvider::start(&json!({ "accounts": { "carol": { "name": "Carol Danvers" } } }));
    let secret = "s".repeat(43);
    provider.register("app", &secret, CALLBACK);
    let app = App {
        issuer: provider.issuer.clone(),
        client_id: "app".to_owned(),
        client_secret: Some(secret),
        redirect_uri: CALLBACK.to_owned(),
    };
    let announced = app.discover().await.unwrap();
    assert_eq!(announced["authorization_response_iss_parameter_supported"], true);
    let started = app.start(json!({})).await;
    provider.rotate_keys();
    let mut browser = Browser::new();
    let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
    let reached = provider.sign_in(&mut browser, &page, "carol", CALLBACK).await.reached().unwrap();
    let done = app.finish(&started, reached.as_str()).await.unwrap();
    assert_eq!(done["claims"]["sub"], "carol");
    assert_eq!(done["userinfo"]["name"], "Carol Danvers");
    assert!(done["claims"]["email"].is_null(), "claims come from userinfo alone: {done}");

    // The control of the library's checks: another state, another nonce and a used code are refused.
    let mut other_state = started.clone();
    other_state["state"] = "another".into();
    assert!(app.finish(&other_state, reached.as_str()).await.is_err());
    assert_eq!(app.finish(&started, reached.as_str()).await.unwrap_err()["error"], "invalid_grant");
    assert!(app.refresh("unknown").await.is_err());
    assert!(app.revoke("unknown").await.is_ok(), "RFC 7009 section 2.2: an unknown token is as good as revoked");
}

#[tokio::test]
async fn simplesamlphp_signs_what_it_is_told_to() {
    let mut idp = SimpleSaml::start();
    for (signs, signatures) in [(Signs::Assertion, 1), (Signs::Response, 1), (Signs::Both, 2)] {
        let acs = "http://127.0.0.1:9/saml2/idpresponse";
        let sp = format!("urn:amazon:cognito:sp:{signs:?}");
        idp.declare(&sp, acs, signs);
        let mut browser = Browser::new();
        let page = browser.open(&request(&idp, &sp, acs)).await.unwrap();
        let page = idp.answer(&mut browser, &page, "alice").await;
        let form = page.forms().remove(0);
        assert!(form.sends_itself(), "{form:?}");
        assert_eq!((form.action.as_str(), form.get("RelayState")), (acs, Some("relay")));
        let response = String::from_utf8(STANDARD.decode(form.get("SAMLResponse").unwrap()).unwrap()).unwrap();
        assert_eq!(response.matches("<ds:Signature ").count(), signatures, "{signs:?}");
        assert!(response.contains(">alice@example.org<") && response.contains(&idp.entity_id));
    }
}

fn request(idp: &SimpleSaml, sp: &str, acs: &str) -> String {
    let sso = idp.entity_id.replace("metadata.php", "SSOService.php");
    let xml = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_r1\" Version=\"2.0\" \
         IssueInstant=\"2026-11-21T00:00:00Z\" Destination=\"{sso}\" AssertionConsumerServiceURL=\"{acs}\">\
         <saml:Issuer>{sp}</saml:Issuer></samlp:AuthnRequest>"
    );
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(xml.as_bytes()).unwrap();
    let message = STANDARD.encode(deflated.finish().unwrap());
    Url::parse_with_params(&sso, [("SAMLRequest", message.as_str()), ("RelayState", "relay")]).unwrap().into()
}
