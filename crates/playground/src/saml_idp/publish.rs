//! The stand-in's metadata host: an honest one, and one that is down, silent, wrong, expired, or serves many entities.
//!
//! Owns what is published where: `/metadata` (the provider itself), `/entities/{entityID}` (metadata query) and `/federation` (whatever a
//! test puts there), with validators, and a count of who asked. Which key signs responses is the provider's; certificates may be
//! announced before and withdrawn after, as providers do when they roll over.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::SamlIdpHandle;
use super::endpoints::Idp;
use super::response::SignatureSpec;
use super::signer::SigningKey;

/// What the host does wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 503.
    Down,
    /// No answer for a minute.
    Silent,
    /// 200 with this instead of metadata.
    Wrong(String),
}

/// How metadata is published.
#[derive(Default)]
pub(super) struct Publication(Mutex<Published>);

#[derive(Default)]
struct Published {
    trouble: Option<Trouble>,
    asked: usize,
    as_before: usize,
    attributes: String,
    signer: Option<SigningKey>,
    file: String,
}

impl Publication {
    fn lock(&self) -> MutexGuard<'_, Published> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document with the attributes and signature that were wished for.
    pub(super) fn dressed(&self, plain: &str) -> String {
        let published = self.lock();
        let mut document = plain.replacen(" entityID=", &format!("{} entityID=", published.attributes), 1);
        if let Some(signer) = &published.signer {
            let (head, rest) = document.split_once("<md:IDPSSODescriptor").expect("the stand-in's metadata has the role");
            let head = head.replacen(" entityID=", " ID=\"_metadata\" entityID=", 1);
            let template = SignatureSpec::default().template(signer, "_metadata");
            document = signer.sign_xml(&format!("{head}{template}<md:IDPSSODescriptor{rest}")).expect("the template fits");
        }
        document
    }
}

/// `GET /metadata`.
pub(super) async fn metadata(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    answer(&idp, &request, |idp| Some(idp.metadata())).await
}

/// `GET /entities/{entityID}`.
pub(super) async fn query(idp: web::Data<Idp>, request: HttpRequest, entity_id: web::Path<String>) -> HttpResponse {
    answer(&idp, &request, |idp| (*entity_id == idp.entity_id()).then(|| idp.metadata())).await
}

/// `GET /federation`.
pub(super) async fn file(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    answer(&idp, &request, |idp| Some(idp.publication.lock().file.clone())).await
}

async fn answer(idp: &Idp, request: &HttpRequest, body: impl Fn(&Idp) -> Option<String>) -> HttpResponse {
    let trouble = {
        let mut published = idp.publication.lock();
        published.asked += 1;
        published.trouble.clone()
    };
    let body = match trouble {
        Some(Trouble::Down) => return HttpResponse::ServiceUnavailable().body("down"),
        Some(Trouble::Silent) => {
            actix_web::rt::time::sleep(Duration::from_mins(1)).await;
            return HttpResponse::GatewayTimeout().finish();
        }
        Some(Trouble::Wrong(body)) => body,
        None => match body(idp) {
            Some(body) => body,
            None => return HttpResponse::NotFound().body("no such entity"),
        },
    };
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, body.as_bytes())));
    if request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        idp.publication.lock().as_before += 1;
        return HttpResponse::NotModified().insert_header((ETAG, etag)).finish();
    }
    HttpResponse::Ok()
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("application/samlmetadata+xml")
        .body(body)
}

impl SamlIdpHandle {
    /// Lets the metadata host misbehave, or behave again; sign-ins go on.
    pub fn metadata_trouble(&self, trouble: Option<Trouble>) {
        self.idp.publication.lock().trouble = trouble;
    }

    /// How often any metadata was asked for, and how often the answer was "as before".
    pub fn metadata_asked(&self) -> (usize, usize) {
        let published = self.idp.publication.lock();
        (published.asked, published.as_before)
    }

    /// More attributes of the `EntityDescriptor`, such as ` validUntil="…"` (with the blank).
    pub fn metadata_attributes(&self, attributes: &str) {
        attributes.clone_into(&mut self.idp.publication.lock().attributes);
    }

    /// Signs the metadata from now on, or no longer.
    pub fn sign_metadata(&self, signer: Option<SigningKey>) {
        self.idp.publication.lock().signer = signer;
    }

    /// What `/federation` serves.
    pub fn publish_file(&self, body: String) {
        self.idp.publication.lock().file = body;
    }

    /// Where `/federation` is.
    pub fn file_url(&self) -> String {
        format!("{}/federation", self.base_url)
    }

    /// The base of the metadata query service: `…/entities/`.
    pub fn query_url(&self) -> String {
        format!("{}/entities/", self.base_url)
    }

    /// Lists a further certificate in the metadata; the key that signs stays.
    pub fn announce(&self, key: &SigningKey) {
        self.idp.lock().published.push(key.certificate_base64());
    }

    /// Takes a certificate out of the metadata.
    pub fn withdraw(&self, key: &SigningKey) {
        let gone = key.certificate_base64();
        self.idp.lock().published.retain(|certificate| *certificate != gone);
    }

    /// Signs with another key from now on; the metadata stays as it is.
    pub fn sign_with(&self, key: SigningKey) {
        self.idp.lock().keys = vec![key];
    }
}
