//! What every answer of this face has: no keeping, no frames, no 307 or 308, no foreign content (A-20 to A-23, U-12).

use crate::oauth::world::seed::CONFIDENTIAL;
use crate::oauth::world::wire::{Answer, form};
use crate::oauth::world::{AUTHORIZE, World, changed, redemption};

async fn everything(world: &World) -> Vec<(&'static str, Answer)> {
    let cookie = world.signed_in().await;
    let query = form(&AUTHORIZE);
    let code = world.code().await;
    let tokens = world.redeem(&code).await;
    let refresh = tokens.text("refresh_token");
    vec![
        ("a code", world.authorize(&cookie, &AUTHORIZE).await),
        ("the way to the page", world.authorize("", &AUTHORIZE).await),
        ("a page instead of a redirect", world.authorize(&cookie, &changed(&AUTHORIZE, &[("client_id", None)])).await),
        ("an error for the app", world.authorize(&cookie, &changed(&AUTHORIZE, &[("scope", Some("x"))])).await),
        ("the sign-in page", world.get(&format!("/login?{query}")).await),
        ("no sign-in page", world.get("/login").await),
        ("userInfo", world.user_info(&tokens.text("access_token")).await),
        ("no userInfo", world.user_info("x").await),
        ("tokens", tokens),
        ("a token error", world.post_as(CONFIDENTIAL, "/oauth2/token", &redemption(&code)).await),
        ("a revocation", world.post_as(CONFIDENTIAL, "/oauth2/revoke", &[("token", &refresh)]).await),
        (
            "a sign-out",
            world
                .send(
                    "GET",
                    &format!("/logout?client_id={CONFIDENTIAL}&logout_uri=https%3A%2F%2Fapp.example%2Fbye"),
                    &[("Cookie", &cookie)],
                    "",
                )
                .await,
        ),
        ("no sign-out", world.get("/logout").await),
        ("another method", world.send("DELETE", "/oauth2/authorize", &[], "").await),
    ]
}

#[tokio::test]
async fn a22_nobody_keeps_an_answer() {
    let world = World::start().await;
    for (what, answer) in everything(&world).await {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "A-22: {what} {answer:?}");
    }
}

#[tokio::test]
async fn a21_a23_u12_headers_are_on_every_answer() {
    let world = World::start().await;
    for (what, answer) in everything(&world).await {
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "A-21: {what}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "U-12: {what}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "A-23: {what}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "A-23: {what}: {policy}");
        assert!(!policy.contains("unsafe"), "U-01: {what}: {policy}");
    }
}

#[tokio::test]
async fn a20_no_redirect_repeats_a_request() {
    let world = World::start().await;
    for (what, answer) in everything(&world).await {
        assert!(![307, 308].contains(&answer.status), "A-20: {what}");
        assert_eq!(answer.header("location").is_some(), [302, 303].contains(&answer.status), "{what}");
    }
}

#[tokio::test]
async fn pages_and_redirects_are_not_open_to_other_origins() {
    let world = World::start().await;
    for (what, answer) in everything(&world).await {
        let open = matches!(what, "userInfo" | "no userInfo" | "tokens" | "a token error" | "a revocation");
        assert_eq!(answer.header("access-control-allow-origin"), open.then_some("*"), "A-34: {what}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "A-34: {what}");
    }
}

#[tokio::test]
async fn u02_cookies_are_out_of_reach_of_scripts() {
    let world = World::start().await;
    for (what, answer) in everything(&world).await {
        for cookie in answer.cookies() {
            assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/") && !cookie.contains("Domain="), "{what}: {cookie}");
            // The binding of a login must come back on cross-site POSTs (O-21); it opens nothing by itself.
            assert!(cookie.contains("SameSite=Lax") || cookie.starts_with("fedgate-browser="), "{what}: {cookie}");
        }
    }
}
