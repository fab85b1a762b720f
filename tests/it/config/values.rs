//! Defaults, and what a full file becomes.

use std::collections::BTreeMap;

use fedgate::config::load::{Source, load};
use serde_json::json;

use crate::config::good;

#[test]
fn the_defaults_of_the_contract() {
    let config = load(&Source::default()).unwrap();
    assert_eq!(config.general.public_url, None);
    assert_eq!(config.general.region, "local");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert!(config.http.tls.is_none() && config.http.trusted_proxies.is_empty());
    assert_eq!(config.http.drain_s, 10);
    assert_eq!(config.store.url.reveal(), "sqlite://data/fedgate.db");
    assert!(config.store.migrate);
    assert_eq!(config.cache.url.reveal(), "memory:");
    assert!(config.secrets.master_keys.is_empty() && config.admin.keys.is_empty() && config.user_pools.is_empty());
    assert_eq!(config.telemetry.log_level, "info");
}

#[test]
fn the_public_url_follows_the_listener() {
    let url = |toml: &str, address: &str| fedgate::app::public_url(&good(toml, &[]), address.parse().unwrap()).to_string();
    assert_eq!(url("", "127.0.0.1:8080"), "http://127.0.0.1:8080/");
    assert_eq!(url("", "0.0.0.0:9000"), "http://localhost:9000/", "no browser can go to 0.0.0.0");
    assert_eq!(url("", "[::1]:9000"), "http://[::1]:9000/");
    assert_eq!(url("http.tls.cert = \"/dev/null\"\nhttp.tls.key = \"/dev/null\"", "127.0.0.1:8443"), "https://127.0.0.1:8443/");
    assert_eq!(url("public_url = \"https://id.example.com\"", "127.0.0.1:8080"), "https://id.example.com/");
}

#[test]
fn declared_pools_keep_their_lines_and_get_their_secrets() {
    let text = r#"
[[user_pools]]
name = "staff"
mfa = { on = true, count = 3, ratio = 0.5 }

[[user_pools.app_clients]]
client_name = "one"
callback_urls = [
  "https://a.example/callback",
  "https://b.example/callback",
]
[[user_pools.app_clients]]
client_name = "two"

[user_pools.attribute_mapping]
"custom:dept" = "department"
secret = { env = "S" }

[[user_pools]]
name = "partners"
"#;
    let config = good(text, &[("S", "value")]);
    assert_eq!(config.user_pools.len(), 2);
    let pool = &config.user_pools[0];
    assert_eq!(
        pool.value,
        json!({
            "name": "staff",
            "mfa": { "on": true, "count": 3, "ratio": 0.5 },
            "app_clients": [
                { "client_name": "one", "callback_urls": ["https://a.example/callback", "https://b.example/callback"] },
                { "client_name": "two" },
            ],
            "attribute_mapping": { "custom:dept": "department", "secret": "value" },
        })
    );
    let lines = BTreeMap::from([
        ("user_pools[0]", 2),
        ("user_pools[0].name", 3),
        ("user_pools[0].mfa.count", 4),
        ("user_pools[0].app_clients[0]", 6),
        ("user_pools[0].app_clients[0].callback_urls", 8),
        ("user_pools[0].app_clients[0].callback_urls[1]", 10),
        ("user_pools[0].app_clients[1].client_name", 13),
        ("user_pools[0].app_clients[1].not_there", 12),
        ("user_pools[0].attribute_mapping.custom:dept", 16),
    ]);
    for (path, line) in lines {
        assert_eq!(pool.line(path), Some(line), "{path}");
    }
    assert_eq!(config.user_pools[1].line("user_pools[1].name"), Some(20));
}
