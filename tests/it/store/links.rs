//! The promise about links: a waiting link is one user's and is taken once; what ended stays ended; a provider takes its links with it.

use fedgate::store::StoreError;
use fedgate::store::identity_links::PendingLink;

use super::Subject;
use super::conformance::{OTHER, commit, duplicate, reader};
use super::samples::{POOL, add_pool, grant, identity, provider, user};

fn link(provider: &str, attribute: &str, value: &str, sub: &str) -> PendingLink {
    let text = str::to_owned;
    PendingLink { provider: text(provider), attribute: text(attribute), value: text(value), sub: text(sub), created_ms: 3 }
}

pub async fn waiting_links(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    add_pool(store, OTHER).await;
    let (one, two) = (user(POOL, "one"), user(POOL, "two"));
    for user in [&one, &two, &user(OTHER, "one")] {
        commit!(store, work => work.users().insert(user)).unwrap();
    }
    let first = link("Okta", "employee", "Ω 7", &one.sub);
    commit!(store, work => work.identity_links().insert(POOL, &first)).unwrap();
    duplicate!(commit!(store, work => work.identity_links().insert(POOL, &link("Okta", "employee", "Ω 7", &two.sub))));
    commit!(store, work => work.identity_links().insert(OTHER, &first)).unwrap();
    commit!(store, work => work.identity_links().insert(POOL, &link("Okta", "badge", "7", &one.sub))).unwrap();
    assert!(commit!(store, work => work.identity_links().insert(POOL, &link("Okta", "x", "y", "nobody"))).is_err());

    let mut work = reader(store).await;
    let mut links = work.identity_links();
    assert_eq!(links.find(POOL, "Okta", "employee", "Ω 7").await.unwrap(), Some(first.clone()));
    for (provider, attribute, value) in [("okta", "employee", "Ω 7"), ("Okta", "Employee", "Ω 7"), ("Okta", "employee", "ω 7")] {
        assert_eq!(links.find(POOL, provider, attribute, value).await.unwrap(), None, "case counts");
    }
    assert_eq!(links.next_attribute(POOL, "Okta", "").await.unwrap().as_deref(), Some("badge"));
    assert_eq!(links.next_attribute(POOL, "Okta", "badge").await.unwrap().as_deref(), Some("employee"));
    assert_eq!(links.next_attribute(POOL, "Okta", "employee").await.unwrap(), None);
    assert_eq!(links.of_user(POOL, &one.sub).await.unwrap().len(), 2);
    drop(work);

    let mut stale = first.clone();
    stale.sub.clone_from(&two.sub);
    assert!(!commit!(store, work => work.identity_links().take(POOL, &stale)).unwrap(), "not somebody else's");
    assert!(commit!(store, work => work.identity_links().take(POOL, &first)).unwrap());
    assert!(!commit!(store, work => work.identity_links().take(POOL, &first)).unwrap());
    assert!(commit!(store, work => work.users().delete(POOL, &one.sub)).unwrap());
    assert!(reader(store).await.identity_links().of_user(POOL, &one.sub).await.unwrap().is_empty(), "links die with their user");
    assert_eq!(reader(store).await.identity_links().of_user(OTHER, &one.sub).await.unwrap().len(), 1);
}

pub async fn identities_end(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    let mut one = user(POOL, "one");
    one.identities = vec![identity("Okta", "made by", 1), identity("Okta", "linked", 2)];
    commit!(store, work => work.users().insert(&one)).unwrap();
    assert!(!commit!(store, work => work.users().unlink(POOL, &one.sub, "Okta", "made by")).unwrap());
    assert!(!commit!(store, work => work.users().unlink(POOL, "two", "Okta", "linked")).unwrap());
    let owners = reader(store).await.users().find_by_subject(POOL, "Okta", "zoë@example.com").await.unwrap();
    assert_eq!(
        owners.iter().map(|(sub, owned)| (sub == &one.sub, owned.primary)).collect::<Vec<_>>(),
        [(true, true), (true, false)]
    );
    assert!(commit!(store, work => work.users().unlink(POOL, &one.sub, "Okta", "linked")).unwrap());
    assert_eq!(reader(store).await.users().find_by_sub(POOL, &one.sub).await.unwrap().unwrap().identities.len(), 1);

    let ended = async |provider| reader(store).await.identity_links().ended_ms(POOL, &one.sub, provider).await.unwrap();
    assert_eq!(ended("Okta").await, None);
    for now_ms in [5, 9, 7] {
        commit!(store, work => work.identity_links().end(POOL, &one.sub, "Okta", now_ms)).unwrap();
    }
    assert_eq!((ended("Okta").await, ended("okta").await), (Some(9), None), "never back");

    for (id, sub, provider) in [("a", "one", "Okta"), ("b", "one", "Entra"), ("c", "two", "Okta")] {
        let mut grant = grant(POOL, id);
        (grant.sub, grant.provider) = (sub.to_owned(), provider.to_owned());
        commit!(store, work => work.grants().insert(&grant)).unwrap();
    }
    commit!(store, work => work.grants().revoke_of_user(POOL, "one", "Okta", 50)).unwrap();
    commit!(store, work => work.grants().revoke_of_provider(POOL, "Okta", 60)).unwrap();
    let mut revoked = Vec::new();
    for id in ["a", "b", "c"] {
        revoked.push(reader(store).await.grants().find(POOL, id).await.unwrap().unwrap().revoked_ms);
    }
    assert_eq!(revoked, [Some(50), None, Some(60)]);
}

pub async fn providers_go(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    let mut corp = provider(POOL, "Corp", &["corp"]);
    commit!(store, work => work.identity_providers().insert(&corp)).unwrap();
    let mut one = user(POOL, "one");
    one.identities = vec![identity("Corp", "made by", 1), identity("Corp", "linked", 2)];
    commit!(store, work => work.users().insert(&one)).unwrap();
    commit!(store, work => work.identity_links().insert(POOL, &link("Corp", "employee", "7", &one.sub))).unwrap();

    corp.modified_ms = 10;
    assert!(commit!(store, work => work.identity_providers().replace(&corp, 6)).unwrap());
    assert!(!commit!(store, work => work.identity_providers().replace(&corp, 6)).unwrap(), "changed since it was read");
    assert!(commit!(store, work => work.identity_providers().delete(POOL, "Corp")).unwrap());
    assert!(!commit!(store, work => work.identity_providers().delete(POOL, "Corp")).unwrap());
    assert_eq!(reader(store).await.identity_providers().find_by_identifier(POOL, "corp").await.unwrap(), None);
    let left = reader(store).await.users().find_by_sub(POOL, &one.sub).await.unwrap().unwrap().identities;
    assert_eq!(left.iter().map(|identity| identity.subject_key.as_str()).collect::<Vec<_>>(), ["made by"]);
    assert!(reader(store).await.identity_links().of_user(POOL, &one.sub).await.unwrap().is_empty());
    assert_eq!(commit!(store, work => work.users().forget_provider(POOL, "Corp")).unwrap(), 1);

    commit!(store, work => work.meta().put("fact", "1")).unwrap();
    commit!(store, work => work.meta().put("fact", "2")).unwrap();
    assert_eq!(commit!(store, work => work.meta().take("fact")).unwrap().as_deref(), Some("2"));
    assert_eq!(commit!(store, work => work.meta().take("fact")).unwrap(), None);
}
