//! A panic in a handler is a bug, not the end of the connection: it becomes a 500 with its audit line.
//!
//! Owns the future that catches; the panic hook that logs the place is set by `commands`.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Resolves to `None` when the inner future panics.
#[derive(Debug)]
pub struct Caught<F>(Pin<Box<F>>);

/// Wraps a future.
pub fn caught<F: Future>(future: F) -> Caught<F> {
    Caught(Box::pin(future))
}

impl<F: Future> Future for Caught<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // What the handler shares is atomic or locked with poison ignored, and its transaction rolls back when dropped.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Err(_) => Poll::Ready(None),
        }
    }
}
