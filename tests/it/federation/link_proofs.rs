//! O-18: linking and unlinking by the users themselves. A proof is random, used once, bound to user, provider, session, browser and the one
//! subject that comes back; it ends at completion, at unlinking and with the session. Each twist stands beside the control.

use playground::browser::{Browser, Page};
use url::Url;

use crate::federation::broker_world::{ADA, APP, KATHERINE, World, has_code};
use crate::harness::storage::Backend;

const GRACE: &str = "Grace Hopper";

/// The world with Ada signed in through the OIDC provider.
async fn start() -> (World, Browser) {
    let world = World::new(Backend::Embedded).await;
    let browser = sign_in(&world, ADA).await;
    (world, browser)
}

async fn sign_in(world: &World, person: &str) -> Browser {
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Oidc").await;
    let end = format!("{}/", world.gateway.base_url);
    let answer = browser.press_until(&page, person, &end).await.unwrap().reached().unwrap();
    assert!(has_code(&browser.get(answer.as_str()).await.unwrap()));
    world.gateway.advance_s(1);
    browser
}

fn link_page(world: &World, provider: Option<&str>) -> String {
    let mut parameters = vec![("client_id", world.client.id.as_str()), ("redirect_uri", APP), ("state", "s<1>")];
    parameters.extend(provider.map(|name| ("identity_provider", name)));
    let address = format!("{}/{}/link", world.gateway.base_url, world.pool.id);
    Url::parse_with_params(&address, parameters).unwrap().into()
}

/// The way from the page to the provider's own page.
async fn to_provider(world: &World, browser: &mut Browser, provider: &str) -> Page {
    let page = browser.open(&link_page(world, Some(provider))).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    browser.click(&page, &format!("Add {provider}")).await.unwrap()
}

async fn saml_answer(world: &World, browser: &mut Browser) -> Page {
    let page = to_provider(world, browser, "Saml").await;
    let fields = world.saml_answer(browser, &page).await;
    browser.post(&world.acs(), &fields).await.unwrap()
}

/// What an app learns: `linked`, or `error`.
fn told(page: &Page, name: &str) -> Option<String> {
    let location = page.location()?;
    assert!(location.as_str().starts_with(APP), "{location}");
    assert!(location.query_pairs().all(|(name, _)| name != "code"), "a link signs nobody in");
    location.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

async fn identities(world: &World) -> Vec<(String, Vec<String>)> {
    let mut work = world.gateway.ports().store.read().await.unwrap();
    let users = work.users().list(&world.pool.id, None, 60).await.unwrap();
    let subjects = |user: &fedgate::model::user::User| user.identities.iter().map(|identity| identity.subject.clone()).collect();
    users.iter().map(|user| (user.username.clone(), subjects(user))).collect()
}

fn expected(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let own = |subjects: &[&str]| subjects.iter().map(|&subject| subject.to_owned()).collect();
    list.iter().map(|(name, subjects)| ((*name).to_owned(), own(subjects))).collect()
}

const ADA_ALONE: &[(&str, &[&str])] = &[("oidc_ada-1815", &["ada-1815"])];
const ADA_LINKED: &[(&str, &[&str])] = &[("oidc_ada-1815", &["ada-1815", "katherine-1918"])];

#[tokio::test]
async fn o_18_a_user_links_an_identity_and_removes_it() {
    let (world, mut browser) = start().await;
    let landed = saml_answer(&world, &mut browser).await;
    assert_eq!((told(&landed, "linked").as_deref(), told(&landed, "state").as_deref()), (Some("Saml"), Some("s<1>")));
    assert!(landed.header("set-cookie").is_none(), "no other session");
    assert_eq!(identities(&world).await, expected(ADA_LINKED));
    world.gateway.advance_s(1);

    // The SAML person enters Ada's account, and is out once she removes it.
    let mut katherine = Browser::new();
    let page = world.at_provider(&mut katherine, "Saml").await;
    let fields = world.saml_answer(&mut katherine, &page).await;
    assert!(has_code(&katherine.post(&world.acs(), &fields).await.unwrap()));
    assert_eq!(world.users().await, 1);
    world.gateway.advance_s(1);
    let page = browser.open(&link_page(&world, None)).await.unwrap();
    assert!(page.text().contains("Remove Saml: katherine-1918") && !page.text().contains("Remove Oidc"), "{}", page.text());
    let form = page.forms().remove(0);
    let page = browser.submit(&page, &form).await.unwrap();
    assert_eq!(page.status, 303);
    let page = browser.follow(page).await.unwrap();
    assert!(page.status == 200 && !page.text().contains("Remove"), "{}", page.text());
    assert_eq!(identities(&world).await, expected(ADA_ALONE));
    assert!(!has_code(&katherine.get(&world.authorize("Saml")).await.unwrap()), "the session that came that way is over");
    assert!(has_code(&browser.get(&world.authorize("Oidc")).await.unwrap()), "the own one is not");
    let refused = browser.post(&format!("{}/{}/unlink", world.gateway.base_url, world.pool.id), &form.fields).await.unwrap();
    assert_eq!((refused.status, world.gateway.last_audit().reason()), (400, "link_proof_unknown_or_used"));
}

/// Who may see the page: only somebody whose sign-in is fresh, of a client and for an address that are registered together.
#[tokio::test]
async fn o_18_the_page_needs_a_fresh_sign_in() {
    let (world, mut browser) = start().await;
    let good = link_page(&world, None);
    assert_eq!(browser.open(&good).await.unwrap().status, 200, "the control");
    let stranger = Browser::new().get(&good).await.unwrap();
    assert_eq!(told(&stranger, "error").as_deref(), Some("login_required"));
    for (from, to, reason) in
        [("app.example.com", "evil.example.com", "redirect_uri_mismatch"), (world.client.id.as_str(), "nobody", "client_unknown")]
    {
        let page = browser.get(&good.replace(from, to)).await.unwrap();
        assert_eq!((page.status, page.location(), world.gateway.last_audit().reason()), (400, None, reason));
    }
    let page = browser.get(&link_page(&world, Some("Unknown"))).await.unwrap();
    assert_eq!((page.status, world.gateway.last_audit().reason()), (400, "provider_not_allowed_for_client"));
    let page = browser.open(&good).await.unwrap();
    assert!(!page.body.contains("<script") && page.header("content-security-policy").unwrap().contains("form-action 'self'"));
    world.gateway.advance_s(300);
    let late = browser.get(&good).await.unwrap();
    assert_eq!(told(&late, "error").as_deref(), Some("login_required"));
}

/// A proof from the page in the wrong hands, at the wrong time or twice.
#[tokio::test]
async fn o_18_a_proof_belongs_to_its_session_and_works_once() {
    let (world, mut browser) = start().await;
    let mut grace = sign_in(&world, GRACE).await;
    let both: &[(&str, &[&str])] = &[("oidc_ada-1815", &["ada-1815"]), ("oidc_grace-1906", &["grace-1906"])];
    let proof = async |browser: &mut Browser| {
        let page = browser.open(&link_page(&world, Some("Saml"))).await.unwrap();
        page.links().into_iter().find(|link| link.label.contains("Add Saml")).unwrap().href
    };
    // Login CSRF: Ada's link in Grace's browser would give Grace's account to whoever answers; hers in Ada's the other way round.
    for (whose, thief, reason) in [(0, 1, "link_of_other_session"), (1, 0, "link_of_other_session"), (0, 2, "link_session_missing")]
    {
        let mut nobody = Browser::new();
        let people = [&mut browser, &mut grace, &mut nobody];
        let href = proof(&mut *people[whose]).await;
        let refused = people[thief].get(&href).await.unwrap();
        assert_eq!((refused.status, refused.location(), world.gateway.last_audit().reason()), (400, None, reason));
        let burnt = people[whose].get(&href).await.unwrap();
        assert_eq!((burnt.status, world.gateway.last_audit().reason()), (400, "link_proof_unknown_or_used"));
    }
    let href = proof(&mut browser).await;
    let elsewhere = world.gateway.add_pool("elsewhere").await;
    let refused = browser.get(&href.replace(&world.pool.id, &elsewhere.id)).await.unwrap();
    assert_eq!((refused.status, world.gateway.last_audit().reason()), (400, "link_session_missing"));
    // A proof for linking removes nothing.
    let href = proof(&mut browser).await;
    let token = Url::parse(&href).unwrap().query_pairs().next().unwrap().1.into_owned();
    let unlink = format!("{}/{}/unlink", world.gateway.base_url, world.pool.id);
    let refused = browser.post(&unlink, &[("proof".to_owned(), token)]).await.unwrap();
    assert_eq!((refused.status, world.gateway.last_audit().reason()), (400, "link_proof_for_other_act"));
    // Too late: it lives as long as the sign-in is fresh.
    let href = proof(&mut browser).await;
    world.gateway.advance_s(301);
    let refused = browser.get(&href).await.unwrap();
    assert_eq!((refused.status, world.gateway.last_audit().reason()), (400, "link_proof_unknown_or_used"));
    assert_eq!(identities(&world).await, expected(both));
    let mut anew = sign_in(&world, ADA).await;
    assert_eq!(told(&saml_answer(&world, &mut anew).await, "linked").as_deref(), Some("Saml"), "the control");
}

/// What may happen between leaving for the provider and coming back.
#[tokio::test]
async fn o_18_o_20_a_link_is_judged_when_the_answer_arrives() {
    for (twist, reason) in [
        ("nothing", ""),
        ("other browser", "other_browser"),
        ("no browser", "browser_cookie_missing"),
        ("user disabled", "link_session_ended"),
        ("user signed out everywhere", "link_session_ended"),
        ("signed out", "link_session_ended"),
        ("provider disabled", "provider_disabled"),
        ("client disabled", "provider_not_allowed_for_client"),
        ("unlinked meanwhile", "link_proof_ended"),
        ("answer twice", "unknown_or_used_state"),
        ("transaction brought back", "answer_used_before"),
        ("identity of somebody", "alias_exists"),
        ("identity that waits for somebody", "alias_exists"),
        ("five links", "limit_exceeded"),
    ] {
        let (world, mut browser) = start().await;
        let page = to_provider(&world, &mut browser, "Saml").await;
        let fields = world.saml_answer(&mut browser, &page).await;
        let mut other = Browser::new();
        let sender = twisted(&world, &mut browser, &mut other, &fields, twist).await;
        let before = identities(&world).await;
        let answer = if sender { &mut browser } else { &mut other }.post(&world.acs(), &fields).await.unwrap();
        if reason.is_empty() {
            assert_eq!(told(&answer, "linked").as_deref(), Some("Saml"), "the control");
            assert_eq!(identities(&world).await, expected(ADA_LINKED));
            continue;
        }
        assert_eq!(world.gateway.last_audit().reason(), reason, "{twist}: {}", answer.text());
        assert_eq!(identities(&world).await, before, "{twist}");
        if let Some(error) = answer.location().and_then(|_| told(&answer, "error")) {
            assert_eq!(error, "access_denied", "{twist}");
        } else {
            assert_eq!((answer.status, answer.location()), (400, None), "{twist}");
        }
    }
}

/// Does what the twist says; whether the browser itself sends the answer.
async fn twisted(world: &World, browser: &mut Browser, other: &mut Browser, fields: &[(String, String)], twist: &str) -> bool {
    use fedgate::base::digest::sha256_b64;
    use fedgate::cache::Kind;

    let ports = world.gateway.ports();
    let relay_state = fields.iter().find(|(name, _)| name == "RelayState").unwrap().1.clone();
    let context = world.gateway.context();
    match twist {
        "other browser" => drop(world.at_provider(other, "Oidc").await),
        "signed out" => {
            let logout = format!(
                "{}/{}/logout?client_id={}&logout_uri=https://app.example.com/",
                world.gateway.base_url, world.pool.id, world.client.id
            );
            assert_eq!(browser.get(&logout).await.unwrap().status, 302);
        }
        "answer twice" => drop(browser.post(&world.acs(), fields).await.unwrap()),
        "transaction brought back" => {
            let key = sha256_b64(relay_state.as_bytes());
            let record = ports.cache.get(Kind::Login, &key).await.unwrap().unwrap();
            browser.post(&world.acs(), fields).await.unwrap();
            ports.cache.put(Kind::Login, &key, &record, 60_000).await.unwrap();
        }
        "identity of somebody" => {
            let mut theirs = Browser::new();
            let page = world.at_provider(&mut theirs, "Saml").await;
            let answer = world.saml_answer(&mut theirs, &page).await;
            assert!(has_code(&theirs.post(&world.acs(), &answer).await.unwrap()));
        }
        "identity that waits for somebody" => {
            world.gateway.add_user(&world.pool, "somebody", |_| {}).await;
            link(world, "somebody", "Saml", "katherine-1918").await;
        }
        "five links" => {
            for subject in ["1", "2", "3", "4", "5"] {
                link(world, "oidc_ada-1815", "Other", subject).await;
            }
        }
        "unlinked meanwhile" => {
            let mut work = ports.store.begin().await.unwrap();
            let user = work.users().list(&world.pool.id, None, 1).await.unwrap().remove(0);
            work.identity_links().end(&world.pool.id, &user.sub, "Saml", context.now_ms()).await.unwrap();
            work.commit().await.unwrap();
        }
        _ => switch(world, twist).await,
    }
    !matches!(twist, "other browser" | "no browser")
}

async fn link(world: &World, username: &str, provider: &str, subject: &str) {
    use fedgate::federation::link::{Named, link};

    let named = |provider: &str, value: &str| Named {
        provider: provider.to_owned(),
        attribute: "Cognito_Subject".to_owned(),
        value: value.to_owned(),
    };
    link(&world.gateway.context(), &world.pool.id, &named("Cognito", username), &named(provider, subject)).await.unwrap();
}

async fn switch(world: &World, twist: &str) {
    let now_ms = world.gateway.now_ms();
    let mut work = world.gateway.ports().store.begin().await.unwrap();
    let mut user = work.users().list(&world.pool.id, None, 1).await.unwrap().remove(0);
    match twist {
        "user disabled" => user.enabled = false,
        "user signed out everywhere" => user.signed_out_ms = now_ms,
        "provider disabled" => {
            let mut provider = work.identity_providers().find(&world.pool.id, "Saml").await.unwrap().unwrap();
            provider.enabled = false;
            work.identity_providers().update(&provider).await.unwrap();
        }
        "client disabled" => {
            let mut client = work.app_clients().find(&world.pool.id, &world.client.id).await.unwrap().unwrap();
            client.enabled = false;
            work.app_clients().update(&client).await.unwrap();
        }
        _ => {}
    }
    work.users().update(&user).await.unwrap();
    work.commit().await.unwrap();
}

/// The same answer cannot carry another subject: the person at the provider is the one whose identity is linked, whoever asked.
#[tokio::test]
async fn o_18_the_subject_that_comes_back_is_the_one_that_is_linked() {
    let (world, mut browser) = start().await;
    // Back at the own provider with the identity that made the account: it is somebody's, namely hers.
    let page = to_provider(&world, &mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    let landed = browser.get(answer.as_str()).await.unwrap();
    assert_eq!(told(&landed, "error").as_deref(), Some("access_denied"));
    // Two links under way in one browser: each answer counts under its own handle only.
    let first = to_provider(&world, &mut browser, "Saml").await;
    let first = world.saml_answer(&mut browser, &first).await;
    let second = to_provider(&world, &mut browser, "Saml").await;
    let second = world.saml_answer(&mut browser, &second).await;
    let pick = |fields: &[(String, String)], name: &str| fields.iter().find(|(known, _)| known == name).unwrap().clone();
    let crossed = vec![pick(&first, "SAMLResponse"), pick(&second, "RelayState")];
    assert_eq!(browser.post(&world.acs(), &crossed).await.unwrap().status, 400);
    assert_eq!(identities(&world).await, expected(ADA_ALONE));
    assert_eq!(told(&browser.post(&world.acs(), &first).await.unwrap(), "linked").as_deref(), Some("Saml"), "the control");
    assert!(KATHERINE.starts_with("Katherine"));
}
