//! Variables win over the file.

use std::collections::BTreeMap;

use fedgate::config::load::{Source, load};

use crate::config::{good, report};

#[test]
fn each_kind_of_value() {
    let config = good(
        "region = \"file\"\nhttp.listen = \"127.0.0.1:1\"",
        &[
            ("FEDGATE_PUBLIC_URL", "https://id.example.com"),
            ("FEDGATE_HTTP__LISTEN", "0.0.0.0:9000"),
            ("FEDGATE_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.1"),
            ("FEDGATE_HTTP__DRAIN_SECONDS", "3"),
            ("FEDGATE_STORE__MIGRATE", "false"),
            ("FEDGATE_STORE__URL", "{ env = \"DATABASE_URL\" }"),
            ("DATABASE_URL", "postgres://fedgate@db/fedgate"),
            ("FEDGATE_OUTBOUND__ALLOW", "[\"10.0.0.0/8\"]"),
            ("FEDGATE_TELEMETRY__LOG_FORMAT", "json"),
        ],
    );
    assert_eq!(config.general.public_url.unwrap().as_str(), "https://id.example.com/");
    assert_eq!(config.general.region, "file");
    assert_eq!(config.http.listen.to_string(), "0.0.0.0:9000");
    let proxies: Vec<_> = config.http.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.168.1.1/32"]);
    assert_eq!(config.http.drain_s, 3);
    assert!(!config.store.migrate);
    assert_eq!(config.store.url.reveal(), "postgres://fedgate@db/fedgate");
    assert_eq!(config.outbound.allow.len(), 1);
}

#[test]
fn mistakes_name_the_variable() {
    let cases = [
        ("FEDGATE_HTTP__DRAIN_SECONDS", "ten", "http.drain_seconds: must be an integer, not text"),
        ("FEDGATE_STORE__MIGRATE", "1", "store.migrate: must be true or false, not text"),
        ("FEDGATE_HTTP__TRUSTED_PROXIES", "10.0.0.0/8,x", "http.trusted_proxies: must be a network such as 10.0.0.0/8"),
        ("FEDGATE_REGOIN", "x", "regoin: unknown key; did you mean `FEDGATE_REGION`?"),
        ("FEDGATE_USER_POOLS", "x", "user_pools: can only be set in the file"),
        ("FEDGATE_TELEMETRY__OTLP", "x", "telemetry.otlp: not available yet"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(report("", &[(name, value)]), [format!("environment {name}: {expected}")]);
    }
}

#[test]
fn a_variable_repairs_the_file() {
    let text = "http.listen = \"nowhere\"";
    report(text, &[]);
    assert_eq!(good(text, &[("FEDGATE_HTTP__LISTEN", "127.0.0.1:1")]).http.listen.port(), 1);
}

#[test]
fn what_others_put_into_the_environment_is_not_ours() {
    let config = good(
        "",
        &[
            ("FEDGATE_SERVICE_HOST", "10.0.0.1"),
            ("FEDGATE_PORT", "tcp://10.0.0.1:80"),
            ("FEDGATE_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("FEDGATE_TEST_POSTGRES_URL", "x"),
            ("FEDGATE_CONFIG", "x"),
            ("FEDGATE_REGION", ""),
            ("PATH", "x"),
        ],
    );
    assert_eq!(config.general.region, "local", "an empty variable counts as not set");
}

#[test]
fn without_a_file_the_environment_is_enough() {
    let variables = BTreeMap::from([("FEDGATE_REGION".to_owned(), "eu".to_owned())]);
    let config = load(&Source { file: None, variables }).unwrap();
    assert_eq!((config.general.region.as_str(), config.from_file), ("eu", false));
}
