//! Userinfo and what becomes of claims: O-15, O-17, O-29.

use playground::oidc_idp::tamper::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::federation::oidc::{ADA, Bench, set};

#[tokio::test]
async fn o_15_userinfo_is_of_the_same_subject_and_json() {
    let bench = Bench::new().await;
    for sub in [Value::Null, json!(""), json!("grace-1906"), json!("ADA-1815"), json!([ADA]), json!(7)] {
        let changed = sub.clone();
        bench.idp.tamper(|tamper| {
            tamper.userinfo(move |document| set(document, "sub", changed.clone()));
        });
        bench.refused(&format!("sub = {sub}"), "userinfo_subject_mismatch").await;
    }
    for (what, fault, reason) in [
        ("HTML", Fault::html(), "userinfo_malformed"),
        ("an array", Fault::body(200, "application/json", "[]"), "userinfo_malformed"),
        ("a doubled subject", Fault::body(200, "application/json", r#"{"sub":"x","sub":"ada-1815"}"#), "userinfo_malformed"),
        ("an outage", Fault::status(503), "userinfo_status"),
        ("a refusal", Fault::status(401), "userinfo_status"),
        ("a redirect", Fault::redirect(&format!("{}/elsewhere", bench.idp.issuer)), "userinfo_status"),
        ("an endless answer", Fault::huge(1), "userinfo_too_large"),
    ] {
        bench.idp.tamper(|tamper| {
            tamper.fault(Endpoint::Userinfo, fault);
        });
        bench.refused(what, reason).await;
    }
    assert_eq!(bench.idp.count(Endpoint::Elsewhere), 0);
}

#[tokio::test]
async fn userinfo_is_asked_by_the_method_of_the_settings_and_only_where_it_is() {
    let mut bench = Bench::with(|config| config.claims_in_id_token = false).await;
    for method in ["GET", "POST"] {
        bench.provider.details.insert("attributes_request_method".to_owned(), method.to_owned());
        assert_eq!(bench.accepted(method).await.claims["email"], "ada@example.com");
    }
    let asked = bench.idp.seen(Endpoint::Userinfo);
    assert!(asked.iter().all(|seen| seen.params.is_empty() && seen.authorization.as_ref().unwrap().starts_with("Bearer ")));
    let without = Bench::with(|config| config.claims_in_id_token = false).await;
    without.idp.tamper(|tamper| {
        tamper.discovery(|document| set(document, "userinfo_endpoint", Value::Null));
    });
    assert!(!without.accepted("no userinfo endpoint").await.claims.contains_key("email"));
    assert_eq!(without.idp.count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn userinfo_wins_over_the_id_token_but_not_in_its_own_facts() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.userinfo(|document| {
            document["name"] = json!("From userinfo");
            for name in ["iss", "aud", "azp", "exp", "iat", "nonce", "auth_time", "acr", "amr", "sid", "jti"] {
                document[name] = json!("forged");
            }
        });
    });
    let identity = bench.accepted("both documents").await;
    assert_eq!(identity.claims["name"], "From userinfo");
    assert_eq!(identity.claims["iss"], bench.idp.issuer.as_str());
    assert!(identity.claims.values().all(|value| value != "forged"));
}

#[tokio::test]
async fn o_17_only_json_true_verifies_an_address() {
    let bench = Bench::with(|config| config.claims_in_id_token = false).await;
    for (value, expected) in [
        (json!(true), true),
        (json!(false), false),
        (json!("true"), false),
        (json!("True"), false),
        (json!(1), false),
        (json!("1"), false),
        (json!("yes"), false),
        (json!([true]), false),
        (json!({ "value": true }), false),
        (Value::Null, false),
    ] {
        let sent = value.clone();
        bench.idp.tamper(|tamper| {
            tamper.userinfo(move |document| {
                set(document, "email_verified", sent.clone());
                document["phone_number"] = json!("+4930123456");
                set(document, "phone_number_verified", sent.clone());
            });
        });
        let claims = bench.accepted(&value.to_string()).await.claims;
        assert_eq!(claims["email_verified"], expected, "{value}");
        assert_eq!(claims["phone_number_verified"], expected, "{value}");
    }
    bench.idp.tamper(|tamper| {
        tamper.userinfo(|document| document["email_verified"] = Value::Null);
    });
    assert_eq!(bench.accepted("an explicit null").await.claims["email_verified"], false);
}

/// O-17: what the ID token says of one address does not verify another one.
#[tokio::test]
async fn o_17_another_address_in_userinfo_does_not_inherit_verification() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.userinfo(|document| {
            document["email"] = json!("victim@example.com");
            set(document, "email_verified", Value::Null);
        });
    });
    let claims = bench.accepted("another address").await.claims;
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("victim@example.com"), &json!(false)));
    bench.idp.behave();
    bench.idp.tamper(|tamper| {
        tamper.userinfo(|document| set(document, "email_verified", Value::Null));
    });
    let claims = bench.accepted("the same address").await.claims;
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("ada@example.com"), &json!(true)));
}

#[tokio::test]
async fn o_29_the_provider_s_tokens_are_offered_only_when_mapped_and_short() {
    let mut bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_claims(|claims| {
            claims["access_token"] = json!("forged");
            claims["id_token"] = json!("forged");
        });
    });
    let claims = bench.accepted("no mapping").await.claims;
    assert!(!claims.contains_key("access_token") && !claims.contains_key("id_token"));
    bench.provider.attribute_mapping.insert("custom:upstream".to_owned(), "access_token".to_owned());
    let claims = bench.accepted("a mapping").await.claims;
    assert!(claims["access_token"].as_str().is_some_and(|token| token != "forged"));
    assert!(!claims.contains_key("id_token"));
    bench.provider.attribute_mapping.insert("custom:token".to_owned(), "id_token".to_owned());
    assert_eq!(bench.accepted("both").await.claims["id_token"].as_str().unwrap().split('.').count(), 3);
    bench.idp.tamper(|tamper| {
        tamper.id_token_claims(|claims| claims["padding"] = json!("a".repeat(2048)));
    });
    bench.refused("a long ID token", "invalid_user_attributes").await;
    bench.provider.attribute_mapping.remove("custom:token");
    bench.idp.tamper(|tamper| {
        tamper.id_token_claims(|claims| claims["padding"] = json!("a".repeat(2048)));
    });
    bench.accepted("a long ID token that nobody maps").await;
}
