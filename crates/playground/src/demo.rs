//! The demo: the stand-ins, the real gateway and the sample app, wired together on free loopback ports.
//!
//! [`Demo::start`] is the whole world in one value; dropping it ends every part and removes its folder. [`Demo::walk`] signs
//! in through every door with a screenless browser, which is how `playground demo --once` proves that the demo works.
//! Neighbours: `main` is the program around it; `gateway`, `oidc_idp`, `saml_idp` and `app` are the parts.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::app;
use crate::browser::{Browser, BrowserError, Page};
use crate::clock::{self, random_word};
use crate::gateway::{self, Gateway, NotStarted, OidcProvider, SamlProvider, Settings};
use crate::journal::Journal;
use crate::oidc_idp::{self, Client, OidcIdp, OidcIdpHandle};
use crate::saml_idp::{self, SamlIdp, SamlIdpHandle};
use crate::server::{self, Bound, Running};
use crate::social::all::All;

/// The gateway's name for the OIDC stand-in.
pub const OIDC_PROVIDER: &str = "ExampleOIDC";
/// The gateway's name for the SAML stand-in.
pub const SAML_PROVIDER: &str = "ExampleSAML";

/// The sample app's port, when it is free.
const APP_PORT: u16 = 9000;

/// How to start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The sample app's port; `None` = 9000, or any free one if that is taken.
    pub port: Option<u16>,
    /// Copy the gateway's log to standard error.
    pub echo_log: bool,
    /// The gateway's program; `None` = the `fedgate` beside the running program.
    pub binary: Option<PathBuf>,
}

/// Everything, running. The fields end in the order in which they stand: the gateway first, its folder last.
pub struct Demo {
    /// The gateway's process.
    pub gateway: Gateway,
    /// What the gateway was told.
    pub settings: Settings,
    _app: Running,
    /// The OIDC stand-in.
    pub oidc: OidcIdpHandle,
    /// The SAML stand-in.
    pub saml: SamlIdpHandle,
    social: All,
    /// The folder with configuration, database and log.
    pub folder: Folder,
}

impl Demo {
    /// Starts every part and waits until the gateway answers.
    pub async fn start(options: &Options) -> Result<Self, NotStarted> {
        let binary = options.binary.clone().map_or_else(gateway::binary, Ok)?;
        let journal = Journal::default();
        let oidc_client = Client::new("fedgate", &random_word());
        let oidc = OidcIdp::start(oidc_idp::Config {
            clients: vec![oidc_client.clone()],
            journal: journal.clone(),
            ..oidc_idp::Config::default()
        })?;
        let saml = SamlIdp::start(saml_idp::Config { journal: journal.clone(), ..saml_idp::Config::default() })?;
        let social = All::start(&journal)?;
        let bound = bind_app(options.port)?;
        let settings = Settings {
            environment: Vec::new(),
            // Bound and let go again: the gateway takes it a moment later.
            port: server::bind(0)?.port(),
            pool_id: "local_Playground".to_owned(),
            client_id: "playgroundsampleapp".to_owned(),
            client_secret: random_word(),
            app_url: bound.base_url(),
            oidc: OidcProvider {
                name: OIDC_PROVIDER.to_owned(),
                issuer: oidc.issuer.clone(),
                client_id: oidc_client.client_id,
                client_secret: oidc_client.client_secret.unwrap_or_default(),
            },
            social: social.declared(),
            saml: SamlProvider { name: SAML_PROVIDER.to_owned(), metadata_url: saml.metadata_url() },
        };
        let app = app::start(
            bound,
            app::Config {
                issuer: settings.issuer(),
                client_id: settings.client_id.clone(),
                client_secret: Some(settings.client_secret.clone()),
                oidc_provider: OIDC_PROVIDER.to_owned(),
                saml_provider: SAML_PROVIDER.to_owned(),
                journal,
                clock: clock::system(),
            },
        )?;
        let folder = Folder::new()?;
        let gateway = Gateway::start(&binary, &settings, folder.path(), options.echo_log).await?;
        Ok(Self { gateway, settings, _app: app, oidc, saml, social, folder })
    }

    /// Walks through every door as a person with a browser would; answers what happened, line by line.
    pub async fn walk(&self) -> Result<Vec<String>, BrowserError> {
        let mut told = Vec::new();
        for door in DOORS {
            self.walk_through(door, &mut told).await?;
        }
        Ok(told)
    }

    async fn walk_through(&self, door: &Door, told: &mut Vec<String>) -> Result<(), BrowserError> {
        let mut browser = Browser::new();
        told.push(door.title.to_owned());
        let mut page = browser.open(&self.settings.app_url).await?;
        page = browser.click(&page, door.label).await?;
        if let Some(provider) = door.choose {
            expect(&page, provider)?;
            page = choose(&mut browser, &page, provider).await?;
        }
        page = browser.press(&page, door.person).await?;
        expect(&page, &format!("Hello, {}", door.person))?;
        expect(&page, door.provider)?;
        let marks = page.body.matches("class=\"mark\"").count();
        if marks == 0 || page.body.contains("mark bad") {
            return Err(page.missing("complete set of verified marks"));
        }
        for (method, url, status) in &browser.visits {
            let place = self.place(url.port());
            told.push(format!("  {status} {:<4} {place:<12} {}", method.as_str(), url.path()));
        }
        told.push(format!("  signed in as {}: {marks} checks on the tokens hold", door.person));

        page = browser.press(&page, "Refresh").await?;
        expect(&page, "These are fresh tokens")?;
        told.push("  refreshed: new tokens, verified again".to_owned());
        page = browser.press(&page, "Sign out").await?;
        expect(&page, "You are signed out")?;
        told.push("  signed out at the app and at the gateway".to_owned());
        Ok(())
    }

    fn place(&self, port: Option<u16>) -> &'static str {
        let is = |url: &str| url::Url::parse(url).is_ok_and(|url| url.port() == port);
        if is(&self.settings.app_url) {
            "Sample app"
        } else if is(&self.settings.base_url()) {
            "fedgate"
        } else if is(&self.oidc.issuer) {
            "Example OIDC"
        } else {
            self.social.at_port(port).unwrap_or("Example SAML")
        }
    }
}

/// One way in.
struct Door {
    title: &'static str,
    label: &'static str,
    choose: Option<&'static str>,
    person: &'static str,
    provider: &'static str,
}

const DOORS: &[Door] = &[
    Door {
        title: "Through the OpenID Connect provider",
        label: "Example OIDC",
        choose: None,
        person: "Ada Lovelace",
        provider: OIDC_PROVIDER,
    },
    Door {
        title: "Through the SAML provider",
        label: "Example SAML",
        choose: None,
        person: "Katherine Johnson",
        provider: SAML_PROVIDER,
    },
    Door {
        title: "Through the gateway's own page",
        label: "Choose",
        choose: Some(OIDC_PROVIDER),
        person: "Grace Hopper",
        provider: OIDC_PROVIDER,
    },
    social("Through Google", "Google"),
    social("Through Apple, which answers by a posted form", "SignInWithApple"),
    social("Through Facebook", "Facebook"),
    social("Through Amazon", "LoginWithAmazon"),
];

const fn social(title: &'static str, provider: &'static str) -> Door {
    Door { title, label: "Choose", choose: Some(provider), person: "Ada Lovelace", provider }
}

/// Presses or follows whatever names the provider.
async fn choose(browser: &mut Browser, page: &Page, provider: &str) -> Result<Page, BrowserError> {
    if page.form_with_button(provider).is_ok() {
        return browser.press(page, provider).await;
    }
    browser.click(page, provider).await
}

fn expect(page: &Page, words: &str) -> Result<(), BrowserError> {
    if page.text().contains(words) { Ok(()) } else { Err(page.missing(&format!("words \"{words}\""))) }
}

fn bind_app(port: Option<u16>) -> io::Result<Bound> {
    match port {
        Some(port) => server::bind(port),
        None => server::bind(APP_PORT).or_else(|_| server::bind(0)),
    }
}

/// A private folder that is removed when this is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one under the system's folder for temporary files, readable by its owner only: it holds secrets.
    pub fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("fedgate-playground-{}", &random_word()[..12]));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
