//! The operation trait, and the form in which operations stand in the table.
//!
//! An operation says its name, who may call it, how far it reaches, which failures it adds, and handles a request that was already checked
//! against its shape. A new operation is a file in its family's folder and a line in that family's array.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cognito::caller::Caller;
use crate::cognito::model::{Need, Service};
use crate::context::Context;
use crate::federation::broker::Broker;
use crate::model::failure::Failure;

/// One call of an operation.
#[derive(Debug)]
pub struct Call {
    /// The request's context.
    pub context: Context,
    /// The identity providers that this build speaks.
    pub broker: Arc<Broker>,
    /// Who calls.
    pub caller: Caller,
    facts: Mutex<Vec<(&'static str, String)>>,
}

impl Call {
    /// A call by that caller.
    pub fn new(context: Context, broker: Arc<Broker>, caller: Caller) -> Self {
        Self { context, broker, caller, facts: Mutex::default() }
    }

    /// Adds a fact to the audit event, such as the id of what was created.
    pub fn note(&self, field: &'static str, value: impl Into<String>) {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).push((field, value.into()));
    }

    /// The facts noted so far.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether an operation changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Read,
    /// It changes something: not for read-only keys.
    Write,
}

/// How far an operation reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One pool, named by the member `UserPoolId`; the dispatcher checks that the caller reaches it.
    Pool,
    /// The installation: only for callers who reach everything.
    Everything,
    /// The operation itself leaves out what the caller does not reach.
    Own,
}

/// An operation of the API.
pub trait Operation: 'static {
    /// Its wire name.
    const NAME: &'static str;
    /// The service that it belongs to.
    const SERVICE: Service = Service::Idp;
    /// Who may call it; the models say the same (P-01, tested).
    const CALLER: Need = Need::Signature;
    /// Whether it changes anything.
    const EFFECT: Effect;
    /// How far it reaches.
    const REACH: Reach = Reach::Pool;
    /// The exceptions that its own rules answer beyond the common ones (`InvalidParameter`, `NotAuthorized`, `ResourceNotFound`,
    /// `TooManyRequests`, `InternalError`).
    const FAILURES: &'static [&'static str] = &[];
    /// The request, or what of it is used.
    type Input: DeserializeOwned + Send;
    /// The response.
    type Output: Serialize;

    /// Does it.
    fn handle(call: &Call, input: Self::Input) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

type Run = fn(Arc<Call>, Value) -> Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send>>;

/// An operation in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its wire name.
    pub name: &'static str,
    /// The service that it belongs to.
    pub service: Service,
    /// Who may call it.
    pub caller: Need,
    /// Whether it changes anything.
    pub effect: Effect,
    /// How far it reaches.
    pub reach: Reach,
    /// The exceptions of its own rules.
    pub failures: &'static [&'static str],
    /// Does it, with a request that fits its shape.
    pub run: Run,
}

impl Entry {
    /// The entry of an operation.
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            service: O::SERVICE,
            caller: O::CALLER,
            effect: O::EFFECT,
            reach: O::REACH,
            failures: O::FAILURES,
            run: run::<O>,
        }
    }
}

fn run<O: Operation>(call: Arc<Call>, input: Value) -> Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send>> {
    Box::pin(async move {
        let input = serde_json::from_value(input).map_err(Failure::internal)?;
        let output = O::handle(&call, input).await?;
        serde_json::to_value(output).map_err(Failure::internal)
    })
}
