//! What every cache promises. Keys are random: the Redis of a test run is shared by all tests.

use fedgate::base::random::Random;
use fedgate::cache::{Cache, Kind};
use tokio::task::JoinSet;

const LONG_MS: i64 = 60_000;

pub fn key() -> String {
    Random::System.token()
}

pub async fn records_come_back(cache: &Cache) {
    let key = key();
    cache.ping().await.unwrap();
    assert_eq!(cache.get(Kind::Login, &key).await.unwrap(), None);
    for value in ["", "text", "Zoë 🦊 \0 \r\n$5\r\n", &"x".repeat(100_000)] {
        cache.put(Kind::Login, &key, value, LONG_MS).await.unwrap();
        assert_eq!(cache.get(Kind::Login, &key).await.unwrap().as_deref(), Some(value));
    }
    cache.remove(Kind::Login, &key).await.unwrap();
    assert_eq!(cache.get(Kind::Login, &key).await.unwrap(), None);
    cache.remove(Kind::Login, &key).await.unwrap();
}

pub async fn one_of_64_takes(cache: &Cache) {
    for _ in 0..20 {
        let key = key();
        cache.put(Kind::Code, &key, "value", LONG_MS).await.unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..64 {
            let (cache, key) = (cache.clone(), key.clone());
            tasks.spawn(async move { cache.take(Kind::Code, &key).await.unwrap() });
        }
        let taken: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken, ["value"]);
        assert_eq!(cache.get(Kind::Code, &key).await.unwrap(), None);
    }
}

pub async fn counters_count(cache: &Cache) {
    let key = key();
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (cache, key) = (cache.clone(), key.clone());
        tasks.spawn(async move { cache.increment(Kind::Counter, &key, LONG_MS).await.unwrap() });
    }
    let mut seen = tasks.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=64).collect::<Vec<i64>>());
}

pub async fn a03_kinds_are_apart(cache: &Cache) {
    const KINDS: [Kind; 4] = [Kind::Login, Kind::Code, Kind::WebSession, Kind::Counter];
    for written in KINDS {
        let key = key();
        cache.put(written, &key, "value", LONG_MS).await.unwrap();
        for other in KINDS.into_iter().filter(|kind| *kind != written) {
            assert_eq!(cache.get(other, &key).await.unwrap(), None, "{written:?} as {other:?}");
            assert_eq!(cache.take(other, &key).await.unwrap(), None, "{written:?} as {other:?}");
            cache.remove(other, &key).await.unwrap();
            // A key cannot be dressed up as one of another kind either.
            assert_eq!(cache.get(other, &format!("{}:{key}", written.as_str())).await.unwrap(), None);
        }
        assert_eq!(cache.take(written, &key).await.unwrap().as_deref(), Some("value"));
    }
}

/// 10,000 questions, of which about half are given up at a random moment: no answer belongs to another question.
pub async fn f04_no_answer_reaches_another_question(cache: &Cache) {
    let (random, prefix) = (Random::seeded(4), key());
    let mut tasks = JoinSet::new();
    for lane in 0..20 {
        let (cache, prefix, random) = (cache.clone(), prefix.clone(), random.clone());
        tasks.spawn(async move {
            let mut answered = 0;
            for number in 0..500 {
                let key = format!("{prefix}/{lane}/{number}");
                let patience = random.bytes::<1>()[0] % 24;
                let ask = async {
                    cache.put(Kind::Login, &key, &key, LONG_MS).await.unwrap();
                    cache.get(Kind::Login, &key).await.unwrap()
                };
                let answer = tokio::select! {
                    biased;
                    answer = ask => Some(answer),
                    () = async { for _ in 0..patience { tokio::task::yield_now().await } } => None,
                };
                if let Some(answer) = answer {
                    assert_eq!(answer.as_deref(), Some(key.as_str()));
                    answered += 1;
                }
                let taken = cache.take(Kind::Login, &key).await.unwrap();
                assert!(taken.is_none_or(|taken| taken == key));
            }
            answered
        });
    }
    let answered: i32 = tasks.join_all().await.into_iter().sum();
    assert!(answered > 100, "{answered}");
}
