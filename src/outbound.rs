//! The only HTTP client: time-outs, size limits, no redirects, and the address guard against request forgery (N-01 to N-10).
//!
//! Owns every connection that the gateway opens to a URL from configuration or from a provider's document. Does not parse what
//! comes back; callers read bounded bytes.

use ipnet::IpNet;
use thiserror::Error;

/// Why a call did not give an answer.
#[derive(Debug, Error)]
pub enum OutboundError {
    /// The URL is not https, has user information or another port, or its address is not public and not allowed.
    #[error("the address is not allowed: {0}")]
    Refused(&'static str),
    /// No answer in time or at all.
    #[error("no answer: {0}")]
    Unreachable(&'static str),
    /// The answer is larger than the caller's limit.
    #[error("the answer is too large")]
    TooLarge,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`, lower-cased, if given.
    pub content_type: Option<String>,
    /// The whole body, within the caller's limit.
    pub body: Vec<u8>,
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The largest body accepted, bytes, after decompression.
    pub limit: usize,
}

/// Settings of the client.
#[derive(Clone, Debug, Default)]
pub struct OutboundSettings {
    /// Networks that may be called although they are not public; also where plain http is allowed.
    pub allow: Vec<IpNet>,
    /// PEM certificates of additional roots.
    pub extra_roots: Vec<Vec<u8>>,
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {}

#[expect(unused_variables, reason = "skeleton")]
impl Outbound {
    /// Builds the client.
    pub fn new(settings: &OutboundSettings) -> Result<Self, OutboundError> {
        todo!()
    }

    /// Sends a call: connect 2 s, 5 s in all, no redirects, environment proxies ignored.
    pub async fn send(&self, call: Call) -> Result<Answer, OutboundError> {
        todo!()
    }
}
