//! The playground's ends of HTTP: one small server on a loopback port, in a thread of its own, and one plain client.
//!
//! The thread carries its own runtime, so that a stand-in outlives the test function's runtime, cannot starve it, and ends
//! when its handle is dropped. Neighbours: `oidc_idp`, `saml_idp` and `app` serve through it.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};

/// A bound port that does not answer yet: its address is known before the pages that print it are built.
pub struct Bound {
    listener: TcpListener,
    port: u16,
}

/// A running server; dropping it stops it at once.
pub struct Running {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Binds `127.0.0.1:port`; port 0 takes any free one.
pub fn bind(port: u16) -> io::Result<Bound> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = listener.local_addr()?.port();
    Ok(Bound { listener, port })
}

impl Bound {
    /// The port that was taken.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts to answer with the routes that `configure` registers.
    pub fn serve<F>(self, configure: F) -> io::Result<Running>
    where
        F: Fn(&mut ServiceConfig) + Send + Clone + 'static,
    {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name(format!("stand-in-{}", self.port)).spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let built = HttpServer::new(move || App::new().configure(configure.clone()))
                    .workers(1)
                    .disable_signals()
                    .shutdown_timeout(1)
                    .client_request_timeout(Duration::from_secs(10))
                    .listen(self.listener);
                match built {
                    Ok(server) => {
                        let server = server.run();
                        let _ = sender.send(Ok(server.handle()));
                        let _ = server.await;
                    }
                    Err(error) => {
                        let _ = sender.send(Err(error));
                    }
                }
            });
        })?;
        let handle = receiver.recv().map_err(|_| io::Error::other("the server thread ended"))??;
        Ok(Running { handle, thread: Some(thread) })
    }
}

impl Running {
    /// Stops the server and waits until its port is free again.
    pub fn stop(mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent by the call; the future that it answers only waits for the end.
        drop(self.handle.stop(false));
    }
}

/// The HTTP client of the stand-ins, the sample app and the screenless browser: no redirects, no proxy.
#[expect(clippy::disallowed_methods, reason = "the playground is outside the gateway and its outbound door")]
pub fn http_client() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    client.expect("a plain HTTP client can be built")
}
