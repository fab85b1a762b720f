//! App clients: creating them, finding them, and the rules between their settings (cognito-surface section 6.8).
//!
//! Owns OAuth's rules at registration, the client secret (stored as digest and sealed), and which providers and attributes a client may name.
//! What a client may do at the endpoints is decided there from what is stored here.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::digest::sha256_b64;
use crate::base::ids;
use crate::base::secret::Secret;
use crate::context::Context;
use crate::model::app_client::{AppClient, OAuthFlow};
use crate::model::failure::Failure;
use crate::model::user_pool::UserPool;
use crate::store::{StoreError, UnitOfWork};
use crate::user_pools::lifetimes::{self, Lifetimes};
use crate::user_pools::{redirect_uri, schema};

/// Scopes that need no resource server.
pub const STANDARD_SCOPES: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];

/// The name that stands for the pool's own directory.
pub const OWN_DIRECTORY: &str = "COGNITO";

/// The secret of a client to create.
#[derive(Clone, Debug)]
pub enum NewSecret {
    /// A public client.
    None,
    /// Make one.
    Generate,
    /// This one.
    Given(Secret),
}

/// A client to create.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Its id; made when absent.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its secret.
    pub secret: NewSecret,
    /// Whether the configuration file owns it.
    pub declared: bool,
    /// Its settings by Cognito's member names, without pool, name and secret.
    pub document: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    #[serde(rename = "AllowedOAuthFlows")]
    flows: Vec<OAuthFlow>,
    #[serde(rename = "AllowedOAuthFlowsUserPoolClient")]
    oauth: bool,
    #[serde(rename = "AllowedOAuthScopes")]
    scopes: Vec<String>,
    #[serde(rename = "CallbackURLs")]
    callback_urls: Vec<String>,
    #[serde(rename = "LogoutURLs")]
    logout_urls: Vec<String>,
    #[serde(rename = "DefaultRedirectURI")]
    default_redirect_uri: Option<String>,
    explicit_auth_flows: Vec<String>,
    supported_identity_providers: Vec<String>,
    read_attributes: Vec<String>,
    write_attributes: Vec<String>,
    enable_token_revocation: Option<bool>,
    refresh_token_rotation: Option<Rotation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rotation {
    feature: String,
}

/// The rules between a client's settings that need no store.
pub fn check(pool_document: &Value, secret: &NewSecret, document: &Map<String, Value>) -> Result<(), Failure> {
    read(pool_document, secret, document).map(|_| ())
}

fn read(pool_document: &Value, secret: &NewSecret, document: &Map<String, Value>) -> Result<(Settings, Lifetimes), Failure> {
    let settings = Settings::deserialize(Value::Object(document.clone())).map_err(Failure::internal)?;
    for url in settings.callback_urls.iter().chain(&settings.logout_urls) {
        if let Err(why) = redirect_uri::check(url) {
            return Err(Failure::InvalidParameter(format!("{url} is not a valid redirect URI: it {why}.")));
        }
    }
    if let Some(url) = &settings.default_redirect_uri
        && !settings.callback_urls.contains(url)
    {
        return refuse("DefaultRedirectURI must be one of CallbackURLs.");
    }
    check_oauth(&settings, secret)?;
    check_auth_flows(&settings)?;
    check_attributes(pool_document, &settings)?;
    Ok((settings, lifetimes::read(document)?))
}

fn check_oauth(settings: &Settings, secret: &NewSecret) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::InvalidOAuthFlow(text.to_owned()));
    if settings.oauth && (settings.flows.is_empty() || settings.scopes.is_empty()) {
        return refuse("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.");
    }
    let machine = settings.flows.contains(&OAuthFlow::ClientCredentials);
    if machine && settings.flows.iter().any(|flow| *flow != OAuthFlow::ClientCredentials) {
        return refuse("client_credentials flow can not be selected along with code flow or implicit flow.");
    }
    if machine && matches!(secret, NewSecret::None) {
        return refuse("client_credentials flow can not be selected if client does not have a client secret.");
    }
    if settings.oauth && !machine && settings.callback_urls.is_empty() {
        return refuse("CallbackURLs are required for the code and implicit flows.");
    }
    if let Some(scope) = settings.scopes.iter().find(|scope| !STANDARD_SCOPES.contains(&scope.as_str())) {
        return Err(Failure::ScopeDoesNotExist(format!("The scope {scope} is on no resource server of the user pool.")));
    }
    Ok(())
}

fn check_auth_flows(settings: &Settings) -> Result<(), Failure> {
    let flows = &settings.explicit_auth_flows;
    let modern = |flow: &&String| flow.starts_with("ALLOW_");
    if flows.iter().any(|flow| modern(&flow)) && !flows.iter().all(|flow| modern(&flow)) {
        return refuse("ExplicitAuthFlows with and without the prefix ALLOW_ can not be mixed.");
    }
    let rotates = settings.refresh_token_rotation.as_ref().is_some_and(|rotation| rotation.feature == "ENABLED");
    if rotates && flows.iter().any(|flow| flow == "ALLOW_REFRESH_TOKEN_AUTH") {
        return refuse("Refresh token rotation can not be enabled along with ALLOW_REFRESH_TOKEN_AUTH.");
    }
    Ok(())
}

fn check_attributes(pool_document: &Value, settings: &Settings) -> Result<(), Failure> {
    let known = schema::names(pool_document);
    let unknown =
        |names: &[String], never: &[&str]| names.iter().any(|name| !known.contains(name) || never.contains(&name.as_str()));
    if unknown(&settings.read_attributes, &[]) {
        return refuse("Invalid read attributes specified while creating a client");
    }
    if unknown(&settings.write_attributes, &["sub", "email_verified", "phone_number_verified"]) {
        return refuse("Invalid write attributes specified while creating a client");
    }
    Ok(())
}

fn refuse<T>(text: &str) -> Result<T, Failure> {
    Err(Failure::InvalidParameter(text.to_owned()))
}

/// The client that those settings make, and its secret in clear.
pub fn draft(context: &Context, pool: &UserPool, new: NewClient) -> Result<(AppClient, Option<Secret>), Failure> {
    let (settings, lives) = read(&pool.document, &new.secret, &new.document)?;
    let ports = &context.ports;
    let id = new.id.unwrap_or_else(|| ids::client_id(&ports.random));
    let secret = match new.secret {
        NewSecret::None => None,
        NewSecret::Generate => Some(Secret::new(ids::client_secret(&ports.random))),
        NewSecret::Given(secret) => Some(secret),
    };
    let sealed = secret.as_ref().map(|secret| ports.seal.seal(&place(&pool.id, &id), secret.reveal().as_bytes())).transpose()?;
    let now_ms = context.now_ms();
    let client = AppClient {
        pool_id: pool.id.clone(),
        id,
        name: new.name,
        secret_digest: secret.as_ref().map(|secret| sha256_b64(secret.reveal().as_bytes())),
        secret_sealed: sealed,
        callback_urls: settings.callback_urls,
        logout_urls: settings.logout_urls,
        flows: if settings.oauth { settings.flows } else { Vec::new() },
        scopes: settings.scopes,
        providers: settings.supported_identity_providers,
        access_token_s: lives.access_s,
        id_token_s: lives.id_s,
        refresh_token_s: lives.refresh_s,
        revocation: settings.enable_token_revocation.unwrap_or(true),
        read_attributes: settings.read_attributes,
        write_attributes: settings.write_attributes,
        enabled: true,
        created_ms: now_ms,
        modified_ms: now_ms,
        declared: new.declared,
        document: Value::Object(new.document),
    };
    Ok((client, secret))
}

/// Refuses a client that names a provider which the pool does not have.
pub async fn require_providers(work: &mut UnitOfWork, client: &AppClient) -> Result<(), Failure> {
    for name in client.providers.iter().filter(|name| *name != OWN_DIRECTORY) {
        if work.identity_providers().find(&client.pool_id, name).await?.is_none() {
            let text = format!("The provider {name} does not exist for User Pool {}.", client.pool_id);
            return Err(Failure::InvalidParameter(text));
        }
    }
    Ok(())
}

/// Creates a client; also returns its secret in clear.
pub async fn create(
    context: &Context,
    work: &mut UnitOfWork,
    pool: &UserPool,
    new: NewClient,
) -> Result<(AppClient, Option<Secret>), Failure> {
    let (client, secret) = draft(context, pool, new)?;
    require_providers(work, &client).await?;
    match work.app_clients().insert(&client).await {
        Err(StoreError::Duplicate) => {
            Err(Failure::InvalidParameter(format!("An app client with the id {} exists already.", client.id)))
        }
        other => Ok(other.map(|()| (client, secret))?),
    }
}

/// The client of that id in that pool.
pub async fn find(work: &mut UnitOfWork, pool_id: &str, id: &str) -> Result<AppClient, Failure> {
    let found = work.app_clients().find(pool_id, id).await?;
    found.ok_or_else(|| Failure::ResourceNotFound(format!("User pool client {id} does not exist.")))
}

/// The client's secret in clear.
pub fn open_secret(context: &Context, client: &AppClient) -> Result<Option<Secret>, Failure> {
    let place = place(&client.pool_id, &client.id);
    Ok(client.secret_sealed.as_deref().map(|sealed| context.ports.seal.open(&place, sealed)).transpose()?)
}

fn place<'p>(pool_id: &'p str, id: &'p str) -> [&'p str; 4] {
    [pool_id, "app_client", id, "secret"]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(secret: &NewSecret, document: &Value) -> &'static str {
        check(&json!({}), secret, document.as_object().unwrap()).map_or_else(|failure| failure.reason(), |()| "fine")
    }

    fn good() -> Value {
        json!({
            "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email"],
            "CallbackURLs": ["https://app.example.com/cb"],
        })
    }

    fn with(member: &str, value: Value) -> Value {
        let mut document = good();
        document[member] = value;
        document
    }

    #[test]
    fn oauth_rules() {
        assert_eq!(outcome(&NewSecret::None, &good()), "fine");
        assert_eq!(outcome(&NewSecret::None, &json!({})), "fine");
        assert_eq!(outcome(&NewSecret::None, &with("AllowedOAuthFlows", json!([]))), "invalid_oauth_flow");
        assert_eq!(outcome(&NewSecret::None, &with("AllowedOAuthScopes", json!([]))), "invalid_oauth_flow");
        assert_eq!(outcome(&NewSecret::None, &with("CallbackURLs", json!([]))), "invalid_oauth_flow");
        assert_eq!(
            outcome(&NewSecret::Generate, &with("AllowedOAuthFlows", json!(["code", "client_credentials"]))),
            "invalid_oauth_flow"
        );
        assert_eq!(outcome(&NewSecret::None, &with("AllowedOAuthFlows", json!(["client_credentials"]))), "invalid_oauth_flow");
        assert_eq!(outcome(&NewSecret::None, &with("AllowedOAuthScopes", json!(["openid", "shop/buy"]))), "scope_does_not_exist");
        assert_eq!(outcome(&NewSecret::None, &with("DefaultRedirectURI", json!("https://app.example.com/cb"))), "fine");
        assert_eq!(outcome(&NewSecret::None, &with("DefaultRedirectURI", json!("https://app.example.com/"))), "invalid_parameter");
        assert_eq!(outcome(&NewSecret::None, &with("LogoutURLs", json!(["http://app.example.com/"]))), "invalid_parameter");
    }

    #[test]
    fn other_rules() {
        assert_eq!(
            outcome(&NewSecret::None, &with("ExplicitAuthFlows", json!(["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]))),
            "fine"
        );
        assert_eq!(
            outcome(&NewSecret::None, &with("ExplicitAuthFlows", json!(["ALLOW_USER_SRP_AUTH", "USER_PASSWORD_AUTH"]))),
            "invalid_parameter"
        );
        let mut rotating = with("RefreshTokenRotation", json!({"Feature": "ENABLED"}));
        assert_eq!(outcome(&NewSecret::None, &rotating), "fine");
        rotating["ExplicitAuthFlows"] = json!(["ALLOW_REFRESH_TOKEN_AUTH"]);
        assert_eq!(outcome(&NewSecret::None, &rotating), "invalid_parameter");
        assert_eq!(outcome(&NewSecret::None, &with("ReadAttributes", json!(["email", "email_verified"]))), "fine");
        assert_eq!(outcome(&NewSecret::None, &with("ReadAttributes", json!(["custom:none"]))), "invalid_parameter");
        assert_eq!(outcome(&NewSecret::None, &with("WriteAttributes", json!(["email_verified"]))), "invalid_parameter");
    }
}
