//! Metrics: the process's recorder and, where `http.metrics_listen` says so, `/metrics` in Prometheus' text form on its own address.
//!
//! Owns the recorder and the listener. Rooms record by the `metrics` macros, with labels from bounded sets only (L-08); without a listener
//! nobody records and the macros cost nothing. No page of the gateway itself shows metrics.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;

use crate::app::AppError;

/// A gauge that nobody set for so long vanishes: the provider is gone. Some are set once a day.
const FORGET: Duration = Duration::from_hours(25);

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The recorder of this process, installed at the first call.
pub fn recorder() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().idle_timeout(MetricKindMask::GAUGE, Some(FORGET)).build_recorder();
        let handle = recorder.handle();
        // Somebody else's recorder in this process would stay: then ours is empty.
        let _ = metrics::set_global_recorder(recorder);
        metrics::describe_gauge!("fedgate_certificate_expiry_seconds", "Time until a certificate or metadata document expires.");
        metrics::describe_gauge!("fedgate_metadata_age_seconds", "Time since the host confirmed a provider's metadata.");
        metrics::describe_counter!("fedgate_metadata_refresh_total", "Looks at providers' metadata, by outcome.");
        handle
    })
}

/// Serves `/metrics` on that address until the runtime ends; returns where.
pub fn start(address: SocketAddr) -> Result<SocketAddr, AppError> {
    let handle = Data::new(recorder().clone());
    let fault = |source| AppError::MetricsListen { address, source };
    let server = HttpServer::new(move || App::new().app_data(handle.clone()).route("/metrics", web::get().to(show)))
        .workers(1)
        .disable_signals()
        .bind(address)
        .map_err(fault)?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    tokio::spawn(server.run());
    Ok(bound)
}

async fn show(handle: Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(handle.render())
}
