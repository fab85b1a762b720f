//! Settings and discovery: what is saved, what is refused, and what discovery may say (O-05).

use fedgate::federation::provider::Provider as _;
use fedgate::model::failure::Failure;
use fedgate::model::identity_provider::IdentityProvider;
use playground::oidc_idp::tamper::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::federation::oidc::{Bench, set, url};

async fn validate(bench: &Bench, change: impl FnOnce(&mut IdentityProvider)) -> Result<IdentityProvider, Failure> {
    let mut provider = bench.provider.clone();
    change(&mut provider);
    bench.oidc.validate(&bench.context, &mut provider).await.map(|()| provider)
}

fn detail<'a>(key: &'a str, value: &'a str) -> impl FnOnce(&mut IdentityProvider) + 'a {
    move |provider| {
        provider.details.insert(key.to_owned(), value.to_owned());
    }
}

#[tokio::test]
async fn discovery_fills_the_endpoints_that_are_missing() {
    let bench = Bench::new().await;
    let issuer = &bench.idp.issuer;
    let saved = validate(&bench, |_| {}).await.unwrap();
    for (key, path) in
        [("authorize_url", "authorize"), ("token_url", "token"), ("attributes_url", "userinfo"), ("jwks_uri", "jwks")]
    {
        assert_eq!(saved.details[key], format!("{issuer}/{path}"));
    }
    assert_eq!(saved.details["attributes_url_add_attributes"], "false");
    let by_hand = format!("{issuer}/token?tenant=a");
    let saved = validate(&bench, detail("token_url", &by_hand)).await.unwrap();
    assert_eq!(saved.details["token_url"], by_hand, "what was given stays");
    // Saving what was read back is no change.
    let again = validate(&bench, |provider| provider.details = saved.details.clone()).await.unwrap();
    assert_eq!(again, saved);
}

#[tokio::test]
async fn wrong_settings_are_refused_by_name() {
    let bench = Bench::new().await;
    let issuer = bench.idp.issuer.clone();
    let (slash, query) = (format!("{issuer}/"), format!("{issuer}?a=b"));
    let long = "a".repeat(2049);
    for (key, value) in [
        ("client_id", ""),
        ("client_id", long.as_str()),
        ("client_id", "a\r\nb"),
        ("oidc_issuer", ""),
        ("oidc_issuer", "idp.example.test"),
        ("oidc_issuer", "ftp://idp.example.test"),
        ("oidc_issuer", "https://user@idp.example.test"),
        ("oidc_issuer", "https://idp.example.test#a"),
        ("oidc_issuer", slash.as_str()),
        ("oidc_issuer", query.as_str()),
        ("oidc_issuer", "http://93.184.216.34"),
        ("oidc_issuer", "https://10.0.0.1"),
        ("oidc_issuer", "https://169.254.169.254"),
        ("authorize_scopes", ""),
        ("authorize_scopes", "profile email"),
        ("authorize_scopes", "openid pro\"file"),
        ("attributes_request_method", ""),
        ("attributes_request_method", "PUT"),
        ("attributes_request_method", "get"),
        ("authorize_url", "javascript:alert(1)"),
        ("authorize_url", "data:text/html,a"),
        ("authorize_url", "https://user:secret@idp.example.test/a"),
        ("token_url", "file:///etc/hostname"),
        ("token_url", "https://[::1]/token"),
        ("jwks_uri", "https://192.168.0.1/keys"),
        ("attributes_url", "gopher://idp.example.test/"),
        ("attributes_url_add_attributes", "true"),
        ("client_secret", "in the clear"),
        ("client_secrets", "misspelt"),
        ("idp_x509", "of another kind"),
    ] {
        match validate(&bench, detail(key, value)).await {
            Err(Failure::InvalidParameter(text)) => assert!(text.contains(key), "{key}: {text}"),
            other => panic!("{key} = {value}: {other:?}"),
        }
    }
    for key in ["client_id", "oidc_issuer", "authorize_scopes", "attributes_request_method"] {
        let outcome = validate(&bench, |provider| drop(provider.details.remove(key))).await;
        assert!(matches!(outcome, Err(Failure::InvalidParameter(text)) if text.contains(key)), "{key}");
    }
    let outcome = validate(&bench, |provider| drop(provider.sealed_details.insert("private_key".to_owned(), String::new()))).await;
    assert!(matches!(outcome, Err(Failure::InvalidParameter(_))));
    // Controls: a public client, and the settings as they are.
    assert!(validate(&bench, |provider| provider.sealed_details.clear()).await.is_ok());
    assert!(validate(&bench, |_| {}).await.is_ok());
}

#[tokio::test]
async fn an_unreachable_provider_is_saved_only_with_all_its_endpoints() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.fault(Endpoint::Discovery, Fault::status(404));
    });
    let issuer = bench.idp.issuer.clone();
    let endpoints = [("authorize_url", "authorize"), ("token_url", "token"), ("attributes_url", "userinfo"), ("jwks_uri", "jwks")];
    let by_hand = |provider: &mut IdentityProvider| {
        for (key, path) in endpoints {
            provider.details.insert(key.to_owned(), format!("{issuer}/{path}"));
        }
    };
    for (missing, _) in endpoints {
        let outcome = validate(&bench, |provider| {
            by_hand(provider);
            provider.details.remove(missing);
        });
        assert!(matches!(outcome.await, Err(Failure::InvalidParameter(text)) if text.contains(missing)), "{missing}");
    }
    let mut saved = validate(&bench, by_hand).await.unwrap();
    // It works without discovery too: credentials in the form, RS256.
    let mut bench = bench;
    std::mem::swap(&mut bench.provider, &mut saved);
    bench.accepted("by hand").await;
    // A provider of the configuration file does not stop the start, whatever its state.
    let declared = validate(&bench, |provider| {
        provider.declared = true;
        provider.details.retain(|key, _| !endpoints.iter().any(|(endpoint, _)| key == endpoint));
    });
    assert!(!declared.await.unwrap().details.contains_key("token_url"));
}

#[tokio::test]
async fn o_05_a_discovery_document_must_be_of_this_issuer_and_whole() {
    type Change = fn(&mut Value);
    let rows: [(&str, Change, &str); 14] = [
        ("trailing slash", |d| d["issuer"] = json!(format!("{}/", d["issuer"].as_str().unwrap())), "discovery_issuer_mismatch"),
        ("upper case", |d| d["issuer"] = json!(d["issuer"].as_str().unwrap().to_uppercase()), "discovery_issuer_mismatch"),
        (
            "localhost",
            |d| d["issuer"] = json!(d["issuer"].as_str().unwrap().replace("127.0.0.1", "localhost")),
            "discovery_issuer_mismatch",
        ),
        (
            "percent",
            |d| d["issuer"] = json!(d["issuer"].as_str().unwrap().replace("127", "%31%32%37")),
            "discovery_issuer_mismatch",
        ),
        ("template", |d| d["issuer"] = json!("https://login.example.test/{tenantid}/v2.0"), "discovery_issuer_mismatch"),
        ("another host", |d| d["issuer"] = json!("https://evil.example.test"), "discovery_issuer_mismatch"),
        ("no issuer", |d| set(d, "issuer", Value::Null), "discovery_incomplete"),
        ("an array", |d| d["issuer"] = json!([d["issuer"]]), "discovery_incomplete"),
        ("no authorization endpoint", |d| set(d, "authorization_endpoint", Value::Null), "discovery_incomplete"),
        ("no token endpoint", |d| set(d, "token_endpoint", Value::Null), "discovery_incomplete"),
        ("no keys", |d| set(d, "jwks_uri", Value::Null), "discovery_incomplete"),
        ("a script", |d| d["authorization_endpoint"] = json!("javascript:alert(1)"), "authorize_url_not_allowed"),
        (
            "shared secrets only",
            |d| d["id_token_signing_alg_values_supported"] = json!(["HS256", "none"]),
            "discovery_without_usable_algorithm",
        ),
        ("keys inside", |d| d["jwks_uri"] = json!("http://10.0.0.1/keys"), "document_address_refused"),
    ];
    let mut bench = Bench::new().await;
    for (what, change, reason) in rows {
        bench.rename(what);
        bench.idp.tamper(|tamper| {
            tamper.discovery(change);
        });
        assert_eq!(bench.login().await.err().map(|failure| failure.reason()), Some(reason), "{what}");
        bench.idp.behave();
        bench.rename(&format!("{what}, the control"));
        bench.accepted(what).await;
    }
    let doubled = Fault::body(200, "application/json", r#"{"issuer":"a","issuer":"b"}"#);
    for (what, fault) in [("not JSON", Fault::html()), ("doubled", doubled)] {
        bench.rename(what);
        bench.idp.tamper(|tamper| {
            tamper.fault(Endpoint::Discovery, fault);
        });
        assert_eq!(bench.login().await.unwrap_err().reason(), "discovery_malformed", "{what}");
    }
}

/// Members that we do not use cannot make a document bad.
#[tokio::test]
async fn odd_members_of_discovery_do_no_harm() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.discovery(|document| {
            document["op_tos_uri"] = json!("");
            document["claims_supported"] = json!([7]);
            document["ui_locales_supported"] = json!("de");
            document["id_token_signing_alg_values_supported"] = json!(["RS256", "ES256K", "HS1"]);
        });
    });
    bench.accepted("odd members").await;
}

#[tokio::test]
async fn client_credentials_go_where_discovery_takes_them() {
    let mut bench = Bench::new().await;
    for (methods, in_form) in [
        (json!(["client_secret_post"]), true),
        (json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]), true),
        (json!(["client_secret_basic"]), false),
        (Value::Null, false),
    ] {
        bench.rename(&methods.to_string());
        let listed = methods.clone();
        bench.idp.tamper(|tamper| {
            tamper.discovery(move |document| set(document, "token_endpoint_auth_methods_supported", listed.clone()));
        });
        bench.accepted(&methods.to_string()).await;
        let request = bench.idp.seen(Endpoint::Token).pop().unwrap();
        assert_eq!(request.get("client_secret").is_some(), in_form, "{methods}");
        assert_eq!(request.authorization.is_some(), !in_form, "{methods}");
    }
}

#[tokio::test]
async fn an_authorization_endpoint_keeps_its_own_query() {
    let bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.discovery(|document| {
            document["authorization_endpoint"] =
                json!(format!("{}?policy=b2c", document["authorization_endpoint"].as_str().unwrap()));
        });
    });
    let begun = bench.begin().await.unwrap();
    assert!(url(&begun).contains("/authorize?policy=b2c&response_type=code"), "{}", url(&begun));
    bench.accepted("with its query").await;
}

/// Begun logins carry secrets in their memory only, never in the redirect.
#[tokio::test]
async fn the_redirect_carries_no_secret() {
    let bench = Bench::new().await;
    let begun = bench.begin().await.unwrap();
    let verifier = begun.memory["verifier"].as_str().unwrap();
    assert!(!url(&begun).contains(verifier) && !url(&begun).contains("gateway-secret"));
}
