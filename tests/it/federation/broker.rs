//! The broker's promises: one answer for each begun login, from the browser that began it, for the provider that it was begun with, while
//! everybody involved may still be used (O-01, O-20, S-09, S-10, S-16, S-26, S-32).

use playground::browser::Browser;
use tokio::task::JoinSet;

use crate::federation::broker_world::{World, has_code};
use crate::harness::gateway::client;
use crate::harness::storage::Backend;

/// A refusal: a page without a way out, its reason in the one audit line, nobody let in.
async fn assert_refused(world: &World, page: &playground::browser::Page, reason: &str, users: usize) {
    assert_eq!((page.status, page.location()), (400, None), "{reason}: {}", page.text());
    assert_eq!(world.gateway.last_audit().reason(), reason);
    assert_eq!(world.users().await, users, "{reason}");
    assert!(page.headers.get("set-cookie").is_none(), "{reason}: no session");
}

async fn o01_oidc(backend: Backend) {
    let world = World::new(backend).await;
    let mut browser = Browser::new();

    // Without the cookie, and with another browser's.
    let page = world.at_provider(&mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    let refused = Browser::new().get(answer.as_str()).await.unwrap();
    assert_refused(&world, &refused, "browser_cookie_missing", 0).await;

    let page = world.at_provider(&mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    let mut other = Browser::new();
    world.at_provider(&mut other, "Oidc").await;
    let refused = other.get(answer.as_str()).await.unwrap();
    assert_refused(&world, &refused, "other_browser", 0).await;

    // The control, and the same answer twice.
    let page = world.at_provider(&mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    assert!(has_code(&browser.get(answer.as_str()).await.unwrap()));
    let refused = browser.get(answer.as_str()).await.unwrap();
    assert_refused(&world, &refused, "unknown_or_used_state", 1).await;

    // A login that was left for longer than five minutes.
    let page = world.at_provider(&mut Browser::new(), "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    world.gateway.advance_s(301);
    let refused = browser.get(answer.as_str()).await.unwrap();
    if backend == Backend::Embedded {
        assert_refused(&world, &refused, "unknown_or_used_state", 1).await;
    }
}

#[tokio::test]
async fn o_01_state_belongs_to_one_browser_and_works_once_on_sqlite_and_memory() {
    o01_oidc(Backend::Embedded).await;
}

#[tokio::test]
async fn o_01_state_belongs_to_one_browser_and_works_once_on_postgresql_and_redis() {
    o01_oidc(Backend::Shared).await;
}

/// O-01: the state of one protocol at the endpoint of the other, and at another pool.
#[tokio::test]
async fn o_01_state_belongs_to_its_endpoint_and_pool() {
    let world = World::new(Backend::Embedded).await;
    let other_pool = world.gateway.add_pool("other").await;
    let mut browser = Browser::new();

    let page = world.at_provider(&mut browser, "Saml").await;
    let fields = world.saml_answer(&mut browser, &page).await;
    let relay_state = fields.iter().find(|(name, _)| name == "RelayState").unwrap().1.clone();
    let wrong = format!("{}/{}/oauth2/idpresponse?code=x&state={relay_state}", world.gateway.base_url, world.pool.id);
    let refused = browser.get(&wrong).await.unwrap();
    assert_refused(&world, &refused, "other_protocol", 0).await;

    let page = world.at_provider(&mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    let elsewhere = answer.as_str().replace(&world.pool.id, &other_pool.id);
    let refused = browser.get(&elsewhere).await.unwrap();
    assert_refused(&world, &refused, "other_pool", 0).await;

    let page = world.at_provider(&mut browser, "Saml").await;
    let fields = world.saml_answer(&mut browser, &page).await;
    assert!(has_code(&browser.post(&world.acs(), &fields).await.unwrap()), "the control");
}

/// S-10, S-16, S-26, S-30: a SAML answer works once, in its browser, by POST, with our handle.
#[tokio::test]
async fn s_10_s_16_a_response_works_once_in_its_browser() {
    let world = World::new(Backend::Embedded).await;
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Saml").await;
    let fields = world.saml_answer(&mut browser, &page).await;
    let refused = Browser::new().post(&world.acs(), &fields).await.unwrap();
    assert_refused(&world, &refused, "browser_cookie_missing", 0).await;

    for (name, value, reason) in
        [("RelayState", "https://evil.example.com/", "unknown_or_used_state"), ("RelayState", "", "relay_state_missing")]
    {
        let page = world.at_provider(&mut browser, "Saml").await;
        let mut fields = world.saml_answer(&mut browser, &page).await;
        fields.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.to_owned();
        let refused = browser.post(&world.acs(), &fields).await.unwrap();
        assert_refused(&world, &refused, reason, 0).await;
    }

    // The response of one login under the RelayState of another: its InResponseTo is not ours.
    let first = world.at_provider(&mut browser, "Saml").await;
    let first = world.saml_answer(&mut browser, &first).await;
    let second = world.at_provider(&mut browser, "Saml").await;
    let second = world.saml_answer(&mut browser, &second).await;
    let pick = |fields: &[(String, String)], name: &str| fields.iter().find(|(known, _)| known == name).unwrap().clone();
    let crossed = vec![pick(&first, "SAMLResponse"), pick(&second, "RelayState")];
    let refused = browser.post(&world.acs(), &crossed).await.unwrap();
    assert_refused(&world, &refused, "in_response_to", 0).await;

    // Twice the field, by GET; then the control.
    let mut doubled = first.clone();
    doubled.push(pick(&first, "SAMLResponse"));
    let refused = browser.post(&world.acs(), &doubled).await.unwrap();
    assert_refused(&world, &refused, "malformed_form", 0).await;
    let by_get = url::Url::parse_with_params(&world.acs(), &first).unwrap();
    assert!((400..500).contains(&browser.get(by_get.as_str()).await.unwrap().status));
    assert!(has_code(&browser.post(&world.acs(), &first).await.unwrap()), "the control");
    let refused = browser.post(&world.acs(), &first).await.unwrap();
    assert_refused(&world, &refused, "unknown_or_used_state", 1).await;
}

/// S-16: a hundred posts of one response to two replicas let one in; a cache that brings the transaction back lets nobody in.
async fn s16(backend: Backend) {
    use fedgate::base::digest::sha256_b64;
    use fedgate::cache::Kind;

    let world = World::new(backend).await;
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Saml").await;
    let fields = world.saml_answer(&mut browser, &page).await;
    let handle = sha256_b64(fields.iter().find(|(name, _)| name == "RelayState").unwrap().1.as_bytes());
    let cache = &world.gateway.ports().cache;
    let record = cache.get(Kind::Login, &handle).await.unwrap().unwrap();

    let mut posts = JoinSet::new();
    let client = client();
    for _ in 0..100 {
        let (acs, fields, jar, client) = (world.acs(), fields.clone(), browser.jar.clone(), client.clone());
        posts.spawn(async move {
            let mut tab = Browser::with_client(client);
            tab.jar = jar;
            has_code(&tab.post(&acs, &fields).await.unwrap())
        });
    }
    let winners = posts.join_all().await.into_iter().filter(|&won| won).count();
    assert_eq!(winners, 1);

    cache.put(Kind::Login, &handle, &record, 60_000).await.unwrap();
    let refused = browser.post(&world.acs(), &fields).await.unwrap();
    assert_refused(&world, &refused, "answer_used_before", 1).await;
}

#[tokio::test]
async fn s_16_one_response_lets_one_in_on_sqlite_and_memory() {
    s16(Backend::Embedded).await;
}

#[tokio::test]
async fn s_16_one_response_lets_one_in_on_postgresql_and_redis() {
    s16(Backend::Shared).await;
}

/// O-20: provider, client and user are judged when the answer arrives, not only at the start.
#[tokio::test]
async fn o_20_what_was_disabled_on_the_way_stays_out() {
    let world = World::new(Backend::Embedded).await;
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Oidc").await;
    let answer = world.oidc_answer(&mut browser, &page).await;
    assert!(has_code(&browser.get(answer.as_str()).await.unwrap()), "the control; makes the user");

    for (what, reason) in
        [("provider", "provider_disabled"), ("client", "provider_not_allowed_for_client"), ("user", "user_disabled")]
    {
        let mut browser = Browser::new();
        let page = world.at_provider(&mut browser, "Oidc").await;
        let answer = world.oidc_answer(&mut browser, &page).await;
        switch(&world, what, false).await;
        let refused = browser.get(answer.as_str()).await.unwrap();
        assert_refused(&world, &refused, reason, 1).await;
        switch(&world, what, true).await;
    }
}

async fn switch(world: &World, what: &str, enabled: bool) {
    let mut work = world.gateway.ports().store.begin().await.unwrap();
    match what {
        "provider" => {
            let mut provider = work.identity_providers().find(&world.pool.id, "Oidc").await.unwrap().unwrap();
            provider.enabled = enabled;
            work.identity_providers().update(&provider).await.unwrap();
        }
        "client" => {
            let mut client = work.app_clients().find(&world.pool.id, &world.client.id).await.unwrap().unwrap();
            client.enabled = enabled;
            work.app_clients().update(&client).await.unwrap();
        }
        _ => {
            let mut user = work.users().list(&world.pool.id, None, 1).await.unwrap().remove(0);
            user.enabled = enabled;
            work.users().update(&user).await.unwrap();
        }
    }
    work.commit().await.unwrap();
}

/// O-01: many logins at once never cross: each browser gets the person who signed in there.
#[tokio::test]
async fn o_01_parallel_logins_never_cross() {
    let world = std::sync::Arc::new(World::new(Backend::Embedded).await);
    let mut logins = JoinSet::new();
    let client = client();
    for number in 0..60 {
        let (world, client) = (std::sync::Arc::clone(&world), client.clone());
        logins.spawn(async move {
            let person = ["Ada Lovelace", "Grace Hopper", "Alan Turing"][number % 3];
            let mut browser = Browser::with_client(client);
            let page = world.at_provider(&mut browser, "Oidc").await;
            let end = format!("{}/", world.gateway.base_url);
            let answer = browser.press_until(&page, person, &end).await.unwrap().reached().unwrap();
            let landed = browser.get(answer.as_str()).await.unwrap();
            assert!(has_code(&landed));
            let cookie = browser.jar.cookies.iter().find(|cookie| cookie.name.contains("session")).unwrap().value.clone();
            (person, cookie)
        });
    }
    for (person, cookie) in logins.join_all().await {
        let context = world.gateway.context();
        let session = fedgate::auth_flows::web_session::find(&context, &world.pool.id, &cookie).await.unwrap().unwrap();
        let mut work = world.gateway.ports().store.read().await.unwrap();
        let user = work.users().find_by_sub(&world.pool.id, &session.sub).await.unwrap().unwrap();
        let first_name = person.split(' ').next().unwrap().to_lowercase();
        assert!(user.username.starts_with(&format!("oidc_{first_name}")), "{person} got {}", user.username);
    }
    assert_eq!(world.users().await, 3, "one user a person");
}

/// O-16: the same person through two providers is two users; nothing is linked by e-mail.
#[tokio::test]
async fn o_16_the_same_address_from_two_providers_is_two_users() {
    let world = World::new(Backend::Embedded).await;
    for (provider, users) in [("Oidc", 1), ("Oidc", 1), ("Other", 2)] {
        let mut browser = Browser::new();
        let page = world.at_provider(&mut browser, provider).await;
        let answer = world.oidc_answer(&mut browser, &page).await;
        assert!(has_code(&browser.get(answer.as_str()).await.unwrap()));
        assert_eq!(world.users().await, users);
    }
}

/// S-32: whatever was refused, the page is the same but for its reference.
#[tokio::test]
async fn s_32_refusals_look_alike() {
    let world = World::new(Backend::Embedded).await;
    let honest = world.saml.key();
    let mut pages = Vec::new();
    for tampering in ["signature", "audience", "used"] {
        let mut browser = Browser::new();
        let page = world.at_provider(&mut browser, "Saml").await;
        match tampering {
            "signature" => world.saml.rotate_key(playground::saml_idp::signer::SigningKey::rsa("stranger"), false, true),
            "audience" => world.saml.tamper(|spec| spec.audiences = vec![vec!["urn:other".to_owned()]]),
            _ => {}
        }
        let fields = world.saml_answer(&mut browser, &page).await;
        world.saml.behave();
        world.saml.rotate_key(honest.clone(), true, false);
        if tampering == "used" {
            browser.post(&world.acs(), &[]).await.unwrap();
        }
        let fields = if tampering == "used" { vec![fields[0].clone(), ("RelayState".to_owned(), "x".to_owned())] } else { fields };
        let refused = browser.post(&world.acs(), &fields).await.unwrap();
        let reference = world.gateway.last_audit().get("request.id").to_owned();
        assert!(refused.body.contains(&reference), "the reference is on the page and in the log");
        pages.push((refused.status, refused.body.replace(&reference, "REFERENCE")));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
}

/// An identity provider that takes requests by POST only gets a form that posts itself, and the login goes on as ever.
#[tokio::test]
async fn a_login_by_the_post_binding() {
    let world = World::new(Backend::Embedded).await;
    let redirect = format!(
        "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{}/sso\"/>",
        world.saml.base_url
    );
    let metadata = world.saml.metadata();
    assert!(metadata.contains(&redirect));
    let by_post_only = metadata.replace(&redirect, "");
    let mut work = world.gateway.ports().store.begin().await.unwrap();
    let mut provider = work.identity_providers().find(&world.pool.id, "Saml").await.unwrap().unwrap();
    provider.details = [("MetadataFile".to_owned(), by_post_only)].into();
    work.identity_providers().update(&provider).await.unwrap();
    work.commit().await.unwrap();

    let mut browser = Browser::new();
    let departure = browser.get(&world.authorize("Saml")).await.unwrap();
    assert_eq!((departure.status, departure.location()), (200, None));
    let form = departure.forms().remove(0);
    assert!(form.sends_itself() && form.get("SAMLRequest").is_some(), "{form:?}");
    let page = browser.follow(departure).await.unwrap();
    let fields = world.saml_answer(&mut browser, &page).await;
    assert!(has_code(&browser.post(&world.acs(), &fields).await.unwrap()));
}

/// S-24: the entity id of metadata by URL stays the one that the first login saw, on every replica; another one is a failed fetch.
#[tokio::test]
async fn s_24_the_entity_id_behind_a_metadata_url_is_fixed() {
    use fedgate::context::Context;
    use fedgate::federation::provider::{Provider as _, Start};
    use fedgate::federation::providers::saml::Saml;

    let world = World::new(Backend::Embedded).await;
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Saml").await;
    let fields = world.saml_answer(&mut browser, &page).await;
    assert!(has_code(&browser.post(&world.acs(), &fields).await.unwrap()), "the first login pins");

    // Each `Saml` is a replica that has fetched nothing yet.
    let context: Context = world.gateway.context();
    let mut work = context.ports.store.read().await.unwrap();
    let provider = work.identity_providers().find(&world.pool.id, "Saml").await.unwrap().unwrap();
    let authorization = serde_json::from_value(serde_json::json!({
        "pool_id": world.pool.id, "client_id": world.client.id, "redirect_uri": "https://app.example.com/callback", "scopes": ["openid"],
        "state": null, "nonce": null, "code_challenge": null, "domain_url": "http://127.0.0.1", "login_hint": null, "prompt": null,
        "max_age_s": null, "created_ms": 0
    }))
    .unwrap();
    let start = || Start {
        handle: "handle",
        callback_url: String::new(),
        acs_url: world.acs(),
        sp_entity_id: "urn:sp".to_owned(),
        authorization: &authorization,
    };
    assert!(Saml::default().begin(&context, &provider, start()).await.is_ok(), "the control: the same entity id, another replica");
    world.saml.rename("urn:stranger");
    assert!(Saml::default().begin(&context, &provider, start()).await.is_ok(), "the last good copy stays");
    world.gateway.advance_s(8 * 86_400);
    let refused = Saml::default().begin(&context, &provider, start()).await.unwrap_err();
    assert_eq!(refused.reason(), "metadata_entity_missing");
    let refused = Saml::default().validate(&context, &mut provider.clone()).await.unwrap_err();
    assert_eq!(refused.reason(), "metadata_entity_missing", "nor may it be saved again");
    let mut anew = provider.clone();
    anew.created_ms += 1;
    assert!(Saml::default().begin(&context, &anew, start()).await.is_ok(), "a provider made anew starts anew");
}
