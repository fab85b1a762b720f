//! The phases that every grant shares: method, body, parameters, grant type, permission (A-29, A-37, A-39, L-03).

use crate::oauth::world::seed::{CONFIDENTIAL, PUBLIC, SECRET};
use crate::oauth::world::wire::form;
use crate::oauth::world::{World, basic, changed, redemption};

#[tokio::test]
async fn the_answer_has_cognitos_members_and_is_kept_by_nobody() {
    let world = World::start().await;
    let answer = world.tokens().await;
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"), "A-22");
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None, "A-34");
    let body = answer.json();
    let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "id_token", "refresh_token", "token_type"]);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &3600.into()));
    // Without openid there is no ID token.
    let answer = world.tokens_for(&[("scope", Some("notes/read"))]).await;
    assert!(answer.json().get("id_token").is_none());
    assert!(answer.json().get("refresh_token").is_some(), "Cognito: always for codes");
}

#[tokio::test]
async fn a39_unknown_grants_are_unsupported() {
    let world = World::start().await;
    for grant in [
        "client_credentials",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "Authorization_Code",
        "authorization_code ",
        "x",
    ] {
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/token", &[("grant_type", grant)]).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "unsupported_grant_type"), "A-39: {grant}");
    }
    for path in ["/oauth2/par", "/oauth2/device_authorization", "/oauth2/register", "/oauth2/introspect"] {
        assert_eq!(world.post_as(CONFIDENTIAL, path, &[("x", "1")]).await.status, 404, "A-39: {path} is not served");
    }
    assert_eq!(world.redeem(&world.code().await).await.status, 200, "the control");
}

#[tokio::test]
async fn other_methods_are_refused() {
    let world = World::start().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = world.send(method, "/oauth2/token", &[], "").await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{method}");
    }
    let answer = world.send("OPTIONS", "/oauth2/token", &[("Origin", "https://spa.example")], "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("*")));
}

#[tokio::test]
async fn l03_only_a_form_body_counts() {
    let world = World::start().await;
    let code = world.code().await;
    let body = form(&redemption(&code));
    let authorization = basic(CONFIDENTIAL, SECRET);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/x-www-form-urlencodedx"] {
        let answer = world.send("POST", "/oauth2/token", &[("Content-Type", kind), ("Authorization", &authorization)], &body).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "{kind}");
    }
    let answer = world.send("POST", "/oauth2/token", &[("Authorization", &authorization)], &body).await;
    assert_eq!(answer.text("error"), "invalid_request", "no content type");
    let headers = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), ("Authorization", &*authorization)];
    let answer = world.send("POST", &format!("/oauth2/token?{body}"), &headers, "").await;
    assert_eq!(answer.text("error"), "invalid_request", "L-03: in the URL");
    assert_eq!(world.send("POST", "/oauth2/token", &headers, &body).await.status, 200, "the control");
}

#[tokio::test]
async fn a29_every_parameter_only_once_and_well_formed() {
    let world = World::start().await;
    let code = world.code().await;
    let good = changed(&redemption(&code), &[("client_id", Some(CONFIDENTIAL)), ("client_secret", Some(SECRET))]);
    for (name, value) in &good {
        let mut twice = good.clone();
        twice.push((name, value));
        let answer = world.post("/oauth2/token", &twice).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "A-29: {name}");
        let long = "x".repeat(20_000);
        let answer = world.post("/oauth2/token", &changed(&good, &[(name, Some(&long))])).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "too long: {name}");
    }
    for name in ["grant_type", "code", "redirect_uri"] {
        for value in [None, Some("")] {
            let answer = world.post("/oauth2/token", &changed(&good, &[(name, value)])).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "missing: {name}");
        }
    }
    for broken in ["&x=%", "&x=%ff", "&x=%00"] {
        let body = format!("{}{broken}", form(&good));
        let answer = world.send("POST", "/oauth2/token", &[("Content-Type", "application/x-www-form-urlencoded")], &body).await;
        assert_eq!(answer.text("error"), "invalid_request", "{broken}");
    }
    assert_eq!(world.post("/oauth2/token", &good).await.status, 200, "the control: none of it touched the code");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let world = World::start().await;
    let body = format!("grant_type=authorization_code&x={}", "y".repeat(100 * 1024));
    let answer = world.send("POST", "/oauth2/token", &[("Content-Type", "application/x-www-form-urlencoded")], &body).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_client_needs_its_flow() {
    let world = World::start().await;
    let code = world.code().await;
    world.change_client(CONFIDENTIAL, |client| client.flows.clear()).await;
    let answer = world.redeem(&code).await;
    assert_eq!((answer.status, &*answer.body), (400, r#"{"error":"unauthorized_client"}"#));
    world.change_client(CONFIDENTIAL, |client| client.flows.push(fedgate::model::app_client::OAuthFlow::Code)).await;
    assert_eq!(world.redeem(&code).await.status, 200, "the control");
}

#[tokio::test]
async fn a37_refusals_are_equal_byte_for_byte() {
    let world = World::start().await;
    let mut bodies = Vec::new();
    let code = world.code().await;
    bodies.push(world.post_as(CONFIDENTIAL, "/oauth2/token", &changed(&redemption(&code), &[("code_verifier", None)])).await);
    let code = world.code().await;
    let other = [("redirect_uri", Some("https://app.example/cb?tenant=1"))];
    bodies.push(world.post_as(CONFIDENTIAL, "/oauth2/token", &changed(&redemption(&code), &other)).await);
    bodies.push(world.redeem("00000000-0000-0000-0000-000000000000").await);
    bodies.push(world.redeem("x").await);
    let code = world.code_for(&[("client_id", Some(PUBLIC))]).await;
    bodies.push(world.redeem(&code).await);
    bodies.push(world.refresh("x").await);
    for answer in &bodies {
        assert_eq!((answer.status, &*answer.body), (400, r#"{"error":"invalid_grant"}"#), "A-37");
    }
}
