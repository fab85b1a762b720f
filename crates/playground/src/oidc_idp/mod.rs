//! A stand-in OpenID Connect provider.
//!
//! On the wire it is a real one: discovery, JWKS, authorization code with PKCE S256 (required), client authentication, single-use
//! codes bound to client, redirect URI and verifier, userinfo, RFC 9207 `iss`. Its sign-in page lists the people of its
//! [`Config`] and lets in whoever presses a name. A test may make it misbehave through [`OidcIdpHandle::tamper`], count what was
//! asked and read what the gateway sent. Files: `authorize` and `token` are the endpoints, `state` what they share, `keys` and
//! `tamper` the signing and the lies.

use std::io;
use std::sync::Arc;

use actix_web::web;

use self::state::{Idp, pairs};
use self::tamper::{Endpoint, Tamper};
use crate::clock::{self, Clock};
use crate::journal::Journal;
use crate::server::{self, Running};

mod authorize;
pub mod keys;
pub(crate) mod state;
pub mod tamper;
mod token;

/// A relying party that the provider knows.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub client_id: String,
    /// Its secret; `None` makes it a public client.
    pub client_secret: Option<String>,
    /// Exact redirect URIs; `None` allows any on a loopback address.
    pub redirect_uris: Option<Vec<String>>,
}

impl Client {
    /// A confidential client that may redirect to any loopback address.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self { client_id: client_id.to_owned(), client_secret: Some(client_secret.to_owned()), redirect_uris: None }
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The subject identifier.
    pub sub: String,
    /// Full name.
    pub name: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// E-mail address.
    pub email: String,
    /// Whether the provider vouches for the address.
    pub email_verified: bool,
    /// URL of a picture.
    pub picture: Option<String>,
    /// Names of groups, sent as `groups`.
    pub groups: Vec<String>,
}

impl Person {
    /// A person with a verified address, `given_name` and `family_name` being the parts of `name` around its first space.
    pub fn new(sub: &str, name: &str, email: &str) -> Self {
        let (given, family) = name.split_once(' ').unwrap_or((name, ""));
        Self {
            sub: sub.to_owned(),
            name: name.to_owned(),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            email: email.to_owned(),
            email_verified: true,
            ..Self::default()
        }
    }
}

/// How to start a provider; [`Config::default`] is one with the client `gateway` / `gateway-secret` and three people.
#[derive(Clone)]
pub struct Config {
    /// Loopback port; 0 = any free one.
    pub port: u16,
    /// Who may ask.
    pub clients: Vec<Client>,
    /// Who may sign in.
    pub people: Vec<Person>,
    /// The time by which tokens and codes are stamped and expire.
    pub clock: Clock,
    /// Where the messages are written for the sample app.
    pub journal: Journal,
    /// Whether profile claims are in the ID token too, or in userinfo only.
    pub claims_in_id_token: bool,
}

impl Default for Config {
    fn default() -> Self {
        let mut ada = Person::new("ada-1815", "Ada Lovelace", "ada@example.com");
        ada.groups = vec!["engineering".to_owned(), "admins".to_owned()];
        let mut grace = Person::new("grace-1906", "Grace Hopper", "grace@example.com");
        grace.groups = vec!["engineering".to_owned()];
        let mut alan = Person::new("alan-1912", "Alan Turing", "alan@example.com");
        alan.email_verified = false;
        Self {
            port: 0,
            clients: vec![Client::new("gateway", "gateway-secret")],
            people: vec![ada, grace, alan],
            clock: clock::system(),
            journal: Journal::default(),
            claims_in_id_token: true,
        }
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where.
    pub endpoint: Endpoint,
    /// Parameters of the query and the form, in order of arrival, doubles kept.
    pub params: Vec<(String, String)>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

impl Seen {
    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The provider; [`OidcIdp::start`] is all there is to it.
pub struct OidcIdp;

/// A running provider; it ends when this is dropped.
pub struct OidcIdpHandle {
    /// The issuer, `http://127.0.0.1:PORT` without a trailing slash.
    pub issuer: String,
    idp: Arc<Idp>,
    _server: Running,
}

impl OidcIdp {
    /// Generates a key pair, binds the port and starts to answer.
    pub fn start(config: Config) -> io::Result<OidcIdpHandle> {
        let bound = server::bind(config.port)?;
        let issuer = bound.base_url();
        let idp = Arc::new(Idp::new(issuer.clone(), config));
        let shared = web::Data::from(Arc::clone(&idp));
        let server = bound.serve(move |routes| {
            routes
                .app_data(shared.clone())
                .route("/.well-known/openid-configuration", web::get().to(authorize::discovery))
                .route("/jwks", web::get().to(authorize::jwks))
                .route("/authorize", web::get().to(authorize::authorize))
                .route("/login", web::post().to(authorize::login))
                .route("/token", web::post().to(token::token))
                .route("/userinfo", web::get().to(token::userinfo))
                .route("/userinfo", web::post().to(token::userinfo))
                .default_service(web::to(authorize::elsewhere));
        })?;
        Ok(OidcIdpHandle { issuer, idp, _server: server })
    }
}

impl OidcIdpHandle {
    /// Changes how the provider misbehaves from now on; changes add up until [`OidcIdpHandle::behave`].
    pub fn tamper(&self, change: impl FnOnce(&mut Tamper)) {
        change(&mut self.idp.lock().tamper);
    }

    /// Honest again.
    pub fn behave(&self) {
        self.idp.lock().tamper = Tamper::default();
    }

    /// A new signing key; `overlap` keeps the old one in the JWKS.
    pub fn rotate_keys(&self, overlap: bool) {
        self.idp.lock().ring.rotate(overlap);
    }

    /// The honest JWKS document of this moment.
    pub fn jwks(&self) -> serde_json::Value {
        self.idp.lock().ring.jwks()
    }

    /// How many requests an endpoint has had, answered honestly or not.
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        self.idp.lock().counts.get(&endpoint).copied().unwrap_or(0)
    }

    /// The requests of an endpoint, oldest first: parameters of query or form and the `Authorization` header.
    pub fn seen(&self, endpoint: Endpoint) -> Vec<Seen> {
        self.idp.lock().seen.iter().filter(|seen| seen.endpoint == endpoint).cloned().collect()
    }

    /// The parameters of the last authorization request, as the browser brought them.
    pub fn last_authorize(&self) -> Option<Seen> {
        self.seen(Endpoint::Authorize).pop()
    }

    /// Replaces somebody's record (found by `sub`), or adds it: names and addresses change between sign-ins.
    pub fn put_person(&self, person: Person) {
        let people = &mut self.idp.lock().people;
        match people.iter_mut().find(|known| known.sub == person.sub) {
            Some(known) => *known = person,
            None => people.push(person),
        }
    }

    /// An ID token that no request asked for, signed as the provider signs now: for replay and substitution tests.
    pub fn forge_id_token(&self, claims: &serde_json::Value) -> String {
        let mut state = self.idp.lock();
        let kid = state.ring.signing().kid.clone();
        let how = state.tamper.signing.clone();
        let header = serde_json::json!({ "kid": kid, "typ": "JWT", "alg": how.alg() });
        state.ring.sign(&header, &claims.to_string(), &how)
    }

    /// The query of a URL as pairs, for assertions on redirects.
    pub fn query_of(url: &str) -> Vec<(String, String)> {
        pairs(url.split_once('?').map_or("", |(_, query)| query))
    }
}
