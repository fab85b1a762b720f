//! What `make demo` starts works: the real binary, its own configuration file, the stand-ins and the sample app.
//!
//! A person's whole way through each door, over real sockets. The doors' details are tested room by room elsewhere.

use std::net::TcpListener;
use std::path::PathBuf;

use playground::demo::{Demo, Options};

fn options() -> Options {
    Options { port: Some(0), binary: Some(PathBuf::from(env!("CARGO_BIN_EXE_fedgate"))), ..Options::default() }
}

#[tokio::test]
async fn every_door_of_the_demo_leads_in_and_out_again() {
    let demo = Demo::start(&options()).await.unwrap_or_else(|problem| panic!("{problem}"));
    let told = demo.walk().await.unwrap_or_else(|problem| panic!("{problem}\n{}", demo.gateway.log_tail().join("\n")));
    assert_eq!(told.iter().filter(|line| line.contains("checks on the tokens hold")).count(), 7, "{told:#?}");

    // Nothing stays behind: the port is free and the folder with its secrets is gone.
    let (port, folder) = (demo.settings.port, demo.folder.path().to_owned());
    drop(demo);
    assert!(!folder.exists());
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
}
