//! The page trait: a path, an answer to GET, one to its form where it has one, and a sample for the tests.
//!
//! A page is a file in `pages`, a template in `templates/pages` and a line in the table.

use std::future::Future;
use std::pin::Pin;

use actix_web::{HttpRequest, HttpResponse};

use crate::context::Context;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;
use crate::user_pools::address::ServedPool;

/// A boxed future, since pages stand in a table. It stays on its worker thread, as actix's requests do.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A request for a page.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The request's context.
    pub context: &'a Context,
    /// The pool that it is for.
    pub served: &'a ServedPool,
    /// The request itself.
    pub request: &'a HttpRequest,
}

/// A hosted page.
pub trait Page: Send + Sync {
    /// Its path on the pool's domain.
    fn path(&self) -> &'static str;

    /// The name of its audit events.
    fn event(&self) -> &'static str;

    /// Answers GET.
    fn get<'a>(&'a self, visit: Visit<'a>) -> Boxed<'a, Result<HttpResponse, Failure>>;

    /// Answers POST of a form of this page; `None` where the page has none. Whether the form is ours is the page's to check.
    fn post<'a>(&'a self, _visit: Visit<'a>, _form: Parameters) -> Option<Boxed<'a, Result<HttpResponse, Failure>>> {
        None
    }

    /// Whether the page has a form.
    fn takes_form(&self) -> bool {
        false
    }

    /// The page with sample data that has markup in every text, as HTML.
    fn sample(&self) -> Result<String, Failure>;
}
