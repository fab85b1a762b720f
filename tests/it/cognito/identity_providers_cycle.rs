//! The life of a provider as Terraform lives it: create, read, update, read, delete; each answer compared member by member. What an update
//! keeps, what it refuses, and what a deletion ends.

use fedgate::model::user::User;
use playground::saml_idp::{Config, SamlIdp, SamlIdpHandle};
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::cognito::identity_providers::{SECRET, oidc};
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(create_read_update_read_delete, an_update_replaces_what_it_gives, deletion_ends_what_came_that_way);

fn named(pool: &str, name: &str) -> Value {
    json!({ "UserPoolId": pool, "ProviderName": name })
}

fn with(mut input: Value, members: &Value) -> Value {
    for (member, value) in members.as_object().unwrap() {
        input[member] = value.clone();
    }
    input
}

async fn described(aws: &Aws<'_>, pool: &str, name: &str) -> Value {
    aws.ok("DescribeIdentityProvider", named(pool, name)).await["IdentityProvider"].clone()
}

fn saml_idp(gateway: &TestGateway) -> SamlIdpHandle {
    let clock = gateway.ports().clock.clone();
    SamlIdp::start(Config { clock: std::sync::Arc::new(move || clock.now_s()), ..Config::default() }).unwrap()
}

/// What Terraform compares after each step: every member that it gave, as it gave it.
fn assert_echo(shown: &Value, given: &Value) {
    for (member, value) in given.as_object().unwrap() {
        if let Value::Object(keys) = value {
            for (key, value) in keys {
                assert_eq!(&shown[member][key], value, "{member}.{key}");
            }
        } else {
            assert_eq!(&shown[member], value, "{member}");
        }
    }
}

async fn create_read_update_read_delete(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let idp = saml_idp(&gateway);
    let pool = aws.pool("terraform").await;
    let saml = json!({
        "UserPoolId": pool, "ProviderName": "Campus", "ProviderType": "SAML",
        "ProviderDetails": { "MetadataURL": idp.metadata_url(), "IDPSignout": "false" },
        "AttributeMapping": { "email": "mail" }, "IdpIdentifiers": ["campus.example"],
    });
    let file = with(
        saml.clone(),
        &json!({ "ProviderName": "File", "IdpIdentifiers": [], "ProviderDetails": { "MetadataFile": idp.metadata() } }),
    );
    for given in [oidc(&pool, "Corp"), saml, file] {
        let name = given["ProviderName"].as_str().unwrap();
        let made = aws.ok("CreateIdentityProvider", given.clone()).await["IdentityProvider"].clone();
        assert_echo(&made, &given);
        assert_eq!(described(&aws, &pool, name).await, made);
        // Nothing to do: Terraform's next plan sends what it read.
        gateway.advance_s(2);
        let mut plan = made.clone();
        for member in ["ProviderType", "CreationDate", "LastModifiedDate"] {
            plan.as_object_mut().unwrap().remove(member);
        }
        let updated = aws.ok("UpdateIdentityProvider", plan).await["IdentityProvider"].clone();
        assert_eq!(with(updated.clone(), &json!({ "LastModifiedDate": made["LastModifiedDate"] })), made);
        assert!(updated["LastModifiedDate"].as_f64() > made["LastModifiedDate"].as_f64());
        // A real change, whole.
        gateway.advance_s(2);
        let change = json!({
            "UserPoolId": pool, "ProviderName": name, "ProviderDetails": given["ProviderDetails"],
            "AttributeMapping": { "email": "mail", "given_name": "first" }, "IdpIdentifiers": [format!("{name}.new")],
        });
        let updated = aws.ok("UpdateIdentityProvider", change.clone()).await["IdentityProvider"].clone();
        assert_echo(&updated, &change);
        assert_eq!((&updated["CreationDate"], &updated["ProviderType"]), (&made["CreationDate"], &made["ProviderType"]));
        assert_eq!(described(&aws, &pool, name).await, updated);
        let by_identifier = json!({ "UserPoolId": pool, "IdpIdentifier": format!("{name}.new") });
        assert_eq!(aws.ok("GetIdentityProviderByIdentifier", by_identifier.clone()).await["IdentityProvider"], updated);
        let elsewhere = aws.pool("elsewhere").await;
        let foreign = with(by_identifier, &json!({ "UserPoolId": elsewhere }));
        aws.refused("GetIdentityProviderByIdentifier", foreign, "ResourceNotFoundException").await;
        assert_eq!(aws.ok("DeleteIdentityProvider", named(&pool, name)).await, json!({}));
        for operation in ["DescribeIdentityProvider", "DeleteIdentityProvider", "UpdateIdentityProvider"] {
            aws.refused(operation, named(&pool, name), "ResourceNotFoundException").await;
        }
    }
    assert_eq!(aws.ok("ListIdentityProviders", json!({ "UserPoolId": pool })).await["Providers"], json!([]));
}

async fn an_update_replaces_what_it_gives(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = aws.pool("updates").await;
    let given = with(oidc(&pool, "Corp"), &json!({ "IdpIdentifiers": ["corp"], "AcrMapping": { "Level1": "urn:low" } }));
    let made = aws.ok("CreateIdentityProvider", given.clone()).await["IdentityProvider"].clone();
    let second = with(oidc(&pool, "Second"), &json!({ "IdpIdentifiers": ["second"] }));
    aws.ok("CreateIdentityProvider", second).await;
    let update = |members: Value| with(named(&pool, "Corp"), &members);
    let without = |key: &str, value: Option<&str>| {
        let mut details = given["ProviderDetails"].clone();
        details.as_object_mut().unwrap().remove(key);
        details.as_object_mut().unwrap().extend(value.map(|value| (key.to_owned(), json!(value))));
        details
    };

    // Each member alone: replaced whole, the others kept.
    for (member, value) in [
        ("AttributeMapping", json!({ "name": "n" })),
        ("IdpIdentifiers", json!(["x", "y"])),
        ("AcrMapping", json!({ "Level2": "urn:high" })),
        ("AttributeMapping", json!({})),
        ("IdpIdentifiers", json!([])),
    ] {
        let before = described(&aws, &pool, "Corp").await;
        gateway.advance_s(1);
        let updated = aws.ok("UpdateIdentityProvider", update(json!({ member: value }))).await["IdentityProvider"].clone();
        let now = json!({ member: value, "LastModifiedDate": updated["LastModifiedDate"] });
        assert_eq!(updated, with(before, &now), "{member}");
    }

    // A secret that is left out stays, here and at rest; it never follows to another place (P-16); an empty one goes.
    let details = |details: Value| update(json!({ "ProviderDetails": details }));
    let mut scopes = without("client_secret", None);
    scopes["authorize_scopes"] = json!("openid");
    let updated = aws.ok("UpdateIdentityProvider", details(scopes.clone())).await["IdentityProvider"].clone();
    assert_eq!(
        (&updated["ProviderDetails"]["client_secret"], &updated["ProviderDetails"]["authorize_scopes"]),
        (&json!(SECRET), &json!("openid"))
    );
    for place in ["token_url", "attributes_url", "jwks_uri", "authorize_url", "oidc_issuer"] {
        let mut moved = scopes.clone();
        moved[place] = json!("https://127.0.0.1:8/elsewhere");
        let text = aws.refused("UpdateIdentityProvider", details(moved.clone()), "InvalidParameterException").await;
        assert_eq!(text, format!("ProviderDetails.client_secret must be given again when {place} changes."));
        moved["client_secret"] = json!(SECRET);
        aws.ok("UpdateIdentityProvider", details(moved)).await;
        aws.ok("UpdateIdentityProvider", details(given["ProviderDetails"].clone())).await;
    }
    let public = aws.ok("UpdateIdentityProvider", details(without("client_secret", Some("")))).await["IdentityProvider"].clone();
    assert!(public["ProviderDetails"].get("client_secret").is_none());

    // Refusals change nothing; the whole result is judged (P-18).
    aws.ok("UpdateIdentityProvider", with(given.clone(), &json!({ "ProviderType": null }))).await;
    let before = described(&aws, &pool, "Corp").await;
    assert_eq!(before["ProviderDetails"], made["ProviderDetails"]);
    for (members, kind) in [
        (json!({ "ProviderDetails": {} }), "InvalidParameterException"),
        (json!({ "ProviderDetails": without("client_id", None) }), "InvalidParameterException"),
        (json!({ "ProviderDetails": without("team_id", Some("x")) }), "InvalidParameterException"),
        (json!({ "AttributeMapping": { "custom:none": "x" } }), "InvalidParameterException"),
        (json!({ "AttributeMapping": { "sub": "x" } }), "InvalidParameterException"),
        (json!({ "IdpIdentifiers": ["a", "a"] }), "InvalidParameterException"),
        (json!({ "IdpIdentifiers": ["second"] }), "InvalidParameterException"),
        (json!({ "ProviderName": "Nobody" }), "ResourceNotFoundException"),
        (json!({ "ProviderName": "COGNITO" }), "UnsupportedIdentityProviderException"),
        (json!({ "UserPoolId": "local_None" }), "ResourceNotFoundException"),
    ] {
        let text = aws.refused("UpdateIdentityProvider", update(members.clone()), kind).await;
        assert!(!text.contains(SECRET), "{text}");
        assert_eq!(described(&aws, &pool, "Corp").await, before, "{members}");
    }
    aws.refused("DeleteIdentityProvider", named(&pool, "COGNITO"), "UnsupportedIdentityProviderException").await;
    aws.ok("UpdateIdentityProvider", update(json!({ "IdpIdentifiers": ["corp"] }))).await;

    // Two changes that met: one of them is told.
    let mut changes = tokio::task::JoinSet::new();
    for number in 0..8 {
        let gateway = gateway.context();
        let (pool, name) = (pool.clone(), format!("id{number}"));
        changes.spawn(async move {
            use fedgate::user_pools::identity_provider_changes::{Change, changed, replace};
            let mut work = gateway.ports.store.read().await.unwrap();
            let record = work.user_pools().find(&pool).await.unwrap().unwrap();
            let stored = work.identity_providers().find(&pool, "Corp").await.unwrap().unwrap();
            drop(work);
            let change = Change { identifiers: Some(vec![name]), ..Change::default() };
            let provider = changed(&gateway, &record, &stored, change).unwrap();
            tokio::task::yield_now().await;
            let mut work = gateway.ports.store.begin().await.unwrap();
            match replace(&mut work, &stored, &provider).await {
                Ok(()) => work.commit().await.map_err(|_| "commit"),
                Err(failure) => Err(failure.reason()),
            }
        });
    }
    let ends = changes.join_all().await;
    assert!(ends.iter().any(Result::is_ok), "{ends:?}");
    assert!(ends.iter().all(|end| matches!(end, Ok(()) | Err("concurrent_modification"))), "{ends:?}");
}

/// A deleted provider signs nobody in; its users stay, its links and families go. Made anew it is the same only with the same upstream (P-11).
async fn deletion_ends_what_came_that_way(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = aws.pool("deletion").await;
    for name in ["Corp", "Stays"] {
        aws.ok("CreateIdentityProvider", oidc(&pool, name)).await;
    }
    let record = gateway.ports().store.read().await.unwrap().user_pools().find(&pool).await.unwrap().unwrap();
    let made_by = |provider: &'static str| {
        move |user: &mut User| {
            let primary = identity(provider, "own", true);
            user.identities = vec![primary, identity(if provider == "Corp" { "Stays" } else { "Corp" }, provider, false)];
        }
    };
    let ada = gateway.add_user(&record, "ada", made_by("Corp")).await;
    let grace = gateway.add_user(&record, "grace", made_by("Stays")).await;
    let mut work = gateway.ports().store.begin().await.unwrap();
    for (id, provider) in [("a", "Corp"), ("b", "Stays")] {
        let grant = serde_json::from_value(json!({
            "id": id, "pool_id": pool, "client_id": "c", "sub": ada.sub, "provider": provider, "code_digest": null, "refresh_digest": null,
            "scopes": [], "nonce": null, "auth_time_ms": 1, "event_id": "e", "created_ms": 1, "expires_ms": i64::MAX, "revoked_ms": null,
        }))
        .unwrap();
        work.grants().insert(&grant).await.unwrap();
    }
    work.commit().await.unwrap();
    let context = gateway.context();
    let session = async |provider| {
        fedgate::auth_flows::web_session::start(&context, &pool, &ada.sub, provider, gateway.now_ms(), None).await.unwrap()
    };
    let (corp, stays) = (session("Corp").await, session("Stays").await);
    gateway.advance_s(1);

    aws.ok("DeleteIdentityProvider", named(&pool, "Corp")).await;
    let identities = async |sub: &str| {
        let mut work = gateway.ports().store.read().await.unwrap();
        let user = work.users().find_by_sub(&pool, sub).await.unwrap().expect("users stay");
        user.identities.into_iter().map(|identity| identity.provider).collect::<Vec<_>>()
    };
    assert_eq!(
        (identities(&ada.sub).await, identities(&grace.sub).await),
        (vec!["Corp".to_owned(), "Stays".to_owned()], vec!["Stays".to_owned()])
    );
    let mut revoked = Vec::new();
    for id in ["a", "b"] {
        let grant = gateway.ports().store.read().await.unwrap().grants().find(&pool, id).await.unwrap().unwrap();
        revoked.push(grant.revoked_ms.is_some());
    }
    assert_eq!(revoked, [true, false]);

    // The same again: its user is known, the old session is not.
    gateway.advance_s(1);
    aws.ok("CreateIdentityProvider", oidc(&pool, "Corp")).await;
    assert_eq!(identities(&ada.sub).await.len(), 2);
    let living = async |cookie: &str| fedgate::auth_flows::web_session::find(&context, &pool, cookie).await.unwrap().is_some();
    assert_eq!((living(&corp).await, living(&stays).await), (false, true));
    // Another upstream under the name: nobody is known.
    aws.ok("DeleteIdentityProvider", named(&pool, "Corp")).await;
    let mut other = oidc(&pool, "Corp");
    other["ProviderDetails"]["oidc_issuer"] = json!("https://127.0.0.1:7");
    aws.ok("CreateIdentityProvider", other).await;
    assert_eq!(identities(&ada.sub).await, ["Stays"]);
}

fn identity(provider: &str, subject: &str, primary: bool) -> fedgate::model::user::FederatedIdentity {
    fedgate::model::user::FederatedIdentity {
        provider: provider.to_owned(),
        provider_type: "OIDC".to_owned(),
        subject_key: subject.to_owned(),
        subject: subject.to_owned(),
        issuer: None,
        primary,
        created_ms: 1,
    }
}

/// What the configuration file declares, the API does not change.
#[tokio::test]
async fn declared_providers_belong_to_the_file() {
    let config = r#"
        [[user_pools]]
        id = "local_Declared"
        name = "declared"
        [[user_pools.identity_providers]]
        provider_name = "Corp"
        provider_type = "OIDC"
        provider_details = { client_id = "c", client_secret = "s", attributes_request_method = "GET", oidc_issuer = "https://127.0.0.1:9", authorize_scopes = "openid", authorize_url = "https://127.0.0.1:9/a", token_url = "https://127.0.0.1:9/t", attributes_url = "https://127.0.0.1:9/u", jwks_uri = "https://127.0.0.1:9/j" }
    "#;
    let gateway = TestGateway::builder().config(config).start().await;
    let aws = Aws::new(&gateway);
    let before = described(&aws, "local_Declared", "Corp").await;
    for operation in ["UpdateIdentityProvider", "DeleteIdentityProvider"] {
        let text = aws.refused(operation, named("local_Declared", "Corp"), "InvalidParameterException").await;
        assert!(text.contains("configuration file"), "{text}");
    }
    assert_eq!(described(&aws, "local_Declared", "Corp").await, before);
    aws.ok("CreateIdentityProvider", oidc("local_Declared", "Own")).await;
    aws.ok("DeleteIdentityProvider", named("local_Declared", "Own")).await;
}

/// The certificate for the identity provider's administrator: base64 DER, the same at each call, of this pool alone.
#[tokio::test]
async fn the_signing_certificate_is_the_pools() {
    use base64::Engine as _;

    let gateway = TestGateway::start(Backend::Embedded).await;
    let aws = Aws::new(&gateway);
    let mut certificates = Vec::new();
    for name in ["one", "two"] {
        let pool = aws.pool(name).await;
        let shown = aws.ok("GetSigningCertificate", json!({ "UserPoolId": pool })).await["Certificate"].clone();
        assert_eq!(aws.ok("GetSigningCertificate", json!({ "UserPoolId": pool })).await["Certificate"], shown);
        let der = base64::engine::general_purpose::STANDARD.decode(shown.as_str().unwrap()).unwrap();
        assert_eq!(der[0], 0x30, "a DER sequence");
        certificates.push(der);
    }
    assert_ne!(certificates[0], certificates[1]);
}
