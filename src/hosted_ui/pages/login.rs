//! `/login`: the ways in that the client offers (Cognito: the sign-in page).
//!
//! Takes the same query as `/oauth2/authorize` and judges it by the same checks. A provider is a button, a link back to the authorization
//! endpoint with the provider named; providers of an e-mail domain are found by the address that is typed into the one field, and are
//! not named to everybody (section 3.5). What owns which domain is `federation::discovery`'s. The page holds no state and needs no script.

use actix_web::HttpResponse;
use askama::Template;

use crate::auth_flows::authorization::error_redirect;
use crate::auth_flows::authorize::prompt::Prompt;
use crate::auth_flows::authorize::{self, Refusal, Validated, decide};
use crate::federation::discovery;
use crate::hosted_ui::page::{Boxed, Page, Visit};
use crate::hosted_ui::query::{self, MAX_VALUE, UNROUTED};
use crate::hosted_ui::{error, render};
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, BrowserBinding, CookieKind};
use crate::http::parameters::Parameters;
use crate::http::{csrf, departure};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

const EVENT: &str = "hosted_ui.login";

/// The field of the address.
const ADDRESS: &str = "email";

/// The page.
#[derive(Clone, Copy, Debug)]
pub struct Login;

#[derive(Template)]
#[template(path = "pages/login.html")]
struct LoginTemplate<'a> {
    title: &'a str,
    nonce: &'a str,
    client_name: &'a str,
    form: Option<AddressForm>,
    choices: Vec<Choice>,
}

struct AddressForm {
    action: String,
    csrf: String,
    prefill: String,
    unrouted: bool,
}

struct Choice {
    name: String,
    letter: String,
    href: String,
}

impl Page for Login {
    fn path(&self) -> &'static str {
        "/login"
    }

    fn event(&self) -> &'static str {
        EVENT
    }

    fn get<'a>(&'a self, visit: Visit<'a>) -> Boxed<'a, Result<HttpResponse, Failure>> {
        Box::pin(get(visit))
    }

    fn post<'a>(&'a self, visit: Visit<'a>, form: Parameters) -> Option<Boxed<'a, Result<HttpResponse, Failure>>> {
        Some(Box::pin(post(visit, form)))
    }

    fn takes_form(&self) -> bool {
        true
    }

    fn sample(&self) -> Result<String, Failure> {
        let choice = |name: &str| Choice {
            name: name.to_owned(),
            letter: initial(name),
            href: "https://id.example.com/oauth2/authorize?client_id=a&state=\"><script>".to_owned(),
        };
        let form = AddressForm {
            action: "https://id.example.com/login?state=\"><script>".to_owned(),
            csrf: "sample".to_owned(),
            prefill: "\"><script>alert(1)</script>@example.com".to_owned(),
            unrouted: true,
        };
        let choices = vec![choice("Example & Sons"), choice("<script>alert(1)</script>")];
        html("sample", "Notes <b>for</b> \"everyone\"", Some(form), choices)
    }
}

/// A request that the page serves, or the answer to one that it does not.
async fn judged(visit: Visit<'_>) -> Result<Result<(Parameters, Validated), HttpResponse>, Failure> {
    let Visit { context, served, request } = visit;
    let refused = |reason| {
        let event = AuditEvent::refused(EVENT, reason).with("user_pool.id", &*served.pool.id);
        Ok(Err(error::refused(context, event)))
    };
    let Ok(parameters) = Parameters::parse(request.query_string(), MAX_VALUE) else { return refused("parameters_malformed") };
    let validated = match authorize::validate(context, served, parameters.all()).await? {
        Ok(validated) => validated,
        Err(Refusal::Page { reason }) => return refused(reason),
        Err(Refusal::Redirect { url, reason }) => return away(visit, &url, AuditEvent::refused(EVENT, reason)).map(Err),
    };
    if validated.prompt == Prompt::Never {
        let url = error_redirect(context, &validated.authorization, "login_required", "the user must sign in");
        return away(visit, &url, AuditEvent::refused(EVENT, "login_required")).map(Err);
    }
    Ok(Ok((parameters, validated)))
}

async fn get(visit: Visit<'_>) -> Result<HttpResponse, Failure> {
    let (parameters, validated) = match judged(visit).await? {
        Ok(request) => request,
        Err(answer) => return Ok(answer),
    };
    let Visit { context, served, request } = visit;
    let public_url = &context.ports.public_url;
    let offered = decide::offered_providers(context, &validated.client).await?;
    let (by_address, by_button): (Vec<_>, Vec<_>) = offered.iter().partition(|provider| discovery::found_by_address(provider));
    let choices = by_button.into_iter().map(|provider| choice(provider, &served.domain_url, &parameters)).collect();
    let nonce = context.ports.random.token();
    let name = &validated.client.name;
    let mut response = if by_address.is_empty() {
        render::page(html(&nonce, name, None, choices)?, &nonce)
    } else {
        let browser = BrowserBinding::of(request, public_url, &context.ports.random);
        let form = AddressForm {
            action: query::address(&format!("{}/login", served.domain_url), &parameters, &[]),
            csrf: csrf::token(&browser.value),
            prefill: validated.authorization.login_hint.clone().unwrap_or_default(),
            unrouted: parameters.get(UNROUTED).is_some(),
        };
        let mut response = render::form_page(html(&nonce, name, Some(form), choices)?, &nonce);
        browser.keep(public_url, &mut response).map_err(Failure::internal)?;
        response
    };
    facts(AuditEvent::success(EVENT), &validated).attach(&mut response);
    Ok(response)
}

/// The address that was typed: on to its provider, or back to the page. Neither the address nor its domain is logged, and what is not
/// offered to this client is answered as what does not exist.
async fn post(visit: Visit<'_>, form: Parameters) -> Result<HttpResponse, Failure> {
    let (parameters, validated) = match judged(visit).await? {
        Ok(request) => request,
        Err(answer) => return Ok(answer),
    };
    let Visit { context, served, request } = visit;
    let browser = cookies::read(request, &context.ports.public_url, CookieKind::Browser);
    if !csrf::is_ours(request, browser.as_deref(), form.get(csrf::FIELD)) {
        return Ok(error::refused(context, facts(AuditEvent::refused(EVENT, "form_of_another_site"), &validated)));
    }
    let offered = decide::offered_providers(context, &validated.client).await?;
    let address = form.get(ADDRESS).unwrap_or_default();
    let (url, event) = if let Some(provider) = discovery::owner(&offered, address) {
        let changes = [("identity_provider", provider.name.as_str()), ("login_hint", address)];
        let url = query::address(&format!("{}/login/continue", served.domain_url), &parameters, &changes);
        (url, AuditEvent::success(EVENT).with("next", "provider").with("provider", &*provider.name))
    } else {
        let url = query::address(&format!("{}/login", served.domain_url), &parameters, &[(UNROUTED, "1")]);
        (url, AuditEvent::success(EVENT).with("next", "login"))
    };
    away(visit, &url, facts(event, &validated))
}

fn facts(event: AuditEvent, validated: &Validated) -> AuditEvent {
    event.with("user_pool.id", &*validated.authorization.pool_id).with("client.id", &*validated.client.id)
}

/// A redirect: 302 after a GET, 303 after a POST, so that no form data travels on.
fn away(visit: Visit<'_>, url: &str, event: AuditEvent) -> Result<HttpResponse, Failure> {
    let to = if visit.request.method() == "POST" { departure::redirect_see_other(url) } else { departure::redirect_found(url) };
    let mut response = to.map_err(Failure::internal)?;
    event.attach(&mut response);
    Ok(response)
}

fn html(nonce: &str, client_name: &str, form: Option<AddressForm>, choices: Vec<Choice>) -> Result<String, Failure> {
    LoginTemplate { title: "Sign in", nonce, client_name, form, choices }.render().map_err(Failure::internal)
}

/// A button: the same query with this provider named.
fn choice(provider: &IdentityProvider, domain_url: &str, parameters: &Parameters) -> Choice {
    Choice {
        name: provider.name.clone(),
        letter: initial(&provider.name),
        href: query::authorize_url(domain_url, parameters, &[("identity_provider", &provider.name)]),
    }
}

fn initial(name: &str) -> String {
    name.chars().find(|char| char.is_alphanumeric()).map_or_else(|| "?".to_owned(), |char| char.to_uppercase().collect())
}
