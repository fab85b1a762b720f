//! The sign-in page: the providers of the client, as links back to the authorization endpoint (section 3.5; U-01, U-05, U-18, A-23).

use fedgate::model::identity_provider::IdentityProvider;
use url::Url;

use crate::oauth::world::seed::{self, CONFIDENTIAL, POOL, PROVIDER};
use crate::oauth::world::wire::form;
use crate::oauth::world::{AUTHORIZE, World, changed};

/// Where the page's buttons lead.
fn buttons(body: &str) -> Vec<Url> {
    let unescape = |text: &str| text.replace("&#38;", "&").replace("&amp;", "&");
    body.split("class=\"choice\" href=\"")
        .skip(1)
        .map(|rest| Url::parse(&unescape(rest.split('"').next().unwrap())).unwrap())
        .collect()
}

/// Providers without domains: those with are found by an address and are no buttons (`discovery`).
async fn without_domains() -> World {
    let world = World::start().await;
    world.change_provider(|provider| provider.identifiers.clear()).await;
    world
}

async fn page(world: &World) -> String {
    let answer = world.get(&format!("/login?{}", form(&AUTHORIZE))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    answer.body
}

#[tokio::test]
async fn a_button_for_each_enabled_provider_of_the_client() {
    let world = without_domains().await;
    let mut work = world.ports.store.begin().await.unwrap();
    for name in ["Bravo", "Unoffered"] {
        work.identity_providers()
            .insert(&IdentityProvider { identifiers: Vec::new(), ..seed::provider(POOL, name) })
            .await
            .unwrap();
    }
    work.commit().await.unwrap();
    world
        .change_client(CONFIDENTIAL, |client| client.providers = ["COGNITO", "Bravo", PROVIDER, "Gone"].map(str::to_owned).to_vec())
        .await;
    let buttons = buttons(&page(&world).await);
    let named = |button: &Url| button.query_pairs().find(|(name, _)| name == "identity_provider").unwrap().1.into_owned();
    assert_eq!(buttons.iter().map(named).collect::<Vec<_>>(), ["Bravo", PROVIDER], "in the client's order");
    for button in &buttons {
        assert!(button.as_str().starts_with(&format!("{}/oauth2/authorize?", world.issuer())), "{button}");
        for (name, value) in AUTHORIZE {
            assert!(button.query_pairs().any(|pair| pair == (name.into(), value.into())), "{button} keeps {name}");
        }
    }
    world.change_provider(|provider| provider.enabled = false).await;
    assert_eq!(self::buttons(&page(&world).await).len(), 1, "O-20: not the disabled one");
}

#[tokio::test]
async fn a_button_leads_to_the_provider_or_by_a_session_to_the_app() {
    let world = without_domains().await;
    let button = buttons(&page(&world).await).remove(0);
    let path = format!("/oauth2/authorize?{}", button.query().unwrap());
    let answer = world.send("GET", &path, &[("Cookie", &world.signed_in().await)], "").await;
    assert_eq!((answer.status, answer.redirect("code").is_some()), (302, true), "{answer:?}");
    let other = world.get(&format!("/login?{}", form(&changed(&AUTHORIZE, &[("identity_provider", Some(PROVIDER))])))).await;
    assert_eq!(buttons(&other.body)[0].query_pairs().filter(|(name, _)| name == "identity_provider").count(), 1, "named once");
}

#[tokio::test]
async fn a_client_without_providers_says_so() {
    let world = World::start().await;
    assert!(!page(&world).await.contains("no way to sign in"), "the control");
    world.change_client(CONFIDENTIAL, |client| client.providers = vec!["COGNITO".to_owned()]).await;
    let body = page(&world).await;
    assert!(buttons(&body).is_empty() && body.contains("no way to sign in"), "{body}");
}

#[tokio::test]
async fn u05_names_and_values_show_as_text() {
    let world = without_domains().await;
    world.change_client(CONFIDENTIAL, |client| client.name = "<img src=x onerror=alert(1)>\"'&".to_owned()).await;
    let payload = "\"><script>alert(1)</script>";
    let query = form(&changed(&AUTHORIZE, &[("state", Some(payload)), ("login_hint", Some(payload)), ("unknown", Some(payload))]));
    let answer = world.get(&format!("/login?{query}")).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("<script") && !answer.body.contains("<img"), "{}", answer.body);
    let policy = answer.header("content-security-policy").unwrap();
    let nonce = answer.body.split("<style nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(policy.contains(&format!("style-src 'nonce-{nonce}'")), "U-01: {policy}");
    for directive in ["default-src 'none'", "base-uri 'none'", "object-src 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(directive), "U-01: {policy}");
    }
    let again = world.get(&format!("/login?{query}")).await;
    assert!(!again.body.contains(nonce), "U-01: the nonce is fresh");
    assert!(answer.body.len() < 30 * 1024);
}

#[tokio::test]
async fn u18_a_refusal_echoes_nothing() {
    let world = World::start().await;
    let payload = "zz<script>alert(1)</script>zz";
    for (name, _) in AUTHORIZE {
        let answer = world
            .get(&format!("/login?{}", form(&changed(&AUTHORIZE, &[(name, Some(payload)), ("client_id", Some(payload))]))))
            .await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{name}");
        assert!(!answer.body.contains("zz"), "U-18: {name}");
        assert!(answer.body.contains(answer.header("x-request-id").unwrap()), "the reference is in the log and on the page");
    }
    assert_eq!(world.get(&format!("/login?{}", form(&AUTHORIZE))).await.status, 200, "the control");
}
