//! Every parameter, field, header and document that the sign-in paths read, once wrong, once missing, once doubled and once oversized: each gets
//! a 4xx or an OAuth error and exactly one audit line, nothing is stored, and the same request without the change succeeds.
//! JSON members of the Cognito operations have the same test in `cognito`, generated from the service models.

use playground::browser::{Browser, Page};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::federation::broker_world::{World, has_code};
use crate::harness::storage::Backend;

/// How a value is broken.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Wrong,
    Missing,
    Doubled,
    Oversized,
}

const HARMS: [Harm; 4] = [Harm::Wrong, Harm::Missing, Harm::Doubled, Harm::Oversized];

/// The parameters with one of them broken.
fn harmed(parameters: &[(String, String)], name: &str, harm: Harm) -> Vec<(String, String)> {
    let mut changed = parameters.to_vec();
    let at = changed.iter().position(|(known, _)| known == name).unwrap();
    match harm {
        Harm::Wrong => "\u{1}<wrong>".clone_into(&mut changed[at].1),
        Harm::Missing => drop(changed.remove(at)),
        Harm::Doubled => changed.push(changed[at].clone()),
        Harm::Oversized => changed[at].1 = "x".repeat(500_000),
    }
    changed
}

/// 4xx, or a redirect to the app that carries an OAuth error.
fn is_refusal(page: &Page) -> bool {
    let error_redirect =
        page.location().is_some_and(|to| to.query_pairs().any(|(name, value)| name == "error" && value != "server_error"));
    (400..500).contains(&page.status) || error_redirect
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn with_query(address: &str, parameters: &[(String, String)]) -> String {
    url::Url::parse_with_params(address, parameters).unwrap().into()
}

/// Sends a request that must be refused and leave one audit line and nothing else. An oversized one may be cut off by the server before it is
/// whole, which is a refusal as well; then there is no answer to look at.
async fn assert_refused(world: &World, what: &str, answer: Result<Page, playground::browser::BrowserError>, lines_before: usize) {
    if let Ok(page) = answer {
        assert!(is_refusal(&page), "{what}: {} {:?} {}", page.status, page.location(), page.text());
        let lines = world.gateway.audit();
        let new = &lines[lines_before..];
        // What never becomes a request (a head beyond the parser's bounds) has nobody to audit.
        if page.status != 431 && page.status != 414 && !(page.status == 400 && page.body.is_empty()) {
            assert_eq!(new.len(), 1, "{what}: one audit line, not {new:?}");
            assert_ne!(new[0].outcome(), "success", "{what}");
        }
    }
    assert_eq!(world.users().await, 0, "{what}: nothing is stored");
}

async fn sweep_get(world: &World, browser: &mut Browser, address: &str, good: &[(String, String)], spared: &[(&str, Harm)]) {
    for (name, _) in good {
        for harm in HARMS {
            if spared.iter().any(|&(known, spared)| known == name && format!("{spared:?}") == format!("{harm:?}")) {
                continue;
            }
            let before = world.gateway.audit().len();
            let answer = browser.get(&with_query(address, &harmed(good, name, harm))).await;
            assert_refused(world, &format!("{address} {name} {harm:?}"), answer, before).await;
        }
    }
}

#[tokio::test]
async fn every_query_parameter_of_the_authorization_request() {
    let world = World::new(Backend::Embedded).await;
    let mut browser = Browser::new();
    let url = url::Url::parse(&world.authorize("Oidc")).unwrap();
    let mut good: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    good.extend(pairs(&[("nonce", "n-0S6_WzA2Mj"), ("prompt", "login"), ("max_age", "600"), ("response_mode", "query")]));
    let address = format!("{}/{}/oauth2/authorize", world.gateway.base_url, world.pool.id);
    // Absent is a choice for these; and Cognito ignores unknown scopes as long as a known one stands beside.
    let spared: Vec<(&str, Harm)> = ["scope", "state", "nonce", "prompt", "max_age", "response_mode", "identity_provider"]
        .map(|name| (name, Harm::Missing))
        .into();
    sweep_get(&world, &mut browser, &address, &good, &spared).await;
    assert_eq!(browser.get(&with_query(&address, &good)).await.unwrap().status, 302, "the control");
    let login = format!("{}/{}/login", world.gateway.base_url, world.pool.id);
    sweep_get(&world, &mut browser, &login, &good, &spared).await;
}

#[tokio::test]
async fn every_parameter_of_the_oidc_answer() {
    let world = World::new(Backend::Embedded).await;
    for name in ["code", "state", "iss"] {
        for harm in HARMS {
            let mut browser = Browser::new();
            let page = world.at_provider(&mut browser, "Oidc").await;
            let answer = world.oidc_answer(&mut browser, &page).await;
            let good: Vec<(String, String)> = answer.query_pairs().into_owned().collect();
            let mut address = answer.clone();
            address.set_query(None);
            let before = world.gateway.audit().len();
            let answer = browser.get(&with_query(address.as_str(), &harmed(&good, name, harm))).await;
            assert_refused(&world, &format!("idpresponse {name} {harm:?}"), answer, before).await;
        }
    }
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    assert!(has_code(&browser.get(answer.as_str()).await.unwrap()), "the control");
}

#[tokio::test]
async fn every_field_of_the_saml_answer() {
    let world = World::new(Backend::Embedded).await;
    for name in ["SAMLResponse", "RelayState"] {
        for harm in HARMS {
            let mut browser = Browser::new();
            let page = world.at_provider(&mut browser, "Saml").await;
            let good = world.saml_answer(&mut browser, &page).await;
            let before = world.gateway.audit().len();
            let answer = browser.post(&world.acs(), &harmed(&good, name, harm)).await;
            assert_refused(&world, &format!("acs {name} {harm:?}"), answer, before).await;
        }
    }
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Saml").await;
    let good = world.saml_answer(&mut browser, &page).await;
    assert!(has_code(&browser.post(&world.acs(), &good).await.unwrap()), "the control");
}

#[tokio::test]
async fn every_field_of_the_token_revocation_and_sign_out_requests() {
    let world = World::new(Backend::Embedded).await;
    let mut browser = Browser::new();
    let base = format!("{}/{}", world.gateway.base_url, world.pool.id);
    let code = "00000000-0000-0000-0000-000000000000";
    let client = world.client.id.as_str();
    let code_form = pairs(&[
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", crate::federation::broker_world::APP),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ]);
    let refresh_form = pairs(&[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", "a.b.c.d.e")]);
    let revoke_form = pairs(&[("token", "a.b.c.d.e"), ("client_id", client)]);
    for (path, good) in [("/oauth2/token", &code_form), ("/oauth2/token", &refresh_form), ("/oauth2/revoke", &revoke_form)] {
        for (name, _) in good {
            for harm in HARMS {
                // RFC 7009 section 2.2: an unknown token is as good as revoked.
                if path == "/oauth2/revoke" && name == "token" && matches!(harm, Harm::Wrong) {
                    continue;
                }
                let before = world.gateway.audit().len();
                let answer = browser.post(&format!("{base}{path}"), &harmed(good, name, harm)).await;
                assert_refused(&world, &format!("{path} {name} {harm:?}"), answer, before).await;
            }
        }
    }
    let logout = pairs(&[("client_id", client), ("logout_uri", "https://app.example.com/")]);
    sweep_get(&world, &mut browser, &format!("{base}/logout"), &logout, &[]).await;
    assert_eq!(browser.get(&with_query(&format!("{base}/logout"), &logout)).await.unwrap().status, 302, "the control");
}

#[tokio::test]
async fn headers_that_these_paths_read() {
    let world = World::new(Backend::Embedded).await;
    let base = format!("{}/{}", world.gateway.base_url, world.pool.id);
    let broken = [
        ("/oauth2/userInfo", "authorization", "Bearer"),
        ("/oauth2/userInfo", "authorization", "Bearer a.b.c"),
        ("/oauth2/userInfo", "authorization", "Basic dTpw"),
        ("/oauth2/userInfo", "x-none", "no authorization at all"),
        ("/.well-known/openid-configuration", "host", "evil.example.com"),
        ("/oauth2/authorize", "host", ""),
    ];
    for (path, name, value) in broken {
        let mut browser = Browser::new();
        browser.headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
        let before = world.gateway.audit().len();
        let answer = browser.get(&format!("{base}{path}")).await;
        assert_refused(&world, &format!("{path} {name}: {value}"), answer, before).await;
    }
    let mut browser = Browser::new();
    let long = HeaderValue::from_str(&format!("Bearer {}", "x".repeat(30_000))).unwrap();
    browser.headers = HeaderMap::from_iter([(HeaderName::from_static("authorization"), long)]);
    let before = world.gateway.audit().len();
    let answer = browser.get(&format!("{base}/oauth2/userInfo")).await;
    assert_refused(&world, "an oversized token", answer, before).await;
    let alive = Browser::new().get(&format!("{}/healthz", world.gateway.base_url)).await.unwrap();
    assert_eq!(alive.status, 200, "the process stays up");
}
