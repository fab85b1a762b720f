//! The life of a provider's metadata: re-read in the background, kept in the store, never replaced by something worse (S-23, S-24), its
//! changes and expiries told.

use fedgate::federation::provider::Provider as _;
use fedgate::federation::providers::saml::Saml;
use fedgate::store::provider_documents::ProviderDocument;
use playground::browser::Browser;
use playground::saml_idp::publish::Trouble;
use playground::saml_idp::response::instant;
use playground::saml_idp::signer::SigningKey;

use super::replace;
use crate::federation::broker_world::{World, has_code};
use crate::harness::audit;
use crate::harness::gateway::{TestGateway, client};
use crate::harness::storage::Backend;

/// A gateway and a provider whose settings the tests change.
pub(super) struct Place {
    pub(super) world: World,
}

impl Place {
    pub(super) async fn new() -> Self {
        Self { world: World::new(Backend::Embedded).await }
    }

    /// Gives the provider these details, as if it were made anew.
    pub(super) async fn configure(&self, details: &[(&str, &str)]) {
        let store = &self.world.gateway.ports().store;
        let mut work = store.begin().await.unwrap();
        let mut provider = work.identity_providers().find(&self.world.pool.id, "Saml").await.unwrap().unwrap();
        provider.details = details.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        provider.created_ms += 1;
        work.identity_providers().update(&provider).await.unwrap();
        work.commit().await.unwrap();
        self.world.gateway.app.broker.provider(provider.kind).unwrap();
    }

    /// The kept document.
    pub(super) async fn kept(&self) -> Option<ProviderDocument> {
        let mut work = self.world.gateway.ports().store.read().await.unwrap();
        work.provider_documents().find(&self.world.pool.id, "Saml").await.unwrap()
    }

    /// One round of upkeep.
    pub(super) async fn upkeep(&self) {
        upkeep(&self.world.gateway).await;
    }
}

async fn upkeep(gateway: &TestGateway) {
    gateway.app.broker.upkeep(&gateway.context()).await;
}

/// One sign-in through a replica; whether the app got a code.
pub(super) async fn sign_in(world: &World, gateway: &TestGateway) -> bool {
    match answer(world, gateway).await {
        Some((mut browser, fields)) => arrive(world, gateway, &mut browser, &fields).await,
        None => false,
    }
}

/// The provider's answer, which the browser has not sent yet.
async fn answer(world: &World, gateway: &TestGateway) -> Option<(Browser, Vec<(String, String)>)> {
    let mut browser = Browser::with_client(client());
    let url = world.authorize("Saml").replacen(&world.gateway.base_url, &gateway.address_url, 1);
    // A gateway that has no metadata sends the browser back to the app, where nothing listens.
    let page = browser.open(&url).await.ok().filter(|page| page.text().contains("Katherine"))?;
    let fields = world.saml_answer(&mut browser, &page).await;
    Some((browser, fields))
}

async fn arrive(world: &World, gateway: &TestGateway, browser: &mut Browser, fields: &[(String, String)]) -> bool {
    let acs = world.acs().replacen(&world.gateway.base_url, &gateway.address_url, 1);
    has_code(&browser.post(&acs, fields).await.unwrap())
}

/// How often an event was logged for this test's pool, with this text in its line.
pub(super) fn logged(world: &World, event: &str, text: &str) -> usize {
    let lines = audit::everything();
    lines.lines().filter(|line| line.contains(event) && line.contains(&world.pool.id) && line.contains(text)).count()
}

/// How often a look at the metadata failed for this reason.
pub(super) fn refusals(world: &World, reason: &str) -> usize {
    logged(world, "the last good copy stays", &format!("\"{reason}\""))
}

#[tokio::test]
async fn a_fresh_process_serves_logins_from_the_kept_copy_while_the_host_is_down() {
    let world = World::new(Backend::Embedded).await;
    world.saml.metadata_trouble(Some(Trouble::Down));
    assert!(!sign_in(&world, &world.gateway).await, "never read, nothing kept");
    world.saml.metadata_trouble(None);
    world.gateway.advance_s(2);
    assert!(sign_in(&world, &world.gateway).await, "the control");
    world.saml.metadata_trouble(Some(Trouble::Down));
    let fresh = world.gateway.replica().await;
    let asked = world.saml.metadata_asked();
    assert!(sign_in(&world, &fresh).await);
    world.gateway.advance_s(6 * 86_400);
    assert!(sign_in(&world, &fresh).await);
    assert_eq!(world.saml.metadata_asked(), asked, "no login asked the host");
    world.gateway.advance_s(2 * 86_400);
    assert!(!sign_in(&world, &fresh).await, "after a week nobody knows what it would say");
    world.saml.metadata_trouble(None);
    world.gateway.advance_s(2);
    assert!(sign_in(&world, &fresh).await, "and as soon as it answers");
}

#[tokio::test]
async fn the_background_reads_what_is_due_and_one_replica_reads_for_all() {
    let place = Place::new().await;
    let (world, other) = (&place.world, place.world.gateway.replica().await);
    let asked = || world.saml.metadata_asked();
    // Even before the first login, and not again until it is due.
    place.upkeep().await;
    assert_eq!(asked(), (1, 0));
    world.gateway.advance_s(530);
    place.upkeep().await;
    assert_eq!(asked(), (1, 0));
    assert!(sign_in(world, &world.gateway).await && sign_in(world, &other).await);
    assert_eq!(asked(), (1, 0), "no login asked");

    world.gateway.advance_s(71);
    tokio::join!(place.upkeep(), upkeep(&other));
    assert_eq!(asked(), (2, 1), "due: one replica asked, conditionally");
    world.saml.metadata_trouble(Some(Trouble::Silent));
    world.gateway.advance_s(86_400);
    assert!(sign_in(world, &world.gateway).await, "due for a day, and still no login waits");
    assert_eq!(asked(), (2, 1));

    // A failure is put off, and does not stop the next look.
    world.saml.metadata_trouble(Some(Trouble::Down));
    place.upkeep().await;
    place.upkeep().await;
    assert_eq!(asked(), (3, 1));
    world.saml.metadata_trouble(None);
    world.gateway.advance_s(61);
    place.upkeep().await;
    assert_eq!(asked(), (4, 2));
}

#[tokio::test]
async fn the_publishers_wishes_shorten_the_interval() {
    let place = Place::new().await;
    let world = &place.world;
    world.saml.metadata_attributes(" cacheDuration=\"PT2M\"");
    place.upkeep().await;
    world.gateway.advance_s(121);
    place.upkeep().await;
    assert_eq!(world.saml.metadata_asked().0, 2);
    world.saml.metadata_attributes(" cacheDuration=\"PT1S\"");
    world.gateway.advance_s(121);
    place.upkeep().await;
    world.gateway.advance_s(59);
    place.upkeep().await;
    assert_eq!(world.saml.metadata_asked().0, 3, "never more often than each minute");
    // Half of what is left of its validity.
    let until = instant(world.gateway.now_ms() + 400_000);
    world.saml.metadata_attributes(&format!(" validUntil=\"{until}\""));
    world.gateway.advance_s(2);
    place.upkeep().await;
    world.gateway.advance_s(200);
    place.upkeep().await;
    assert_eq!(world.saml.metadata_asked().0, 5);
    assert!(sign_in(world, &world.gateway).await);
    world.saml.metadata_trouble(Some(Trouble::Down));
    world.gateway.advance_s(200);
    assert!(!sign_in(world, &world.gateway).await, "S-24: validUntil holds for the last good copy too");
}

/// S-24: each violated rule is refused, the old metadata stays, the operator is told; the control is taken.
#[tokio::test]
async fn s24_a_worse_document_never_replaces_the_good_one() {
    let place = Place::new().await;
    let world = &place.world;
    assert!(sign_in(world, &world.gateway).await);
    let (good, digest) = (world.saml.metadata(), place.kept().await.unwrap().digest);
    let sso = format!("HTTP-POST\" Location=\"{}/sso\"", world.saml.base_url);
    let worse = [
        ("malformed_xml", good.replace("</md:EntityDescriptor>", "")),
        ("malformed_xml", "<html><body>Sign in to the portal</body></html>".replace("</html>", "")),
        ("metadata_root", "<html><body>Sign in to the portal</body></html>".to_owned()),
        ("doctype", good.replace("?>\n", "?><!DOCTYPE x>")),
        ("metadata_entity_missing", good.replacen(&world.saml.entity_id, "https://stranger.example", 1)),
        ("metadata_no_signing_key", good.replace("use=\"signing\"", "use=\"encryption\"")),
        ("metadata_expired", good.replace(" entityID", " validUntil=\"2020-01-01T00:00:00Z\" entityID")),
        ("metadata_endpoint", replace(&good, &sso, "HTTP-POST\" Location=\"javascript:alert(1)\"")),
        ("document_too_large", format!("{good}{}", " ".repeat(2 * 1024 * 1024))),
        ("metadata_nesting", {
            let (open, close) =
                ("<e:EntitiesDescriptor xmlns:e=\"urn:oasis:names:tc:SAML:2.0:metadata\">", "</e:EntitiesDescriptor>");
            format!("{}{}{}", open.repeat(5), good.split_once("?>").unwrap().1, close.repeat(5))
        }),
    ];
    for (reason, document) in worse {
        world.saml.metadata_trouble(Some(Trouble::Wrong(document)));
        world.gateway.advance_s(601);
        let before = refusals(world, reason);
        place.upkeep().await;
        assert_eq!(refusals(world, reason), before + 1, "{reason}");
        assert_eq!(place.kept().await.unwrap().digest, digest, "{reason}");
        assert!(sign_in(world, &world.gateway).await && sign_in(world, &world.gateway.replica().await).await, "{reason}");
    }
    world.saml.metadata_trouble(Some(Trouble::Wrong(good.replace("/slo\"", "/slo2\""))));
    world.gateway.advance_s(601);
    place.upkeep().await;
    assert_ne!(place.kept().await.unwrap().digest, digest, "the control");
    assert_eq!(logged(world, "saml.metadata.changed", "slo_redirect"), 1);
    assert!(sign_in(world, &world.gateway).await);
}

/// S-23: several certificates at once; a removed one is refused on both replicas within a minute of its removal being known to one.
#[tokio::test]
async fn s23_listed_certificates_are_accepted_and_removed_ones_are_not_on_both_replicas() {
    let place = Place::new().await;
    let (world, other) = (&place.world, place.world.gateway.replica().await);
    let (old, new) = (world.saml.key(), SigningKey::p256("new"));
    assert!(sign_in(world, &world.gateway).await && sign_in(world, &other).await, "old only");
    world.saml.announce(&new);
    world.gateway.advance_s(601);
    place.upkeep().await;
    for key in [&old, &new] {
        world.saml.sign_with(key.clone());
        world.gateway.advance_s(20);
        assert!(sign_in(world, &world.gateway).await && sign_in(world, &other).await, "listed");
    }
    world.saml.withdraw(&old);
    world.gateway.advance_s(601);
    upkeep(&other).await;
    world.gateway.advance_s(20);
    assert!(sign_in(world, &world.gateway).await && sign_in(world, &other).await, "new only");
    world.saml.sign_with(old.clone());
    assert!(!sign_in(world, &world.gateway).await && !sign_in(world, &other).await, "removed");

    let added = logged(world, "saml.metadata.changed", &format!("\"certificates.added\": \"{}", fingerprint(&new)));
    let removed = logged(world, "saml.metadata.changed", &format!("\"certificates.removed\": \"{}", fingerprint(&old)));
    assert_eq!((added, removed), (1, 1));
    assert!(!audit::everything().contains(&new.certificate_base64()), "never the document's text");
}

fn fingerprint(key: &SigningKey) -> String {
    super::idp_with(&[key]).signing_certificates[0].fingerprint()
}

#[tokio::test]
async fn a_signature_failure_asks_the_host_once_a_minute() {
    let world = World::new(Backend::Embedded).await;
    assert!(sign_in(&world, &world.gateway).await);
    let asked = || world.saml.metadata_asked().0;
    assert_eq!(asked(), 1);
    world.saml.rotate_key(SigningKey::rsa("next"), true, false);
    assert!(sign_in(&world, &world.gateway).await, "the refetch found the new certificate");
    assert_eq!(asked(), 2);
    let honest = world.saml.key();
    world.saml.sign_with(SigningKey::rsa("stranger"));
    for _ in 0..3 {
        assert!(!sign_in(&world, &world.gateway).await);
    }
    assert_eq!(asked(), 2, "within the minute nobody asks again");
    world.gateway.advance_s(61);
    for _ in 0..3 {
        assert!(!sign_in(&world, &world.gateway).await);
    }
    assert_eq!(asked(), 3);
    world.saml.sign_with(honest);
    assert!(sign_in(&world, &world.gateway).await, "the control");
}

/// S-24: a copy that was read before another one was pinned is not used.
#[tokio::test]
async fn s24_a_copy_older_than_the_pin() {
    let world = World::new(Backend::Embedded).await;
    let context = world.gateway.context();
    let mut work = context.ports.store.read().await.unwrap();
    let provider = work.identity_providers().find(&world.pool.id, "Saml").await.unwrap().unwrap();
    drop(work);
    // Each replica's own memory: this one read the document to check the settings, and has kept nothing.
    let replica = world.gateway.replica().await;
    let saml = replica.app.broker.provider(provider.kind).unwrap();
    saml.validate(&context, &mut provider.clone()).await.unwrap();
    world.saml.rename("https://renamed.example");
    assert!(answer(&world, &world.gateway).await.is_some(), "the first login pins what is published then");
    assert!(answer(&world, &replica).await.is_none(), "S-24");
    assert!(answer(&world, &replica).await.is_some(), "what was pinned is taken next");
    assert!(Saml::default().validate(&context, &mut provider.clone()).await.is_ok());
}

/// Thirty days ahead, once a day over all replicas: a log event, and the metrics.
#[tokio::test]
async fn expiries_are_told_thirty_days_ahead() {
    let handle = fedgate::app::metrics::recorder();
    let place = Place::new().await;
    let world = &place.world;
    let warnings = |what: &str| logged(world, "saml.expiry.near", &format!("\"{what}\""));
    place.upkeep().await;
    assert_eq!((warnings("idp_signing"), warnings("metadata")), (0, 0), "until 2049");

    // The clock of tests begins on 1 January 2026.
    let der = super::KEY.certificate_base64();
    let expiring = expiring_certificate("260130000000Z");
    assert_ne!(der, expiring);
    let good = world.saml.metadata();
    let (head, rest) = good.split_once("<md:KeyDescriptor").unwrap();
    let key = format!(
        "<md:KeyDescriptor><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{expiring}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    );
    let document =
        format!("{head}{key}<md:KeyDescriptor{rest}").replace(" entityID", " validUntil=\"2026-02-15T00:00:00Z\" entityID");
    world.saml.metadata_trouble(Some(Trouble::Wrong(document)));
    world.gateway.advance_s(601);
    place.upkeep().await;
    let other = world.gateway.replica().await;
    upkeep(&other).await;
    world.gateway.advance_s(601);
    place.upkeep().await;
    assert_eq!((warnings("idp_signing"), warnings("metadata")), (1, 0), "29 days; 45 days");
    assert!(sign_in(world, &world.gateway).await);
    world.gateway.advance_s(86_400);
    place.upkeep().await;
    upkeep(&other).await;
    assert_eq!((warnings("idp_signing"), warnings("metadata")), (2, 0));
    world.gateway.advance_s(20 * 86_400);
    place.upkeep().await;
    assert_eq!((warnings("idp_signing"), warnings("metadata")), (3, 1), "24 days left of the metadata");

    let text = handle.render();
    let line = |name: &str, rest: &str| {
        let start = format!("{name}{{pool=\"{}\",provider=\"Saml\"{rest}}} ", world.pool.id);
        text.lines().find_map(|line| line.strip_prefix(&start)).map(|value| value.parse::<f64>().unwrap())
    };
    let left = line("fedgate_certificate_expiry_seconds", ",use=\"idp_signing\"").unwrap();
    assert!((7.0 * 86_400.0..9.0 * 86_400.0).contains(&left), "{left}");
    assert!(line("fedgate_certificate_expiry_seconds", ",use=\"metadata\"").unwrap() > left);
    assert!(line("fedgate_metadata_age_seconds", "").unwrap() < 601.0);
    assert!(text.contains("fedgate_metadata_refresh_total{outcome=\"changed\"}"));

    // Served on an address of its own, and nowhere else.
    let address = fedgate::app::metrics::start("127.0.0.1:0".parse().unwrap()).unwrap();
    let served = client().get(format!("http://{address}/metrics")).send().await.unwrap();
    assert!(served.text().await.unwrap().contains("# TYPE fedgate_metadata_age_seconds gauge"));
    assert_eq!(client().get(world.gateway.url("/metrics")).send().await.unwrap().status(), 404);
}

/// A certificate of the tests that ends then: the name of its end is as long as any other.
fn expiring_certificate(end: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let der = STANDARD.decode(super::KEY.certificate_base64()).unwrap();
    let usual = b"491231235959Z";
    let at = der.windows(usual.len()).position(|window| window == usual).unwrap();
    let mut changed = der.clone();
    changed[at..at + usual.len()].copy_from_slice(end.as_bytes());
    STANDARD.encode(changed)
}

#[test]
fn the_end_of_a_certificate_is_read() {
    let end = |text: &str| {
        use base64::Engine as _;
        let der = base64::engine::general_purpose::STANDARD.decode(expiring_certificate(text)).unwrap();
        fedgate::federation::saml::keys::not_after_ms(&der)
    };
    assert_eq!(end("491231235959Z"), Some(2_524_607_999_000));
    assert_eq!(end("500101000000Z"), Some(-631_152_000_000), "two digits begin in 1950");
    assert_eq!(end("261332000000Z"), None);
}

#[test]
fn durations_are_read() {
    use fedgate::federation::saml::duration::parse;
    for (text, seconds) in [("PT6H", 21_600), ("P1D", 86_400), ("PT90S", 90), ("P1DT1M", 86_460), ("P1M", 2_592_000), ("-PT1S", 0)]
    {
        assert_eq!(parse(text), Ok(seconds * 1000), "{text}");
    }
    assert_eq!(parse("PT0.5S"), Ok(500));
    for text in ["", "P", "PT", "6H", "PT6", "P6H", "PT1M1H", "PT1.5H", "PT.5S", "P-1D", "P1DT", "PTxS", "PT1H1H"] {
        assert!(parse(text).is_err(), "{text}");
    }
}
