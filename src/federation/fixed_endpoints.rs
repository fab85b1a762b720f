//! Endpoints of services whose addresses everybody knows (Google, Apple, Facebook, Amazon), and the one way to put a stand-in there.
//!
//! The true addresses are constants of each provider's file. `ProviderDetails` shows them, as Cognito's describe answers do, and takes them
//! back unchanged. Other addresses are taken only as a whole set on one origin, and only where the operator's `outbound.allow` admits them:
//! plain http or a port of its own, which `outbound` reaches in those networks and nowhere else, checked at every connection. So a caller of
//! the API cannot send codes and secrets meant for a service to a place of its choice. Neighbours: the providers; `outbound` decides.

use std::collections::BTreeMap;

use url::{Origin, Url};

use crate::context::Context;
use crate::model::failure::Failure;

/// Where a service is: its true addresses, or a stand-in's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedEndpoints {
    urls: BTreeMap<&'static str, String>,
    stand_in: bool,
}

impl FixedEndpoints {
    /// Reads the endpoints from `details`; `truth` lists every key with its true address. [`Failure::InvalidParameter`] names the key
    /// that is neither true nor part of a whole stand-in. No address is resolved here: see [`Self::admit`].
    pub fn read(details: &BTreeMap<String, String>, truth: &[(&'static str, &str)]) -> Result<Self, Failure> {
        let given = |key: &str, url: &str| details.get(key).filter(|value| value.as_str() != url);
        if truth.iter().all(|(key, url)| given(key, url).is_none()) {
            let urls = truth.iter().map(|(key, url)| (*key, (*url).to_owned())).collect();
            return Ok(Self { urls, stand_in: false });
        }
        let mut urls = BTreeMap::new();
        let mut place: Option<Origin> = None;
        for (key, url) in truth {
            let value = given(key, url).ok_or_else(|| not_whole(key, url))?;
            let origin = stand_in_origin(value).ok_or_else(|| not_admitted(key, url))?;
            if place.get_or_insert_with(|| origin.clone()) != &origin {
                return Err(not_whole(key, url));
            }
            urls.insert(*key, value.clone());
        }
        Ok(Self { urls, stand_in: true })
    }

    /// The address of a key. Empty for a key that `truth` did not list.
    pub fn url(&self, key: &str) -> &str {
        self.urls.get(key).map_or("", String::as_str)
    }

    /// Whether a stand-in is there.
    pub fn is_stand_in(&self) -> bool {
        self.stand_in
    }

    /// Whether the operator admits the place now; the true one always is. To be asked before settings are saved and at every begin, since
    /// the operator's networks may have changed.
    pub async fn admit(&self, context: &Context) -> Result<(), Failure> {
        if self.stand_in {
            for (key, url) in &self.urls {
                context.ports.outbound.check(url).await.map_err(|_| {
                    Failure::InvalidParameter(format!("ProviderDetails: {key} is not in a network that the operator allows"))
                })?;
            }
        }
        Ok(())
    }
}

/// Settings that Cognito adds to what describe answers show and that have one value only: taken back unchanged, refused otherwise.
pub fn check_constants(details: &BTreeMap<String, String>, constants: &[(&str, &str)]) -> Result<(), Failure> {
    match constants.iter().find(|(key, only)| details.get(*key).is_some_and(|given| given != only)) {
        None => Ok(()),
        Some((key, only)) => Err(Failure::InvalidParameter(format!("ProviderDetails: {key} can only be {only}"))),
    }
}

/// http, or https on a port of its own: what `outbound` reaches only in the operator's networks.
fn stand_in_origin(text: &str) -> Option<Origin> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none() && text.len() <= 2048;
    let kept_in = url.scheme() == "http" || (url.scheme() == "https" && url.port().is_some());
    (plain && kept_in && url.has_host()).then(|| url.origin())
}

fn not_whole(key: &str, url: &str) -> Failure {
    Failure::InvalidParameter(format!(
        "ProviderDetails: {key} must be {url}, or all endpoints of the provider must be given and lie on one other origin"
    ))
}

fn not_admitted(key: &str, url: &str) -> Failure {
    Failure::InvalidParameter(format!(
        "ProviderDetails: {key} must be {url}; a stand-in must be plain http, or https on a port of its own, in a network of outbound.allow"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: [(&str, &str); 2] = [("authorize_url", "https://a.example/authorize"), ("token_url", "https://b.example/token")];

    fn read(given: &[(&str, &str)]) -> Result<FixedEndpoints, Failure> {
        let details = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        FixedEndpoints::read(&details, &TRUTH)
    }

    #[test]
    fn the_true_addresses_are_the_default_and_are_taken_back() {
        for given in [&[][..], &TRUTH[..1], &TRUTH[..]] {
            let endpoints = read(given).expect("the truth");
            assert_eq!((endpoints.url("token_url"), endpoints.is_stand_in()), ("https://b.example/token", false));
        }
    }

    #[test]
    fn a_stand_in_is_whole_and_of_one_origin_or_refused() {
        let whole = [("authorize_url", "http://127.0.0.1:9/a"), ("token_url", "http://127.0.0.1:9/t")];
        let endpoints = read(&whole).expect("a whole stand-in");
        assert_eq!((endpoints.url("token_url"), endpoints.is_stand_in()), ("http://127.0.0.1:9/t", true));
        for wrong in [
            "https://b.example/token",
            "https://evil.example/token",
            "http://127.0.0.1:8/t",
            "http://user@127.0.0.1:9/t",
            "http://127.0.0.1:9/t#f",
            "ftp://127.0.0.1:9/t",
            "",
        ] {
            assert!(read(&[whole[0], ("token_url", wrong)]).is_err(), "{wrong}");
        }
        assert!(read(&whole[..1]).is_err(), "half a stand-in");
    }
}
