//! `/link` and `/unlink`: where signed-in users add identities of theirs and remove them (O-18).
//!
//! `GET {domain}/link?client_id&redirect_uri[&identity_provider][&state]` shows a page and changes nothing; each thing to press on it carries a
//! proof of its own, which no other page and no other browser has. Who may, and what a proof allows, is `federation::link_proof`'s; the way to
//! the provider is the broker's.

use actix_web::web::{self, Bytes, Data, ReqData, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::auth_flows::authorization::error_redirect;
use crate::auth_flows::authorize::decide;
use crate::context::Context;
use crate::federation::link_proof::{self, Act, Standing, Unfit, Wish};
use crate::hosted_ui::{HostedUiState, error, render};
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, BrowserBinding, CookieKind};
use crate::http::departure;
use crate::http::facts::RequestFacts;
use crate::http::parameters::Parameters;
use crate::model::authorization::Authorization;
use crate::model::failure::Failure;
use crate::user_pools::address::{self, ServedPool};

const SHOW: &str = "hosted_ui.link";
const START: &str = "hosted_ui.link_start";
const UNLINK: &str = "hosted_ui.unlink";

/// Longest parameter that is read, bytes.
const MAX_VALUE: usize = 4 * 1024;

#[derive(Template)]
#[template(path = "pages/linking.html")]
struct LinkingTemplate<'a> {
    title: &'a str,
    nonce: &'a str,
    username: &'a str,
    client_name: &'a str,
    offers: Vec<Offer>,
    links: Vec<Link>,
    unlink_url: String,
    back: Option<String>,
}

struct Offer {
    name: String,
    href: String,
}

struct Link {
    name: String,
    subject: String,
    proof: String,
}

/// Registers the page and what can be pressed on it.
pub fn routes(cfg: &mut ServiceConfig) {
    for prefix in ["", "/{pool_id}"] {
        cfg.service(web::resource(format!("{prefix}/link")).route(web::get().to(show)))
            .service(web::resource(format!("{prefix}/link/start")).route(web::get().to(start)))
            .service(web::resource(format!("{prefix}/unlink")).route(web::post().to(unlink)));
    }
}

async fn show(request: HttpRequest, state: Data<HostedUiState>, facts: ReqData<RequestFacts>) -> HttpResponse {
    let context = state.context(&facts);
    let shown = async {
        let served = served(&context, &request, &facts).await?;
        page(&context, &request, &served).await
    };
    shown.await.unwrap_or_else(|failure| error::failed(&context, SHOW, &failure))
}

async fn start(request: HttpRequest, state: Data<HostedUiState>, facts: ReqData<RequestFacts>) -> HttpResponse {
    let context = state.context(&facts);
    let begun = async {
        let served = served(&context, &request, &facts).await?;
        leave(&context, &state, &request, &served).await
    };
    begun.await.unwrap_or_else(|failure| error::failed(&context, START, &failure))
}

async fn unlink(request: HttpRequest, state: Data<HostedUiState>, facts: ReqData<RequestFacts>, body: Bytes) -> HttpResponse {
    let context = state.context(&facts);
    let done = async {
        let served = served(&context, &request, &facts).await?;
        remove(&context, &request, &served, &body).await
    };
    done.await.unwrap_or_else(|failure| error::failed(&context, UNLINK, &failure))
}

async fn served(context: &Context, request: &HttpRequest, facts: &RequestFacts) -> Result<ServedPool, Failure> {
    let served = address::resolve(context, request.match_info().get("pool_id"), &facts.host).await?;
    served.ok_or_else(|| Failure::ResourceNotFound("no user pool is served here".to_owned()))
}

fn session_cookie(context: &Context, request: &HttpRequest, served: &ServedPool) -> Option<String> {
    cookies::read(request, &context.ports.public_url, CookieKind::Session(&served.pool.id))
}

async fn page(context: &Context, request: &HttpRequest, served: &ServedPool) -> Result<HttpResponse, Failure> {
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE).map_err(|_| refused("parameters_malformed"))?;
    let wish = Wish {
        client_id: parameters.get("client_id").ok_or(refused("client_unknown"))?,
        redirect_uri: parameters.get("redirect_uri").ok_or(refused("redirect_uri_mismatch"))?,
        state: parameters.get("state"),
        provider: parameters.get("identity_provider"),
    };
    let cookie = session_cookie(context, request, served);
    let standing = match link_proof::stand(context, served, wish, cookie.as_deref()).await? {
        Ok(standing) => standing,
        Err(Unfit::Page(reason)) => return Err(refused(reason)),
        Err(Unfit::SignIn(authorization)) => {
            let url = error_redirect(context, &authorization, "login_required", "The user must sign in anew.");
            let mut response = departure::redirect_found(&url).map_err(Failure::internal)?;
            about(AuditEvent::refused(SHOW, "login_required"), &authorization).attach(&mut response);
            return Ok(response);
        }
    };
    let nonce = context.ports.random.token();
    let html = LinkingTemplate {
        title: "Ways to sign in",
        nonce: &nonce,
        username: &standing.user.username,
        client_name: &standing.client.name,
        offers: offers(context, served, &standing, wish.provider).await?,
        links: links(context, &standing).await?,
        unlink_url: format!("{}/unlink", served.domain_url),
        back: back(&standing.authorization),
    };
    let mut response = render::form_page(html.render().map_err(Failure::internal)?, &nonce);
    about(AuditEvent::success(SHOW), &standing.authorization).with("user.sub", standing.user.sub).attach(&mut response);
    Ok(response)
}

/// What can be added: the wished provider, or all that the client offers.
async fn offers(context: &Context, served: &ServedPool, standing: &Standing, wished: Option<&str>) -> Result<Vec<Offer>, Failure> {
    let mut offers = Vec::new();
    for provider in decide::offered_providers(context, &standing.client).await? {
        if wished.is_none_or(|name| name == provider.name) {
            let proof = link_proof::issue(context, standing, Act::Link { provider: provider.name.clone() }).await?;
            offers.push(Offer { href: format!("{}/link/start?proof={proof}", served.domain_url), name: provider.name.clone() });
        }
    }
    if offers.is_empty() && wished.is_some() {
        return Err(refused("provider_not_allowed_for_client"));
    }
    Ok(offers)
}

async fn links(context: &Context, standing: &Standing) -> Result<Vec<Link>, Failure> {
    let mut links = Vec::new();
    for identity in link_proof::own_links(&standing.user) {
        let act = Act::Unlink { provider: identity.provider.clone(), subject_key: identity.subject_key.clone() };
        let proof = link_proof::issue(context, standing, act).await?;
        links.push(Link { name: identity.provider.clone(), subject: identity.subject.clone(), proof });
    }
    Ok(links)
}

/// Goes to the provider with a proof that was pressed.
async fn leave(
    context: &Context,
    state: &HostedUiState,
    request: &HttpRequest,
    served: &ServedPool,
) -> Result<HttpResponse, Failure> {
    let parameters = Parameters::parse(request.query_string(), MAX_VALUE).map_err(|_| refused("parameters_malformed"))?;
    let proof = parameters.get("proof").ok_or(refused("link_proof_missing"))?;
    let cookie = session_cookie(context, request, served);
    let (act, authorization, link_to) = link_proof::take(context, &served.pool.id, proof, cookie.as_deref()).await?;
    let Act::Link { provider } = act else { return Err(refused("link_proof_for_other_act")) };
    let public_url = &context.ports.public_url;
    let browser = BrowserBinding::of(request, public_url, &context.ports.random);
    let event = about(AuditEvent::success(START), &authorization).with("user.sub", &*link_to.sub).with("provider", &*provider);
    let away = state.broker.begin_link(context, authorization, &provider, &browser.value, link_to).await?;
    let mut response = departure::leave(&away, &context.ports.random).map_err(Failure::internal)?;
    browser.keep(public_url, &mut response).map_err(Failure::internal)?;
    event.attach(&mut response);
    Ok(response)
}

async fn remove(context: &Context, request: &HttpRequest, served: &ServedPool, body: &[u8]) -> Result<HttpResponse, Failure> {
    let text = std::str::from_utf8(body).map_err(|_| refused("parameters_malformed"))?;
    let parameters = Parameters::parse(text, MAX_VALUE).map_err(|_| refused("parameters_malformed"))?;
    let proof = parameters.get("proof").ok_or(refused("link_proof_missing"))?;
    let cookie = session_cookie(context, request, served);
    let (act, authorization, link_to) = link_proof::take(context, &served.pool.id, proof, cookie.as_deref()).await?;
    let Act::Unlink { provider, subject_key } = act else { return Err(refused("link_proof_for_other_act")) };
    link_proof::unlink(context, &served.pool.id, &link_to, &provider, &subject_key).await?;
    let event = about(AuditEvent::success(UNLINK), &authorization).with("user.sub", link_to.sub).with("provider", provider);
    // Back to the page, which asks for a fresh sign-in when this one came through what was removed.
    let mut query = Serializer::new(String::new());
    query.append_pair("client_id", &authorization.client_id).append_pair("redirect_uri", &authorization.redirect_uri);
    if let Some(state) = &authorization.state {
        query.append_pair("state", state);
    }
    let url = format!("{}/link?{}", served.domain_url, query.finish());
    let mut response = departure::redirect_see_other(&url).map_err(Failure::internal)?;
    event.attach(&mut response);
    Ok(response)
}

/// The app's own address; a page links to web addresses only.
fn back(authorization: &Authorization) -> Option<String> {
    let web = Url::parse(&authorization.redirect_uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    web.then(|| authorization.redirect_uri.clone())
}

fn about(event: AuditEvent, authorization: &Authorization) -> AuditEvent {
    event.with("user_pool.id", &*authorization.pool_id).with("client.id", &*authorization.client_id)
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// U-05: whatever a provider, an app or a user is called, it shows as text.
    #[test]
    fn u_05_names_show_as_text() {
        let evil = || "\"><script>alert(1)</script>".to_owned();
        let page = LinkingTemplate {
            title: "Ways to sign in",
            nonce: "n",
            username: &evil(),
            client_name: &evil(),
            offers: vec![Offer { name: evil(), href: "https://id.example.com/link/start?proof=a".to_owned() }],
            links: vec![Link { name: evil(), subject: evil(), proof: evil() }],
            unlink_url: "https://id.example.com/unlink".to_owned(),
            back: Some(evil()),
        };
        let html = page.render().expect("a page");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.matches("alert(1)").count() >= 7, "the control: the names are there");
    }
}
