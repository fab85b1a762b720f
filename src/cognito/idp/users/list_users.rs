//! `ListUsers`: the users of a pool that match a filter, page by page.
//!
//! Owns the page's bounds: a call looks at a limited number of users, so that a filter without matches cannot occupy the gateway; the page is then
//! short and its token goes on. The filter's grammar is `user_pools::search`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::cursor;
use crate::cognito::idp::users::described;
use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::model::user::User;
use crate::model::user_pool::UserPool;
use crate::store::UnitOfWork;
use crate::user_pools::search::{Filter, Subject};
use crate::user_pools::{pools, schema};

/// How many users one call looks at.
const MAX_SCANNED: usize = 2000;
/// How many of them it reads at a time.
const CHUNK: u32 = 200;
/// Cognito's largest and default page.
const MAX_PAGE: u32 = 60;

/// Cognito: `ListUsers`.
#[derive(Debug)]
pub struct ListUsers;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
    attributes_to_get: Option<Vec<String>>,
    limit: Option<u32>,
    pagination_token: Option<String>,
    filter: Option<String>,
}

impl Operation for ListUsers {
    const NAME: &'static str = "ListUsers";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let filter_text = input.filter.as_deref().unwrap_or_default();
        let question = [Self::NAME, &input.user_pool_id, filter_text];
        let after = cursor::open(call, &question, input.pagination_token.as_deref())?;
        let filter = Filter::parse(filter_text)?;
        let mut work = call.context.ports.store.read().await?;
        let pool = pools::find(&mut work, &input.user_pool_id).await?;
        let wanted = input.attributes_to_get.as_deref();
        check_wanted(&pool, wanted)?;
        let limit = input.limit.filter(|limit| *limit > 0).unwrap_or(MAX_PAGE);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (users, last) = match exact(&mut work, &pool, filter.as_ref()).await? {
            Some(users) => (users, None),
            None => scan(&mut work, &pool, filter.as_ref(), after, limit).await?,
        };
        let mut output = json!({ "Users": users.iter().map(|user| described(user, wanted)).collect::<Vec<_>>() });
        if let Some(last) = last {
            output["PaginationToken"] = cursor::seal(call, &question, &last)?.into();
        }
        Ok(output)
    }
}

fn check_wanted(pool: &UserPool, wanted: Option<&[String]>) -> Result<(), Failure> {
    let known = schema::names(&pool.document);
    match wanted.into_iter().flatten().find(|name| *name != "identities" && !known.contains(name)) {
        Some(name) => {
            Err(Failure::InvalidParameter(format!("AttributesToGet names {name}, which is not an attribute of the user pool.")))
        }
        None => Ok(()),
    }
}

/// The at most one user of a filter that an index answers; `None` when the filter is another one.
async fn exact(work: &mut UnitOfWork, pool: &UserPool, filter: Option<&Filter>) -> Result<Option<Vec<User>>, Failure> {
    let found = match filter {
        Some(Filter { subject: Subject::Username, prefix: false, value }) => work.users().find_by_username(&pool.id, value).await?,
        Some(Filter { subject: Subject::Sub, prefix: false, value }) => work.users().find_by_sub(&pool.id, value).await?,
        _ => return Ok(None),
    };
    Ok(Some(found.into_iter().collect()))
}

/// Matching users in order of their names, and the name after which the next page goes on, if there may be one.
async fn scan(
    work: &mut UnitOfWork,
    pool: &UserPool,
    filter: Option<&Filter>,
    mut after: Option<String>,
    limit: usize,
) -> Result<(Vec<User>, Option<String>), Failure> {
    let mut found = Vec::new();
    let mut scanned = 0;
    loop {
        let chunk = work.users().list(&pool.id, after.as_deref(), CHUNK).await?;
        let complete = chunk.len() < CHUNK as usize;
        for user in chunk {
            // One user too many proves that there is a next page.
            if found.len() == limit {
                return Ok((found, after));
            }
            after = Some(user.username.clone());
            scanned += 1;
            if filter.is_none_or(|filter| filter.matches(&user)) {
                found.push(user);
            }
        }
        if complete {
            return Ok((found, None));
        }
        if scanned >= MAX_SCANNED {
            return Ok((found, after));
        }
    }
}
