//! Revocation: of the caller's own refresh tokens only, and told apart from nothing (A-12, RFC 7009).

use crate::oauth::world::seed::{CONFIDENTIAL, PUBLIC, SECOND, SECRET};
use crate::oauth::world::wire::form;
use crate::oauth::world::{World, basic, changed, on_both_stores, redemption};

#[tokio::test]
async fn a12_the_family_dies_and_only_it() {
    on_both_stores(async |world| {
        let (one, two) = (world.tokens().await, world.tokens().await);
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &one.text("refresh_token"))]).await;
        assert_eq!((answer.status, &*answer.body), (200, ""));
        assert_eq!(world.refresh(&one.text("refresh_token")).await.text("error"), "invalid_grant");
        assert_eq!(world.user_info(&one.text("access_token")).await.status, 401);
        assert_eq!(world.refresh(&two.text("refresh_token")).await.status, 200, "the control: another family");
        assert_eq!(world.user_info(&two.text("access_token")).await.status, 200);
        let again = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &one.text("refresh_token"))]).await;
        assert_eq!((again.status, &*again.body), (200, ""), "again");
    })
    .await;
}

#[tokio::test]
async fn a12_another_clients_token_stays() {
    on_both_stores(async |world| {
        let token = world.tokens().await.text("refresh_token");
        let answer = world.post_as(SECOND, "/oauth2/revoke", &[("token", &token)]).await;
        assert_eq!((answer.status, &*answer.body), (200, ""), "it learns nothing");
        let answer = world.post("/oauth2/revoke", &[("token", &token), ("client_id", PUBLIC)]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(world.refresh(&token).await.status, 200, "A-12: unaffected");
        assert_eq!(world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &token)]).await.status, 200, "the control");
        assert_eq!(world.refresh(&token).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_public_client_revokes_its_own() {
    let world = World::start().await;
    let code = world.code_for(&[("client_id", Some(PUBLIC))]).await;
    let tokens = world.post("/oauth2/token", &changed(&redemption(&code), &[("client_id", Some(PUBLIC))])).await;
    let token = tokens.text("refresh_token");
    assert_eq!(world.post("/oauth2/revoke", &[("token", &token), ("client_id", PUBLIC)]).await.status, 200);
    assert_eq!(world.user_info(&tokens.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn refusals_are_cognitos() {
    let world = World::start().await;
    let tokens = world.tokens().await;
    let refresh = tokens.text("refresh_token");
    let last = if refresh.ends_with('A') { 'E' } else { 'A' };
    let unknown = format!("{}{last}", &refresh[..refresh.len() - 1]);
    for token in [&*unknown, "x", "a.b.c.d.e"] {
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", token)]).await;
        assert_eq!((answer.status, &*answer.body), (200, ""), "unknown: {token}");
    }
    for kind in ["id_token", "access_token"] {
        let answer = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &tokens.text(kind))]).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "unsupported_token_type"), "{kind}");
    }
    let answer = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("x", "1")]).await;
    assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "no token");
    let form_type = ("Content-Type", "application/x-www-form-urlencoded");
    let body = form(&[("token", &refresh)]);
    for authorization in [basic(CONFIDENTIAL, "wrong"), basic("nobody", SECRET)] {
        let answer = world.send("POST", "/oauth2/revoke", &[form_type, ("Authorization", &authorization)], &body).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"));
    }
    assert_eq!(world.send("POST", "/oauth2/revoke", &[form_type], &body).await.status, 401, "no client");
    assert_eq!(world.send("GET", "/oauth2/revoke", &[], "").await.status, 405);
    world.change_client(CONFIDENTIAL, |client| client.revocation = false).await;
    let answer = world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &refresh)]).await;
    assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "switched off");
    world.change_client(CONFIDENTIAL, |client| client.revocation = true).await;
    assert_eq!(world.refresh(&refresh).await.status, 200, "none of it touched the family");
    assert_eq!(world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &refresh)]).await.status, 200, "the control");
    assert_eq!(world.refresh(&refresh).await.status, 400);
}
