//! One look at a published metadata document: asked conditionally, bounded, cut, parsed, its signature proven.
//!
//! Owns the request and the way from bytes to a [`Document`]. An aggregate goes straight from the network into the scanner
//! (`federation::saml::aggregate`) and is nowhere held whole. Parsing runs on the blocking pool. What becomes of the outcome is
//! `descriptors`'.

use std::io::{self, BufReader, Read};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::providers::saml::descriptors::source::Remote;
use crate::federation::saml::aggregate;
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::keys::SigningCertificate;
use crate::federation::saml::metadata::{self, IdpDescriptor, MetadataFault, MetadataOptions};
use crate::outbound::{Answer, Call, OutboundError};

/// The largest document with one entity, bytes (S-24); also what of an aggregate is kept to check a signature over all of it.
const LIMIT: usize = 2 * 1024 * 1024;
/// How long an aggregate may take to arrive.
const AGGREGATE_TIME: Duration = Duration::from_mins(2);
/// Pieces of an aggregate between the network and the scanner.
const PIECES: usize = 8;

/// A good document.
#[derive(Debug)]
pub struct Document {
    /// Its text; of an aggregate only the entity's own part.
    pub body: String,
    /// Digest of the text.
    pub digest: String,
    /// What it says.
    pub descriptor: IdpDescriptor,
    /// `cacheDuration`, ms.
    pub cache_ms: Option<i64>,
    /// What to ask with the next time.
    pub validators: Validators,
}

/// The headers by which a host says "as before".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `etag`.
    pub etag: Option<String>,
    /// `last-modified`.
    pub modified: Option<String>,
}

/// What a look gave.
#[derive(Debug)]
pub enum Found {
    /// The host says: as before.
    Unchanged(Validators),
    /// A document; it may still be the same one.
    Document(Box<Document>),
}

/// Why a look gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer, or not 200.
    Unreachable(&'static str),
    /// A document that breaks a rule (S-24).
    Refused(&'static str),
}

impl Fault {
    /// The reason, snake_case.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unreachable(reason) | Self::Refused(reason) => reason,
        }
    }
}

/// Looks. `entity_id` is whom the document must describe; `known` are the validators of the copy that we have.
pub async fn look(context: &Context, remote: &Remote, entity_id: Option<String>, known: &Validators) -> Result<Found, Fault> {
    let mut headers = vec![("accept".to_owned(), "application/samlmetadata+xml, application/xml, text/xml".to_owned())];
    headers.extend(known.etag.clone().map(|etag| ("if-none-match".to_owned(), etag)));
    headers.extend(known.modified.clone().map(|modified| ("if-modified-since".to_owned(), modified)));
    let limit = if remote.aggregate { aggregate::MAX_BYTES } else { LIMIT };
    let call = Call { method: "GET", url: remote.url.clone(), headers, body: Vec::new(), limit };
    let reader = Reader {
        signers: remote.signers().ok_or(Fault::Refused("metadata_signer_unreadable"))?,
        entity_id,
        now_ms: context.now_ms(),
        allow_http: context.ports.public_url.scheme() == "http",
    };
    let (answer, read) = if remote.aggregate { streamed(context, call, reader).await } else { whole(context, call, reader).await };
    let answer = match (answer, &read) {
        // The scanner had seen enough: its verdict counts.
        (Err(OutboundError::Unreachable("receiver")), Err(fault)) => return Err(*fault),
        (Err(OutboundError::TooLarge), _) => return Err(Fault::Refused("document_too_large")),
        (Err(OutboundError::Refused(_)), _) => return Err(Fault::Unreachable("document_address_refused")),
        (Err(OutboundError::Unreachable(_)), _) => return Err(Fault::Unreachable("document_unreachable")),
        (Ok(answer), _) => answer,
    };
    let validators = Validators { etag: answer.etag, modified: answer.last_modified };
    match answer.status {
        200 => read.map(|document| Found::Document(Box::new(Document { validators, ..document }))),
        304 if *known != Validators::default() => Ok(Found::Unchanged(Validators {
            etag: validators.etag.or_else(|| known.etag.clone()),
            modified: validators.modified.or_else(|| known.modified.clone()),
        })),
        _ => Err(Fault::Unreachable("document_status")),
    }
}

type Looked = (Result<Answer, OutboundError>, Result<Document, Fault>);

async fn whole(context: &Context, call: Call, reader: Reader) -> Looked {
    let mut answer = context.ports.outbound.send(call).await;
    let body = answer.as_mut().map(|answer| std::mem::take(&mut answer.body)).unwrap_or_default();
    let read = tokio::task::spawn_blocking(move || reader.single(body)).await;
    (answer, read.unwrap_or(Err(Fault::Refused("document_reading"))))
}

async fn streamed(context: &Context, call: Call, reader: Reader) -> Looked {
    let (sender, receiver) = channel(PIECES);
    let reading = tokio::task::spawn_blocking(move || reader.aggregate(receiver));
    let answer = context.ports.outbound.stream(call, AGGREGATE_TIME, sender).await;
    (answer, reading.await.unwrap_or(Err(Fault::Refused("document_reading"))))
}

/// What the reading needs, on whichever thread.
struct Reader {
    signers: Vec<SigningCertificate>,
    entity_id: Option<String>,
    now_ms: i64,
    allow_http: bool,
}

impl Reader {
    fn options(&self) -> MetadataOptions<'_> {
        MetadataOptions { expected_entity_id: self.entity_id.as_deref(), now_ms: self.now_ms, allow_http: self.allow_http }
    }

    fn single(&self, body: Vec<u8>) -> Result<Document, Fault> {
        let reading = metadata::read(&body, &self.options(), &self.signers).map_err(refused)?;
        let body = String::from_utf8(body).map_err(|_| refused(SamlFault::Encoding.into()))?;
        Ok(document(body, reading))
    }

    fn aggregate(&self, receiver: Receiver<Vec<u8>>) -> Result<Document, Fault> {
        let mut pieces = Pieces { receiver, piece: Vec::new(), at: 0, kept: Some(Vec::new()) };
        let entity_id = self.entity_id.as_deref().unwrap_or_default();
        let slice = aggregate::cut(BufReader::new(&mut pieces), entity_id).map_err(refused)?;
        if let Some(whole) = pieces.kept.filter(|_| !self.signers.is_empty()) {
            // Small enough to check a signature over all of it. Both readings must agree on what was proven.
            let proven = metadata::read(&whole, &self.options(), &self.signers).map_err(refused)?;
            let reading = metadata::read(slice.as_bytes(), &self.options(), &[]).map_err(refused)?;
            if reading.descriptor.signing_certificates != proven.descriptor.signing_certificates
                || reading.descriptor.entity_id != proven.descriptor.entity_id
            {
                return Err(refused(SamlFault::SignatureInvalid.into()));
            }
            return Ok(document(slice, proven));
        }
        let reading = metadata::read(slice.as_bytes(), &self.options(), &self.signers).map_err(|fault| match fault {
            MetadataFault::Document(SamlFault::Unsigned) => refused(MetadataFault::AggregateSignature),
            other => refused(other),
        })?;
        Ok(document(slice, reading))
    }
}

fn document(body: String, reading: metadata::Reading) -> Document {
    Document {
        digest: sha256_b64(body.as_bytes()),
        body,
        descriptor: reading.descriptor,
        cache_ms: reading.cache_ms,
        validators: Validators::default(),
    }
}

fn refused(fault: MetadataFault) -> Fault {
    Fault::Refused(fault.reason())
}

/// A body as it arrives, readable on a blocking thread; the beginning is kept while it may still be the whole.
struct Pieces {
    receiver: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    kept: Option<Vec<u8>>,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            let Some(piece) = self.receiver.blocking_recv() else { return Ok(0) };
            let kept = self.kept.take().filter(|kept| kept.len() + piece.len() <= LIMIT);
            self.kept = kept.map(|mut kept| {
                kept.extend_from_slice(&piece);
                kept
            });
            (self.piece, self.at) = (piece, 0);
        }
        let count = into.len().min(self.piece.len() - self.at);
        into[..count].copy_from_slice(&self.piece[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
