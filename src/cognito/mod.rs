//! The Cognito face: `POST /` with `X-Amz-Target`, JSON 1.1, SigV4.
//!
//! Translates only. `target` finds the operation, `caller` proves who calls, `json` and `validate` read the body by the service `model`, the
//! operation's file does the work through the capabilities, `error` and `wire` form the answer. `declare` applies the pools of the
//! configuration file through the same capabilities.

pub mod admin;
pub mod caller;
pub mod coverage;
pub mod cursor;
pub mod declare;
pub mod error;
pub mod idp;
pub mod json;
pub mod model;
pub mod operation;
pub mod rest;
pub mod sigv4;
pub mod target;
pub mod validate;
pub mod wire;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes, Data, ReqData, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use crate::cognito::caller::{AccessKey, Caller};
use crate::cognito::error::Exception;
use crate::cognito::model::{Api, Need, OperationShape, Service};
use crate::cognito::operation::{Call, Effect, Entry, Reach};
use crate::cognito::sigv4::Scope;
use crate::cognito::validate::Misfit;
use crate::context::{Context, Ports};
use crate::federation::broker::Broker;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::model::failure::Failure;
use crate::user_pools::pools;

/// What the face needs; `app` registers it as `web::Data<Face>`.
#[derive(Debug)]
pub struct Face {
    /// The process's ports.
    pub ports: Arc<Ports>,
    /// The identity providers that this build speaks.
    pub broker: Arc<Broker>,
    /// The access keys of administrators.
    pub keys: Vec<AccessKey>,
}

/// Every operation that is built.
pub fn operations() -> impl Iterator<Item = &'static Entry> {
    idp::FAMILIES.iter().copied().flatten()
}

/// Registers the face's routes. The face's state must be registered as `web::Data<Face>`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::post().to(post))
        .route("/", web::method(Method::OPTIONS).to(preflight))
        .route("/identitypools", web::to(sync))
        .route("/identitypools/{rest:.*}", web::to(sync));
}

async fn preflight() -> HttpResponse {
    wire::preflight()
}

async fn post(request: HttpRequest, body: Bytes, face: Data<Face>, facts: ReqData<RequestFacts>) -> HttpResponse {
    if admin::is_named(request.headers()) {
        return admin::post(&request, &body, &face, &facts).await;
    }
    let Some((api, shape)) = target::find(request.headers()) else {
        return refuse(
            &Exception::unknown_operation(),
            AuditEvent::refused("cognito.unknown", "unknown_operation"),
            &facts.request_id,
        );
    };
    let mut noted = Vec::new();
    let outcome = serve(&request, &body, &face, &facts, (api, shape), &mut noted).await;
    let with_facts = |event: AuditEvent| noted.into_iter().fold(event, |event, (field, value)| event.with(field, value));
    match outcome {
        Ok(output) => {
            let mut response = wire::success(&output, &facts.request_id);
            with_facts(AuditEvent::success(&shape.event)).attach(&mut response);
            response
        }
        Err(exception) => {
            let event = if exception.status >= 500 { AuditEvent::error } else { AuditEvent::refused };
            refuse(&exception, with_facts(event(&shape.event, exception.reason)), &facts.request_id)
        }
    }
}

/// Cognito Sync: every operation is known, none is built.
async fn sync(request: HttpRequest, body: Bytes, face: Data<Face>, facts: ReqData<RequestFacts>) -> HttpResponse {
    let Some(shape) = rest::find(request.method().as_str(), request.uri().path()) else {
        return refuse(
            &Exception::unknown_operation(),
            AuditEvent::refused("cognito.unknown", "unknown_operation"),
            &facts.request_id,
        );
    };
    let proven = prove(&request, &body, &face, &facts, Service::Sync.api());
    let exception = proven.map_or_else(|exception| exception, |_| Exception::not_enabled(&shape.name));
    refuse(&exception, AuditEvent::refused(&shape.event, exception.reason), &facts.request_id)
}

fn refuse(exception: &Exception, event: AuditEvent, request_id: &str) -> HttpResponse {
    let mut response = wire::failure(exception, request_id);
    event.attach(&mut response);
    response
}

/// What the audit line of a call says beside its name and outcome.
type Noted = Vec<(&'static str, String)>;

async fn serve(
    request: &HttpRequest,
    body: &Bytes,
    face: &Face,
    facts: &RequestFacts,
    (api, shape): (&'static Api, &'static OperationShape),
    noted: &mut Noted,
) -> Result<Value, Exception> {
    if !wire::is_json(request.headers().get(CONTENT_TYPE)) {
        return Err(Exception::unknown_operation());
    }
    let caller = match shape.need {
        Need::Signature => prove(request, body, face, facts, api)?,
        // A signature on a public operation is ignored, as on AWS.
        Need::AccessToken | Need::Nothing => Caller::Anyone,
    };
    if let Caller::Key { id, .. } = &caller {
        noted.push(("access_key.id", id.clone()));
    }
    let entry = operations()
        .find(|entry| entry.service == api.service && entry.name == shape.name)
        .ok_or_else(|| Exception::not_enabled(&shape.name))?;
    permit(entry, &caller)?;
    let input = read(api, shape, body)?;
    let pool_id = input.get("UserPoolId").and_then(Value::as_str);
    noted.extend(pool_id.map(|id| ("user_pool.id", id.to_owned())));
    if let (Reach::Pool, Some(pool_id)) = (entry.reach, pool_id)
        && !caller.reaches(pool_id)
    {
        return Err(pools::not_found(pool_id).into());
    }
    let context = Context { ports: face.ports.clone(), request_id: facts.request_id.clone() };
    let call = Arc::new(Call::new(context, face.broker.clone(), caller));
    // On a task of its own: a client that goes away does not stop work half way (F-12).
    let result = actix_web::rt::spawn((entry.run)(call.clone(), input)).await;
    noted.extend(call.facts());
    match result {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(failure)) => {
            if let Failure::Internal(source) = &failure {
                tracing::error!(operation = entry.name, error = %chain(source.as_ref()), request.id = %facts.request_id, "operation failed");
            }
            Err(failure.into())
        }
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Failure::Unavailable("the gateway").into()),
        },
    }
}

fn prove(request: &HttpRequest, body: &Bytes, face: &Face, facts: &RequestFacts, api: &Api) -> Result<Caller, Exception> {
    let region = face.ports.region.as_str();
    let scope = Scope {
        service: api.service.signing_name(),
        region: (region != "local").then_some(region),
        now_ms: face.ports.clock.now_ms(),
    };
    Ok(caller::prove(request, &facts.host, body, &face.keys, scope)?)
}

fn permit(entry: &Entry, caller: &Caller) -> Result<(), Exception> {
    if entry.caller != Need::Signature {
        return Ok(());
    }
    let writes = entry.effect == Effect::Write && !caller.is_full();
    let too_far = entry.reach == Reach::Everything && !caller.reaches_everything();
    if writes || too_far { Err(Exception::access_denied(entry.name)) } else { Ok(()) }
}

fn read(api: &Api, shape: &OperationShape, body: &[u8]) -> Result<Value, Exception> {
    let empty = || Value::Object(Map::new());
    let document = if body.trim_ascii().is_empty() { empty() } else { json::parse(body).map_err(Exception::serialization)? };
    let Some(input) = shape.input else { return Ok(empty()) };
    validate::request(api, input, document).map_err(|misfit| match &misfit {
        Misfit::Type(_) => Exception::serialization(misfit.message()),
        Misfit::Constraints(_) => Failure::InvalidParameter(misfit.message()).into(),
    })
}

/// An error with all its sources, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
