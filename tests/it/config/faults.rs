//! Each mistake is reported with file, line and key, all of them at once, and never with a value.

use crate::config::{good, report};

#[test]
fn each_mistake_has_its_line_and_key() {
    let cases: &[(&str, &str)] = &[
        // Unknown keys.
        ("\n[http]\nlistn = \"127.0.0.1:80\"", "fedgate.toml:3: http.listn: unknown key; did you mean `listen`?"),
        ("[htttp]\nlisten = \"x\"", "fedgate.toml:1: htttp: unknown key; did you mean `http`?"),
        ("listen = \"127.0.0.1:80\"", "fedgate.toml:1: listen: unknown key; did you mean `http.listen`?"),
        ("http.tls.certt = \"x\"", "fedgate.toml:1: http.tls.certt: unknown key; did you mean `cert`?"),
        ("user_pool = 1", "fedgate.toml:1: user_pool: unknown key; did you mean `user_pools`?"),
        ("[store]\nurl = \"sqlite://x\"\nmigrat = true", "fedgate.toml:3: store.migrat: unknown key; did you mean `migrate`?"),
        ("xyzzy_quux = 1", "fedgate.toml:1: xyzzy_quux: unknown key"),
        // Kinds.
        ("http = 3", "fedgate.toml:1: http: is a section, not an integer"),
        ("http.listen = 8080", "fedgate.toml:1: http.listen: must be text, not an integer"),
        ("store.migrate = \"yes\"", "fedgate.toml:1: store.migrate: must be true or false, not text"),
        ("http.drain_seconds = \"10\"", "fedgate.toml:1: http.drain_seconds: must be an integer, not text"),
        ("http.drain_seconds = 1.5", "fedgate.toml:1: http.drain_seconds: must be an integer, not a float"),
        ("http.trusted_proxies = \"10.0.0.0/8\"", "fedgate.toml:1: http.trusted_proxies: must be a list, not text"),
        ("region = 2026-01-01", "fedgate.toml:1: region: must be text, not a date or time"),
        ("user_pools = 1", "fedgate.toml:1: user_pools: must be [[user_pools]], a list of tables"),
        ("user_pools = [1]", "fedgate.toml:1: user_pools[0]: must be a table, not an integer"),
        // Values.
        ("http.listen = \"8080\"", "fedgate.toml:1: http.listen: must be an address and port such as 127.0.0.1:8080 or [::1]:8080"),
        ("http.drain_seconds = -1", "fedgate.toml:1: http.drain_seconds: must be between 0 and 3600"),
        ("http.drain_seconds = 99999999999999999999", "fedgate.toml:1: http.drain_seconds: must be between 0 and 3600"),
        (
            "http.trusted_proxies = [\n  \"10.0.0.0/8\",\n  \"10.0.0.0/33\",\n]",
            "fedgate.toml:3: http.trusted_proxies: must be a network such as 10.0.0.0/8",
        ),
        ("public_url = \"id.example.com\"", "fedgate.toml:1: public_url: must be an origin such as https://id.example.com"),
        ("public_url = \"ftp://id.example.com\"", "fedgate.toml:1: public_url: must be an origin such as https://id.example.com"),
        (
            "public_url = \"https://id.example.com/auth\"",
            "fedgate.toml:1: public_url: must be scheme, host and port only, without path or query",
        ),
        ("public_url = \"https://a:b@id.example.com\"", "fedgate.toml:1: public_url: must not hold a user name or password"),
        ("public_url = \"\"", "fedgate.toml:1: public_url: must not be empty"),
        ("region = \"eu west\"", "fedgate.toml:1: region: must be letters, digits and hyphens, at most 45"),
        ("store.url = \"mysql://x\"", "fedgate.toml:1: store.url: must be sqlite://path or postgres://user@host/database"),
        ("cache.url = \"memcached://x\"", "fedgate.toml:1: cache.url: must be memory:, redis://host or rediss://host"),
        (
            "telemetry.log_level = \"inf\"",
            "fedgate.toml:1: telemetry.log_level: must be one of error, warn, info, debug, trace; did you mean `info`?",
        ),
        ("telemetry.log_format = \"xml\"", "fedgate.toml:1: telemetry.log_format: must be one of auto, text, json"),
        ("secrets.master_key = \"short\"", "fedgate.toml:1: secrets.master_key: must be 32 bytes in base64 or 64 hex digits"),
        ("secrets.master_key = []", "fedgate.toml:1: secrets.master_key: holds no usable key"),
        // Pairs.
        ("http.tls.cert = \"/dev/null\"", "fedgate.toml:1: http.tls.cert: needs http.tls.key beside it"),
        ("http.tls.key = \"/dev/null\"", "fedgate.toml:1: http.tls.key: needs http.tls.cert beside it"),
        ("admin.access_key_id = \"AKIA\"", "fedgate.toml:1: admin.access_key_id: needs admin.secret_access_key beside it"),
        // Known, not built.
        ("telemetry.otlp = \"http://x\"", "fedgate.toml:1: telemetry.otlp: not available yet"),
        ("\n[messages.email]\nsmtp_url = \"smtp://x\"", "fedgate.toml:3: messages.email.smtp_url: not available yet"),
        ("messages.sms = \"sns\"", "fedgate.toml:1: messages.sms: not available yet"),
        ("cache.url = \"redis+sentinel://a,b/c\"", "fedgate.toml:1: cache.url: Redis Sentinel and Cluster are not available yet"),
        ("cache.url = \"redis+cluster://a,b\"", "fedgate.toml:1: cache.url: Redis Sentinel and Cluster are not available yet"),
        // More admin keys.
        (
            "[[admin.keys]]\nacess_key_id = \"x\"",
            "fedgate.toml:2: admin.keys[0].acess_key_id: unknown key; did you mean `access_key_id`?",
        ),
        (
            "[[admin.keys]]\naccess_key_id = \"AKIA\"\nsecret_access_key = \"s\"\naccess = \"write\"",
            "fedgate.toml:4: admin.keys[0].access: must be one of full, read",
        ),
        ("[[admin.keys]]\naccess_key_id = \"AKIA\"", "fedgate.toml:1: admin.keys[0].secret_access_key: is required"),
        (
            "[[admin.keys]]\naccess_key_id = \"a/b\"\nsecret_access_key = \"s\"",
            "fedgate.toml:2: admin.keys[0].access_key_id: must be 3 to 128 letters, digits, _ or -",
        ),
        // Pools.
        (
            "[[user_pools]]\nname = \"a\"\n[[user_pools]]\nname = \"a\"",
            "fedgate.toml:4: user_pools[1].name: another pool has that name",
        ),
    ];
    for (text, expected) in cases {
        let lines = report(text, &[]);
        assert!(lines.iter().any(|line| line == expected), "{text}\nexpected: {expected}\ngot: {lines:#?}");
    }
    good("", &[]);
}

#[test]
fn all_of_them_at_once_in_the_order_of_the_file() {
    let text = r#"
publicurl = "https://id.example.com"
region = "not a region"

[http]
listen = "nowhere"
trusted_proxies = ["10.0.0.0/8", "nonsense", "::1/200"]
drain_secs = 3

[store]
url = "mysql://user:canary@host"

[messages]
sms = "sns"
"#;
    let lines = report(text, &[("FEDGATE_TELEMETRY__LOG_LEVEL", "loud"), ("FEDGATE_HTTP__LISTNE", "x")]);
    let expected = [
        "fedgate.toml:2: publicurl: unknown key; did you mean `public_url`?",
        "fedgate.toml:3: region: must be letters, digits and hyphens, at most 45",
        "fedgate.toml:6: http.listen: must be an address and port such as 127.0.0.1:8080 or [::1]:8080",
        "fedgate.toml:7: http.trusted_proxies: must be a network such as 10.0.0.0/8",
        "fedgate.toml:8: http.drain_secs: unknown key; did you mean `drain_seconds`?",
        "fedgate.toml:11: store.url: must be sqlite://path or postgres://user@host/database",
        "fedgate.toml:14: messages.sms: not available yet",
        "environment FEDGATE_HTTP__LISTNE: http.listne: unknown key; did you mean `FEDGATE_HTTP__LISTEN`?",
        "environment FEDGATE_TELEMETRY__LOG_LEVEL: telemetry.log_level: must be one of error, warn, info, debug, trace",
    ];
    assert_eq!(lines, expected);
    assert!(!lines.join("\n").contains("canary"), "values are never shown");
}

#[test]
fn broken_toml_is_reported_with_the_rest() {
    let lines = report("region = \"x y\"\nhttp.listen = \n[store\nurl = 3\n[cache]\nurl = \"nope\"\n", &[]);
    assert!(lines[0].starts_with("fedgate.toml:1: region: must be letters"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("fedgate.toml:2: not TOML: ")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("fedgate.toml:3: not TOML: ")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("fedgate.toml:6: cache.url: ")), "{lines:#?}");
    let doubled = report("region = \"a\"\nregion = \"b\"\n", &[]);
    assert!(doubled[0].starts_with("fedgate.toml:2: not TOML: duplicate key"), "{doubled:#?}");
}
