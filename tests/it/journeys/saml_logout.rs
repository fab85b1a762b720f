//! Sign-out journeys through the SAML stand-in: from the provider, by redirect and POST; from us, with every way in which the provider can fail.

use fedgate::model::web_session::ProviderSession;
use playground::browser::{Browser, Page};
use playground::saml_idp::logout::Binding;
use playground::saml_idp::logout_message::Kind;
use playground::saml_idp::trust;
use url::Url;

use crate::harness::storage::Backend;
use crate::saml::world::{APP, BYE, EDSGER, KATHERINE, World};

fn logout(world: &World) -> String {
    let parameters = [("client_id", world.client.id.as_str()), ("logout_uri", BYE)];
    Url::parse_with_params(&world.address("/logout"), parameters).unwrap().into()
}

/// Out from the provider's page: the app's next request asks again.
async fn from_the_provider(backend: Backend) {
    let world = World::new(backend).await;
    for binding in [Binding::Redirect, Binding::Post] {
        world.campus.logout_by(binding, false);
        let mut browser = world.signed_in("Campus", KATHERINE).await;
        let page = browser.open(&format!("{}/", world.campus.base_url)).await.unwrap();
        let done = browser.press(&page, "Sign out everywhere").await.unwrap();
        assert!(done.text().contains("signed out everywhere"), "{}", done.text());
        assert!(!world.is_signed_in(&browser).await);
        let again = browser.open(&world.authorize(&[("identity_provider", "Campus")])).await.unwrap();
        assert!(again.text().contains("Who are you today?"), "{}", again.text());
        let answer = world.campus.logout_messages().pop().unwrap();
        assert_eq!((answer.kind, answer.issuer), (Kind::Response, world.sp()));
        assert!(world.campus.sessions().is_empty());
    }
}

#[tokio::test]
async fn out_from_the_provider_on_sqlite_and_memory() {
    from_the_provider(Backend::Embedded).await;
}

#[tokio::test]
async fn out_from_the_provider_on_postgresql_and_redis() {
    from_the_provider(Backend::Shared).await;
}

/// Out from us: the provider gets a signed request for its own session, and the browser ends where the app wanted it.
async fn from_us(backend: Backend) {
    let world = World::new(backend).await;
    world.campus.demand_signed_requests(&world.certificates().await);
    world
        .change("Campus", |provider| {
            provider.details.insert("RequestSigningAlgorithm".to_owned(), "rsa-sha256".to_owned());
        })
        .await;
    let bystander = world.signed_in("Campus", EDSGER).await;
    for (binding, post_only) in [(Binding::Redirect, false), (Binding::Post, false), (Binding::Post, true)] {
        world.campus.logout_by(binding, post_only);
        // The metadata is read again.
        world.gateway.advance_s(601);
        world.gateway.app.broker.upkeep(&world.gateway.context()).await;
        let mut browser = world.signed_in("Campus", KATHERINE).await;
        let index = World::last_index(&world.campus);
        let reached = browser.open_until(&logout(&world), BYE).await.unwrap().reached().unwrap();
        assert_eq!(reached.as_str(), BYE);
        assert!(!world.is_signed_in(&browser).await);
        let request = world.campus.logout_messages().pop().unwrap();
        assert_eq!((request.kind, request.issuer.as_str()), (Kind::Request, world.sp().as_str()));
        assert_eq!(request.name_id.as_deref(), Some(KATHERINE.1));
        assert_eq!(request.session_index, Some(index));
        assert_eq!(request.query.is_none(), post_only, "redirect wherever the provider has it, as Cognito does");
        if post_only {
            trust::enveloped(&request.xml, &world.certificates().await).unwrap();
        }
        assert_eq!(world.campus.sessions().len(), 1, "the bystander's");
        let audit = world.gateway.audit().into_iter().rev().find(|line| line.get("event") == "saml.logout").unwrap();
        assert_eq!(audit.get("outcome"), "success");
    }
    if backend == Backend::Embedded {
        assert_eq!(rows(&world).await, 1, "only the bystander's row stands");
    }
    drop(bystander);
}

async fn rows(world: &World) -> usize {
    let mut rows: Vec<ProviderSession> = Vec::new();
    let mut work = world.gateway.ports().store.begin().await.unwrap();
    for person in [KATHERINE, EDSGER] {
        let key = serde_json::json!(["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", null, null, person.1]).to_string();
        rows.extend(work.provider_sessions().take_of_subject(&world.pool.id, "Campus", &key, &[]).await.unwrap());
    }
    rows.len()
}

#[tokio::test]
async fn out_from_us_on_sqlite_and_memory() {
    from_us(Backend::Embedded).await;
}

#[tokio::test]
async fn out_from_us_on_postgresql_and_redis() {
    from_us(Backend::Shared).await;
}

/// The answer of a sign-out that stands before the provider: the address to which it sends the browser.
async fn stopped(world: &World, browser: &mut Browser) -> Url {
    browser.open_until(&logout(world), &world.slo()).await.unwrap().reached().unwrap()
}

/// Whatever the provider does, the sign-out here has happened.
#[tokio::test]
async fn a_provider_that_fails_never_loses_the_local_sign_out() {
    let world = World::new(Backend::Embedded).await;
    // It says that it could not, or not everywhere.
    for status in ["urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"] {
        world.campus.tamper_logout(move |spec| spec.status = vec![status.to_owned()]);
        let mut browser = world.signed_in("Campus", KATHERINE).await;
        assert_eq!(browser.open_until(&logout(&world), BYE).await.unwrap().reached().unwrap().as_str(), BYE);
        assert!(!world.is_signed_in(&browser).await);
    }
    // It says nothing, or something that is not its own word.
    world.campus.behave_logout();
    world.campus.stay_silent(true);
    let mut browser = world.signed_in("Campus", KATHERINE).await;
    let page = browser.open(&logout(&world)).await.unwrap();
    assert!(page.url.as_str().starts_with(&world.campus.base_url));
    assert!(!world.is_signed_in(&browser).await);
    world.campus.stay_silent(false);
    for (tamper, reason) in [("unsigned", "unsigned"), ("request", "in_response_to"), ("issuer", "issuer"), ("old", "expired")] {
        world.campus.tamper_logout(move |spec| match tamper {
            "unsigned" => spec.signed = false,
            "request" => spec.in_response_to = Some("_other".to_owned()),
            "issuer" => spec.issuer = Some("https://other.example.com".to_owned()),
            _ => spec.issue_instant_ms = spec.issue_instant_ms.map(|at| at - 400_000),
        });
        let mut browser = world.signed_in("Campus", KATHERINE).await;
        let page = browser.open(&logout(&world)).await.unwrap();
        world.assert_refused(&page, reason);
        assert!(!world.is_signed_in(&browser).await);
    }
    world.campus.behave_logout();
    // It is not told at all: switched off, gone from the metadata's host, disabled.
    let mut browser = world.signed_in("Campus", KATHERINE).await;
    world.change("Campus", |provider| provider.enabled = false).await;
    let before = world.campus.logout_messages().len();
    assert_eq!(browser.open_until(&logout(&world), BYE).await.unwrap().reached().unwrap().as_str(), BYE);
    assert!(!world.is_signed_in(&browser).await);
    assert_eq!(world.campus.logout_messages().len(), before);
}

/// O-01: the answer works once, in the browser that signed out, at its pool.
#[tokio::test]
async fn o01_the_answer_belongs_to_the_browser_that_signed_out() {
    let world = World::new(Backend::Embedded).await;
    let refused = async |browser: &mut Browser, answer: &Url, reason: &str| {
        let page: Page = browser.get(answer.as_str()).await.unwrap();
        world.assert_refused(&page, reason);
    };
    let mut browser = world.signed_in("Campus", KATHERINE).await;
    let answer = stopped(&world, &mut browser).await;
    refused(&mut Browser::new(), &answer, "browser_cookie_missing").await;
    refused(&mut browser, &answer, "unknown_or_used_state").await;

    let mut browser = world.signed_in("Campus", KATHERINE).await;
    let answer = stopped(&world, &mut browser).await;
    let mut stranger = world.signed_in("Campus", EDSGER).await;
    refused(&mut stranger, &answer, "other_browser").await;

    let mut browser = world.signed_in("Campus", KATHERINE).await;
    let answer = stopped(&world, &mut browser).await;
    let other = world.gateway.add_pool("other").await;
    let elsewhere = Url::parse(&answer.as_str().replacen(&world.pool.id, &other.id, 1)).unwrap();
    refused(&mut browser, &elsewhere, "other_pool").await;

    let mut browser = world.signed_in("Campus", KATHERINE).await;
    let answer = stopped(&world, &mut browser).await;
    assert_eq!(browser.get(answer.as_str()).await.unwrap().location().unwrap().as_str(), BYE, "the control");
    refused(&mut browser, &answer, "unknown_or_used_state").await;
    assert!(world.is_signed_in(&stranger).await);
}

/// `redirect_uri` instead of `logout_uri`: a new sign-in, after the provider's sign-out.
#[tokio::test]
async fn out_and_in_again() {
    let world = World::new(Backend::Embedded).await;
    let mut browser = world.signed_in("Campus", KATHERINE).await;
    let query = world.authorize(&[]);
    let url = format!("{}?{}", world.address("/logout"), Url::parse(&query).unwrap().query().unwrap());
    let page = browser.open(&url).await.unwrap();
    assert_eq!(page.url.path(), format!("/{}/login", world.pool.id));
    assert_eq!(world.campus.logout_messages().len(), 1);
    let at_provider = browser.click(&page, "Campus").await.unwrap();
    let reached = browser.press_until(&at_provider, KATHERINE.0, APP).await.unwrap().reached().unwrap();
    assert!(reached.as_str().contains("code="));
}

/// Our metadata names the logout service by both bindings.
#[tokio::test]
async fn s31_the_metadata_names_the_logout_service() {
    let world = World::new(Backend::Embedded).await;
    let page = Browser::new().get(&world.address("/saml2/metadata")).await.unwrap();
    let wanted = format!(r#"Location="{}""#, world.slo());
    assert_eq!(page.body.matches("<md:SingleLogoutService").count(), 2, "{}", page.body);
    assert_eq!(page.body.matches(&wanted).count(), 2);
    for binding in ["HTTP-Redirect", "HTTP-POST"] {
        let service = format!(r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}""#);
        assert!(page.body.contains(&service), "{}", page.body);
    }
}
