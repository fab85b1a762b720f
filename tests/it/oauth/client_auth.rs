//! A-07, A-37: one method, the secret always or never, and nothing learned from a refusal.

use crate::oauth::world::seed::{CONFIDENTIAL, PUBLIC, SECRET};
use crate::oauth::world::wire::{Answer, form};
use crate::oauth::world::{World, basic, changed, redemption};

const INVALID_CLIENT: (u16, &str) = (400, r#"{"error":"invalid_client"}"#);

async fn token(world: &World, authorization: &[&str], fields: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
    headers.extend(authorization.iter().map(|value| ("Authorization", *value)));
    world.send("POST", "/oauth2/token", &headers, &form(fields)).await
}

#[tokio::test]
async fn a07_a_client_with_a_secret_never_passes_without_it() {
    let world = World::start().await;
    let code = world.code().await;
    let good = redemption(&code);
    let in_body = |secret: Option<&'static str>| changed(&good, &[("client_id", Some(CONFIDENTIAL)), ("client_secret", secret)]);
    for secret in [None, Some(""), Some("null"), Some("undefined"), Some("wrong"), Some(&SECRET[..50]), Some(&SECRET[1..])] {
        let answer = token(&world, &[], &in_body(secret)).await;
        assert_eq!((answer.status, &*answer.body), INVALID_CLIENT, "A-07: {secret:?}");
    }
    let digest = fedgate::base::digest::sha256_b64(SECRET.as_bytes());
    let upper = SECRET.to_uppercase();
    for secret in ["", "wrong", &digest, &upper, &format!("{SECRET}x"), &format!("{SECRET} "), &format!("{SECRET}\0")] {
        let answer = token(&world, &[&basic(CONFIDENTIAL, secret)], &good).await;
        assert_eq!((answer.status, &*answer.body), INVALID_CLIENT, "A-07: {secret:?}");
    }
    // None of it touched the code: the controls, by header and by body.
    assert_eq!(token(&world, &[&basic(CONFIDENTIAL, SECRET)], &good).await.status, 200);
    let code = world.code().await;
    let fields = changed(&redemption(&code), &[("client_id", Some(CONFIDENTIAL)), ("client_secret", Some(SECRET))]);
    assert_eq!(token(&world, &[], &fields).await.status, 200);
}

#[tokio::test]
async fn a07_a_client_without_a_secret_must_not_send_one() {
    let world = World::start().await;
    let code = world.code_for(&[("client_id", Some(PUBLIC))]).await;
    let good = changed(&redemption(&code), &[("client_id", Some(PUBLIC))]);
    let answer = token(&world, &[], &changed(&good, &[("client_secret", Some("x"))])).await;
    assert_eq!((answer.status, &*answer.body), INVALID_CLIENT);
    let answer = token(&world, &[&basic(PUBLIC, "x")], &redemption(&code)).await;
    assert_eq!((answer.status, &*answer.body), INVALID_CLIENT);
    assert_eq!(token(&world, &[], &good).await.status, 200, "the control");
}

#[tokio::test]
async fn a07_exactly_one_method() {
    let world = World::start().await;
    let code = world.code().await;
    let good = redemption(&code);
    let right = basic(CONFIDENTIAL, SECRET);
    let both = changed(&good, &[("client_id", Some(CONFIDENTIAL)), ("client_secret", Some(SECRET))]);
    assert_eq!(token(&world, &[&right], &both).await.text("error"), "invalid_request", "header and body");
    assert_eq!(token(&world, &[&right, &right], &good).await.text("error"), "invalid_request", "two headers");
    let other = changed(&good, &[("client_id", Some(PUBLIC))]);
    assert_eq!(token(&world, &[&right], &other).await.text("error"), "invalid_request", "another id in the body");
    let assertion = changed(
        &good,
        &[
            ("client_id", Some(CONFIDENTIAL)),
            ("client_assertion_type", Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")),
            ("client_assertion", Some("eyJhbGciOiJub25lIn0.e30.")),
        ],
    );
    assert_eq!(token(&world, &[], &assertion).await.text("error"), "invalid_client", "an assertion");
    let same = changed(&good, &[("client_id", Some(CONFIDENTIAL))]);
    assert_eq!(token(&world, &[&right], &same).await.status, 200, "the control: the same id in the body");
}

#[tokio::test]
async fn a07_broken_headers_are_no_client() {
    let world = World::start().await;
    let code = world.code().await;
    let good = redemption(&code);
    let right = basic(CONFIDENTIAL, SECRET);
    let bare = right.trim_start_matches("Basic ");
    let long = format!("Basic {}", "A".repeat(6000));
    for header in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic bm9jb2xvbg==",
        "Basic OnNlY3JldA==",
        bare,
        &format!("Bearer {bare}"),
        &format!("Digest {bare}"),
        &long,
    ] {
        let answer = token(&world, &[header], &good).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_client"), "{header}");
    }
    assert_eq!(token(&world, &[&right.replace("Basic", "basic")], &good).await.status, 200, "the control");
}

#[tokio::test]
async fn a37_an_unknown_client_looks_like_a_wrong_secret() {
    let world = World::start().await;
    let code = world.code().await;
    let good = redemption(&code);
    let unknown = token(&world, &[&basic("nobody00000000000000000000", SECRET)], &good).await;
    let foreign = token(&world, &[&basic("foreignclient0000000000000", SECRET)], &good).await;
    let wrong = token(&world, &[&basic(CONFIDENTIAL, "wrong")], &good).await;
    let missing = token(&world, &[], &good).await;
    for answer in [&unknown, &foreign, &wrong, &missing] {
        assert_eq!((answer.status, &*answer.body), INVALID_CLIENT, "A-37");
    }
    assert_eq!(unknown.headers.len(), wrong.headers.len());
    assert_eq!(world.redeem(&code).await.status, 200, "the control");
}

#[tokio::test]
async fn secrets_with_signs_pass_in_both_encodings() {
    let world = World::start().await;
    let secret = "a+b%2Fc&d=e f:g";
    world
        .change_client(CONFIDENTIAL, |client| client.secret_digest = Some(fedgate::base::digest::sha256_b64(secret.as_bytes())))
        .await;
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for presented in [secret, &encoded] {
        let code = world.code().await;
        assert_eq!(token(&world, &[&basic(CONFIDENTIAL, presented)], &redemption(&code)).await.status, 200, "{presented}");
    }
    let code = world.code().await;
    assert_eq!(token(&world, &[&basic(CONFIDENTIAL, "a b/c&d=e f:g")], &redemption(&code)).await.status, 400);
}
