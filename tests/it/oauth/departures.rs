//! How the browser leaves for a provider: bound to it by a cookie, by redirect or by a form that posts itself (O-01, O-11, A-27).

use actix_web::body::to_bytes;
use fedgate::http::departure::{post_form, redirect_found, redirect_see_other};

use crate::oauth::world::seed::CONFIDENTIAL;
use crate::oauth::world::{AUTHORIZE, World, changed};

#[tokio::test]
async fn o11_a_provider_that_cannot_be_reached_is_told_to_the_app() {
    let world = World::start().await;
    // Its settings are empty.
    let answer = world.authorize("", &changed(&AUTHORIZE, &[("identity_provider", Some("Acme"))])).await;
    assert_eq!(answer.status, 302, "{answer:?}");
    assert!(answer.redirect("error").is_some() && answer.redirect("iss").is_some(), "{answer:?}");
    assert_eq!(answer.redirect("state").as_deref(), Some("st&te=\u{e9}"));
    assert_eq!(world.authorize("", &AUTHORIZE).await.redirect("error"), None, "the control: the page is still there");
}

#[tokio::test]
async fn o01_a_browser_is_marked_once() {
    let world = World::start().await;
    world
        .change_provider(|provider| {
            for (key, value) in [
                ("client_id", "us"),
                ("oidc_issuer", "https://idp.example"),
                ("attributes_request_method", "GET"),
                ("authorize_scopes", "openid"),
                ("authorize_url", "https://idp.example/authorize"),
                ("token_url", "https://idp.example/token"),
                ("attributes_url", "https://idp.example/userinfo"),
                ("jwks_uri", "https://idp.example/jwks"),
            ] {
                provider.details.insert(key.to_owned(), value.to_owned());
            }
        })
        .await;
    // Named, or the client's only one: straight away.
    let named = changed(&AUTHORIZE, &[("identity_provider", Some("Acme"))]);
    let answer = world.authorize("", &named).await;
    assert!(answer.header("location").unwrap().starts_with("https://idp.example/authorize?"), "{answer:?}");
    let cookie = answer.cookies()[0].split(';').next().unwrap().to_owned();
    assert!(answer.cookies()[0].contains("HttpOnly"), "{cookie}");
    assert!(cookie.split_once('=').unwrap().1.len() >= 43, "U-02: {cookie}");
    let again = world.authorize(&cookie, &named).await;
    assert!(again.cookies().is_empty(), "the browser keeps its mark, so that two tabs can sign in");
    assert_ne!(again.redirect("state"), answer.redirect("state"), "each login has its own state");
    assert!(world.authorize("", &AUTHORIZE).await.header("location").unwrap().contains("/login?"), "COGNITO is offered beside it");
    world.change_client(CONFIDENTIAL, |client| client.providers = vec!["Acme".to_owned()]).await;
    let only = world.authorize("", &AUTHORIZE).await;
    assert!(only.header("location").unwrap().starts_with("https://idp.example/authorize?"), "{only:?}");
}

#[tokio::test]
async fn a27_the_form_escapes_its_values_and_goes_to_its_target_only() {
    let payload = "\"><script>alert(1)</script>";
    let fields = [("SAMLRequest".to_owned(), payload.to_owned()), (payload.to_owned(), "x".to_owned())];
    let response = post_form("https://idp.example:8443/sso?a=1&b=%22", &fields, "n0nce").unwrap();
    let policy = response.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned();
    assert!(policy.contains("form-action https://idp.example:8443;"), "{policy}");
    assert!(policy.contains("script-src 'nonce-n0nce'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
    let body = to_bytes(response.into_body()).await.unwrap();
    let body = std::str::from_utf8(&body).unwrap();
    assert_eq!(body.matches("<script").count(), 1, "only our own: {body}");
    assert!(body.contains("<script nonce=\"n0nce\">") && body.contains("<button"), "a button for browsers without script");
    assert!(body.len() < 30 * 1024);
    for action in ["javascript:alert(1)", "/relative", "", "data:text/html,x"] {
        assert!(post_form(action, &fields, "n").is_err(), "{action}");
    }
}

#[test]
fn u11_a_redirect_cannot_smuggle_headers() {
    for url in ["https://app.example/\r\nSet-Cookie: x=y", "https://app.example/\n", "https://app.example/\0"] {
        assert!(redirect_found(url).is_err() && redirect_see_other(url).is_err(), "{url:?}");
    }
    assert_eq!(redirect_found("https://app.example/").unwrap().status(), 302);
    assert_eq!(redirect_see_other("https://app.example/").unwrap().status(), 303, "A-20");
}
