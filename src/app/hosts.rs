//! Which hosts are served: the public origin and the domains of pools (U-06).
//!
//! Owns nothing but the bridge from the seam's question to `user_pools::address`.

use std::future::Future;
use std::pin::Pin;

use crate::context::Context;
use crate::http::target::{Hosts, Served};
use crate::user_pools::address;

/// The hosts of all pools.
#[derive(Debug)]
pub struct PoolHosts {
    context: Context,
}

impl PoolHosts {
    /// Asks the ports of `context`.
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

impl Hosts for PoolHosts {
    fn serves<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = Served> + Send + 'a>> {
        Box::pin(async move {
            match address::is_known_host(&self.context, host).await {
                Ok(true) => Served::Yes,
                Ok(false) => Served::No,
                Err(_) => Served::Unknown,
            }
        })
    }
}
