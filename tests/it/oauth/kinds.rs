//! each kind of token is good in its own place, whole, and in its own pool only.

use serde_json::{Value, json};

use fedgate::auth_flows::web_session;
use fedgate::keys::TokenUse;
use fedgate::tokens::verify;

use crate::oauth::world::seed::{CONFIDENTIAL, OTHER_POOL, POOL, PROVIDER, SUB};
use crate::oauth::world::{World, claims};

#[tokio::test]
async fn a13_the_matrix_of_kinds_and_places() {
    let world = World::start().await;
    let context = world.context();
    let tokens = world.tokens().await;
    let session = web_session::start(&context, POOL, SUB, PROVIDER, context.now_ms(), None).await.unwrap();
    let code = world.code().await;
    let (id, access, refresh) = (tokens.text("id_token"), tokens.text("access_token"), tokens.text("refresh_token"));
    for (kind, value) in [("id", &id), ("refresh", &refresh), ("session", &session), ("code", &code)] {
        assert_eq!(world.user_info(value).await.status, 401, "A-13: {kind} at userInfo");
    }
    for (kind, value) in [("id", &id), ("access", &access), ("session", &session), ("code", &code)] {
        assert_eq!(world.refresh(value).await.text("error"), "invalid_grant", "A-13: {kind} as refresh token");
    }
    for (kind, value) in [("id", &id), ("access", &access), ("session", &session), ("refresh", &refresh)] {
        assert_eq!(world.redeem(value).await.text("error"), "invalid_grant", "A-13: {kind} as code");
    }
    let name = fedgate::http::cookies::name(&world.ports.public_url, fedgate::http::cookies::CookieKind::Session(POOL));
    for (kind, value) in [("id", &id), ("access", &access), ("refresh", &refresh), ("code", &code)] {
        let answer = world.authorize(&format!("{name}={value}"), &super::world::AUTHORIZE).await;
        assert_eq!(answer.redirect("code"), None, "A-13: {kind} as session");
    }
    for (kind, value) in [("id", &id), ("access", &access)] {
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", value)]).await;
        assert_eq!(answer.text("error"), "unsupported_token_type", "A-13: {kind} at revoke");
    }
    // Controls: each in its own place.
    assert_eq!(world.user_info(&access).await.status, 200);
    assert_eq!(world.refresh(&refresh).await.status, 200);
    assert_eq!(world.redeem(&code).await.status, 200);
    assert!(world.authorize(&format!("{name}={session}"), &super::world::AUTHORIZE).await.redirect("code").is_some());
}

#[tokio::test]
async fn a13_every_claim_of_an_access_token_counts() {
    let world = World::start().await;
    let good = claims(&world.tokens().await.text("access_token"));
    let now_s = world.ports.clock.now_s();
    let other = json!("other");
    for (name, value) in [
        ("iss", Some(json!(world.ports.issuer(OTHER_POOL)))),
        ("iss", Some(json!([world.issuer()]))),
        ("iss", None),
        ("token_use", Some(json!("id"))),
        ("token_use", None),
        ("exp", Some(json!(now_s))),
        ("exp", Some(json!("9999999999"))),
        ("exp", None),
        ("iat", None),
        ("auth_time", None),
        ("client_id", Some(json!("nobody"))),
        ("client_id", Some(json!("secondclient00000000000000"))),
        ("client_id", None),
        ("sub", Some(other.clone())),
        ("sub", None),
        ("scope", None),
        ("origin_jti", Some(other)),
        ("origin_jti", Some(json!(1))),
    ] {
        let mut claims = good.clone();
        let members = claims.as_object_mut().unwrap();
        match &value {
            Some(value) => _ = members.insert(name.to_owned(), value.clone()),
            None => _ = members.remove(name),
        }
        assert!(!is_good(&world, &claims).await, "A-13: {name} {value:?}");
    }
    assert!(is_good(&world, &good).await, "the control");
}

async fn is_good(world: &World, claims: &Value) -> bool {
    let token = world.ports.keys.sign(POOL, TokenUse::Access, claims).await.unwrap();
    verify::access(&world.context(), POOL, &token).await.unwrap().is_some()
}

#[tokio::test]
async fn a35_a_token_of_one_pool_is_nothing_in_another() {
    let world = World::start().await;
    let token = world.tokens().await.text("access_token");
    let context = world.context();
    assert!(verify::access(&context, OTHER_POOL, &token).await.unwrap().is_none());
    assert!(verify::access(&context, POOL, &token).await.unwrap().is_some(), "the control");
    // Signed with the other pool's key, with this pool's claims.
    let forged = world.ports.keys.sign(OTHER_POOL, TokenUse::Access, &claims(&token)).await.unwrap();
    for pool in [POOL, OTHER_POOL] {
        assert!(verify::access(&context, pool, &forged).await.unwrap().is_none(), "A-35: {pool}");
    }
    // Signed with this pool's key for ID tokens.
    let forged = world.ports.keys.sign(POOL, TokenUse::Id, &claims(&token)).await.unwrap();
    assert!(verify::access(&context, POOL, &forged).await.unwrap().is_none(), "A-13: the other key");
}

#[tokio::test]
async fn a14_a_token_matches_in_full() {
    let world = World::start().await;
    let token = world.tokens().await.text("access_token");
    let parts: Vec<&str> = token.split('.').collect();
    let none = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let hidden = format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len()));
    for value in [
        &token[..token.len() - 1],
        &token[1..],
        &format!("{token}A"),
        &format!("{token}="),
        &format!("{token}.x"),
        &format!("{}.{}", parts[0], parts[1]),
        &token.to_uppercase(),
        &none,
        &hidden,
        "a.b.c",
        &"x".repeat(20_000),
    ] {
        assert!(verify::access(&world.context(), POOL, value).await.unwrap().is_none(), "A-14: {value}");
    }
    assert!(verify::access(&world.context(), POOL, &token).await.unwrap().is_some(), "the control");
}
