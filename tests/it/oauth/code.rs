//! Authorization codes: their life, their bindings and their single use (A-03, A-04, A-05, A-14, A-37, O-20).

use fedgate::auth_flows::authorization::CODE_LIFE_MS;
use fedgate::auth_flows::web_session;
use fedgate::cache::Kind;
use serde_json::Value;

use crate::harness::storage::Backend;
use crate::oauth::world::seed::{CONFIDENTIAL, OTHER_POOL, POOL, PROVIDER, SECOND, SECRET, SUB};
use crate::oauth::world::wire::{self, form};
use crate::oauth::world::{VERIFIER, World, basic, changed, on_both_stores, redemption};

/// The one body of every refused grant (A-37).
const REFUSED: (u16, &str) = (400, r#"{"error":"invalid_grant"}"#);

#[tokio::test]
async fn a03_a_code_lives_for_five_minutes() {
    on_both_stores(async |world| {
        let code = world.code().await;
        world.ports.clock.advance_ms(CODE_LIFE_MS - 1);
        assert_eq!(world.redeem(&code).await.status, 200, "the control");
        let code = world.code().await;
        world.ports.clock.advance_ms(CODE_LIFE_MS);
        let answer = world.redeem(&code).await;
        assert_eq!((answer.status, &*answer.body), REFUSED);
        let code = world.code().await;
        world.ports.clock.advance_ms(CODE_LIFE_MS + 1000);
        assert_eq!(world.redeem(&code).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a03_no_other_one_time_value_is_a_code() {
    on_both_stores(async |world| {
        let context = world.context();
        let session = web_session::start(&context, POOL, SUB, PROVIDER, context.now_ms(), None).await.unwrap();
        let tokens = world.tokens().await;
        let (refresh, access) = (tokens.text("refresh_token"), tokens.text("access_token"));
        // A login's state of the same length and look as a code, in its own name space.
        let state = "11111111-2222-3333-4444-555555555555";
        for key in [state.to_owned(), fedgate::base::digest::sha256_b64(state.as_bytes())] {
            world.ports.cache.put(Kind::Login, &key, "{}", 60_000).await.unwrap();
        }
        for value in [&*session, &refresh, &access, state, SUB, "x", "null", "undefined", VERIFIER] {
            let answer = world.redeem(value).await;
            assert_eq!((answer.status, &*answer.body), REFUSED, "{value}");
        }
        assert_eq!(world.redeem(&world.code().await).await.status, 200, "the control");
    })
    .await;
}

#[tokio::test]
async fn a14_a_code_matches_in_full() {
    let world = World::start().await;
    let code = world.code().await;
    let upper = code.to_uppercase();
    for value in
        [&code[..35], &code[1..], &format!("{code}0"), &format!(" {code}"), &format!("{code} "), &upper, &code.replace('-', "")]
    {
        if value != code {
            let answer = world.redeem(value).await;
            assert_eq!((answer.status, &*answer.body), REFUSED, "A-14: {value}");
        }
    }
    assert_eq!(world.redeem(&code).await.status, 200, "the control");
}

#[tokio::test]
async fn a04_each_binding_counts_and_burns_the_code() {
    on_both_stores(async |world| {
        // Another client, the right one for itself.
        let code = world.code().await;
        let answer = world.post_as(SECOND, "/oauth2/token", &redemption(&code)).await;
        assert_eq!((answer.status, &*answer.body), REFUSED, "client");
        assert_eq!(world.redeem(&code).await.status, 400, "A-04: burnt");
        // Another redirect URI, a registered one.
        for uri in ["https://app.example/cb?tenant=1", "https://app.example/cb/", "https://evil.example/cb"] {
            let code = world.code().await;
            let fields = changed(&redemption(&code), &[("redirect_uri", Some(uri))]);
            let answer = world.post_as(CONFIDENTIAL, "/oauth2/token", &fields).await;
            assert_eq!((answer.status, &*answer.body), REFUSED, "{uri}");
            assert_eq!(world.redeem(&code).await.status, 400, "A-04: burnt by {uri}");
        }
        assert_eq!(world.redeem(&world.code().await).await.status, 200, "the control");
    })
    .await;
}

#[tokio::test]
async fn a04_a35_a_code_belongs_to_its_pool() {
    let world = World::start().await;
    let code = world.code().await;
    let authorization = basic("foreignclient0000000000000", SECRET);
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*authorization)];
    let body = form(&redemption(&code));
    let answer = wire::send(&world.origin, "POST", &format!("/{OTHER_POOL}/oauth2/token"), &headers, body.as_bytes()).await;
    assert_eq!((answer.status, &*answer.body), REFUSED);
    // And the client of this pool does not exist there.
    let authorization = basic(CONFIDENTIAL, SECRET);
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*authorization)];
    let answer = wire::send(&world.origin, "POST", &format!("/{OTHER_POOL}/oauth2/token"), &headers, body.as_bytes()).await;
    assert_eq!((answer.status, &*answer.body), (400, r#"{"error":"invalid_client"}"#));
    assert_eq!(world.redeem(&code).await.status, 200, "the control: untouched in its own pool");
}

#[tokio::test]
async fn a05_a_second_use_kills_what_the_first_one_issued() {
    on_both_stores(async |world| {
        let code = world.code().await;
        let tokens = world.redeem(&code).await;
        let refresh = tokens.text("refresh_token");
        assert_eq!(world.refresh(&refresh).await.status, 200, "the control");
        assert_eq!(world.user_info(&tokens.text("access_token")).await.status, 200, "the control");
        let answer = world.redeem(&code).await;
        assert_eq!((answer.status, &*answer.body), REFUSED);
        let answer = world.refresh(&refresh).await;
        assert_eq!((answer.status, &*answer.body), REFUSED, "A-05: the family is dead");
        assert_eq!(world.user_info(&tokens.text("access_token")).await.status, 401, "A-36");
    })
    .await;
}

#[tokio::test]
async fn a05_a_code_that_the_cache_brings_back_is_still_used() {
    on_both_stores(async |world| {
        let code = world.code().await;
        let digest = fedgate::auth_flows::authorization::code_digest(&code);
        let key = format!("{POOL}:{digest}");
        let record = world.ports.cache.get(Kind::Code, &key).await.unwrap().unwrap();
        let tokens = world.redeem(&code).await;
        assert_eq!(tokens.status, 200, "the control");
        // A failover to a replica that has not seen the removal.
        world.ports.cache.put(Kind::Code, &key, &record, CODE_LIFE_MS).await.unwrap();
        let answer = world.redeem(&code).await;
        assert_eq!((answer.status, &*answer.body), REFUSED, "A-05: the unique row decides");
        assert_eq!(world.refresh(&tokens.text("refresh_token")).await.status, 400, "the family is dead");
    })
    .await;
}

#[tokio::test]
async fn a05_fifty_parallel_uses_on_two_gateways_have_one_winner() {
    for backend in [Backend::Embedded, Backend::Shared] {
        let worlds = World::pair(backend).await;
        let code = worlds[0].code().await;
        let uses = (0..50).map(|number| {
            let (origin, body) = (worlds[number % 2].origin.clone(), form(&redemption(&code)));
            tokio::spawn(async move {
                let authorization = basic(CONFIDENTIAL, SECRET);
                let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*authorization)];
                wire::send(&origin, "POST", &format!("/{POOL}/oauth2/token"), &headers, body.as_bytes()).await
            })
        });
        let mut winners = Vec::new();
        for attempt in uses.collect::<Vec<_>>() {
            let answer = attempt.await.unwrap();
            match answer.status {
                200 => winners.push(answer),
                _ => assert_eq!((answer.status, &*answer.body), REFUSED),
            }
        }
        assert_eq!(winners.len(), 1, "A-05 on {backend:?}");
        for world in &worlds {
            assert_eq!(world.refresh(&winners[0].text("refresh_token")).await.status, 400, "A-05: the family is dead");
        }
        // With memory caches a code is known only where it was made.
        let other = if backend == Backend::Shared { &worlds[1] } else { &worlds[0] };
        let tokens = other.redeem(&worlds[0].code().await).await;
        assert_eq!(worlds[1].refresh(&tokens.text("refresh_token")).await.status, 200, "the control: one use");
    }
}

#[tokio::test]
async fn o20_what_changed_since_the_sign_in_counts_at_redemption() {
    on_both_stores(async |world| {
        let code = world.code().await;
        world.change_user(|user| user.enabled = false).await;
        assert_eq!(world.redeem(&code).await.body, REFUSED.1, "the user");
        world.change_user(|user| user.enabled = true).await;

        let code = world.code().await;
        world.change_provider(|provider| provider.enabled = false).await;
        assert_eq!(world.redeem(&code).await.body, REFUSED.1, "the provider");
        world.change_provider(|provider| provider.enabled = true).await;

        let code = world.code().await;
        world.change_client(CONFIDENTIAL, |client| client.providers.retain(|name| name != PROVIDER)).await;
        assert_eq!(world.redeem(&code).await.body, REFUSED.1, "the client's providers");
        world.change_client(CONFIDENTIAL, |client| client.providers.push(PROVIDER.to_owned())).await;

        let code = world.code().await;
        world.change_client(CONFIDENTIAL, |client| client.enabled = false).await;
        assert_eq!(world.redeem(&code).await.text("error"), "invalid_client", "the client");
        world.change_client(CONFIDENTIAL, |client| client.enabled = true).await;

        let code = world.code().await;
        let now_ms = world.context().now_ms();
        world.change_user(|user| user.signed_out_ms = now_ms + 1).await;
        assert_eq!(world.redeem(&code).await.body, REFUSED.1, "signed out everywhere");
        world.ports.clock.advance_ms(1);
        assert_eq!(world.redeem(&world.code().await).await.status, 200, "the control");
    })
    .await;
}

#[tokio::test]
async fn a10_neither_code_nor_refresh_token_rests_in_clear() {
    let world = World::start().await;
    let code = world.code().await;
    let tokens = world.redeem(&code).await;
    let digest = fedgate::auth_flows::authorization::code_digest(&code);
    let grant = world.ports.store.read().await.unwrap().grants().find_by_code(POOL, &digest).await.unwrap().unwrap();
    let row = serde_json::to_string(&grant).unwrap();
    assert!(!row.contains(&code) && !row.contains(&tokens.text("refresh_token")), "A-10");
    assert!(matches!(serde_json::from_str::<Value>(&row), Ok(Value::Object(_))));
}
