//! What a call may do: no redirect, no proxy, no other scheme or port, no more bytes and no more time than it was given.

use std::env;
use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use fedgate::outbound::{Call, Found, Lookup, Outbound, OutboundError};

use super::server::{Server, beside, respond, until_closed};
use super::{Names, get, outbound, settings};

const LOOPBACK: [&str; 1] = ["127.0.0.0/8"];

/// A resolver that never answers.
#[derive(Debug)]
struct Never;

impl Lookup for Never {
    fn lookup(&self, _: &str) -> Found {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_call_gets_its_answer() {
    let server =
        Server::start(|stream| respond(stream, "418 Teapot", &[("content-type", "Application/JSON; charset=UTF-8")], b"{}"));
    let call = Call { headers: vec![("accept".into(), "application/json".into())], ..get(&server.url()) };
    let answer = outbound(&LOOPBACK).send(call).await.unwrap();
    assert_eq!((answer.status, answer.content_type.as_deref()), (418, Some("application/json; charset=utf-8")));
    assert_eq!(answer.body, b"{}");
    let head = server.heads().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get / http/1.1\r\n"), "{head}");
    assert!(head.contains("accept: application/json\r\n") && head.contains("accept-encoding: identity\r\n"), "{head}");
    assert!(!head.contains("referer"), "{head}");
}

#[tokio::test]
async fn n_03_n_10_a_redirect_is_an_answer_and_is_not_followed() {
    let internal = Server::answering("internal");
    let outside = outbound(&LOOPBACK);
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        for location in [internal.url(), format!("//{}/", internal.address), "/elsewhere".to_owned()] {
            let redirecting = Server::start(move |stream| respond(stream, status, &[("location", &location)], b""));
            let call = Call {
                method: "POST",
                headers: vec![("authorization".into(), "Basic c2VjcmV0".into())],
                body: b"client_secret=secret".to_vec(),
                ..get(&redirecting.url())
            };
            let answer = outside.send(call).await.unwrap();
            assert!((301..=308).contains(&answer.status));
            assert_eq!(redirecting.hits(), 1, "{status}");
        }
    }
    assert_eq!(internal.hits(), 0);
    // Control: the internal server does answer.
    assert_eq!(outside.send(get(&internal.url())).await.unwrap().body, b"internal");
}

#[tokio::test]
async fn n_05_schemes_ports_and_user_information() {
    let server = Server::answering("here");
    let port = server.address.port();
    let inside = outbound(&LOOPBACK);
    let outside = outbound(&[]);
    for (url, why) in [
        ("ftp://127.0.0.1/".to_owned(), "scheme"),
        ("file:///etc/hostname".to_owned(), "scheme"),
        ("gopher://127.0.0.1:70/_".to_owned(), "scheme"),
        ("data:text/plain,here".to_owned(), "scheme"),
        ("ws://127.0.0.1/".to_owned(), "scheme"),
        ("unix:/run/docker.sock".to_owned(), "scheme"),
        ("javascript:alert(1)".to_owned(), "scheme"),
        (format!("http://user@127.0.0.1:{port}/"), "user_information"),
        (format!("http://:secret@127.0.0.1:{port}/"), "user_information"),
        ("//127.0.0.1/".to_owned(), "url"),
        ("idp.example.test".to_owned(), "url"),
        (String::new(), "url"),
        (format!("http://127.0.0.1:{port}/{}", "a".repeat(5000)), "url"),
        ("http://127.0.0.1:99999/".to_owned(), "url"),
        ("http://[::1%25lo]/".to_owned(), "url"),
    ] {
        match inside.send(get(&url)).await {
            Err(OutboundError::Refused(found)) => assert_eq!(found, why, "{url}"),
            other => panic!("{url}: {other:?}"),
        }
    }
    // Plain http and other ports are refused at public addresses too.
    for url in ["http://93.184.216.34/", "http://93.184.216.34:443/", "https://93.184.216.34:8443/", "https://93.184.216.34:22/"] {
        assert!(matches!(outside.check(url).await, Err(OutboundError::Refused("address"))), "{url}");
    }
    assert!(outside.check("https://93.184.216.34:443/").await.is_ok());
    assert_eq!(server.hits(), 0);
    // Control: http on a port of its own, in a listed network.
    assert_eq!(inside.send(get(&server.url())).await.unwrap().body, b"here");
}

#[tokio::test]
async fn other_methods_and_broken_headers_are_refused() {
    let server = Server::answering("here");
    let inside = outbound(&LOOPBACK);
    let call = Call { method: "DELETE", ..get(&server.url()) };
    assert!(matches!(inside.send(call).await, Err(OutboundError::Refused("method"))));
    let call = Call { headers: vec![("authorization".into(), "Bearer a\r\nhost: evil".into())], ..get(&server.url()) };
    assert!(matches!(inside.send(call).await, Err(OutboundError::Refused("header"))));
    assert_eq!(server.hits(), 0);
    let call = Call { headers: vec![("authorization".into(), "Bearer a".into())], ..get(&server.url()) };
    assert!(inside.send(call).await.is_ok());
}

#[tokio::test]
async fn n_06_the_body_limit_is_exact() {
    let inside = outbound(&LOOPBACK);
    for announced in [true, false] {
        for size in [0, 1, 1023, 1024, 1025, 100_000] {
            let server = Server::start(move |stream| {
                if announced {
                    respond(stream, "200 OK", &[], &vec![b'a'; size]);
                } else {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(&vec![b'a'; size]);
                }
            });
            match inside.send(get(&server.url())).await {
                Ok(answer) => assert!(size <= 1024 && answer.body.len() == size, "{size} {announced}"),
                Err(OutboundError::TooLarge) => assert!(size > 1024, "{size} {announced}"),
                Err(other) => panic!("{size} {announced}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn n_06_an_endless_body_ends_at_the_limit() {
    let server = Server::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        while stream
            .write_all(b"400\r\n")
            .and_then(|()| stream.write_all(&[b'a'; 0x400]))
            .and_then(|()| stream.write_all(b"\r\n"))
            .is_ok()
        {}
    });
    assert!(matches!(outbound(&LOOPBACK).send(get(&server.url())).await, Err(OutboundError::TooLarge)));
}

#[tokio::test]
async fn n_06_a_compressed_body_is_not_opened() {
    let inside = outbound(&LOOPBACK);
    for coding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
        let server = Server::start(move |stream| respond(stream, "200 OK", &[("content-encoding", coding)], b"\x1f\x8b bomb"));
        let outcome = inside.send(get(&server.url())).await;
        assert!(matches!(outcome, Err(OutboundError::Unreachable("content_encoding"))), "{coding}: {outcome:?}");
    }
    let server = Server::start(|stream| respond(stream, "200 OK", &[("content-encoding", "Identity")], b"plain"));
    assert_eq!(inside.send(get(&server.url())).await.unwrap().body, b"plain");
}

/// A server that never finishes is left after 5 s, whichever part it is slow in.
#[tokio::test]
async fn n_06_slow_servers_are_left_after_five_seconds() {
    let silent = Server::start(until_closed);
    let dripping = Server::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n");
        drip(stream, b"a");
    });
    let dripping_head = Server::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        drip(stream, b"x: y\r\n");
    });
    let inside = outbound(&LOOPBACK);
    let calls = async {
        tokio::join!(inside.send(get(&silent.url())), inside.send(get(&dripping.url())), inside.send(get(&dripping_head.url())))
    };
    // The bound is the test's own; the client must have given up well before.
    let (first, second, third) = tokio::time::timeout(Duration::from_secs(8), calls).await.unwrap();
    for outcome in [first, second, third] {
        assert!(matches!(outcome, Err(OutboundError::Unreachable("timeout"))), "{outcome:?}");
    }
}

/// One piece every fifth of a second, until the other side hangs up: its silence is what is waited for.
fn drip(stream: &mut TcpStream, piece: &[u8]) {
    use std::io::Read as _;
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut byte = [0; 1];
    while stream.write_all(piece).is_ok() && !matches!(stream.read(&mut byte), Ok(0)) {}
}

#[tokio::test]
async fn n_06_connecting_ends_after_two_seconds() {
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let inside = outbound(&LOOPBACK);
    let refused = inside.send(get(&format!("http://{closed}/"))).await;
    assert!(matches!(refused, Err(OutboundError::Unreachable("connection"))), "{refused:?}");
    // A name that never resolves is part of connecting.
    let waiting = Outbound::with_lookup(&settings(&LOOPBACK), Arc::new(Never)).unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(4), waiting.send(get("http://idp.example.test/"))).await.unwrap();
    assert!(matches!(outcome, Err(OutboundError::Unreachable("timeout"))), "{outcome:?}");
}

#[tokio::test]
async fn n_07_a_flipping_resolver_never_reaches_the_internal_host() {
    let internal = Server::answering("internal");
    let permitted = beside(&internal, "127.0.0.2", "permitted");
    let names =
        Names::of("idp.example.test", &[&["127.0.0.2"], &["127.0.0.1"], &["127.0.0.1", "127.0.0.2"], &["10.0.0.1", "127.0.0.1"]]);
    let guarded = Outbound::with_lookup(&settings(&["127.0.0.2/32"]), names).unwrap();
    let url = format!("http://idp.example.test:{}/", internal.address.port());
    let (mut reached, mut refused) = (0, 0);
    for _ in 0..250 {
        // A check before the call, as a naive guard would make it, is one more turn of the resolver.
        let _ = guarded.check(&url).await;
        match guarded.send(get(&url)).await {
            Ok(answer) => {
                assert_eq!(answer.body, b"permitted");
                reached += 1;
            }
            Err(OutboundError::Refused("address")) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    for _ in 0..501 {
        match guarded.send(get(&url)).await {
            Ok(answer) => {
                assert_eq!(answer.body, b"permitted");
                reached += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert_eq!(internal.hits(), 0);
    assert!(reached > 100 && refused > 100 && permitted.hits() == reached, "{reached} {refused} {}", permitted.hits());
}

#[tokio::test]
async fn n_08_faults_and_debug_forms_hold_nothing_that_a_server_or_caller_sent() {
    let server = Server::start(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 2OO internal-banner\r\n\r\n");
    });
    let call = Call {
        headers: vec![("authorization".into(), "Bearer canary-1".into())],
        body: b"canary-2".to_vec(),
        ..get(&server.url())
    };
    assert!(!format!("{call:?}").contains("canary"));
    let error = outbound(&LOOPBACK).send(call).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("banner"), "{error:?}");
    let answer = outbound(&LOOPBACK).send(get(&Server::answering("canary-3").url())).await.unwrap();
    assert!(!format!("{answer:?}").contains("canary"));
}

const CHILD: &str = "FEDGATE_TEST_PROXY_CHILD";

/// N-04. The environment belongs to the process, so a child of this test binary makes the call.
#[test]
fn n_04_proxies_of_the_environment_are_ignored() {
    let server = Server::answering("direct");
    let proxy = Server::answering("proxied");
    let run = |client: &str| {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "outbound::client::n_04_child", "--nocapture"]);
        child.env(CHILD, format!("{client} {}", server.url()));
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            child.env(name, proxy.url());
        }
        child.env_remove("no_proxy").env_remove("NO_PROXY");
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    };
    run("ours");
    assert_eq!((server.hits(), proxy.hits()), (1, 0));
    // Control: a client as the library makes it does take the proxy.
    run("plain");
    assert_eq!((server.hits(), proxy.hits()), (1, 1));
}

/// The child of the test above; by itself it has nothing to do.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the control needs the library's own defaults")]
async fn n_04_child() {
    let Ok(task) = env::var(CHILD) else { return };
    let (client, url) = task.split_once(' ').unwrap();
    if client == "ours" {
        assert_eq!(outbound(&LOOPBACK).send(get(url)).await.unwrap().body, b"direct");
    } else {
        assert_eq!(reqwest::get(url).await.unwrap().text().await.unwrap(), "proxied");
    }
}
