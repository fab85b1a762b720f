//! The real gateway as a child process: its configuration file, its start, its log and its end.
//!
//! Writes the file that an operator would write, nothing that only the playground could. The process ends when the handle is
//! dropped. Neighbours: `demo` and the tests start it; the stand-ins are what it is configured with.

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::server;
use crate::social::all::Declared;

/// What the gateway is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its loopback port.
    pub port: u16,
    /// The user pool's id.
    pub pool_id: String,
    /// The app client's id.
    pub client_id: String,
    /// The app client's secret.
    pub client_secret: String,
    /// Where the app lives, without a trailing slash.
    pub app_url: String,
    /// The OIDC provider: its name, issuer, and the client that it knows.
    pub oidc: OidcProvider,
    /// The SAML provider: its name and the URL of its metadata.
    pub saml: SamlProvider,
    /// The social providers.
    pub social: Vec<Declared>,
    /// More configuration, as the environment gives it: `FEDGATE_STORE__URL` and the like.
    pub environment: Vec<(String, String)>,
}

/// An upstream OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct OidcProvider {
    /// The gateway's name for it.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// The gateway's client id there.
    pub client_id: String,
    /// The gateway's client secret there.
    pub client_secret: String,
}

/// An upstream SAML identity provider.
#[derive(Clone, Debug)]
pub struct SamlProvider {
    /// The gateway's name for it.
    pub name: String,
    /// Where its metadata is.
    pub metadata_url: String,
}

impl Settings {
    /// `public_url`.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The user pool's issuer.
    pub fn issuer(&self) -> String {
        format!("{}/{}", self.base_url(), self.pool_id)
    }

    /// The configuration file: keys as in the contract, one user pool, one app client, and the identity providers.
    pub fn configuration(&self, dir: &Path) -> String {
        let (app, oidc, saml) = (&self.app_url, &self.oidc, &self.saml);
        format!(
            r#"# Written by the playground; gone when it ends.
public_url = {public_url}

[http]
listen = {listen}

[store]
url = {store}

# The stand-ins live on loopback addresses, which the gateway refuses to call unless it is told otherwise.
[outbound]
allow = ["127.0.0.0/8"]

[[user_pools]]
id = {pool_id}
name = "playground"

[[user_pools.app_clients]]
client_id = {client_id}
client_secret = {client_secret}
client_name = "sample-app"
generate_secret = true
callback_urls = [{callback}]
logout_urls = [{signed_out}]
allowed_o_auth_flows_user_pool_client = true
allowed_o_auth_flows = ["code"]
allowed_o_auth_scopes = ["openid", "email", "profile"]
supported_identity_providers = [{oidc_name}, {saml_name}{social_names}]

[[user_pools.identity_providers]]
provider_name = {oidc_name}
provider_type = "OIDC"

[user_pools.identity_providers.provider_details]
client_id = {oidc_client}
client_secret = {oidc_secret}
oidc_issuer = {oidc_issuer}
authorize_scopes = "openid email profile"
attributes_request_method = "GET"

[user_pools.identity_providers.attribute_mapping]
email = "email"
email_verified = "email_verified"
name = "name"
given_name = "given_name"
family_name = "family_name"

[[user_pools.identity_providers]]
provider_name = {saml_name}
provider_type = "SAML"
idp_identifiers = ["example.com"]

[user_pools.identity_providers.provider_details]
MetadataURL = {saml_metadata}

[user_pools.identity_providers.attribute_mapping]
email = "email"
name = "name"
given_name = "given_name"
family_name = "family_name"
{social}"#,
            public_url = quoted(&self.base_url()),
            listen = quoted(&format!("127.0.0.1:{}", self.port)),
            store = quoted(&format!("sqlite://{}", dir.join("fedgate.db").display())),
            pool_id = quoted(&self.pool_id),
            client_id = quoted(&self.client_id),
            client_secret = quoted(&self.client_secret),
            callback = quoted(&format!("{app}{}", crate::app::CALLBACK_PATH)),
            signed_out = quoted(&format!("{app}{}", crate::app::SIGNED_OUT_PATH)),
            oidc_name = quoted(&oidc.name),
            oidc_client = quoted(&oidc.client_id),
            oidc_secret = quoted(&oidc.client_secret),
            oidc_issuer = quoted(&oidc.issuer),
            saml_name = quoted(&saml.name),
            saml_metadata = quoted(&saml.metadata_url),
            social_names = self.social.iter().map(|provider| format!(", {}", quoted(provider.name))).collect::<String>(),
            social = self.social.iter().map(declaration).collect::<String>(),
        )
    }
}

fn declaration(provider: &Declared) -> String {
    let name = quoted(provider.name);
    let details = provider.details.iter().map(|(key, value)| format!("{key} = {}\n", quoted(value))).collect::<String>();
    let mapping = provider.mapping.iter().map(|(key, value)| format!("{key} = {}\n", quoted(value))).collect::<String>();
    format!(
        concat!(
            "\n[[user_pools.identity_providers]]\nprovider_name = {name}\nprovider_type = {name}\n",
            "\n[user_pools.identity_providers.provider_details]\n{details}",
            "\n[user_pools.identity_providers.attribute_mapping]\n{mapping}",
        ),
        name = name,
        details = details,
        mapping = mapping,
    )
}

/// A TOML basic string; JSON's escapes are a subset of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Why the gateway does not run.
#[derive(Debug)]
pub struct NotStarted {
    /// What happened.
    pub reason: String,
    /// The last lines of its log.
    pub log: Vec<String>,
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the gateway did not start: {}", self.reason)?;
        self.log.iter().try_for_each(|line| writeln!(f, "  fedgate | {line}"))
    }
}

impl std::error::Error for NotStarted {}

impl From<io::Error> for NotStarted {
    fn from(error: io::Error) -> Self {
        Self { reason: error.to_string(), log: Vec::new() }
    }
}

/// A running gateway.
pub struct Gateway {
    child: Child,
    tail: Tail,
    /// Its whole log.
    pub log_file: PathBuf,
}

type Tail = Arc<Mutex<VecDeque<String>>>;

/// The `fedgate` binary beside the running program (or one folder above, where tests live).
pub fn binary() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let name = format!("fedgate{}", std::env::consts::EXE_SUFFIX);
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|path| path.is_file());
    let missing = || io::Error::new(io::ErrorKind::NotFound, "no fedgate binary beside this program: run `cargo build` first");
    beside.ok_or_else(missing)
}

impl Gateway {
    /// Writes the configuration into `dir`, starts `binary` there and waits until it answers.
    /// `echo` also copies its log to standard error, each line with a prefix.
    pub async fn start(binary: &Path, settings: &Settings, dir: &Path, echo: bool) -> Result<Self, NotStarted> {
        let file = dir.join("fedgate.toml");
        fs::write(&file, settings.configuration(dir))?;
        let mut command = Command::new(binary);
        command.arg("serve").arg("--config").arg(&file).current_dir(dir);
        // The caller's own settings must not leak into the demo.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FEDGATE_")) {
            command.env_remove(name);
        }
        command.envs(settings.environment.iter().cloned());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let tail = Tail::default();
        let log_file = dir.join("fedgate.log");
        if let Some(stderr) = child.stderr.take() {
            let log = fs::File::create(&log_file)?;
            let tail = Arc::clone(&tail);
            std::thread::spawn(move || copy_log(stderr, log, &tail, echo));
        }
        let mut gateway = Self { child, tail, log_file };
        gateway.wait(&format!("{}/healthz", settings.base_url())).await?;
        Ok(gateway)
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> Vec<String> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits up to `seconds` for it to end by itself, after a signal that it got too.
    pub async fn end_within(&mut self, seconds: u64) {
        for _ in 0..seconds * 20 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn wait(&mut self, health: &str) -> Result<(), NotStarted> {
        let client = server::http_client();
        for _ in 0..300 {
            if client.get(health).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                // The log's last words may still be on their way through the pipe.
                tokio::time::sleep(Duration::from_millis(100)).await;
                return Err(NotStarted { reason: format!("it ended with {status}"), log: self.log_tail() });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(NotStarted { reason: format!("{health} did not answer for 15 s"), log: self.log_tail() })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How much of the log an error shows.
const TAIL_LINES: usize = 25;

fn copy_log(from: ChildStderr, mut to: fs::File, tail: &Tail, echo: bool) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        let _ = writeln!(to, "{line}");
        if echo {
            let _ = writeln!(io::stderr(), "fedgate | {line}");
        }
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(line);
    }
}
