//! The shared cache: one promise ([`conformance`]), kept in memory and in Redis.

mod conformance;
mod memory;
mod redis;

/// One test for each promise. `$fresh` makes a cache.
macro_rules! promises {
    ($fresh:path: $($promise:ident),+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::cache::conformance::$promise(&$fresh().await).await;
            }
        )+
    };
}

macro_rules! all_promises {
    ($fresh:path) => {
        $crate::cache::promises! { $fresh:
        records_come_back, one_of_64_takes, counters_count, a03_kinds_are_apart, f04_no_answer_reaches_another_question }
    };
}

pub(crate) use {all_promises, promises};
