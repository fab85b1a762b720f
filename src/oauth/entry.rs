//! The beginning of every endpoint: the context of the request and the pool that it is for.
//!
//! Does not decide anything else; endpoints answer a missing pool and a failure in their own form.

use std::sync::Arc;

use actix_web::HttpRequest;

use crate::context::Context;
use crate::http::facts::RequestFacts;
use crate::model::failure::Failure;
use crate::oauth::OAuthState;
use crate::oauth::error::{self, OAuthError, translate};
use crate::user_pools::address::{self, ServedPool};

/// The request's context.
pub fn context(state: &OAuthState, facts: &RequestFacts) -> Context {
    Context { ports: Arc::clone(&state.ports), request_id: facts.request_id.clone() }
}

/// The pool that a request is for.
pub async fn served(context: &Context, request: &HttpRequest, facts: &RequestFacts) -> Result<Option<ServedPool>, Failure> {
    address::resolve(context, request.match_info().get("pool_id"), &facts.host).await
}

/// The id of the pool that a request is for, or the error that says that there is none.
pub async fn pool_id(context: &Context, request: &HttpRequest, facts: &RequestFacts) -> Result<String, OAuthError> {
    let served = served(context, request, facts).await.map_err(|failure| translate(context, &failure))?;
    Ok(served.ok_or_else(error::no_pool)?.pool.id.clone())
}
