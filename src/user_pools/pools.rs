//! User pools: creating them, finding them, and the rules between their settings (cognito-surface sections 1.5 and 6).
//!
//! Owns what a new pool is made of, its two signing keys included. Single members were already checked against the service model; here are the
//! rules between members.

use serde_json::{Map, Value};

use crate::base::ids;
use crate::context::Context;
use crate::model::failure::Failure;
use crate::model::user_pool::UserPool;
use crate::store::signing_keys::StoredKey;
use crate::store::{StoreError, UnitOfWork};
use crate::user_pools::schema;

/// A pool to create.
#[derive(Clone, Debug)]
pub struct NewPool {
    /// Its id; made when absent.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether the configuration file owns it.
    pub declared: bool,
    /// Its settings by Cognito's member names (`CreateUserPool`), without `PoolName`.
    pub document: Map<String, Value>,
}

/// The rules between a pool's settings.
pub fn check(document: &Map<String, Value>) -> Result<(), Failure> {
    let given = |name: &str| document.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if given("AliasAttributes") && given("UsernameAttributes") {
        let text = "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.";
        return Err(Failure::InvalidParameter(text.to_owned()));
    }
    schema::check(document)
}

/// The pool that those settings make.
fn draft(context: &Context, new: NewPool) -> Result<UserPool, Failure> {
    check(&new.document)?;
    let ports = &context.ports;
    let now_ms = context.now_ms();
    Ok(UserPool {
        id: new.id.unwrap_or_else(|| ids::user_pool_id(&ports.region, &ports.random)),
        name: new.name,
        created_ms: now_ms,
        modified_ms: now_ms,
        declared: new.declared,
        username_case_sensitive: case_sensitive(&new.document),
        document: Value::Object(new.document),
    })
}

/// A pool that is ready to be stored.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The pool.
    pub pool: UserPool,
    keys: Vec<StoredKey>,
}

/// Makes a pool and its signing keys; best before a unit of work begins, since keys take their time.
pub async fn prepare(context: &Context, new: NewPool) -> Result<Prepared, Failure> {
    let pool = draft(context, new)?;
    let keys = context.ports.keys.first_keys(&pool.id).await?;
    Ok(Prepared { pool, keys })
}

/// Stores a new pool with its signing keys.
pub async fn insert(work: &mut UnitOfWork, prepared: &Prepared) -> Result<(), Failure> {
    let pool = &prepared.pool;
    match work.user_pools().insert(pool).await {
        Err(StoreError::Duplicate) => {
            let text = format!("A user pool with the id {} or that name was just declared.", pool.id);
            return Err(Failure::ConcurrentModification(text));
        }
        other => other?,
    }
    for key in &prepared.keys {
        work.signing_keys().insert(key).await?;
    }
    Ok(())
}

/// Creates a pool with its signing keys inside a unit of work that exists already.
pub async fn create(context: &Context, work: &mut UnitOfWork, new: NewPool) -> Result<UserPool, Failure> {
    let prepared = prepare(context, new).await?;
    insert(work, &prepared).await?;
    Ok(prepared.pool)
}

/// The pool of that id.
pub async fn find(work: &mut UnitOfWork, id: &str) -> Result<UserPool, Failure> {
    work.user_pools().find(id).await?.ok_or_else(|| not_found(id))
}

/// The answer for a pool that does not exist, or that the caller does not reach.
pub fn not_found(id: &str) -> Failure {
    Failure::ResourceNotFound(format!("User pool {id} does not exist."))
}

/// Through the API, user names differ by case unless the pool says otherwise (cognito-surface section 6.1).
pub fn case_sensitive(document: &Map<String, Value>) -> bool {
    let given = document.get("UsernameConfiguration").and_then(|configuration| configuration.get("CaseSensitive"));
    given.and_then(Value::as_bool).unwrap_or(true)
}
