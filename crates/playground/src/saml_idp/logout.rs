//! Single logout and IdP-initiated sign-in of the stand-in, on the wire.
//!
//! Owns the sessions that sign-ins made, both bindings of the logout endpoint, the page that lists sessions and applications, and
//! its two buttons: sign out everywhere, and open an application without being asked. The messages are `logout_message`'s.

use std::fmt::Write;
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::endpoints::{self, Idp, page, pairs, refused, single};
use super::logout_message::{self, Arrived, Kind, LogoutSpec};
use super::request::{self, Asked};
use super::response::ResponseSpec;
use super::trust;
use crate::clock::random_word;
use crate::journal::{Hop, Party};
use crate::look::escape;

/// A change of what the next logout messages say.
pub type LogoutChange = Arc<dyn Fn(&mut LogoutSpec) + Send + Sync>;

/// A binding of the logout endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

/// Somebody's session with one service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The stand-in's own name for it.
    pub id: String,
    /// NameID as it was sent.
    pub name_id: String,
    /// SessionIndex as it was sent.
    pub index: Option<String>,
    /// The service provider.
    pub sp_entity_id: String,
    /// Its logout endpoint: `logout` beside its assertion consumer service.
    pub slo_url: String,
}

/// An application that can be opened without its asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// For the button.
    pub name: String,
    /// The service provider.
    pub sp_entity_id: String,
    /// Where the answer goes.
    pub acs_url: String,
    /// What RelayState says: for fedgate, Cognito's parameters.
    pub relay_state: String,
}

/// What changes.
#[derive(Default)]
pub(super) struct LogoutState {
    pub(super) sessions: Vec<Session>,
    pub(super) applications: Vec<Application>,
    pub(super) arrived: Vec<Arrived>,
    pub(super) change: Option<LogoutChange>,
    pub(super) binding: Option<Binding>,
    pub(super) post_only: bool,
    pub(super) silent: bool,
}

/// Keeps the session of a sign-in.
pub(super) fn remember(idp: &Idp, asked: &Asked, spec: &ResponseSpec) {
    let slo_url = asked.acs_url.rsplit_once('/').map_or_else(String::new, |(base, _)| format!("{base}/logout"));
    idp.lock().logout.sessions.push(Session {
        id: random_word(),
        name_id: spec.name_id.clone(),
        index: spec.session_index.clone(),
        sp_entity_id: asked.issuer.clone(),
        slo_url,
    });
}

/// `GET /slo`.
pub(super) async fn slo_redirect(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    let query = request.query_string();
    let fields = pairs(query.as_bytes());
    let read = || {
        let (kind, field) = message(&fields)?;
        if let Some(trusted) = idp.lock().trusted.clone() {
            trust::redirect(query, kind.field(), &trusted)?;
        }
        logout_message::read(kind, request::inflated(field)?)
    };
    let read = read();
    arrived(&idp, "GET /slo", &fields, read.map(|arrived| Arrived { query: Some(query.to_owned()), ..arrived }))
}

/// `POST /slo`.
pub(super) async fn slo_post(idp: web::Data<Idp>, body: web::Bytes) -> HttpResponse {
    let fields = pairs(&body);
    let read = || {
        let (kind, field) = message(&fields)?;
        let xml = request::unpacked(field)?;
        if let Some(trusted) = idp.lock().trusted.clone() {
            trust::enveloped(&xml, &trusted)?;
        }
        logout_message::read(kind, xml)
    };
    let read = read();
    arrived(&idp, "POST /slo", &fields, read)
}

fn message(fields: &[(String, String)]) -> Result<(Kind, &str), String> {
    match (single(fields, "SAMLRequest")?, single(fields, "SAMLResponse")?) {
        (Some(field), None) => Ok((Kind::Request, field)),
        (None, Some(field)) => Ok((Kind::Response, field)),
        _ => Err("neither SAMLRequest nor SAMLResponse is there, or both".to_owned()),
    }
}

fn arrived(idp: &Idp, line: &str, fields: &[(String, String)], read: Result<Arrived, String>) -> HttpResponse {
    let relay_state = match single(fields, "RelayState") {
        Ok(relay_state) => relay_state.map(str::to_owned),
        Err(reason) => return refused(&reason),
    };
    let arrived = match read {
        Ok(arrived) => Arrived { relay_state, ..arrived },
        Err(reason) => return refused(&reason),
    };
    if arrived.destination.as_ref().is_some_and(|to| *to != format!("{}/slo", idp.base_url())) {
        return refused("the message is addressed to another provider");
    }
    let meaning = match arrived.kind {
        Kind::Request => "fedgate tells the identity provider that the person signed out, with a signed LogoutRequest.",
        Kind::Response => "fedgate answers that it ended its own session.",
    };
    idp.journal().write(
        Hop::new(Party::Gateway, Party::SamlIdp, line, meaning).through_browser().with_pairs(fields).document(arrived.xml.clone()),
    );
    idp.lock().logout.arrived.push(arrived.clone());
    match arrived.kind {
        Kind::Request => end(idp, &arrived),
        Kind::Response => {
            let body = r#"<h1>You are signed out everywhere</h1><p class="lede">Every application has answered.</p>"#;
            page(StatusCode::OK, "Signed out", body)
        }
    }
}

/// Ends the session that a service provider names, and answers.
fn end(idp: &Idp, arrived: &Arrived) -> HttpResponse {
    let slo_url = {
        let state = &mut idp.lock().logout;
        let ends = |session: &Session| {
            session.sp_entity_id == arrived.issuer
                && Some(&session.name_id) == arrived.name_id.as_ref()
                && (arrived.session_index.is_none() || session.index == arrived.session_index)
        };
        let slo_url = state.sessions.iter().find(|session| ends(session)).map(|session| session.slo_url.clone());
        state.sessions.retain(|session| !ends(session));
        slo_url.filter(|_| !state.silent)
    };
    let Some(slo_url) = slo_url else {
        return page(
            StatusCode::OK,
            "Signed out",
            r#"<h1>You are signed out</h1><p class="lede">There was no session to end.</p>"#,
        );
    };
    let mut spec = LogoutSpec::response(idp.entity_id(), &slo_url, &arrived.id, idp.now_ms());
    spec.relay_state.clone_from(&arrived.relay_state);
    send(idp, &slo_url, spec, "The identity provider has ended its session and says so.")
}

/// `GET /`: sessions and applications.
pub(super) async fn home(idp: web::Data<Idp>) -> HttpResponse {
    let mut body = String::from("<h1>Example SAML</h1>\n");
    let state = &idp.lock().logout;
    body.push_str("<p class=\"lede\">Open an application; it did not ask for it.</p>\n");
    for (place, application) in state.applications.iter().enumerate() {
        let _ = writeln!(
            body,
            r#"<form method="get" action="/start"><input type="hidden" name="application" value="{place}"><button>{}</button></form>"#,
            escape(&application.name)
        );
    }
    if state.sessions.is_empty() {
        body.push_str("<p>Nobody is signed in.</p>\n");
    }
    for session in &state.sessions {
        let _ = writeln!(
            body,
            concat!(
                r#"<form method="post" action="/sessions/end"><input type="hidden" name="session" value="{}">"#,
                "<p>{}</p><button class=\"quiet\">Sign out everywhere</button></form>"
            ),
            escape(&session.id),
            escape(&session.name_id)
        );
    }
    page(StatusCode::OK, "Example SAML", &body)
}

/// `GET /start`: a sign-in that nobody asked for.
pub(super) async fn start(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    let fields = pairs(request.query_string().as_bytes());
    let place = single(&fields, "application").ok().flatten().and_then(|place| place.parse::<usize>().ok());
    let application = place.and_then(|place| idp.lock().logout.applications.get(place).cloned());
    let Some(application) = application else { return refused("there is no such application") };
    let asked = Asked {
        id: String::new(),
        issuer: application.sp_entity_id,
        acs_url: application.acs_url,
        destination: None,
        force_authn: false,
        xml: String::new(),
    };
    endpoints::ask_who(&idp, asked, Some(application.relay_state))
}

/// `POST /sessions/end`: the person signs out here, and the service provider is told.
pub(super) async fn end_session(idp: web::Data<Idp>, body: web::Bytes) -> HttpResponse {
    let fields = pairs(&body);
    let id = single(&fields, "session").ok().flatten().unwrap_or_default();
    let session = {
        let sessions = &mut idp.lock().logout.sessions;
        sessions.iter().position(|session| session.id == id).map(|place| sessions.remove(place))
    };
    let Some(session) = session else { return refused("there is no such session") };
    let mut spec = LogoutSpec::request(idp.entity_id(), &session.slo_url, &session.name_id, session.index.as_deref(), idp.now_ms());
    spec.relay_state = Some(random_word());
    send(&idp, &session.slo_url, spec, "The person signed out at the identity provider, which tells fedgate.")
}

/// Sends a message by the chosen binding.
fn send(idp: &Idp, slo_url: &str, mut spec: LogoutSpec, meaning: &str) -> HttpResponse {
    let (key, change, binding) = {
        let state = idp.lock();
        (state.keys[0].clone(), state.logout.change.clone(), state.logout.binding.unwrap_or(Binding::Redirect))
    };
    if let Some(change) = change {
        change(&mut spec);
    }
    let path = url::Url::parse(slo_url).map_or_else(|_| String::new(), |url| url.path().to_owned());
    match binding {
        Binding::Redirect => {
            let query = spec.redirect(&key);
            let hop = Hop::new(Party::SamlIdp, Party::Gateway, &format!("GET {path}"), meaning);
            idp.journal().write(hop.through_browser().with_pairs(&pairs(query.as_bytes())));
            HttpResponse::Found()
                .insert_header((header::LOCATION, format!("{slo_url}?{query}")))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .finish()
        }
        Binding::Post => {
            let fields = spec.fields(&key);
            let hop = Hop::new(Party::SamlIdp, Party::Gateway, &format!("POST {path}"), meaning);
            idp.journal().write(hop.through_browser().with_pairs(&fields));
            endpoints::posting(slo_url, &fields)
        }
    }
}
