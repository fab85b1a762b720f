//! The gateway as a child process: its file says what was asked, a failed start is told with the log's last words.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use playground::demo::Folder;
use playground::gateway::{Gateway, OidcProvider, SamlProvider, Settings};
use playground::server::bind;

fn settings() -> Settings {
    Settings {
        environment: Vec::new(),
        port: bind(0).unwrap().port(),
        pool_id: "local_Test".to_owned(),
        client_id: "app".to_owned(),
        client_secret: "a \"quoted\" secret".to_owned(),
        app_url: "http://127.0.0.1:9000".to_owned(),
        oidc: OidcProvider {
            name: "ExampleOIDC".to_owned(),
            issuer: "http://127.0.0.1:1".to_owned(),
            client_id: "fedgate".to_owned(),
            client_secret: "s".to_owned(),
        },
        social: Vec::new(),
        saml: SamlProvider { name: "ExampleSAML".to_owned(), metadata_url: "http://127.0.0.1:2/metadata".to_owned() },
    }
}

fn program(folder: &Folder, script: &str) -> PathBuf {
    let path = folder.path().join("fedgate");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[test]
fn the_file_says_what_was_asked_and_quotes_it() {
    let text = settings().configuration("/tmp/x".as_ref());
    for line in [
        "client_secret = \"a \\\"quoted\\\" secret\"",
        "callback_urls = [\"http://127.0.0.1:9000/callback\"]",
        "MetadataURL = \"http://127.0.0.1:2/metadata\"",
        "url = \"sqlite:///tmp/x/fedgate.db\"",
    ] {
        assert!(text.lines().any(|known| known == line), "no {line} in {text}");
    }
}

#[tokio::test]
async fn a_gateway_that_ends_is_told_with_its_last_words() {
    let folder = Folder::new().unwrap();
    let binary = program(&folder, "echo \"fedgate.toml:3: no such key\" >&2; exit 1");
    let problem = Gateway::start(&binary, &settings(), folder.path(), false).await.err().unwrap();
    assert!(problem.reason.contains("exit status: 1"), "{problem}");
    assert_eq!(problem.log, ["fedgate.toml:3: no such key"]);
    assert!(folder.path().join("fedgate.toml").is_file());
    let path = folder.path().to_owned();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    drop(folder);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_missing_program_is_an_error() {
    let folder = Folder::new().unwrap();
    assert!(Gateway::start("/nowhere/fedgate".as_ref(), &settings(), folder.path(), false).await.is_err());
}
