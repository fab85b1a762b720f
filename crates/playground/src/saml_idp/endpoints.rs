//! The stand-in's endpoints and what they share.
//!
//! Owns the pages, the pending sign-ins and the book of what came and went. A person's choice becomes a signed Response in a
//! form that posts itself, with a button for browsers without script.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::encrypt::EncryptionSpec;
use super::publish::Publication;
use super::request::{self, Asked};
use super::response::{self, ResponseSpec, Sign};
use super::signer::SigningKey;
use super::{Change, Config, Person, logout, trust};
use crate::clock::{Clock, random_word};
use crate::journal::{Hop, Journal, Party};
use crate::look::{self, Brand, escape};

/// How long a sign-in page works, in seconds.
const PAGE_LIFETIME: i64 = 600;
/// The only script of the stand-in.
const SCRIPT: &str = "document.forms[0].submit()";

/// Everything that changes.
pub(super) struct State {
    pub(super) people: Vec<Person>,
    pub(super) keys: Vec<SigningKey>,
    pub(super) published: Vec<String>,
    /// The entity id that the metadata names, where it is not the real one.
    pub(super) alias: Option<String>,
    pub(super) change: Option<Change>,
    /// How assertions are encrypted, where they are.
    pub(super) encryption: Option<EncryptionSpec>,
    /// Certificates by which requests must be signed, where they must.
    pub(super) trusted: Option<Vec<String>>,
    pub(super) asked: Vec<Asked>,
    pub(super) answered: Vec<String>,
    pub(super) logout: logout::LogoutState,
    pending: BTreeMap<String, Pending>,
}

/// A request that waits for a person.
struct Pending {
    asked: Asked,
    relay_state: Option<String>,
    expires_at: i64,
}

/// One provider.
pub(super) struct Idp {
    base_url: String,
    entity_id: String,
    clock: Clock,
    journal: Journal,
    sign: Sign,
    state: Mutex<State>,
    pub(super) publication: Publication,
}

impl Idp {
    pub(super) fn new(base_url: &str, entity_id: &str, config: Config) -> Self {
        let key = SigningKey::rsa("saml.playground.example");
        Self {
            base_url: base_url.to_owned(),
            entity_id: entity_id.to_owned(),
            clock: config.clock,
            journal: config.journal,
            sign: config.sign,
            publication: Publication::default(),
            state: Mutex::new(State {
                people: config.people,
                published: vec![key.certificate_base64()],
                keys: vec![key],
                alias: None,
                change: None,
                encryption: None,
                trusted: None,
                asked: Vec::new(),
                answered: Vec::new(),
                logout: logout::LogoutState { applications: config.applications, ..logout::LogoutState::default() },
                pending: BTreeMap::new(),
            }),
        }
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(super) fn entity_id(&self) -> &str {
        &self.entity_id
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.clock)() * 1000
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn metadata(&self) -> String {
        let state = self.lock();
        let entity_id = state.alias.as_deref().unwrap_or(&self.entity_id);
        let slo: &[&str] = if state.logout.post_only { &["HTTP-POST"] } else { &["HTTP-Redirect", "HTTP-POST"] };
        let plain = request::metadata(entity_id, &self.base_url, &state.published, state.trusted.is_some(), slo);
        drop(state);
        self.publication.dressed(&plain)
    }

    /// A good answer for a person, stamped with the provider's clock and fresh ids.
    pub(super) fn spec(&self, person: &Person, sp: &str, acs_url: &str, request_id: Option<&str>) -> ResponseSpec {
        let spec = ResponseSpec::new(&self.entity_id, sp, acs_url, request_id, (self.clock)() * 1000);
        ResponseSpec {
            sign: self.sign,
            response_id: format!("_{}", random_word()),
            assertion_id: format!("_{}", random_word()),
            session_index: Some(format!("_{}", random_word())),
            name_id: person.name_id.clone(),
            attributes: person.attributes(),
            ..spec
        }
    }
}

/// `GET /sso`: the redirect binding.
pub(super) async fn sso_redirect(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    let fields = pairs(request.query_string().as_bytes());
    let signed =
        idp.lock().trusted.as_ref().map_or(Ok(()), |trusted| trust::redirect(request.query_string(), "SAMLRequest", trusted));
    match signed {
        Ok(()) => begin(&idp, "GET /sso", &fields, request::from_redirect),
        Err(reason) => refused(&reason),
    }
}

/// `POST /sso`: the POST binding.
pub(super) async fn sso_post(idp: web::Data<Idp>, body: web::Bytes) -> HttpResponse {
    let fields = pairs(&body);
    let trusted = idp.lock().trusted.clone();
    let signed = trusted.map_or(Ok(()), |trusted| {
        let posted = single(&fields, "SAMLRequest")?.ok_or_else(|| "SAMLRequest is missing".to_owned())?;
        trust::enveloped(&request::from_post(posted)?.xml, &trusted)
    });
    match signed {
        Ok(()) => begin(&idp, "POST /sso", &fields, request::from_post),
        Err(reason) => refused(&reason),
    }
}

fn begin(idp: &Idp, line: &str, fields: &[(String, String)], read: fn(&str) -> Result<Asked, String>) -> HttpResponse {
    let asked =
        single(fields, "SAMLRequest").and_then(|field| field.ok_or_else(|| "SAMLRequest is missing".to_owned())).and_then(read);
    let asked = match asked.and_then(|asked| addressed(idp, asked)) {
        Ok(asked) => asked,
        Err(reason) => return refused(&reason),
    };
    let relay_state = match single(fields, "RelayState") {
        Ok(relay_state) => relay_state.map(str::to_owned),
        Err(reason) => return refused(&reason),
    };
    idp.journal.write(
        Hop::new(
            Party::Gateway,
            Party::SamlIdp,
            line,
            "fedgate sends the browser to the identity provider with a SAML AuthnRequest; RelayState is its own handle.",
        )
        .through_browser()
        .with_pairs(fields)
        .document(asked.xml.clone()),
    );
    idp.lock().asked.push(asked.clone());
    ask_who(idp, asked, relay_state)
}

/// The page that asks who is there, for a request or without one.
pub(super) fn ask_who(idp: &Idp, asked: Asked, relay_state: Option<String>) -> HttpResponse {
    let transaction = random_word();
    let people = {
        let mut state = idp.lock();
        let expires_at = (idp.clock)() + PAGE_LIFETIME;
        state.pending.insert(transaction.clone(), Pending { asked, relay_state, expires_at });
        state.people.clone()
    };
    page(StatusCode::OK, "Sign in", &sign_in_page(&transaction, &people))
}

fn addressed(idp: &Idp, asked: Asked) -> Result<Asked, String> {
    match &asked.destination {
        Some(destination) if *destination != format!("{}/sso", idp.base_url) => {
            Err("the request is addressed to another provider".to_owned())
        }
        _ => Ok(asked),
    }
}

/// `POST /login`: a person, or `cancel`.
pub(super) async fn login(idp: web::Data<Idp>, body: web::Bytes) -> HttpResponse {
    let fields = pairs(&body);
    let value = |name: &str| single(&fields, name).ok().flatten();
    let pending = value("transaction").and_then(|transaction| idp.lock().pending.remove(transaction));
    let Some(pending) = pending.filter(|pending| pending.expires_at > (idp.clock)()) else {
        return refused("this sign-in page was used already, or is too old");
    };
    let person = value("person").and_then(|id| idp.lock().people.iter().find(|known| known.name_id == id).cloned());
    let Some(person) = person else {
        return answer(&idp, &pending, &denial(&idp, &pending.asked), "The person did not sign in; the provider says so.");
    };
    idp.journal.write(
        Hop::new(Party::Browser, Party::SamlIdp, "POST /login", "You choose who you are; a real provider would ask for proof.")
            .through_browser()
            .with([("person", person.name.as_str())]),
    );
    let asked = &pending.asked;
    // Without an id nobody asked: the answer names no request.
    let request_id = Some(asked.id.as_str()).filter(|id| !id.is_empty());
    let mut spec = idp.spec(&person, &asked.issuer, &asked.acs_url, request_id);
    let (key, change) = {
        let state = idp.lock();
        spec.encryption.clone_from(&state.encryption);
        (state.keys[0].clone(), state.change.clone())
    };
    if let Some(change) = change {
        change(&mut spec);
    }
    logout::remember(&idp, asked, &spec);
    let meaning = "The provider answers with a signed assertion, posted by the browser to fedgate's consumer service.";
    answer(&idp, &pending, &spec.build(&key), meaning)
}

/// A path that nobody published.
pub(super) async fn elsewhere() -> HttpResponse {
    HttpResponse::NotFound().body("not found")
}

/// An unsigned failure report, as providers send it when somebody cancels.
fn denial(idp: &Idp, asked: &Asked) -> String {
    format!(
        concat!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
            r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{}" Version="2.0" IssueInstant="{}""#,
            r#" Destination="{}" InResponseTo="{}"><saml:Issuer>{}</saml:Issuer><samlp:Status>"#,
            r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder">"#,
            r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:RequestDenied"/></samlp:StatusCode>"#,
            "</samlp:Status></samlp:Response>",
        ),
        random_word(),
        response::instant((idp.clock)() * 1000),
        response::escape(&asked.acs_url),
        response::escape(&asked.id),
        response::escape(&idp.entity_id),
    )
}

/// The form that posts itself (SAML Bindings section 3.5.4).
fn answer(idp: &Idp, pending: &Pending, xml: &str, meaning: &str) -> HttpResponse {
    let encoded = STANDARD.encode(xml);
    let mut fields = vec![("SAMLResponse".to_owned(), encoded.clone())];
    fields.extend(pending.relay_state.iter().map(|value| ("RelayState".to_owned(), value.clone())));
    idp.lock().answered.push(encoded);
    let path = url::Url::parse(&pending.asked.acs_url).map_or_else(|_| String::new(), |url| url.path().to_owned());
    idp.journal.write(
        Hop::new(Party::SamlIdp, Party::Gateway, &format!("POST {path}"), meaning)
            .through_browser()
            .with_pairs(&fields)
            .document(xml.to_owned()),
    );
    posting(&pending.asked.acs_url, &fields)
}

/// A page whose form posts itself.
pub(super) fn posting(action: &str, fields: &[(String, String)]) -> HttpResponse {
    let inputs = fields.iter().fold(String::new(), |mut inputs, (name, value)| {
        let _ = writeln!(inputs, r#"<input type="hidden" name="{name}" value="{}">"#, escape(value));
        inputs
    });
    let body = format!(
        r#"<h1>Taking you back</h1>
<p class="lede">The answer is ready. If nothing happens, press the button.</p>
<form method="post" action="{}">
{inputs}<button>Continue</button>
</form>
<script>{SCRIPT}</script>"#,
        escape(action)
    );
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, SCRIPT.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    );
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .content_type("text/html; charset=utf-8")
        .body(look::page(Brand::Saml, "Taking you back", &body))
}

fn sign_in_page(transaction: &str, people: &[Person]) -> String {
    let buttons = people.iter().fold(String::new(), |mut buttons, person| {
        buttons.push_str(&look::person_button(&person.name_id, &person.name, &person.email, false));
        buttons
    });
    format!(
        r#"<h1>Who are you today?</h1>
<p class="lede">A stand-in for a company's SAML identity provider. Press a name to sign in; no password is asked.</p>
<form method="post" action="/login" class="people">
<input type="hidden" name="transaction" value="{}">
{buttons}<button class="quiet" name="cancel" value="1">Cancel and go back</button>
</form>"#,
        escape(transaction)
    )
}

pub(super) fn refused(reason: &str) -> HttpResponse {
    let body = format!(r#"<h1>This request was refused</h1><p class="lede">{}.</p>"#, escape(reason));
    page(StatusCode::BAD_REQUEST, "Request refused", &body)
}

pub(super) fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    look::respond(status, &look::page(Brand::Saml, title, body))
}

pub(super) fn pairs(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form).into_owned().collect()
}

/// The only value of a field; twice is a fault (S-28).
pub(super) fn single<'f>(fields: &'f [(String, String)], name: &str) -> Result<Option<&'f str>, String> {
    let mut values = fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(format!("{name} is there twice")),
    }
}
