//! Published keys: O-08, O-09, O-10, O-11.

use std::collections::BTreeMap;

use playground::oidc_idp::tamper::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::federation::oidc::{ADA, Bench, provider, set};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

#[tokio::test]
async fn o_08_a_thousand_unknown_kids_cost_one_fetch_a_minute() {
    let bench = Bench::new().await;
    bench.accepted("warm").await;
    assert_eq!(bench.idp.count(Endpoint::Jwks), 1);
    let mut number = 0;
    for minute in 1..=5 {
        for _ in 0..200 {
            number += 1;
            let kid = format!("random-{number}");
            bench.idp.tamper(|tamper| {
                tamper.id_token_header(move |header| header["kid"] = json!(kid.clone()));
            });
            // Only the code exchange and what follows: the sign-in page is not what is measured.
            let begun = bench.begin().await.unwrap();
            let parameters = if number % 50 == 1 { bench.sign_in(&begun, ADA).await } else { BTreeMap::default() };
            if parameters.is_empty() {
                verify_only(&bench, number).await;
            } else {
                assert_eq!(bench.complete(&begun, &parameters).await.unwrap_err().reason(), "key_unknown");
            }
        }
        assert_eq!(bench.idp.count(Endpoint::Jwks), 1 + minute, "minute {minute}");
        bench.idp.behave();
        bench.accepted("others sign in meanwhile").await;
        assert_eq!(bench.idp.count(Endpoint::Jwks), 1 + minute);
        bench.clock.advance_ms(MINUTE_MS);
    }
}

/// Answers a login with a token under an unknown kid, straight at the token endpoint.
async fn verify_only(bench: &Bench, number: u64) {
    let begun = bench.begin().await.unwrap();
    let forged = bench.idp.forge_id_token(&json!({ "sub": number }));
    let mut parts = forged.split('.');
    let _ = parts.next();
    let header = base64(&json!({ "alg": "RS256", "kid": format!("stray-{number}") }).to_string());
    let token = format!("{header}.{}.{}", parts.next().unwrap(), parts.next().unwrap());
    bench.idp.tamper(|tamper| {
        let answer = json!({ "access_token": "a", "token_type": "Bearer", "id_token": token }).to_string();
        tamper.fault(Endpoint::Token, Fault::body(200, "application/json", &answer).times(1));
    });
    let parameters = [("code", "any"), ("iss", bench.idp.issuer.as_str())].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(bench.complete(&begun, &parameters.into()).await.unwrap_err().reason(), "key_unknown");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn o_08_a_token_without_kid_needs_exactly_one_fitting_key() {
    let bench = Bench::new().await;
    let without_kid = || {
        bench.idp.tamper(|tamper| {
            tamper.id_token_header(|header| set(header, "kid", Value::Null));
        });
    };
    without_kid();
    bench.accepted("one key, no kid").await;
    // Rotated without overlap: only the signature tells.
    bench.idp.rotate_keys(false);
    bench.accepted("one new key, no kid").await;
    bench.idp.rotate_keys(true);
    bench.clock.advance_ms(HOUR_MS);
    bench.refused("two keys, no kid", "key_ambiguous").await;
    // A second key of another use or kind is none that fits.
    bench.idp.rotate_keys(false);
    bench.clock.advance_ms(HOUR_MS);
    bench.idp.tamper(|tamper| {
        tamper.jwks(|document| {
            let mut encryption = document["keys"][0].clone();
            encryption["use"] = json!("enc");
            let mut other = document["keys"][0].clone();
            other["alg"] = json!("RS512");
            let keys = document["keys"].as_array_mut().unwrap();
            keys.push(encryption);
            keys.push(other);
            keys.push(json!({ "kty": "oct", "k": "AAAA" }));
            keys.push(json!({ "kty": "new" }));
            keys.push(json!("no key"));
        });
    });
    without_kid();
    bench.accepted("one fitting key among others, no kid").await;
}

#[tokio::test]
async fn o_09_a_failed_fetch_never_replaces_a_good_set() {
    let bench = Bench::new().await;
    bench.accepted("warm").await;
    let faults = [
        ("an outage", Fault::status(500)),
        ("a page", Fault::html()),
        ("no keys", Fault::body(200, "application/json", r#"{"keys":[]}"#)),
        ("no member", Fault::body(200, "application/json", "{}")),
        ("keys of another form", Fault::body(200, "application/json", r#"{"keys":{"kty":"RSA"}}"#)),
        ("only a shared secret", Fault::body(200, "application/json", r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#)),
        ("only a short key", Fault::body(200, "application/json", r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#)),
        ("ten megabytes", Fault::huge(10)),
        ("a redirect", Fault::redirect(&format!("{}/elsewhere", bench.idp.issuer))),
        ("a doubled member", Fault::body(200, "application/json", r#"{"keys":[],"keys":[]}"#)),
    ];
    for (what, fault) in faults {
        bench.clock.advance_ms(HOUR_MS + MINUTE_MS);
        let before = bench.idp.count(Endpoint::Jwks);
        bench.idp.tamper(|tamper| {
            tamper.fault(Endpoint::Jwks, fault);
        });
        bench.accepted(what).await;
        assert!(bench.idp.count(Endpoint::Jwks) > before, "{what}: the copy was too old, so it was asked for");
        bench.idp.behave();
        bench.clock.advance_ms(MINUTE_MS);
        bench.accepted("the outage is over").await;
    }
    assert_eq!(bench.idp.count(Endpoint::Elsewhere), 0);
    // A copy does not live for ever: after a day without a new one, the provider is unavailable.
    bench.idp.tamper(|tamper| {
        tamper.fault(Endpoint::Jwks, Fault::status(500));
    });
    bench.clock.advance_ms(23 * HOUR_MS);
    bench.accepted("almost a day old").await;
    bench.clock.advance_ms(2 * HOUR_MS);
    bench.refused_unavailable("document_status").await;
}

impl Bench {
    /// O-11: the provider is unavailable, and nothing else is.
    async fn refused_unavailable(&self, reason: &str) {
        let failure = self.login().await.unwrap_err();
        assert!(matches!(failure, fedgate::model::failure::Failure::ProviderUnavailable { .. }), "{failure:?}");
        assert_eq!(failure.reason(), reason);
    }
}

#[tokio::test]
async fn o_09_a_set_has_at_most_sixty_four_keys() {
    let mut bench = Bench::new().await;
    for (count, outcome) in [(64, None), (65, Some("jwks_too_many_keys"))] {
        bench.rename(&format!("{count} keys"));
        bench.idp.tamper(|tamper| {
            tamper.jwks(move |document| {
                let keys = document["keys"].as_array_mut().unwrap();
                let stray = keys[0].clone();
                for number in 1..count {
                    let mut stray = stray.clone();
                    stray["kid"] = json!(format!("stray-{number}"));
                    keys.push(stray);
                }
            });
        });
        assert_eq!(bench.login().await.err().map(|failure| failure.reason()), outcome, "{count}");
    }
}

/// O-09: the same URL in another pool is another copy, so one tenant's set never verifies another's tokens.
#[tokio::test]
async fn o_09_tenants_do_not_share_copies() {
    let mut bench = Bench::new().await;
    bench.accepted("the first pool").await;
    assert_eq!(bench.idp.count(Endpoint::Jwks), 1);
    bench.idp.tamper(|tamper| {
        tamper.fault(Endpoint::Jwks, Fault::status(500));
    });
    bench.accepted("the first pool has its copy").await;
    let first = bench.provider.clone();
    bench.provider = provider(&bench.context, &bench.idp.issuer);
    bench.provider.pool_id = "local_abcdefghi".to_owned();
    let place = ["local_abcdefghi", "identity_provider", "Example", "client_secret"];
    let sealed = bench.context.ports.seal.seal(&place, b"gateway-secret").unwrap();
    bench.provider.sealed_details.insert("client_secret".to_owned(), sealed);
    bench.refused_unavailable("document_status").await;
    bench.provider = first;
    bench.accepted("the first pool still has it").await;
}

#[tokio::test]
async fn o_10_rotation_without_overlap_loses_no_login() {
    let bench = Bench::new().await;
    let mut rotations = 0;
    for number in 0..200_u32 {
        // A stride that is coprime to the cycle spreads the rotations over the four moments of a login.
        let moment = if number % 7 == 0 { (number / 7) % 4 } else { 4 };
        let rotate = |at: u32| {
            if moment == at {
                bench.idp.rotate_keys(false);
            }
        };
        rotate(0);
        let begun = bench.begin().await.unwrap();
        rotate(1);
        let parameters = bench.sign_in(&begun, ADA).await;
        rotate(2);
        bench.complete(&begun, &parameters).await.unwrap_or_else(|failure| panic!("login {number}: {failure:?}"));
        rotate(3);
        rotations += u64::from(moment < 4);
        // Real providers do not rotate twice a minute; O-08 allows one early fetch in that time.
        bench.clock.advance_ms(MINUTE_MS);
    }
    assert!(rotations >= 28);
    let hours = 200 / 60;
    assert!(bench.idp.count(Endpoint::Jwks) <= rotations + 1 + hours);
}

/// O-11: a provider's outage is that provider's alone, and it is asked less and less.
#[tokio::test]
async fn o_11_an_outage_backs_off_and_ends() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.fault(Endpoint::Discovery, Fault::status(503));
    });
    let mut asked = 0;
    // Back-off of 1, 2, 4, 8, 16, 32, 60 and 60 s: each fetch comes when it is due and not before.
    for wait_s in [0, 1, 2, 4, 8, 16, 32, 60, 60] {
        bench.clock.advance_ms(wait_s * 1000 - 1);
        if wait_s > 0 {
            bench.refused_unavailable("document_status").await;
            assert_eq!(bench.idp.count(Endpoint::Discovery), asked, "{wait_s}");
        }
        bench.clock.advance_ms(1);
        bench.refused_unavailable("document_status").await;
        asked += 1;
        assert_eq!(bench.idp.count(Endpoint::Discovery), asked, "{wait_s}");
    }
    bench.idp.behave();
    bench.clock.advance_ms(MINUTE_MS);
    bench.accepted("the outage is over").await;
}
