//! The bench of the social providers: our ports in memory, one clock for both sides, and whole logins by redirect or posted form.
//!
//! As in life: `begin`, the provider's pages in a browser, `complete`. What is altered lies between.

use std::collections::BTreeMap;
use std::sync::Arc;

use fedgate::base::clock::Clock;
use fedgate::context::Context;
use fedgate::federation::provider::{Answer, Begun, Provider, Start};
use fedgate::model::authorization::Authorization;
use fedgate::model::external_identity::ExternalIdentity;
use fedgate::model::failure::Failure;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use playground::browser::Browser;
use serde_json::Value;

use crate::federation::oidc::{CALLBACK, POOL, START_MS, authorization, context, plain_client, url};

/// Everything that a login needs on our side.
pub(crate) struct Social {
    /// The ports.
    pub(crate) context: Context,
    /// The time of both sides.
    pub(crate) clock: Clock,
    /// The kind under test.
    pub(crate) kind: Arc<dyn Provider>,
    /// Its settings.
    pub(crate) provider: IdentityProvider,
    /// What the app asked.
    pub(crate) authorization: Authorization,
}

impl Social {
    /// A pool with one provider of that kind. `secret` is the key and value of its secret setting.
    pub(crate) async fn new(clock: Clock, kind: Arc<dyn Provider>, details: &[(&str, &str)], secret: (&str, &str)) -> Self {
        let context = context(&clock).await;
        context.ports.store.migrate().await.unwrap();
        let name = kind.kind().as_str();
        let provider = IdentityProvider {
            pool_id: POOL.to_owned(),
            name: name.to_owned(),
            kind: kind.kind(),
            details: details.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            sealed_details: BTreeMap::new(),
            attribute_mapping: BTreeMap::from([("email".to_owned(), "email".to_owned())]),
            identifiers: Vec::new(),
            enabled: true,
            created_ms: START_MS,
            modified_ms: START_MS,
            declared: false,
            document: Value::Null,
        };
        let mut bench = Self { context, clock, kind, provider, authorization: authorization() };
        bench.seal(secret.0, secret.1);
        bench
    }

    /// The seconds that the clock shows.
    pub(crate) fn theirs(clock: &Clock) -> playground::clock::Clock {
        let clock = clock.clone();
        Arc::new(move || clock.now_s())
    }

    /// Stores another secret.
    pub(crate) fn seal(&mut self, key: &str, value: &str) {
        let place = [POOL, "identity_provider", self.provider.name.as_str(), key];
        let sealed = self.context.ports.seal.seal(&place, value.as_bytes()).unwrap();
        self.provider.sealed_details.insert(key.to_owned(), sealed);
    }

    /// Sets a detail.
    pub(crate) fn detail(&mut self, key: &str, value: &str) {
        self.provider.details.insert(key.to_owned(), value.to_owned());
    }

    /// What saving these settings makes of them.
    pub(crate) async fn validated(&self, change: impl FnOnce(&mut IdentityProvider)) -> Result<IdentityProvider, Failure> {
        let mut provider = self.provider.clone();
        change(&mut provider);
        self.kind.validate(&self.context, &mut provider).await.map(|()| provider)
    }

    /// Begins a login.
    pub(crate) async fn begin(&self) -> Result<Begun, Failure> {
        let start = Start {
            handle: "the-handle",
            callback_url: CALLBACK.to_owned(),
            acs_url: String::new(),
            sp_entity_id: String::new(),
            authorization: &self.authorization,
        };
        self.kind.begin(&self.context, &self.provider, start).await
    }

    /// Lets a person press a button at the provider; answers the parameters that come back, by redirect or in a form.
    pub(crate) async fn sign_in(&self, begun: &Begun, button: &str) -> BTreeMap<String, String> {
        let mut browser = Browser::with_client(plain_client());
        let page = browser.open(&url(begun)).await.unwrap();
        let form = page.form_with_button(button).unwrap_or_else(|problem| panic!("{problem}"));
        let back = browser.submit(&page, &form).await.unwrap();
        match back.location() {
            Some(location) => location.query_pairs().into_owned().collect(),
            None => back.forms().remove(0).fields.into_iter().collect(),
        }
    }

    /// Ends a login.
    pub(crate) async fn complete(&self, begun: &Begun, parameters: &BTreeMap<String, String>) -> Result<ExternalIdentity, Failure> {
        let answer = Answer {
            parameters,
            memory: &begun.memory,
            callback_url: CALLBACK.to_owned(),
            acs_url: String::new(),
            sp_entity_id: String::new(),
        };
        self.kind.complete(&self.context, &self.provider, answer).await
    }

    /// A whole login.
    pub(crate) async fn login(&self, button: &str) -> Result<ExternalIdentity, Failure> {
        let begun = self.begin().await?;
        let parameters = self.sign_in(&begun, button).await;
        self.complete(&begun, &parameters).await
    }

    /// A whole login that must be accepted.
    pub(crate) async fn accepted(&self, button: &str, what: &str) -> ExternalIdentity {
        self.login(button).await.unwrap_or_else(|failure| panic!("{what}: {failure:?}"))
    }

    /// A whole login that must be refused with that reason.
    pub(crate) async fn refused(&self, button: &str, what: &str, reason: &str) {
        match self.login(button).await {
            Err(failure) => assert_eq!(failure.reason(), reason, "{what}"),
            Ok(_) => panic!("{what}: accepted, expected {reason}"),
        }
    }

    /// Asserts that settings are refused and that the text names the key.
    pub(crate) async fn misset(&self, key: &str, value: &str) {
        let outcome = self.validated(|provider| drop(provider.details.insert(key.to_owned(), value.to_owned()))).await;
        match outcome {
            Err(Failure::InvalidParameter(text)) => assert!(text.contains(key), "{key} = {value}: {text}"),
            other => panic!("{key} = {value}: {other:?}"),
        }
    }
}

/// The six kinds are all spoken, each once.
#[test]
fn every_kind_stands_in_the_table_once() {
    let mut kinds: Vec<&str> = fedgate::federation::providers::table().iter().map(|kind| kind.kind().as_str()).collect();
    let built = kinds.len();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), built);
    assert!(kinds.contains(&ProviderKind::Google.as_str()) && kinds.contains(&ProviderKind::SignInWithApple.as_str()));
}
