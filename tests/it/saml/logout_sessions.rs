//! S-29: which sessions a provider's LogoutRequest ends, and which never. Each attack meets a browser that is signed in; the control ends it.

use playground::browser::{Browser, Page};
use playground::saml_idp::SamlIdpHandle;
use playground::saml_idp::logout_message::{Arrived, Kind, LogoutSpec, SUCCESS, read};
use playground::saml_idp::signer::SigningKey;
use playground::saml_idp::{request, trust};

use super::world::{EDSGER, KATHERINE, World};
use crate::harness::storage::Backend;

const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";

/// Sends a message by redirect, from a browser without cookies.
async fn by_redirect(world: &World, spec: &LogoutSpec, key: &SigningKey) -> Page {
    Browser::new().get(&format!("{}?{}", world.slo(), spec.redirect(key))).await.unwrap()
}

/// The same by POST.
async fn by_post(world: &World, spec: &LogoutSpec, key: &SigningKey) -> Page {
    Browser::new().post(&world.slo(), &spec.fields(key)).await.unwrap()
}

/// Our answer, which must be signed and address the provider.
async fn answer(world: &World, idp: &SamlIdpHandle, page: &Page) -> Arrived {
    let location = page.location().unwrap_or_else(|| panic!("{}: {}", page.status, page.text()));
    assert!(location.as_str().starts_with(&format!("{}/slo?", idp.base_url)), "{location}");
    trust::redirect(location.query().unwrap(), "SAMLResponse", &world.certificates().await).unwrap();
    let pair = |name: &str| location.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    assert_eq!(pair("RelayState").as_deref(), Some("the provider's own state"), "echoed");
    let arrived = read(Kind::Response, request::inflated(&pair("SAMLResponse").unwrap()).unwrap()).unwrap();
    assert_eq!(arrived.destination, Some(format!("{}/slo", idp.base_url)));
    assert_eq!(arrived.issuer, world.sp());
    arrived
}

async fn ends_a_session(backend: Backend) {
    let world = World::new(backend).await;
    for post in [false, true] {
        let browser = world.signed_in("Campus", KATHERINE).await;
        let elsewhere = world.signed_in("Campus", KATHERINE).await;
        let index = world.campus.sessions()[world.campus.sessions().len() - 2].index.clone().unwrap();
        let spec = world.request(&world.campus, KATHERINE.1, Some(&index));
        let key = world.campus.key();
        let page = if post { by_post(&world, &spec, &key).await } else { by_redirect(&world, &spec, &key).await };
        assert_eq!(page.status, if post { 303 } else { 302 });
        let arrived = answer(&world, &world.campus, &page).await;
        assert_eq!((arrived.in_response_to, arrived.status.as_deref()), (Some(spec.id.clone()), Some(SUCCESS)));
        let audit = world.gateway.last_audit();
        assert_eq!((audit.get("outcome"), audit.get("provider"), audit.get("sessions")), ("success", "Campus", "1"));
        assert!(!world.is_signed_in(&browser).await);
        assert!(world.is_signed_in(&elsewhere).await, "the other session of the same person has another index");
        // Without an index all of the person's sessions end.
        let all = world.request(&world.campus, KATHERINE.1, None);
        by_redirect(&world, &all, &key).await;
        assert!(!world.is_signed_in(&elsewhere).await);
    }
}

#[tokio::test]
async fn s29_a_signed_request_ends_that_session_on_sqlite_and_memory() {
    ends_a_session(Backend::Embedded).await;
}

#[tokio::test]
async fn s29_a_signed_request_ends_that_session_on_postgresql_and_redis() {
    ends_a_session(Backend::Shared).await;
}

/// Unsigned, by a stranger, by nobody we know: the fixed page, and no answer to anybody.
#[tokio::test]
async fn s29_an_unproven_request_ends_nothing() {
    let world = World::new(Backend::Embedded).await;
    let browser = world.signed_in("Campus", KATHERINE).await;
    let stranger = SigningKey::rsa("stranger");
    let good = || world.request(&world.campus, KATHERINE.1, None);
    let key = world.campus.key();

    let mut unsigned = good();
    unsigned.signed = false;
    world.assert_refused(&by_post(&world, &unsigned, &key).await, "unsigned");
    world.assert_refused(&by_redirect(&world, &unsigned, &key).await, "unsigned");
    world.assert_refused(&by_post(&world, &good(), &stranger).await, "signature_invalid");
    world.assert_refused(&by_redirect(&world, &good(), &stranger).await, "signature_invalid");
    // Of a provider of the pool, but under the other one's name; and under its own name, for the other one's session.
    let lab = world.lab.key();
    world.assert_refused(&by_post(&world, &good(), &lab).await, "signature_invalid");
    let mut nobody = good();
    nobody.issuer = Some("https://nobody.example.com".to_owned());
    world.assert_refused(&by_redirect(&world, &nobody, &key).await, "issuer_unknown");
    // `Lab` was never used, so it is not even asked who it is.
    world.assert_refused(&by_redirect(&world, &world.request(&world.lab, KATHERINE.1, None), &lab).await, "issuer_unknown");
    for page in [
        Browser::new().get(&world.slo()).await.unwrap(),
        Browser::new().get(&format!("{}?SAMLRequest=AAAA&SigAlg=x&Signature=AAAA", world.slo())).await.unwrap(),
        Browser::new().post(&world.slo(), &[]).await.unwrap(),
        Browser::new().post(&world.slo(), &[("SAMLRequest".to_owned(), "AAAA".to_owned())]).await.unwrap(),
    ] {
        assert_eq!((page.status, page.location()), (400, None));
    }
    assert!(world.is_signed_in(&browser).await);
    by_post(&world, &good(), &key).await;
    assert!(!world.is_signed_in(&browser).await, "the control");
}

/// Proven, but stale, misaddressed or used: a signed refusal goes back, and nothing ends.
#[tokio::test]
async fn s29_a_proven_request_that_is_not_for_now_and_us_ends_nothing() {
    type Change = fn(&mut LogoutSpec, i64);
    let world = World::new(Backend::Embedded).await;
    let browser = world.signed_in("Campus", KATHERINE).await;
    let (key, now_ms) = (world.campus.key(), world.gateway.now_ms());
    let cases: [(Change, &str); 6] = [
        (|spec, _| spec.destination = Some("https://elsewhere.example.com/saml2/logout".to_owned()), "destination"),
        (|spec, _| spec.destination = None, "destination"),
        (|spec, now| spec.issue_instant_ms = Some(now - 400_000), "expired"),
        (|spec, now| spec.issue_instant_ms = Some(now + 120_000), "too_early"),
        (|spec, now| spec.not_on_or_after_ms = Some(now - 100_000), "expired"),
        (|spec, _| spec.name_id = None, "subject"),
    ];
    for (change, reason) in cases {
        let mut spec = world.request(&world.campus, KATHERINE.1, None);
        change(&mut spec, now_ms);
        for page in [by_redirect(&world, &spec, &key).await, by_post(&world, &spec, &key).await] {
            let arrived = answer(&world, &world.campus, &page).await;
            assert_eq!(arrived.status.as_deref(), Some(REQUESTER), "{reason}");
            assert_eq!(world.gateway.last_audit().get("reason"), reason);
        }
    }
    assert!(world.is_signed_in(&browser).await);

    // Once: the same request does not end the next session.
    let spec = world.request(&world.campus, KATHERINE.1, None);
    by_redirect(&world, &spec, &key).await;
    assert!(!world.is_signed_in(&browser).await, "the control");
    let again = world.signed_in("Campus", KATHERINE).await;
    let page = by_post(&world, &spec, &key).await;
    assert_eq!(answer(&world, &world.campus, &page).await.status.as_deref(), Some(REQUESTER));
    assert_eq!(world.gateway.last_audit().get("reason"), "logout_request_used_before");
    assert!(world.is_signed_in(&again).await);
}

/// Other people, other providers with the same names, other pools: their sessions stand.
#[tokio::test]
async fn s29_only_that_providers_and_that_subjects_sessions_end() {
    let world = World::new(Backend::Embedded).await;
    let at_campus = world.signed_in("Campus", KATHERINE).await;
    let katherines = World::last_index(&world.campus);
    let edsger = world.signed_in("Campus", EDSGER).await;
    let edsgers = World::last_index(&world.campus);
    let at_lab = world.signed_in("Lab", KATHERINE).await;
    let (campus, lab) = (world.campus.key(), world.lab.key());

    // The subject of one session with the index of another one; an index that nobody has.
    for index in [edsgers.as_str(), "_nobodys"] {
        let page = by_redirect(&world, &world.request(&world.campus, KATHERINE.1, Some(index)), &campus).await;
        assert_eq!(answer(&world, &world.campus, &page).await.status.as_deref(), Some(SUCCESS), "there is no such session left");
        assert_eq!(world.gateway.last_audit().get("sessions"), "0");
    }
    by_redirect(&world, &world.request(&world.campus, EDSGER.1, Some(&katherines)), &campus).await;
    // The case and the format of the name count (S-18).
    by_redirect(&world, &world.request(&world.campus, "Katherine-1918", None), &campus).await;
    let mut other_format = world.request(&world.campus, KATHERINE.1, None);
    other_format.name_id_format = Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned());
    by_redirect(&world, &other_format, &campus).await;
    for browser in [&at_campus, &edsger, &at_lab] {
        assert!(world.is_signed_in(browser).await);
    }

    // The other provider knows a Katherine too, and even the index: it ends its own session only.
    let mut stolen = world.request(&world.lab, KATHERINE.1, Some(&katherines));
    by_post(&world, &stolen, &lab).await;
    assert!(world.is_signed_in(&at_campus).await && world.is_signed_in(&at_lab).await);
    stolen = world.request(&world.lab, KATHERINE.1, None);
    by_post(&world, &stolen, &lab).await;
    assert!(world.is_signed_in(&at_campus).await && world.is_signed_in(&edsger).await);
    assert!(!world.is_signed_in(&at_lab).await, "the control");

    // Another pool that trusts the same provider.
    let other = world.gateway.add_pool("other").await;
    let details = [("MetadataFile", &*world.campus.metadata()), ("IDPSignout", "true")];
    let kind = fedgate::model::identity_provider::ProviderKind::Saml;
    world.gateway.add_provider(&other, "Campus", kind, &details).await;
    let mut elsewhere = world.request(&world.campus, KATHERINE.1, None);
    elsewhere.destination = Some(world.slo().replace(&world.pool.id, &other.id));
    let url = format!("{}?{}", elsewhere.destination.clone().unwrap(), elsewhere.redirect(&campus));
    assert_eq!(Browser::new().get(&url).await.unwrap().status, 302, "accepted there");
    assert!(world.is_signed_in(&at_campus).await);
    by_redirect(&world, &world.request(&world.campus, KATHERINE.1, Some(&katherines)), &campus).await;
    assert!(!world.is_signed_in(&at_campus).await, "the control");
}

/// The setting decides, at the sign-in and at the sign-out.
#[tokio::test]
async fn providers_without_single_logout_end_nothing() {
    let world = World::new(Backend::Embedded).await;
    world.change("Campus", |provider| drop(provider.details.insert("IDPSignout".to_owned(), "false".to_owned()))).await;
    let browser = world.signed_in("Campus", KATHERINE).await;
    let key = world.campus.key();
    world.assert_refused(&by_redirect(&world, &world.request(&world.campus, KATHERINE.1, None), &key).await, "issuer_unknown");
    world.change("Lab", |provider| provider.enabled = false).await;
    let refused = by_redirect(&world, &world.request(&world.campus, KATHERINE.1, None), &key).await;
    world.assert_refused(&refused, "single_logout_disabled");
    assert!(world.is_signed_in(&browser).await);
}

/// The row decides: a cache that brings an ended session back does not bring the sign-in back.
#[tokio::test]
async fn s29_an_ended_session_stays_ended_when_the_cache_forgets_that() {
    use fedgate::base::digest::sha256_b64;
    use fedgate::cache::Kind;

    let world = World::new(Backend::Embedded).await;
    let browser = world.signed_in("Campus", KATHERINE).await;
    let cookie = &browser.jar.cookies.iter().find(|cookie| cookie.name.contains("session")).unwrap().value;
    let key = format!("{}:{}", world.pool.id, sha256_b64(cookie.as_bytes()));
    let cache = &world.gateway.ports().cache;
    let record = cache.get(Kind::WebSession, &key).await.unwrap().unwrap();
    by_redirect(&world, &world.request(&world.campus, KATHERINE.1, None), &world.campus.key()).await;
    assert_eq!(cache.get(Kind::WebSession, &key).await.unwrap(), None);
    cache.put(Kind::WebSession, &key, &record, 60_000).await.unwrap();
    assert!(!world.is_signed_in(&browser).await);
}
