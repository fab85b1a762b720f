//! The sample app against a provider that issues tokens in the gateway's form: what it shows, and what it refuses.
#![expect(clippy::unwrap_used, reason = "tests")]

use playground::app;
use playground::browser::{Browser, Page};
use playground::clock;
use playground::journal::Journal;
use playground::oidc_idp::tamper::{Endpoint, Fault};
use playground::oidc_idp::{Client, Config, OidcIdp, OidcIdpHandle};
use playground::server::{Running, bind};
use serde_json::json;

struct Setting {
    issuer: OidcIdpHandle,
    app_url: String,
    _app: Running,
}

/// The OIDC stand-in, told to answer as the gateway does.
fn setting() -> Setting {
    let journal = Journal::default();
    let clients = vec![Client::new("app", "secret")];
    let issuer = OidcIdp::start(Config { clients, journal: journal.clone(), ..Config::default() }).unwrap();
    let base = issuer.issuer.clone();
    let now = clock::now_ms() / 1000;
    let access = json!({ "iss": base, "sub": "ada-1815", "client_id": "app", "token_use": "access", "exp": now + 3600,
        "iat": now, "scope": "openid email profile", "username": "ExampleOIDC_ada-1815", "version": 2 });
    let access = issuer.forge_id_token(&access);
    issuer.tamper(|tamper| {
        tamper
            .discovery(move |document| {
                document["revocation_endpoint"] = json!(format!("{base}/revoke"));
                document["end_session_endpoint"] = json!(format!("{base}/logout"));
            })
            .id_token_claims(|claims| {
                claims["token_use"] = json!("id");
                claims["cognito:username"] = json!("ExampleOIDC_ada-1815");
                claims["identities"] = json!([{ "providerName": "ExampleOIDC", "providerType": "OIDC", "userId": "ada-1815" }]);
            })
            .token_response(move |answer| {
                answer["access_token"] = json!(access);
                answer["refresh_token"] = json!("a.b.c.d.e");
            })
            .fault(Endpoint::Userinfo, Fault::body(200, "application/json", r#"{"sub":"ada-1815","email":"<i>@example.com"}"#));
    });
    let bound = bind(0).unwrap();
    let app_url = bound.base_url();
    let config = app::Config {
        issuer: issuer.issuer.clone(),
        client_id: "app".to_owned(),
        client_secret: Some("secret".to_owned()),
        oidc_provider: "ExampleOIDC".to_owned(),
        saml_provider: "ExampleSAML".to_owned(),
        journal,
        clock: clock::system(),
    };
    Setting { issuer, app_url, _app: app::start(bound, config).unwrap() }
}

async fn sign_in(setting: &Setting, browser: &mut Browser) -> Page {
    let home = browser.open(&setting.app_url).await.unwrap();
    let page = browser.click(&home, "Example OIDC").await.unwrap();
    browser.press(&page, "Ada Lovelace").await.unwrap()
}

#[tokio::test]
async fn a_sign_in_is_shown_with_every_check() {
    let setting = setting();
    let page = sign_in(&setting, &mut Browser::new()).await;
    assert_eq!(page.url.path(), "/flow", "{}", page.text());
    let text = page.text();
    for expected in ["Hello, Ada Lovelace", "ExampleOIDC (OIDC)", "GET /authorize", "POST /token", "code_challenge", "nonce"] {
        assert!(text.contains(expected), "no {expected} in {text}");
    }
    assert_eq!(page.body.matches("class=\"mark\"").count(), 6 + 5);
    assert!(!page.body.contains("mark bad") && !page.body.contains("<i>@example.com"));
    let asked = setting.issuer.last_authorize().unwrap();
    assert_eq!(asked.get("identity_provider"), Some("ExampleOIDC"));
    // Secrets are shortened: the code that travelled is nowhere on the page.
    let redeemed = setting.issuer.seen(Endpoint::Token).pop().unwrap();
    for secret in ["code", "code_verifier"] {
        assert!(!page.body.contains(redeemed.get(secret).unwrap()), "{secret} is shown");
    }
}

#[tokio::test]
async fn a_token_that_fails_a_check_signs_nobody_in() {
    let setting = setting();
    setting.issuer.tamper(|tamper| {
        tamper.id_token_claims(|claims| {
            claims["token_use"] = json!("id");
            claims["nonce"] = json!("another");
        });
    });
    let mut browser = Browser::new();
    let page = sign_in(&setting, &mut browser).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("These checks failed: nonce."), "{}", page.text());
    let flow = browser.open(&format!("{}/flow", setting.app_url)).await.unwrap();
    assert_eq!(flow.url.path(), "/");
}

#[tokio::test]
async fn a_callback_belongs_to_the_browser_that_began() {
    let setting = setting();
    let mut browser = Browser::new();
    let home = browser.open(&setting.app_url).await.unwrap();
    let page = browser.click(&home, "Example OIDC").await.unwrap();
    let end = format!("{}/callback", setting.app_url);
    let back = browser.press_until(&page, "Ada Lovelace", &end).await.unwrap().reached().unwrap();
    let other = Browser::new().open(back.as_str()).await.unwrap();
    assert_eq!(other.status, 400);
    let page = browser.open(back.as_str()).await.unwrap();
    assert_eq!(page.url.path(), "/flow");
    // Once only.
    assert_eq!(browser.open(back.as_str()).await.unwrap().status, 400);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason() {
    let setting = setting();
    let mut browser = Browser::new();
    let home = browser.open(&setting.app_url).await.unwrap();
    let page = browser.click(&home, "Example OIDC").await.unwrap();
    let page = browser.press(&page, "cancel").await.unwrap();
    assert_eq!(page.status, 400);
    assert!(page.text().contains("access_denied The person did not sign in."), "{}", page.text());
}
