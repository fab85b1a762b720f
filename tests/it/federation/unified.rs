//! The unified identity: one schema for every kind of provider, what a sign-in leaves of it in the store, and what happens to values that do not fit.

use std::collections::BTreeMap;

use fedgate::federation::identity::unified;
use fedgate::model::external_identity::ExternalIdentity;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::model::unified_identity::{Field, Given, MAX_PROFILE, Profile, UnifiedIdentity};
use fedgate::model::user::User;
use fedgate::store::users::Seen;
use playground::browser::{Browser, Page};
use serde_json::{Value, json};

use crate::federation::broker_world::{World, has_code};
use crate::harness::storage::Backend;

fn unify(kind: ProviderKind, claims: &Value) -> UnifiedIdentity {
    let provider = IdentityProvider {
        pool_id: "local_AbC123xyz".to_owned(),
        name: "Corp".to_owned(),
        kind,
        details: BTreeMap::new(),
        sealed_details: BTreeMap::new(),
        attribute_mapping: BTreeMap::new(),
        identifiers: Vec::new(),
        enabled: true,
        created_ms: 0,
        modified_ms: 0,
        declared: false,
        document: json!({}),
    };
    let proven = ExternalIdentity {
        subject: "s".to_owned(),
        subject_key: "s".to_owned(),
        issuer: None,
        claims: serde_json::from_value(claims.clone()).unwrap(),
        auth_time_ms: None,
        session_until_ms: None,
        logout: None,
        one_time: None,
    };
    unified::unify(&provider, &proven, 5)
}

/// Field → value and the claims it came from.
fn shown(identity: &UnifiedIdentity) -> Value {
    let row = |(field, given): (&Field, &Given)| (field.as_str().to_owned(), json!([given.value, given.from.join(" + ")]));
    identity.profile.values.iter().map(row).collect()
}

#[test]
fn every_kind_fills_one_schema() {
    let saml = |claim: &str| format!("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/{claim}");
    let entra_groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    let cases = [
        (
            ProviderKind::Google,
            json!({ "sub": "1", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com",
                "email_verified": true, "picture": "https://p.example/a", "locale": "en", "hd": "example.com" }),
            json!({ "name": ["Ada Lovelace", "name"], "given_name": ["Ada", "given_name"], "family_name": ["Lovelace", "family_name"],
                "email": ["ada@example.com", "email"], "picture": ["https://p.example/a", "picture"], "locale": ["en", "locale"] }),
            true,
        ),
        (
            ProviderKind::SignInWithApple,
            json!({ "sub": "1", "email": "x@privaterelay.appleid.com", "email_verified": true, "is_private_email": true,
                "name": { "firstName": "Ada", "lastName": "Lovelace" } }),
            json!({ "name": ["Ada Lovelace", "name.firstName + name.lastName"], "given_name": ["Ada", "name.firstName"],
                "family_name": ["Lovelace", "name.lastName"], "email": ["x@privaterelay.appleid.com", "email"] }),
            true,
        ),
        (
            ProviderKind::Facebook,
            json!({ "id": "1", "name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com",
                "picture": { "data": { "url": "https://fb.example/p", "is_silhouette": false } } }),
            json!({ "name": ["Ada Lovelace", "name"], "given_name": ["Ada", "first_name"], "family_name": ["Lovelace", "last_name"],
                "email": ["ada@example.com", "email"], "picture": ["https://fb.example/p", "picture.data.url"] }),
            false,
        ),
        (
            ProviderKind::LoginWithAmazon,
            json!({ "user_id": "amzn1.account.X", "name": "Ada", "email": "ada@example.com", "postal_code": "1010" }),
            json!({ "name": ["Ada", "name"], "email": ["ada@example.com", "email"] }),
            false,
        ),
        (
            ProviderKind::Oidc,
            json!({ "sub": "1", "preferred_username": "ada", "given_name": "Ada", "email": ["not", "one"], "email_verified": true,
                "phone_number": "+431", "zoneinfo": "Europe/Vienna", "groups": ["a", 7, "a", null, { "x": 1 }], "nonce": "n" }),
            json!({ "username": ["ada", "preferred_username"], "name": ["Ada", "given_name"], "given_name": ["Ada", "given_name"],
                "email": ["not", "email"], "phone_number": ["+431", "phone_number"], "zoneinfo": ["Europe/Vienna", "zoneinfo"],
                "groups": [["a", "7"], "groups"] }),
            true,
        ),
        (
            ProviderKind::Saml,
            json!({ "NameID": "x", "urn:oid:0.9.2342.19200300.100.1.3": ["ada@example.com", "second@example.com"],
                "urn:oid:2.5.4.42": ["Ada"], "urn:oid:2.5.4.4": ["Lovelace"], "eduPersonAffiliation": ["staff", "member"],
                "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["member"], "memberOf": ["CN=a"], "email_verified": ["true"] }),
            json!({ "name": ["Ada Lovelace", "urn:oid:2.5.4.42 + urn:oid:2.5.4.4"], "given_name": ["Ada", "urn:oid:2.5.4.42"],
                "family_name": ["Lovelace", "urn:oid:2.5.4.4"], "email": ["ada@example.com", "urn:oid:0.9.2342.19200300.100.1.3"],
                "groups": [["CN=a", "staff", "member"], "memberOf + eduPersonAffiliation"] }),
            false,
        ),
        (
            ProviderKind::Saml,
            json!({ saml("emailaddress"): ["ada@example.com"], saml("givenname"): ["Ada"], saml("surname"): ["Lovelace"],
                saml("name"): ["ada@corp.example"], entra_groups: ["0b1c"], "http://schemas.microsoft.com/identity/claims/displayname": ["Ada L."] }),
            json!({ "username": ["ada@corp.example", saml("name")], "name": ["Ada L.", "http://schemas.microsoft.com/identity/claims/displayname"],
                "given_name": ["Ada", saml("givenname")], "family_name": ["Lovelace", saml("surname")],
                "email": ["ada@example.com", saml("emailaddress")], "groups": [["0b1c"], entra_groups] }),
            false,
        ),
    ];
    for (kind, claims, expected, vouched) in cases {
        let identity = unify(kind, &claims);
        assert_eq!(shown(&identity), expected, "{kind:?}");
        assert_eq!(identity.vouches(Field::Email), vouched, "{kind:?}");
        assert!(identity.profile.values.values().all(|given| given.seen_ms == 5));
    }
}

/// O-17: only a JSON true about the standard claim vouches; O-29: tokens are no part of it; S-35: no control characters.
#[test]
fn o_17_o_29_what_does_not_enter() {
    for (word, vouched) in
        [(json!(true), true), (json!("true"), false), (json!(1), false), (json!(false), false), (json!(null), false)]
    {
        let identity = unify(ProviderKind::Oidc, &json!({ "email": "a@b.example", "email_verified": word }));
        assert_eq!(identity.vouches(Field::Email), vouched, "{word}");
        assert_eq!(identity.facts()["email_verified"], vouched);
    }
    let claims =
        json!({ "access_token": "t1", "id_token": "t2", "refresh_token": "t3", "name": "a\u{1b}[2J", "nonce": "n", "x": "y" });
    let identity = unify(ProviderKind::Oidc, &claims);
    assert!(!format!("{identity:?}").contains("\"t"), "{identity:?}");
    assert_eq!(shown(&identity), json!({}));
    let lasting = unified::lasting(&identity);
    assert_eq!(lasting.claims.keys().collect::<Vec<_>>(), ["name", "x"], "what differs at every sign-in is not kept");
}

#[test]
fn stored_profiles_are_bounded() {
    let long = "ü\"".repeat(500);
    let mut claims = serde_json::Map::new();
    for number in 0..40 {
        claims.insert(format!("claim{number}"), json!(long));
    }
    claims.insert("groups".to_owned(), json!((0..900).map(|number| format!("group {number}")).collect::<Vec<_>>()));
    claims.insert("name".to_owned(), json!(long));
    claims.insert("email".to_owned(), json!("ada@example.com"));
    let identity = unify(ProviderKind::Oidc, &Value::Object(claims));
    let stored = unified::lasting(&identity).after(&Profile::default());
    let size = serde_json::to_string(&stored).unwrap().len();
    assert!((MAX_PROFILE / 2..=MAX_PROFILE).contains(&size), "{size}");
    assert!(stored.cut > 700, "{}", stored.cut);
    assert_eq!(stored.values[&Field::Email].value, "ada@example.com");
    assert_eq!(stored.values[&Field::Groups].value[0], "group 0");
    assert!(stored.after(&stored).says_the_same(&stored), "cutting what was cut changes nothing");
    let small = unify(ProviderKind::Oidc, &json!({ "email": "ada@example.com" }));
    assert_eq!(unified::lasting(&small).after(&Profile::default()).cut, 0, "the control");
}

/// Apple names a user once: the name stays, with the time at which it was seen.
#[test]
fn what_is_not_said_again_stays() {
    let first = unified::lasting(&unify(ProviderKind::SignInWithApple, &json!({ "email": "a@b.example", "given_name": "Ada" })));
    let mut later = unified::lasting(&unify(ProviderKind::SignInWithApple, &json!({ "email": "a@b.example" })));
    later.values.get_mut(&Field::Email).unwrap().seen_ms = 50;
    let merged = later.after(&first);
    assert_eq!((merged.values[&Field::GivenName].seen_ms, merged.values[&Field::Email].seen_ms), (5, 50));
    assert_eq!(merged.claims.keys().collect::<Vec<_>>(), ["email"], "claims are the last sign-in's");
}

impl World {
    async fn map(&self, provider: &str, mapping: &[(&str, &str)]) {
        let mut work = self.gateway.ports().store.begin().await.unwrap();
        let mut known = work.identity_providers().find(&self.pool.id, provider).await.unwrap().unwrap();
        known.attribute_mapping = mapping.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        if known.kind == ProviderKind::Oidc {
            known.details.insert("authorize_scopes".to_owned(), "openid email profile groups".to_owned());
        }
        work.identity_providers().update(&known).await.unwrap();
        work.commit().await.unwrap();
    }

    async fn schema(&self, schema: Value) {
        let mut pool = self.pool.clone();
        pool.document["Schema"] = schema;
        let mut work = self.gateway.ports().store.begin().await.unwrap();
        work.user_pools().update(&pool).await.unwrap();
        work.commit().await.unwrap();
    }

    async fn sign_in(&self, provider: &str) -> Page {
        let mut browser = Browser::new();
        let page = self.at_provider(&mut browser, provider).await;
        if provider == "Saml" {
            let fields = self.saml_answer(&mut browser, &page).await;
            return browser.post(&self.acs(), &fields).await.unwrap();
        }
        let answer = self.oidc_answer(&mut browser, &page).await;
        browser.get(answer.as_str()).await.unwrap()
    }

    /// The user of an identity, and what its sign-ins left.
    async fn left(&self, provider: &str) -> (User, Seen) {
        let mut work = self.gateway.ports().store.read().await.unwrap();
        let users = work.users().list(&self.pool.id, None, 60).await.unwrap();
        let mut keys = users.iter().flat_map(|user| &user.identities).filter(|identity| identity.provider == provider);
        let key = keys.next().unwrap().subject_key.clone();
        work.users().find_signing_in(&self.pool.id, provider, &key).await.unwrap().unwrap()
    }
}

async fn sign_ins_leave_what_was_said(backend: Backend) {
    let world = World::new(backend).await;
    world
        .map(
            "Oidc",
            &[("email", "email"), ("email_verified", "email_verified"), ("custom:groups", "cel:identity.groups.join(';')")],
        )
        .await;
    world.map("Saml", &[("email", "email"), ("email_verified", "email_verified"), ("name", "name")]).await;
    assert!(has_code(&world.sign_in("Oidc").await));
    assert!(has_code(&world.sign_in("Saml").await));

    let start_ms = world.gateway.now_ms();
    let (user, seen) = world.left("Oidc").await;
    assert_eq!(user.attributes["custom:groups"], "engineering;admins");
    let origin = &seen.origins["custom:groups"];
    assert_eq!(
        (origin.provider.as_str(), origin.source.as_str(), origin.at_ms),
        ("Oidc", "cel:identity.groups.join(';')", start_ms)
    );
    let email = &seen.profile.values[&Field::Email];
    assert_eq!((&email.value, email.vouched, email.seen_ms), (&json!("ada@example.com"), Some(true), start_ms));
    assert!(!seen.profile.claims.contains_key("nonce") && seen.profile.claims.contains_key("sub"));
    let (_, said) = world.left("Saml").await;
    assert_eq!(said.profile.values[&Field::Email].vouched, Some(false), "O-17: nobody says so");
    assert_eq!(said.profile.values[&Field::Name].value, "Katherine Johnson");

    // The same again: nothing is written for an hour, then the time is.
    world.gateway.advance_s(600);
    assert!(has_code(&world.sign_in("Oidc").await));
    assert_eq!(world.left("Oidc").await, (user.clone(), seen.clone()));
    world.gateway.advance_s(3_000);
    assert!(has_code(&world.sign_in("Oidc").await));
    let (_, later) = world.left("Oidc").await;
    assert_eq!((later.seen_ms, &later.origins), (start_ms + 3_600_000, &seen.origins));
    assert!(later.profile.says_the_same(&seen.profile));

    // Another mapping of the same value is another origin.
    world.map("Oidc", &[("email", "cel:identity.email"), ("name", "name")]).await;
    assert!(has_code(&world.sign_in("Oidc").await));
    let (user, last) = world.left("Oidc").await;
    assert_eq!((last.origins["email"].source.as_str(), last.origins["email"].at_ms), ("cel:identity.email", start_ms + 3_600_000));
    assert_eq!(
        last.origins["custom:groups"], seen.origins["custom:groups"],
        "what is not mapped any more stays, and its origin with it"
    );
    assert_eq!(user.attributes["custom:groups"], "engineering;admins");
}

#[tokio::test]
async fn sign_ins_leave_what_was_said_on_sqlite_and_memory() {
    sign_ins_leave_what_was_said(Backend::Embedded).await;
}

#[tokio::test]
async fn sign_ins_leave_what_was_said_on_postgresql_and_redis() {
    sign_ins_leave_what_was_said(Backend::Shared).await;
}

/// Nobody is locked out silently: the app gets a reference, the log the attribute and the claim, nobody the value.
#[tokio::test]
async fn failed_mappings_land_at_the_app_with_a_reference() {
    let world = World::new(Backend::Embedded).await;
    world
        .schema(json!([
            { "Name": "nickname", "AttributeDataType": "String", "Required": true },
            { "Name": "badge", "AttributeDataType": "String", "Mutable": false, "StringAttributeConstraints": { "MaxLength": "30" } },
            { "Name": "short", "AttributeDataType": "String", "StringAttributeConstraints": { "MaxLength": "3" } },
        ]))
        .await;
    let good = ("nickname", "given_name");
    world.map("Oidc", &[good, ("custom:badge", "email")]).await;
    assert!(has_code(&world.sign_in("Oidc").await), "the control");
    let refused = [
        (
            vec![good, ("custom:badge", "name")],
            "attribute_immutable",
            "custom:badge",
            "name",
            "custom:badge: attribute cannot be updated",
        ),
        (vec![good, ("custom:short", "email")], "attribute_too_long", "custom:short", "email", "custom:short is too long"),
        (vec![good, ("name", "cel:claims.absent")], "expression_failed", "name", "absent", "name cannot be computed"),
        (
            vec![good, ("name", "cel:{}[claims.email]")],
            "expression_failed",
            "name",
            "cel:{}[claims.email]",
            "name cannot be computed",
        ),
    ];
    for (mapping, reason, attribute, claim, text) in refused {
        world.map("Oidc", &mapping).await;
        assert_landed(&world, &world.sign_in("Oidc").await, reason, (attribute, claim), text);
    }
    world.map("Saml", &[("email", "email")]).await;
    let page = world.sign_in("Saml").await;
    assert_landed(&world, &page, "attribute_required", ("nickname", ""), "Required attribute nickname is missing");
    assert_eq!(world.users().await, 1, "nobody new came in");
    world.map("Oidc", &[good, ("custom:badge", "email")]).await;
    assert!(has_code(&world.sign_in("Oidc").await), "the control");
}

fn assert_landed(world: &World, page: &Page, reason: &str, (attribute, claim): (&str, &str), text: &str) {
    let location = page.location().unwrap();
    let query: BTreeMap<String, String> = location.query_pairs().into_owned().collect();
    let line = world.gateway.last_audit();
    assert!(!query.contains_key("code"), "{location}");
    assert_eq!(query["error"], "invalid_request");
    assert_eq!(query["error_description"], format!("Invalid user attributes: {text}. Reference: {}", line.get("request.id")));
    assert_eq!((line.reason(), line.get("attribute"), line.get("claim")), (reason, attribute, claim));
    assert!(matches!(line.get("provider"), "Oidc" | "Saml"));
    let everything = format!("{location} {line:?}");
    assert!(!everything.contains("@example.com") && !everything.contains("Lovelace"), "{everything}");
}
