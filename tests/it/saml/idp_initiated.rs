//! IdP-initiated sign-in (Cognito: `IDPInit`; S-10, S-11, S-16): Cognito's RelayState, and every check that an answer of this kind must pass.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::model::app_client::AppClient;
use playground::browser::{Browser, Page, parameter};
use playground::saml_idp::SamlIdpHandle;
use playground::saml_idp::logout::Application;
use playground::saml_idp::response::ResponseSpec;
use tokio::task::JoinSet;
use url::form_urlencoded::Serializer;

use super::world::{APP, KATHERINE, World};
use crate::harness::storage::Backend;

/// A world with a client that can be served: with a secret, and nothing but such providers.
async fn start(backend: Backend) -> (World, AppClient, String) {
    let world = World::new(backend).await;
    let (client, secret) = world
        .gateway
        .add_confidential_client(&world.pool, |client| {
            client.providers = vec!["Campus".to_owned()];
            client.callback_urls = vec![APP.to_owned(), "https://app.example.com/other".to_owned()];
        })
        .await;
    (world, client, secret)
}

fn relay_state(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Cognito's long form.
fn long_form(client: &AppClient) -> String {
    relay_state(&changed(client, &[]))
}

fn changed<'a>(client: &'a AppClient, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("identity_provider", "Campus"),
        ("client_id", client.id.as_str()),
        ("redirect_uri", APP),
        ("response_type", "code"),
        ("scope", "openid email"),
    ];
    let mut pairs: Vec<_> = good.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).collect();
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    pairs
}

/// An answer that nobody asked for.
fn spec(world: &World, idp: &SamlIdpHandle) -> ResponseSpec {
    let katherine = playground::saml_idp::Config::default().people.remove(0);
    idp.spec(&katherine, &world.sp(), &world.acs(), None)
}

async fn post(world: &World, spec: &ResponseSpec, idp: &SamlIdpHandle, relay_state: &str) -> Page {
    post_text(world, &spec.build(&idp.key()), relay_state).await
}

async fn post_text(world: &World, document: &str, relay_state: &str) -> Page {
    Browser::new().post(&world.acs(), &fields(document, relay_state)).await.unwrap()
}

fn fields(document: &str, relay_state: &str) -> [(String, String); 2] {
    [("SAMLResponse", STANDARD.encode(document)), ("RelayState", relay_state.to_owned())]
        .map(|(name, value)| (name.to_owned(), value))
}

/// The code with which the app was reached.
#[track_caller]
fn code(page: &Page) -> String {
    let location = page.location().unwrap_or_else(|| panic!("{}: {}", page.status, page.text()));
    assert!(location.as_str().starts_with(APP), "{location}");
    parameter(&location, "code").unwrap_or_else(|| panic!("{location}"))
}

/// Whether a code is worth tokens.
async fn redeems(world: &World, client: &AppClient, secret: &str, code: &str) -> bool {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", APP)];
    let request = crate::harness::gateway::client().post(world.address("/oauth2/token")).basic_auth(&client.id, Some(secret));
    request.form(&fields).send().await.unwrap().status().is_success()
}

async fn opens(backend: Backend) {
    let (world, client, secret) = start(backend).await;
    assert!(long_form(&client).len() > 80);
    let page = post(&world, &spec(&world, &world.campus), &world.campus, &long_form(&client)).await;
    assert_eq!(page.status, 303);
    let audit = world.gateway.last_audit();
    assert_eq!((audit.get("outcome"), audit.get("unsolicited")), ("success", "true"));
    assert!(redeems(&world, &client, &secret, &code(&page)).await);

    // From the provider's own page, with the app's state.
    world.campus.add_application(Application {
        name: "The app".to_owned(),
        sp_entity_id: world.sp(),
        acs_url: world.acs(),
        relay_state: relay_state(&changed(&client, &[("state", "fixed")])),
    });
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/", world.campus.base_url)).await.unwrap();
    let page = browser.press(&page, "The app").await.unwrap();
    let reached = browser.press_until(&page, KATHERINE.0, APP).await.unwrap().reached().unwrap();
    assert_eq!(parameter(&reached, "state").as_deref(), Some("fixed"));
    assert!(redeems(&world, &client, &secret, &parameter(&reached, "code").unwrap()).await);
    // The session is one like any other, and the provider can end it.
    assert!(world.is_signed_in(&browser).await);
    let index = World::last_index(&world.campus);
    let request = world.request(&world.campus, KATHERINE.1, Some(&index)).redirect(&world.campus.key());
    Browser::new().get(&format!("{}?{request}", world.slo())).await.unwrap();
    assert!(!world.is_signed_in(&browser).await);
}

#[tokio::test]
async fn an_application_opens_from_the_providers_page_on_sqlite_and_memory() {
    opens(Backend::Embedded).await;
}

#[tokio::test]
async fn an_application_opens_from_the_providers_page_on_postgresql_and_redis() {
    opens(Backend::Shared).await;
}

#[tokio::test]
async fn the_short_form_names_the_one_client_that_it_can_mean() {
    let (world, client, secret) = start(Backend::Embedded).await;
    let short = relay_state(&[("redirect_uri", "https://app.example.com/other"), ("state", "x")]);
    let page = post(&world, &spec(&world, &world.campus), &world.campus, &short).await;
    let location = page.location().unwrap();
    assert!(location.as_str().starts_with("https://app.example.com/other?code="), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("x"));
    // Two clients have this one.
    let ambiguous = relay_state(&[("redirect_uri", APP), ("state", "x")]);
    let page = post(&world, &spec(&world, &world.campus), &world.campus, &ambiguous).await;
    world.assert_refused(&page, "client_ambiguous");
    let unknown = relay_state(&[("redirect_uri", "https://evil.example.com/"), ("state", "x")]);
    world.assert_refused(&post(&world, &spec(&world, &world.campus), &world.campus, &unknown).await, "client_ambiguous");
    let page = post(&world, &spec(&world, &world.campus), &world.campus, &long_form(&client)).await;
    assert!(redeems(&world, &client, &secret, &code(&page)).await, "the control");
}

/// S-11, O-20: the switch, the provider, the client and the user count at this moment.
#[tokio::test]
async fn s11_only_where_it_is_enabled() {
    let (world, client, _) = start(Backend::Embedded).await;
    let control = async || code(&post(&world, &spec(&world, &world.campus), &world.campus, &long_form(&client)).await);
    let attempt = async || post(&world, &spec(&world, &world.campus), &world.campus, &long_form(&client)).await;
    control().await;
    for value in ["false", "True", "1"] {
        world.change("Campus", |provider| drop(provider.details.insert("IDPInit".to_owned(), value.to_owned()))).await;
        world.assert_refused(&attempt().await, "unsolicited_not_enabled");
    }
    world.change("Campus", |provider| drop(provider.details.remove("IDPInit"))).await;
    world.assert_refused(&attempt().await, "unsolicited_not_enabled");
    world.change("Campus", |provider| drop(provider.details.insert("IDPInit".to_owned(), "true".to_owned()))).await;
    control().await;
    world.change("Campus", |provider| provider.enabled = false).await;
    world.assert_refused(&attempt().await, "unsolicited_not_enabled");
    world.change("Campus", |provider| provider.enabled = true).await;
    control().await;

    let update = async |change: &dyn Fn(&mut AppClient)| {
        let mut changed = client.clone();
        change(&mut changed);
        let mut work = world.gateway.ports().store.begin().await.unwrap();
        work.app_clients().update(&changed).await.unwrap();
        work.commit().await.unwrap();
    };
    update(&|client| client.enabled = false).await;
    assert_eq!(attempt().await.status, 400);
    update(&|client| client.providers = vec!["Lab".to_owned()]).await;
    let told = attempt().await.location().unwrap();
    assert_eq!(parameter(&told, "error").as_deref(), Some("invalid_request"), "the client does not offer it: {told}");
    // Cognito: such a client offers nothing but such providers.
    update(&|client| client.providers = vec!["Campus".to_owned(), "COGNITO".to_owned()]).await;
    world.assert_refused(&attempt().await, "client_offers_other_providers");
    update(&|client| client.providers = vec!["Campus".to_owned(), "Lab".to_owned()]).await;
    control().await;
    world.change("Lab", |provider| drop(provider.details.remove("IDPInit"))).await;
    world.assert_refused(&attempt().await, "client_offers_other_providers");
    update(&|client| client.providers = vec!["Campus".to_owned()]).await;
    control().await;

    let mut work = world.gateway.ports().store.begin().await.unwrap();
    let mut user = work.users().list(&world.pool.id, None, 1).await.unwrap().remove(0);
    user.enabled = false;
    work.users().update(&user).await.unwrap();
    work.commit().await.unwrap();
    world.assert_refused(&attempt().await, "user_disabled");
}

/// S-10, S-11, S-09, S-13: the answer itself.
#[tokio::test]
async fn s10_s11_the_answer_names_no_request_and_is_the_named_providers() {
    type Change = fn(&mut ResponseSpec, i64);
    let (world, client, _) = start(Backend::Embedded).await;
    let now_ms = world.gateway.now_ms();
    let cases: [(Change, &str); 8] = [
        (|spec, _| spec.in_response_to = Some("_somebodys".to_owned()), "in_response_to"),
        (|spec, _| spec.in_response_to = Some(String::new()), "in_response_to"),
        (|spec, _| spec.response_in_response_to = Some("_somebodys".to_owned()), "in_response_to"),
        (|spec, now| spec.issue_instant_ms = now - 361_000, "expired"),
        (|spec, now| spec.issue_instant_ms = now + 61_000, "too_early"),
        (|spec, _| spec.audiences = vec![vec!["urn:other".to_owned()]], "audience"),
        (|spec, _| spec.recipient = Some("https://else.example.com/saml2/idpresponse".to_owned()), "recipient"),
        (|spec, _| spec.sign = playground::saml_idp::response::Sign::Nothing, "unsigned"),
    ];
    for (change, reason) in cases {
        let mut spec = spec(&world, &world.campus);
        change(&mut spec, now_ms);
        world.assert_refused(&post(&world, &spec, &world.campus, &long_form(&client)).await, reason);
    }
    // Six minutes are the age that Cognito takes.
    let mut old = spec(&world, &world.campus);
    old.issue_instant_ms = now_ms - 360_000;
    code(&post(&world, &old, &world.campus, &long_form(&client)).await);
    // Another provider's answer under this provider's name, and with its keys.
    let others = spec(&world, &world.lab);
    world.assert_refused(&post(&world, &others, &world.lab, &long_form(&client)).await, "signature_invalid");
    world.assert_refused(&post(&world, &others, &world.campus, &long_form(&client)).await, "issuer");
    // An answer to a request of ours is not one that nobody asked for, and the other way round.
    let mut browser = Browser::new();
    let page = browser.open(&world.authorize(&[("identity_provider", "Campus")])).await.unwrap();
    let form = page.form_with_button(KATHERINE.0).unwrap();
    let mut fields = browser.submit(&page, &form).await.unwrap().forms().remove(0).fields;
    let solicited = fields.clone();
    fields.iter_mut().find(|(name, _)| name == "RelayState").unwrap().1 = long_form(&client);
    world.assert_refused(&browser.post(&world.acs(), &fields).await.unwrap(), "in_response_to");
    let mut unasked = solicited.clone();
    let document = spec(&world, &world.campus).build(&world.campus.key());
    unasked.iter_mut().find(|(name, _)| name == "SAMLResponse").unwrap().1 = STANDARD.encode(document);
    world.assert_refused(&browser.post(&world.acs(), &unasked).await.unwrap(), "in_response_to");
}

/// S-16: one answer lets one in, however often and under whatever RelayState it comes.
#[tokio::test]
async fn s16_an_answer_works_once() {
    let (world, client, _) = start(Backend::Embedded).await;
    let document = spec(&world, &world.campus).build(&world.campus.key());
    let mut posts = JoinSet::new();
    let http = crate::harness::gateway::client();
    for number in 0..40 {
        let (acs, http) = (world.acs(), http.clone());
        let fields = fields(&document, &relay_state(&changed(&client, &[("state", &number.to_string())])));
        posts.spawn(async move { Browser::with_client(http).post(&acs, &fields).await.unwrap().status });
    }
    let statuses = posts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    world.assert_refused(&post_text(&world, &document, &long_form(&client)).await, "answer_used_before");
    world.gateway.advance_s(300);
    assert_eq!(post_text(&world, &document, &long_form(&client)).await.status, 400);
    code(&post(&world, &spec(&world, &world.campus), &world.campus, &long_form(&client)).await);
}

/// The parameters pass the table of checks of the authorization endpoint.
#[tokio::test]
async fn relay_state_is_judged_like_an_authorization_request() {
    let (world, client, secret) = start(Backend::Embedded).await;
    let send = async |changes: &[(&str, &str)]| {
        post(&world, &spec(&world, &world.campus), &world.campus, &relay_state(&changed(&client, changes))).await
    };
    assert!(redeems(&world, &client, &secret, &code(&send(&[]).await)).await, "the control");
    for (changes, reason) in [
        (vec![("redirect_uri", "https://evil.example.com/")], "redirect_uri_mismatch"),
        (vec![("redirect_uri", "https://app.example.com/callback/")], "redirect_uri_mismatch"),
        (vec![("client_id", "nobody")], "client_unknown"),
        (vec![("identity_provider", "")], "unsolicited_not_enabled"),
        (vec![("identity_provider", "COGNITO")], "unsolicited_not_enabled"),
        (vec![("identity_provider", "Nobody")], "unsolicited_not_enabled"),
        (vec![("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")], "relay_state_parameter"),
        (vec![("nonce", "fixed")], "relay_state_parameter"),
        (vec![("prompt", "none")], "relay_state_parameter"),
        (vec![("request_uri", "https://x.example.com")], "relay_state_parameter"),
    ] {
        world.assert_refused(&send(&changes).await, reason);
    }
    for (changes, error) in [
        (vec![("response_type", "token")], "unauthorized_client"),
        (vec![("response_type", "")], "invalid_request"),
        (vec![("response_type", "id_token")], "unauthorized_client"),
        (vec![("response_type", "nonsense")], "unsupported_response_type"),
        (vec![("scope", "unknown")], "invalid_scope"),
        (vec![("identity_provider", "Lab")], "invalid_request"),
    ] {
        let page = send(&changes).await;
        let location = page.location().unwrap();
        assert!(location.as_str().starts_with(APP), "{location}");
        assert_eq!(parameter(&location, "error").as_deref(), Some(error), "{changes:?}: {location}");
        assert!(parameter(&location, "code").is_none());
        assert!(page.header("set-cookie").is_none(), "nobody is signed in");
    }
    // A public client must send a challenge, which RelayState cannot hold.
    let public = relay_state(&changed(&world.client, &[]));
    let page = post(&world, &spec(&world, &world.campus), &world.campus, &public).await;
    assert_eq!(parameter(&page.location().unwrap(), "error").as_deref(), Some("invalid_request"));
    assert_eq!(world.gateway.last_audit().get("reason"), "pkce_missing");
    // Repeated, malformed, over two kilobytes.
    let good = long_form(&client);
    let answer = spec(&world, &world.campus);
    for (bad, reason) in [
        (format!("{good}&client_id={}", client.id), "relay_state_malformed"),
        (format!("{good}&state=%zz"), "relay_state_malformed"),
        (format!("{good}&state={}", "x".repeat(2_048)), "relay_state_too_long"),
        ("https://evil.example.com/".to_owned(), "unknown_or_used_state"),
        ("https://evil.example.com/?redirect_uri=x".to_owned(), "unknown_or_used_state"),
        ("x".to_owned(), "unknown_or_used_state"),
        (String::new(), "relay_state_missing"),
    ] {
        world.assert_refused(&post(&world, &answer, &world.campus, &bad).await, reason);
    }
    let long_state = "x".repeat(2_048 - good.len() - "&state=".len());
    code(&post(&world, &answer, &world.campus, &format!("{good}&state={long_state}")).await);
}

/// A sign-in always makes a new session; somebody else's session in the same browser is not silently kept as one's own.
#[tokio::test]
async fn a25_the_session_is_new_each_time() {
    let (world, client, _) = start(Backend::Embedded).await;
    let mut cookies = Vec::new();
    let mut browser = world.signed_in("Lab", super::world::EDSGER).await;
    let session = |browser: &Browser| browser.jar.cookies.iter().find(|c| c.name.contains("session")).unwrap().value.clone();
    cookies.push(session(&browser));
    for _ in 0..2 {
        let document = spec(&world, &world.campus).build(&world.campus.key());
        code(&browser.post(&world.acs(), &fields(&document, &long_form(&client))).await.unwrap());
        cookies.push(session(&browser));
    }
    cookies.sort();
    cookies.dedup();
    assert_eq!(cookies.len(), 3);
}
