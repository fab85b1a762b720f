//! The promise of every aggregate but users ([`super::people`]): what goes in comes out, what is unique stays unique, pages follow
//! one another in order, and pools do not see each other.

use fedgate::model::domain::Domain;
use fedgate::model::identity_provider::ProviderKind;
use fedgate::store::saml_keys::StoredSamlKey;
use fedgate::store::signing_keys::StoredKey;
use fedgate::store::{Store, StoreError, UnitOfWork};

use super::Subject;
use super::samples::{POOL, add_pool, client, grant, map, pool, provider};

pub const OTHER: &str = "local_other0000";

pub async fn reader(store: &Store) -> UnitOfWork {
    store.read().await.unwrap()
}

/// Runs a piece of work in a unit of its own.
macro_rules! commit {
    ($store:expr, $work:ident => $body:expr) => {{
        let mut $work = $store.begin().await.unwrap();
        let done = $body.await;
        match done {
            Ok(value) => $work.commit().await.map(|()| value),
            Err(error) => Err(error),
        }
    }};
}
pub(crate) use commit;

macro_rules! duplicate {
    ($result:expr) => {
        assert!(matches!($result, Err(StoreError::Duplicate)))
    };
}
pub(crate) use duplicate;

pub async fn pools(subject: &Subject) {
    let store = &subject.store;
    let mut first = pool(POOL);
    commit!(store, work => work.user_pools().insert(&first)).unwrap();
    assert_eq!(reader(store).await.user_pools().find(POOL).await.unwrap(), Some(first.clone()));
    assert_eq!(reader(store).await.user_pools().find("local_nowhere00").await.unwrap(), None);
    duplicate!(commit!(store, work => work.user_pools().insert(&first)));

    // Declared pools are found by name, which is unique among them only.
    let mut declared = pool(OTHER);
    declared.declared = true;
    commit!(store, work => work.user_pools().insert(&declared)).unwrap();
    assert_eq!(reader(store).await.user_pools().find_declared(&first.name).await.unwrap(), Some(declared.clone()));
    let mut third = pool("local_third0000");
    third.declared = true;
    duplicate!(commit!(store, work => work.user_pools().insert(&third)));
    third.declared = false;
    commit!(store, work => work.user_pools().insert(&third)).unwrap();

    first.document = serde_json::json!({"b": 1, "a": 2});
    first.username_case_sensitive = false;
    first.modified_ms = i64::MAX;
    commit!(store, work => work.user_pools().update(&first)).unwrap();
    let found = reader(store).await.user_pools().find(POOL).await.unwrap().unwrap();
    assert_eq!(found, first);
    // Members keep the order in which they were given.
    assert_eq!(found.document.to_string(), r#"{"b":1,"a":2}"#);

    let page = reader(store).await.user_pools().list(None, 2).await.unwrap();
    assert_eq!(page.iter().map(|pool| pool.id.as_str()).collect::<Vec<_>>(), [POOL, OTHER]);
    let page = reader(store).await.user_pools().list(Some(OTHER), 2).await.unwrap();
    assert_eq!(page, [third]);
}

pub async fn clients(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    for id in ["b", "a", "c"] {
        commit!(store, work => work.app_clients().insert(&client(POOL, id))).unwrap();
    }
    // A client id is unique over all pools.
    duplicate!(commit!(store, work => work.app_clients().insert(&client(OTHER, "a"))));
    let mut declared = client(OTHER, "d");
    declared.declared = true;
    commit!(store, work => work.app_clients().insert(&declared)).unwrap();

    let mut work = reader(store).await;
    assert_eq!(work.app_clients().find(POOL, "a").await.unwrap(), Some(client(POOL, "a")));
    assert_eq!(work.app_clients().find(OTHER, "a").await.unwrap(), None);
    assert_eq!(work.app_clients().find_declared(OTHER, &declared.name).await.unwrap(), Some(declared.clone()));
    assert_eq!(work.app_clients().find_declared(POOL, &declared.name).await.unwrap(), None);
    assert_eq!(work.app_clients().find_declared(POOL, &client(POOL, "a").name).await.unwrap(), None);
    assert_eq!(work.app_clients().list(POOL, None, 2).await.unwrap(), [client(POOL, "a"), client(POOL, "b")]);
    assert_eq!(work.app_clients().list(POOL, Some("b"), 2).await.unwrap(), [client(POOL, "c")]);

    let mut changed = client(POOL, "a");
    "renamed".clone_into(&mut changed.name);
    changed.secret_digest = None;
    commit!(store, work => work.app_clients().update(&changed)).unwrap();
    assert_eq!(reader(store).await.app_clients().find(POOL, "a").await.unwrap(), Some(changed));
}

pub async fn providers(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let okta = provider(POOL, "Okta", &["z.example", "a.example"]);
    commit!(store, work => work.identity_providers().insert(&okta)).unwrap();
    let twin = provider(OTHER, "Okta", &["a.example"]);
    commit!(store, work => work.identity_providers().insert(&twin)).unwrap();
    duplicate!(commit!(store, work => work.identity_providers().insert(&provider(POOL, "Okta", &[]))));
    duplicate!(commit!(store, work => work.identity_providers().insert(&provider(POOL, "Entra", &["a.example"]))));
    let mut entra = provider(POOL, "Entra", &["entra.example"]);
    entra.kind = ProviderKind::Oidc;
    entra.enabled = false;
    commit!(store, work => work.identity_providers().insert(&entra)).unwrap();

    let mut work = reader(store).await;
    assert_eq!(work.identity_providers().find(POOL, "Okta").await.unwrap(), Some(okta.clone()));
    assert_eq!(work.identity_providers().find(POOL, "okta").await.unwrap(), None);
    assert_eq!(work.identity_providers().find_by_identifier(POOL, "a.example").await.unwrap(), Some(okta.clone()));
    assert_eq!(work.identity_providers().find_by_identifier(OTHER, "a.example").await.unwrap(), Some(twin));
    assert_eq!(work.identity_providers().find_by_identifier(OTHER, "z.example").await.unwrap(), None);
    assert_eq!(work.identity_providers().list(POOL, None, 60).await.unwrap(), [entra.clone(), okta.clone()]);
    assert_eq!(work.identity_providers().list(POOL, Some("Entra"), 60).await.unwrap(), [okta]);
    assert_eq!(work.identity_providers().list(POOL, Some("Okta"), 60).await.unwrap(), []);
    assert_eq!(work.identity_providers().list(POOL, None, 1).await.unwrap(), [entra]);
    drop(work);

    let mut changed = provider(POOL, "Okta", &["new.example", "z.example"]);
    changed.details = map(&[("oidc_issuer", "https://new.example")]);
    changed.declared = true;
    changed.document = serde_json::json!({"b": 1, "a": 2});
    commit!(store, work => work.identity_providers().update(&changed)).unwrap();
    let mut work = reader(store).await;
    assert_eq!(work.identity_providers().find(POOL, "Okta").await.unwrap(), Some(changed));
    assert_eq!(work.identity_providers().find_by_identifier(POOL, "a.example").await.unwrap(), None);
}

pub async fn domains(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let domain = |name: &str, pool_id: &str, custom| Domain {
        name: name.to_owned(),
        pool_id: pool_id.to_owned(),
        custom,
        created_ms: 3,
        document: serde_json::json!({"z": 1, "a": "é"}),
    };
    let (custom, prefix) = (domain("auth.example.com", POOL, true), domain("zebra", POOL, false));
    commit!(store, work => work.domains().insert(&custom)).unwrap();
    commit!(store, work => work.domains().insert(&prefix)).unwrap();
    duplicate!(commit!(store, work => work.domains().insert(&domain("zebra", OTHER, false))));
    let mut work = reader(store).await;
    assert_eq!(work.domains().find("zebra").await.unwrap(), Some(prefix.clone()));
    assert_eq!(work.domains().find("nowhere").await.unwrap(), None);
    assert_eq!(work.domains().for_pool(POOL).await.unwrap(), [prefix, custom]);
    assert_eq!(work.domains().for_pool(OTHER).await.unwrap(), []);
}

pub async fn grants(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let first = grant(POOL, "1");
    commit!(store, work => work.grants().insert(&first)).unwrap();
    let mut work = reader(store).await;
    assert_eq!(work.grants().find(POOL, "1").await.unwrap(), Some(first.clone()));
    assert_eq!(work.grants().find(OTHER, "1").await.unwrap(), None);
    assert_eq!(work.grants().find_by_code(POOL, "code of 1").await.unwrap(), Some(first.clone()));
    assert_eq!(work.grants().find_by_code(OTHER, "code of 1").await.unwrap(), None);
    assert_eq!(work.grants().find_by_refresh(POOL, "refresh of 1").await.unwrap(), Some(first.clone()));
    assert_eq!(work.grants().find_by_refresh(POOL, "code of 1").await.unwrap(), None);
    drop(work);

    // A05: each of the three alone makes a duplicate; many grants without code or refresh token do not.
    let mut same_code = grant(POOL, "2");
    same_code.code_digest = first.code_digest.clone();
    duplicate!(commit!(store, work => work.grants().insert(&same_code)));
    let mut same_refresh = grant(POOL, "2");
    same_refresh.refresh_digest = first.refresh_digest.clone();
    duplicate!(commit!(store, work => work.grants().insert(&same_refresh)));
    let mut same_id = grant(POOL, "1");
    (same_id.code_digest, same_id.refresh_digest) = (None, None);
    duplicate!(commit!(store, work => work.grants().insert(&same_id)));
    for id in ["3", "4"] {
        let mut bare = grant(POOL, id);
        (bare.code_digest, bare.refresh_digest, bare.nonce) = (None, None, None);
        commit!(store, work => work.grants().insert(&bare)).unwrap();
        assert_eq!(reader(store).await.grants().find(POOL, id).await.unwrap(), Some(bare));
    }

    // The first revocation counts.
    for now_ms in [50, 60] {
        commit!(store, work => work.grants().revoke(POOL, "1", now_ms)).unwrap();
        let found = reader(store).await.grants().find(POOL, "1").await.unwrap().unwrap();
        assert_eq!(found.revoked_ms, Some(50));
    }
    assert_eq!(reader(store).await.grants().find(POOL, "3").await.unwrap().unwrap().revoked_ms, None);
}

pub async fn consumed(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    assert!(commit!(store, work => work.consumed().consume(POOL, "saml_assertion", "x", 100)).unwrap());
    assert!(!commit!(store, work => work.consumed().consume(POOL, "saml_assertion", "x", 200)).unwrap());
    // Name spaces and pools are apart.
    assert!(commit!(store, work => work.consumed().consume(POOL, "state", "x", 100)).unwrap());
    assert!(commit!(store, work => work.consumed().consume(OTHER, "saml_assertion", "x", 300)).unwrap());
    // What was not committed was not consumed.
    let mut work = store.begin().await.unwrap();
    assert!(work.consumed().consume(POOL, "state", "y", 100).await.unwrap());
    drop(work);
    assert!(commit!(store, work => work.consumed().consume(POOL, "state", "y", 100)).unwrap());

    assert_eq!(commit!(store, work => work.consumed().purge(100)).unwrap(), 0);
    assert_eq!(commit!(store, work => work.consumed().purge(101)).unwrap(), 3);
    assert!(!commit!(store, work => work.consumed().consume(OTHER, "saml_assertion", "x", 300)).unwrap());
}

pub async fn signing_keys(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let key = |pool_id: &str, kid: &str, created_ms| StoredKey {
        pool_id: pool_id.to_owned(),
        kid: kid.to_owned(),
        token_use: "id".to_owned(),
        sealed_private: "v1.x.y".to_owned(),
        public_jwk: r#"{"kty":"RSA"}"#.to_owned(),
        active_from_ms: created_ms + 1,
        retire_at_ms: None,
        created_ms,
    };
    for key in [key(POOL, "a/+=", 3), key(POOL, "z", 2), key(POOL, "b", 2), key(OTHER, "z", 1)] {
        commit!(store, work => work.signing_keys().insert(&key)).unwrap();
    }
    duplicate!(commit!(store, work => work.signing_keys().insert(&key(POOL, "z", 9))));
    commit!(store, work => work.signing_keys().retire(POOL, "z", 77)).unwrap();
    let mut retired = key(POOL, "z", 2);
    retired.retire_at_ms = Some(77);
    let listed = reader(store).await.signing_keys().list(POOL).await.unwrap();
    assert_eq!(listed, [key(POOL, "b", 2), retired, key(POOL, "a/+=", 3)]);
    assert_eq!(reader(store).await.signing_keys().list(OTHER).await.unwrap(), [key(OTHER, "z", 1)]);
}

pub async fn saml_keys(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let key = |pool_id: &str, provider: &str, generation| StoredSamlKey {
        pool_id: pool_id.to_owned(),
        provider: provider.to_owned(),
        generation,
        kid: format!("{provider}{generation}"),
        sealed_private: "v1.x.y".to_owned(),
        certificate: "MIIB".to_owned(),
        active_from_ms: 5,
        retire_at_ms: None,
        created_ms: 4,
    };
    for key in [key(POOL, "", 2), key(POOL, "", 1), key(POOL, "corp", 1), key(OTHER, "", 1)] {
        commit!(store, work => work.saml_keys().insert(&key)).unwrap();
    }
    // Of two replicas that make the same generation one wins, whatever its kid.
    let mut late = key(POOL, "", 2);
    "other".clone_into(&mut late.kid);
    duplicate!(commit!(store, work => work.saml_keys().insert(&late)));
    commit!(store, work => work.saml_keys().retire(&key(POOL, "", 1), 77)).unwrap();
    let mut retired = key(POOL, "", 1);
    retired.retire_at_ms = Some(77);
    let listed = reader(store).await.saml_keys().list(POOL, "").await.unwrap();
    assert_eq!(listed, [retired.clone(), key(POOL, "", 2)]);
    let all = reader(store).await.saml_keys().list_all(POOL).await.unwrap();
    assert_eq!(all, [retired, key(POOL, "", 2), key(POOL, "corp", 1)]);
    commit!(store, work => work.saml_keys().remove_provider(POOL, "corp")).unwrap();
    commit!(store, work => work.saml_keys().remove_provider(POOL, "")).unwrap();
    assert_eq!(reader(store).await.saml_keys().list_all(POOL).await.unwrap().len(), 2);
    assert_eq!(reader(store).await.saml_keys().list(OTHER, "").await.unwrap(), [key(OTHER, "", 1)]);
}

pub async fn meta(subject: &Subject) {
    let store = &subject.store;
    assert_eq!(reader(store).await.meta().get("key").await.unwrap(), None);
    assert_eq!(commit!(store, work => work.meta().get_or_insert("key", "one")).unwrap(), "one");
    assert_eq!(commit!(store, work => work.meta().get_or_insert("key", "two")).unwrap(), "one");
    assert_eq!(reader(store).await.meta().get("key").await.unwrap().as_deref(), Some("one"));
    store.ping().await.unwrap();
}

pub async fn unknown_pools(subject: &Subject) {
    let store = &subject.store;
    assert!(matches!(commit!(store, work => work.app_clients().insert(&client(POOL, "a"))), Err(StoreError::Broken(_))));
    assert!(matches!(commit!(store, work => work.grants().insert(&grant(POOL, "1"))), Err(StoreError::Broken(_))));
    // Control.
    add_pool(store, POOL).await;
    commit!(store, work => work.app_clients().insert(&client(POOL, "a"))).unwrap();
    commit!(store, work => work.grants().insert(&grant(POOL, "1"))).unwrap();
}

/// The last good documents: one for each provider, due when they say so, claimed by one, gone with the provider's row.
pub async fn provider_documents(subject: &Subject) {
    use fedgate::store::provider_documents::{Confirmed, Due, ProviderDocument};

    let store = &subject.store;
    add_pool(store, POOL).await;
    for name in ["Entra", "Okta"] {
        commit!(store, work => work.identity_providers().insert(&provider(POOL, name, &[]))).unwrap();
    }
    let mut by_file = provider(POOL, "File", &[]);
    by_file.details = map(&[("MetadataFile", "<x a=\"MetadataURL\"/>")]);
    commit!(store, work => work.identity_providers().insert(&by_file)).unwrap();
    let due = async |now_ms, after: &str, limit| {
        reader(store).await.provider_documents().due(ProviderKind::Saml, now_ms, (POOL, after), limit).await.unwrap()
    };
    let entry = |name: &str, due_ms| Due { pool_id: POOL.to_owned(), provider: name.to_owned(), due_ms };
    assert_eq!(due(0, "", 9).await, [entry("Entra", None), entry("Okta", None)]);

    let mut document = ProviderDocument {
        pool_id: POOL.to_owned(),
        provider: "Okta".to_owned(),
        source: "source".to_owned(),
        digest: "one".to_owned(),
        body: "<é/>".to_owned(),
        etag: Some("\"1\"".to_owned()),
        modified: None,
        fetched_ms: 10,
        checked_ms: 10,
        due_ms: 100,
        certificate_until_ms: Some(7),
        valid_until_ms: None,
    };
    assert!(commit!(store, work => work.provider_documents().put(&document)).unwrap());
    let find = async || reader(store).await.provider_documents().find(POOL, "Okta").await.unwrap().unwrap();
    assert_eq!(find().await, document);
    let head = reader(store).await.provider_documents().head(POOL, "Okta").await.unwrap().unwrap();
    assert_eq!((head.source.as_str(), head.digest.as_str(), head.checked_ms), ("source", "one", 10));
    assert_eq!(due(99, "Entra", 9).await, []);
    assert_eq!(due(100, "", 9).await, [entry("Entra", None), entry("Okta", Some(100))]);
    assert_eq!(due(100, "", 1).await, [entry("Entra", None)]);

    // One of those who try claims it.
    assert!(commit!(store, work => work.provider_documents().claim(POOL, "Okta", 100, 150)).unwrap());
    assert!(!commit!(store, work => work.provider_documents().claim(POOL, "Okta", 100, 150)).unwrap());
    assert_eq!(due(100, "", 9).await, [entry("Entra", None)]);

    // A confirmation is of one content, and never goes back.
    let (etag, modified) = (Some("\"2\"".to_owned()), Some("Thu".to_owned()));
    let confirm = async |digest: &str, checked_ms, due_ms| {
        let confirmed = Confirmed { digest, etag: &etag, modified: &modified, checked_ms, due_ms };
        commit!(store, work => work.provider_documents().confirm(POOL, "Okta", &confirmed)).unwrap();
        let found = find().await;
        (found.checked_ms, found.due_ms, found.etag)
    };
    assert_eq!(confirm("other", 20, 200).await, (10, 150, Some("\"1\"".to_owned())));
    assert_eq!(confirm("one", 20, 200).await, (20, 200, etag.clone()));
    assert_eq!(confirm("one", 19, 300).await, (20, 200, etag.clone()));

    // What was confirmed later stays; another source replaces in any case.
    "two".clone_into(&mut document.digest);
    assert!(!commit!(store, work => work.provider_documents().put(&document)).unwrap());
    "other source".clone_into(&mut document.source);
    assert!(commit!(store, work => work.provider_documents().put(&document)).unwrap());
    assert!(!commit!(store, work => work.provider_documents().put(&document)).unwrap(), "one of two that bring the same");
    assert_eq!(find().await, document);
    let dates = reader(store).await.provider_documents().dates(("", ""), 9).await.unwrap();
    assert_eq!((dates.len(), dates[0].certificate_until_ms, dates[0].valid_until_ms), (1, Some(7), None));
    assert!(reader(store).await.provider_documents().dates((POOL, "Okta"), 9).await.unwrap().is_empty());

    "Nobody".clone_into(&mut document.provider);
    assert!(commit!(store, work => work.provider_documents().put(&document)).is_err(), "only of providers that exist");
}
