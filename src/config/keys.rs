//! The table of keys: every name, what it takes, its default and one sentence about it.
//!
//! Everything else that knows the keys is derived from here: the refusal of unknown ones, the reading of variables, the sample file
//! (`deploy/fedgate.toml`) and the table of the documentation. A new key is a line here and a field in its section's file.

use std::fmt::Write as _;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A whole number in a range.
    Integer(i64, i64),
    /// `true` or `false`.
    Boolean,
    /// `http://` or `https://`, host and port.
    Origin,
    /// `address:port`.
    Address,
    /// A list of networks in CIDR form.
    Networks,
    /// The name of a file.
    File,
    /// A list of names of files.
    Files,
    /// Text, or `{ file = "…" }`, or `{ env = "…" }`.
    Secret,
    /// A secret or a list of them.
    Secrets,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Section and name: `http.listen`.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The default in TOML; none when there is none.
    pub default: Option<&'static str>,
    /// What it means, one sentence.
    pub doc: &'static str,
    /// Whether this build honours it. The others are refused, since ignoring them silently would be worse.
    pub built: bool,
}

const fn key(path: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Key {
    Key { path, kind, default, doc, built: true }
}

const fn later(path: &'static str, doc: &'static str) -> Key {
    Key { path, kind: Kind::Text, default: None, doc, built: false }
}

/// The levels of `telemetry.log_level`.
pub const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// All keys, section by section, in the order of the sample file.
pub const KEYS: &[Key] = &[
    key(
        "public_url",
        Kind::Origin,
        None,
        "The origin that browsers and apps see; issuers derive from it. Default: http:// (https:// with TLS) and http.listen.",
    ),
    key("region", Kind::Text, Some("\"local\""), "First part of pool ids (local_AbC123xyz)."),
    key(
        "default_user_pool",
        Kind::Text,
        None,
        "Id of the pool that plain public_url serves. Default: the only pool, if there is one.",
    ),
    key("http.listen", Kind::Address, Some("\"127.0.0.1:8080\""), "Where to listen."),
    key(
        "http.tls.cert",
        Kind::File,
        None,
        "PEM file with the certificate and its intermediates; TLS when both this and the key are given.",
    ),
    key("http.tls.key", Kind::File, None, "PEM file with the private key."),
    key(
        "http.trusted_proxies",
        Kind::Networks,
        Some("[]"),
        "Networks whose Forwarded or X-Forwarded-* headers are believed; Forwarded wins when both are sent.",
    ),
    key("http.drain_seconds", Kind::Integer(0, 3600), Some("10"), "How long in-flight requests may take after SIGTERM or SIGINT."),
    key("http.max_connections", Kind::Integer(16, 1_000_000), Some("10000"), "Open connections at most; more wait unaccepted."),
    key("http.workers", Kind::Integer(1, 1024), None, "Worker threads. Default: one for each core."),
    key("http.metrics_listen", Kind::Address, None, "Prometheus /metrics on its own address; nowhere when absent."),
    key("store.url", Kind::Secret, Some("\"sqlite://data/fedgate.db\""), "The database: sqlite://path or postgres://…"),
    key(
        "store.migrate",
        Kind::Boolean,
        Some("true"),
        "Whether serve brings the database schema up to date; otherwise fedgate migrate does.",
    ),
    key(
        "cache.url",
        Kind::Secret,
        Some("\"memory:\""),
        "The cache: memory: for one process, redis:// or rediss:// for several (Valkey alike).",
    ),
    key(
        "secrets.master_key",
        Kind::Secrets,
        None,
        "Seals keys and secrets at rest: 32 bytes in base64 or hex; a list while rotating, the first one seals. Default: data/master.key, made at the first start.",
    ),
    key(
        "admin.access_key_id",
        Kind::Text,
        None,
        "The SigV4 identity of administrative operations. Default: generated at the first start and printed once.",
    ),
    key("admin.secret_access_key", Kind::Secret, None, "Its secret."),
    key(
        "outbound.allow",
        Kind::Networks,
        Some("[]"),
        "Networks that may be called although they are not public, over plain http too.",
    ),
    key("outbound.extra_roots", Kind::Files, Some("[]"), "PEM files with additional roots for outbound TLS."),
    key(
        "keys.publish_ahead_seconds",
        Kind::Integer(0, 604_800),
        Some("3600"),
        "How long a rotated signing key is published before it signs; at least as long as apps cache the key set.",
    ),
    key("telemetry.log_level", Kind::Word(LEVELS), Some("\"info\""), "How much is logged; audit lines always are."),
    key(
        "telemetry.log_format",
        Kind::Word(&["auto", "text", "json"]),
        Some("\"auto\""),
        "auto: text on a terminal, JSON otherwise.",
    ),
    later("telemetry.otlp", "Traces to an OpenTelemetry collector."),
    later("messages.email.smtp_url", "Mail by SMTP."),
    later("messages.email.from", "The sender of mails."),
    later("messages.sms", "Text messages."),
];

/// The keys of an entry of `[[admin.keys]]`.
pub const ADMIN_KEYS: &[Key] = &[
    key("access_key_id", Kind::Text, None, "The public half."),
    key("secret_access_key", Kind::Secret, None, "The secret half."),
    key("access", Kind::Word(&["full", "read"]), Some("\"full\""), "What it may do."),
    key("user_pools", Kind::Text, None, "Ids of the pools that it may touch; all when absent."),
];

/// The sample configuration: every key with its default, commented out.
pub fn sample() -> String {
    let mut out = String::from(
        "# Every key with its default, commented out. `fedgate check --config FILE` says what is wrong with a file, with line and key.\n\
         # The environment wins over the file: FEDGATE_ + section + __ + key, such as FEDGATE_HTTP__LISTEN=0.0.0.0:9000; lists by commas.\n\
         # Where a secret stands, { file = \"/run/secrets/x\" } and { env = \"X\" } do as well. Names of files are relative to this file.\n",
    );
    let mut section = "";
    for key in KEYS.iter().filter(|key| key.built) {
        let (inside, name) = key.path.split_once('.').unwrap_or(("", key.path));
        if inside != section {
            let _ = writeln!(out, "\n[{inside}]");
            section = inside;
        } else if section.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "# {}\n# {name} = {}", key.doc, key.default.unwrap_or_else(|| example(key)));
    }
    out.push_str(SAMPLE_TAIL);
    out
}

fn example(key: &Key) -> &'static str {
    match key.kind {
        Kind::Address => "\"127.0.0.1:9090\"",
        Kind::Origin => "\"https://id.example.com\"",
        Kind::Integer(..) => "2",
        Kind::Secrets | Kind::Secret => "{ file = \"/run/secrets/x\" }",
        Kind::File => "\"server.pem\"",
        _ => "\"…\"",
    }
}

/// The table of the documentation, Markdown.
pub fn markdown() -> String {
    let mut out = String::from("| key | default | meaning |\n|---|---|---|\n");
    for key in KEYS.iter().filter(|key| key.built) {
        let default = key.default.map_or_else(String::new, |default| format!("`{}`", default.trim_matches('"')));
        let _ = writeln!(out, "| `{}` | {default} | {} |", key.path, key.doc);
    }
    out
}

const SAMPLE_TAIL: &str = r#"
# More administrative keys. access: "full" or "read" (operations that change nothing); user_pools: all when absent.
# [[admin.keys]]
# access_key_id = "AKIAEXAMPLE"
# secret_access_key = { env = "READER_SECRET" }
# access = "read"
# user_pools = ["local_AbC123xyz"]

# User pools, applied at start: Cognito's request members in snake_case. The name is the identity; what stands here, the API may not change.
# [[user_pools]]
# name = "staff"
#
# [[user_pools.app_clients]]
# client_name = "intranet"
# callback_urls = ["https://intranet.example.com/callback"]
# allowed_oauth_flows = ["code"]
# allowed_oauth_flows_user_pool_client = true
# allowed_oauth_scopes = ["openid", "email", "profile"]
# supported_identity_providers = ["Corp"]
#
# [[user_pools.identity_providers]]
# provider_name = "Corp"
# provider_type = "OIDC"
# attribute_mapping = { email = "email", name = "name" }
#
# [user_pools.identity_providers.provider_details]
# client_id = "fedgate"
# client_secret = { env = "CORP_CLIENT_SECRET" }
# oidc_issuer = "https://login.corp.example"
# authorize_scopes = "openid email profile"
# attributes_request_method = "GET"
"#;
