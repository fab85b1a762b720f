//! Local servers of a few lines, each with a script for what it answers, and a count of who came.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server; its thread ends with the test process.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Runs `script` for every connection, after the head of the request was read.
    pub(crate) fn start(script: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), script)
    }

    /// The same at an address of the test's choice.
    pub(crate) fn start_at(address: SocketAddr, script: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (seen, script) = (Arc::clone(&heads), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                thread::spawn(move || {
                    let mut stream = stream;
                    let head = head(&mut stream);
                    seen.lock().unwrap().push(head);
                    script(&mut stream);
                });
            }
        });
        Self { address, heads }
    }

    /// Answers 200 with that body.
    pub(crate) fn answering(body: &'static str) -> Self {
        Self::start(move |stream| respond(stream, "200 OK", &[], body.as_bytes()))
    }

    /// `http://ADDRESS/`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// How many requests came.
    pub(crate) fn hits(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

/// A second server on the port of the first, at another loopback address.
pub(crate) fn beside(server: &Server, address: &str, body: &'static str) -> Server {
    let address = SocketAddr::new(address.parse::<IpAddr>().unwrap(), server.address.port());
    Server::start_at(address, move |stream| respond(stream, "200 OK", &[], body.as_bytes()))
}

/// A whole answer with its length.
pub(crate) fn respond(stream: &mut impl Write, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    // A client that has seen enough hangs up; that is no fault here.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
}

/// Waits until the other side hangs up.
pub(crate) fn until_closed(stream: &mut TcpStream) {
    let mut rest = [0; 64];
    while stream.read(&mut rest).is_ok_and(|read| read > 0) {}
}

pub(crate) fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}
