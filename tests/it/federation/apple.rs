//! Sign in with Apple: the posted form, the one-time name, booleans in text, and what is never believed (O-12, O-17, O-22).

use std::sync::Arc;

use fedgate::base::clock::Clock;
use fedgate::federation::providers::sign_in_with_apple::SignInWithApple;
use fedgate::model::failure::Failure;
use fedgate::model::user::{FederatedIdentity, User, UserStatus};
use playground::oidc_idp::tamper::{Fault, SignWith};
use playground::social::apple::{Apple as StandIn, AppleHandle, Config};
use playground::social::{Endpoint, slow};
use serde_json::{Value, json};

use crate::federation::oidc::{POOL, START_MS, set, url};
use crate::federation::social::Social;

pub(crate) const ADA: &str = "Ada Lovelace";
const GRACE: &str = "Grace Hopper";
const ADA_ID: &str = "001815.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1210";

pub(crate) async fn bench_with(change: impl FnOnce(&mut Config)) -> (Social, AppleHandle) {
    let clock = Clock::manual(START_MS);
    let mut config = Config { clock: Social::theirs(&clock), ..Config::default() };
    change(&mut config);
    let apple = StandIn::start(config).unwrap();
    let endpoints = apple.endpoints();
    let mut details = vec![
        ("client_id", "com.example.signin"),
        ("team_id", "TEAM123456"),
        ("key_id", "KEY1234567"),
        ("authorize_scopes", "email name"),
    ];
    details.extend(endpoints.iter().map(|(key, url)| (*key, url.as_str())));
    let key = apple.private_key_pem();
    let social = Social::new(clock, Arc::new(SignInWithApple::default()), &details, ("private_key", &key)).await;
    (social, apple)
}

pub(crate) async fn bench() -> (Social, AppleHandle) {
    bench_with(|_| {}).await
}

/// Stores Ada as somebody who has signed in before.
async fn remember_ada(social: &Social) {
    let user = User {
        pool_id: POOL.to_owned(),
        sub: "5f2b1b7e-0000-4000-8000-000000000001".to_owned(),
        username: "ada".to_owned(),
        status: UserStatus::ExternalProvider,
        enabled: true,
        attributes: std::collections::BTreeMap::new(),
        identities: vec![FederatedIdentity {
            provider: "SignInWithApple".to_owned(),
            provider_type: "SignInWithApple".to_owned(),
            subject_key: ADA_ID.to_owned(),
            subject: ADA_ID.to_owned(),
            issuer: None,
            primary: true,
            created_ms: START_MS,
        }],
        signed_out_ms: 0,
        created_ms: START_MS,
        modified_ms: START_MS,
    };
    let pool = fedgate::model::user_pool::UserPool {
        id: POOL.to_owned(),
        name: "pool".to_owned(),
        created_ms: START_MS,
        modified_ms: START_MS,
        declared: false,
        username_case_sensitive: false,
        document: json!({}),
    };
    let mut work = social.context.ports.store.begin().await.unwrap();
    work.user_pools().insert(&pool).await.unwrap();
    work.users().insert(&user).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_login_comes_by_a_posted_form_and_names_the_user_once() {
    let (social, apple) = bench().await;
    let begun = social.begin().await.unwrap();
    let answer = social.sign_in(&begun, ADA).await;
    assert!(answer.contains_key("user") && answer.contains_key("code"));
    let first = social.complete(&begun, &answer).await.unwrap();
    assert_eq!((first.subject.as_str(), first.issuer.as_deref()), (ADA_ID, None));
    for (claim, value) in [
        ("email", json!("ada@example.com")),
        ("email_verified", json!(true)),
        ("name", json!("Ada Lovelace")),
        ("firstName", json!("Ada")),
        ("lastName", json!("Lovelace")),
        ("given_name", json!("Ada")),
        ("family_name", json!("Lovelace")),
    ] {
        assert_eq!(first.claims[claim], value, "{claim}");
    }
    assert_eq!(first.auth_time_ms, Some(START_MS));
    let second = social.accepted(ADA, "the second authorization").await;
    assert!(!second.claims.contains_key("name"), "Apple tells a name once");

    let asked = apple.desk().seen(Endpoint::Authorize).remove(0);
    assert_eq!((asked.get("response_mode"), asked.get("response_type")), (Some("form_post"), Some("code")));
    assert_eq!(asked.get("scope"), Some("email name"));
    assert!(asked.get("nonce").is_some_and(|nonce| nonce.len() >= 43), "O-02");
    let redeemed = apple.desk().seen(Endpoint::Token).remove(0);
    assert_eq!(redeemed.get("client_secret").unwrap().split('.').count(), 3);
    assert_eq!(redeemed.authorization, None);
    assert_eq!(apple.desk().count(Endpoint::Discovery) + apple.desk().count(Endpoint::Elsewhere), 0);
}

#[tokio::test]
async fn a_private_relay_address_is_an_address_like_any_other() {
    for booleans_as_text in [true, false] {
        let (social, _apple) = bench_with(|config| config.booleans_as_text = booleans_as_text).await;
        let claims = social.accepted(GRACE, "a relay address").await.claims;
        assert_eq!(claims["email"], "x7k2m9p4qd@privaterelay.appleid.com");
        assert_eq!((&claims["email_verified"], &claims["is_private_email"]), (&json!(true), &json!(true)));
    }
}

#[tokio::test]
async fn without_name_and_email_the_answer_is_a_redirect() {
    let (mut social, apple) = bench().await;
    social.detail("authorize_scopes", "openid");
    let begun = social.begin().await.unwrap();
    assert!(url(&begun).contains("response_mode=query"));
    let identity = social.accepted(ADA, "no scopes").await;
    assert!(!identity.claims.contains_key("email"));
    assert_eq!(apple.desk().count(Endpoint::Token), 1);
}

/// O-22: the form's `user` is unsigned: it may say how to call the user, and nothing else.
#[tokio::test]
async fn o_22_the_user_field_gives_a_display_name_only() {
    let (social, apple) = bench().await;
    let honest = social.accepted(ADA, "the control").await;
    let forged = json!({
        "name": { "firstName": "Mallory", "lastName": "M", "email": "victim@example.com" },
        "email": "victim@example.com", "email_verified": true, "sub": "victim", "is_private_email": false,
        "custom:role": "admin", "iss": "https://evil.example",
    });
    let answer_with = |user: String| {
        apple.lie(|lies| {
            lies.callback(move |params| {
                params.retain(|(name, _)| name != "user");
                params.push(("user".to_owned(), user.clone()));
            });
        });
    };
    answer_with(forged.to_string());
    let mut identity = social.accepted(ADA, "a forged field").await;
    assert_eq!((identity.subject.as_str(), identity.subject_key.as_str()), (ADA_ID, ADA_ID));
    for name in ["name", "firstName", "lastName", "given_name", "family_name"] {
        assert!(identity.claims.remove(name).is_some(), "{name}");
    }
    let mut expected = honest.claims.clone();
    for name in ["name", "firstName", "lastName", "given_name", "family_name"] {
        expected.remove(name);
    }
    for volatile in ["nonce", "at_hash"] {
        expected.remove(volatile);
        identity.claims.remove(volatile);
    }
    assert_eq!(identity.claims, expected, "nothing else changed");

    // What Apple signed is not replaced.
    apple.lie(|lies| lies.claims(|claims| claims["name"] = json!("Signed Name")));
    assert_eq!(social.accepted(ADA, "a signed name").await.claims["name"], "Signed Name");
    apple.behave();

    for bad in [
        "not JSON".to_owned(),
        "[]".to_owned(),
        json!({ "name": "Mallory" }).to_string(),
        json!({ "name": { "firstName": ["Mallory"], "lastName": 7 } }).to_string(),
        json!({ "name": { "firstName": "a\u{0}b", "lastName": "" } }).to_string(),
        json!({ "name": { "firstName": "x".repeat(129) } }).to_string(),
        r#"{"name":{"firstName":"A"},"name":{"firstName":"B"}}"#.to_owned(),
    ] {
        answer_with(bad.clone());
        let claims = social.accepted(ADA, &bad).await.claims;
        assert!(!claims.contains_key("name") && !claims.contains_key("firstName"), "{bad}");
    }
    // Somebody who has been here before keeps the name that they have.
    remember_ada(&social).await;
    answer_with(forged.to_string());
    assert!(!social.accepted(ADA, "not the first time").await.claims.contains_key("name"));
}

#[tokio::test]
async fn o_17_true_and_its_text_verify_an_address_and_nothing_else() {
    let (social, apple) = bench().await;
    for (value, expected) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!("True"), false),
        (json!("TRUE"), false),
        (json!(" true"), false),
        (json!(1), false),
        (json!("1"), false),
        (json!("yes"), false),
        (json!(["true"]), false),
        (Value::Null, false),
    ] {
        let sent = value.clone();
        apple.lie(|lies| lies.claims(move |claims| claims["email_verified"] = sent.clone()));
        assert_eq!(social.accepted(ADA, "o-17").await.claims["email_verified"], expected, "{value}");
    }
    apple.lie(|lies| lies.claims(|claims| set(claims, "email_verified", Value::Null)));
    assert_eq!(social.accepted(ADA, "absent").await.claims["email_verified"], false);
}

#[tokio::test]
async fn o_05_o_12_tokens_of_others_are_refused() {
    let (social, apple) = bench().await;
    for (name, value, reason) in [
        ("iss", json!("https://appleid.apple.com/"), "issuer_mismatch"),
        ("iss", json!("appleid.apple.com"), "issuer_mismatch"),
        ("iss", json!("https://account.apple.com"), "issuer_mismatch"),
        ("aud", json!("com.example.other"), "audience_mismatch"),
        ("nonce", json!("other"), "nonce_mismatch"),
        ("nonce", Value::Null, "nonce_mismatch"),
        ("exp", json!((START_MS / 1000 + 86_400).to_string()), "time_claim_malformed"),
        ("exp", json!(START_MS / 1000 - 61), "id_token_expired"),
        ("sub", json!(""), "subject_invalid"),
    ] {
        let sent = value.clone();
        apple.lie(|lies| lies.claims(move |claims| set(claims, name, sent.clone())));
        social.refused(ADA, &format!("{name} = {value}"), reason).await;
        apple.behave();
    }
    apple.lie(|lies| lies.signing = SignWith::Es256FreshKey);
    social.refused(ADA, "ES256 is published but signs no ID token", "algorithm_not_allowed").await;
    apple.lie(|lies| lies.signing = SignWith::OtherKey);
    social.refused(ADA, "another key", "signature_invalid").await;
    apple.behave();
    // A token in the form is not what we asked for, however well signed.
    apple.lie(|lies| lies.callback(|params| params.push(("id_token".to_owned(), "a.b.c".to_owned()))));
    social.refused(ADA, "an ID token in the form", "token_in_front_channel").await;
    apple.behave();
    social.accepted(ADA, "the control").await;
}

#[tokio::test]
async fn o_28_each_way_to_fail_has_its_own_reason_and_no_text_of_apple_s() {
    let (social, apple) = bench().await;
    let cancelled = social.login("Cancel and go back").await;
    assert!(matches!(cancelled, Err(Failure::ProviderDenied { code: "access_denied" })), "user_cancelled_authorize");
    let begun = social.begin().await.unwrap();
    let answer = social.sign_in(&begun, ADA).await;
    apple.expire_codes();
    assert_eq!(social.complete(&begun, &answer).await.unwrap_err().reason(), "code_refused", "an expired code");
    for (fault, reason) in [
        (Fault::status(500), "token_endpoint_status"),
        (Fault::html(), "token_answer_malformed"),
        (slow(), "token_endpoint_unreachable"),
    ] {
        apple.desk().fault(Endpoint::Token, fault);
        let failure = social.login(ADA).await.unwrap_err();
        assert!(matches!(failure, Failure::ProviderUnavailable { .. }));
        assert_eq!(failure.reason(), reason);
        apple.behave();
    }
    social.accepted(ADA, "the control").await;
}
