//! Login with Amazon before its stand-in: the journey, whose token counts (O-25), what is vouched for (O-17), and what goes wrong on the wire.

use std::sync::Arc;

use playground::browser::Browser;
use playground::oidc_idp::tamper::Fault;
use playground::social::amazon::{Amazon, AmazonHandle, Config};
use playground::social::{Endpoint, slow};
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::federation::social_world::{SocialWorld, app_error, put};
use crate::harness::audit;

const ADA: &str = "Ada Lovelace";
const ADAS_ID: &str = "amzn1.account.AGM6SZ5NXBADAAAAAAAAAAAAAAAA";
const GRACES_ID: &str = "amzn1.account.AGM6SZ5NXBGRACEAAAAAAAAAAAAA";
const SCOPES: &str = "profile postal_code";

fn mapping() -> Value {
    json!({
        "username": "user_id", "email": "email", "name": "name", "address": "postal_code", "email_verified": "email_verified",
    })
}

type Edit = fn(&mut Value);
type Change = fn(&mut Vec<(String, String)>);

struct Bench {
    world: SocialWorld,
    amazon: AmazonHandle,
}

impl Bench {
    async fn new() -> Self {
        let world = SocialWorld::new("LoginWithAmazon").await;
        let amazon = Amazon::start(Config { clock: world.clock(), ..Config::default() }).unwrap();
        world.connect(&amazon.provider_details(SCOPES), &mapping()).await;
        Self { world, amazon }
    }

    /// The row, and the same journey without it.
    async fn refused(&self, what: &str, reason: &str) {
        self.world.refused(ADA, what, reason).await;
        self.amazon.behave();
        self.world.accepted(ADA, what).await;
    }
}

#[tokio::test]
async fn a_login_makes_cognitos_user() {
    let bench = Bench::new().await;
    bench.world.accepted(ADA, "a login").await;
    bench.world.accepted(ADA, "the second login").await;
    let users = bench.world.users().await;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].username, format!("loginwithamazon_{}", ADAS_ID.to_lowercase()));
    assert_eq!(users[0].identities[0].subject, ADAS_ID);
    for (name, value) in [("email", "ada@example.com"), ("name", ADA), ("address", "98052")] {
        assert_eq!(users[0].attributes[name], value, "{name}");
    }
    // O-01, O-03: what Amazon saw.
    let seen = bench.amazon.desk().seen(Endpoint::Authorize);
    assert_eq!((seen[0].get("scope"), seen[0].get("code_challenge_method")), (Some(SCOPES), Some("S256")));
    for name in ["state", "code_challenge"] {
        assert!(seen[0].get(name).unwrap().len() >= 43, "{name}");
        assert_ne!(seen[0].get(name), seen[1].get(name), "{name}");
    }
    let redeemed = bench.amazon.desk().seen(Endpoint::Token);
    assert_eq!((redeemed[0].method.as_str(), redeemed[0].target.as_str()), ("POST", "/auth/o2/token"));
}

/// O-25: the audience is ours, and that is asked before the profile is read.
#[tokio::test]
async fn o_25_a_token_of_another_client_never_reads_a_profile() {
    let bench = Bench::new().await;
    let foreign = bench.amazon.token_for("amzn1.application-oa2-client.other", ADAS_ID);
    bench.amazon.tamper(|tamper| tamper.token = Some(Arc::new(move |answer| answer["access_token"] = json!(foreign))));
    bench.world.refused(ADA, "a token that another client got", "token_of_another_client").await;
    assert_eq!(bench.amazon.desk().count(Endpoint::Profile), 0, "O-25: not read");
    bench.amazon.behave();
    bench.world.accepted(ADA, "the control").await;
    assert_eq!(bench.amazon.desk().count(Endpoint::Profile), 1);

    bench.amazon.tamper(|tamper| tamper.token = Some(Arc::new(|answer| answer["access_token"] = json!("Atza|invented"))));
    bench.refused("a token that nobody made", "token_not_valid").await;
    let rows: [(&str, Edit, &str); 8] = [
        ("another client", |info| info["aud"] = json!("amzn1.application-oa2-client.other"), "token_of_another_client"),
        ("several clients", |info| info["aud"] = json!(["amzn1.application-oa2-client.a1b2c3d4"]), "token_of_another_client"),
        ("no client", |info| drop(info.as_object_mut().unwrap().remove("aud")), "token_of_another_client"),
        ("another issuer", |info| info["iss"] = json!("https://www.amazon.com.evil.example"), "token_of_another_issuer"),
        ("no time left", |info| info["exp"] = json!(0), "token_expired"),
        ("time as text", |info| info["exp"] = json!("3600"), "token_expired"),
        ("nobody", |info| info["user_id"] = json!(""), "token_of_no_user"),
        ("another user", |info| info["user_id"] = json!(GRACES_ID), "profile_of_another_user"),
    ];
    for (what, edit, reason) in rows {
        bench.amazon.tamper(|tamper| tamper.tokeninfo = Some(Arc::new(edit)));
        bench.refused(what, reason).await;
    }
    bench.amazon.tamper(|tamper| tamper.profile = Some(Arc::new(|profile| profile["user_id"] = json!(GRACES_ID))));
    bench.refused("the profile of another user", "profile_of_another_user").await;
}

/// O-17: Amazon may vouch for no address, whatever it says.
#[tokio::test]
async fn o_17_an_address_of_amazon_is_never_verified() {
    let bench = Bench::new().await;
    for claim in [json!(true), json!("true"), json!(1), json!("yes"), Value::Null] {
        let said = claim.clone();
        bench.amazon.tamper(|tamper| {
            tamper.profile = Some(Arc::new(move |profile| profile["email_verified"] = said.clone()));
        });
        bench.world.accepted(ADA, &claim.to_string()).await;
        let users = bench.world.users().await;
        assert_eq!(users[0].attributes["email"], "ada@example.com", "the control: the address itself arrives");
        assert_eq!(users[0].attributes["email_verified"], "false", "{claim}");
    }
}

/// O-27, O-28: what the browser brings back.
#[tokio::test]
async fn o_27_o_28_answers_through_the_browser() {
    let bench = Bench::new().await;
    let mut browser = Browser::new();
    let answer = bench.world.answer(&mut browser, "cancel", &[]).await;
    let page = browser.get(answer.as_str()).await.unwrap();
    assert_eq!(app_error(&page).as_deref(), Some("access_denied"));
    assert!(!page.location().unwrap().as_str().contains("permitted"), "O-28: no text of Amazon's");
    let rows: [(&str, Change, &str); 5] = [
        ("code with error", |p| put(p, "error", Some("access_denied")), "code_and_error"),
        ("neither", |p| put(p, "code", None), "code_missing"),
        ("a token in front", |p| put(p, "access_token", Some("Atza|x")), "token_in_front_channel"),
        ("two codes", |p| p.push(("code".to_owned(), "x".to_owned())), "parameters_malformed"),
        ("two states", |p| p.push(("state".to_owned(), "x".to_owned())), "parameters_malformed"),
    ];
    for (what, change, reason) in rows {
        bench.amazon.tamper(|tamper| tamper.callback = Some(Arc::new(change)));
        bench.refused(what, reason).await;
    }
    bench.amazon.tamper(|tamper| {
        tamper.callback = Some(Arc::new(|params| {
            put(params, "code", None);
            put(params, "error", Some("<script>canary</script>"));
            put(params, "error_description", Some("canary"));
        }));
    });
    let page = bench.world.login(ADA).await;
    assert_eq!(app_error(&page).as_deref(), Some("access_denied"));
    assert!(!page.location().unwrap().as_str().contains("canary") && !page.body.contains("canary"), "O-28");
}

/// O-11, O-28: each endpoint out of order in each way; the app learns a fixed word.
#[tokio::test]
async fn faults_of_amazon_stay_with_this_provider() {
    let bench = Bench::new().await;
    for (endpoint, words) in [
        (Endpoint::Token, ["token_endpoint_status", "token_answer_malformed", "token_answer_too_large"]),
        (Endpoint::Inspect, ["token_check_status", "token_check_malformed", "token_check_too_large"]),
        (Endpoint::Profile, ["profile_status", "profile_malformed", "profile_too_large"]),
    ] {
        for (what, fault, reason) in [
            ("a status", Fault::status(500), words[0]),
            ("HTML", Fault::html(), words[1]),
            ("too much", Fault::huge(1), words[2]),
            ("a redirect", Fault::redirect("https://evil.example/"), words[0]),
        ] {
            bench.amazon.desk().fault(endpoint, fault);
            let page = bench.world.refused(ADA, what, reason).await;
            assert_eq!(app_error(&page).as_deref(), Some("server_error"), "{what}");
            bench.amazon.behave();
        }
    }
    let error = |code: &str| json!({ "error": code, "error_description": "canary", "request_id": "1" }).to_string();
    for (endpoint, status, code, reason) in [
        (Endpoint::Token, 400, "invalid_grant", "code_refused"),
        (Endpoint::Token, 401, "invalid_client", "client_refused"),
        (Endpoint::Inspect, 400, "invalid_token", "token_not_valid"),
        (Endpoint::Profile, 401, "insufficient_scope", "profile_scope_missing"),
    ] {
        bench.amazon.desk().fault(endpoint, Fault::body(status, "application/json;charset=UTF-8", &error(code)));
        let page = bench.world.refused(ADA, code, reason).await;
        assert!(!page.body.contains("canary") && !format!("{:?}", page.location()).contains("canary"), "O-28");
        bench.amazon.behave();
    }
    bench.amazon.desk().fault(Endpoint::Profile, slow());
    bench.refused("no answer in time", "profile_unreachable").await;
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_in_time() {
    let bench = Bench::new().await;
    let mut browser = Browser::new();
    let answer = bench.world.answer(&mut browser, ADA, &[]).await;
    bench.amazon.expire_codes();
    let page = browser.get(answer.as_str()).await.unwrap();
    assert_eq!((page.status, bench.world.gateway.last_audit().reason()), (400, "code_refused"));
    bench.world.accepted(ADA, "a fresh code").await;
}

/// O-30: Amazon proves no time of sign-in, so an age is not promised; without one the login goes on.
#[tokio::test]
async fn o_30_an_age_that_cannot_be_proven_is_refused() {
    let bench = Bench::new().await;
    let page = Browser::new().get(&bench.world.authorize(&[("max_age", "60")])).await.unwrap();
    assert_eq!(app_error(&page).as_deref(), Some("invalid_request"));
    assert_eq!(bench.world.gateway.last_audit().reason(), "sign_in_time_not_provable");
    bench.world.accepted(ADA, "no age asked").await;
}

/// O-29: Amazon's tokens are in no user and no log.
#[tokio::test]
async fn o_29_tokens_are_not_kept() {
    let bench = Bench::new().await;
    bench.world.accepted(ADA, "a login").await;
    assert!(!serde_json::to_string(&bench.world.users().await[0]).unwrap().contains("Atza"));
    for log in ["Atza", "Atzr", "amazon-client-secret"] {
        assert!(!audit::everything().contains(log), "{log}");
    }
}

/// Cognito's keys: what is taken, and what describe answers add (section 3.6).
#[tokio::test]
async fn settings_are_cognitos() {
    let world = SocialWorld::new("LoginWithAmazon").await;
    let given = [
        ("client_id", "amzn1.application-oa2-client.x".to_owned()),
        ("client_secret", "s".to_owned()),
        ("authorize_scopes", SCOPES.to_owned()),
    ];
    let aws = Aws::new(&world.gateway);
    for (key, value) in [
        ("client_id", ""),
        ("client_secret", ""),
        ("authorize_scopes", ""),
        ("api_version", "v1"),
        ("attributes_url_add_attributes", "true"),
        ("attributes_url", "https://evil.example/profile"),
    ] {
        let mut details: Vec<_> = given.iter().filter(|(known, _)| *known != key).cloned().collect();
        details.extend((!value.is_empty()).then(|| (key, value.to_owned())));
        let text = aws.refused("CreateIdentityProvider", world.settings(&details, &mapping()), "InvalidParameterException").await;
        assert!(text.contains(key) || key == "attributes_url", "{key}: {text}");
    }
    let shown = world.connect(&given, &mapping()).await["ProviderDetails"].clone();
    assert_eq!(
        shown,
        json!({
            "client_id": "amzn1.application-oa2-client.x", "client_secret": "s", "authorize_scopes": SCOPES,
            "attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false",
            "authorize_url": "https://www.amazon.com/ap/oa", "token_request_method": "POST",
            "token_url": "https://api.amazon.com/auth/o2/token",
        })
    );
}
