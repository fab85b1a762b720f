//! Refresh tokens: bound, aged, and judged anew each time (A-10, A-11, A-14).

use crate::oauth::world::seed::{CONFIDENTIAL, OTHER_POOL, PROVIDER, PUBLIC, SECOND, SECRET, SUB};
use crate::oauth::world::wire::{self, form};
use crate::oauth::world::{World, basic, claims, on_both_stores};

const REFUSED: (u16, &str) = (400, r#"{"error":"invalid_grant"}"#);

async fn refused(world: &World, refresh_token: &str, why: &str) {
    let answer = world.refresh(refresh_token).await;
    assert_eq!((answer.status, &*answer.body), REFUSED, "{why}");
}

#[tokio::test]
async fn a_refresh_keeps_the_family_and_renews_the_tokens() {
    on_both_stores(async |world| {
        let first = world.tokens_for(&[("nonce", Some("n-1"))]).await;
        world.ports.clock.advance_ms(10_000);
        let second = world.refresh(&first.text("refresh_token")).await;
        assert_eq!(second.status, 200, "{second:?}");
        assert!(second.json().get("refresh_token").is_none(), "Cognito: no new one without rotation");
        for kind in ["id_token", "access_token"] {
            let (before, after) = (claims(&first.text(kind)), claims(&second.text(kind)));
            for same in ["sub", "iss", "origin_jti", "auth_time", "event_id", "token_use", "nonce", "aud", "client_id", "scope"] {
                assert_eq!(before[same], after[same], "{kind} {same}");
            }
            assert_ne!(before["jti"], after["jti"], "{kind}");
            assert_eq!(before["iat"].as_i64().unwrap() + 10, after["iat"].as_i64().unwrap(), "{kind}");
        }
        assert_eq!(world.user_info(&second.text("access_token")).await.status, 200);
        assert_eq!(world.refresh(&first.text("refresh_token")).await.status, 200, "again");
    })
    .await;
}

#[tokio::test]
async fn a10_bound_to_client_and_pool_and_of_limited_age() {
    on_both_stores(async |world| {
        let refresh_token = world.tokens().await.text("refresh_token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
        let answer = world.post_as(SECOND, "/oauth2/token", &fields).await;
        assert_eq!((answer.status, &*answer.body), REFUSED, "another client");
        let mut public = fields.to_vec();
        public.push(("client_id", PUBLIC));
        assert_eq!(world.post("/oauth2/token", &public).await.body, REFUSED.1, "a public client");
        let authorization = basic("foreignclient0000000000000", SECRET);
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*authorization)];
        let path = format!("/{OTHER_POOL}/oauth2/token");
        let answer = wire::send(&world.origin, "POST", &path, &headers, form(&fields).as_bytes()).await;
        assert_eq!((answer.status, &*answer.body), REFUSED, "A-35: another pool");
        world.ports.clock.advance_ms(30 * 86_400_000 - 1);
        assert_eq!(world.refresh(&refresh_token).await.status, 200, "the control, one millisecond before its end");
        world.ports.clock.advance_ms(1);
        refused(&world, &refresh_token, "expired; use does not extend it").await;
    })
    .await;
}

#[tokio::test]
async fn a14_matches_in_full() {
    let world = World::start().await;
    let token = world.tokens().await.text("refresh_token");
    assert_eq!(token.split('.').count(), 5, "Cognito's look");
    let last = if token.ends_with('A') { "B" } else { "A" };
    let altered = format!("{}{last}", &token[..token.len() - 1]);
    let swapped = token.replace("eyJ", "eYJ");
    for value in
        [&token[..token.len() - 1], &token[1..], &format!("{token}A"), &format!("{token}="), &altered, &swapped, "x", "a.b.c.d.e"]
    {
        refused(&world, value, value).await;
    }
    assert_eq!(world.refresh(&token).await.status, 200, "the control");
    for blank in ["", " "] {
        assert_ne!(world.refresh(blank).await.status, 200, "blank");
    }
}

#[tokio::test]
async fn a11_each_refresh_judges_anew() {
    on_both_stores(async |world| {
        let token = world.tokens().await.text("refresh_token");
        world.change_user(|user| user.enabled = false).await;
        refused(&world, &token, "user disabled").await;
        world.change_user(|user| user.enabled = true).await;

        world.change_provider(|provider| provider.enabled = false).await;
        refused(&world, &token, "provider disabled").await;
        world.change_provider(|provider| provider.enabled = true).await;

        world.change_client(CONFIDENTIAL, |client| client.providers.retain(|name| name != PROVIDER)).await;
        refused(&world, &token, "provider not the client's any more").await;
        world.change_client(CONFIDENTIAL, |client| client.providers.push(PROVIDER.to_owned())).await;

        world.change_client(CONFIDENTIAL, |client| client.scopes.retain(|scope| scope != "email")).await;
        refused(&world, &token, "scope withdrawn").await;
        world.change_client(CONFIDENTIAL, |client| client.scopes.push("email".to_owned())).await;

        world.change_client(CONFIDENTIAL, |client| client.flows.clear()).await;
        assert_eq!(world.refresh(&token).await.text("error"), "unauthorized_client", "flow withdrawn");
        world.change_client(CONFIDENTIAL, |client| client.flows.push(fedgate::model::app_client::OAuthFlow::Code)).await;

        world.change_client(CONFIDENTIAL, |client| client.enabled = false).await;
        assert_eq!(world.refresh(&token).await.text("error"), "invalid_client", "client disabled");
        world.change_client(CONFIDENTIAL, |client| client.enabled = true).await;
        assert_eq!(world.refresh(&token).await.status, 200, "the control: all of it undone");

        let now_ms = world.context().now_ms();
        world.change_user(|user| user.signed_out_ms = now_ms + 1).await;
        refused(&world, &token, "signed out everywhere").await;
    })
    .await;
}

#[tokio::test]
async fn a11_a_changed_attribute_stands_in_the_next_token() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    assert_eq!(claims(&tokens.text("id_token"))["email"], "ann@example.com");
    world.change_user(|user| _ = user.attributes.insert("email".to_owned(), "new@example.com".to_owned())).await;
    let tokens = world.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(claims(&tokens.text("id_token"))["email"], "new@example.com");
    assert_eq!(claims(&tokens.text("id_token"))["sub"], SUB);
}

#[tokio::test]
async fn scopes_can_be_narrowed_never_widened() {
    let world = World::start().await;
    let token = world.tokens().await.text("refresh_token");
    let with = |scope: &'static str| [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
    let narrow = world.post_as(CONFIDENTIAL, "/oauth2/token", &with("openid")).await;
    assert_eq!((narrow.status, claims(&narrow.text("access_token"))["scope"].as_str()), (200, Some("openid")));
    for wide in ["openid profile", "openid email notes/read", "x"] {
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/token", &with(wide)).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_scope"), "{wide}");
    }
    let whole = world.refresh(&token).await;
    assert_eq!(claims(&whole.text("access_token"))["scope"], "openid email", "narrowing is for one answer only");
}
