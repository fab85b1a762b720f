//! `fedgate serve`: runs the gateway until SIGTERM or SIGINT.
//!
//! Owns the order at start and what is printed once: where it listens, the first pool and client, and the admin key when it was just made.

use std::net::SocketAddr;

use crate::app::{self, App, metrics, upkeep};
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::commands::output::{self, Refused};
use crate::commands::{self, From, logging};

/// Runs it.
pub async fn run(from: &From) -> Result<(), Refused> {
    let config = from.load()?;
    logging::start(&config.telemetry);
    let refuse = |error| commands::explain(&config, &error);
    let server = app::bind(&config).map_err(refuse)?;
    let address = server.address();
    let public_url = app::public_url(&config, address);
    let app = App::build(&config, public_url, Clock::System, Random::System).await.map_err(refuse)?;
    let running = app.serve(server).map_err(refuse)?;
    let fault = |error: std::io::Error| Refused::Other(error.to_string());
    running.drain_on_signals().map_err(fault)?;
    if let Some(listen) = config.http.metrics_listen {
        let address = metrics::start(listen).map_err(refuse)?;
        tracing::info!(address = %address, "metrics");
    }
    upkeep::start(app.ports.clone(), app.broker.clone());
    tracing::info!(address = %address, public_url = app.ports.base_url(), replica = app.replica, "listening");
    for line in banner(&app, address) {
        output::line(&line);
    }
    running.finished().await.map_err(fault)?;
    tracing::info!("stopped");
    Ok(())
}

fn banner(app: &App, address: SocketAddr) -> Vec<String> {
    let base = app.ports.base_url();
    let mut lines = vec![format!("fedgate {} listens on {address}", env!("CARGO_PKG_VERSION")), format!("  public url   {base}")];
    if let Some((pool, client)) = &app.bootstrap.first_pool {
        lines.push(format!("  user pool    {pool}"));
        lines.push(format!("  app client   {client}"));
        lines.push(format!("  discovery    {}/.well-known/openid-configuration", app.ports.issuer(pool)));
    }
    if app.bootstrap.admin_key_is_new
        && let Some(key) = app.bootstrap.admin_keys.first()
    {
        lines.push(format!("  admin key    {}", key.access_key_id));
        lines.push(format!("  admin secret {}   (shown only this once)", key.secret_access_key.reveal()));
    }
    lines
}
