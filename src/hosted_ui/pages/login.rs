//! `/login`: the providers that the client offers, as buttons (Cognito: the sign-in page).
//!
//! Takes the same query as `/oauth2/authorize` and judges it by the same checks. A button is a link back to the authorization endpoint
//! with the provider named, so that this page holds no state and needs no script.

use actix_web::HttpResponse;
use askama::Template;
use url::form_urlencoded::Serializer;

use crate::auth_flows::authorization::error_redirect;
use crate::auth_flows::authorize::prompt::Prompt;
use crate::auth_flows::authorize::{self, Refusal, decide};
use crate::hosted_ui::page::{Boxed, Page, Visit};
use crate::hosted_ui::{error, render};
use crate::http::audit::AuditEvent;
use crate::http::departure;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

const EVENT: &str = "hosted_ui.login";

/// Longest parameter that is read, bytes; the checks have tighter bounds of their own.
const MAX_VALUE: usize = 16 * 1024;

/// The page.
#[derive(Clone, Copy, Debug)]
pub struct Login;

#[derive(Template)]
#[template(path = "pages/login.html")]
struct LoginTemplate<'a> {
    title: &'a str,
    nonce: &'a str,
    client_name: &'a str,
    choices: Vec<Choice>,
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

    fn sample(&self) -> Result<String, Failure> {
        let choice = |name: &str| Choice {
            name: name.to_owned(),
            letter: initial(name),
            href: "https://id.example.com/oauth2/authorize?client_id=a&state=\"><script>".to_owned(),
        };
        let choices = vec![choice("Example & Sons"), choice("<script>alert(1)</script>")];
        html("sample", "Notes <b>for</b> \"everyone\"", choices)
    }
}

async fn get(visit: Visit<'_>) -> Result<HttpResponse, Failure> {
    let Visit { context, served, request } = visit;
    let refused = |reason| error::refused(context, AuditEvent::refused(EVENT, reason).with("user_pool.id", &*served.pool.id));
    let Ok(parameters) = Parameters::parse(request.query_string(), MAX_VALUE) else { return Ok(refused("parameters_malformed")) };
    let validated = match authorize::validate(context, served, parameters.all()).await? {
        Ok(validated) => validated,
        Err(Refusal::Page { reason }) => return Ok(refused(reason)),
        Err(Refusal::Redirect { url, reason }) => return away(&url, AuditEvent::refused(EVENT, reason)),
    };
    if validated.prompt == Prompt::Never {
        let url = error_redirect(context, &validated.authorization, "login_required", "the user must sign in");
        return away(&url, AuditEvent::refused(EVENT, "login_required"));
    }
    let offered = decide::offered_providers(context, &validated.client).await?;
    let choices = offered.iter().map(|provider| choice(provider, &served.domain_url, &parameters)).collect();
    let nonce = context.ports.random.token();
    let mut response = render::page(html(&nonce, &validated.client.name, choices)?, &nonce);
    AuditEvent::success(EVENT)
        .with("user_pool.id", &*served.pool.id)
        .with("client.id", &*validated.client.id)
        .attach(&mut response);
    Ok(response)
}

fn away(url: &str, event: AuditEvent) -> Result<HttpResponse, Failure> {
    let mut response = departure::redirect_found(url).map_err(Failure::internal)?;
    event.attach(&mut response);
    Ok(response)
}

fn html(nonce: &str, client_name: &str, choices: Vec<Choice>) -> Result<String, Failure> {
    LoginTemplate { title: "Sign in", nonce, client_name, choices }.render().map_err(Failure::internal)
}

/// A button: the same query with this provider named.
fn choice(provider: &IdentityProvider, domain_url: &str, parameters: &Parameters) -> Choice {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters.all() {
        if name != "identity_provider" && name != "idp_identifier" {
            query.append_pair(name, value);
        }
    }
    query.append_pair("identity_provider", &provider.name);
    Choice {
        name: provider.name.clone(),
        letter: initial(&provider.name),
        href: format!("{domain_url}/oauth2/authorize?{}", query.finish()),
    }
}

fn initial(name: &str) -> String {
    name.chars().find(|char| char.is_alphanumeric()).map_or_else(|| "?".to_owned(), |char| char.to_uppercase().collect())
}
