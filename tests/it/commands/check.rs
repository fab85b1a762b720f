//! `fedgate check`: everything that is wrong, with file, line and key, and nothing changed.

use crate::commands::program::Place;

#[test]
fn nothing_is_wrong_with_nothing_and_nothing_is_made() {
    let place = Place::new();
    let outcome = place.run(&["check"], &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.ends_with("good\n"));
    assert_eq!(std::fs::read_dir(place.directory.path()).unwrap().count(), 0);
}

#[test]
fn a_gateway_that_ran_is_good() {
    let place = Place::new();
    assert_eq!(place.serve(&[], &[]).stop().code, Some(0));
    let outcome = place.run(&["check"], &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("the schema is up to date and the master key fits"), "{}", outcome.stdout);
    let wrong = place.run(&["check"], &[("FEDGATE_SECRETS__MASTER_KEY", &"02".repeat(32))]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.stderr.contains("FEDGATE_SECRETS__MASTER_KEY: secrets.master_key: "), "{}", wrong.stderr);
}

#[test]
fn mistakes_of_file_environment_and_pools_come_together() {
    let place = Place::new();
    let text = r#"[http]
listne = "127.0.0.1:1"

[[user_pools]]
name = "staff"

[[user_pools.app_clients]]
client_name = "app"
calback_urls = ["https://app.example/callback"]
"#;
    place.write("fedgate.toml", text);
    for command in ["check", "serve"] {
        let outcome = place.run(&[command, "--config", "fedgate.toml"], &[("FEDGATE_REGION", "a b")]);
        assert_eq!(outcome.code, Some(1));
        let lines: Vec<_> = outcome.stderr.lines().collect();
        let expected = [
            "fedgate.toml:2: http.listne: unknown key; did you mean `listen`?",
            "fedgate.toml:9: user_pools[0].app_clients[0].calback_urls: unknown key; did you mean `callback_urls`?",
            "environment FEDGATE_REGION: region: must be letters, digits and hyphens, at most 45",
            "fedgate: 3 mistakes",
        ];
        assert_eq!(lines, expected, "{command}");
    }
}

#[test]
fn connections_that_fail_are_named_with_their_lines() {
    let place = Place::new();
    // Nobody listens there: the port was free a moment ago and is ours.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let text = format!(
        "[store]\nurl = \"postgres://fedgate:canary@127.0.0.1:{port}/fedgate\"\n\n[cache]\nurl = \"redis://:canary@127.0.0.1:{port}\"\n"
    );
    place.write("fedgate.toml", &text);
    let outcome = place.run(&["check", "--config", "fedgate.toml"], &[]);
    assert_eq!(outcome.code, Some(1));
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert!(lines[0].starts_with("fedgate.toml:2: store.url: the database is unavailable"), "{lines:?}");
    assert!(lines[1].starts_with("fedgate.toml:5: cache.url: the cache is unavailable"), "{lines:?}");
    assert!(!outcome.stderr.contains("canary"), "L-02");
}

#[test]
fn a_file_that_is_not_there() {
    let place = Place::new();
    let outcome = place.run(&["check", "--config", "nope.toml"], &[]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.starts_with("nope.toml: No such file"), "{}", outcome.stderr);
}
