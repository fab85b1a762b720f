//! What the browser brings back: O-04, O-27, O-28, and what the token endpoint says to it.

use playground::oidc_idp::tamper::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::federation::oidc::{ADA, Bench, set};

type Change = fn(&mut Vec<(String, String)>);

fn put(params: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    params.retain(|(known, _)| known != name);
    params.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn o_04_the_issuer_of_the_answer_is_ours_octet_for_octet() {
    let bench = Bench::new().await;
    let issuer = bench.idp.issuer.clone();
    let port = issuer.rsplit(':').next().unwrap();
    let foreign = [
        "https://evil.example.test".to_owned(),
        format!("{issuer}/"),
        issuer.to_uppercase(),
        format!("HTTP://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}1"),
        format!("http://127.0.0.1:0{port}"),
        format!("http://%31%32%37.0.0.1:{port}"),
        format!(" {issuer}"),
        String::new(),
    ];
    for iss in foreign {
        let mutated = iss.clone();
        bench.idp.tamper(|tamper| {
            tamper.callback(move |params| put(params, "iss", Some(&mutated)));
        });
        bench.refused(&iss, "issuer_mismatch").await;
    }
    // Announced in discovery but not there, in answers and in errors alike.
    bench.idp.tamper(|tamper| {
        tamper.callback(|params| put(params, "iss", None));
    });
    bench.refused("no iss", "issuer_missing").await;
    bench.idp.tamper(|tamper| {
        tamper.callback(|params| {
            params.clear();
            put(params, "error", Some("access_denied"));
        });
    });
    bench.refused("an error without iss", "issuer_missing").await;
}

#[tokio::test]
async fn o_04_a_provider_that_announces_nothing_may_leave_iss_out_but_not_lie() {
    for announced in [Value::Null, json!(false)] {
        let bench = Bench::new().await;
        let silent = move |document: &mut Value| set(document, "authorization_response_iss_parameter_supported", announced.clone());
        bench.idp.tamper(|tamper| {
            tamper.discovery(silent).callback(|params| put(params, "iss", None));
        });
        bench.accepted("no iss, none announced").await;
        bench.idp.tamper(|tamper| {
            tamper.callback(|params| put(params, "iss", Some("https://evil.example.test")));
        });
        bench.refused("foreign iss, none announced", "issuer_mismatch").await;
    }
}

#[tokio::test]
async fn o_27_conflicting_answers_are_refused() {
    let bench = Bench::new().await;
    let rows: [(&str, Change, &str); 8] = [
        ("code with error", |p| put(p, "error", Some("access_denied")), "code_and_error"),
        ("neither code nor error", |p| put(p, "code", None), "code_missing"),
        ("empty code", |p| put(p, "code", Some("")), "code_malformed"),
        ("oversized code", |p| put(p, "code", Some(&"a".repeat(4097))), "code_malformed"),
        ("a token of the implicit flow", |p| put(p, "access_token", Some("a")), "token_in_front_channel"),
        ("an ID token of the hybrid flow", |p| put(p, "id_token", Some("a.b.c")), "token_in_front_channel"),
        ("a code that nobody made", |p| put(p, "code", Some("invented")), "code_refused"),
        ("a code with line breaks", |p| put(p, "code", Some("a\r\nb")), "code_refused"),
    ];
    for (what, change, reason) in rows {
        bench.idp.tamper(|tamper| {
            tamper.callback(change);
        });
        bench.refused(what, reason).await;
    }
}

#[tokio::test]
async fn o_28_error_codes_come_from_a_fixed_list_and_texts_from_nowhere() {
    let bench = Bench::new().await;
    for (sent, shown) in [
        ("access_denied", "access_denied"),
        ("login_required", "login_required"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("<script>alert(1)</script>", "access_denied"),
        ("made_up\r\nset-cookie: a=b", "access_denied"),
        ("", "access_denied"),
    ] {
        bench.idp.tamper(|tamper| {
            tamper.callback(move |params| {
                put(params, "code", None);
                put(params, "error", Some(sent));
                put(params, "error_description", Some("<script>canary</script>\r\nx: y"));
                put(params, "error_uri", Some("https://evil.example.test/canary"));
            });
        });
        let begun = bench.begin().await.unwrap();
        let parameters = bench.sign_in(&begun, ADA).await;
        let failure = bench.complete(&begun, &parameters).await.unwrap_err();
        assert_eq!(failure.reason(), shown, "{sent}");
        assert!(!format!("{failure} {failure:?}").contains("canary"));
    }
    bench.idp.behave();
    bench.accepted("without the error").await;
}

#[tokio::test]
async fn o_28_refusals_of_the_token_endpoint_are_told_apart_without_their_text() {
    let bench = Bench::new().await;
    let error = |code: &str| json!({ "error": code, "error_description": "canary" }).to_string();
    for (what, status, kind, body, reason) in [
        ("invalid_grant", 400, "application/json", error("invalid_grant"), "code_refused"),
        ("invalid_client", 401, "application/json", error("invalid_client"), "client_refused"),
        ("unauthorized_client", 400, "application/json", error("unauthorized_client"), "client_refused"),
        ("another error", 400, "application/json", error("invalid_request"), "token_request_refused"),
        ("an outage", 503, "text/html", "<h1>canary</h1>".to_owned(), "token_endpoint_status"),
        ("a redirect status", 302, "text/html", String::new(), "token_endpoint_status"),
        ("HTML with 200", 200, "text/html", "<h1>canary</h1>".to_owned(), "token_answer_malformed"),
        ("not JSON", 200, "application/json", "canary".to_owned(), "token_answer_malformed"),
        (
            "no access token",
            200,
            "application/json",
            json!({ "token_type": "Bearer", "id_token": "a.b.c" }).to_string(),
            "token_answer_malformed",
        ),
        (
            "another token type",
            200,
            "application/json",
            json!({ "access_token": "a", "token_type": "mac", "id_token": "a.b.c" }).to_string(),
            "token_answer_malformed",
        ),
        (
            "no ID token",
            200,
            "application/json",
            json!({ "access_token": "a", "token_type": "bearer" }).to_string(),
            "id_token_missing",
        ),
        (
            "a doubled member",
            200,
            "application/json",
            r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#.to_owned(),
            "token_answer_malformed",
        ),
    ] {
        bench.idp.tamper(|tamper| {
            tamper.fault(Endpoint::Token, Fault::body(status, kind, &body));
        });
        let failure = bench.login().await.unwrap_err();
        assert_eq!(failure.reason(), reason, "{what}");
        assert!(!format!("{failure} {failure:?}").contains("canary"), "{what}");
        bench.idp.behave();
    }
    bench.idp.tamper(|tamper| {
        tamper.fault(Endpoint::Token, Fault::huge(1));
    });
    bench.refused("an endless answer", "token_answer_too_large").await;
    // N-03: the token request, secret included, follows no redirect.
    let elsewhere = format!("{}/elsewhere", bench.idp.issuer);
    bench.idp.tamper(|tamper| {
        tamper.fault(Endpoint::Token, Fault::redirect(&elsewhere));
    });
    bench.refused("a redirect", "token_endpoint_status").await;
    assert_eq!(bench.idp.count(Endpoint::Elsewhere), 0);
}

/// An answer must not meet other settings than those with which its login began.
#[tokio::test]
async fn a_login_does_not_survive_a_change_of_its_provider() {
    let mut bench = Bench::new().await;
    let begun = bench.begin().await.unwrap();
    let parameters = bench.sign_in(&begun, ADA).await;
    let honest = bench.provider.clone();
    for (key, value) in [("client_id", "other"), ("oidc_issuer", "http://127.0.0.1:1")] {
        bench.provider.details.insert(key.to_owned(), value.to_owned());
        assert_eq!(bench.complete(&begun, &parameters).await.unwrap_err().reason(), "provider_changed", "{key}");
        bench.provider = honest.clone();
    }
    assert!(bench.complete(&begun, &parameters).await.is_ok());
}

/// K-04: a secret moved here from another provider does not open.
#[tokio::test]
async fn a_secret_sealed_for_another_place_is_not_sent() {
    let mut bench = Bench::new().await;
    let honest = bench.provider.clone();
    let moved = bench.context.ports.seal.seal(&["local_other", "identity_provider", "Example", "client_secret"], b"gateway-secret");
    bench.provider.sealed_details.insert("client_secret".to_owned(), moved.unwrap());
    assert_eq!(bench.login().await.unwrap_err().reason(), "internal");
    assert_eq!(bench.idp.count(Endpoint::Token), 0);
    bench.provider = honest;
    bench.accepted("the right secret").await;
}
