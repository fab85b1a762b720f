//! Bodies: size by route, time, encoding (R-17, R-18); connections end properly (F-12).

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::gateway::client;
use crate::harness::raw;
use crate::http::bare::Bare;

const LIMITS: [(&str, usize); 4] =
    [("/", 64 * 1024), ("/local_x/oauth2/token", 64 * 1024), ("/local_x/saml2/idpresponse", 384 * 1024), ("/plain", 16 * 1024)];

#[tokio::test]
async fn r18_one_byte_decides() {
    let bare = Bare::start().await;
    for (path, limit) in LIMITS {
        let post = async |size: usize| client().post(format!("{}{path}", bare.url)).body(vec![b'a'; size]).send().await.unwrap();
        let fits = post(limit).await;
        assert_eq!(fits.status(), 200, "{path} takes {limit}");
        assert_eq!(fits.text().await.unwrap(), limit.to_string());
        assert_eq!(post(limit + 1).await.status(), 413, "{path} takes no more");
        assert_eq!(bare.audit().pop().unwrap().reason(), "body_too_large");
    }
}

#[tokio::test]
async fn r18_chunks_do_not_help() {
    let bare = Bare::start().await;
    for (size, expected) in [(16 * 1024, 200), (16 * 1024 + 1, 413)] {
        let mut request =
            b"POST /plain HTTP/1.1\r\nHost: known.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_vec();
        request.extend(format!("{size:x}\r\n").as_bytes());
        request.extend(vec![b'a'; size]);
        request.extend(b"\r\n0\r\n\r\n");
        assert_eq!(raw::send(&bare.url, &request).await.status, expected, "{size}");
    }
}

#[tokio::test]
async fn r17_a_slow_body_is_given_up() {
    let bare = Bare::with(None, |seam| seam.body_timeout = Duration::from_millis(200)).await;
    let head = b"POST /plain HTTP/1.1\r\nHost: known.example\r\nContent-Length: 10\r\n\r\n";
    let mut stream = TcpStream::connect(&bare.address).await.unwrap();
    stream.write_all(head).await.unwrap();
    stream.write_all(b"12345").await.unwrap();
    let answer = raw::read(&mut stream).await;
    assert_eq!(answer.status, 408);
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(bare.audit().pop().unwrap().reason(), "body_too_slow");

    let control = client().post(format!("{}/plain", bare.url)).body("1234567890").send().await.unwrap();
    assert_eq!(control.text().await.unwrap(), "10");
}

#[tokio::test]
async fn f12_a_client_that_leaves_in_the_body_reaches_no_handler() {
    let bare = Bare::start().await;
    let mut stream = TcpStream::connect(&bare.address).await.unwrap();
    stream.write_all(b"POST /plain HTTP/1.1\r\nHost: known.example\r\nContent-Length: 10\r\n\r\n12345").await.unwrap();
    drop(stream);
    assert_eq!(client().get(format!("{}/plain", bare.url)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn r18_encoded_bodies_are_refused() {
    let bare = Bare::start().await;
    for (encoding, expected) in [("identity", 200), ("gzip", 415), ("br", 415), ("gzip, identity", 415)] {
        let request = client().post(format!("{}/plain", bare.url)).header("Content-Encoding", encoding).body("abc");
        assert_eq!(request.send().await.unwrap().status(), expected, "{encoding}");
    }
}

#[tokio::test]
async fn r17_smuggling_shapes_are_refused() {
    let bare = Bare::start().await;
    let good = "POST /plain HTTP/1.1\r\nHost: known.example\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(raw::send(&bare.url, good.as_bytes()).await.status, 200, "the control");
    let bad = [
        "POST /plain HTTP/1.1\r\nHost: known.example\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /plain HTTP/1.1\r\nHost: known.example\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /plain HTTP/1.1\r\nHost: known.example\r\nContent-Length: +3\r\n\r\nabc",
        "POST /plain HTTP/1.1\r\nHost: known.example\r\nContent-Length: -1\r\n\r\nabc",
        "POST /plain HTTP/1.1\r\nHost: known.example\r\nTransfer-Encoding: identity, chunked\r\nContent-Length: 3\r\n\r\nabc",
    ];
    for request in bad {
        let answer = raw::send(&bare.url, request.as_bytes()).await;
        assert_eq!(answer.status / 100, 4, "{request}");
    }
}

#[tokio::test]
async fn a_drain_lets_the_request_in_flight_finish_and_takes_no_new_one() {
    let bare = Bare::start().await;
    let mut stream = TcpStream::connect(&bare.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: known.example\r\n\r\n").await.unwrap();
    // The answer to this later request shows that the slow one is being served: one worker, in order of arrival.
    assert_eq!(client().get(format!("{}/plain", bare.url)).send().await.unwrap().status(), 200);
    let stopper = bare.stopper.clone();
    let drained = tokio::spawn(async move { stopper.drain().await });
    while TcpStream::connect(&bare.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    crate::http::bare::open_gate();
    let answer = raw::read(&mut stream).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "finished"));
    drained.await.unwrap();
}
