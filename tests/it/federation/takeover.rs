//! The stage for take-over scenarios: a pool with a victim, a federated user and a provider of every kind, and the steps that a scenario is
//! made of. Each scenario plays twice on fresh stages: once as the attack, once as its control.

use std::collections::BTreeMap;

use fedgate::context::Context;
use fedgate::federation::identity;
use fedgate::federation::link::{self, Named};
use fedgate::model::external_identity::{ExternalIdentity, OneTimeId};
use fedgate::model::failure::Failure;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::model::user::{User, UserStatus};
use fedgate::model::user_pool::UserPool;
use serde_json::{Value, json};

use crate::harness::gateway::TestGateway;

/// SAML's format of lasting names.
pub(crate) const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// Somebody at a provider.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) provider: &'static str,
    pub(crate) subject: String,
    pub(crate) format: &'static str,
    pub(crate) qualifier: Option<&'static str>,
    pub(crate) claims: Value,
}

impl Who {
    pub(crate) fn at(provider: &'static str, subject: &str) -> Self {
        let claims = json!({});
        Self { provider, subject: subject.to_owned(), format: PERSISTENT, qualifier: None, claims }
    }

    pub(crate) fn with(mut self, claims: Value) -> Self {
        self.claims = claims;
        self
    }

    /// What the provider proved, as its own file would hand it on.
    pub(crate) fn identity(&self, kind: ProviderKind) -> ExternalIdentity {
        let saml = kind == ProviderKind::Saml;
        let key = json!([self.format, self.qualifier, null, self.subject]).to_string();
        let claims: BTreeMap<String, Value> = serde_json::from_value(self.claims.clone()).unwrap();
        ExternalIdentity {
            subject: self.subject.clone(),
            subject_key: if saml { key } else { self.subject.clone() },
            issuer: saml.then(|| "https://idp.example/".to_owned()),
            claims,
            auth_time_ms: None,
            session_until_ms: None,
            logout: None,
            one_time: None,
        }
    }
}

/// Where a sign-in ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lands {
    /// On the native user.
    Victim,
    /// On the user whom the OIDC provider made.
    Ada,
    /// On a user who is made by it.
    Stranger,
    /// On another user who was there before.
    Bystander,
    /// Nowhere.
    Refused(&'static str),
}

/// One thing that happens.
#[derive(Clone)]
pub(crate) enum Step {
    /// `AdminLinkProviderForUser` to a user name: provider, attribute, value; the failure's reason, or empty.
    Link(&'static str, [&'static str; 3], &'static str),
    /// The same with a destination that is named through a provider.
    LinkThrough([&'static str; 2], [&'static str; 3], &'static str),
    /// `AdminDisableProviderForUser`.
    Unlink([&'static str; 3], &'static str),
    /// A sign-in.
    In(Who, Lands),
    /// A sign-in in another pool, where the victim is nobody.
    InOtherPool(Who),
    /// Another native user with that name.
    Native(&'static str),
    /// A change of the victim.
    Change(fn(&mut User)),
    /// A change of a provider.
    Provider(&'static str, fn(&mut IdentityProvider)),
    /// The victim is deleted.
    Delete,
}

/// An attack and its control: the same beginning, two ends.
pub(crate) struct Scenario {
    pub(crate) row: &'static str,
    pub(crate) name: &'static str,
    pub(crate) given: Vec<Step>,
    pub(crate) attack: Vec<Step>,
    pub(crate) control: Vec<Step>,
}

/// The pool of one play.
pub(crate) struct Stage {
    context: Context,
    pub(crate) pool: UserPool,
    client_id: String,
    pub(crate) victim: User,
    ada: User,
}

fn provider(pool: &UserPool, name: &str, kind: ProviderKind) -> IdentityProvider {
    let mapping = [("email", "email"), ("email_verified", "email_verified"), ("name", "name")];
    let plain = if kind == ProviderKind::Saml { &mapping[..1] } else { &mapping[..] };
    IdentityProvider {
        pool_id: pool.id.clone(),
        name: name.to_owned(),
        kind,
        details: BTreeMap::new(),
        sealed_details: BTreeMap::new(),
        attribute_mapping: plain.iter().map(|(to, from)| ((*to).to_owned(), (*from).to_owned())).collect(),
        identifiers: Vec::new(),
        enabled: true,
        created_ms: 1,
        modified_ms: 1,
        declared: false,
        document: json!({}),
    }
}

impl Stage {
    pub(crate) async fn set(gateway: &TestGateway) -> Self {
        let context = gateway.context();
        let pool = bare_pool(gateway).await;
        let mut work = context.ports.store.begin().await.unwrap();
        for (name, kind) in [("Oidc", ProviderKind::Oidc), ("Other", ProviderKind::Oidc), ("Oidc_x", ProviderKind::Oidc)] {
            work.identity_providers().insert(&provider(&pool, name, kind)).await.unwrap();
        }
        for kind in ProviderKind::ALL.into_iter().filter(|kind| *kind != ProviderKind::Oidc) {
            let name = if kind == ProviderKind::Saml { "Saml" } else { kind.as_str() };
            work.identity_providers().insert(&provider(&pool, name, kind)).await.unwrap();
        }
        work.commit().await.unwrap();
        let client = gateway.add_client(&pool, |_| {}).await;
        let facts = [
            ("email", "victim@example.com"),
            ("email_verified", "true"),
            ("phone_number", "+4930123456"),
            ("phone_number_verified", "true"),
            ("name", "Victoria Mark"),
        ];
        let attributes: BTreeMap<_, _> = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let victim = gateway.add_user(&pool, "victim", |user| user.attributes = attributes).await;
        let mut stage = Self { context, pool, client_id: client.id, ada: victim.clone(), victim };
        let claims =
            json!({ "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "phone_number": "+44123" });
        stage.ada = stage.sign_in(&Who::at("Oidc", "ada-1").with(claims)).await.unwrap();
        gateway.advance_s(1);
        stage
    }

    pub(crate) async fn play(&self, gateway: &TestGateway, steps: &[Step], tale: &str) {
        for (number, step) in steps.iter().enumerate() {
            self.act(gateway, step, &format!("{tale}, step {number}")).await;
            gateway.advance_s(1);
        }
    }

    async fn act(&self, gateway: &TestGateway, step: &Step, tale: &str) {
        let named = |[provider, attribute, value]: [&str; 3]| Named {
            provider: provider.to_owned(),
            attribute: attribute.to_owned(),
            value: value.to_owned(),
        };
        let pool_id = &self.pool.id;
        match step {
            Step::Link(to, source, expected) => {
                let linked = link::link(&self.context, pool_id, &named(["Cognito", "", to]), &named(*source)).await;
                assert_eq!(reason(&linked), *expected, "{tale}");
            }
            Step::LinkThrough([through, to], source, expected) => {
                let linked = link::link(&self.context, pool_id, &named([through, "", to]), &named(*source)).await;
                assert_eq!(reason(&linked), *expected, "{tale}");
            }
            Step::Unlink(source, expected) => {
                assert_eq!(reason(&link::unlink(&self.context, pool_id, &named(*source)).await), *expected, "{tale}");
            }
            Step::In(who, lands) => {
                let before = self.users().await;
                let user = self.sign_in(who).await;
                assert_eq!(self.landed(&user, &before), *lands, "{tale}: {user:?}");
                let after = self.users().await;
                assert!(after.len() <= before.len() + usize::from(*lands == Lands::Stranger), "{tale}: nobody else is made");
                for known in before.iter().filter(|known| user.as_ref().map_or(true, |user| user.sub != known.sub)) {
                    assert!(after.contains(known), "{tale}: {} changed", known.username);
                }
            }
            Step::InOtherPool(who) => {
                let other = Self::set_boxed(gateway).await;
                let user = other.sign_in(who).await.unwrap();
                assert!(user.sub != self.victim.sub && user.sub != self.ada.sub && user.pool_id != *pool_id, "{tale}");
            }
            Step::Native(name) => drop(gateway.add_user(&self.pool, name, |_| {}).await),
            Step::Change(change) => {
                let mut work = self.context.ports.store.begin().await.unwrap();
                let mut victim = work.users().find_by_sub(pool_id, &self.victim.sub).await.unwrap().unwrap();
                change(&mut victim);
                work.users().update(&victim).await.unwrap();
                work.commit().await.unwrap();
            }
            Step::Provider(name, change) => {
                let mut work = self.context.ports.store.begin().await.unwrap();
                let mut provider = work.identity_providers().find(pool_id, name).await.unwrap().unwrap();
                change(&mut provider);
                work.identity_providers().update(&provider).await.unwrap();
                work.commit().await.unwrap();
            }
            Step::Delete => {
                let mut work = self.context.ports.store.begin().await.unwrap();
                assert!(work.users().delete(pool_id, &self.victim.sub).await.unwrap(), "{tale}");
                work.commit().await.unwrap();
            }
        }
    }

    fn set_boxed(gateway: &TestGateway) -> std::pin::Pin<Box<dyn Future<Output = Self> + '_>> {
        Box::pin(Self::set(gateway))
    }

    /// A proven identity, signed in as the broker does it.
    pub(crate) async fn sign_in(&self, who: &Who) -> Result<User, Failure> {
        let found = self.context.ports.store.read().await?.identity_providers().find(&self.pool.id, who.provider).await?;
        let provider = found.unwrap();
        let mut who = who.clone();
        who.subject = who.subject.replace("{victim.sub}", &self.victim.sub);
        let handle = OneTimeId {
            kind: "login".to_owned(),
            digest: self.context.ports.random.token(),
            expires_ms: self.context.now_ms() + 600_000,
        };
        identity::sign_in(&self.context, &provider, &self.client_id, who.identity(provider.kind), handle).await
    }

    async fn users(&self) -> Vec<User> {
        let mut work = self.context.ports.store.read().await.unwrap();
        work.users().list(&self.pool.id, None, 60).await.unwrap()
    }

    fn landed(&self, user: &Result<User, Failure>, before: &[User]) -> Lands {
        match user {
            Ok(user) if user.sub == self.victim.sub => Lands::Victim,
            Ok(user) if user.sub == self.ada.sub => Lands::Ada,
            Ok(user) if before.iter().any(|known| known.sub == user.sub) => Lands::Bystander,
            Ok(user) => {
                assert_eq!(user.status, UserStatus::ExternalProvider);
                Lands::Stranger
            }
            Err(failure) => Lands::Refused(failure.reason()),
        }
    }
}

/// A pool without signing keys: nothing here issues tokens.
async fn bare_pool(gateway: &TestGateway) -> UserPool {
    let ports = gateway.ports();
    let pool = UserPool {
        id: fedgate::base::ids::user_pool_id(&ports.region, &ports.random),
        name: "takeover".to_owned(),
        created_ms: 1,
        modified_ms: 1,
        declared: false,
        username_case_sensitive: false,
        document: json!({}),
    };
    let mut work = ports.store.begin().await.unwrap();
    work.user_pools().insert(&pool).await.unwrap();
    work.commit().await.unwrap();
    pool
}

fn reason<T>(result: &Result<T, Failure>) -> &'static str {
    result.as_ref().err().map_or("", Failure::reason)
}
