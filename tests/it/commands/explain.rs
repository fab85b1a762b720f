//! `fedgate explain POOL USER`, beside a running gateway.

use fedgate::model::unified_identity::{Field, Given, Origin, Profile};
use fedgate::model::user::{FederatedIdentity, User, UserStatus};
use fedgate::store::Store;
use serde_json::{Value, json};

use crate::commands::program::{Place, Serving};

const SUB: &str = "5b2e3a9c-0000-4000-8000-000000000001";

async fn add_ada(place: &Place, pool: &str) {
    let database = place.directory.path().join("data/fedgate.db");
    let store = Store::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    let identity = FederatedIdentity {
        provider: "Okta".to_owned(),
        provider_type: "OIDC".to_owned(),
        subject_key: "ada-1815".to_owned(),
        subject: "ada-1815".to_owned(),
        issuer: None,
        primary: true,
        created_ms: 1_767_225_600_000,
    };
    let ada = User {
        pool_id: pool.to_owned(),
        sub: SUB.to_owned(),
        username: "Okta_ada-1815".to_owned(),
        status: UserStatus::ExternalProvider,
        enabled: true,
        attributes: [("email", "ada@example.com"), ("nickname", "a\u{1b}[2J\tb")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        identities: vec![identity],
        signed_out_ms: 0,
        created_ms: 1,
        modified_ms: 1,
    };
    let given = |value: Value, vouched| Given { value, from: vec!["mail".to_owned()], seen_ms: 1_767_225_600_000, vouched };
    let profile = Profile {
        values: [(Field::Email, given(json!("ada@example.com"), Some(false))), (Field::Groups, given(json!(["a", "b"]), None))]
            .into(),
        claims: [("amr".to_owned(), json!(["pwd"]))].into(),
        cut: 2,
    };
    let origin = Origin { provider: "Okta".to_owned(), source: "cel:claims.mail".to_owned(), at_ms: 1_767_225_600_000 };
    let mut work = store.begin().await.unwrap();
    work.users().insert(&ada).await.unwrap();
    work.users().set_origins(pool, SUB, &[("email".to_owned(), origin)].into()).await.unwrap();
    work.users().set_profile((pool, "Okta", "ada-1815"), &profile, 1_767_225_600_000).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn each_value_with_its_origin() {
    let place = Place::new();
    let mut serving: Serving = place.serve(&[], &[]);
    let pool = serving.label("user pool");
    add_ada(&place, &pool).await;
    let told = place.run(&["explain", &pool, "Okta_ada-1815"], &[]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    let expected = [
        "user\tOkta_ada-1815\t5b2e3a9c-0000-4000-8000-000000000001\tEXTERNAL_PROVIDER\tenabled",
        "attribute\temail\tada@example.com\tOkta\tcel:claims.mail\t2026-01-01T00:00:00Z",
        "attribute\tnickname\ta\\u{1b}[2J\\u{9}b\t-\t-\t-",
        "identity\tOkta\tOIDC\tada-1815\tprimary\t2026-01-01T00:00:00Z",
        "\temail\tada@example.com\tmail\tnot verified\t2026-01-01T00:00:00Z",
        "\tgroups\ta, b\tmail\t-\t2026-01-01T00:00:00Z",
        "\tclaim\tamr\t[\"pwd\"]",
        "\tcut\t2 values or claims did not fit",
    ];
    assert_eq!(told.stdout.lines().collect::<Vec<_>>(), expected);
    for name in [SUB, "Okta:ada-1815"] {
        assert_eq!(place.run(&["explain", &pool, name], &[]).stdout, told.stdout, "{name}");
    }
    let as_json = place.run(&["explain", "--json", &pool, SUB], &[]);
    let document: Value = serde_json::from_str(&as_json.stdout).unwrap();
    assert_eq!(document["attributes"][0]["source"], "cel:claims.mail");
    assert_eq!(document["identities"][0]["values"]["groups"]["value"], json!(["a", "b"]));
    drop(serving);
}

#[test]
fn users_pools_and_stores_that_are_not_there() {
    let place = Place::new();
    assert_eq!(place.run(&["explain", "local_AbC123xyz", "ada"], &[]).code, Some(1));
    let mut serving = place.serve(&[], &[]);
    let pool = serving.label("user pool");
    let unknown = place.run(&["explain", &pool, "ada"], &[]);
    let expected = format!("fedgate: there is no user ada in the user pool {pool}\n");
    assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), expected.as_str()));
    let unknown = place.run(&["explain", "local_AbC123xyz", "ada"], &[]);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), "fedgate: there is no user pool local_AbC123xyz\n"));
    serving.stop();
}
