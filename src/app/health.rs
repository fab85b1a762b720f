//! `/healthz` (the process is up) and `/readyz` (store and cache answer).
//!
//! Owns the two answers; they name what is down and nothing else: no versions, no addresses (L-10).

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, ReqData};
use serde_json::json;

use crate::context::Ports;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;

/// How long a port may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process is up.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Store and cache answer.
pub async fn ready(ports: Data<Ports>, facts: ReqData<RequestFacts>) -> HttpResponse {
    let (store, cache) =
        tokio::join!(tokio::time::timeout(PATIENCE, ports.store.ping()), tokio::time::timeout(PATIENCE, ports.cache.ping()),);
    let mut down = Vec::new();
    if !matches!(store, Ok(Ok(()))) {
        down.push("store");
    }
    if !matches!(cache, Ok(Ok(()))) {
        down.push("cache");
    }
    if down.is_empty() {
        return HttpResponse::Ok().json(json!({ "status": "ok" }));
    }
    let names = down.join(",");
    let mut response =
        HttpResponse::ServiceUnavailable().json(json!({ "status": "unavailable", "down": down, "request_id": facts.request_id }));
    AuditEvent::error("health.ready", "unavailable").with("down", names).attach(&mut response);
    response
}
