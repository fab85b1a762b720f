//! A stand-in SAML 2.0 identity provider.
//!
//! On the wire it is a real one: metadata, AuthnRequests by redirect and POST, signed responses by an auto-posted form. Its
//! sign-in page lists the people of its [`Config`] and lets in whoever presses a name; the assertion consumer service is the
//! one that the request names. `endpoints` and `request` are the wire; `signer`, `certificate` and `response` are the
//! workshop that tests also use without any HTTP: keys with self-signed certificates made at start, and responses in which
//! every part can be changed before and after signing.

use std::io;
use std::sync::Arc;

use actix_web::web;

use self::encrypt::EncryptionSpec;
use self::endpoints::Idp;
use self::logout::{Application, Binding, Session};
use self::logout_message::{Arrived, LogoutSpec};
use self::request::Asked;
use self::response::{ResponseSpec, Sign};
use self::signer::SigningKey;
use crate::clock::{self, Clock};
use crate::journal::Journal;
use crate::server::{self, Running};

pub mod certificate;
pub mod encrypt;
mod endpoints;
pub mod logout;
pub mod logout_message;
pub mod publish;
pub mod request;
pub mod response;
pub mod signer;
pub mod trust;

/// A change of what the next responses say.
pub type Change = Arc<dyn Fn(&mut ResponseSpec) + Send + Sync>;

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The persistent NameID.
    pub name_id: String,
    /// Full name, for the page and the attribute `name`.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Names of groups, sent as the attribute `groups`.
    pub groups: Vec<String>,
}

impl Person {
    /// A person without groups.
    pub fn new(name_id: &str, name: &str, email: &str) -> Self {
        Self { name_id: name_id.to_owned(), name: name.to_owned(), email: email.to_owned(), groups: Vec::new() }
    }

    /// `name`, `given_name`, `family_name`, `email` and `groups` (left out when there are none).
    pub fn attributes(&self) -> Vec<(String, Vec<String>)> {
        let (given, family) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        let single = [("email", self.email.as_str()), ("name", &self.name), ("given_name", given), ("family_name", family)];
        let mut attributes: Vec<(String, Vec<String>)> = single
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
            .collect();
        if !self.groups.is_empty() {
            attributes.push(("groups".to_owned(), self.groups.clone()));
        }
        attributes
    }
}

/// How to start a provider; [`Config::default`] is one with two people that signs assertions.
#[derive(Clone)]
pub struct Config {
    /// Loopback port; 0 = any free one.
    pub port: u16,
    /// Who may sign in.
    pub people: Vec<Person>,
    /// What is signed.
    pub sign: Sign,
    /// What can be opened from the provider's own page.
    pub applications: Vec<Application>,
    /// The time by which responses are stamped.
    pub clock: Clock,
    /// Where the messages are written for the sample app.
    pub journal: Journal,
}

impl Default for Config {
    fn default() -> Self {
        let mut katherine = Person::new("katherine-1918", "Katherine Johnson", "katherine@example.com");
        katherine.groups = vec!["research".to_owned(), "admins".to_owned()];
        let mut edsger = Person::new("edsger-1930", "Edsger Dijkstra", "edsger@example.com");
        edsger.groups = vec!["research".to_owned()];
        Self {
            port: 0,
            people: vec![katherine, edsger],
            sign: Sign::Assertion,
            applications: Vec::new(),
            clock: clock::system(),
            journal: Journal::default(),
        }
    }
}

/// The provider; [`SamlIdp::start`] is all there is to it.
pub struct SamlIdp;

/// A running provider; it ends when this is dropped.
pub struct SamlIdpHandle {
    /// `http://127.0.0.1:PORT` without a trailing slash.
    pub base_url: String,
    /// The entity id, which is also the metadata URL: `{base_url}/metadata`.
    pub entity_id: String,
    idp: Arc<Idp>,
    server: Running,
}

impl SamlIdp {
    /// Generates a key, binds the port and starts to answer.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(config: Config) -> io::Result<SamlIdpHandle> {
        let bound = server::bind(config.port)?;
        let base_url = bound.base_url();
        let entity_id = format!("{base_url}/metadata");
        let idp = Arc::new(Idp::new(&base_url, &entity_id, config));
        let shared = web::Data::from(Arc::clone(&idp));
        let server = bound.serve(move |routes| {
            routes
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(1024 * 1024))
                .route("/metadata", web::get().to(publish::metadata))
                .route("/entities/{entity_id}", web::get().to(publish::query))
                .route("/federation", web::get().to(publish::file))
                .route("/sso", web::get().to(endpoints::sso_redirect))
                .route("/sso", web::post().to(endpoints::sso_post))
                .route("/login", web::post().to(endpoints::login))
                .route("/slo", web::get().to(logout::slo_redirect))
                .route("/slo", web::post().to(logout::slo_post))
                .route("/", web::get().to(logout::home))
                .route("/start", web::get().to(logout::start))
                .route("/sessions/end", web::post().to(logout::end_session))
                .default_service(web::to(endpoints::elsewhere));
        })?;
        Ok(SamlIdpHandle { base_url, entity_id, idp, server })
    }
}

impl SamlIdpHandle {
    /// Where the metadata is served.
    pub fn metadata_url(&self) -> String {
        format!("{}/metadata", self.base_url)
    }

    /// The metadata document of this moment.
    pub fn metadata(&self) -> String {
        self.idp.metadata()
    }

    /// Changes every response from now on: fields of the spec, or its XML before and after signing.
    pub fn tamper(&self, change: impl Fn(&mut ResponseSpec) + Send + Sync + 'static) {
        self.idp.lock().change = Some(Arc::new(change));
    }

    /// Honest again.
    pub fn behave(&self) {
        self.idp.lock().change = None;
    }

    /// Changes every logout message from now on.
    pub fn tamper_logout(&self, change: impl Fn(&mut LogoutSpec) + Send + Sync + 'static) {
        self.idp.lock().logout.change = Some(Arc::new(change));
    }

    /// Honest again about logout.
    pub fn behave_logout(&self) {
        self.idp.lock().logout.change = None;
    }

    /// How logout messages leave; redirect unless told otherwise. `post_only` takes the redirect endpoint out of the metadata.
    pub fn logout_by(&self, binding: Binding, post_only: bool) {
        let state = &mut self.idp.lock().logout;
        (state.binding, state.post_only) = (Some(binding), post_only);
    }

    /// Whether LogoutRequests are taken without an answer.
    pub fn stay_silent(&self, silent: bool) {
        self.idp.lock().logout.silent = silent;
    }

    /// Puts an application on the provider's own page.
    pub fn add_application(&self, application: Application) {
        self.idp.lock().logout.applications.push(application);
    }

    /// The sessions that sign-ins made and no logout ended, oldest first.
    pub fn sessions(&self) -> Vec<Session> {
        self.idp.lock().logout.sessions.clone()
    }

    /// The logout messages that arrived, oldest first.
    pub fn logout_messages(&self) -> Vec<Arrived> {
        self.idp.lock().logout.arrived.clone()
    }

    /// The key that signs now.
    pub fn key(&self) -> SigningKey {
        self.idp.lock().keys[0].clone()
    }

    /// Signs with another key from now on; `publish` puts it into the metadata first, `keep` leaves the old one there.
    pub fn rotate_key(&self, key: SigningKey, publish: bool, keep: bool) {
        let mut state = self.idp.lock();
        let published = [publish.then(|| key.clone()), keep.then(|| state.keys[0].clone())];
        state.published = published.into_iter().flatten().map(|key| key.certificate_base64()).collect();
        state.keys = vec![key];
    }

    /// Lets the metadata name another entity id, as if somebody else had taken over its URL.
    pub fn rename(&self, entity_id: &str) {
        self.idp.lock().alias = Some(entity_id.to_owned());
    }

    /// From now on only requests with a good signature by one of these certificates (base64 DER) are served, and the metadata says so.
    pub fn demand_signed_requests(&self, certificates: &[String]) {
        self.idp.lock().trusted = Some(certificates.to_vec());
    }

    /// Encrypts every assertion from now on; none sends them plain again.
    pub fn encrypt(&self, encryption: Option<EncryptionSpec>) {
        self.idp.lock().encryption = encryption;
    }

    /// The requests that arrived, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.idp.lock().asked.clone()
    }

    /// The `SAMLResponse` fields that were sent, oldest first, in base64.
    pub fn answered(&self) -> Vec<String> {
        self.idp.lock().answered.clone()
    }

    /// Replaces somebody's record (found by NameID), or adds it.
    pub fn put_person(&self, person: Person) {
        let people = &mut self.idp.lock().people;
        match people.iter_mut().find(|known| known.name_id == person.name_id) {
            Some(known) => *known = person,
            None => people.push(person),
        }
    }

    /// A good answer for a person, to be changed and built by the caller: for replay, substitution and unsolicited posts.
    pub fn spec(&self, person: &Person, sp_entity_id: &str, acs_url: &str, request_id: Option<&str>) -> ResponseSpec {
        self.idp.spec(person, sp_entity_id, acs_url, request_id)
    }

    /// Stops the provider and waits until its port is free again.
    pub fn stop(self) {
        self.server.stop();
    }
}
