//! The seam with a few handlers of the tests' own instead of faces: what the seam promises, it promises for any handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use fedgate::base::ids;
use fedgate::base::random::Random;
use fedgate::http::audit::AuditEvent;
use fedgate::http::facts::RequestFacts;
use fedgate::http::layer::Seam;
use fedgate::http::page;
use fedgate::http::server::{Server, ServerSettings, Stopper};
use fedgate::http::target::{Hosts, Served};
use fedgate::http::tls::TlsFiles;

use crate::harness::audit::{self, AuditLine};

/// Serves `known.example` and `127.0.0.1`; cannot tell about `unsure.example`.
#[derive(Debug)]
struct SomeHosts;

impl Hosts for SomeHosts {
    fn serves<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = Served> + Send + 'a>> {
        let name = host.split(':').next().unwrap_or_default();
        let served = match name {
            "known.example" | "127.0.0.1" | "localhost" => Served::Yes,
            "unsure.example" => Served::Unknown,
            _ => Served::No,
        };
        Box::pin(async move { served })
    }
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Bare {
    /// `http://address`.
    pub url: String,
    /// `127.0.0.1:port`.
    pub address: String,
    pub stopper: Stopper,
    replica: String,
}

impl Bare {
    pub async fn start() -> Self {
        Self::with(None, |_| {}).await
    }

    #[expect(clippy::unused_async, reason = "the server starts on the runtime of its caller")]
    pub async fn with(tls: Option<TlsFiles>, change: impl FnOnce(&mut Seam)) -> Self {
        audit::install();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let settings =
            ServerSettings { listen: "127.0.0.1:0".parse().unwrap(), tls, workers: Some(1), max_connections: 64, drain_s: 10 };
        let server = Server::bind(settings).unwrap();
        let address = server.address().to_string();
        let replica = ids::uuid(&Random::System);
        let mut seam = Seam {
            secure: false,
            trusted_proxies: Vec::new(),
            random: Random::System,
            replica: replica.clone(),
            hosts: Arc::new(SomeHosts),
            body_timeout: Duration::from_secs(15),
        };
        change(&mut seam);
        let running = server.start(seam, routes).unwrap();
        let stopper = running.stopper();
        tokio::spawn(running.finished());
        Self { url: format!("{scheme}://{address}"), address, stopper, replica }
    }

    pub fn audit(&self) -> Vec<AuditLine> {
        audit::of(&self.replica)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/", web::post().to(length))
        .service(web::resource("/plain").route(web::get().to(HttpResponse::Ok)).route(web::post().to(length)))
        .route("/{pool_id}/oauth2/token", web::post().to(length))
        .route("/{pool_id}/saml2/idpresponse", web::post().to(length))
        .route("/facts", web::get().to(facts))
        .route("/redirect", web::get().to(redirect))
        .route("/own", web::get().to(own_headers))
        .route("/page", web::get().to(|| async { page::error(actix_web::http::StatusCode::BAD_REQUEST, "ref-1") }))
        .route("/fault", web::get().to(HttpResponse::InternalServerError))
        .route("/panic", web::get().to(panics))
        .route("/audited", web::get().to(audited))
        .route("/slow", web::get().to(slow))
        .route("/healthz", web::get().to(HttpResponse::Ok));
}

async fn length(body: Bytes) -> String {
    body.len().to_string()
}

async fn facts(facts: web::ReqData<RequestFacts>) -> String {
    format!("{} {}", facts.client_address.map_or("-".to_owned(), |address| address.to_string()), facts.host)
}

async fn redirect() -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", "https://app.example/")).finish()
}

async fn own_headers() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Content-Security-Policy", "default-src 'self'"))
        .insert_header(("Cache-Control", "public, max-age=60"))
        .insert_header(("X-Frame-Options", "SAMEORIGIN"))
        .finish()
}

async fn panics() -> HttpResponse {
    panic!("a test's panic");
}

async fn audited(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok().finish();
    AuditEvent::success("test.done")
        .with("client.id", "abc")
        .with("colour", request.query_string())
        .with("text", "a\r\nb\u{1b}[31mc\0d\u{2028}e")
        .attach(&mut response);
    response
}

/// Answers when the test says so (`gate()`), for drains.
async fn slow() -> String {
    GATE.notified().await;
    "finished".to_owned()
}

static GATE: tokio::sync::Notify = tokio::sync::Notify::const_new();

/// Lets `/slow` answer.
pub fn open_gate() {
    GATE.notify_one();
}
