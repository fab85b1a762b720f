//! The promise about users and their external identities.

use std::collections::BTreeMap;

use fedgate::model::unified_identity::{Field, Given, Origin, Profile};
use fedgate::model::user::{User, UserStatus};
use fedgate::store::StoreError;
use fedgate::store::users::Seen;
use serde_json::json;

use super::Subject;
use super::conformance::{OTHER, commit, duplicate, reader};
use super::samples::{POOL, add_pool, identity, map, user};

pub async fn users(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let mut zoe = user(POOL, "zoë");
    zoe.identities = vec![identity("Okta", "one", 1), identity("Entra", "two", 2)];
    commit!(store, work => work.users().insert(&zoe)).unwrap();
    let mut work = reader(store).await;
    assert_eq!(work.users().find_by_username(POOL, "zoë").await.unwrap(), Some(zoe.clone()));
    assert_eq!(work.users().find_by_username(POOL, "ZOË").await.unwrap(), None);
    assert_eq!(work.users().find_by_username(OTHER, "zoë").await.unwrap(), None);
    assert_eq!(work.users().find_by_sub(POOL, &zoe.sub).await.unwrap(), Some(zoe.clone()));
    assert_eq!(work.users().find_by_sub(OTHER, &zoe.sub).await.unwrap(), None);
    drop(work);

    let mut same_name = user(POOL, "zoë");
    "another".clone_into(&mut same_name.sub);
    duplicate!(commit!(store, work => work.users().insert(&same_name)));
    let mut same_sub = user(POOL, "another");
    same_sub.sub.clone_from(&zoe.sub);
    duplicate!(commit!(store, work => work.users().insert(&same_sub)));
    // The same in another pool is another user.
    commit!(store, work => work.users().insert(&user(OTHER, "zoë"))).unwrap();

    // An update changes the user and leaves the identities.
    zoe.status = UserStatus::ResetRequired;
    zoe.enabled = false;
    zoe.attributes = map(&[("name", "O'Brien \" \\ \u{1f98a}")]);
    zoe.signed_out_ms = 99;
    let mut sent = zoe.clone();
    sent.identities.clear();
    commit!(store, work => work.users().update(&sent)).unwrap();
    assert_eq!(reader(store).await.users().find_by_sub(POOL, &zoe.sub).await.unwrap(), Some(zoe));
    let untouched = reader(store).await.users().find_by_username(OTHER, "zoë").await.unwrap();
    assert_eq!(untouched, Some(user(OTHER, "zoë")));
}

pub async fn identities_belong_to_one_user(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let mut one = user(POOL, "one");
    one.identities = vec![identity("Okta", "subject", 1)];
    commit!(store, work => work.users().insert(&one)).unwrap();
    let mut two = user(POOL, "two");
    commit!(store, work => work.users().insert(&two)).unwrap();

    // O-16: (pool, provider, subject key) is one user's.
    duplicate!(commit!(store, work => work.users().link(POOL, &two.sub, &identity("Okta", "subject", 2))));
    let mut three = user(POOL, "three");
    three.identities = vec![identity("Okta", "subject", 2)];
    duplicate!(commit!(store, work => work.users().insert(&three)));
    // Nothing of the refused user stays.
    assert_eq!(reader(store).await.users().find_by_username(POOL, "three").await.unwrap(), None);

    // Controls: another provider, another subject (case counts), another pool.
    for identity in [identity("Entra", "subject", 3), identity("Okta", "Subject", 4)] {
        commit!(store, work => work.users().link(POOL, &two.sub, &identity)).unwrap();
        two.identities.push(identity);
    }
    let mut elsewhere = user(OTHER, "one");
    elsewhere.identities = vec![identity("Okta", "subject", 1)];
    commit!(store, work => work.users().insert(&elsewhere)).unwrap();

    let mut work = reader(store).await;
    assert_eq!(work.users().find_by_identity(POOL, "Okta", "subject").await.unwrap(), Some(one));
    assert_eq!(work.users().find_by_identity(POOL, "Okta", "Subject").await.unwrap(), Some(two.clone()));
    assert_eq!(work.users().find_by_identity(POOL, "Entra", "subject").await.unwrap(), Some(two));
    assert_eq!(work.users().find_by_identity(OTHER, "Okta", "subject").await.unwrap(), Some(elsewhere));
    assert_eq!(work.users().find_by_identity(OTHER, "Entra", "subject").await.unwrap(), None);
    drop(work);
    let nobody = commit!(store, work => work.users().link(POOL, "nobody", &identity("Okta", "free", 5)));
    assert!(matches!(nobody, Err(StoreError::Broken(_))));
}

/// Profiles and origins lie beside the user: they are empty at first, belong to one identity, and neither reads nor writes of the user touch them.
pub async fn what_providers_said(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let mut zoe = user(POOL, "zoë");
    zoe.identities = vec![identity("Okta", "one", 1), identity("Entra", "two", 2)];
    commit!(store, work => work.users().insert(&zoe)).unwrap();
    let mut elsewhere = user(OTHER, "zoë");
    elsewhere.identities = vec![identity("Okta", "one", 1)];
    commit!(store, work => work.users().insert(&elsewhere)).unwrap();
    // Sign-ins read the user without the list of identities.
    let identities = std::mem::take(&mut zoe.identities);
    let fresh = reader(store).await.users().find_signing_in(POOL, "Okta", "one").await.unwrap();
    assert_eq!(fresh, Some((zoe.clone(), Seen::default())));
    assert_eq!(reader(store).await.users().find_signing_in(POOL, "Okta", "two").await.unwrap(), None);

    let given = Given { value: json!("Zoë \u{0} \u{1f98a}"), from: vec!["name".to_owned()], seen_ms: 7, vouched: None };
    let profile = Profile {
        values: BTreeMap::from([(Field::Name, given)]),
        claims: BTreeMap::from([("groups".to_owned(), json!(["a", { "b": null }]))]),
        cut: 3,
    };
    let origin = Origin { provider: "Okta".to_owned(), source: "cel:claims.name".to_owned(), at_ms: 8 };
    let origins = BTreeMap::from([("name".to_owned(), origin)]);
    commit!(store, work => work.users().set_profile((POOL, "Okta", "one"), &profile, 9)).unwrap();
    commit!(store, work => work.users().set_origins(POOL, &zoe.sub, &origins)).unwrap();
    zoe.enabled = false;
    commit!(store, work => work.users().update(&zoe)).unwrap();

    let mut work = reader(store).await;
    let seen = Seen { profile: profile.clone(), seen_ms: 9, origins: origins.clone() };
    assert_eq!(work.users().find_signing_in(POOL, "Okta", "one").await.unwrap(), Some((zoe.clone(), seen)));
    assert_eq!(work.users().profiles(POOL, &zoe.sub).await.unwrap(), [(profile, 9), (Profile::default(), 0)]);
    assert_eq!(work.users().origins(POOL, &zoe.sub).await.unwrap(), origins);
    assert_eq!(work.users().origins(POOL, "nobody").await.unwrap(), BTreeMap::new());
    let untouched = work.users().find_signing_in(OTHER, "Okta", "one").await.unwrap();
    elsewhere.identities.clear();
    assert_eq!(untouched, Some((elsewhere, Seen::default())));
    zoe.identities = identities;
    let shown = zoe.identities[0].subject.clone();
    assert_eq!(work.users().list_by_subject(POOL, "Okta", &shown, 2).await.unwrap(), [zoe]);
    assert_eq!(work.users().list_by_subject(POOL, "Okta", "nobody", 2).await.unwrap(), []);
}

pub async fn pages_of_users(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let mut expected: Vec<User> = Vec::new();
    for number in 0..7 {
        let mut user = user(POOL, &format!("user{number}"));
        for time in 0..number % 3 {
            user.identities.push(identity("Okta", &format!("{number}/{time}"), time));
        }
        expected.push(user);
    }
    for user in expected.iter().rev() {
        commit!(store, work => work.users().insert(user)).unwrap();
    }
    commit!(store, work => work.users().insert(&user(OTHER, "user3"))).unwrap();

    let mut found: Vec<User> = Vec::new();
    loop {
        let after = found.last().map(|user| user.username.clone());
        let page = reader(store).await.users().list(POOL, after.as_deref(), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, expected);
}

pub async fn text_sorts_by_bytes(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    let mut names =
        vec!["a", "B", "A", "b", "Z", "z", "_", "-", "a-b", "ab", "é", "e", "É", "10", "9", "\u{fffd}", "\u{1f98a}", "ß", "ss"];
    for name in &names {
        commit!(store, work => work.users().insert(&user(POOL, name))).unwrap();
    }
    names.sort_unstable();
    let found = reader(store).await.users().list(POOL, None, 60).await.unwrap();
    assert_eq!(found.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), names);
    let later = reader(store).await.users().list(POOL, Some("Z"), 60).await.unwrap();
    let expected: Vec<&str> = names.iter().copied().filter(|name| *name > "Z").collect();
    assert_eq!(later.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), expected);
}
