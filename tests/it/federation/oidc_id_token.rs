//! The ID token, claim by claim and algorithm by algorithm: O-02, O-05, O-06, O-07, O-12, O-13, O-14, O-30.

use playground::oidc_idp::tamper::{Endpoint, SignWith};
use serde_json::{Value, json};

use crate::federation::oidc::{Bench, START_MS, set};

const NOW: i64 = START_MS / 1000;

type Change = fn(String) -> String;

/// One login for each value of a claim; null takes the claim away.
async fn claim_refused(bench: &Bench, name: &'static str, values: &[Value], reason: &str) {
    for value in values {
        let changed = value.clone();
        bench.idp.tamper(|tamper| {
            tamper.id_token_claims(move |claims| set(claims, name, changed.clone()));
        });
        bench.refused(&format!("{name} = {value}"), reason).await;
    }
}

async fn claim_accepted(bench: &Bench, name: &'static str, values: &[Value]) {
    for value in values {
        let changed = value.clone();
        bench.idp.tamper(|tamper| {
            tamper.id_token_claims(move |claims| set(claims, name, changed.clone()));
        });
        bench.accepted(&format!("{name} = {value}")).await;
        bench.idp.behave();
    }
}

#[tokio::test]
async fn o_02_the_nonce_is_this_login_s() {
    let bench = Bench::new().await;
    let values = [Value::Null, json!(""), json!("other"), json!(["other"]), json!([]), json!(7), json!(true), json!({})];
    claim_refused(&bench, "nonce", &values, "nonce_mismatch").await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_claims(|claims| claims["nonce"] = json!([claims["nonce"]]));
    });
    bench.refused("the right nonce in an array", "nonce_mismatch").await;
    // A whole token of another login.
    let begun = bench.begin().await.unwrap();
    let stolen = bench.idp.forge_id_token(&json!({
        "iss": bench.idp.issuer, "sub": "victim", "aud": "gateway", "exp": NOW + 60, "iat": NOW, "nonce": begun.memory["nonce"],
    }));
    bench.idp.tamper(|tamper| {
        tamper.id_token(move |_| stolen.clone());
    });
    bench.refused("the token of another login", "nonce_mismatch").await;
}

#[tokio::test]
async fn o_05_the_issuer_is_ours_octet_for_octet() {
    let bench = Bench::new().await;
    let issuer = bench.idp.issuer.clone();
    let port = issuer.rsplit(':').next().unwrap().to_owned();
    let values = [
        Value::Null,
        json!(""),
        json!(format!("{issuer}/")),
        json!(issuer.to_uppercase()),
        json!(format!("http://127.0.0.1:0{port}")),
        json!(format!("http://%31%32%37.0.0.1:{port}")),
        json!(format!("http://localhost:{port}")),
        json!([issuer]),
        json!([issuer, "https://evil.example.test"]),
        json!({ "iss": issuer }),
    ];
    claim_refused(&bench, "iss", &values, "issuer_mismatch").await;
}

#[tokio::test]
async fn o_06_the_algorithm_is_never_the_token_s_choice() {
    let bench = Bench::new().await;
    let not_allowed = [
        SignWith::Nothing("none"),
        SignWith::Nothing("None"),
        SignWith::Nothing("NONE"),
        SignWith::Nothing("nOnE"),
        SignWith::Nothing(""),
        SignWith::HmacPublicPem,
        SignWith::HmacPublicDer,
        SignWith::HmacModulus,
        SignWith::HmacKey(Vec::new()),
        SignWith::HmacKey(b"gateway-secret".to_vec()),
        SignWith::Rs384,
        SignWith::Rs512,
        SignWith::Ps256,
        SignWith::Es256FreshKey,
        SignWith::Es256Zero,
        SignWith::Fixed { alg: "RS1".to_owned(), signature: vec![1; 256] },
        SignWith::Fixed { alg: "rs256".to_owned(), signature: vec![1; 256] },
        SignWith::Fixed { alg: "EdDSA".to_owned(), signature: vec![0; 64] },
    ];
    for how in not_allowed {
        let what = format!("{how:?}");
        bench.idp.tamper(|tamper| {
            tamper.sign_with(how);
        });
        bench.refused(&what, "algorithm_not_allowed").await;
    }
    let wrong = [
        SignWith::OtherKey,
        SignWith::Fixed { alg: "RS256".to_owned(), signature: Vec::new() },
        SignWith::Fixed { alg: "RS256".to_owned(), signature: vec![0; 256] },
        SignWith::Fixed { alg: "RS256".to_owned(), signature: vec![255; 256] },
        SignWith::Fixed { alg: "RS256".to_owned(), signature: vec![1; 100] },
    ];
    for how in wrong {
        let what = format!("{how:?}");
        bench.idp.tamper(|tamper| {
            tamper.sign_with(how);
        });
        bench.refused(&what, "signature_invalid").await;
    }
}

/// Discovery widens the list, to asymmetric algorithms only; a key of another kind never fits.
#[tokio::test]
async fn o_06_discovery_may_list_more_but_never_a_shared_secret() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.discovery(|document| {
            document["id_token_signing_alg_values_supported"] = json!(["RS256", "RS384", "PS256", "ES256", "HS256", "none", "XX9"]);
        });
        // The published key names RS256 as its only use.
        tamper.jwks(|document| {
            document["keys"][0].as_object_mut().unwrap().remove("alg");
        });
    });
    let listed = bench.begin().await.unwrap();
    bench.sign_in(&listed, "ada-1815").await;
    for (how, outcome) in [
        (SignWith::Rs256, None),
        (SignWith::Rs384, None),
        (SignWith::Ps256, None),
        (SignWith::Rs512, Some("algorithm_not_allowed")),
        (SignWith::HmacModulus, Some("algorithm_not_allowed")),
        (SignWith::HmacPublicPem, Some("algorithm_not_allowed")),
        (SignWith::Nothing("none"), Some("algorithm_not_allowed")),
        (SignWith::Es256Zero, Some("key_unknown")),
        (SignWith::Es256FreshKey, Some("key_unknown")),
    ] {
        let what = format!("{how:?}");
        // The stand-in hashes at_hash with SHA-256 whatever signs: leave it out.
        bench.idp.tamper(|tamper| {
            tamper.sign_with(how).id_token_claims(|claims| set(claims, "at_hash", Value::Null));
        });
        let found = bench.login().await.err().map(|failure| failure.reason());
        assert_eq!(found, outcome, "{what}");
    }
}

#[tokio::test]
async fn o_06_o_07_the_header_has_no_say() {
    let bench = Bench::new().await;
    let jwks = bench.idp.jwks();
    let elsewhere = format!("{}/jku", bench.idp.issuer);
    // Signed by a stranger's key, which the header offers in every way.
    for (name, value) in [
        ("jku", json!(elsewhere)),
        ("x5u", json!(elsewhere)),
        ("jwk", jwks["keys"][0].clone()),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
    ] {
        let offered = value.clone();
        bench.idp.tamper(|tamper| {
            tamper.sign_with(SignWith::OtherKey).id_token_header(move |header| header[name] = offered.clone());
        });
        bench.refused(name, "signature_invalid").await;
        // Control: on an honest token the same member is ignored.
        bench.idp.tamper(|tamper| {
            tamper.id_token_header(move |header| header[name] = value.clone());
        });
        bench.accepted(name).await;
        bench.idp.behave();
    }
    assert_eq!(bench.idp.count(Endpoint::Elsewhere), 0, "no egress to where a token points");
    for (name, value, reason) in [
        ("crit", json!(["b64"]), "id_token_critical_header"),
        ("crit", json!([]), "id_token_critical_header"),
        ("typ", json!("at+jwt"), "id_token_type"),
        ("typ", json!("logout+jwt"), "id_token_type"),
        ("typ", json!(7), "id_token_type"),
        ("alg", Value::Null, "algorithm_not_allowed"),
        ("alg", json!(["RS256"]), "algorithm_not_allowed"),
        ("alg", json!({ "name": "RS256" }), "algorithm_not_allowed"),
        ("kid", json!(7), "id_token_malformed"),
        ("kid", json!(["a"]), "id_token_malformed"),
    ] {
        let what = format!("{name} = {value}");
        bench.idp.tamper(|tamper| {
            tamper.id_token_header(move |header| set(header, name, value.clone()));
        });
        bench.refused(&what, reason).await;
    }
}

#[tokio::test]
async fn o_06_other_forms_than_a_signed_token_are_refused() {
    let bench = Bench::new().await;
    let rows: [(&str, Change, &str); 12] = [
        ("empty", |_| String::new(), "id_token_malformed"),
        ("one part", |t| t.replace('.', ""), "id_token_malformed"),
        ("two parts", |t| t[..t.rfind('.').unwrap()].to_owned(), "id_token_malformed"),
        ("four parts", |t| format!("{t}."), "id_token_malformed"),
        ("five parts, an encrypted token", |t| format!("{t}.AAAA.AAAA"), "id_token_malformed"),
        ("a flood of dots", |_| ".".repeat(10_000), "id_token_malformed"),
        ("padding", |t| format!("{t}="), "signature_invalid"),
        ("white space", |t| format!("{t} "), "signature_invalid"),
        ("a line break before", |t| format!("\n{t}"), "id_token_malformed"),
        ("the signature stripped", |t| format!("{}.", &t[..t.rfind('.').unwrap()]), "signature_invalid"),
        ("a JSON-serialised token", |t| format!("{{\"payload\":\"{t}\"}}"), "id_token_malformed"),
        ("too long", |t| t + &"A".repeat(16 * 1024), "id_token_too_long"),
    ];
    for (what, change, reason) in rows {
        bench.idp.tamper(|tamper| {
            tamper.id_token(change);
        });
        bench.refused(what, reason).await;
    }
    // Every single changed character of the signed part breaks the signature or the form.
    for place in [3, 40, 90, 140, 200] {
        bench.idp.tamper(|tamper| {
            tamper.id_token(move |token| {
                let mut bytes = token.into_bytes();
                bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
                String::from_utf8(bytes).unwrap()
            });
        });
        assert!(bench.login().await.is_err(), "{place}");
        bench.idp.behave();
    }
}

#[tokio::test]
async fn a_doubled_member_is_refused_though_it_is_signed() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_payload(|payload| payload.replacen('{', "{\"sub\":\"victim\",", 1));
    });
    bench.refused("two subjects", "id_token_malformed").await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_payload(|payload| payload.replacen('{', "{\"address\":{\"a\":1,\"a\":2},", 1));
    });
    bench.refused("doubled deeper down", "id_token_malformed").await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_payload(|payload| payload.replacen('{', "{\"address\":{\"a\":1,\"b\":2},", 1));
    });
    bench.accepted("the control").await;
    for payload in ["[]", "null", "\"text\"", "{}trailing", "\u{feff}{}", ""] {
        bench.idp.behave();
        bench.idp.tamper(|tamper| {
            tamper.id_token_payload(move |_| payload.to_owned());
        });
        bench.refused(payload, "id_token_malformed").await;
    }
}

#[tokio::test]
async fn o_12_the_audience_is_our_client_alone() {
    let bench = Bench::new().await;
    let values = [
        Value::Null,
        json!(""),
        json!("other"),
        json!("gateway "),
        json!("Gateway"),
        json!(7),
        json!(true),
        json!({ "gateway": true }),
        json!([]),
        json!(["other"]),
        json!(["gateway", "other"]),
        json!(["gateway", 7]),
        json!([["gateway"]]),
        json!("gateway other"),
    ];
    claim_refused(&bench, "aud", &values, "audience_mismatch").await;
    claim_accepted(&bench, "aud", &[json!(["gateway"])]).await;
    claim_refused(&bench, "aud", &[json!(["gateway", "gateway"])], "authorized_party_missing").await;
    claim_refused(&bench, "azp", &[json!("other"), json!(""), json!(["gateway"]), json!(7)], "authorized_party_mismatch").await;
    claim_accepted(&bench, "azp", &[json!("gateway")]).await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_claims(|claims| {
            claims["aud"] = json!(["gateway", "gateway"]);
            claims["azp"] = json!("gateway");
        });
    });
    bench.accepted("several audiences, all ours, with azp").await;
}

#[tokio::test]
async fn o_13_times_are_whole_seconds_and_within_bounds() {
    let bench = Bench::new().await;
    let odd = [
        json!("1795219200"),
        json!(1_795_219_200.5),
        json!(1.8e9),
        json!(-1),
        json!(9_223_372_036_854_775_808_u64),
        json!([1]),
        json!(true),
        json!({}),
    ];
    for name in ["exp", "iat", "nbf", "auth_time"] {
        claim_refused(&bench, name, &odd, "time_claim_malformed").await;
    }
    claim_refused(&bench, "exp", &[Value::Null], "expiry_missing").await;
    claim_refused(&bench, "exp", &[json!(NOW - 61), json!(0), json!(NOW - 100_000)], "id_token_expired").await;
    claim_accepted(&bench, "exp", &[json!(NOW - 60), json!(NOW - 30), json!(NOW), json!(i64::MAX)]).await;
    claim_refused(&bench, "iat", &[Value::Null], "issue_time_missing").await;
    claim_refused(&bench, "iat", &[json!(NOW + 61), json!(NOW + 3600), json!(i64::MAX)], "id_token_from_the_future").await;
    claim_refused(&bench, "iat", &[json!(NOW - 601), json!(0)], "id_token_too_old").await;
    claim_accepted(&bench, "iat", &[json!(NOW - 600), json!(NOW + 60)]).await;
    claim_refused(&bench, "nbf", &[json!(NOW + 61), json!(i64::MAX)], "id_token_not_yet_valid").await;
    claim_accepted(&bench, "nbf", &[json!(NOW + 60), json!(0)]).await;
    claim_refused(&bench, "auth_time", &[json!(NOW + 61)], "sign_in_from_the_future").await;
    claim_accepted(&bench, "auth_time", &[Value::Null, json!(0)]).await;
}

#[tokio::test]
async fn o_14_hashes_are_verified_when_present() {
    let bench = Bench::new().await;
    let wrong = [json!(""), json!("AAAAAAAAAAAAAAAAAAAAAA"), json!(7), json!([]), json!({})];
    claim_refused(&bench, "at_hash", &wrong, "access_token_hash_mismatch").await;
    claim_accepted(&bench, "at_hash", &[Value::Null]).await;
    claim_refused(&bench, "c_hash", &wrong, "code_hash_mismatch").await;
    // The access token of another answer beside an honest ID token.
    bench.idp.tamper(|tamper| {
        tamper.token_response(|answer| answer["access_token"] = json!("another"));
    });
    bench.refused("another access token", "access_token_hash_mismatch").await;
}

#[tokio::test]
async fn the_subject_is_a_text_that_can_be_a_name() {
    let bench = Bench::new().await;
    let values = [Value::Null, json!(""), json!(7), json!(["a"]), json!("a".repeat(256)), json!("a\u{0}b"), json!("a\r\nb")];
    claim_refused(&bench, "sub", &values, "subject_invalid").await;
    // Control: another sound subject comes as far as userinfo, which contradicts it (O-15).
    claim_refused(&bench, "sub", &[json!("a".repeat(255))], "userinfo_subject_mismatch").await;
}

#[tokio::test]
async fn o_30_max_age_and_prompt_are_checked_in_the_answer() {
    let mut bench = Bench::new().await;
    bench.authorization.max_age_s = Some(300);
    claim_refused(&bench, "auth_time", &[Value::Null], "sign_in_time_missing").await;
    claim_refused(&bench, "auth_time", &[json!(NOW - 361), json!(0)], "sign_in_too_old").await;
    claim_accepted(&bench, "auth_time", &[json!(NOW - 300), json!(NOW - 360), json!(NOW)]).await;
    bench.authorization.max_age_s = Some(0);
    claim_refused(&bench, "auth_time", &[json!(NOW - 61)], "sign_in_too_old").await;
    bench.authorization.max_age_s = Some(i64::MAX);
    claim_accepted(&bench, "auth_time", &[json!(0)]).await;
    bench.authorization.max_age_s = None;
    claim_accepted(&bench, "auth_time", &[json!(NOW - 100_000)]).await;
    bench.authorization.prompt = Some("login consent".to_owned());
    claim_refused(&bench, "auth_time", &[json!(NOW - 61)], "sign_in_not_repeated").await;
    claim_accepted(&bench, "auth_time", &[json!(NOW), Value::Null]).await;
}
