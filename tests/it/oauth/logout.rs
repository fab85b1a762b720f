//! Sign-out: Cognito's rules, exact targets, and nothing that a foreign image could end (A-25, A-30, U-10).

use crate::oauth::world::seed::CONFIDENTIAL;
use crate::oauth::world::wire::{Answer, form};
use crate::oauth::world::{AUTHORIZE, World, changed, on_both_stores};

const BYE: &str = "https://app.example/bye";

async fn logout(world: &World, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    world.send("GET", &format!("/logout?{}", form(fields)), &[("Cookie", cookie)], "").await
}

async fn is_signed_in(world: &World, cookie: &str) -> bool {
    world.authorize(cookie, &AUTHORIZE).await.redirect("code").is_some()
}

#[tokio::test]
async fn a30_ends_the_session_and_goes_to_a_registered_address() {
    on_both_stores(async |world| {
        let cookie = world.signed_in().await;
        assert!(is_signed_in(&world, &cookie).await, "the control");
        let fields = [("client_id", CONFIDENTIAL), ("logout_uri", BYE), ("state", "x"), ("redirect_uri", "https://evil.example")];
        let answer = logout(&world, &cookie, &fields).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some(BYE)), "other parameters are ignored");
        assert!(answer.cookies()[0].contains("Max-Age=0"), "{answer:?}");
        assert!(!is_signed_in(&world, &cookie).await, "the old cookie is dead, also for who kept a copy");
        let again = world.signed_in().await;
        assert_ne!(cookie, again, "A-25");
        assert!(is_signed_in(&world, &again).await);
    })
    .await;
}

#[tokio::test]
async fn a30_u10_other_targets_are_a_page_and_end_nothing() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    for uri in [
        "https://app.example/bye/",
        "https://app.example/bye?x=1",
        "https://app.example/cb",
        "https://evil.example/bye",
        "//app.example/bye",
        "/\\evil.example",
        "\\\\evil.example",
        "%5c%5cevil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://app.example@evil.example/bye",
        "\thttps://app.example/bye",
        "https://app.example/bye\r\nX: y",
        "javascript:alert(1)",
    ] {
        let answer = logout(&world, &cookie, &[("client_id", CONFIDENTIAL), ("logout_uri", uri)]).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "A-30: {uri}");
    }
    for fields in [
        vec![],
        vec![("logout_uri", BYE)],
        vec![("client_id", CONFIDENTIAL)],
        vec![("client_id", "nobody"), ("logout_uri", BYE)],
        vec![("client_id", "foreignclient0000000000000"), ("logout_uri", BYE)],
        vec![("client_id", CONFIDENTIAL), ("redirect_uri", "https://app.example/cb")],
        vec![("client_id", CONFIDENTIAL), ("redirect_uri", "https://evil.example/cb"), ("response_type", "code")],
        vec![("client_id", CONFIDENTIAL), ("logout_uri", BYE), ("logout_uri", BYE)],
    ] {
        let answer = logout(&world, &cookie, &fields).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{fields:?}");
    }
    assert!(is_signed_in(&world, &cookie).await, "none of it ended the session");
    assert_eq!(logout(&world, &cookie, &[("client_id", CONFIDENTIAL), ("logout_uri", BYE)]).await.status, 302, "the control");
}

#[tokio::test]
async fn a_redirect_uri_leads_to_a_new_sign_in() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let fields = changed(&AUTHORIZE, &[]);
    let answer = logout(&world, &cookie, &fields).await;
    assert_eq!(answer.header("location").unwrap(), format!("{}/login?{}", world.issuer(), form(&fields)));
    assert!(!is_signed_in(&world, &cookie).await);
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_clear() {
    let world = World::start().await;
    let answer = logout(&world, "", &[("client_id", CONFIDENTIAL), ("logout_uri", BYE)]).await;
    assert_eq!((answer.status, answer.header("location")), (302, Some(BYE)));
    assert!(answer.cookies().is_empty(), "a cross-site image cannot make the browser drop the cookie");
}
