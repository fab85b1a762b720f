//! The durable store: one promise ([`conformance`], [`transactions`]), kept by both databases.

mod conformance;
mod held;
mod links;
mod people;
pub mod postgres;
mod samples;
mod sessions;
mod sqlite;
mod transactions;

use fedgate::store::Store;

/// A migrated database of its own for one test.
pub struct Subject {
    pub store: Store,
    /// For further connections to the same database.
    pub url: String,
    /// Removes the database.
    pub _guard: Box<dyn std::any::Any>,
}

/// One test for each promise. `$fresh` makes a [`Subject`] that is not migrated.
macro_rules! promises {
    ($fresh:path: $($module:ident: $($promise:ident),+;)+) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let subject = $fresh().await;
                subject.store.migrate().await.unwrap();
                $crate::store::$module::$promise(&subject).await;
            }
        )+)+
    };
}

macro_rules! all_promises {
    ($fresh:path) => {
        $crate::store::promises! { $fresh:
            conformance: pools, clients, providers, domains, grants, consumed, signing_keys, saml_keys, provider_documents, meta,
                unknown_pools;
            held: changes_are_seen, every_kind_is_held, only_commits_count, strangers_push_nothing_out;
            people: users, identities_belong_to_one_user, what_providers_said, pages_of_users, text_sorts_by_bytes;
            links: waiting_links, identities_end, providers_go;
            sessions: provider_sessions;
            transactions: only_what_is_committed_stays, readers_do_not_wait, a_failed_unit_is_over, a_reading_unit_does_not_write,
                s16_one_of_64_consumes, a05_one_of_64_redeems_a_code, migrating_again, migrating_at_once, a_newer_schema_is_refused,
                f11_interrupted_work_leaves_no_trace;
        }
    };
}

pub(crate) use {all_promises, promises};
