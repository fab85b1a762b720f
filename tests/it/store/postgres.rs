//! PostgreSQL keeps the promises. The server is named by `FEDGATE_TEST_POSTGRES_URL`; each test has a database of its own there.

use std::str::FromStr as _;

use fedgate::base::random::Random;
use fedgate::store::{Store, StoreError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

use super::Subject;

/// A new, empty database, dropped with this.
pub struct Database {
    pub url: String,
    name: String,
}

fn server() -> String {
    std::env::var("FEDGATE_TEST_POSTGRES_URL").expect("FEDGATE_TEST_POSTGRES_URL names a PostgreSQL (`make test` starts one)")
}

async fn administer(sql: String) {
    let mut connection = PgConnectOptions::from_str(&server()).unwrap().connect().await.unwrap();
    (&mut connection).execute(AssertSqlSafe(sql)).await.unwrap();
}

/// Makes a database for one test.
pub async fn database() -> Database {
    let name = format!("fedgate_{}", Random::System.text(20, b"abcdefghijklmnopqrstuvwxyz"));
    // Not the C locale: sorting by bytes must come from the schema.
    administer(format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'")).await;
    let mut url = url::Url::parse(&server()).unwrap();
    url.set_path(&name);
    Database { url: url.into(), name }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || runtime().block_on(administer(sql))).join().unwrap();
    }
}

async fn fresh() -> Subject {
    let database = database().await;
    Subject { store: Store::connect(&database.url).await.unwrap(), url: database.url.clone(), _guard: Box::new(database) }
}

super::all_promises!(fresh);

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let refused = Store::connect("postgres://fedgate@127.0.0.1:1/fedgate").await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert!(matches!(Store::connect("postgres://:::/").await, Err(StoreError::Schema(_))));
}

#[tokio::test]
async fn f13_connections_that_died_while_resting_are_replaced() {
    let subject = fresh().await;
    subject.store.migrate().await.unwrap();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        subject.url.rsplit('/').next().unwrap()
    );
    administer(kill).await;
    let mut work = subject.store.begin().await.unwrap();
    work.meta().get_or_insert("key", "value").await.unwrap();
    work.commit().await.unwrap();
}
