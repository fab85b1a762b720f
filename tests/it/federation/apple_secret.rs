//! Apple's client secret and the settings that it is made from (O-23, K-04, L-06).

use aws_lc_rs::encoding::AsDer as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fedgate::federation::providers::sign_in_with_apple::client_secret::{LIFE_MS, RENEW_BEFORE_MS};
use fedgate::model::failure::Failure;
use fedgate::model::identity_provider::IdentityProvider;
use playground::oidc_idp::tamper::Fault;
use playground::social::Endpoint;
use playground::social::apple::AppleHandle;
use serde_json::{Value, json};

use crate::federation::apple::{ADA, bench};
use crate::federation::oidc::START_MS;
use crate::harness::audit;

/// The client secret of the last token request.
fn sent(apple: &AppleHandle) -> String {
    apple.desk().seen(Endpoint::Token).pop().unwrap().get("client_secret").unwrap().to_owned()
}

fn part(token: &str, number: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(number).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn o_23_the_secret_is_short_lived_and_renewed_an_hour_before_its_end() {
    let (social, apple) = bench().await;
    social.accepted(ADA, "the first login").await;
    let first = sent(&apple);
    let now = START_MS / 1000;
    assert_eq!(part(&first, 0), json!({ "alg": "ES256", "kid": "KEY1234567" }));
    let expected = json!({ "iss": "TEAM123456", "iat": now, "exp": now + LIFE_MS / 1000, "aud": "https://appleid.apple.com",
        "sub": "com.example.signin" });
    assert_eq!(part(&first, 1), expected);
    const { assert!(LIFE_MS <= 24 * 3_600_000 && RENEW_BEFORE_MS == 3_600_000) };

    social.clock.advance_ms(LIFE_MS - RENEW_BEFORE_MS - 1);
    social.accepted(ADA, "a moment before the last hour").await;
    assert_eq!(sent(&apple), first, "the same secret");
    social.clock.advance_ms(1);
    social.accepted(ADA, "an hour before the end").await;
    let second = sent(&apple);
    assert_ne!(second, first);
    assert_eq!(part(&second, 1)["exp"], now + (2 * LIFE_MS - RENEW_BEFORE_MS) / 1000);
    // A clock that goes back does not keep a secret from the future.
    social.clock.advance_ms(-LIFE_MS);
    social.accepted(ADA, "an earlier time").await;
    assert_ne!(sent(&apple), second);
}

#[tokio::test]
async fn o_23_another_key_or_id_makes_another_secret_at_once() {
    let (mut social, apple) = bench().await;
    social.accepted(ADA, "the first login").await;
    let first = sent(&apple);
    // The same key sealed again counts as a change; so does its body without the PEM lines.
    let pem = apple.private_key_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for key in [pem.clone(), body.clone(), pem.replace('\n', " "), pem.replace('\n', "\r\n")] {
        social.seal("private_key", &key);
        social.accepted(ADA, "the same key in another form").await;
        assert_ne!(sent(&apple), first);
    }
    for (key, value) in [("key_id", "KEY7654321"), ("team_id", "TEAM654321")] {
        let honest = social.provider.details[key].clone();
        social.detail(key, value);
        social.refused(ADA, key, "client_refused").await;
        social.detail(key, &honest);
        social.accepted(ADA, "the control").await;
    }
    // Another team's key: Apple says no more than invalid_client.
    let (_, other) = bench().await;
    social.seal("private_key", &other.private_key_pem());
    social.refused(ADA, "another team's key", "client_refused").await;
}

#[tokio::test]
async fn o_23_neither_key_nor_secret_is_logged_or_stored_in_clear() {
    audit::install();
    let (social, apple) = bench().await;
    let begun = social.begin().await.unwrap();
    let stored = serde_json::to_string(&social.provider).unwrap();
    apple.desk().fault(Endpoint::Token, Fault::status(400));
    let failure = social.login(ADA).await.unwrap_err();
    let secret = sent(&apple);
    let body: String = apple.private_key_pem().lines().filter(|line| !line.starts_with('-')).collect();
    let seen = format!("{}{stored}{:?}{failure:?}{begun:?}{:?}", audit::everything(), social.kind, social.provider);
    for (what, needle) in [("the key", &body[20..60]), ("the secret", secret.as_str())] {
        assert!(!seen.contains(needle), "{what}");
    }
}

#[tokio::test]
async fn settings_are_apple_s_and_its_addresses_are_fixed() {
    let (social, apple) = bench().await;
    let plain = |provider: &mut IdentityProvider| {
        provider.details.retain(|key, _| !matches!(key.as_str(), "authorize_url" | "token_url" | "jwks_uri"));
    };
    let saved = social.validated(plain).await.unwrap().details;
    let expected = [
        ("attributes_url_add_attributes", "false"),
        ("authorize_scopes", "email name"),
        ("authorize_url", "https://appleid.apple.com/auth/authorize"),
        ("client_id", "com.example.signin"),
        ("key_id", "KEY1234567"),
        ("oidc_issuer", "https://appleid.apple.com"),
        ("team_id", "TEAM123456"),
        ("token_request_method", "POST"),
        ("token_url", "https://appleid.apple.com/auth/token"),
    ];
    assert_eq!(saved, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(social.validated(|provider| provider.details = saved.clone()).await.unwrap().details, saved);
    assert!(social.validated(|_| {}).await.is_ok(), "a stand-in where the operator allows it");
    for (key, value) in [
        ("authorize_scopes", "email phone"),
        ("authorize_scopes", ""),
        ("team_id", ""),
        ("team_id", "TEAM\"123"),
        ("key_id", "a.b"),
        ("client_id", ""),
        ("token_url", "https://evil.example/token"),
        ("token_url", "http://127.0.0.1:9/token"),
        ("oidc_issuer", "https://evil.example"),
        ("client_secret", "in the clear"),
    ] {
        social.misset(key, value).await;
    }
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let rsa: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let short = &STANDARD.encode(rsa.as_ref())[..60];
    for bad in ["", "not base64 !", "AAAA", STANDARD.encode(rsa.as_ref()).as_str(), short, "-----BEGIN PRIVATE KEY-----"] {
        let mut other = crate::federation::social::Social { provider: social.provider.clone(), ..bench().await.0 };
        other.context = social.context.clone();
        other.seal("private_key", bad);
        let outcome = other.validated(|_| {}).await;
        assert!(matches!(outcome, Err(Failure::InvalidParameter(text)) if text.contains("private_key") && !text.contains(short)));
    }
    assert!(social.validated(|provider| provider.sealed_details.clear()).await.is_err(), "without a key");
    assert_eq!(apple.desk().count(Endpoint::Token), 0);
}
