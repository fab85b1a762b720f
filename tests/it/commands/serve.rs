//! `fedgate serve`: the first start from nothing, restarts, signals, the master key (K-06).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fedgate::store::Store;
use serde_json::Value;

use crate::commands::program::{Place, labelled};
use crate::harness::gateway::client;

#[tokio::test]
async fn an_empty_directory_is_enough() {
    let place = Place::new();
    let mut serving = place.serve(&[], &[]);
    let discovery = serving.label("discovery");
    let pool = serving.label("user pool");
    let document: Value = serde_json::from_str(&client().get(&discovery).send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(document["issuer"], serving.url(&format!("/{pool}")));
    let keys = client().get(document["jwks_uri"].as_str().unwrap()).send().await.unwrap().text().await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&keys).unwrap()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(client().get(serving.url("/readyz")).send().await.unwrap().status(), 200);
    client().get(serving.url("/nothing")).send().await.unwrap();

    let outcome = serving.stop();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let secret = labelled(&outcome.stdout, "admin secret").unwrap();
    assert_eq!((labelled(&outcome.stdout, "admin key").unwrap().len(), secret.len()), (20, 40));
    assert_eq!(labelled(&outcome.stdout, "app client").unwrap().len(), 26);
    assert!(!outcome.stderr.contains(&secret), "L-02");
    let lines: Vec<Value> = outcome.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["message"] == "listening"), "JSON, since it is no terminal");
    assert!(lines.iter().any(|line| line["target"] == "audit" && line["event"] == "request.refused"));

    let mode = |name: &str| std::fs::metadata(place.directory.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/master.key"), mode("data/fedgate.db")), (0o700, 0o600, 0o600));
}

#[tokio::test]
async fn a_restart_keeps_pool_client_and_admin_key() {
    let place = Place::new();
    let first = place.serve(&[], &[]).stop();
    let mut again = place.serve(&[], &[]);
    assert_eq!(client().get(again.label("discovery")).send().await.unwrap().status(), 200);
    let second = again.stop();
    for label in ["user pool", "app client"] {
        assert_eq!(labelled(&first.stdout, label), labelled(&second.stdout, label), "{label}");
    }
    assert!(labelled(&first.stdout, "admin secret").is_some());
    assert_eq!(labelled(&second.stdout, "admin secret"), None, "printed once");
}

/// What a database says: pools, clients and sealed keys. Its file may differ all the same, since SQLite moves its log into it when it likes.
async fn content(database: &Path) -> String {
    let store = Store::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    let mut work = store.read().await.unwrap();
    let mut said = Vec::new();
    for pool in work.user_pools().list(None, 60).await.unwrap() {
        let clients = work.app_clients().list(&pool.id, None, 60).await.unwrap();
        let keys = work.signing_keys().list(&pool.id).await.unwrap();
        said.push(format!("{pool:?} {clients:?} {keys:?}"));
    }
    assert_eq!(said.len(), 1, "the first pool");
    said.concat()
}

#[tokio::test]
async fn k06_a_wrong_or_missing_master_key_is_refused_and_nothing_changes() {
    let place = Place::new();
    assert_eq!(place.serve(&[], &[]).stop().code, Some(0));
    let (key, database) = (place.directory.path().join("data/master.key"), place.directory.path().join("data/fedgate.db"));
    let original = content(&database).await;

    let wrong = place.run(&["serve"], &[("FEDGATE_SECRETS__MASTER_KEY", &"02".repeat(32))]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.stderr.contains("environment FEDGATE_SECRETS__MASTER_KEY: secrets.master_key: "), "{}", wrong.stderr);

    std::fs::rename(&key, key.with_extension("away")).unwrap();
    let missing = place.run(&["serve"], &[]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("secrets.master_key: the master key file data/master.key is missing"), "{}", missing.stderr);
    assert!(!key.exists(), "never made again");
    assert!(content(&database).await == original, "nothing was written");

    std::fs::rename(key.with_extension("away"), &key).unwrap();
    assert_eq!(place.serve(&[], &[]).stop().code, Some(0), "the control: the right key");
}

#[test]
fn both_signals_end_it_properly() {
    for name in ["TERM", "INT"] {
        let place = Place::new();
        let serving = place.serve(&[], &[]);
        serving.signal(name);
        let outcome = serving.end();
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
    }
}

#[test]
fn a_request_in_flight_finishes_and_new_connections_are_refused() {
    let place = Place::new();
    let serving = place.serve(&[], &[]);
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    let host = serving.address.clone();
    write!(stream, "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{{")
        .unwrap();
    // An answered request on another connection shows that the first one has been read.
    let mut other = TcpStream::connect(&serving.address).unwrap();
    write!(other, "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    serving.signal("TERM");
    while TcpStream::connect(&serving.address).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(b"}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("Unknown"), "the Cognito face answered: {answer}");
    let outcome = serving.end();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[test]
fn an_address_in_use_is_named_with_its_line() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    place.write("fedgate.toml", &format!("[http]\nlisten = \"{}\"\n", taken.local_addr().unwrap()));
    let outcome = place.run(&["serve", "--config", "fedgate.toml"], &[]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.starts_with("fedgate.toml:2: http.listen: cannot listen on 127.0.0.1:"), "{}", outcome.stderr);
    assert!(!place.directory.path().join("data").exists(), "nothing was made");
}

#[test]
fn an_old_schema_is_left_alone_when_told_so() {
    let place = Place::new();
    let variables = [("FEDGATE_STORE__MIGRATE", "false"), ("FEDGATE_HTTP__LISTEN", "127.0.0.1:0")];
    let refused = place.run(&["serve"], &variables);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("store.url: the database schema is behind this program: run `fedgate migrate`"),
        "{}",
        refused.stderr
    );

    let migrated = place.run(&["migrate"], &[]);
    assert_eq!(migrated.code, Some(0), "{}", migrated.stderr);
    assert!(migrated.stdout.starts_with("applied "), "{}", migrated.stdout);
    assert_eq!(place.run(&["migrate"], &[]).stdout, "the schema is up to date\n");
    assert_eq!(place.serve(&[], &variables[..1]).stop().code, Some(0));
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let place = Place::new();
    place.write("gateway.toml", "region = \"eu\"\n[[user_pools]]\nname = \"staff\"\n");
    let outcome = place.serve(&[], &[("FEDGATE_CONFIG", "gateway.toml")]).stop();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(labelled(&outcome.stdout, "user pool"), None, "with a file there is no first pool");
    assert!(labelled(&outcome.stdout, "admin secret").is_some());
}
