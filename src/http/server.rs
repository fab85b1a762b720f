//! The listener: sockets, TLS, timeouts, connection bounds and the graceful drain.
//!
//! Owns actix's server. What it serves comes as a function that registers routes; what surrounds them is `layer`.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server as ActixServer, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};
use thiserror::Error;

use crate::http::layer::{self, Seam};
use crate::http::limits::SAML_LIMIT;
use crate::http::tls::{self, TlsError, TlsFiles};

/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Settings of the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// TLS, or plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Worker threads; `None`: one for each core.
    pub workers: Option<usize>,
    /// Open connections over all workers; more wait unaccepted.
    pub max_connections: usize,
    /// How long in-flight requests may take after a stop signal, seconds.
    pub drain_s: u64,
}

/// The listener could not start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address is taken, not ours, or a privileged port.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A bound listener.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    settings: ServerSettings,
}

impl Server {
    /// Binds the address, so that clients may connect from now on; they are answered once [`Server::start`] ran.
    pub fn bind(settings: ServerSettings) -> Result<Self, ServerError> {
        let fault = |source| ServerError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        Ok(Self { address, listener, settings })
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the workers. Must be called inside a tokio runtime; the result runs until it is stopped.
    pub fn start<F>(self, seam: Seam, routes: F) -> Result<Running, ServerError>
    where
        F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let workers = self.settings.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from)).max(1);
        let server = HttpServer::new(move || {
            let seam = seam.clone();
            App::new()
                .app_data(web::PayloadConfig::new(SAML_LIMIT))
                .app_data(web::FormConfig::default().limit(SAML_LIMIT))
                .app_data(web::JsonConfig::default().limit(SAML_LIMIT))
                .configure(routes.clone())
                .default_service(web::to(layer::not_found))
                .wrap(from_fn(move |request, next| layer::handle(seam.clone(), request, next)))
        })
        .workers(workers)
        .max_connections(self.settings.max_connections.div_ceil(workers))
        .client_request_timeout(HEAD_TIMEOUT)
        .tls_handshake_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(self.settings.drain_s)
        .disable_signals();
        let fault = |source| ServerError::Listen { address: self.address, source };
        let server = match &self.settings.tls {
            Some(files) => server.listen_rustls_0_23(self.listener, tls::load(files)?).map_err(fault)?,
            None => server.listen(self.listener).map_err(fault)?,
        };
        let server = server.run();
        Ok(Running { handle: server.handle(), server })
    }
}

/// A running server.
pub struct Running {
    server: ActixServer,
    handle: ServerHandle,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl Running {
    /// Stops it from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.handle.clone())
    }

    /// Serves until stopped; what was in flight has ended then.
    pub async fn finished(self) -> std::io::Result<()> {
        self.server.await
    }

    /// From now on SIGTERM and SIGINT drain: no new connections, in-flight requests finish within the drain time. To be called before
    /// anybody is told that the server runs, since an unexpected signal kills at once.
    pub fn drain_on_signals(&self) -> std::io::Result<()> {
        let stopper = self.stopper();
        let signal = termination()?;
        tokio::spawn(async move {
            signal.await;
            tracing::info!("draining");
            stopper.drain().await;
        });
        Ok(())
    }
}

/// Stops a running server.
#[derive(Clone)]
pub struct Stopper(ServerHandle);

impl std::fmt::Debug for Stopper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stopper").finish()
    }
}

impl Stopper {
    /// Lets in-flight requests finish.
    pub async fn drain(&self) {
        self.0.stop(true).await;
    }

    /// Stops at once, without waiting.
    pub fn stop(&self) {
        drop(self.0.stop(false));
    }
}

/// Resolves at the first SIGTERM or SIGINT after the call.
fn termination() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
