//! The authorization request: what the app is told about a bad one, and that every answer carries `state` and `iss`.

use std::sync::Arc;

use crate::oauth::world::seed::{CALLBACK, CONFIDENTIAL, OTHER_POOL};
use crate::oauth::world::wire::{self, form};
use crate::oauth::world::{AUTHORIZE, Change, World, changed};

async fn refused(world: &World, changes: &[Change<'_>], error: &str) {
    let answer = world.authorize(&world.signed_in().await, &changed(&AUTHORIZE, changes)).await;
    assert_eq!(answer.status, 302, "{changes:?}: {answer:?}");
    assert!(answer.header("location").unwrap().starts_with(&format!("{CALLBACK}?error=")), "{changes:?}: {answer:?}");
    assert_eq!(answer.redirect("error").as_deref(), Some(error), "{changes:?}");
    assert_eq!(answer.redirect("code"), None, "{changes:?}");
    assert_eq!(answer.redirect("iss"), Some(world.issuer()), "A-19: {changes:?}");
    if !changes.iter().any(|(name, _)| *name == "state") {
        assert_eq!(answer.redirect("state").as_deref(), Some("st&te=\u{e9}"), "{changes:?}");
    }
}

async fn accepted(world: &World, changes: &[Change<'_>]) {
    let answer = world.authorize(&world.signed_in().await, &changed(&AUTHORIZE, changes)).await;
    assert_eq!(answer.status, 302, "{changes:?}: {answer:?}");
    assert!(answer.redirect("code").is_some(), "{changes:?}: {answer:?}");
    assert_eq!(answer.redirect("iss"), Some(world.issuer()), "A-19: {changes:?}");
}

#[tokio::test]
async fn a19_a_code_comes_with_state_and_iss() {
    let world = World::start().await;
    let answer = world.authorize(&world.signed_in().await, &AUTHORIZE).await;
    assert_eq!(answer.status, 302);
    let code = answer.redirect("code").unwrap();
    assert_eq!((code.len(), code.matches('-').count()), (36, 4), "Cognito's shape");
    assert_eq!(answer.redirect("state").as_deref(), Some("st&te=\u{e9}"));
    assert_eq!(answer.redirect("iss"), Some(world.issuer()));
    // Without a state there is none in the answer.
    let answer = world.authorize(&world.signed_in().await, &changed(&AUTHORIZE, &[("state", None)])).await;
    assert_eq!(answer.redirect("state"), None);
    assert!(answer.redirect("code").is_some());
}

#[tokio::test]
async fn a15_other_response_types_are_the_implicit_flow_and_off() {
    let world = World::start().await;
    for kind in ["token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"] {
        refused(&world, &[("response_type", Some(kind))], "unauthorized_client").await;
    }
    for kind in ["none", "Code", "code code", "token id_token x", "%00"] {
        refused(&world, &[("response_type", Some(kind))], "unsupported_response_type").await;
    }
    refused(&world, &[("response_type", None)], "invalid_request").await;
    accepted(&world, &[]).await;
    world.change_client(CONFIDENTIAL, |client| client.flows.clear()).await;
    refused(&world, &[], "unauthorized_client").await;
}

#[tokio::test]
async fn a27_a28_no_other_response_mode_and_no_request_object() {
    let world = World::start().await;
    for mode in ["form_post", "fragment", "jwt", "query.jwt", "form_post.jwt", "web_message", "Query"] {
        refused(&world, &[("response_mode", Some(mode))], "invalid_request").await;
    }
    accepted(&world, &[("response_mode", Some("query"))]).await;
    refused(&world, &[("request", Some("eyJhbGciOiJub25lIn0.e30."))], "request_not_supported").await;
    // Nobody listens there: an attempt to fetch it would have failed differently.
    refused(&world, &[("request_uri", Some("https://127.0.0.1:1/request"))], "request_uri_not_supported").await;
    refused(&world, &[("registration", Some("{}"))], "registration_not_supported").await;
    refused(&world, &[("resource", Some("https://api.example"))], "invalid_target").await;
}

#[tokio::test]
async fn a17_scopes_are_bounded_and_within_what_the_client_may_ask() {
    let world = World::start().await;
    let many = (0..1100).map(|number| format!("x{number}")).collect::<Vec<_>>().join(" ");
    let same = "openid ".repeat(1000);
    let long = "o".repeat(9000);
    for scope in [&*many, &same, &long, "nothing/known", "aws.cognito.signin.user.admin", "openid aws.cognito.signin.user.admin"] {
        refused(&world, &[("scope", Some(scope))], "invalid_scope").await;
    }
    accepted(&world, &[("scope", Some("openid unknown/scope"))]).await;
    let tokens = world.tokens_for(&[("scope", Some("openid  unknown/scope email openid"))]).await;
    assert_eq!(crate::oauth::world::claims(&tokens.text("access_token"))["scope"], "openid email");
    // Without a scope: all of the client's.
    let tokens = world.tokens_for(&[("scope", None)]).await;
    assert_eq!(crate::oauth::world::claims(&tokens.text("access_token"))["scope"], "openid email phone profile notes/read");
}

#[tokio::test]
async fn a17_ten_thousand_scopes_cost_next_to_nothing() {
    let world = World::start().await;
    let client = crate::oauth::world::seed::client("local_Alpha0001", CONFIDENTIAL, None);
    let text = "openid ".repeat(150_000);
    let parameters = [("scope".to_owned(), text)].into();
    let mut draft = fedgate::auth_flows::authorize::draft::Draft::new(&parameters, Some(Arc::new(client)), None);
    let before = fedgate::base::clock::Clock::System.now_ms();
    assert!(fedgate::auth_flows::authorize::scope::check(&mut draft).is_err());
    assert!(fedgate::base::clock::Clock::System.now_ms() - before <= 10, "A-17: 1 MB within 10 ms");
    drop(world);
}

#[tokio::test]
async fn bounds_of_the_apps_own_values() {
    let world = World::start().await;
    let text = "x".repeat(5000);
    refused(&world, &[("state", Some(&text))], "invalid_request").await;
    refused(&world, &[("nonce", Some(&text))], "invalid_request").await;
    refused(&world, &[("login_hint", Some(&text))], "invalid_request").await;
    accepted(&world, &[("state", Some(&text[..4096])), ("nonce", Some(&text[..1024])), ("login_hint", Some("ann@example.com"))])
        .await;
    for prompt in ["none login", "login none", "unknown", "Login", " "] {
        refused(&world, &[("prompt", Some(prompt))], "invalid_request").await;
    }
    accepted(&world, &[("prompt", Some("none"))]).await;
    for age in ["-1", "+1", "1.5", "x", "9999999999", "0x10"] {
        refused(&world, &[("max_age", Some(age))], "invalid_request").await;
    }
    accepted(&world, &[("max_age", Some("999999999"))]).await;
}

#[tokio::test]
async fn a18_o20_only_a_provider_of_the_client_can_be_named() {
    let world = World::start().await;
    let long = "x".repeat(400);
    for name in ["Nobody", "acme", "Facebook", &*long] {
        refused(&world, &[("identity_provider", Some(name))], "invalid_request").await;
        refused(&world, &[("idp_identifier", Some(name))], "invalid_request").await;
    }
    accepted(&world, &[("identity_provider", Some("Acme"))]).await;
    accepted(&world, &[("idp_identifier", Some("acme.example"))]).await;
    world.change_provider(|provider| provider.enabled = false).await;
    refused(&world, &[("identity_provider", Some("Acme"))], "invalid_request").await;
    refused(&world, &[("idp_identifier", Some("acme.example"))], "invalid_request").await;
    world.change_provider(|provider| provider.enabled = true).await;
    world.change_client(CONFIDENTIAL, |client| client.providers = vec!["COGNITO".to_owned()]).await;
    refused(&world, &[("identity_provider", Some("Acme"))], "invalid_request").await;
}

#[tokio::test]
async fn a29_every_parameter_only_once() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let good = changed(&AUTHORIZE, &[("nonce", Some("n")), ("prompt", Some("none")), ("identity_provider", Some("Acme"))]);
    for (name, value) in &good {
        let mut twice = good.clone();
        twice.push((name, value));
        let answer = world.authorize(&cookie, &twice).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "A-29: {name}");
    }
    assert!(world.authorize(&cookie, &good).await.redirect("code").is_some(), "the control");
}

#[tokio::test]
async fn broken_queries_are_a_page() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let good = form(&AUTHORIZE);
    for broken in ["&x=%", "&x=%zz", "&x=%ff", "&x=%00", "&x=%0d%0a", &format!("&x={}", "y".repeat(20_000))] {
        let answer = world.send("GET", &format!("/oauth2/authorize?{good}{broken}"), &[("Cookie", &cookie)], "").await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{broken}");
    }
    let crowd = (0..100).map(|number| format!("&x{number}=1")).collect::<Vec<_>>().concat();
    let answer = world.send("GET", &format!("/oauth2/authorize?{good}{crowd}"), &[("Cookie", &cookie)], "").await;
    assert_eq!((answer.status, answer.header("location")), (400, None), "too many parameters");
    let answer = world.send("GET", &format!("/oauth2/authorize?{good}&x=1"), &[("Cookie", &cookie)], "").await;
    assert_eq!(answer.status, 302, "an unknown parameter is ignored: the control");
}

#[tokio::test]
async fn an_unknown_pool_is_not_found() {
    let world = World::start().await;
    for pool in ["local_Nobody999", "nonsense", OTHER_POOL] {
        let answer = wire::send(&world.origin, "GET", &format!("/{pool}/oauth2/authorize?{}", form(&AUTHORIZE)), &[], b"").await;
        // The other pool exists, but not this client in it.
        assert_eq!(answer.status, if pool == OTHER_POOL { 400 } else { 404 }, "{pool}");
        assert_eq!(answer.header("location"), None, "{pool}");
    }
}
