//! Google: the two issuers, the hosted domain, prompts, the People API, and what is never believed (O-12, O-17, O-26).

use std::sync::Arc;

use fedgate::base::clock::Clock;
use fedgate::federation::providers::google::Google;
use fedgate::model::failure::Failure;
use playground::oidc_idp::tamper::{Fault, SignWith};
use playground::social::google::{Config, Google as StandIn, GoogleHandle, ISSUER};
use playground::social::{Endpoint, slow};
use serde_json::{Value, json};

use crate::federation::oidc::{START_MS, set};
use crate::federation::social::Social;

const ADA: &str = "Ada Lovelace";
const GRACE: &str = "Grace Hopper";
const ALAN: &str = "Alan Turing";

async fn bench() -> (Social, GoogleHandle) {
    let clock = Clock::manual(START_MS);
    let google = StandIn::start(Config { clock: Social::theirs(&clock), ..Config::default() }).unwrap();
    let endpoints = google.endpoints();
    let mut details = vec![("client_id", "google-client"), ("authorize_scopes", "profile email openid")];
    details.extend(endpoints.iter().map(|(key, url)| (*key, url.as_str())));
    let social = Social::new(clock, Arc::new(Google::default()), &details, ("client_secret", "google-secret")).await;
    (social, google)
}

#[tokio::test]
async fn a_login_proves_who_signed_in() {
    let (mut social, google) = bench().await;
    social.authorization.login_hint = Some("ada@example.com".to_owned());
    let identity = social.accepted(ADA, "a login").await;
    assert_eq!((identity.subject.as_str(), identity.subject_key.as_str()), ("110169484474386276334", "110169484474386276334"));
    assert_eq!(identity.issuer, None);
    for (claim, value) in [
        ("email", json!("ada@example.com")),
        ("email_verified", json!(true)),
        ("name", json!("Ada Lovelace")),
        ("given_name", json!("Ada")),
        ("hd", json!("example.com")),
    ] {
        assert_eq!(identity.claims[claim], value, "{claim}");
    }
    assert_eq!(social.accepted(ALAN, "an unverified address").await.claims["email_verified"], false);

    let asked = google.desk().seen(Endpoint::Authorize).remove(0);
    assert_eq!(asked.get("scope"), Some("openid profile email"));
    assert_eq!(asked.get("login_hint"), Some("ada@example.com"));
    assert_eq!(asked.get("code_challenge_method"), Some("S256"), "O-03");
    assert!(asked.get("nonce").is_some_and(|nonce| nonce.len() >= 43), "O-02");
    assert_eq!((asked.get("hd"), asked.get("prompt")), (None, None));
    let redeemed = google.desk().seen(Endpoint::Token).remove(0);
    assert_eq!(redeemed.get("client_secret"), Some("google-secret"));
    assert!(redeemed.get("code_verifier").is_some());
    assert_eq!(google.desk().count(Endpoint::Profile), 0, "no mapping names a People field");
    assert_eq!(google.desk().count(Endpoint::Discovery) + google.desk().count(Endpoint::Elsewhere), 0);
}

#[tokio::test]
async fn scopes_without_openid_still_prove_a_user() {
    let (mut social, google) = bench().await;
    social.detail("authorize_scopes", "email");
    social.accepted(ADA, "Terraform's own example").await;
    assert_eq!(google.desk().seen(Endpoint::Authorize)[0].get("scope"), Some("openid email"));
}

#[tokio::test]
async fn o_26_both_spellings_of_the_issuer_and_no_other() {
    let (social, google) = bench().await;
    let lie = |value: Value| google.lie(|lies| lies.claims(move |claims| set(claims, "iss", value.clone())));
    for good in [ISSUER, "accounts.google.com"] {
        lie(json!(good));
        social.accepted(ADA, good).await;
    }
    for bad in [
        json!("https://accounts.google.com/"),
        json!("http://accounts.google.com"),
        json!("https://Accounts.google.com"),
        json!("accounts.google.com."),
        json!("https://accounts.google.com:443"),
        json!("https://accounts.google.com.evil.example"),
        json!(google.base_url),
        json!([ISSUER]),
        json!(""),
        Value::Null,
    ] {
        lie(bad.clone());
        social.refused(ADA, &bad.to_string(), "issuer_mismatch").await;
    }
    google.behave();
    // O-04: the `iss` of the answer itself.
    google.lie(|lies| {
        lies.callback(|params| params.iter_mut().filter(|(name, _)| name == "iss").for_each(|(_, value)| value.push('/')));
    });
    social.refused(ADA, "another iss in the answer", "issuer_mismatch").await;
    google.behave();
    google.lie(|lies| lies.callback(|params| params.retain(|(name, _)| name != "iss")));
    social.accepted(ADA, "no iss in the answer").await;
}

#[tokio::test]
async fn o_26_the_hosted_domain_is_enforced_from_the_id_token() {
    let (mut social, google) = bench().await;
    social.detail("hosted_domain", "example.com");
    social.accepted(ADA, "the domain's user").await;
    assert_eq!(google.desk().seen(Endpoint::Authorize)[0].get("hd"), Some("example.com"));
    social.refused(GRACE, "a user of no domain", "hosted_domain_missing").await;
    social.refused(ALAN, "a user of another domain", "hosted_domain_mismatch").await;
    for (value, reason) in [
        (json!("sub.example.com"), "hosted_domain_mismatch"),
        (json!("EXAMPLE.COM"), "hosted_domain_mismatch"),
        (json!("example.com."), "hosted_domain_mismatch"),
        (json!(["example.com"]), "hosted_domain_missing"),
        (json!(""), "hosted_domain_mismatch"),
        (json!(true), "hosted_domain_missing"),
    ] {
        let sent = value.clone();
        google.lie(|lies| lies.claims(move |claims| claims["hd"] = sent.clone()));
        social.refused(ADA, &value.to_string(), reason).await;
    }
    google.behave();
    // An `hd` of the answer is nobody's word: the browser can write it.
    google.lie(|lies| lies.callback(|params| params.push(("hd".to_owned(), "example.com".to_owned()))));
    social.refused(GRACE, "an hd that only the browser says", "hosted_domain_missing").await;
    google.behave();
    social.detail("hosted_domain", "*");
    social.accepted(ALAN, "any domain").await;
    social.refused(GRACE, "no domain", "hosted_domain_missing").await;
    social.provider.details.remove("hosted_domain");
    social.accepted(GRACE, "no domain is configured").await;
}

#[tokio::test]
async fn prompts_are_passed_on_in_google_s_words() {
    let (mut social, google) = bench().await;
    for (asked, sent) in [
        ("login", "select_account"),
        ("consent", "consent"),
        ("login select_account", "select_account"),
        ("consent login", "consent select_account"),
    ] {
        social.authorization.prompt = Some(asked.to_owned());
        social.accepted(ADA, asked).await;
        assert_eq!(google.desk().seen(Endpoint::Authorize).pop().unwrap().get("prompt"), Some(sent), "{asked}");
    }
}

/// O-30: what Google cannot say is not taken as said.
#[tokio::test]
async fn o_30_a_level_or_an_age_that_was_asked_is_not_assumed() {
    let (mut social, _google) = bench().await;
    social.authorization.max_age_s = Some(600);
    social.refused(ADA, "max_age", "sign_in_time_missing").await;
    social.authorization.max_age_s = None;
    social.authorization.acr_values = Some("urn:example:mfa".to_owned());
    social.refused(ADA, "acr_values", "acr_mismatch").await;
    social.authorization.acr_values = None;
    social.accepted(ADA, "neither").await;
}

#[tokio::test]
async fn o_17_only_json_true_verifies_an_address() {
    let (social, google) = bench().await;
    for (value, expected) in [
        (json!(true), true),
        (json!(false), false),
        (json!("true"), false),
        (json!(1), false),
        (json!("yes"), false),
        (json!([true]), false),
        (Value::Null, false),
    ] {
        let sent = value.clone();
        google.lie(|lies| lies.claims(move |claims| claims["email_verified"] = sent.clone()));
        assert_eq!(social.accepted(ADA, "o-17").await.claims["email_verified"], expected, "{value}");
    }
    google.lie(|lies| lies.claims(|claims| set(claims, "email_verified", Value::Null)));
    assert_eq!(social.accepted(ADA, "absent").await.claims["email_verified"], false);
}

#[tokio::test]
async fn o_12_o_06_tokens_of_others_are_refused() {
    let (social, google) = bench().await;
    for (name, value, reason) in [
        ("aud", json!("other-client"), "audience_mismatch"),
        ("aud", json!(["google-client", "other-client"]), "audience_mismatch"),
        ("azp", json!("other-client"), "authorized_party_mismatch"),
        ("nonce", json!("other"), "nonce_mismatch"),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"), "access_token_hash_mismatch"),
        ("exp", json!(START_MS / 1000 - 61), "id_token_expired"),
        ("sub", json!(7), "subject_invalid"),
    ] {
        let sent = value.clone();
        google.lie(|lies| lies.claims(move |claims| claims[name] = sent.clone()));
        social.refused(ADA, &format!("{name} = {value}"), reason).await;
        google.behave();
    }
    for signing in [SignWith::Nothing("none"), SignWith::HmacPublicPem, SignWith::Es256FreshKey] {
        google.lie(|lies| lies.signing = signing);
        social.refused(ADA, "another algorithm", "algorithm_not_allowed").await;
    }
    google.lie(|lies| lies.signing = SignWith::OtherKey);
    social.refused(ADA, "another key", "signature_invalid").await;
    google.behave();
    google.rotate_keys();
    social.clock.advance_ms(61_000);
    social.accepted(ADA, "O-10: new keys without overlap").await;
}

#[tokio::test]
async fn people_fields_come_when_mapped_and_only_of_the_same_person() {
    let (mut social, google) = bench().await;
    for (attribute, claim) in
        [("birthdate", "birthdays"), ("phone_number", "phoneNumbers"), ("nickname", "names"), ("gender", "gender")]
    {
        social.provider.attribute_mapping.insert(attribute.to_owned(), claim.to_owned());
    }
    let claims = social.accepted(ADA, "mapped fields").await.claims;
    assert_eq!(claims["birthdays"], "1815-12-10");
    assert_eq!(claims["phoneNumbers"], "+44 20 7946 0000", "the primary value");
    assert_eq!(claims["names"], "Ada Lovelace");
    assert!(!claims.contains_key("gender") && !claims.contains_key("emailAddresses"));
    let asked = google.desk().seen(Endpoint::Profile).remove(0);
    assert_eq!(asked.get("personFields"), Some("birthdays,genders,names,phoneNumbers"));
    // O-15, and an answer that would replace what Google signed.
    google.lie(|lies| lies.profile(|document| document["resourceName"] = json!("people/104857600000000000001")));
    social.refused(ADA, "another person", "userinfo_subject_mismatch").await;
    google.lie(|lies| lies.profile(|document| set(document, "resourceName", Value::Null)));
    social.refused(ADA, "nobody", "userinfo_subject_mismatch").await;
    google.lie(|lies| {
        lies.profile(|document| {
            document["email"] = json!("victim@example.com");
            document["birthdays"] = json!([{ "date": { "month": 2, "day": 29 } }]);
            document["phoneNumbers"] = json!("not a list");
        });
    });
    let claims = social.accepted(ADA, "odd fields").await.claims;
    assert_eq!((&claims["email"], &claims["birthdays"]), (&json!("ada@example.com"), &json!("0000-02-29")));
    assert!(!claims.contains_key("phoneNumbers"));
    google.behave();
    for (fault, reason) in [(Fault::status(403), "userinfo_status"), (Fault::html(), "userinfo_malformed")] {
        google.desk().fault(Endpoint::Profile, fault);
        social.refused(ADA, reason, reason).await;
    }
}

#[tokio::test]
async fn o_28_each_way_to_fail_has_its_own_reason_and_no_text_of_google_s() {
    let (mut social, google) = bench().await;
    assert!(matches!(social.login("Cancel and go back").await, Err(Failure::ProviderDenied { code: "access_denied" })));
    let begun = social.begin().await.unwrap();
    let answer = social.sign_in(&begun, ADA).await;
    google.expire_codes();
    assert_eq!(social.complete(&begun, &answer).await.unwrap_err().reason(), "code_refused", "an expired code");
    let mut malformed = social.sign_in(&social.begin().await.unwrap(), ADA).await;
    malformed.insert("code".to_owned(), "4/0Agarbage".to_owned());
    assert_eq!(social.complete(&begun, &malformed).await.unwrap_err().reason(), "code_refused", "a malformed code");
    for (fault, reason) in [
        (Fault::status(500), "token_endpoint_status"),
        (Fault::html(), "token_answer_malformed"),
        (slow(), "token_endpoint_unreachable"),
    ] {
        google.desk().fault(Endpoint::Token, fault);
        let failure = social.login(ADA).await.unwrap_err();
        assert!(matches!(failure, Failure::ProviderUnavailable { .. }));
        assert_eq!(failure.reason(), reason);
        google.behave();
    }
    social.accepted(ADA, "the control").await;
    social.seal("client_secret", "wrong");
    social.refused(ADA, "a wrong secret", "client_refused").await;
}

#[tokio::test]
async fn settings_are_google_s_and_its_addresses_are_fixed() {
    let (social, google) = bench().await;
    // Without a stand-in, the settings are completed as Cognito shows them.
    let plain = |provider: &mut fedgate::model::identity_provider::IdentityProvider| {
        provider.details.retain(|key, _| matches!(key.as_str(), "client_id" | "authorize_scopes"));
    };
    let saved = social.validated(plain).await.unwrap().details;
    let expected = [
        ("attributes_url", "https://people.googleapis.com/v1/people/me?personFields="),
        ("attributes_url_add_attributes", "true"),
        ("authorize_scopes", "profile email openid"),
        ("authorize_url", "https://accounts.google.com/o/oauth2/v2/auth"),
        ("client_id", "google-client"),
        ("oidc_issuer", "https://accounts.google.com"),
        ("token_request_method", "POST"),
        ("token_url", "https://www.googleapis.com/oauth2/v4/token"),
    ];
    assert_eq!(saved, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let again = social.validated(|provider| provider.details = saved.clone()).await.unwrap();
    assert_eq!(again.details, saved, "what was read back is no change");
    // A stand-in, whole and where the operator allows it, is kept; anything else is refused.
    assert!(social.validated(|_| {}).await.is_ok());
    for (key, value) in [
        ("token_url", "https://evil.example/token"),
        ("token_url", "http://127.0.0.1:9/token"),
        ("authorize_url", "https://accounts.google.com/o/oauth2/v2/auth"),
        ("jwks_uri", "https://www.googleapis.com/oauth2/v3/certs"),
        ("oidc_issuer", "https://evil.example"),
        ("oidc_issuer", "accounts.google.com"),
        ("token_request_method", "GET"),
        ("attributes_url_add_attributes", "false"),
        ("hosted_domain", "Example.com"),
        ("hosted_domain", "example"),
        ("hosted_domain", ""),
        ("client_id", ""),
        ("authorize_scopes", ""),
        ("team_id", "of another kind"),
    ] {
        social.misset(key, value).await;
    }
    let outside = |provider: &mut fedgate::model::identity_provider::IdentityProvider| {
        for (key, url) in google.endpoints() {
            provider.details.insert(key.to_owned(), url.replace("127.0.0.1", "10.0.0.1"));
        }
    };
    assert!(matches!(social.validated(outside).await, Err(Failure::InvalidParameter(_))), "outside the operator's networks");
    let mut stored = social.provider.clone();
    outside(&mut stored);
    let social = Social { provider: stored, ..social };
    assert_eq!(social.begin().await.unwrap_err().reason(), "endpoint_not_allowed", "nor when it was stored");
    assert!(social.validated(|provider| provider.sealed_details.clear()).await.is_err(), "without a secret");
}
