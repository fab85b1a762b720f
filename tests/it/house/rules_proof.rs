//! Each rule of the house bites: an offending line is refused, and its control, the nearest allowed line, passes.

use crate::house::rules::{MOST_LINES, judge, judge_waiting};

/// The rules that `line`, as the only code of `file`, breaks.
fn broken(file: &str, line: &str) -> Vec<&'static str> {
    judge(file, &format!("//! A note.\n{line}\n")).iter().map(|violation| violation.rule).collect()
}

#[test]
fn the_order_of_rooms() {
    for (file, refused, control) in [
        ("src/base/ids.rs", "use crate::model::user::User;", "use crate::base::random::Random;"),
        ("src/outbound.rs", "use crate::model::user::User;", "use crate::base::clock::Clock;"),
        ("src/model/user.rs", "use crate::store::Store;", "use crate::base::ids;"),
        ("src/store/users.rs", "use crate::cache::Cache;", "use crate::model::user::User;"),
        ("src/store/users.rs", "use crate::keys::KeyRing;", "use crate::outbound::Outbound;"),
        ("src/cache/memory.rs", "use crate::store::Store;", "use crate::base::clock::Clock;"),
        ("src/keys/mod.rs", "use crate::cache::Cache;", "use crate::store::Store;"),
        ("src/http/tls.rs", "use crate::cache::Cache;", "use crate::http::facts;"),
        ("src/context.rs", "use crate::user_pools::users;", "use crate::store::Store;"),
        ("src/user_pools/users.rs", "use crate::tokens::issue;", "use crate::context::Context;"),
        ("src/tokens/issue.rs", "use crate::federation::broker;", "use crate::user_pools::users;"),
        ("src/federation/broker.rs", "use crate::oauth::error;", "use crate::auth_flows::challenge;"),
        ("src/federation/broker.rs", "use crate::http::facts;", "use crate::cache::Cache;"),
        ("src/oauth/token.rs", "use crate::app::App;", "use crate::tokens::issue;"),
        ("src/app.rs", "use crate::commands::serve;", "use crate::oauth::routes;"),
        ("src/main.rs", "fn main() { fedgate::app::run() }", "fn main() { fedgate::commands::run() }"),
    ] {
        assert_eq!(broken(file, refused), ["order"], "{file}: {refused}");
        assert!(broken(file, control).is_empty(), "{file}: {control}");
    }
}

#[test]
fn faces_never_import_one_another() {
    for other in ["cognito", "saml", "forward_auth", "hosted_ui"] {
        assert_eq!(broken("src/oauth/token.rs", &format!("use crate::{other}::error;")), ["order"]);
    }
    assert!(broken("src/oauth/token.rs", "use crate::oauth::error;").is_empty());
}

#[test]
fn config_is_read_by_app_and_commands_only_and_reads_only_base() {
    assert_eq!(broken("src/oauth/token.rs", "use crate::config::Http;"), ["order"]);
    assert_eq!(broken("src/http/tls.rs", "use crate::config::Http;"), ["order"]);
    assert!(broken("src/app.rs", "use crate::config::Config;").is_empty());
    assert!(broken("src/commands/check.rs", "use crate::config::Config;").is_empty());
    assert_eq!(broken("src/config/http.rs", "use crate::model::user::User;"), ["order"]);
    assert!(broken("src/config/http.rs", "use crate::base::secret::Secret;").is_empty());
}

#[test]
fn limits_may_count_in_the_cache() {
    assert!(broken("src/http/limits.rs", "use crate::cache::Cache;").is_empty());
    assert_eq!(broken("src/http/limits.rs", "use crate::store::Store;"), ["order"]);
}

#[test]
fn a_room_without_a_floor_is_refused() {
    assert_eq!(broken("src/attic/box.rs", "use crate::base::ids;"), ["order"]);
    assert_eq!(broken("src/app.rs", "use crate::attic::Box;"), ["order"]);
}

#[test]
fn paths_in_code_count_like_imports() {
    assert_eq!(broken("src/model/user.rs", "fn f(s: &crate::store::Store) {}"), ["order"]);
    assert!(broken("src/model/user.rs", "// see crate::store::Store\nconst A: &str = \"crate::store::Store\";").is_empty());
}

#[test]
fn variants_of_a_table_do_not_know_one_another() {
    for (file, refused, control) in [
        (
            "src/oauth/grants/refresh_token.rs",
            "use crate::oauth::grants::authorization_code::Code;",
            "use crate::oauth::grants::Grant;",
        ),
        ("src/oauth/grants/refresh_token.rs", "use super::authorization_code::Code;", "use super::Grant;"),
        (
            "src/federation/providers/google.rs",
            "use crate::federation::providers::saml::Saml;",
            "use crate::federation::providers::oidc::Oidc;",
        ),
        (
            "src/cognito/idp/users/list_users.rs",
            "use crate::cognito::idp::users::admin_get_user::Input;",
            "use crate::cognito::operation::Operation;",
        ),
    ] {
        assert_eq!(broken(file, refused), ["sibling"], "{file}: {refused}");
        assert!(broken(file, control).is_empty(), "{file}: {control}");
    }
}

#[test]
fn no_climbing_and_no_barrels() {
    assert_eq!(broken("src/federation/saml/gate.rs", "use super::super::broker;"), ["super"]);
    assert!(broken("src/federation/saml/gate.rs", "use super::response;").is_empty());
    assert_eq!(broken("src/store/mod.rs", "pub use self::users::Users;"), ["barrel"]);
    assert_eq!(broken("src/store/mod.rs", "pub(crate) use crate::model::user::User;"), ["barrel"]);
    assert!(broken("src/store/mod.rs", "use crate::model::user::User;").is_empty());
}

#[test]
fn who_may_name_a_dependency() {
    for (line, refused, allowed) in [
        ("use actix_web::web;", "src/federation/broker.rs", "src/oauth/mod.rs"),
        ("use sqlx::Row;", "src/store/users.rs", "src/store/sql/users.rs"),
        ("use redis::Client;", "src/cache/memory.rs", "src/cache/redis.rs"),
        ("use reqwest::Client;", "src/federation/providers/oidc.rs", "src/outbound.rs"),
        ("use bergshamra::verify;", "src/saml/acs.rs", "src/federation/saml/signature.rs"),
        ("use rcgen::CertificateParams;", "src/federation/saml/outgoing.rs", "src/keys/saml_keys/certificate.rs"),
        ("use bergshamra_dsig::verify;", "src/saml/acs.rs", "src/federation/saml/signature.rs"),
        ("use uppsala::Parser;", "src/federation/providers/saml.rs", "src/federation/saml/gate.rs"),
        ("use openidconnect::Nonce;", "src/oauth/authorize/nonce.rs", "src/federation/providers/oidc/verify.rs"),
        ("use openidconnect::Nonce;", "src/federation/broker.rs", "src/federation/providers/oidc_client.rs"),
        ("use jsonwebtoken::Header;", "src/oauth/userinfo.rs", "src/tokens/verify.rs"),
        ("use playground::Idp;", "src/app.rs", "tests/it/oauth/token.rs"),
    ] {
        assert_eq!(broken(refused, line), ["dependency"], "{refused}: {line}");
        if allowed.starts_with("src/") {
            assert!(broken(allowed, line).is_empty(), "{allowed}: {line}");
        }
    }
    assert_eq!(broken("src/federation/broker.rs", "#[actix_web::main] async fn f() {}"), ["dependency"]);
    assert!(broken("src/cache/mod.rs", "mod redis; fn f() { redis::connect(); }").is_empty(), "a module of the same name");
}

#[test]
fn size_and_opening_note() {
    let of_lines = |lines: usize| format!("//! A note.\n{}", "\n".repeat(lines - 1));
    assert_eq!(judge("src/app.rs", &of_lines(MOST_LINES + 1))[0].rule, "size");
    assert!(judge("src/app.rs", &of_lines(MOST_LINES)).is_empty());
    assert_eq!(judge("src/app.rs", "use std::fmt;\n")[0].rule, "note");
    assert!(judge("src/app.rs", "//! A note.\nuse std::fmt;\n").is_empty());
}

#[test]
fn tests_do_not_wait() {
    let rules = |line: &str| judge_waiting("tests/it/x.rs", line).len();
    assert_eq!(rules("tokio::time::sleep(d).await;"), 1);
    assert_eq!(rules("use std::thread::sleep;"), 1);
    assert_eq!(rules("clock.advance_ms(1); tokio::time::timeout(d, f).await;"), 0);
}
