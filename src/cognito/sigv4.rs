//! Verification of AWS Signature Version 4 in its header form (P-02 to P-07).
//!
//! Owns the canonical request, the derived key and every refusal of an unproven caller. Which key belongs to whom is `caller`'s. Credentials
//! in the query, unsigned and streaming payloads are not accepted at all; the headers that steer a request must be signed.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::base::digest::same;
use crate::base::secret::Secret;

/// How far a request's date may be from ours, ms.
const WINDOW_MS: i64 = 300_000;

/// Why a signature was refused. The texts are for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureFault {
    /// There is none.
    #[error("Missing Authentication Token")]
    Missing,
    /// It lacks a part, or a part is malformed.
    #[error("{0}")]
    Incomplete(&'static str),
    /// The access key is not known.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// It does not prove this request, now, at this service.
    #[error("{0}")]
    Invalid(&'static str),
}

/// The signed parts of a request as they came.
#[derive(Clone, Debug)]
pub struct SignedRequest<'r> {
    /// The method.
    pub method: &'r str,
    /// The path as sent, with its percent escapes.
    pub path: &'r str,
    /// The query as sent, without the question mark.
    pub query: &'r str,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: &'r [u8],
}

/// What a signature must be scoped to.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    /// The service's signing name.
    pub service: &'s str,
    /// The region; `None` accepts any (the gateway's region is `local`, while clients insist on a real one).
    pub region: Option<&'s str>,
    /// The time, ms.
    pub now_ms: i64,
}

const MISMATCH: SignatureFault = SignatureFault::Invalid(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. \
     Consult the service documentation for details.",
);

/// Proves who signed the request: the id of the access key. `secret_of` finds the secret of a key id.
pub fn verify<'k>(
    request: &SignedRequest<'_>,
    scope: Scope<'_>,
    secret_of: impl Fn(&str) -> Option<&'k Secret>,
) -> Result<String, SignatureFault> {
    if query_pairs(request.query).iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("x-amz-")) {
        return Err(SignatureFault::Incomplete("Credentials and dates belong in headers, not in the query."));
    }
    let header = one(request, "authorization")?.ok_or(SignatureFault::Missing)?;
    let authorization = Authorization::parse(header)?;
    let date = one(request, "x-amz-date")?
        .ok_or(SignatureFault::Incomplete("Authorization header requires existence of 'X-Amz-Date' header."))?;
    let signed_ms = parse_date(date)?;
    authorization.check_signed_headers(request)?;
    let body_hash = body_hash(request)?;

    let unknown = Secret::new("an unknown key does the same work");
    let found = secret_of(authorization.key_id);
    let canonical = canonical_request(request, &authorization.signed_headers, &body_hash);
    let text = string_to_sign(date, &authorization.scope(), &canonical);
    let key = signing_key(found.unwrap_or(&unknown), authorization.date, authorization.region, authorization.service);
    let matches = same(hex(hmac::sign(&key, text.as_bytes()).as_ref()).as_bytes(), authorization.signature.as_bytes());

    if found.is_none() {
        return Err(SignatureFault::UnknownKey);
    }
    if authorization.date != &date[..8] {
        return Err(SignatureFault::Invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
        ));
    }
    if scope.region.is_some_and(|region| region != authorization.region) {
        return Err(SignatureFault::Invalid("Credential should be scoped to a valid region."));
    }
    if authorization.service != scope.service {
        return Err(SignatureFault::Invalid("Credential should be scoped to correct service."));
    }
    if !matches {
        return Err(MISMATCH);
    }
    if signed_ms < scope.now_ms - WINDOW_MS {
        return Err(SignatureFault::Invalid("Signature expired: the request is more than 5 minutes old."));
    }
    if signed_ms > scope.now_ms + WINDOW_MS {
        return Err(SignatureFault::Invalid("Signature not yet current: the request is more than 5 minutes ahead."));
    }
    Ok(authorization.key_id.to_owned())
}

struct Authorization<'h> {
    key_id: &'h str,
    date: &'h str,
    region: &'h str,
    service: &'h str,
    signed_headers: Vec<&'h str>,
    signature: &'h str,
}

impl<'h> Authorization<'h> {
    fn parse(header: &'h str) -> Result<Self, SignatureFault> {
        let parts = header
            .strip_prefix("AWS4-HMAC-SHA256")
            .filter(|rest| rest.starts_with(' '))
            .ok_or(SignatureFault::Incomplete("Unsupported AWS 'algorithm': only AWS4-HMAC-SHA256 is supported."))?;
        let mut fields = BTreeMap::new();
        for part in parts.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or(MALFORMED)?;
            if !["Credential", "SignedHeaders", "Signature"].contains(&name) || fields.insert(name, value).is_some() {
                return Err(MALFORMED);
            }
        }
        let field = |name| fields.get(name).copied().filter(|value: &&str| !value.is_empty());
        let credential =
            field("Credential").ok_or(SignatureFault::Incomplete("Authorization header requires 'Credential' parameter."))?;
        let signed =
            field("SignedHeaders").ok_or(SignatureFault::Incomplete("Authorization header requires 'SignedHeaders' parameter."))?;
        let signature =
            field("Signature").ok_or(SignatureFault::Incomplete("Authorization header requires 'Signature' parameter."))?;
        let mut scope = credential.rsplitn(5, '/');
        let (terminator, service, region, date, key_id) = (scope.next(), scope.next(), scope.next(), scope.next(), scope.next());
        let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(key_id)) =
            (terminator, service, region, date, key_id)
        else {
            return Err(SignatureFault::Incomplete("Credential must be '<key>/<date>/<region>/<service>/aws4_request'."));
        };
        Ok(Self { key_id, date, region, service, signed_headers: signed.split(';').collect(), signature })
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }

    /// P-03: what is signed is listed once, in order, is there, and includes everything that steers the request.
    fn check_signed_headers(&self, request: &SignedRequest<'_>) -> Result<(), SignatureFault> {
        let listed = &self.signed_headers;
        let ordered = listed.windows(2).all(|pair| pair[0] < pair[1]);
        let present = |name: &str| request.headers.iter().any(|(header, _)| header == name);
        if !ordered || !listed.iter().all(|name| present(name)) {
            return Err(SignatureFault::Incomplete(
                "'SignedHeaders' must list headers of this request in lower case, sorted, each once.",
            ));
        }
        let steering = request.headers.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("x-amz-"));
        if std::iter::once("host").chain(steering).any(|name| !listed.contains(&name)) {
            return Err(SignatureFault::Invalid("'Host' and every 'X-Amz-*' header of the request must be signed."));
        }
        Ok(())
    }
}

const MALFORMED: SignatureFault = SignatureFault::Incomplete("The Authorization header is malformed.");

/// The one value of a header.
fn one<'r>(request: &'r SignedRequest<'_>, name: &str) -> Result<Option<&'r str>, SignatureFault> {
    let mut values = request.headers.iter().filter(|(header, _)| header == name);
    let value = values.next();
    if values.next().is_some() {
        return Err(SignatureFault::Incomplete("A header of the signature stands more than once."));
    }
    value.map(|(_, value)| std::str::from_utf8(value).map(str::trim).map_err(|_| MALFORMED)).transpose()
}

fn parse_date(text: &str) -> Result<i64, SignatureFault> {
    const FAULT: SignatureFault = SignatureFault::Incomplete("Date must be in ISO-8601 'basic format'.");
    let digits = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    if text.len() != 16 || !text.ends_with('Z') || text.as_bytes()[8] != b'T' || !(0..15).filter(|at| *at != 8).all(digits) {
        return Err(FAULT);
    }
    let [year, month, day] = [&text[..4], &text[4..6], &text[6..8]];
    let [hour, minute, second] = [&text[9..11], &text[11..13], &text[13..15]];
    let extended = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let date = OffsetDateTime::parse(&extended, &Rfc3339).map_err(|_| FAULT)?;
    Ok(date.unix_timestamp() * 1000)
}

/// P-04: the hash of the body that came; a stated one must agree, and marks such as `UNSIGNED-PAYLOAD` never do.
fn body_hash(request: &SignedRequest<'_>) -> Result<String, SignatureFault> {
    let hash = hex(digest(&SHA256, request.body).as_ref());
    match one(request, "x-amz-content-sha256")? {
        Some(stated) if !same(stated.as_bytes(), hash.as_bytes()) => {
            Err(SignatureFault::Invalid("The provided 'x-amz-content-sha256' header does not match what was computed."))
        }
        _ => Ok(hash),
    }
}

/// The canonical request (AWS: "Create a signed AWS API request", step 1).
fn canonical_request(request: &SignedRequest<'_>, signed: &[&str], body_hash: &str) -> Vec<u8> {
    let path = if request.path.is_empty() { "/".to_owned() } else { encode(request.path.as_bytes(), b"/") };
    let mut out = format!("{}\n{path}\n{}\n", request.method, canonical_query(request.query)).into_bytes();
    for name in signed {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        let values: Vec<Vec<u8>> =
            request.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| squeeze(value)).collect();
        out.extend_from_slice(&values.join(&b","[..]));
        out.push(b'\n');
    }
    out.extend_from_slice(format!("\n{}\n{body_hash}", signed.join(";")).as_bytes());
    out
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> =
        query_pairs(query).into_iter().map(|(name, value)| (encode(name.as_bytes(), b""), encode(value.as_bytes(), b""))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The decoded parameters. Broken escapes stay as they are, which only makes a signature fail.
fn query_pairs(query: &str) -> Vec<(String, String)> {
    let split = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name), decode(value))
    };
    query.split('&').filter(|part| !part.is_empty()).map(split).collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn encode(bytes: &[u8], keep: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || keep.contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            out.push_str(&hex(&[*byte]).to_ascii_uppercase());
        }
    }
    out
}

/// Trims a header value and makes one space of every run of spaces.
fn squeeze(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value.trim_ascii() {
        if *byte != b' ' || out.last() != Some(&b' ') {
            out.push(*byte);
        }
    }
    out
}

fn string_to_sign(date: &str, scope: &str, canonical: &[u8]) -> String {
    format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(digest(&SHA256, canonical).as_ref()))
}

fn signing_key(secret: &Secret, date: &str, region: &str, service: &str) -> hmac::Key {
    let start = zeroize::Zeroizing::new(format!("AWS4{}", secret.reveal()));
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, start.as_bytes());
    for part in [date, region, service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    key
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    /// 2015-08-30T12:36:00Z.
    const NOW_MS: i64 = 1_440_938_160_000;

    fn vector(
        method: &'static str,
        path: &'static str,
        query: &'static str,
        more: &[(&str, &str)],
        signature: &str,
    ) -> Result<String, SignatureFault> {
        let mut headers =
            vec![("host".to_owned(), b"example.amazonaws.com".to_vec()), ("x-amz-date".to_owned(), b"20150830T123600Z".to_vec())];
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
        let mut signed: Vec<String> = headers.iter().map(|(name, _)| name.clone()).collect();
        signed.sort();
        signed.dedup();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={}, Signature={signature}",
            signed.join(";")
        );
        headers.push(("authorization".to_owned(), authorization.into_bytes()));
        let request = SignedRequest { method, path, query, headers, body: b"" };
        let secret = Secret::new(SECRET);
        verify(&request, Scope { service: "service", region: Some("us-east-1"), now_ms: NOW_MS }, |id| {
            (id == "AKIDEXAMPLE").then_some(&secret)
        })
    }

    /// The published vectors of the AWS signature test suite.
    #[test]
    fn p_05_published_vectors() {
        for (method, path, query, more, signature) in [
            ("GET", "/", "", &[][..], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "", &[][..], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET",
                "/",
                "Param2=value2&Param1=value1",
                &[][..],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            ("GET", "/\u{1234}", "", &[][..], "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
            (
                "GET",
                "/",
                "",
                &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")][..],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
        ] {
            assert_eq!(vector(method, path, query, more, signature), Ok("AKIDEXAMPLE".to_owned()), "{method} {path} {query}");
            assert_eq!(vector(method, path, query, more, &signature.replace('1', "2")), Err(MISMATCH));
        }
    }

    #[test]
    fn p_06_query_credentials_are_refused() {
        let good = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        for query in ["X-Amz-Signature=x", "x-amz-credential=x", "a=b&X%2DAmz-Date=1"] {
            assert!(matches!(vector("GET", "/", query, &[], good), Err(SignatureFault::Incomplete(_))), "{query}");
        }
    }

    #[test]
    fn malformed_authorizations_are_refused() {
        let secret = Secret::new(SECRET);
        for authorization in [
            "",
            "Basic eDp5",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 ",
            "AWS4-HMAC-SHA256X Credential=a/20150830/r/s/aws4_request, SignedHeaders=host, Signature=x",
            "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host;x-amz-date",
            "AWS4-HMAC-SHA256 Credential=20150830/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=x",
            "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws5_request, SignedHeaders=host;x-amz-date, Signature=x",
            "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, Credential=a/20150830/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=x",
            "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=x-amz-date;host, Signature=x",
            "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host;host;x-amz-date, Signature=x",
            "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=absent;host;x-amz-date, Signature=x",
        ] {
            let headers = [("host", "h"), ("x-amz-date", "20150830T123600Z"), ("authorization", authorization)];
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
            let request = SignedRequest { method: "POST", path: "/", query: "", headers, body: b"" };
            let result = verify(&request, Scope { service: "s", region: None, now_ms: NOW_MS }, |_| Some(&secret));
            assert!(matches!(result, Err(SignatureFault::Incomplete(_))), "{authorization}: {result:?}");
        }
    }
}
