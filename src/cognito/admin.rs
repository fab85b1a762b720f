//! Our own operations for administrators, beside Cognito's: `X-Amz-Target: FedgateAdmin.<Operation>`, signed by SigV4 as theirs are (service
//! `cognito-idp`), JSON in and out.
//!
//! Owns `FedgateAdmin.ExplainUser`: `{"UserPoolId": "...", "User": "..."}` → what `fedgate explain --json` prints, `User` being a user name, a sub
//! or `provider:subject`. It only reads: read-only keys may call it, keys of some pools only for these (P-09, P-17). Cognito's models know
//! nothing of it, so it stands outside their table.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::cognito::caller::Caller;
use crate::cognito::error::Exception;
use crate::cognito::model::Service;
use crate::cognito::{Face, Noted, json, prove, refuse, wire};
use crate::federation::explain;
use crate::http::audit::AuditEvent;
use crate::http::facts::RequestFacts;
use crate::model::failure::Failure;
use crate::user_pools::pools;

const EXPLAIN_USER: &str = "FedgateAdmin.ExplainUser";
const EVENT: &str = "admin.explain_user";
/// Longest name of a user: a provider's name and its longest subject.
const MAX_USER: usize = 2_200;

/// Whether a request names an operation of this file.
pub fn is_named(headers: &HeaderMap) -> bool {
    let mut targets = headers.get_all("x-amz-target");
    let named = targets.next().is_some_and(|target| target.as_bytes() == EXPLAIN_USER.as_bytes());
    named && targets.next().is_none()
}

/// Answers it.
pub async fn post(request: &HttpRequest, body: &Bytes, face: &Face, facts: &RequestFacts) -> HttpResponse {
    let mut noted = Noted::new();
    match explained(request, body, face, facts, &mut noted).await {
        Ok(output) => {
            let mut response = wire::success(&output, &facts.request_id);
            AuditEvent::success(EVENT).with_all(noted).attach(&mut response);
            response
        }
        Err(exception) => {
            let event = if exception.status >= 500 { AuditEvent::error } else { AuditEvent::refused };
            refuse(&exception, event(EVENT, exception.reason).with_all(noted), &facts.request_id)
        }
    }
}

async fn explained(
    request: &HttpRequest,
    body: &Bytes,
    face: &Face,
    facts: &RequestFacts,
    noted: &mut Noted,
) -> Result<Value, Exception> {
    if !wire::is_json(request.headers().get(CONTENT_TYPE)) {
        return Err(Exception::unknown_operation());
    }
    let caller = prove(request, body, face, facts, Service::Idp.api())?;
    if let Caller::Key { id, .. } = &caller {
        noted.push(("access_key.id", id.clone()));
    }
    let input = json::parse(body).map_err(Exception::serialization)?;
    let member = |name: &str, most: usize| {
        let text = input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= most);
        text.ok_or_else(|| Exception::from(Failure::InvalidParameter(format!("{name} must be a text of 1 to {most} bytes."))))
    };
    let (pool_id, user) = (member("UserPoolId", 55)?, member("User", MAX_USER)?);
    noted.push(("user_pool.id", pool_id.to_owned()));
    if !caller.reaches(pool_id) {
        return Err(pools::not_found(pool_id).into());
    }
    let mut work = face.ports.store.read().await.map_err(Failure::from)?;
    let pool = pools::find(&mut work, pool_id).await?;
    let explained = explain::explain(&mut work, &pool, user).await?;
    noted.push(("user.sub", explained.user.sub.clone()));
    Ok(explained.to_json())
}
