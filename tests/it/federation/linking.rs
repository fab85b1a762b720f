//! Linking never lets anybody into an account that is not theirs: the table of take-over scenarios, and a linked sign-in as an app sees it.

use fedgate::federation::link::{self, Named};
use playground::browser::Browser;
use serde_json::{Value, json};

use crate::federation::broker_world::{World, has_code};
use crate::federation::takeover::Stage;
use crate::federation::takeover_scenarios;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(o_16_to_o_26_no_scenario_takes_an_account, o_18_of_many_sign_ins_one_takes_a_waiting_link);

async fn o_16_to_o_26_no_scenario_takes_an_account(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let scenarios = takeover_scenarios::all();
    assert!(scenarios.len() >= 40, "{} scenarios", scenarios.len());
    for scenario in &scenarios {
        for (part, steps) in [("control", &scenario.control), ("attack", &scenario.attack)] {
            let stage = Stage::set(&gateway).await;
            let tale = format!("{}, {}, {part}", scenario.row, scenario.name);
            stage.play(&gateway, &scenario.given, &format!("{tale} (given)")).await;
            stage.play(&gateway, steps, &tale).await;
        }
    }
}

/// O-18: a waiting link is taken once, however many sign-ins bring its attribute at the same moment.
async fn o_18_of_many_sign_ins_one_takes_a_waiting_link(backend: Backend) {
    use crate::federation::takeover::Who;

    let gateway = TestGateway::start(backend).await;
    let stage = std::sync::Arc::new(Stage::set(&gateway).await);
    let context = gateway.context();
    let destination = named("Cognito", "", "victim");
    link::link(&context, &stage.pool.id, &destination, &named("Saml", "employee", "7")).await.unwrap();
    let mut sign_ins = tokio::task::JoinSet::new();
    for number in 0..16 {
        let stage = std::sync::Arc::clone(&stage);
        sign_ins.spawn(async move {
            let who = Who::at("Saml", &format!("somebody-{number}")).with(json!({ "employee": "7" }));
            stage.sign_in(&who).await.unwrap().sub == stage.victim.sub
        });
    }
    let winners = sign_ins.join_all().await.into_iter().filter(|&won| won).count();
    assert_eq!(winners, 1);
}

fn named(provider: &str, attribute: &str, value: &str) -> Named {
    Named { provider: provider.to_owned(), attribute: attribute.to_owned(), value: value.to_owned() }
}

/// Section 3.9: a linked source lands on the destination; tokens carry its sub and all identities; unlinking ends what came that way and
/// nothing else.
#[tokio::test]
async fn a_linked_sign_in_gives_the_destinations_tokens_until_it_is_unlinked() {
    let world = World::new(Backend::Embedded).await;
    let context = world.gateway.context();
    let pool_id = &world.pool.id;
    let native = world.gateway.add_user(&world.pool, "native", |_| {}).await;
    for subject in ["ada-1815", "grace-1906"] {
        link::link(&context, pool_id, &named("Cognito", "", "native"), &named("Oidc", "Cognito_Subject", subject)).await.unwrap();
    }
    link::link(&context, pool_id, &named("Cognito", "", "native"), &named("Saml", "name", "x")).await.unwrap_err();
    link::link(&context, pool_id, &named("Cognito", "", "native"), &named("Saml", "Cognito_Subject", "katherine-1918"))
        .await
        .unwrap();
    world.gateway.advance_s(1);

    let (mut by_oidc, oidc) = signed_in(&world, "Oidc").await;
    let claims = claims(oidc["id_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["cognito:username"]), (&json!(native.sub), &json!("native")));
    assert_eq!(claims["email"], "ada@example.com", "mapped attributes overwrite");
    let listed: Vec<&Value> = claims["identities"].as_array().unwrap().iter().map(|identity| &identity["userId"]).collect();
    assert_eq!(listed, ["ada-1815", "grace-1906"]);
    assert!(claims["identities"].as_array().unwrap().iter().all(|identity| identity["primary"] == "false"));
    assert!(claims.get("cognito:groups").is_none(), "the provider did not make this user");
    let (mut by_saml, saml) = signed_in(&world, "Saml").await;
    assert_eq!(self::claims(saml["id_token"].as_str().unwrap())["sub"], json!(native.sub));
    assert_eq!(world.users().await, 1);

    // The control: both ways are alive.
    for (browser, tokens, provider) in [(&mut by_oidc, &oidc, "Oidc"), (&mut by_saml, &saml, "Saml")] {
        assert_eq!(refreshed(&world, tokens).await, 200);
        assert!(has_code(&browser.get(&world.authorize(provider)).await.unwrap()), "{provider}: the session answers");
    }
    world.gateway.advance_s(1);
    let code = by_oidc.get(&world.authorize("Oidc")).await.unwrap();
    link::unlink(&context, pool_id, &named("Oidc", "Cognito_Subject", "ada-1815")).await.unwrap();
    assert_eq!(refreshed(&world, &oidc).await, 400, "the family is dead");
    assert_eq!(user_info(&world, &oidc).await, 401, "and its access token");
    assert_eq!(redeemed(&world, &code.location().unwrap()).await.0, 400, "and a code on its way");
    assert!(!has_code(&by_oidc.get(&world.authorize("Oidc")).await.unwrap()), "and the browser's session");
    assert_eq!((refreshed(&world, &saml).await, user_info(&world, &saml).await), (200, 200), "the other way lives");
    assert!(has_code(&by_saml.get(&world.authorize("Saml")).await.unwrap()));

    // The source is on its own again.
    world.gateway.advance_s(1);
    let (_, tokens) = signed_in(&world, "Oidc").await;
    assert_ne!(self::claims(tokens["id_token"].as_str().unwrap())["sub"], json!(native.sub));
    assert_eq!(world.users().await, 2);
}

/// Signs in through a provider as its one person and redeems the code.
async fn signed_in(world: &World, provider: &str) -> (Browser, Value) {
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, provider).await;
    let landed = if provider == "Saml" {
        let fields = world.saml_answer(&mut browser, &page).await;
        browser.post(&world.acs(), &fields).await.unwrap()
    } else {
        let answer = world.oidc_answer(&mut browser, &page).await;
        browser.get(answer.as_str()).await.unwrap()
    };
    assert!(has_code(&landed), "{}", landed.text());
    let (status, tokens) = redeemed(world, &landed.location().unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    (browser, tokens)
}

async fn redeemed(world: &World, landed: &url::Url) -> (u16, Value) {
    let code = landed.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &world.client.id),
        ("code", &code),
        ("redirect_uri", crate::federation::broker_world::APP),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    post(world, &fields).await
}

async fn refreshed(world: &World, tokens: &Value) -> u16 {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", &*world.client.id),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    post(world, &fields).await.0
}

async fn post(world: &World, fields: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}/{}/oauth2/token", world.gateway.base_url, world.pool.id);
    let answer = crate::harness::gateway::client().post(url).form(fields).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn user_info(world: &World, tokens: &Value) -> u16 {
    let url = format!("{}/{}/oauth2/userInfo", world.gateway.base_url, world.pool.id);
    let token = tokens["access_token"].as_str().unwrap();
    crate::harness::gateway::client().get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

fn claims(token: &str) -> Value {
    crate::oauth::world::claims(token)
}
