//! The outbound client, requirement by requirement (N-01 to N-10).
//!
//! `guard` holds the address vectors, `client` what a call may do, `tls` whom it trusts, `server` the small local servers that they
//! call. Every refusal stands beside its control.

mod client;
mod guard;
pub(crate) mod server;
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fedgate::outbound::{Call, Found, Lookup, Outbound, OutboundSettings};

/// A client that may call `allow`.
pub(crate) fn outbound(allow: &[&str]) -> Outbound {
    Outbound::new(&settings(allow)).unwrap()
}

/// Settings with those networks.
pub(crate) fn settings(allow: &[&str]) -> OutboundSettings {
    OutboundSettings { allow: allow.iter().map(|network| network.parse().unwrap()).collect(), extra_roots: Vec::new() }
}

/// A GET that accepts up to 1,024 bytes.
pub(crate) fn get(url: &str) -> Call {
    Call { method: "GET", url: url.to_owned(), headers: Vec::new(), body: Vec::new(), limit: 1024 }
}

/// A resolver that gives each name its answers in turn.
#[derive(Debug, Default)]
pub(crate) struct Names {
    answers: BTreeMap<String, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    /// A name for each address: `n0.example.test`, `n1.example.test` …
    pub(crate) fn numbered(addresses: &[&str]) -> Arc<Self> {
        let answers = addresses.iter().enumerate();
        let answers = answers.map(|(number, address)| (format!("n{number}.example.test"), vec![vec![address.parse().unwrap()]]));
        Arc::new(Self { answers: answers.collect(), asked: AtomicUsize::new(0) })
    }

    /// Answers for one name, used in turn for ever.
    pub(crate) fn of(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let parsed = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers: BTreeMap::from([(name.to_owned(), parsed)]), asked: AtomicUsize::new(0) })
    }
}

impl Lookup for Names {
    fn lookup(&self, host: &str) -> Found {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(host).map(|answers| answers[turn % answers.len()].clone());
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}
