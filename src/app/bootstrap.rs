//! What the first start makes: the admin access key, and without a configuration file the pool `default` with its app client.
//!
//! Owns these and their place in the store, so that restarts and other replicas find the same ones. Pools from the file are `cognito`'s.

use serde_json::{Map, Value, json};

use crate::app::AppError;
use crate::base::ids;
use crate::base::secret::Secret;
use crate::config::Config;
use crate::config::admin::{Access, AdminKey};
use crate::context::Context;
use crate::user_pools::app_clients::{self, NewClient, NewSecret};
use crate::user_pools::pools::{self, NewPool};

const ADMIN_KEY: &str = "admin_key";
const FIRST_POOL: &str = "first_user_pool";

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What the start made or found.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// The keys of administrative operations.
    pub admin_keys: Vec<AdminKey>,
    /// Whether the admin key is new: only then its secret is shown.
    pub admin_key_is_new: bool,
    /// The first pool and its app client, when there is no configuration file.
    pub first_pool: Option<(String, String)>,
}

/// Makes or finds them.
pub async fn run(context: &Context, config: &Config) -> Result<Bootstrap, AppError> {
    let (admin_keys, admin_key_is_new) = match config.admin.keys.as_slice() {
        [] => {
            let (key, is_new) = generated_key(context).await?;
            (vec![key], is_new)
        }
        keys => (keys.to_vec(), false),
    };
    let first_pool = if config.from_file { None } else { Some(first_pool(context).await?) };
    Ok(Bootstrap { admin_keys, admin_key_is_new, first_pool })
}

async fn generated_key(context: &Context) -> Result<(AdminKey, bool), AppError> {
    let ports = &context.ports;
    let id = format!("AKIA{}", ports.random.text(16, LETTERS));
    let secret = ports.random.text(40, SECRET_LETTERS);
    let document = json!({ "access_key_id": id, "secret_access_key": secret }).to_string();
    let place = ["meta", ADMIN_KEY];
    let mut work = ports.store.begin().await?;
    let stored = match work.meta().get(ADMIN_KEY).await? {
        Some(stored) => stored,
        None => work.meta().get_or_insert(ADMIN_KEY, &ports.seal.seal(&place, document.as_bytes())?).await?,
    };
    work.commit().await?;
    let opened = ports.seal.open(&place, &stored)?;
    let value: Value = serde_json::from_str(opened.reveal()).unwrap_or_default();
    let member = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = AdminKey {
        access_key_id: member("access_key_id"),
        secret_access_key: Secret::new(member("secret_access_key")),
        access: Access::Full,
        user_pools: None,
    };
    let is_new = key.access_key_id == id;
    Ok((key, is_new))
}

async fn first_pool(context: &Context) -> Result<(String, String), AppError> {
    let ports = &context.ports;
    let (pool_id, client_id) = (ids::user_pool_id(&ports.region, &ports.random), ids::client_id(&ports.random));
    let mut work = ports.store.begin().await?;
    let stored = work.meta().get_or_insert(FIRST_POOL, &format!("{pool_id} {client_id}")).await?;
    if let Some((pool, client)) = stored.split_once(' ').filter(|(pool, _)| *pool != pool_id) {
        return Ok((pool.to_owned(), client.to_owned()));
    }
    let pool = NewPool { id: Some(pool_id.clone()), name: "default".to_owned(), declared: false, document: Map::new() };
    let pool = pools::create(context, &mut work, pool).await.map_err(AppError::FirstPool)?;
    let client = NewClient {
        id: Some(client_id.clone()),
        name: "default".to_owned(),
        secret: NewSecret::None,
        declared: false,
        document: settings(),
    };
    app_clients::create(context, &mut work, &pool, client).await.map_err(AppError::FirstPool)?;
    work.commit().await?;
    Ok((pool_id, client_id))
}

/// The first app client's settings by Cognito's member names: an app in development on its usual local address.
fn settings() -> Map<String, Value> {
    let document = json!({
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", "profile", "phone"],
        "CallbackURLs": ["http://localhost:3000/callback"],
        "LogoutURLs": ["http://localhost:3000/"],
        "SupportedIdentityProviders": ["COGNITO"],
    });
    document.as_object().cloned().unwrap_or_default()
}
