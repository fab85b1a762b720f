//! L-01, L-02, L-03: one line for each request, with what was decided and why, and nothing secret in any of them.

use crate::harness::audit;
use crate::oauth::world::seed::{CONFIDENTIAL, POOL, SECOND, SECRET, SUB};
use crate::oauth::world::wire::form;
use crate::oauth::world::{AUTHORIZE, VERIFIER, World, basic, changed, redemption};

/// The line of the last request.
fn last(world: &World, event: &str, outcome: &str, reason: &str) -> audit::AuditLine {
    let line = world.gateway.last_audit();
    assert_eq!((line.event(), line.outcome(), line.reason()), (event, outcome, reason), "{line:?}");
    assert!(!line.get("request.id").is_empty() && !line.get("http.status").is_empty(), "{line:?}");
    line
}

#[tokio::test]
async fn l01_each_request_leaves_one_line_with_its_facts() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let before = world.gateway.audit().len();

    world.authorize(&cookie, &AUTHORIZE).await;
    let line = last(&world, "oauth.authorize", "success", "");
    assert_eq!((line.get("user_pool.id"), line.get("client.id"), line.get("user.sub")), (POOL, CONFIDENTIAL, SUB));
    world.authorize(&cookie, &changed(&AUTHORIZE, &[("redirect_uri", Some("https://evil.example"))])).await;
    assert_eq!(last(&world, "oauth.authorize", "refused", "redirect_uri_mismatch").get("user_pool.id"), POOL);
    world.authorize(&cookie, &changed(&AUTHORIZE, &[("response_type", Some("token"))])).await;
    assert_eq!(last(&world, "oauth.authorize", "refused", "flow_not_allowed").get("client.id"), CONFIDENTIAL);
    world.authorize("", &changed(&AUTHORIZE, &[("prompt", Some("none"))])).await;
    last(&world, "oauth.authorize", "refused", "login_required");
    world.get(&format!("/login?{}", form(&AUTHORIZE))).await;
    last(&world, "hosted_ui.login", "success", "");
    assert_eq!(world.gateway.audit().len() - before, 5, "exactly one for each");

    let code = world.code().await;
    let tokens = world.redeem(&code).await;
    let line = last(&world, "oauth.token", "success", "");
    assert_eq!((line.get("client.id"), line.get("user.sub"), line.get("grant_type")), (CONFIDENTIAL, SUB, "authorization_code"));
    world.redeem(&code).await;
    let line = last(&world, "oauth.token", "refused", "code_replayed");
    assert_eq!((line.get("user_pool.id"), line.get("client.id")), (POOL, CONFIDENTIAL));
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*basic(CONFIDENTIAL, "wrong"))];
    world.send("POST", "/oauth2/token", &headers, &form(&redemption(&code))).await;
    assert_eq!(last(&world, "oauth.token", "refused", "client_secret_wrong").get("client.id"), CONFIDENTIAL);
    world.refresh(&tokens.text("refresh_token")).await;
    last(&world, "oauth.token", "refused", "refresh_token_revoked");
    world.post_as(SECOND, "/oauth2/revoke", &[("token", &tokens.text("refresh_token"))]).await;
    assert_eq!(last(&world, "oauth.revoke", "success", "").get("result"), "nothing");
    world.user_info(&tokens.text("access_token")).await;
    last(&world, "oauth.userinfo", "refused", "access_token_dead");
    world.get("/logout").await;
    last(&world, "oauth.logout", "refused", "client_unknown");
    world.get("/.well-known/jwks.json").await;
    last(&world, "oauth.jwks", "success", "");
}

#[tokio::test]
async fn l02_l03_no_secret_in_any_line() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let state = "canary-state-7b1e";
    let answer =
        world.authorize(&cookie, &changed(&AUTHORIZE, &[("state", Some(state)), ("nonce", Some("canary-nonce-55aa"))])).await;
    let code = answer.redirect("code").unwrap();
    let tokens = world.redeem(&code).await;
    world.redeem(&code).await;
    world.refresh(&tokens.text("refresh_token")).await;
    world.user_info(&tokens.text("access_token")).await;
    world.get(&format!("/oauth2/userInfo?access_token={}", tokens.text("access_token"))).await;
    world.send("GET", &format!("/logout?client_id={CONFIDENTIAL}"), &[("Cookie", &cookie)], "").await;
    let text = audit::everything();
    assert!(text.contains("oauth.token"), "the control: lines are caught");
    let session = cookie.split_once('=').unwrap().1;
    let (id, access, refresh) = (tokens.text("id_token"), tokens.text("access_token"), tokens.text("refresh_token"));
    for secret in [state, "canary-nonce-55aa", &code, session, VERIFIER, SECRET, &id, &access, &refresh, "ann@example.com"] {
        assert!(!text.contains(secret), "L-02: {secret}");
    }
}
