//! What a generic OIDC provider may be allowed beyond the common: more audiences, signed userinfo, levels, issuers by template.
//!
//! Each is off unless its setting says so, which is the control of each (O-05, O-12, O-15, O-16, O-30).

use fedgate::federation::provider::Provider as _;
use playground::oidc_idp::tamper::{Endpoint, SignWith};
use serde_json::{Value, json};

use crate::federation::oidc::{ADA, Bench, set, url};

#[tokio::test]
async fn o_12_other_audiences_count_only_when_listed() {
    let mut bench = Bench::new().await;
    let several = |bench: &Bench, audience: Value, party: Value| {
        bench.idp.tamper(|tamper| {
            tamper.id_token_claims(move |claims| {
                claims["aud"] = audience.clone();
                set(claims, "azp", party.clone());
            });
        });
    };
    let both = json!(["gateway", "https://api.example"]);
    several(&bench, both.clone(), json!("gateway"));
    bench.refused("not listed", "audience_mismatch").await;
    bench.provider.details.insert("trusted_audiences".to_owned(), "https://api.example https://other.example".to_owned());
    several(&bench, both.clone(), json!("gateway"));
    bench.accepted("listed").await;
    several(&bench, both.clone(), Value::Null);
    bench.refused("several without azp", "authorized_party_missing").await;
    several(&bench, both, json!("https://api.example"));
    bench.refused("asked by another", "authorized_party_mismatch").await;
    for audience in
        [json!(["https://api.example"]), json!("https://api.example"), json!(["gateway", "evil"]), json!(["gateway", 7]), json!([])]
    {
        several(&bench, audience.clone(), json!("gateway"));
        bench.refused(&audience.to_string(), "audience_mismatch").await;
    }
}

#[tokio::test]
async fn o_15_signed_userinfo_is_verified_with_the_provider_s_keys() {
    let bench = Bench::with(|config| config.claims_in_id_token = false).await;
    bench.idp.tamper(|tamper| {
        tamper.userinfo_as_jwt();
    });
    let claims = bench.accepted("signed").await.claims;
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("ada@example.com"), &json!(true)));
    bench.idp.behave();
    for (signing, reason) in [
        (SignWith::OtherKey, "signature_invalid"),
        (SignWith::Nothing("none"), "algorithm_not_allowed"),
        (SignWith::HmacPublicPem, "algorithm_not_allowed"),
        (SignWith::HmacKey(b"gateway-secret".to_vec()), "algorithm_not_allowed"),
        (SignWith::Fixed { alg: "RS256".to_owned(), signature: vec![0; 256] }, "signature_invalid"),
    ] {
        let what = format!("{signing:?}");
        bench.idp.tamper(|tamper| {
            tamper.userinfo_signed_with(signing);
        });
        bench.refused(&what, reason).await;
    }
    for (name, value, reason) in [
        ("sub", json!("grace-1906"), "userinfo_subject_mismatch"),
        ("sub", Value::Null, "userinfo_subject_mismatch"),
        ("iss", json!("https://evil.example"), "userinfo_issuer_mismatch"),
        ("aud", json!("other"), "userinfo_audience_mismatch"),
        ("aud", json!(["other"]), "userinfo_audience_mismatch"),
        ("aud", json!(7), "userinfo_audience_mismatch"),
    ] {
        let what = format!("{name} = {value}");
        bench.idp.tamper(|tamper| {
            tamper.userinfo_as_jwt().userinfo(move |document| set(document, name, value.clone()));
        });
        bench.refused(&what, reason).await;
    }
}

#[tokio::test]
async fn o_30_a_level_that_was_asked_for_is_passed_on_and_compared() {
    let mut bench = Bench::new().await;
    bench.idp.tamper(|tamper| {
        tamper.id_token_claims(|claims| claims["acr"] = json!("urn:example:low"));
    });
    bench.accepted("nobody asked").await;
    assert_eq!(bench.idp.last_authorize().unwrap().get("acr_values"), None);
    bench.authorization.acr_values = Some("urn:example:mfa urn:example:hardware".to_owned());
    for (acr, accepted) in [
        (json!("urn:example:mfa"), true),
        (json!("urn:example:hardware"), true),
        (json!("urn:example:low"), false),
        (json!("urn:example:mfa urn:example:hardware"), false),
        (json!(["urn:example:mfa"]), false),
        (json!(""), false),
        (Value::Null, false),
    ] {
        let sent = acr.clone();
        bench.idp.tamper(|tamper| {
            tamper.id_token_claims(move |claims| set(claims, "acr", sent.clone()));
        });
        let outcome = bench.login().await.map_err(|failure| failure.reason());
        assert_eq!(outcome.is_ok(), accepted, "{acr}: {outcome:?}");
        assert!(outcome.is_ok() || outcome.err() == Some("acr_mismatch"));
    }
    assert_eq!(bench.idp.last_authorize().unwrap().get("acr_values"), Some("urn:example:mfa urn:example:hardware"));
    // Userinfo has no word in it.
    bench.idp.behave();
    bench.idp.tamper(|tamper| {
        tamper.userinfo(|document| document["acr"] = json!("urn:example:mfa"));
    });
    assert_eq!(bench.login().await.unwrap_err().reason(), "acr_mismatch");
}

/// A stand-in with one issuer for each tenant, as Microsoft Entra ID has: discovery names the template, tokens fill it in.
fn become_multi_tenant(bench: &Bench, tenant: &'static str, iss: Option<String>) {
    let template = format!("{}/{{tenantid}}/v2.0", bench.idp.issuer);
    let issuer = iss.unwrap_or_else(|| template.replace("{tenantid}", tenant));
    bench.idp.tamper(|tamper| {
        tamper.discovery(move |document| {
            document["issuer"] = json!(template);
            document["authorization_response_iss_parameter_supported"] = json!(false);
        });
        tamper.callback(|params| params.retain(|(name, _)| name != "iss"));
        tamper.id_token_claims(move |claims| {
            claims["iss"] = json!(issuer);
            claims["tid"] = json!(tenant);
        });
    });
}

#[tokio::test]
async fn o_05_a_template_issuer_counts_only_by_an_explicit_setting() {
    let mut bench = Bench::new().await;
    become_multi_tenant(&bench, "t-1", None);
    assert_eq!(bench.login().await.unwrap_err().reason(), "discovery_issuer_mismatch", "without the setting");
    let template = format!("{}/{{tenantid}}/v2.0", bench.idp.issuer);
    bench.provider.details.insert("issuer_template".to_owned(), template.clone());
    bench.rename("template");
    let first = bench.accepted("any tenant").await;
    assert_eq!(first.subject, ADA);
    // O-16: the same subject of another tenant is somebody else.
    become_multi_tenant(&bench, "t-2", None);
    let second = bench.accepted("another tenant").await;
    assert_eq!(second.subject, first.subject);
    assert_ne!(second.subject_key, first.subject_key);
    // The issuer and the claim must name the same tenant.
    for (tenant, iss, reason) in [
        ("t-1", template.replace("{tenantid}", "t-2"), "tenant_mismatch"),
        ("t-1", template.clone(), "issuer_mismatch"),
        ("t-1", bench.idp.issuer.clone(), "issuer_mismatch"),
        ("t-1", "https://evil.example/t-1/v2.0".to_owned(), "issuer_mismatch"),
        ("t-1/x", template.replace("{tenantid}", "t-1/x"), "issuer_mismatch"),
    ] {
        let what = iss.clone();
        become_multi_tenant(&bench, tenant, Some(iss));
        assert_eq!(bench.login().await.unwrap_err().reason(), reason, "{what}");
    }
    bench.provider.details.insert("allowed_tenants".to_owned(), "t-1 t-3".to_owned());
    become_multi_tenant(&bench, "t-2", None);
    assert_eq!(bench.login().await.unwrap_err().reason(), "tenant_not_allowed");
    become_multi_tenant(&bench, "t-1", None);
    bench.accepted("an allowed tenant").await;
    // O-04: an `iss` of the answer must be the token's own.
    let other = template.replace("{tenantid}", "t-3");
    bench.idp.tamper(|tamper| {
        tamper.callback(move |params| {
            params.retain(|(name, _)| name != "iss");
            params.push(("iss".to_owned(), other.clone()));
        });
    });
    assert_eq!(bench.login().await.unwrap_err().reason(), "issuer_mismatch");
}

/// A key of a shared set that is for one tenant signs for no other.
#[tokio::test]
async fn o_05_a_key_for_one_tenant_signs_for_no_other() {
    let mut bench = Bench::new().await;
    let template = format!("{}/{{tenantid}}/v2.0", bench.idp.issuer);
    bench.provider.details.insert("issuer_template".to_owned(), template.clone());
    for (issuer, accepted) in [
        (template.clone(), true),
        (template.replace("{tenantid}", "t-1"), true),
        (template.replace("{tenantid}", "t-2"), false),
        ("https://login.other.example/{tenantid}/v2.0".to_owned(), false),
    ] {
        bench.rename(&format!("key {accepted} {}", issuer.len()));
        become_multi_tenant(&bench, "t-1", None);
        let named = issuer.clone();
        bench.idp.tamper(|tamper| {
            tamper.jwks(move |document| document["keys"][0]["issuer"] = json!(named));
        });
        let outcome = bench.login().await.map_err(|failure| failure.reason());
        assert_eq!(outcome.is_ok(), accepted, "{issuer}: {outcome:?}");
        assert!(outcome.is_ok() || outcome.err() == Some("key_of_another_issuer"));
    }
}

#[tokio::test]
async fn the_extra_settings_are_checked_when_saved() {
    let bench = Bench::new().await;
    let issuer = &bench.idp.issuer;
    let saved = async |changes: &[(&str, String)]| {
        let mut provider = bench.provider.clone();
        for (key, value) in changes {
            provider.details.insert((*key).to_owned(), value.clone());
        }
        bench.oidc.validate(&bench.context, &mut provider).await.map(|()| provider.details)
    };
    let good = ("issuer_template", format!("{issuer}/{{tenantid}}/v2.0"));
    become_multi_tenant(&bench, "t-1", None);
    assert!(saved(&[good.clone(), ("allowed_tenants", "t-1 t-2".to_owned())]).await.is_ok());
    bench.idp.behave();
    assert_eq!(bench.idp.count(Endpoint::Token), 0);
    for (key, value) in [
        ("issuer_template", issuer.clone()),
        ("issuer_template", format!("{issuer}/{{tenantid}}/{{tenantid}}")),
        ("issuer_template", format!("{issuer}/a{{tenantid}}")),
        ("issuer_template", "https://{tenantid}.example/v2.0".to_owned()),
        ("issuer_template", format!("{issuer}/v2.0?t={{tenantid}}")),
        ("issuer_template", "{tenantid}".to_owned()),
        ("oidc_issuer", format!("{issuer}/{{tenantid}}")),
        ("allowed_tenants", "t-1".to_owned()),
    ] {
        assert!(saved(&[(key, value.clone())]).await.is_err(), "{key} = {value}");
    }
    assert!(saved(&[good, ("allowed_tenants", "t-1, t-2".to_owned())]).await.is_err());
    // The redirect carries none of them.
    assert!(!url(&bench.begin().await.unwrap()).contains("tenant"));
}
