//! The composition root: configuration in, a gateway out. The only file that names all rooms.
//!
//! Owns the order of start (store, master key, cache, keys, first pool, declared pools, faces) and the mounting of every face. `app/` holds
//! its small parts: the first pool and admin key (`bootstrap`), health answers, served hosts, upkeep.

pub mod bootstrap;
pub mod health;
pub mod hosts;
pub mod metrics;
pub mod probe;
pub mod upkeep;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use thiserror::Error;
use url::Url;

use crate::app::bootstrap::Bootstrap;
use crate::app::hosts::PoolHosts;
use crate::base::clock::Clock;
use crate::base::declared::Declared;
use crate::base::random::Random;
use crate::cache::{Cache, CacheError};
use crate::cognito::caller::{self, AccessKey};
use crate::cognito::declare::{self, DeclareFault};
use crate::config::Config;
use crate::config::admin::{self, AdminKey};
use crate::context::{Context, Ports};
use crate::federation::broker::Broker;
use crate::federation::providers;
use crate::hosted_ui::HostedUiState;
use crate::http::layer::Seam;
use crate::http::server::{Running, Server, ServerError, ServerSettings};
use crate::http::tls::{TlsError, TlsFiles};
use crate::keys::seal::Seal;
use crate::keys::{KeyError, KeyRing, master};
use crate::model::failure::Failure;
use crate::oauth::OAuthState;
use crate::outbound::{Outbound, OutboundError, OutboundSettings};
use crate::saml::SamlState;
use crate::store::held::Held;
use crate::store::{Store, StoreError};
use crate::{cognito, hosted_ui, oauth, saml};

/// How long a request body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The generated master key's file, relative to the working directory.
pub const MASTER_KEY_FILE: &str = "data/master.key";

/// Why the gateway cannot start.
#[derive(Debug, Error)]
pub enum AppError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema lacks migrations and must not be touched.
    #[error("the database schema is behind this program: run `fedgate migrate`")]
    SchemaBehind,
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The master key, signing keys or sealed values.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The outbound client's settings.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The listener.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The metrics listener.
    #[error("cannot listen on {address}")]
    MetricsListen {
        /// The configured address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The first pool cannot be made.
    #[error(transparent)]
    FirstPool(Failure),
    /// Mistakes under `[[user_pools]]`.
    #[error("the declared user pools are not right")]
    Declared(Vec<DeclareFault>),
    /// The declared pools do not fit what is stored.
    #[error(transparent)]
    Apply(Failure),
    /// `default_user_pool` names a pool that does not exist.
    #[error("there is no such user pool")]
    DefaultPool,
}

impl AppError {
    /// The keys that are to blame, each with what is wrong.
    pub fn faults(&self) -> Vec<(String, String)> {
        let key = match self {
            Self::Declared(faults) => return faults.iter().map(|fault| (fault.path.clone(), fault.to_string())).collect(),
            Self::Apply(_) => "user_pools",
            Self::Store(_) | Self::SchemaBehind | Self::FirstPool(_) | Self::Keys(KeyError::Store(_)) => "store.url",
            Self::Cache(_) => "cache.url",
            Self::Keys(_) => "secrets.master_key",
            Self::Outbound(_) => "outbound",
            Self::Server(ServerError::Listen { .. }) => "http.listen",
            Self::MetricsListen { .. } => "http.metrics_listen",
            Self::Server(ServerError::Tls(TlsError::Certificate(_))) | Self::Tls(TlsError::Certificate(_)) => "http.tls.cert",
            Self::Server(ServerError::Tls(_)) | Self::Tls(_) => "http.tls.key",
            Self::DefaultPool => "default_user_pool",
        };
        vec![(key.to_owned(), probe::reason(self))]
    }
}

/// A gateway, ready to serve.
#[derive(Clone, Debug)]
pub struct App {
    /// The process's ports.
    pub ports: Arc<Ports>,
    /// The broker with all providers.
    pub broker: Arc<Broker>,
    /// What the start made or found.
    pub bootstrap: Arc<Bootstrap>,
    /// A short id of this process, in every audit line.
    pub replica: String,
    cognito: Arc<cognito::Face>,
    seam: Seam,
}

/// Binds the configured address.
pub fn bind(config: &Config) -> Result<Server, AppError> {
    let http = &config.http;
    Ok(Server::bind(ServerSettings {
        listen: http.listen,
        tls: http.tls.clone().map(|(cert, key)| TlsFiles { cert, key }),
        workers: http.workers,
        max_connections: http.max_connections,
        drain_s: http.drain_s,
    })?)
}

/// The public origin: the configured one, or the address that is listened on. A machine-wide address (`0.0.0.0`) is no
/// address that a browser can use, hence `localhost`.
pub fn public_url(config: &Config, address: SocketAddr) -> Url {
    if let Some(url) = &config.general.public_url {
        return url.clone();
    }
    let scheme = if config.http.tls.is_some() { "https" } else { "http" };
    let host = if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() };
    Url::parse(&format!("{scheme}://{host}")).expect("a socket address makes a URL")
}

impl App {
    /// Connects everything and makes what the first start makes.
    pub async fn build(config: &Config, public_url: Url, clock: Clock, random: Random) -> Result<Self, AppError> {
        check_declared(config)?;
        let store = Store::connect(config.store.url.reveal()).await?;
        if config.store.migrate {
            store.migrate().await?;
        } else if !store.pending_migrations().await?.is_empty() {
            return Err(AppError::SchemaBehind);
        }
        let seal = open_seal(&store, config, &random).await?;
        let cache = Cache::connect(config.cache.url.reveal(), clock.clone()).await?;
        cache.ping().await?;
        let ports = Arc::new(Ports {
            keys: KeyRing::new(store.clone(), seal.clone(), clock.clone(), random.clone()),
            held: Held::new(store.clone(), clock.clone()),
            store,
            cache,
            seal,
            outbound: Outbound::new(&outbound_settings(config))?,
            clock,
            random: random.clone(),
            public_url,
            region: config.general.region.clone(),
            default_user_pool: config.general.default_user_pool.clone(),
        });
        let context = Context { ports: Arc::clone(&ports), request_id: "start".to_owned() };
        let bootstrap = bootstrap::run(&context, config).await?;
        let broker = Arc::new(Broker::new(providers::table()));
        declare::apply(&context, &broker, &config.user_pools).await.map_err(AppError::Apply)?;
        if let Some(id) = &ports.default_user_pool
            && ports.store.read().await?.user_pools().find(id).await?.is_none()
        {
            return Err(AppError::DefaultPool);
        }
        let replica = random.text(8, b"0123456789abcdef");
        let edge = Seam {
            secure: ports.public_url.scheme() == "https",
            trusted_proxies: config.http.trusted_proxies.clone(),
            random,
            replica: replica.clone(),
            hosts: Arc::new(PoolHosts::new(context)),
            body_timeout: BODY_TIMEOUT,
        };
        let keys = access_keys(&bootstrap.admin_keys);
        let cognito = Arc::new(cognito::Face { ports: Arc::clone(&ports), broker: Arc::clone(&broker), keys });
        Ok(Self { ports, broker, bootstrap: Arc::new(bootstrap), replica, cognito, seam: edge })
    }

    /// Starts serving on a bound address. Must be called inside a tokio runtime.
    pub fn serve(&self, server: Server) -> Result<Running, AppError> {
        let app = self.clone();
        Ok(server.start(self.seam.clone(), move |cfg| app.routes(cfg))?)
    }

    /// Mounts every face. The order matters only for `/{pool_id}/…`, which is distinct from every plain path.
    fn routes(&self, cfg: &mut ServiceConfig) {
        let (ports, broker) = (&self.ports, &self.broker);
        cfg.app_data(Data::from(Arc::clone(ports)))
            .app_data(Data::from(Arc::clone(&self.cognito)))
            .app_data(Data::new(OAuthState { ports: Arc::clone(ports), broker: Arc::clone(broker) }))
            .app_data(Data::new(SamlState { ports: Arc::clone(ports), broker: Arc::clone(broker) }))
            .app_data(Data::new(HostedUiState { ports: Arc::clone(ports), broker: Arc::clone(broker) }))
            .service(web::resource("/healthz").route(web::get().to(health::alive)))
            .service(web::resource("/readyz").route(web::get().to(health::ready)))
            .configure(cognito::routes)
            .configure(oauth::routes)
            .configure(saml::routes)
            .configure(hosted_ui::routes);
    }
}

/// Every mistake under `[[user_pools]]` that shows without store and network: path, what is wrong, the nearest right thing.
pub fn pool_faults(pools: &[Declared]) -> Vec<(String, String, Option<String>)> {
    declare::check(pools).into_iter().map(|fault| (fault.path, fault.message, fault.suggestion)).collect()
}

fn check_declared(config: &Config) -> Result<(), AppError> {
    let faults = declare::check(&config.user_pools);
    if faults.is_empty() { Ok(()) } else { Err(AppError::Declared(faults)) }
}

/// The administrators' keys as the Cognito face takes them.
fn access_keys(keys: &[AdminKey]) -> Vec<AccessKey> {
    keys.iter()
        .map(|key| AccessKey {
            id: key.access_key_id.clone(),
            secret: key.secret_access_key.clone(),
            access: match key.access {
                admin::Access::Full => caller::Access::Full,
                admin::Access::Read => caller::Access::Read,
            },
            user_pools: key.user_pools.clone(),
        })
        .collect()
}

fn outbound_settings(config: &Config) -> OutboundSettings {
    OutboundSettings { allow: config.outbound.allow.clone(), extra_roots: config.outbound.extra_roots.clone() }
}

/// The sealer under the configured master keys, or under the generated one; refuses a key that is not this store's (K-06).
async fn open_seal(store: &Store, config: &Config, random: &Random) -> Result<Seal, KeyError> {
    let configured = &config.secrets.master_keys;
    let keys = if configured.is_empty() {
        let may_create = !master::has_canary(store).await?;
        vec![master::load_or_create(Path::new(MASTER_KEY_FILE), may_create, random)?]
    } else {
        configured.clone()
    };
    let seal = Seal::new(&keys, random.clone())?;
    master::verify_canary(store, &seal).await?;
    Ok(seal)
}
