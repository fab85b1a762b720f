//! The drill: 1,000 SAML sign-ins through two gateways on one store while the identity provider rolls its certificate over twice and its
//! metadata host is down for part of the time. None fails.
//!
//! What no gateway could know is no part of it: a certificate that was never published while the host was up. The first roll-over is
//! announced (both certificates listed), and the host is down when it happens; the second is hard (no overlap), and the host is up.

use playground::browser::Browser;
use playground::saml_idp::publish::Trouble;
use playground::saml_idp::signer::SigningKey;
use tokio::task::JoinSet;

use crate::federation::broker_world::{KATHERINE, World, has_code};
use crate::harness::audit;
use crate::harness::gateway::{TestGateway, client};
use crate::harness::storage::Backend;

/// Sign-ins at the same time.
const PARALLEL: usize = 8;

/// One sign-in through the gateway at `origin`, from the app's request to the app's code.
async fn sign_in(client: reqwest::Client, authorize: String, (origin, acs): (String, String)) -> Result<(), String> {
    let mut browser = Browser::with_client(client);
    let page = browser.open(&authorize).await.map_err(|error| error.to_string())?;
    let form = page.form_with_button(KATHERINE).map_err(|error| error.to_string())?;
    let answer = browser.submit(&page, &form).await.map_err(|error| error.to_string())?;
    let fields = answer.forms().remove(0).fields;
    let landed = browser.post(&acs, &fields).await.map_err(|error| error.to_string())?;
    if has_code(&landed) { Ok(()) } else { Err(format!("{origin}: {} {}", landed.status, landed.text())) }
}

/// `count` sign-ins over these gateways in turn.
async fn sign_ins(world: &World, gateways: &[&TestGateway], count: usize) -> usize {
    let client = client();
    let (mut running, mut done) = (JoinSet::new(), 0);
    for number in 0..count {
        if running.len() >= PARALLEL {
            let outcome: Result<(), String> = running.join_next().await.unwrap().unwrap();
            outcome.unwrap();
            done += 1;
        }
        let origin = gateways[number % gateways.len()].address_url.clone();
        let authorize = world.authorize("Saml").replacen(&world.gateway.base_url, &origin, 1);
        let acs = world.acs().replacen(&world.gateway.base_url, &origin, 1);
        running.spawn(sign_in(client.clone(), authorize, (origin, acs)));
    }
    for outcome in running.join_all().await {
        outcome.unwrap();
        done += 1;
    }
    done
}

/// Half a minute's upkeep of a gateway, as the process does it.
async fn upkeep(gateway: &TestGateway) {
    gateway.app.broker.upkeep(&gateway.context()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sign_ins_while_certificates_roll_over_and_the_metadata_host_is_down() {
    let world = World::new(Backend::Embedded).await;
    let other = world.gateway.replica().await;
    let both = [&world.gateway, &other];
    let (idp, clock) = (&world.saml, || world.gateway.advance_s(601));
    let first = idp.key();
    let mut done = sign_ins(&world, &both, 150).await;

    // The first roll-over, announced: the next certificate is listed beside the old one before it signs.
    let second = SigningKey::p256("second");
    idp.announce(&second);
    clock();
    upkeep(&other).await;
    world.gateway.advance_s(15);
    done += sign_ins(&world, &both, 100).await;
    idp.metadata_trouble(Some(Trouble::Down));
    idp.sign_with(second.clone());
    done += sign_ins(&world, &both, 200).await;
    for _ in 0..6 {
        clock();
        upkeep(&world.gateway).await;
        upkeep(&other).await;
    }
    done += sign_ins(&world, &both, 100).await;
    assert!(audit::everything().lines().any(|line| line.contains("saml.metadata.unreachable") && line.contains(&world.pool.id)));

    // A gateway that starts while the host is down serves from the kept copy.
    let asked = idp.metadata_asked();
    let fresh = world.gateway.replica().await;
    done += sign_ins(&world, &[&fresh], 50).await;
    assert_eq!(idp.metadata_asked(), asked, "nobody asked the host for it");

    idp.metadata_trouble(None);
    idp.withdraw(&first);
    clock();
    upkeep(&world.gateway).await;
    done += sign_ins(&world, &[&world.gateway, &other, &fresh], 100).await;

    // The second roll-over, hard: another certificate from one moment to the next. The first signature that fails asks the host once.
    clock();
    upkeep(&world.gateway).await;
    let asked = idp.metadata_asked().0;
    idp.rotate_key(SigningKey::rsa("third"), true, false);
    done += sign_ins(&world, &[&world.gateway, &other, &fresh], 200).await;
    assert!(idp.metadata_asked().0 - asked <= 3, "each gateway asks at most once");

    // And down again: what was learned last is what all serve from.
    idp.metadata_trouble(Some(Trouble::Down));
    clock();
    upkeep(&other).await;
    let late = world.gateway.replica().await;
    done += sign_ins(&world, &[&world.gateway, &other, &late], 100).await;
    assert_eq!(done, 1_000);

    // The control: a certificate that nobody ever published.
    idp.sign_with(SigningKey::p256("stranger"));
    let (origin, acs) = (world.gateway.base_url.clone(), world.acs());
    assert!(sign_in(client(), world.authorize("Saml"), (origin, acs)).await.is_err());
    let lines = audit::everything();
    let changes = lines.lines().filter(|line| line.contains("saml.metadata.changed") && line.contains(&world.pool.id)).count();
    assert_eq!(changes, 3, "announced, withdrawn, replaced; logged once each, whoever learned it");
}
