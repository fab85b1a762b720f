//! Secrets by value, file and variable; never in Debug, never in reports (L-06).

use std::collections::BTreeMap;

use fedgate::config::load::{Source, load};
use tempfile::TempDir;

use crate::config::{good, report};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[test]
fn the_three_ways() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("secret"), "from-file\n").unwrap();
    let text = r#"
        [[admin.keys]]
        access_key_id = "one"
        secret_access_key = "from-text"
        [[admin.keys]]
        access_key_id = "two"
        secret_access_key = { file = "secret" }
        access = "read"
        user_pools = ["local_a"]
        [[admin.keys]]
        access_key_id = "three"
        secret_access_key = { env = "SECRET" }
    "#;
    let name = directory.path().join("fedgate.toml").display().to_string();
    let variables = BTreeMap::from([("SECRET".to_owned(), "from-env".to_owned())]);
    let config = load(&Source { file: Some((name, text.to_owned())), variables }).unwrap();
    let secrets: Vec<_> = config.admin.keys.iter().map(|key| key.secret_access_key.reveal()).collect();
    assert_eq!(secrets, ["from-text", "from-file", "from-env"], "a file is relative to the configuration file");
    assert_eq!(config.admin.keys[1].user_pools.as_deref(), Some(&["local_a".to_owned()][..]));
    assert!(!format!("{config:?}").contains("from-"), "L-06");
}

#[test]
fn references_that_lead_nowhere() {
    let cases = [
        ("store.url = { env = \"NOT_THERE\" }", "fedgate.toml:1: store.url: the environment has no variable NOT_THERE"),
        ("store.url = { file = \"/not/there\" }", "fedgate.toml:1: store.url: /not/there: No such file or directory (os error 2)"),
        ("store.url = { path = \"x\" }", "fedgate.toml:1: store.url: must be text, { file = \"…\" } or { env = \"…\" }"),
        (
            "store.url = { file = \"x\", env = \"y\" }",
            "fedgate.toml:1: store.url: must be text, { file = \"…\" } or { env = \"…\" }",
        ),
        ("store.url = 3", "fedgate.toml:1: store.url: must be text, { file = \"…\" } or { env = \"…\" }, not an integer"),
        (
            "[[user_pools]]\nname = \"a\"\n[[user_pools.identity_providers]]\nprovider_details = { client_secret = { env = \"NOPE\" } }",
            "fedgate.toml:4: user_pools[0].identity_providers[0].provider_details.client_secret: the environment has no variable NOPE",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(report(text, &[]), [expected]);
    }
}

#[test]
fn master_keys_in_every_usual_writing() {
    let hex = "01".repeat(32);
    for text in [KEY, KEY.trim_end_matches('='), &hex] {
        let config = good(&format!("secrets.master_key = \"{text}\""), &[]);
        assert_eq!(config.secrets.master_keys, [[1; 32]], "{text}");
    }
    let two = good(&format!("secrets.master_key = [{{ env = \"NEW\" }}, \"{KEY}\"]"), &[("NEW", &"02".repeat(32))]);
    assert_eq!(two.secrets.master_keys, [[2; 32], [1; 32]], "the first one seals");
    for bad in ["AQE=", &KEY[..40], &"0".repeat(63), &"zz".repeat(32)] {
        let lines = report(&format!("secrets.master_key = \"{bad}\""), &[]);
        assert!(lines[0].contains("must be 32 bytes") && !lines[0].contains(bad), "{lines:?}");
    }
}

#[test]
fn l06_debug_shows_no_secret() {
    let text = format!(
        "secrets.master_key = \"{KEY}\"\nstore.url = \"postgres://u:canary@h/d\"\ncache.url = \"redis://:canary@h\"\n[[user_pools]]\nname = \"canary\""
    );
    let shown = format!("{:?}", good(&text, &[]));
    assert!(!shown.contains("canary") && !shown.contains("[1, 1"), "{shown}");
}
