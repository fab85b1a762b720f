//! Provider sessions: kept by both databases, taken once, found by what the provider calls them.

use fedgate::model::external_identity::LogoutHandle;
use fedgate::model::web_session::ProviderSession;
use serde_json::json;

use crate::store::Subject;
use crate::store::samples::{POOL, add_pool};

fn session(key: &str, provider: &str, subject: &str, index: Option<&str>) -> ProviderSession {
    ProviderSession {
        pool_id: POOL.to_owned(),
        session_key: key.to_owned(),
        provider: provider.to_owned(),
        subject_key: subject.to_owned(),
        logout: LogoutHandle { name_id: json!([null, "é", null, subject]), session_index: index.map(str::to_owned) },
        sub: "sub".to_owned(),
        expires_ms: 100,
    }
}

pub async fn provider_sessions(subject: &Subject) {
    add_pool(&subject.store, POOL).await;
    let all = [
        session("a", "Okta", "zoë", Some("1")),
        session("b", "Okta", "zoë", Some("2")),
        session("c", "Okta", "zoë", None),
        session("d", "Okta", "Zoë", Some("1")),
        session("e", "Entra", "zoë", Some("1")),
    ];
    let mut work = subject.store.begin().await.unwrap();
    for session in &all {
        work.provider_sessions().insert(session).await.unwrap();
    }
    work.commit().await.unwrap();

    let mut work = subject.store.begin().await.unwrap();
    assert!(work.provider_sessions().stands(POOL, "a").await.unwrap());
    assert!(!work.provider_sessions().stands(POOL, "z").await.unwrap());
    assert!(!work.provider_sessions().stands("local_Other1234", "a").await.unwrap());
    let named = work.provider_sessions().take_of_subject(POOL, "Okta", "zoë", &["2".to_owned(), "9".to_owned()]).await.unwrap();
    assert_eq!(named, [all[1].clone()], "a session without an index is not one that was named");
    let rest = work.provider_sessions().take_of_subject(POOL, "Okta", "zoë", &[]).await.unwrap();
    assert_eq!(rest, [all[0].clone(), all[2].clone()]);
    assert_eq!(work.provider_sessions().take(POOL, "e").await.unwrap(), Some(all[4].clone()));
    assert_eq!(work.provider_sessions().take(POOL, "e").await.unwrap(), None);
    assert_eq!(work.provider_sessions().purge(100).await.unwrap(), 0);
    assert_eq!(work.provider_sessions().purge(101).await.unwrap(), 1);
    work.commit().await.unwrap();
}
