//! Reading declarations: from the configuration's trees to pools, clients, providers and domains, with every mistake at once.
//!
//! Owns which keys a declaration has beside Cognito's own members, and that each part is right by itself and beside its siblings. Touches neither store
//! nor network. Messages never repeat values: any of them may be a secret.

use serde_json::{Map, Value};

use crate::base::declared::Declared;
use crate::base::secret::Secret;
use crate::cognito::declare::DeclareFault;
use crate::cognito::declare::names::{member, snake, translate, unknown};
use crate::cognito::model::{Api, Service};
use crate::cognito::validate;
use crate::model::failure::Failure;
use crate::user_pools::app_clients::{self, NewClient, NewSecret, OWN_DIRECTORY};
use crate::user_pools::domains::{self, NewDomain};
use crate::user_pools::identity_providers::{self, NewProvider};
use crate::user_pools::pools::{self, NewPool};

/// A declared pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The pool itself.
    pub pool: NewPool,
    /// Its app clients.
    pub clients: Vec<NewClient>,
    /// Its identity providers.
    pub providers: Vec<NewProvider>,
    /// Its domains.
    pub domains: Vec<NewDomain>,
}

/// Reads all pools.
pub fn read(declared: &[Declared]) -> (Vec<Pool>, Vec<DeclareFault>) {
    let mut faults = Vec::new();
    let pools: Vec<Pool> = declared.iter().filter_map(|declared| pool(declared, &mut faults)).collect();
    let mut seen = Seen::default();
    for (pool, declared) in pools.iter().zip(declared) {
        seen.check(pool.pool.id.as_deref(), "id", &declared.path, &mut faults);
        for (index, client) in pool.clients.iter().enumerate() {
            seen.check(client.id.as_deref(), "client_id", &format!("{}.app_clients[{index}]", declared.path), &mut faults);
        }
    }
    (pools, faults)
}

/// One table of a declaration: Cognito's members checked one by one, and our own keys apart.
struct Section {
    path: String,
    own: Map<String, Value>,
    document: Map<String, Value>,
}

impl Section {
    /// Reads a table by a request's shape. `own` are our keys, `name` is the member for which `name` stands too.
    fn read(
        value: &Value,
        path: &str,
        (request, name, own): (&str, &str, &[&str]),
        faults: &mut Vec<DeclareFault>,
    ) -> Option<Self> {
        let api = Service::Idp.api();
        let shape = api.named(request)?;
        let members = api.members(shape);
        let Value::Object(table) = value else {
            faults.push(DeclareFault::new(path, "must be a table"));
            return None;
        };
        let before = faults.len();
        let mut section = Self { path: path.to_owned(), own: Map::new(), document: Map::new() };
        for (key, value) in table {
            let at = format!("{path}.{key}");
            if own.contains(&key.as_str()) {
                section.own.insert(key.clone(), value.clone());
                continue;
            }
            let wire_key = if key == "name" { snake(name) } else { key.clone() };
            // The pool is the table around it.
            let Some(member) = member(members, &wire_key).filter(|member| member.name != "UserPoolId") else {
                let known = members.iter().map(|member| snake(&member.name)).filter(|key| key != "user_pool_id");
                faults.push(unknown(&at, key, known.chain(own.iter().map(|key| (*key).to_owned())).chain(["name".to_owned()])));
                continue;
            };
            let value = translate(api, member.shape, value, &at, faults);
            let previous = checked(api, member.shape, value, &at, faults)
                .and_then(|value| section.document.insert(member.name.clone(), value));
            if previous.is_some() {
                faults.push(DeclareFault::new(&at, "is there twice, under two spellings"));
            }
        }
        for member in members.iter().filter(|member| member.required && member.name != "UserPoolId") {
            let key = if member.name == name { "name".to_owned() } else { snake(&member.name) };
            let given = table.contains_key(&key) || table.contains_key(&snake(&member.name));
            if !given {
                faults.push(DeclareFault::new(&format!("{path}.{key}"), "is required"));
            }
        }
        (faults.len() == before).then_some(section)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.document.shift_remove(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// One of our own keys, of a Cognito shape.
    fn own_text(&self, key: &str, shape: &str, faults: &mut Vec<DeclareFault>) -> Option<String> {
        let api = Service::Idp.api();
        let value = checked(api, api.named(shape)?, self.own.get(key)?.clone(), &format!("{}.{key}", self.path), faults)?;
        value.as_str().map(str::to_owned)
    }

    /// The entries of one of our own lists.
    fn entries<'s>(&'s self, key: &str, faults: &mut Vec<DeclareFault>) -> Vec<(String, &'s Value)> {
        let path = format!("{}.{key}", self.path);
        match self.own.get(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect(),
            Some(_) => {
                faults.push(DeclareFault::new(&path, "must be a list of tables"));
                Vec::new()
            }
        }
    }
}

fn checked(
    api: &Api,
    shape: crate::cognito::model::ShapeId,
    value: Value,
    path: &str,
    faults: &mut Vec<DeclareFault>,
) -> Option<Value> {
    match validate::value(api, shape, value) {
        Ok(value) => Some(value),
        Err(broken) => {
            faults.extend(broken.iter().map(|text| DeclareFault::new(path, text)));
            None
        }
    }
}

/// Adds a refusal by the rules between members.
fn ruled(result: Result<(), Failure>, path: &str, faults: &mut Vec<DeclareFault>) {
    if let Err(failure) = result {
        faults.push(DeclareFault::new(path, &failure.to_string()));
    }
}

fn pool(declared: &Declared, faults: &mut Vec<DeclareFault>) -> Option<Pool> {
    const OWN: &[&str] = &["id", "app_clients", "identity_providers", "domains", "domain", "custom_domain"];
    let path = &declared.path;
    let section = Section::read(&declared.value, path, ("CreateUserPoolRequest", "PoolName", OWN), faults);
    let Some(mut section) = section else {
        // Its parts may have mistakes of their own, which are as good to know.
        let shell =
            Section { path: path.clone(), own: declared.value.as_object().cloned().unwrap_or_default(), document: Map::new() };
        parts(&shell, &Value::Null, faults);
        return None;
    };
    let id = section.own_text("id", "UserPoolIdType", faults);
    let name = section.text("PoolName")?;
    ruled(pools::check(&section.document), path, faults);
    let document = Value::Object(section.document.clone());
    let (clients, providers, domains) = parts(&section, &document, faults);
    Some(Pool { pool: NewPool { id, name, declared: true, document: section.document }, clients, providers, domains })
}

fn parts(
    section: &Section,
    pool_document: &Value,
    faults: &mut Vec<DeclareFault>,
) -> (Vec<NewClient>, Vec<NewProvider>, Vec<NewDomain>) {
    let mut seen = Seen::default();
    let mut providers: Vec<NewProvider> = Vec::new();
    for (path, value) in section.entries("identity_providers", faults) {
        let Some(provider) = provider(value, &path, pool_document, faults) else { continue };
        seen.check(Some(&provider.name), "provider_name", &path, faults);
        for identifier in &provider.identifiers {
            seen.check(Some(identifier), "idp_identifiers", &path, faults);
        }
        providers.push(provider);
    }
    let known: Vec<&str> =
        section.entries("identity_providers", &mut Vec::new()).iter().filter_map(|(_, value)| declared_name(value)).collect();
    let mut clients = Vec::new();
    for (path, value) in section.entries("app_clients", faults) {
        let Some(client) = client(value, &path, pool_document, faults) else { continue };
        seen.check(Some(&client.name), "client_name", &path, faults);
        check_providers(&client, &path, &known, faults);
        clients.push(client);
    }
    (clients, providers, domains_of(section, faults))
}

fn declared_name(provider: &Value) -> Option<&str> {
    provider.get("provider_name").or_else(|| provider.get("name")).and_then(Value::as_str)
}

fn check_providers(client: &NewClient, path: &str, known: &[&str], faults: &mut Vec<DeclareFault>) {
    let named = client.document.get("SupportedIdentityProviders").and_then(Value::as_array).into_iter().flatten();
    for name in named.filter_map(Value::as_str).filter(|name| *name != OWN_DIRECTORY && !known.contains(name)) {
        let all = known.iter().copied().chain([OWN_DIRECTORY]);
        let suggestion = crate::cognito::declare::names::nearest(name, all);
        let fault =
            DeclareFault::new(&format!("{path}.supported_identity_providers"), "names a provider that this pool does not declare");
        faults.push(DeclareFault { suggestion, ..fault });
    }
}

fn client(value: &Value, path: &str, pool_document: &Value, faults: &mut Vec<DeclareFault>) -> Option<NewClient> {
    const OWN: &[&str] = &["client_id", "client_secret"];
    let before = faults.len();
    let mut section = Section::read(value, path, ("CreateUserPoolClientRequest", "ClientName", OWN), faults)?;
    let id = section.own_text("client_id", "ClientIdType", faults);
    let secret = secret(&mut section, faults);
    let name = section.text("ClientName")?;
    let flows = section.document.get("AllowedOAuthFlows").and_then(Value::as_array).is_some_and(|flows| !flows.is_empty());
    if flows && section.document.get("AllowedOAuthFlowsUserPoolClient") != Some(&Value::Bool(true)) {
        let text = "has no effect without allowed_oauth_flows_user_pool_client = true";
        faults.push(DeclareFault::new(&format!("{path}.allowed_oauth_flows"), text));
    }
    ruled(app_clients::check(pool_document, &secret, &section.document), path, faults);
    (faults.len() == before).then_some(NewClient { id, name, secret, declared: true, document: section.document })
}

/// A given secret wins over `generate_secret`. It may hold what generators of passwords use, not only Cognito's letters.
fn secret(section: &mut Section, faults: &mut Vec<DeclareFault>) -> NewSecret {
    let generate = section.document.shift_remove("GenerateSecret") == Some(Value::Bool(true));
    match section.own.get("client_secret") {
        None if generate => NewSecret::Generate,
        None => NewSecret::None,
        Some(Value::String(text)) if (24..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            NewSecret::Given(Secret::new(text.clone()))
        }
        Some(_) => {
            let text = "must be a text of 24 to 128 visible ASCII characters";
            faults.push(DeclareFault::new(&format!("{}.client_secret", section.path), text));
            NewSecret::None
        }
    }
}

fn provider(value: &Value, path: &str, pool_document: &Value, faults: &mut Vec<DeclareFault>) -> Option<NewProvider> {
    let before = faults.len();
    let mut section = Section::read(value, path, ("CreateIdentityProviderRequest", "ProviderName", &[]), faults)?;
    let (name, kind) = (section.text("ProviderName")?, section.text("ProviderType")?);
    let texts = |member: Option<Value>| member.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    let identifiers = section.document.shift_remove("IdpIdentifiers").and_then(|value| serde_json::from_value(value).ok());
    let new = NewProvider {
        name,
        kind,
        details: texts(section.document.shift_remove("ProviderDetails")),
        attribute_mapping: texts(section.document.shift_remove("AttributeMapping")),
        identifiers: identifiers.unwrap_or_default(),
        declared: true,
        document: Value::Object(section.document),
    };
    ruled(identity_providers::check(pool_document, &new).map(drop), path, faults);
    (faults.len() == before).then_some(new)
}

fn domains_of(section: &Section, faults: &mut Vec<DeclareFault>) -> Vec<NewDomain> {
    let mut found: Vec<(String, NewDomain)> = Vec::new();
    for (key, custom) in [("domain", false), ("custom_domain", true)] {
        let Some(name) = section.own_text(key, "DomainType", faults) else { continue };
        let document =
            if custom { Map::from_iter([("CustomDomainConfig".to_owned(), Value::Object(Map::new()))]) } else { Map::new() };
        found.push((format!("{}.{key}", section.path), NewDomain { name, document }));
    }
    for (path, value) in section.entries("domains", faults) {
        let Some(mut entry) = Section::read(value, &path, ("CreateUserPoolDomainRequest", "Domain", &[]), faults) else { continue };
        let Some(name) = entry.text("Domain") else { continue };
        found.push((path, NewDomain { name, document: entry.document }));
    }
    for (index, (path, domain)) in found.iter().enumerate() {
        let custom = domains::is_custom(&domain.document);
        ruled(domains::check(&domain.name, custom), path, faults);
        if found[..index].iter().any(|(_, other)| domains::is_custom(&other.document) == custom) {
            faults.push(DeclareFault::new(path, "a pool has at most one prefix domain and one custom domain"));
        }
    }
    found.into_iter().map(|(_, domain)| domain).collect()
}

/// Names that may stand once.
#[derive(Default)]
struct Seen(Vec<(&'static str, String)>);

impl Seen {
    fn check(&mut self, name: Option<&str>, key: &'static str, path: &str, faults: &mut Vec<DeclareFault>) {
        let Some(name) = name else { return };
        let entry = (key, name.to_owned());
        if self.0.contains(&entry) {
            faults.push(DeclareFault::new(&format!("{path}.{key}"), "is taken by another entry"));
        } else {
            self.0.push(entry);
        }
    }
}
