//! The social providers through a whole gateway: made by the API, signed in by a browser, their faults as users and apps see them.
//!
//! O-21 (cookies of a posted answer), O-28 (fixed texts), and what describe answers show.

use playground::browser::cookies::{Jar, SameSite};
use playground::browser::{Browser, Page, parameter};
use playground::oidc_idp::tamper::Fault;
use playground::social::apple::{Apple, AppleHandle, Config as AppleConfig};
use playground::social::google::{Config as GoogleConfig, Google, GoogleHandle};
use playground::social::{Desk, Endpoint, slow};
use reqwest::Method;
use serde_json::{Map, Value, json};
use url::Url;

use crate::cognito::aws::Aws;
use crate::federation::broker_world::{APP, has_code};
use crate::federation::social::Social;
use crate::harness::both_backends;
use crate::harness::gateway::{TestGateway, client};
use crate::harness::storage::Backend;

both_backends!(a_sign_in_through_each_door, faults_land_with_fixed_texts);

/// The https origin of the test that needs one.
const SECURE: &str = "https://id.example.com";
const ADA: &str = "Ada Lovelace";

struct World {
    gateway: TestGateway,
    pool: String,
    client: String,
    google: GoogleHandle,
    apple: AppleHandle,
}

impl World {
    async fn new(gateway: TestGateway) -> Self {
        let clock = Social::theirs(&gateway.ports().clock);
        let pool = gateway.add_pool("social").await;
        let registered = |origin: &str| format!("{origin}/{}/oauth2/idpresponse", pool.id);
        let redirect_uris = Some(vec![registered(&gateway.base_url), registered(SECURE)]);
        let google =
            Google::start(GoogleConfig { clock: clock.clone(), redirect_uris: redirect_uris.clone(), ..GoogleConfig::default() })
                .unwrap();
        let apple = Apple::start(AppleConfig { clock, redirect_uris, ..AppleConfig::default() }).unwrap();
        let app =
            gateway.add_client(&pool, |client| client.providers = ["Google", "SignInWithApple"].map(str::to_owned).to_vec()).await;
        let aws = Aws::new(&gateway);
        let mut details = Map::new();
        details.insert("client_id".to_owned(), json!("google-client"));
        details.insert("client_secret".to_owned(), json!("google-secret"));
        details.insert("authorize_scopes".to_owned(), json!("profile email openid"));
        details.extend(google.endpoints().map(|(key, url)| (key.to_owned(), json!(url))));
        create(&aws, &pool.id, "Google", details).await;
        let mut details = Map::new();
        details.insert("client_id".to_owned(), json!("com.example.signin"));
        details.insert("team_id".to_owned(), json!("TEAM123456"));
        details.insert("key_id".to_owned(), json!("KEY1234567"));
        details.insert("private_key".to_owned(), json!(apple.private_key_pem()));
        details.insert("authorize_scopes".to_owned(), json!("email name"));
        details.extend(apple.endpoints().map(|(key, url)| (key.to_owned(), json!(url))));
        create(&aws, &pool.id, "SignInWithApple", details).await;
        Self { pool: pool.id, client: app.id, google, apple, gateway }
    }

    fn authorize(&self, provider: &str) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", APP),
            ("scope", "openid email"),
            ("state", "the-apps-state"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("identity_provider", provider),
        ];
        Url::parse_with_params(&self.gateway.url(&format!("/{}/oauth2/authorize", self.pool)), parameters).unwrap().into()
    }

    /// A whole journey to the page or redirect that answers the provider.
    async fn journey(&self, provider: &str, button: &str) -> Page {
        let mut browser = Browser::new();
        let page = browser.open(&self.authorize(provider)).await.unwrap();
        let form = page.form_with_button(button).unwrap_or_else(|problem| panic!("{problem}"));
        let mut back = browser.submit(&page, &form).await.unwrap();
        if let Some(location) = back.location() {
            back = browser.get(location.as_str()).await.unwrap();
        } else {
            let form = back.forms().remove(0);
            back = browser.submit(&back, &form).await.unwrap();
        }
        back
    }
}

async fn create(aws: &Aws<'_>, pool: &str, kind: &str, details: Map<String, Value>) -> Value {
    let mapping = json!({ "email": "email", "email_verified": "email_verified", "given_name": "given_name", "username": "sub" });
    let input = json!({ "UserPoolId": pool, "ProviderName": kind, "ProviderType": kind, "ProviderDetails": details,
        "AttributeMapping": mapping });
    aws.ok("CreateIdentityProvider", input).await["IdentityProvider"].clone()
}

async fn a_sign_in_through_each_door(backend: Backend) {
    let world = World::new(TestGateway::start(backend).await).await;
    for (provider, username) in [
        ("Google", "google_110169484474386276334"),
        ("SignInWithApple", "signinwithapple_001815.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1210"),
    ] {
        let landed = world.journey(provider, ADA).await;
        assert!(has_code(&landed), "{provider}: {}", landed.text());
        assert_eq!(landed.status, 303, "{provider}: answers to a post must not repeat it (O-21)");
        let mut work = world.gateway.ports().store.read().await.unwrap();
        let user = work.users().find_by_username(&world.pool, username).await.unwrap().unwrap();
        assert_eq!((user.attributes["email"].as_str(), user.attributes["email_verified"].as_str()), ("ada@example.com", "true"));
        assert_eq!(user.attributes["given_name"], "Ada", "{provider}");
    }
    // The second time Apple says no name; the first one stays.
    assert!(has_code(&world.journey("SignInWithApple", ADA).await));
    let mut work = world.gateway.ports().store.read().await.unwrap();
    let users = work.users().list(&world.pool, None, 60).await.unwrap();
    assert_eq!(users.len(), 2, "O-16: one address, two providers, two users");
    assert!(users.iter().all(|user| user.attributes["given_name"] == "Ada"));
    drop(work);

    // What describe answers show: Cognito's keys, and never Apple's key.
    let aws = Aws::new(&world.gateway);
    for provider in ["Google", "SignInWithApple"] {
        let asked = json!({ "UserPoolId": world.pool, "ProviderName": provider });
        let shown = aws.ok("DescribeIdentityProvider", asked).await["IdentityProvider"]["ProviderDetails"].clone();
        assert!(shown.get("private_key").is_none(), "{provider}");
        assert_eq!(shown.get("client_secret").is_some(), provider == "Google");
        for key in ["attributes_url_add_attributes", "authorize_url", "oidc_issuer", "token_request_method", "token_url"] {
            assert!(shown.get(key).is_some(), "{provider} {key}");
        }
    }
}

async fn faults_land_with_fixed_texts(backend: Backend) {
    let world = World::new(TestGateway::start(backend).await).await;
    let doors: [(&str, &Desk); 2] = [("Google", world.google.desk()), ("SignInWithApple", world.apple.desk())];
    for (provider, desk) in doors {
        let landed = world.journey(provider, "Cancel and go back").await.location().unwrap();
        assert!(landed.as_str().starts_with(APP));
        assert_eq!(parameter(&landed, "error").as_deref(), Some("access_denied"), "{provider}");
        assert_eq!(parameter(&landed, "state").as_deref(), Some("the-apps-state"));
        assert_eq!(
            parameter(&landed, "error_description").as_deref(),
            Some("The identity provider did not sign the user in."),
            "{provider}"
        );
        for fault in [Fault::status(500), Fault::html(), slow()] {
            desk.fault(Endpoint::Token, fault);
            let landed = world.journey(provider, ADA).await.location().unwrap();
            assert_eq!(parameter(&landed, "error").as_deref(), Some("server_error"), "{provider}");
            let text = parameter(&landed, "error_description");
            assert_eq!(text.as_deref(), Some("The identity provider cannot be reached at the moment."));
            desk.behave();
        }
        let refusal = json!({ "error": "invalid_grant", "error_description": "canary" }).to_string();
        desk.fault(Endpoint::Token, Fault::body(400, "application/json", &refusal));
        let page = world.journey(provider, ADA).await;
        assert_eq!((page.status, page.location()), (400, None), "{provider}: the fixed page");
        assert!(!page.body.contains("canary") && !page.body.contains("invalid_grant"));
        desk.behave();
        assert!(has_code(&world.journey(provider, ADA).await), "{provider}: the control");
    }
}

/// O-21: what travels with Apple's cross-site post, on an https origin.
#[tokio::test]
async fn o_21_a_posted_answer_needs_the_browser_s_cookie_only() {
    let mut world = World::new(TestGateway::start(Backend::Embedded).await).await;
    let secure = TestGateway::builder().storage(&world.gateway.storage).public_url(SECURE).start().await;
    let _plain = std::mem::replace(&mut world.gateway, secure);
    let home = Url::parse(SECURE).unwrap();
    let apple = Url::parse(&world.apple.base_url).unwrap();
    let http = client();
    let address = world.gateway.url(&format!("/{}/oauth2/idpresponse", world.pool));
    let mut jar = Jar::default();
    let keep = |jar: &mut Jar, answer: &reqwest::Response| {
        for cookie in answer.headers().get_all("set-cookie") {
            jar.set(&home, cookie.to_str().unwrap());
        }
    };
    // Twice: the second time a session is there, and must not travel.
    for round in 0..2 {
        let mut to = Url::parse(&world.authorize("SignInWithApple")).unwrap();
        to.query_pairs_mut().append_pair("prompt", "login");
        let sent = jar.header(&home, &Method::GET, None);
        let begun = http.get(to).header("host", "id.example.com").header("cookie", sent).send().await.unwrap();
        keep(&mut jar, &begun);
        let cookie = jar.get("__Host-fedgate-browser").unwrap();
        assert!(cookie.secure && cookie.http_only && cookie.host_only && cookie.path == "/");
        assert_eq!(cookie.same_site, SameSite::None);
        let mut browser = Browser::new();
        let page = browser.open(begun.headers()["location"].to_str().unwrap()).await.unwrap();
        let form = page.form_with_button(ADA).unwrap();
        let fields = browser.submit(&page, &form).await.unwrap().forms().remove(0).fields;

        let cookies = jar.header(&home, &Method::POST, Some(&apple));
        assert_eq!(cookies.matches('=').count(), 1, "round {round}: {cookies}");
        assert!(cookies.starts_with("__Host-fedgate-browser="));
        let post = |address: &str| {
            let post = http.post(address).header("host", "id.example.com").header("origin", "https://appleid.apple.com");
            post.header("cookie", &cookies)
        };
        // None of these reaches the login, so that the honest answer still works.
        let twice = [fields.clone(), fields.clone()].concat();
        let refused = [
            post(&address).form(&twice),
            post(&format!("{address}?a=b")).form(&fields),
            post(&address).json(&json!({"state": "x"})),
        ];
        for request in refused {
            assert_eq!(request.send().await.unwrap().status(), 400, "O-27");
        }
        let landed = post(&address).form(&fields).send().await.unwrap();
        assert_eq!(landed.status(), 303, "{}", world.gateway.last_audit().reason());
        assert!(landed.headers()["location"].to_str().unwrap().starts_with(APP));
        keep(&mut jar, &landed);
        let session = jar.cookies.iter().find(|cookie| cookie.name.starts_with("__Host-fedgate-session-")).unwrap();
        assert_eq!((session.same_site, session.secure, session.http_only), (SameSite::Lax, true, true));
        assert_eq!(post(&address).form(&fields).send().await.unwrap().status(), 400, "O-01: once");
    }
}

/// O-01: a posted answer from a browser without the cookie, or with another's, lets nobody in.
#[tokio::test]
async fn o_01_a_posted_answer_is_bound_to_its_browser() {
    let world = World::new(TestGateway::start(Backend::Embedded).await).await;
    for stranger in [true, false] {
        let mut browser = Browser::new();
        let page = browser.open(&world.authorize("SignInWithApple")).await.unwrap();
        let form = page.form_with_button(ADA).unwrap();
        let posting = browser.submit(&page, &form).await.unwrap();
        let form = posting.forms().remove(0);
        let mut other = Browser::new();
        if stranger {
            other.open(&world.authorize("SignInWithApple")).await.unwrap();
        }
        let answer = other.submit(&posting, &form).await.unwrap();
        assert_eq!((answer.status, answer.location()), (400, None));
        let reason = if stranger { "other_browser" } else { "browser_cookie_missing" };
        assert_eq!(world.gateway.last_audit().reason(), reason);
    }
    assert!(has_code(&world.journey("SignInWithApple", ADA).await), "the control");
}
