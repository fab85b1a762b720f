//! From a request's `X-Amz-Target` to the operation that it names.
//!
//! Owns the reading of that header: exactly one, `<prefix>.<Operation>`, where the prefix names the service. Every operation of the models is
//! found; whether it is built is the table's matter.

use actix_web::http::header::HeaderMap;

use crate::cognito::model::{Api, OperationShape, SERVICES};

/// The operation that a request names.
pub fn find(headers: &HeaderMap) -> Option<(&'static Api, &'static OperationShape)> {
    let mut targets = headers.get_all("x-amz-target");
    let target = targets.next()?.to_str().ok()?;
    if targets.next().is_some() {
        return None;
    }
    let (prefix, name) = target.split_once('.')?;
    let api = SERVICES.iter().map(|service| service.api()).find(|api| api.target_prefix.as_deref() == Some(prefix))?;
    Some((api, api.operation(name)?))
}
