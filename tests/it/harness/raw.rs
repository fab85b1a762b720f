//! HTTP byte by byte, for requests that no client library would send.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer, taken apart.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// Status; 0 when the connection ended without an answer.
    pub status: u16,
    /// Head lines after the status line, lower-case names.
    pub headers: Vec<(String, String)>,
    /// What followed the head.
    pub body: String,
}

impl RawAnswer {
    /// A header's value, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

/// Sends bytes to `http://address` and reads until the server closes; requests should say `Connection: close`.
pub async fn send(address_url: &str, bytes: &[u8]) -> RawAnswer {
    let mut stream = TcpStream::connect(address_url.trim_start_matches("http://")).await.unwrap();
    // A server that refuses early closes while we still write.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Reads an answer until the server closes.
pub async fn read(stream: &mut TcpStream) -> RawAnswer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    parse(&String::from_utf8_lossy(&bytes))
}

fn parse(text: &str) -> RawAnswer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).unwrap_or_default();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    RawAnswer { status, headers, body: body.to_owned() }
}
