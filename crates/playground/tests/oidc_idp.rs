//! The OIDC stand-in behaves as a strict provider, and lies only when told to.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use playground::browser::{Browser, Stop, parameter};
use playground::oidc_idp::tamper::{Endpoint, Fault, SignWith};
use playground::oidc_idp::{Config, OidcIdp, OidcIdpHandle};
use playground::server::http_client;
use serde_json::{Value, json};
use url::Url;

const CALLBACK: &str = "http://127.0.0.1:1/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn authorize_url(idp: &OidcIdpHandle, changes: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("client_id", "gateway"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email profile groups"),
        ("state", "s1"),
        ("nonce", "n1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        params.retain(|(known, _)| known != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    Url::parse_with_params(&format!("{}/authorize", idp.issuer), params).unwrap().to_string()
}

async fn get(url: &str) -> reqwest::Result<reqwest::Response> {
    http_client().get(url).send().await
}

async fn code(idp: &OidcIdpHandle, browser: &mut Browser) -> Url {
    let page = browser.open(&authorize_url(idp, &[])).await.unwrap();
    browser.press_until(&page, "Ada Lovelace", CALLBACK).await.unwrap().reached().unwrap()
}

async fn redeem(idp: &OidcIdpHandle, changes: &[(&str, &str)], basic: Option<(&str, &str)>) -> (u16, Value) {
    let mut form = vec![("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    let mut request = http_client().post(format!("{}/token", idp.issuer)).form(&form);
    if let Some((id, secret)) = basic {
        request = request.basic_auth(id, Some(secret));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

const SECRET: Option<(&str, &str)> = Some(("gateway", "gateway-secret"));

async fn sign_in(idp: &OidcIdpHandle) -> Value {
    let back = code(idp, &mut Browser::new()).await;
    let (status, tokens) = redeem(idp, &[("code", &parameter(&back, "code").unwrap())], SECRET).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

async fn verify(idp: &OidcIdpHandle, token: &str) -> Result<Value, jsonwebtoken::errors::Error> {
    let keys: JwkSet = get(&format!("{}/jwks", idp.issuer)).await.unwrap().json().await.unwrap();
    let kid = decode_header(token)?.kid.unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["gateway"]);
    rules.set_issuer(&[&idp.issuer]);
    let Some(jwk) = keys.find(&kid) else {
        return Ok(json!("unknown kid"));
    };
    Ok(decode::<Value>(token, &DecodingKey::from_jwk(jwk)?, &rules)?.claims)
}

#[tokio::test]
async fn a_person_signs_in_and_the_tokens_verify() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let discovery: Value = get(&format!("{}/.well-known/openid-configuration", idp.issuer)).await.unwrap().json().await.unwrap();
    assert_eq!(discovery["issuer"], json!(idp.issuer));
    assert_eq!(discovery["authorization_response_iss_parameter_supported"], json!(true));

    let back = code(&idp, &mut Browser::new()).await;
    assert_eq!(parameter(&back, "state").as_deref(), Some("s1"));
    assert_eq!(parameter(&back, "iss").as_ref(), Some(&idp.issuer));
    let word = parameter(&back, "code").unwrap();
    let (status, tokens) = redeem(&idp, &[("code", &word)], SECRET).await;
    assert_eq!(status, 200);
    let claims = verify(&idp, tokens["id_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(claims["nonce"], json!("n1"));
    assert_eq!(claims["email_verified"], json!(true));

    let userinfo = format!("{}/userinfo", idp.issuer);
    let client = http_client();
    let bearer = tokens["access_token"].as_str().unwrap();
    let profile: Value = client.get(&userinfo).bearer_auth(bearer).send().await.unwrap().json().await.unwrap();
    assert_eq!(profile["sub"], claims["sub"]);
    assert_eq!(profile["groups"], json!(["engineering", "admins"]));
    assert_eq!(client.get(&userinfo).bearer_auth("other").send().await.unwrap().status(), 401);

    // A second use of the code fails and ends the first use's token.
    let (status, refusal) = redeem(&idp, &[("code", &word)], SECRET).await;
    assert_eq!((status, &refusal["error"]), (400, &json!("invalid_grant")));
    assert_eq!(client.get(&userinfo).bearer_auth(bearer).send().await.unwrap().status(), 401);

    assert_eq!(idp.last_authorize().unwrap().get("code_challenge_method"), Some("S256"));
    assert_eq!(idp.count(Endpoint::Token), 2);
    assert_eq!(idp.count(Endpoint::Jwks), 1);
}

/// Changes to an honest token request, the Basic credentials, and what is answered.
type Case<'a> = (&'a [(&'a str, &'a str)], Option<(&'a str, &'a str)>, u16, &'a str);

#[tokio::test]
async fn the_token_endpoint_refuses_what_does_not_belong_together() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let post = [("client_id", "gateway"), ("client_secret", "gateway-secret")];
    let refused: [Case; 8] = [
        (&[("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong")], SECRET, 400, "invalid_grant"),
        (&[("code_verifier", "")], SECRET, 400, "invalid_request"),
        (&[("redirect_uri", "http://127.0.0.1:1/other")], SECRET, 400, "invalid_grant"),
        (&[("code", "unknown")], SECRET, 400, "invalid_grant"),
        (&[("grant_type", "password")], SECRET, 400, "unsupported_grant_type"),
        (&[], Some(("gateway", "wrong")), 401, "invalid_client"),
        (&[], None, 401, "invalid_client"),
        (&post, SECRET, 400, "invalid_request"),
    ];
    for (changes, basic, status, error) in refused {
        let word = parameter(&code(&idp, &mut Browser::new()).await, "code").unwrap();
        let all: Vec<_> = [("code", word.as_str())].into_iter().chain(changes.iter().copied()).collect();
        let (seen, answer) = redeem(&idp, &all, basic).await;
        assert_eq!((seen, &answer["error"]), (status, &json!(error)), "{changes:?}");
    }
    // The control: the same with both halves right, by form.
    let word = parameter(&code(&idp, &mut Browser::new()).await, "code").unwrap();
    let all: Vec<_> = [("code", word.as_str())].into_iter().chain(post).collect();
    assert_eq!(redeem(&idp, &all, None).await.0, 200);
}

#[tokio::test]
async fn the_authorization_endpoint_refuses_bad_requests() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let mut browser = Browser::new();
    for changes in [("client_id", "other"), ("redirect_uri", "http://example.com/"), ("redirect_uri", "")] {
        let page = browser.open(&authorize_url(&idp, &[changes])).await.unwrap();
        assert_eq!(page.status, 400, "{changes:?}");
    }
    for (changes, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "email"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none"), "login_required"),
    ] {
        let stop = browser.open_until(&authorize_url(&idp, &[changes]), CALLBACK).await.unwrap();
        let back = stop.reached().unwrap();
        assert_eq!(parameter(&back, "error").as_deref(), Some(error));
        assert_eq!(parameter(&back, "state").as_deref(), Some("s1"));
        assert_eq!(parameter(&back, "iss").as_ref(), Some(&idp.issuer));
    }
    let page = browser.open(&authorize_url(&idp, &[])).await.unwrap();
    let back = browser.press_until(&page, "cancel", CALLBACK).await.unwrap().reached().unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    // The page's form works once.
    let again = browser.press_until(&page, "Ada Lovelace", CALLBACK).await.unwrap();
    assert!(matches!(again, Stop::Page(page) if page.status == 400));
}

#[tokio::test]
async fn lies_are_told_only_while_asked_for() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let lies = [
        SignWith::OtherKey,
        SignWith::Nothing("none"),
        SignWith::HmacPublicPem,
        SignWith::HmacPublicDer,
        SignWith::HmacModulus,
        SignWith::HmacKey(Vec::new()),
        SignWith::Es256Zero,
        SignWith::Es256FreshKey,
    ];
    let mut algorithms = BTreeSet::new();
    for lie in lies {
        idp.tamper(|tamper| {
            tamper.sign_with(lie.clone());
        });
        let tokens = sign_in(&idp).await;
        let token = tokens["id_token"].as_str().unwrap();
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        algorithms.insert(serde_json::from_slice::<Value>(&header).unwrap()["alg"].as_str().unwrap().to_owned());
        assert!(verify(&idp, token).await.is_err(), "{lie:?}");
    }
    assert_eq!(algorithms.into_iter().collect::<Vec<_>>(), ["ES256", "HS256", "RS256", "none"]);

    idp.tamper(|tamper| {
        tamper
            .sign_with(SignWith::Rs256)
            .id_token_claims(|claims| claims["aud"] = json!("other"))
            .callback(|params| params.retain(|(name, _)| name != "iss"));
    });
    assert_eq!(parameter(&code(&idp, &mut Browser::new()).await, "iss"), None);
    assert!(verify(&idp, sign_in(&idp).await["id_token"].as_str().unwrap()).await.is_err());

    idp.behave();
    assert!(verify(&idp, sign_in(&idp).await["id_token"].as_str().unwrap()).await.is_ok());
}

#[tokio::test]
async fn keys_rotate_with_and_without_overlap() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let tokens = sign_in(&idp).await;
    let old = tokens["id_token"].as_str().unwrap();
    idp.rotate_keys(true);
    assert_eq!(idp.jwks()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(verify(&idp, old).await.unwrap()["nonce"], json!("n1"));
    idp.rotate_keys(false);
    assert_eq!(verify(&idp, old).await.unwrap(), json!("unknown kid"));
    assert!(verify(&idp, sign_in(&idp).await["id_token"].as_str().unwrap()).await.is_ok());
}

#[tokio::test]
async fn endpoints_fail_on_request() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let jwks = format!("{}/jwks", idp.issuer);
    idp.tamper(|tamper| {
        tamper.fault(Endpoint::Jwks, Fault::status(500).times(2));
    });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&jwks).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [500, 500, 200]);
    idp.tamper(|tamper| {
        tamper.fault(Endpoint::Jwks, Fault::huge(10));
    });
    let answer = get(&jwks).await.unwrap();
    assert_eq!(answer.content_length(), None);
    assert_eq!(answer.bytes().await.unwrap().len(), 10 * 1024 * 1024);
    assert_eq!(idp.count(Endpoint::Jwks), 4);
    assert_eq!(get(&format!("{}/evil-jwks", idp.issuer)).await.unwrap().status(), 404);
    assert_eq!(idp.count(Endpoint::Elsewhere), 1);
}
