//! Single logout with Debian's SimpleSAMLphp, both ways: it verifies what we sign and we verify what it signs.

use fedgate::model::identity_provider::ProviderKind;
use playground::browser::Browser;
use serde_json::json;
use url::Url;

use crate::harness::storage::Backend;
use crate::journeys::world::follow_the_time;
use crate::real::simplesamlphp::SimpleSaml;
use crate::saml::world::{APP, BYE, World};

async fn signed_in(world: &World, idp: &SimpleSaml) -> Browser {
    let mut browser = Browser::new();
    let page = browser.open(&world.authorize(&[("identity_provider", "Real")])).await.unwrap();
    follow_the_time(&world.gateway);
    let reached = idp.sign_in(&mut browser, &page, "alice", APP).await.reached().unwrap();
    assert!(reached.as_str().contains("code="), "{reached}");
    assert!(world.is_signed_in(&browser).await);
    browser
}

#[tokio::test]
async fn out_both_ways_through_simplesamlphp() {
    let mut idp = SimpleSaml::start();
    let mut world = World::new(Backend::Embedded).await;
    follow_the_time(&world.gateway);
    let details = [("MetadataURL", idp.metadata_url.as_str()), ("IDPSignout", "true")];
    world.gateway.add_provider(&world.pool, "Real", ProviderKind::Saml, &details).await;
    world.client = world.gateway.add_client(&world.pool, |client| client.providers = vec!["Real".to_owned()]).await;
    let certificate = world.certificates().await.remove(0);
    idp.declare_as(&json!({
        "sp_entity_id": world.sp(), "acs_url": world.acs(), "slo_url": world.slo(), "certificate": certificate,
        "signed_requests": false,
    }));

    // From us: the provider verifies our request, ends its session and answers.
    let mut browser = signed_in(&world, &idp).await;
    let parameters = [("client_id", world.client.id.as_str()), ("logout_uri", BYE)];
    let logout = Url::parse_with_params(&world.address("/logout"), parameters).unwrap();
    follow_the_time(&world.gateway);
    let reached = browser.open_until(logout.as_str(), BYE).await.unwrap().reached().unwrap();
    assert_eq!(reached.as_str(), BYE);
    assert!(!world.is_signed_in(&browser).await);
    assert_eq!(world.gateway.audit().iter().rev().find(|line| line.event() == "saml.logout").unwrap().get("outcome"), "success");
    let page = browser.open(&world.authorize(&[("identity_provider", "Real")])).await.unwrap();
    assert!(page.forms().iter().any(|form| form.get("AuthState").is_some()), "it asks again: its own session is over");

    // From it: we verify its request, and it verifies our answer before it goes on.
    let mut browser = signed_in(&world, &idp).await;
    let origin = idp.entity_id.strip_suffix("/saml2/idp/metadata.php").unwrap();
    let done = format!("{origin}/saml2/idp/metadata.php?done");
    let start = Url::parse_with_params(&format!("{origin}/saml2/idp/initSLO.php"), [("RelayState", &done)]).unwrap();
    follow_the_time(&world.gateway);
    let reached = browser.open_until(start.as_str(), &done).await.unwrap().reached().unwrap();
    assert_eq!(reached.as_str(), done);
    let audit = world.gateway.audit().into_iter().rev().find(|line| line.event() == "saml.logout").unwrap();
    assert_eq!((audit.get("outcome"), audit.get("sessions")), ("success", "1"));
    assert!(!world.is_signed_in(&browser).await);
}
