//! The broker: carries a login out to an identity provider and back.
//!
//! Owns the transaction (state or RelayState → what was asked, for which browser, what the provider must remember), its single use and the
//! re-check of pool, client and provider when the answer arrives (O-01, O-20). The protocol is each provider's; users are
//! `identity`'s; codes and sessions are `auth_flows`'.

use std::sync::Arc;

use crate::context::Context;
use crate::federation::provider::{Departure, Provider};
use crate::model::authorization::Authorization;
use crate::model::failure::Failure;
use crate::model::identity_provider::ProviderKind;

/// The broker with its table of provider kinds.
#[derive(Debug)]
pub struct Broker {
    providers: Vec<Arc<dyn Provider>>,
}

impl Broker {
    /// A broker that speaks what the table holds (`providers::table`).
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self { providers }
    }

    /// The implementation of a kind.
    pub fn provider(&self, kind: ProviderKind) -> Option<Arc<dyn Provider>> {
        self.providers.iter().find(|provider| provider.kind() == kind).cloned()
    }

    /// Sends the browser to the provider of that name. `browser` is the value of the browser cookie that must come back with the answer.
    pub async fn begin(
        &self,
        context: &Context,
        authorization: Authorization,
        provider_name: &str,
        browser: &str,
    ) -> Result<Departure, Failure> {
        let _ = (context, authorization, provider_name, browser);
        todo!()
    }
}
