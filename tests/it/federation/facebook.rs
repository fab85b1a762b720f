//! Facebook before its stand-in: the journey, whose token counts (O-24), what is vouched for (O-17), and what goes wrong on the wire.

use std::sync::Arc;

use playground::browser::Browser;
use playground::oidc_idp::tamper::{Fault, SignWith};
use playground::social::facebook::{Config, Facebook, FacebookHandle, Issuer};
use playground::social::{Endpoint, slow};
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::federation::social_world::{SocialWorld, app_error, has_code, put};
use crate::harness::audit;

const ADA: &str = "Ada Lovelace";
const ADAS_ID: &str = "10150000000000001";
const SCOPES: &str = "public_profile, email";

fn mapping() -> Value {
    json!({ "username": "id", "email": "email", "name": "name", "email_verified": "email_verified" })
}

type Edit = fn(&mut Value);
type EditAt = fn(&mut Value, i64);
type Change = fn(&mut Vec<(String, String)>);

struct Bench {
    world: SocialWorld,
    facebook: FacebookHandle,
}

impl Bench {
    async fn with(scopes: &str, mapping: &Value) -> Self {
        let world = SocialWorld::new("Facebook").await;
        let facebook = Facebook::start(Config { clock: world.clock(), ..Config::default() }).unwrap();
        world.connect(&facebook.provider_details(scopes), mapping).await;
        Self { world, facebook }
    }

    async fn new() -> Self {
        Self::with(SCOPES, &mapping()).await
    }

    /// The row, and the same journey without it.
    async fn refused(&self, what: &str, reason: &str) {
        self.world.refused(ADA, what, reason).await;
        self.facebook.behave();
        self.world.accepted(ADA, what).await;
    }

    fn debug(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.facebook.tamper(|tamper| tamper.debug = Some(Arc::new(edit)));
    }

    fn token(&self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.facebook.tamper(|tamper| tamper.token = Some(Arc::new(edit)));
    }
}

#[tokio::test]
async fn a_login_makes_cognitos_user() {
    let bench = Bench::new().await;
    bench.world.accepted(ADA, "a login").await;
    bench.world.accepted(ADA, "the second login").await;
    bench.world.accepted("Alan Turing", "a person without an address").await;
    let mut users = bench.world.users().await;
    users.sort_by(|one, other| one.username.cmp(&other.username));
    assert_eq!(users.len(), 2, "one for each subject");
    assert_eq!(users[0].username, format!("facebook_{ADAS_ID}"));
    assert_eq!((users[0].attributes["email"].as_str(), users[0].attributes["name"].as_str()), ("ada@example.com", ADA));
    assert!(!users[1].attributes.contains_key("email"));
}

/// O-01, O-03: what Facebook saw; O-24: proof on every call with a token, and the secret only where the code is redeemed.
#[tokio::test]
async fn o_24_every_graph_call_carries_proof() {
    let bench = Bench::new().await;
    bench.world.accepted(ADA, "a login").await;
    bench.world.accepted(ADA, "another").await;
    let seen = bench.facebook.desk().seen(Endpoint::Authorize);
    for (name, value) in [
        ("client_id", "1234567890"),
        ("response_type", "code"),
        ("scope", "public_profile,email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(seen[0].get(name), Some(value), "{name}");
    }
    assert!(seen[0].target.starts_with("/v17.0/dialog/oauth?"));
    for name in ["state", "code_challenge", "nonce"] {
        assert!(seen[0].get(name).unwrap().len() >= 43, "{name}");
        assert_ne!(seen[0].get(name), seen[1].get(name), "{name}");
    }
    for endpoint in [Endpoint::Inspect, Endpoint::Profile] {
        let calls = bench.facebook.desk().seen(endpoint);
        assert_eq!(calls.len(), 2);
        for call in calls {
            assert_eq!(call.get("appsecret_proof").unwrap().len(), 64);
            assert!(call.authorization.unwrap().starts_with("Bearer "), "no token in an address that is logged");
            assert!(!call.target.contains("facebook-app-secret") && !call.target.contains("access_token="));
        }
    }
    assert_eq!(bench.facebook.desk().seen(Endpoint::Token)[0].method, "GET");
    assert_eq!(bench.facebook.desk().seen(Endpoint::Profile)[0].get("fields"), Some("email,id,name"));
    // A secret that makes another proof, with the control before and after it.
    let sealed = bench.world.provider().await.sealed_details;
    let place = [bench.world.pool.id.as_str(), "identity_provider", "Facebook", "client_secret"];
    let other = bench.world.gateway.ports().seal.seal(&place, b"another-secret").unwrap();
    bench.world.change(|provider| drop(provider.sealed_details.insert("client_secret".to_owned(), other))).await;
    bench.world.refused(ADA, "another secret", "client_refused").await;
    bench.world.change(|provider| provider.sealed_details = sealed).await;
    bench.world.accepted(ADA, "our secret").await;
}

/// O-24: a token counts only when Facebook says that it is of our app, of this user, valid and not expired.
#[tokio::test]
async fn o_24_a_token_of_another_app_user_or_time_is_refused() {
    let bench = Bench::new().await;
    let graces = bench.facebook.token_for("1234567890", "10150000000000002");
    let foreign = bench.facebook.token_for("9999999999", ADAS_ID);
    let now_s = bench.world.gateway.now_ms() / 1000;
    bench.token(move |answer| answer["access_token"] = json!(foreign));
    bench.refused("a token that another app got", "token_not_valid").await;
    bench.token(|answer| answer["access_token"] = json!("EAABinvented"));
    bench.refused("a token that nobody made", "token_of_another_app").await;
    let rows: [(&str, EditAt, &str); 11] = [
        ("another app", |data, _| data["app_id"] = json!("9999999999"), "token_of_another_app"),
        ("our app as a number", |data, _| data["app_id"] = json!(1_234_567_890), "token_of_another_app"),
        ("no app", |data, _| drop(data.as_object_mut().unwrap().remove("app_id")), "token_of_another_app"),
        ("not valid", |data, _| data["is_valid"] = json!(false), "token_not_valid"),
        ("valid as text", |data, _| data["is_valid"] = json!("true"), "token_not_valid"),
        ("expired", |data, now| data["expires_at"] = json!(now), "token_expired"),
        ("expiry as text", |data, now| data["expires_at"] = json!((now + 60).to_string()), "token_expiry_missing"),
        ("no expiry", |data, _| drop(data.as_object_mut().unwrap().remove("expires_at")), "token_expiry_missing"),
        ("a page's token", |data, _| data["type"] = json!("PAGE"), "token_of_no_user"),
        ("another user", |data, _| data["user_id"] = json!("10150000000000002"), "profile_of_another_user"),
        ("no user", |data, _| drop(data.as_object_mut().unwrap().remove("user_id")), "token_of_no_user"),
    ];
    for (what, edit, reason) in rows {
        bench.debug(move |data| edit(data, now_s));
        bench.refused(what, reason).await;
    }
    bench.facebook.tamper(|tamper| tamper.profile = Some(Arc::new(|profile| profile["id"] = json!("10150000000000002"))));
    bench.refused("the profile of another user", "profile_of_another_user").await;
    bench.facebook.tamper(|tamper| tamper.profile = Some(Arc::new(|profile| drop(profile.as_object_mut().unwrap().remove("id")))));
    bench.refused("a profile of nobody", "profile_of_another_user").await;
    // Accepted: a token that never expires, and whose token it is decides who signed in.
    bench.debug(|data| data["expires_at"] = json!(0));
    bench.world.accepted(ADA, "never expires").await;
    bench.facebook.behave();
    bench.token(move |answer| answer["access_token"] = json!(graces));
    bench.world.accepted(ADA, "a token of our app for Grace").await;
    assert!(bench.world.users().await.iter().any(|user| user.username == "facebook_10150000000000002"));
}

/// O-17, O-24: Facebook may vouch for no address, whatever it says.
#[tokio::test]
async fn o_17_an_address_of_facebook_is_never_verified() {
    let bench = Bench::new().await;
    for claim in [json!(true), json!("true"), json!(1), json!("yes"), Value::Null] {
        let said = claim.clone();
        bench.facebook.tamper(|tamper| {
            tamper.profile = Some(Arc::new(move |profile| {
                profile["email_verified"] = said.clone();
                profile["verified"] = said.clone();
            }));
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
    assert_eq!(answer.fragment(), Some("_=_"), "as Facebook does");
    assert!(answer.as_str().contains("error_reason=user_denied"));
    let page = browser.get(answer.as_str()).await.unwrap();
    assert_eq!(app_error(&page).as_deref(), Some("access_denied"));
    assert!(!page.location().unwrap().as_str().contains("Permissions"), "O-28: no text of Facebook's");

    let rows: [(&str, Change, &str); 6] = [
        ("code with error", |p| put(p, "error", Some("access_denied")), "code_and_error"),
        ("neither", |p| put(p, "code", None), "code_missing"),
        ("a token in front", |p| put(p, "access_token", Some("EAAB")), "token_in_front_channel"),
        ("two codes", |p| p.push(("code".to_owned(), "x".to_owned())), "parameters_malformed"),
        ("two states", |p| p.push(("state".to_owned(), "x".to_owned())), "parameters_malformed"),
        ("another's iss", |p| put(p, "iss", Some("https://evil.example")), "issuer_mismatch"),
    ];
    for (what, change, reason) in rows {
        bench.facebook.tamper(|tamper| tamper.callback = Some(Arc::new(change)));
        bench.refused(what, reason).await;
    }
    let canary = "<script>canary</script>";
    for named in ["error", "error_code"] {
        bench.facebook.tamper(|tamper| {
            tamper.callback = Some(Arc::new(move |params| {
                put(params, "code", None);
                put(params, named, Some(canary));
                put(params, "error_description", Some(canary));
                put(params, "error_message", Some(canary));
            }));
        });
        let page = bench.world.login(ADA).await;
        assert_eq!(app_error(&page).as_deref(), Some("access_denied"), "{named}");
        assert!(!page.location().unwrap().as_str().contains("canary") && !page.body.contains("canary"));
    }
}

/// O-11, O-28: each endpoint out of order in each way; the app learns a fixed word.
#[tokio::test]
async fn faults_of_the_graph_stay_with_this_provider() {
    let bench = Bench::new().await;
    for (endpoint, name) in [(Endpoint::Token, "token_"), (Endpoint::Inspect, "token_check_"), (Endpoint::Profile, "profile_")] {
        let word =
            |end: &str, token: &str| if endpoint == Endpoint::Token { format!("token_{token}") } else { format!("{name}{end}") };
        for (what, fault, reason) in [
            ("a status", Fault::status(500), word("status", "endpoint_status")),
            ("HTML", Fault::html(), word("malformed", "answer_malformed")),
            (
                "a doubled member",
                Fault::body(200, "application/json", r#"{"id":"1","id":"2"}"#),
                word("malformed", "answer_malformed"),
            ),
            ("too much", Fault::huge(1), word("too_large", "answer_too_large")),
            ("a redirect", Fault::redirect("https://evil.example/"), word("status", "endpoint_status")),
        ] {
            bench.facebook.desk().fault(endpoint, fault);
            let page = bench.world.refused(ADA, what, &reason).await;
            assert_eq!(app_error(&page).as_deref(), Some("server_error"), "{what}");
            bench.facebook.behave();
        }
    }
    bench.facebook.desk().fault(Endpoint::Inspect, slow());
    bench.refused("no answer in time", "token_check_unreachable").await;
    let graph = |code: i64, subcode: i64| {
        json!({ "error": { "message": "canary", "type": "OAuthException", "code": code, "error_subcode": subcode } }).to_string()
    };
    for (status, code, subcode, reason) in [
        (400, 100, 36_007, "code_refused"),
        (400, 100, 36_009, "code_refused"),
        (400, 100, 0, "token_request_refused"),
        (400, 101, 0, "client_refused"),
        (400, 1, 0, "client_refused"),
        (503, 2, 0, "token_endpoint_status"),
    ] {
        bench.facebook.desk().fault(Endpoint::Token, Fault::body(status, "application/json; charset=UTF-8", &graph(code, subcode)));
        let page = bench.world.refused(ADA, "a Graph error", reason).await;
        assert!(!page.body.contains("canary") && !format!("{:?}", page.location()).contains("canary"), "O-28");
        bench.facebook.behave();
    }
    bench.world.accepted(ADA, "the control").await;
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_in_time() {
    let bench = Bench::new().await;
    let mut browser = Browser::new();
    let answer = bench.world.answer(&mut browser, ADA, &[]).await;
    bench.facebook.expire_codes();
    let page = browser.get(answer.as_str()).await.unwrap();
    assert_eq!((page.status, bench.world.gateway.last_audit().reason()), (400, "code_refused"));
    bench.world.accepted(ADA, "a fresh code").await;
}

/// The ID token, where one comes: RS256 by a key of either issuer, for our app, this login and the same user.
#[tokio::test]
async fn an_id_token_must_agree() {
    let bench = Bench::with("public_profile,email,openid", &mapping()).await;
    for issuer in [Issuer::Www, Issuer::Limited] {
        bench.facebook.tamper(|tamper| tamper.issuer = issuer);
        bench.world.accepted(ADA, &format!("{issuer:?}")).await;
    }
    bench.facebook.behave();
    let rows: [(&str, Edit, &str); 7] = [
        ("another user", |claims| claims["sub"] = json!("10150000000000002"), "id_token_of_another_user"),
        ("another app", |claims| claims["aud"] = json!("9999999999"), "audience_mismatch"),
        ("another nonce", |claims| claims["nonce"] = json!("other"), "nonce_mismatch"),
        ("no nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce")), "nonce_mismatch"),
        ("the other issuer by this key", |claims| claims["iss"] = json!("https://limited.facebook.com"), "issuer_mismatch"),
        ("a bare issuer", |claims| claims["iss"] = json!("https://facebook.com"), "issuer_mismatch"),
        ("expired", |claims| claims["exp"] = json!(1), "id_token_expired"),
    ];
    for (what, edit, reason) in rows {
        bench.facebook.tamper(|tamper| tamper.id_token = Some(Arc::new(edit)));
        bench.refused(what, reason).await;
    }
    for (signing, reason) in [
        (SignWith::OtherKey, "signature_invalid"),
        (SignWith::Nothing("none"), "algorithm_not_allowed"),
        (SignWith::HmacPublicPem, "algorithm_not_allowed"),
        (SignWith::Rs384, "algorithm_not_allowed"),
    ] {
        bench.facebook.tamper(|tamper| tamper.signing = signing.clone());
        bench.refused(&format!("{signing:?}"), reason).await;
    }
    bench.token(|answer| answer["id_token"] = json!("not.a.token"));
    bench.refused("no token at all", "id_token_malformed").await;
    // O-10: new keys without overlap.
    bench.facebook.rotate_keys();
    bench.world.accepted(ADA, "after a rotation").await;
}

/// O-30: a sign-in that must be fresh is asked for, and proven by `debug_token`.
#[tokio::test]
async fn o_30_a_fresh_sign_in_is_proven() {
    let bench = Bench::new().await;
    let rows: [(&str, Option<Edit>); 4] = [
        ("as it is", None),
        ("no metadata", Some(|data| drop(data.as_object_mut().unwrap().remove("metadata")))),
        ("another nonce", Some(|data| data["metadata"]["auth_nonce"] = json!("other"))),
        ("another type", Some(|data| data["metadata"]["auth_type"] = json!("rerequest"))),
    ];
    for asked in [("prompt", "login"), ("max_age", "60")] {
        for (what, edit) in rows {
            if let Some(edit) = edit {
                bench.debug(edit);
            }
            let mut browser = Browser::new();
            let answer = bench.world.answer(&mut browser, ADA, &[asked]).await;
            let page = browser.get(answer.as_str()).await.unwrap();
            assert_eq!(has_code(&page), edit.is_none(), "{asked:?}: {what}");
            if edit.is_some() {
                assert_eq!(bench.world.gateway.last_audit().reason(), "sign_in_not_fresh");
            }
            bench.facebook.behave();
        }
    }
}

/// O-29: Facebook's tokens are kept only where the mapping names them, and are in no log.
#[tokio::test]
async fn o_29_tokens_are_kept_only_when_mapped() {
    let bench = Bench::new().await;
    bench.world.accepted(ADA, "not mapped").await;
    let users = bench.world.users().await;
    assert!(!serde_json::to_string(&users[0]).unwrap().contains("EAAB"));
    let mapped = json!({ "email": "email", "profile": "access_token" });
    let other = Bench::with(SCOPES, &mapped).await;
    other.world.accepted(ADA, "mapped").await;
    assert!(other.world.users().await[0].attributes["profile"].starts_with("EAAB"));
    assert_eq!(other.facebook.desk().seen(Endpoint::Profile)[0].get("fields"), Some("email,id"), "a token is no field");
    for log in ["EAAB", "AQD", "facebook-app-secret"] {
        assert!(!audit::everything().contains(log), "{log}");
    }
}

/// Cognito's keys: what is taken, and what describe answers add (section 3.6).
#[tokio::test]
async fn settings_are_cognitos() {
    let world = SocialWorld::new("Facebook").await;
    let given = [
        ("client_id", "1234567890".to_owned()),
        ("client_secret", "s".to_owned()),
        ("authorize_scopes", SCOPES.to_owned()),
        ("api_version", "v19.0".to_owned()),
    ];
    let aws = Aws::new(&world.gateway);
    let change = |key: &'static str, value: &str| {
        let mut details: Vec<_> = given.iter().filter(|(known, _)| *known != key).cloned().collect();
        details.extend((!value.is_empty()).then(|| (key, value.to_owned())));
        world.settings(&details, &mapping())
    };
    for (key, value) in [
        ("client_id", ""),
        ("client_secret", ""),
        ("authorize_scopes", ""),
        ("api_version", "17"),
        ("api_version", "v17.0/../x"),
        ("oidc_issuer", "https://www.facebook.com"),
        ("token_request_method", "POST"),
        ("token_url", "https://evil.example/token"),
        ("token_url", "http://127.0.0.1:9/token"),
    ] {
        let text = aws.refused("CreateIdentityProvider", change(key, value), "InvalidParameterException").await;
        assert!(text.contains(key) || key == "token_url", "{key}: {text}");
    }
    let shown = world.connect(&given, &mapping()).await["ProviderDetails"].clone();
    assert_eq!(
        shown,
        json!({
            "client_id": "1234567890", "client_secret": "s", "authorize_scopes": SCOPES, "api_version": "v19.0",
            "attributes_url": "https://graph.facebook.com/v19.0/me?fields=", "attributes_url_add_attributes": "true",
            "authorize_url": "https://www.facebook.com/v19.0/dialog/oauth", "token_request_method": "GET",
            "token_url": "https://graph.facebook.com/v19.0/oauth/access_token",
        })
    );
}
