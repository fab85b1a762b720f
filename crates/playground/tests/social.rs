//! The stand-ins for Google and Apple speak the wire of the real ones, errors included.
#![expect(clippy::unwrap_used, reason = "tests")]

use playground::browser::{Browser, Page, parameter};
use playground::server::http_client;
use playground::social::Endpoint;
use playground::social::apple::{Apple, Config as AppleConfig};
use playground::social::google::{Config as GoogleConfig, Google, GoogleHandle};
use serde_json::{Value, json};
use url::Url;

const CALLBACK: &str = "http://127.0.0.1:1/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn google_authorize(google: &GoogleHandle, changes: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("client_id", "google-client"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    params.retain(|(known, _)| !changes.iter().any(|(name, _)| name == known));
    params.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    Url::parse_with_params(&format!("{}/o/oauth2/v2/auth", google.base_url), params).unwrap().into()
}

async fn post(url: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = http_client().post(url).form(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn google_s_answers_and_errors() {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let mut browser = Browser::new();
    // What Google takes for broken stays on its own page.
    for (name, value, text) in [
        ("client_id", "other", "invalid_client"),
        ("redirect_uri", "https://evil.example/", "redirect_uri_mismatch"),
        ("response_type", "token", "Invalid response_type"),
        ("prompt", "login", "Invalid parameter value for prompt"),
        ("scope", "", "Missing required parameter: scope"),
    ] {
        let page = browser.open(&google_authorize(&google, &[(name, value)])).await.unwrap();
        assert_eq!(page.status, 400, "{name}");
        assert!(page.text().contains(text), "{name}: {}", page.text());
    }
    let page = browser.open(&google_authorize(&google, &[])).await.unwrap();
    let back = browser.press_until(&page, "Cancel and go back", CALLBACK).await.unwrap().reached().unwrap();
    assert_eq!((parameter(&back, "error").as_deref(), parameter(&back, "state").as_deref()), (Some("access_denied"), Some("s1")));

    let code = async |browser: &mut Browser| {
        let page = browser.open(&google_authorize(&google, &[])).await.unwrap();
        let back = browser.press_until(&page, "Ada Lovelace", CALLBACK).await.unwrap().reached().unwrap();
        assert_eq!(parameter(&back, "iss").as_deref(), Some("https://accounts.google.com"));
        assert_eq!(parameter(&back, "hd").as_deref(), Some("example.com"));
        parameter(&back, "code").unwrap()
    };
    let url = format!("{}/oauth2/v4/token", google.base_url);
    let form = |code: &str, changes: &[(&str, &str)]| -> Vec<(String, String)> {
        let honest = [
            ("grant_type", "authorization_code"),
            ("client_id", "google-client"),
            ("client_secret", "google-secret"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        let changed =
            |name: &str, value: &str| changes.iter().find(|(known, _)| *known == name).map_or(value, |(_, new)| *new).to_owned();
        honest.iter().map(|(name, value)| ((*name).to_owned(), changed(name, value))).collect()
    };
    for (changes, status, error, text) in [
        (&[("code", "garbage")][..], 400, "invalid_grant", "Malformed auth code."),
        (&[("client_secret", "wrong")], 401, "invalid_client", "Unauthorized"),
        (&[("client_id", "other")], 401, "invalid_client", "The OAuth client was not found."),
        (&[("code_verifier", "wrong")], 400, "invalid_grant", "Invalid code verifier."),
        (&[("redirect_uri", "http://127.0.0.1:2/")], 400, "redirect_uri_mismatch", "Bad Request"),
    ] {
        let fresh = code(&mut browser).await;
        let fields = form(&fresh, changes);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(post(&url, &fields).await, (status, json!({ "error": error, "error_description": text })));
    }
    let fresh = code(&mut browser).await;
    let fields = form(&fresh, &[]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (status, tokens) = post(&url, &fields).await;
    assert_eq!((status, tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (200, Some("Bearer"), Some(3599)));
    assert_eq!(post(&url, &fields).await.1["error"], "invalid_grant", "a code works once");

    let me = format!("{}/v1/people/me", google.base_url);
    let ask = async |query: &str, token: &str| {
        let answer = http_client().get(format!("{me}{query}")).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(ask("?personFields=names", token).await.1["resourceName"], "people/110169484474386276334");
    assert_eq!(ask("?personFields=names", "ya29.other").await.1["error"]["status"], "UNAUTHENTICATED");
    assert_eq!(ask("", token).await.1["error"]["status"], "INVALID_ARGUMENT");
    assert_eq!(google.desk().count(Endpoint::Profile), 3);
}

#[tokio::test]
async fn apple_posts_its_answers_and_proves_its_clients() {
    let apple = Apple::start(AppleConfig::default()).unwrap();
    let at = |changes: &[(&str, &str)]| -> String {
        let mut params = vec![
            ("client_id", "com.example.signin"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("response_mode", "form_post"),
            ("scope", "name email"),
            ("state", "s1"),
        ];
        params.retain(|(known, _)| !changes.iter().any(|(name, _)| name == known));
        params.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        Url::parse_with_params(&format!("{}/auth/authorize", apple.base_url), params).unwrap().into()
    };
    let mut browser = Browser::new();
    for (name, value, text) in [
        ("client_id", "other", "invalid_client"),
        ("redirect_uri", "https://evil.example/", "Invalid web redirect url"),
        ("response_mode", "query", "response_mode must be form_post"),
        ("response_mode", "", "response_mode must be form_post"),
        ("scope", "phone", "invalid_scope"),
    ] {
        let page = browser.open(&at(&[(name, value)])).await.unwrap();
        assert!(page.status == 400 && page.text().contains(text), "{name}: {}", page.text());
    }
    let posted = async |browser: &mut Browser, button: &str| -> Page {
        let page = browser.open(&at(&[])).await.unwrap();
        let form = page.form_with_button(button).unwrap();
        browser.submit(&page, &form).await.unwrap()
    };
    let form = posted(&mut browser, "Cancel and go back").await.forms().remove(0);
    assert_eq!((form.get("error"), form.get("state")), (Some("user_cancelled_authorize"), Some("s1")));
    let first = posted(&mut browser, "Ada Lovelace").await.forms().remove(0);
    assert!(first.sends_itself() && first.action == CALLBACK);
    let user: Value = serde_json::from_str(first.get("user").unwrap()).unwrap();
    assert_eq!(user, json!({ "name": { "firstName": "Ada", "lastName": "Lovelace" }, "email": "ada@example.com" }));
    let second = posted(&mut browser, "Ada Lovelace").await.forms().remove(0);
    assert!(second.get("user").is_none(), "the first time only");
    apple.forget_authorizations();
    assert!(posted(&mut browser, "Ada Lovelace").await.forms().remove(0).get("user").is_some());

    // Without a secret that the team's key signed, Apple says two words and no more.
    let code = second.get("code").unwrap();
    let fields =
        [("client_id", "com.example.signin"), ("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code", code)];
    for secret in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let fields = [&fields[..], &[("client_secret", secret)]].concat();
        let answer = post(&format!("{}/auth/token", apple.base_url), &fields).await;
        assert_eq!(answer, (400, json!({ "error": "invalid_client" })), "{secret}");
    }
    let keys: Value = http_client().get(format!("{}/auth/keys", apple.base_url)).send().await.unwrap().json().await.unwrap();
    let kinds: Vec<&str> = keys["keys"].as_array().unwrap().iter().map(|key| key["kty"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["RSA", "EC"]);
}
