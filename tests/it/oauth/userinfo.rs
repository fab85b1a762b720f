//! userInfo: Cognito's answers and errors, and what it sees of revocation and disabling (A-36, section 3.4).

use crate::harness::storage::Backend;
use crate::oauth::world::seed::{CONFIDENTIAL, PROVIDER, SUB, USERNAME};
use crate::oauth::world::{World, on_both_stores};

const DEAD: &str = "Access token is expired, disabled, or deleted, or the user has globally signed out.";

async fn dead(world: &World, access_token: &str, why: &str) {
    let answer = world.user_info(access_token).await;
    assert_eq!(answer.status, 401, "{why}: {answer:?}");
    assert_eq!((answer.text("error").as_str(), answer.text("error_description").as_str()), ("invalid_token", DEAD), "{why}");
    let challenge = format!("error=\"invalid_token\", error_description=\"{DEAD}\"");
    assert_eq!(answer.header("www-authenticate"), Some(&*challenge), "{why}");
}

#[tokio::test]
async fn all_values_are_texts() {
    let world = World::start().await;
    let tokens = world.tokens_for(&[("scope", Some("openid"))]).await;
    let access_token = tokens.text("access_token");
    let authorization = format!("Bearer {access_token}");
    for method in ["GET", "POST"] {
        let answer = world.send(method, "/oauth2/userInfo", &[("Authorization", &authorization)], "").await;
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        let info = answer.json();
        assert!(info.as_object().unwrap().values().all(serde_json::Value::is_string), "{info}");
        assert_eq!((&info["sub"], &info["username"]), (&SUB.into(), &USERNAME.into()));
        assert_eq!((&info["email_verified"], &info["updated_at"]), (&"true".into(), &"1700000000".into()));
        let identities: serde_json::Value = serde_json::from_str(info["identities"].as_str().unwrap()).unwrap();
        assert_eq!(identities[0]["providerName"], PROVIDER);
        assert_eq!(identities[0]["primary"], true);
        assert_eq!(identities[0]["dateCreated"], 1_700_000_000_123_i64);
    }
}

#[tokio::test]
async fn the_token_comes_in_the_header_and_nowhere_else() {
    let world = World::start().await;
    let token = world.tokens().await.text("access_token");
    let bearer = format!("Bearer {token}");
    let query = format!("/oauth2/userInfo?access_token={token}");
    let field = format!("access_token={token}");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let basic = format!("Basic {token}");
    let empty = [("Authorization", "Bearer ")];
    let bare = [("Authorization", &*token)];
    let other = [("Authorization", &*basic)];
    let twice = [("Authorization", &*bearer), ("Authorization", &*bearer)];
    for (what, answer) in [
        ("no header", world.get("/oauth2/userInfo").await),
        ("in the URL", world.get(&query).await),
        ("in the body", world.send("POST", "/oauth2/userInfo", &form, &field).await),
        ("empty", world.send("GET", "/oauth2/userInfo", &empty, "").await),
        ("without a scheme", world.send("GET", "/oauth2/userInfo", &bare, "").await),
        ("another scheme", world.send("GET", "/oauth2/userInfo", &other, "").await),
        ("twice", world.send("GET", "/oauth2/userInfo", &twice, "").await),
    ] {
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "{what}");
    }
    assert_eq!(world.user_info(&token).await.status, 200, "the control");
}

#[tokio::test]
async fn a_token_without_openid_is_refused() {
    let world = World::start().await;
    let token = world.tokens_for(&[("scope", Some("notes/read email"))]).await.text("access_token");
    let answer = world.user_info(&token).await;
    assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_token"));
    assert_eq!(world.user_info(&world.tokens().await.text("access_token")).await.status, 200, "the control");
}

#[tokio::test]
async fn a36_sees_expiry_disabling_sign_out_and_revocation() {
    on_both_stores(async |world| {
        let tokens = world.tokens().await;
        let token = tokens.text("access_token");
        world.change_user(|user| user.enabled = false).await;
        dead(&world, &token, "user disabled").await;
        world.change_user(|user| user.enabled = true).await;
        world.change_client(CONFIDENTIAL, |client| client.enabled = false).await;
        dead(&world, &token, "client disabled").await;
        world.change_client(CONFIDENTIAL, |client| client.enabled = true).await;
        world.ports.clock.advance_ms(3600 * 1000 - 1000);
        assert_eq!(world.user_info(&token).await.status, 200, "the control, a second before its end");
        world.ports.clock.advance_ms(1000);
        dead(&world, &token, "expired").await;

        let tokens = world.refresh(&tokens.text("refresh_token")).await;
        let token = tokens.text("access_token");
        assert_eq!(world.user_info(&token).await.status, 200, "the control: refreshed");
        let now_ms = world.context().now_ms();
        world.change_user(|user| user.signed_out_ms = now_ms + 1).await;
        dead(&world, &token, "signed out everywhere").await;
    })
    .await;
}

#[tokio::test]
async fn a36_a_revocation_counts_on_every_gateway_at_once() {
    for backend in [Backend::Embedded, Backend::Shared] {
        let [one, two] = World::pair(backend).await;
        let tokens = one.tokens().await;
        let token = tokens.text("access_token");
        assert_eq!((one.user_info(&token).await.status, two.user_info(&token).await.status), (200, 200), "the control");
        let fields = [("token", &*tokens.text("refresh_token"))];
        assert_eq!(two.post_as(CONFIDENTIAL, "/oauth2/revoke", &fields).await.status, 200);
        dead(&one, &token, "revoked on the other gateway").await;
        dead(&two, &token, "revoked").await;
    }
}
