//! `/login/continue`: the step between the page's e-mail form and the identity provider that the address led to.
//!
//! A page and not a redirect, since browsers hold every redirect after a form against the `form-action` of the page with the form, and the way
//! ahead leads through the provider to the app. It goes on by itself (`Refresh`), or by its one link; it needs no script. Takes the query of
//! `/oauth2/authorize` with the provider named, and judges it by the same checks.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use askama::Template;

use crate::auth_flows::authorize::{self, Named, Refusal};
use crate::hosted_ui::page::{Boxed, Page, Visit};
use crate::hosted_ui::query::{self, MAX_VALUE};
use crate::hosted_ui::{error, render};
use crate::http::audit::AuditEvent;
use crate::http::departure;
use crate::http::parameters::Parameters;
use crate::model::failure::Failure;

const EVENT: &str = "hosted_ui.handover";

const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// The page.
#[derive(Clone, Copy, Debug)]
pub struct Handover;

#[derive(Template)]
#[template(path = "pages/handover.html")]
struct HandoverTemplate<'a> {
    title: &'a str,
    nonce: &'a str,
    provider: &'a str,
    href: &'a str,
}

impl Page for Handover {
    fn path(&self) -> &'static str {
        "/login/continue"
    }

    fn event(&self) -> &'static str {
        EVENT
    }

    fn get<'a>(&'a self, visit: Visit<'a>) -> Boxed<'a, Result<HttpResponse, Failure>> {
        Box::pin(get(visit))
    }

    fn sample(&self) -> Result<String, Failure> {
        html("sample", "<script>alert(1)</script>", "https://id.example.com/oauth2/authorize?client_id=a&state=\"><script>")
    }
}

async fn get(visit: Visit<'_>) -> Result<HttpResponse, Failure> {
    let Visit { context, served, request } = visit;
    let refused = |reason| error::refused(context, AuditEvent::refused(EVENT, reason).with("user_pool.id", &*served.pool.id));
    let Ok(parameters) = Parameters::parse(request.query_string(), MAX_VALUE) else { return Ok(refused("parameters_malformed")) };
    let validated = match authorize::validate(context, served, parameters.all()).await? {
        Ok(validated) => validated,
        Err(Refusal::Page { reason }) => return Ok(refused(reason)),
        Err(Refusal::Redirect { url, reason }) => {
            let mut response = departure::redirect_found(&url).map_err(Failure::internal)?;
            AuditEvent::refused(EVENT, reason).attach(&mut response);
            return Ok(response);
        }
    };
    let Named::External(provider) = &validated.named else { return Ok(refused("provider_not_named")) };
    let href = query::authorize_url(&served.domain_url, &parameters, &[("identity_provider", provider)]);
    let nonce = context.ports.random.token();
    let mut response = render::page(html(&nonce, provider, &href)?, &nonce);
    let refresh = HeaderValue::from_str(&format!("0;url={href}")).map_err(Failure::internal)?;
    response.headers_mut().insert(REFRESH, refresh);
    AuditEvent::success(EVENT)
        .with("user_pool.id", &*served.pool.id)
        .with("client.id", &*validated.client.id)
        .with("provider", &**provider)
        .attach(&mut response);
    Ok(response)
}

fn html(nonce: &str, provider: &str, href: &str) -> Result<String, Failure> {
    HandoverTemplate { title: "Continue to sign in", nonce, provider, href }.render().map_err(Failure::internal)
}
