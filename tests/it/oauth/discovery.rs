//! the documents say what the endpoints do.

use fedgate::keys::TokenUse;
use serde_json::{Value, json};

use crate::oauth::world::seed::{CONFIDENTIAL, POOL, SECRET};
use crate::oauth::world::wire::{self, form};
use crate::oauth::world::{AUTHORIZE, World, basic, changed, redemption};

async fn document(world: &World) -> Value {
    let answer = world.get("/.well-known/openid-configuration").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    answer.json()
}

#[tokio::test]
async fn the_document_names_the_pools_addresses() {
    let world = World::start().await;
    let document = document(&world).await;
    let issuer = world.issuer();
    assert_eq!(document["issuer"], issuer);
    for (member, path) in [
        ("authorization_endpoint", "/oauth2/authorize"),
        ("token_endpoint", "/oauth2/token"),
        ("userinfo_endpoint", "/oauth2/userInfo"),
        ("revocation_endpoint", "/oauth2/revoke"),
        ("end_session_endpoint", "/logout"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(document[member], format!("{issuer}{path}"), "{member}");
        assert_ne!(world.get(path).await.status, 404, "{member} is served");
    }
    assert!(
        !document.to_string().contains("none\"],\"id_token")
            && document["id_token_signing_alg_values_supported"] == json!(["RS256"])
    );
}

#[tokio::test]
async fn u06_the_document_does_not_follow_the_host() {
    let world = World::start().await;
    let good = document(&world).await;
    let path = format!("/{POOL}/.well-known/openid-configuration");
    for header in [
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "host=evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Host", "localhost:1"),
    ] {
        let answer = wire::send(&world.origin, "GET", &path, &[header], b"").await;
        assert_eq!(answer.json(), good, "{header:?}");
    }
    assert_eq!(wire::send(&world.origin, "GET", &path, &[("Host", "evil.example")], b"").await.status, 421);
}

#[tokio::test]
async fn a33_response_types_and_modes_behave_as_announced() {
    let world = World::start().await;
    let document = document(&world).await;
    let cookie = world.signed_in().await;
    let all = ["code", "token", "id_token", "id_token token", "code token", "code id_token", "code id_token token", "none"];
    for kind in all {
        let announced = document["response_types_supported"].as_array().unwrap().contains(&json!(kind));
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("response_type", Some(kind))])).await;
        assert_eq!(answer.redirect("code").is_some(), announced, "A-33: {kind}");
    }
    for mode in ["query", "fragment", "form_post"] {
        let announced = document["response_modes_supported"].as_array().unwrap().contains(&json!(mode));
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("response_mode", Some(mode))])).await;
        assert_eq!(answer.redirect("code").is_some(), announced, "A-33: {mode}");
    }
    for method in ["S256", "plain"] {
        let announced = document["code_challenge_methods_supported"].as_array().unwrap().contains(&json!(method));
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("code_challenge_method", Some(method))])).await;
        assert_eq!(answer.redirect("code").is_some(), announced, "A-33: {method}");
    }
    assert_eq!(document["authorization_response_iss_parameter_supported"], true, "A-19");
    for (member, parameter) in [("request_parameter_supported", "request"), ("request_uri_parameter_supported", "request_uri")] {
        assert_eq!(document[member], false);
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[(parameter, Some("x"))])).await;
        assert!(answer.redirect("error").is_some(), "A-28: {parameter}");
    }
}

#[tokio::test]
async fn a33_grants_and_client_methods_behave_as_announced() {
    let world = World::start().await;
    let document = document(&world).await;
    for grant in ["authorization_code", "refresh_token", "client_credentials", "password", "implicit"] {
        let announced = document["grant_types_supported"].as_array().unwrap().contains(&json!(grant));
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/token", &[("grant_type", grant)]).await;
        assert_eq!(answer.text("error") != "unsupported_grant_type", announced, "A-33: {grant}");
    }
    let announced = document["token_endpoint_auth_methods_supported"].clone();
    assert_eq!(announced, json!(["client_secret_basic", "client_secret_post", "none"]));
    let code = world.code().await;
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*basic(CONFIDENTIAL, SECRET))];
    assert_eq!(world.send("POST", "/oauth2/token", &headers, &form(&redemption(&code))).await.status, 200);
    let code = world.code().await;
    let fields = changed(&redemption(&code), &[("client_id", Some(CONFIDENTIAL)), ("client_secret", Some(SECRET))]);
    assert_eq!(world.post("/oauth2/token", &fields).await.status, 200);
}

#[tokio::test]
async fn a33_the_published_keys_check_both_tokens() {
    let world = World::start().await;
    let answer = world.get("/.well-known/jwks.json").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("public, max-age=240")));
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        let mut members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"], "and nothing private");
        assert_eq!((&key["alg"], &key["kty"], &key["use"]), (&json!("RS256"), &json!("RSA"), &json!("sig")));
    }
    let tokens = world.tokens().await;
    for (kind, token_use) in [("id_token", TokenUse::Id), ("access_token", TokenUse::Access)] {
        assert!(world.ports.keys.verify(POOL, token_use, &tokens.text(kind)).await.unwrap().is_some(), "{kind}");
    }
}

#[tokio::test]
async fn unknown_pools_have_no_documents() {
    let world = World::start().await;
    for path in
        ["/local_Nobody999/.well-known/openid-configuration", "/local_Nobody999/.well-known/jwks.json", "/x/.well-known/jwks.json"]
    {
        let answer = wire::send(&world.origin, "GET", path, &[], b"").await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("Nobody999"), "U-18: {path}");
    }
    assert_eq!(world.get("/.well-known/jwks.json").await.status, 200, "the control");
}
