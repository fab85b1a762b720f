//! The assertion consumer service: what one POST of an ordinary signed response costs, and what its document alone costs.
//!
//! The answers are made beforehand (the request of each, then a response signed in this process), in rounds; the gateway's CPU time
//! is read around the POSTs only. `document` measures parsing, gate and verification in this process, without HTTP or store.

use std::fmt::Write as _;

use fedgate::federation::saml::metadata::{self, MetadataOptions};
use fedgate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation};
use playground::app::CALLBACK_PATH;
use playground::browser::{Browser, parameter};
use playground::clock::random_word;
use playground::demo::{Demo, SAML_PROVIDER};
use playground::saml_idp::{Person, request};
use playground::server;
use tokio::task::JoinSet;
use url::Url;

use crate::Failure;
use crate::proc;

/// Posts in all, for each kind of user.
const POSTS: usize = 10_000;
/// Answers made at a time: a login lives for five minutes.
const ROUND: usize = 500;
/// Posts on their way at the same time.
const AT_ONCE: usize = 8;
/// How large the document is made, bytes.
const DOCUMENT: usize = 5_000;

/// Who signs in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Users {
    /// One who is known.
    Known,
    /// Another one each time: the user is made.
    New,
}

/// Milliseconds of the gateway's CPU time for one POST, over all of them.
pub async fn measure(demo: &Demo, users: Users, gateway: u32) -> Result<f64, Failure> {
    let client = server::http_client();
    let mut total = 0.0;
    for round in 0..POSTS / ROUND {
        let mut answers = Vec::with_capacity(ROUND);
        for number in 0..ROUND {
            let name = match users {
                Users::Known => "bench".to_owned(),
                Users::New => format!("bench-{round}-{number}"),
            };
            answers.push(answer(demo, Browser::with_client(client.clone()), &name).await?);
        }
        let before = proc::cpu_ns(gateway)?;
        let mut posting = JoinSet::new();
        for (mut browser, url, fields) in answers {
            if posting.len() >= AT_ONCE {
                posting.join_next().await.ok_or("nothing was posted")???;
            }
            posting.spawn(async move {
                let page = browser.post(&url, &fields).await.map_err(|problem| problem.to_string())?;
                let landed = page.location().is_some_and(|url| parameter(&url, "code").is_some());
                if landed { Ok(()) } else { Err(format!("no code: {} {}", page.status, page.text())) }
            });
        }
        while let Some(posted) = posting.join_next().await {
            posted??;
        }
        total += proc::cpu_ns(gateway)? - before;
    }
    Ok(total / 1e6 / f64::from(u32::try_from(POSTS)?))
}

type Answer = (Browser, String, Vec<(String, String)>);

/// A browser on its way back with an answer.
async fn answer(demo: &Demo, mut browser: Browser, name: &str) -> Result<Answer, Failure> {
    let settings = &demo.settings;
    let mut url = Url::parse(&format!("{}/oauth2/authorize", settings.issuer()))?;
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &settings.client_id),
        ("redirect_uri", &format!("{}{CALLBACK_PATH}", settings.app_url)),
        ("scope", "openid email profile"),
        ("identity_provider", SAML_PROVIDER),
    ]);
    let page = browser.get(url.as_str()).await?;
    let sent = page.location().ok_or("no redirect to the provider")?;
    let (message, state) =
        (parameter(&sent, "SAMLRequest").ok_or("no request")?, parameter(&sent, "RelayState").ok_or("no state")?);
    let asked = request::from_redirect(&message)?;
    let document = signed(demo, name, &asked.issuer, &asked.acs_url, &asked.id);
    let fields = vec![("SAMLResponse".to_owned(), base64(document.as_bytes())), ("RelayState".to_owned(), state)];
    Ok((browser, asked.acs_url, fields))
}

/// A response of an ordinary size: signed assertion, a dozen attributes.
fn signed(demo: &Demo, name: &str, sp_entity_id: &str, acs_url: &str, request_id: &str) -> String {
    let person = Person::new(name, "Bench Mark", &format!("{name}@example.com"));
    let mut spec = demo.saml.spec(&person, sp_entity_id, acs_url, Some(request_id));
    spec.assertion_id = format!("_{}", random_word());
    spec.response_id = format!("_{}", random_word());
    let mut filler = String::new();
    for number in 0..3 {
        filler.clear();
        write!(filler, "cn=group-{number:04},ou=groups,dc=example,dc=com").expect("text takes text");
        spec.attributes.push((format!("urn:example:attribute:{number}"), vec![filler.clone()]));
    }
    let mut document = spec.build(&demo.saml.key());
    if document.len() < DOCUMENT {
        let missing = DOCUMENT - document.len();
        spec.attributes.push(("urn:example:filler".to_owned(), vec!["x".repeat(missing.min(2_000))]));
        document = spec.build(&demo.saml.key());
    }
    document
}

/// Milliseconds for parsing, gate and verification of one document, and its size in bytes.
pub fn document(demo: &Demo) -> Result<(f64, usize), Failure> {
    const SP: &str = "urn:amazon:cognito:sp:local_Bench";
    const ACS: &str = "https://id.example.com/saml2/idpresponse";
    let now_ms = playground::clock::now_ms();
    let options = MetadataOptions { expected_entity_id: None, now_ms, allow_http: true };
    let idp = metadata::parse(demo.saml.metadata().as_bytes(), &options)?;
    let document = signed(demo, "bench", SP, ACS, "_request");
    let expectation =
        Expectation { idp: &idp, sp_entity_id: SP, acs_url: ACS, request_id: Some("_request"), now_ms, skew_s: DEFAULT_SKEW_S };
    response::verify(document.as_bytes(), &expectation)?;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let before = proc::own_thread_ms()?;
        for _ in 0..1_000 {
            response::verify(document.as_bytes(), &expectation)?;
        }
        best = best.min((proc::own_thread_ms()? - before) / 1e3);
    }
    Ok((best, document.len()))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
