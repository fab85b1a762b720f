//! When a browser session answers an authorization request, and what happens when it does not.

use fedgate::auth_flows::web_session;

use crate::oauth::world::seed::{CONFIDENTIAL, POOL, PROVIDER, PUBLIC, SECOND, SUB};
use crate::oauth::world::{AUTHORIZE, Change, World, changed, on_both_stores};

async fn next(world: &World, cookie: &str, changes: &[Change<'_>]) -> String {
    let answer = world.authorize(cookie, &changed(&AUTHORIZE, changes)).await;
    assert_eq!(answer.status, 302, "{answer:?}");
    if answer.redirect("code").is_some() {
        return "code".to_owned();
    }
    if let Some(error) = answer.redirect("error") {
        return error;
    }
    let login = format!("{}/login?", world.issuer());
    assert!(answer.header("location").unwrap().starts_with(&login), "{answer:?}");
    "login".to_owned()
}

#[tokio::test]
async fn a31_prompt_none_never_shows_a_page() {
    on_both_stores(async |world| {
        assert_eq!(next(&world, "", &[("prompt", Some("none"))]).await, "login_required");
        assert_eq!(next(&world, "", &[("prompt", Some("none")), ("identity_provider", Some("Acme"))]).await, "login_required");
        assert_eq!(next(&world, &world.signed_in().await, &[("prompt", Some("none"))]).await, "code", "the control");
        assert_eq!(next(&world, "", &[]).await, "login");
        // The same at the page itself.
        let query = super::world::wire::form(&changed(&AUTHORIZE, &[("prompt", Some("none"))]));
        let answer = world.get(&format!("/login?{query}")).await;
        assert_eq!((answer.status, answer.redirect("error").as_deref()), (302, Some("login_required")));
    })
    .await;
}

#[tokio::test]
async fn a31_prompts_and_ages_that_ask_for_a_sign_in_get_one() {
    on_both_stores(async |world| {
        let cookie = world.signed_in().await;
        for prompt in ["login", "select_account", "consent", "login consent"] {
            assert_eq!(next(&world, &cookie, &[("prompt", Some(prompt))]).await, "login", "{prompt}");
        }
        assert_eq!(next(&world, &cookie, &[("max_age", Some("0"))]).await, "login");
        world.ports.clock.advance_ms(60_000);
        assert_eq!(next(&world, &cookie, &[("max_age", Some("60"))]).await, "code", "the control, to the millisecond");
        world.ports.clock.advance_ms(1);
        assert_eq!(next(&world, &cookie, &[("max_age", Some("60"))]).await, "login");
        assert_eq!(next(&world, &cookie, &[("max_age", Some("60")), ("prompt", Some("none"))]).await, "login_required");
    })
    .await;
}

/// O-30: a session does not know its level, so it answers no request for one.
#[tokio::test]
async fn o_30_a_level_that_is_asked_for_needs_a_sign_in() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    assert_eq!(next(&world, &cookie, &[("acr_values", Some("urn:example:mfa"))]).await, "login");
    assert_eq!(next(&world, &cookie, &[("acr_values", Some("urn:example:mfa")), ("prompt", Some("none"))]).await, "login_required");
    for bad in ["a\"b", &"a".repeat(65), "1 2 3 4 5 6 7 8 9", " "] {
        assert_eq!(next(&world, &cookie, &[("acr_values", Some(bad))]).await, "invalid_request", "{bad}");
    }
    assert_eq!(next(&world, &cookie, &[]).await, "code", "the control");
}

#[tokio::test]
async fn a_session_lives_for_an_hour_and_no_longer_than_the_providers() {
    on_both_stores(async |world| {
        let context = world.context();
        let cookie = world.signed_in().await;
        world.ports.clock.advance_ms(web_session::SESSION_LIFE_MS - 1);
        assert_eq!(next(&world, &cookie, &[]).await, "code");
        world.ports.clock.advance_ms(1);
        assert_eq!(next(&world, &cookie, &[]).await, "login", "not extended by use");
        let now_ms = context.now_ms();
        let value = web_session::start(&context, POOL, SUB, PROVIDER, now_ms, Some(now_ms + 5_000)).await.unwrap();
        world.ports.clock.advance_ms(4_999);
        assert!(web_session::find(&context, POOL, &value).await.unwrap().is_some());
        world.ports.clock.advance_ms(1);
        assert!(web_session::find(&context, POOL, &value).await.unwrap().is_none(), "S-15");
        let past = web_session::start(&context, POOL, SUB, PROVIDER, now_ms, Some(now_ms)).await.unwrap();
        assert!(web_session::find(&context, POOL, &past).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a18_a_session_does_not_widen_another_client() {
    on_both_stores(async |world| {
        let cookie = world.signed_in().await;
        assert_eq!(next(&world, &cookie, &[("client_id", Some(SECOND))]).await, "code", "the control: single sign-on");
        world
            .change_client(SECOND, |client| {
                client.providers = vec!["COGNITO".to_owned()];
                client.scopes = vec!["openid".to_owned()];
            })
            .await;
        assert_eq!(next(&world, &cookie, &[("client_id", Some(SECOND)), ("scope", None)]).await, "login");
        assert_eq!(next(&world, &cookie, &[("identity_provider", Some("COGNITO"))]).await, "login", "another provider is named");
        world.change_client(SECOND, |client| client.providers.push(PROVIDER.to_owned())).await;
        assert_eq!(next(&world, &cookie, &[("client_id", Some(SECOND)), ("scope", None)]).await, "code");
        assert_eq!(next(&world, &cookie, &[("client_id", Some(SECOND))]).await, "invalid_scope", "only its own scopes");
        world.change_provider(|provider| provider.enabled = false).await;
        assert_eq!(next(&world, &cookie, &[]).await, "login", "O-20");
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_user() {
    on_both_stores(async |world| {
        let cookie = world.signed_in().await;
        world.change_user(|user| user.enabled = false).await;
        assert_eq!(next(&world, &cookie, &[]).await, "login", "disabled");
        world.change_user(|user| user.enabled = true).await;
        assert_eq!(next(&world, &cookie, &[]).await, "code", "the control");
        let now_ms = world.context().now_ms();
        world.change_user(|user| user.signed_out_ms = now_ms + 1).await;
        assert_eq!(next(&world, &cookie, &[]).await, "login", "signed out everywhere");
        world.ports.clock.advance_ms(1);
        assert_eq!(next(&world, &world.signed_in().await, &[]).await, "code", "a later sign-in counts");
    })
    .await;
}

#[tokio::test]
async fn a25_u03_a_cookie_counts_only_whole_alone_and_in_its_pool() {
    on_both_stores(async |world| {
        let cookie = world.signed_in().await;
        let (name, value) = cookie.split_once('=').unwrap();
        let swapped: String = value
            .chars()
            .map(|char| if char.is_lowercase() { char.to_ascii_uppercase() } else { char.to_ascii_lowercase() })
            .collect();
        for forged in [
            format!("{name}={}", &value[1..]),
            format!("{name}={value}x"),
            format!("{name}={value}="),
            format!("{name}={swapped}"),
            format!("{name}="),
            format!("{name}={value}; {name}={value}"),
            format!("{name}-x={value}"),
            format!("{}={value}", name.to_uppercase()),
        ] {
            assert_eq!(next(&world, &forged, &[]).await, "login", "A-14: {forged}");
        }
        assert_eq!(next(&world, &cookie, &[]).await, "code", "the control");
        let context = world.context();
        assert!(web_session::find(&context, super::world::seed::OTHER_POOL, value).await.unwrap().is_none(), "A-35");
        let again = world.signed_in().await;
        assert_ne!(cookie, again, "A-25: a new id at each sign-in");
    })
    .await;
}

#[tokio::test]
async fn a26_navigation_alone_makes_no_session() {
    let world = World::start().await;
    for path in ["/oauth2/authorize", "/login", "/logout"] {
        let query = super::world::wire::form(&AUTHORIZE);
        let answer = world.get(&format!("{path}?{query}")).await;
        assert!(!answer.cookies().iter().any(|cookie| cookie.contains("session")), "A-26: {path}");
    }
    // Nor does a cookie that the browser was made to bring.
    let name = fedgate::http::cookies::name(&world.ports.public_url, fedgate::http::cookies::CookieKind::Session(POOL));
    let planted = format!("{name}={}", "A".repeat(43));
    assert_eq!(next(&world, &planted, &[]).await, "login");
    assert_eq!(next(&world, &world.signed_in().await, &[]).await, "code", "the control");
}

#[tokio::test]
async fn the_sign_in_page_gets_the_same_query() {
    let world = World::start().await;
    let query = super::world::wire::form(&AUTHORIZE);
    let answer = world.get(&format!("/oauth2/authorize?{query}")).await;
    assert_eq!(answer.header("location").unwrap(), format!("{}/login?{query}", world.issuer()));
    world.change_client(CONFIDENTIAL, |client| client.callback_urls.clear()).await;
    assert_eq!(world.get(&format!("/login?{query}")).await.status, 400, "and judges it again");
    let public = super::world::wire::form(&changed(&AUTHORIZE, &[("client_id", Some(PUBLIC))]));
    assert_eq!(world.get(&format!("/login?{public}")).await.status, 200, "the control");
}
