//! The names of declarations: Cognito's member names in snake_case.
//!
//! Owns the way from `callback_urls` to `CallbackURLs` by the service model, so that a new member of the model is at once a key of the
//! configuration. Keys of free-form maps (`provider_details`, `attribute_mapping`) stay as they are.

use serde_json::{Map, Value};

use crate::cognito::declare::DeclareFault;
use crate::cognito::model::{Api, Kind, Member, ShapeId};

/// `AllowedOAuthFlows` → `allowed_oauth_flows`, `CallbackURLs` → `callback_urls`.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = (letters.get(at + 1), letters.get(at + 2));
        let word_begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                // The last capital of `SMSMessage` begins a word; that of `URLs` does not.
                let plural = after.0 == Some(&'s') && after.1.is_none_or(char::is_ascii_uppercase);
                !before.is_ascii_uppercase() || (after.0.is_some_and(char::is_ascii_lowercase) && !plural)
            });
        if word_begins {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out.replace("o_auth", "oauth")
}

/// The member that a key names. `o_auth` is read as `oauth`.
pub fn member<'m>(members: &'m [Member], key: &str) -> Option<&'m Member> {
    let key = key.replace("o_auth", "oauth");
    members.iter().find(|member| snake(&member.name) == key)
}

/// The nearest of the known keys, if one is near.
pub fn nearest<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let scored = known.map(|candidate| (strsim::normalized_damerau_levenshtein(key, candidate), candidate));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 >= 0.6).then(|| best.1.to_owned())
}

/// A declared value of that shape with Cognito's member names inside.
pub fn translate(api: &Api, shape: ShapeId, value: &Value, path: &str, faults: &mut Vec<DeclareFault>) -> Value {
    match (&api.shape(shape).kind, value) {
        (Kind::Structure(members), Value::Object(table)) => {
            let mut out = Map::new();
            for (key, value) in table {
                let path = format!("{path}.{key}");
                match member(members, key) {
                    Some(member) => {
                        let value = translate(api, member.shape, value, &path, faults);
                        if out.insert(member.name.clone(), value).is_some() {
                            faults.push(DeclareFault::new(&path, "is there twice, under two spellings"));
                        }
                    }
                    None => faults.push(unknown(&path, key, members.iter().map(|member| snake(&member.name)))),
                }
            }
            Value::Object(out)
        }
        (Kind::List(item), Value::Array(items)) => {
            let item = |(index, value)| translate(api, *item, value, &format!("{path}[{index}]"), faults);
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        (Kind::Map(_, inner), Value::Object(table)) => {
            let entry =
                |(key, value): (&String, &Value)| (key.clone(), translate(api, *inner, value, &format!("{path}.{key}"), faults));
            Value::Object(table.iter().map(entry).collect())
        }
        (_, other) => other.clone(),
    }
}

/// The fault of a key that is not known, with the nearest one that is.
pub fn unknown(path: &str, key: &str, known: impl Iterator<Item = String>) -> DeclareFault {
    let known: Vec<String> = known.collect();
    DeclareFault { suggestion: nearest(key, known.iter().map(String::as_str)), ..DeclareFault::new(path, "unknown key") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cognito::model::Service;

    #[test]
    fn names_read_naturally() {
        for (name, expected) in [
            ("CallbackURLs", "callback_urls"),
            ("LogoutURLs", "logout_urls"),
            ("DefaultRedirectURI", "default_redirect_uri"),
            ("AllowedOAuthFlowsUserPoolClient", "allowed_oauth_flows_user_pool_client"),
            ("MfaConfiguration", "mfa_configuration"),
            ("UserPoolAddOns", "user_pool_add_ons"),
            ("SMSMessage", "sms_message"),
            ("KMSKeyID", "kms_key_id"),
            ("CustomSMSSender", "custom_sms_sender"),
            ("PrimaryRoute53HealthCheckId", "primary_route53_health_check_id"),
            ("EmailSubjectByLink", "email_subject_by_link"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn no_two_members_of_a_shape_share_a_key() {
        let idp = Service::Idp.api();
        for request in
            ["CreateUserPoolRequest", "CreateUserPoolClientRequest", "CreateUserPoolDomainRequest", "CreateIdentityProviderRequest"]
        {
            let mut keys: Vec<String> = idp.members(idp.named(request).unwrap()).iter().map(|member| snake(&member.name)).collect();
            let count = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), count, "{request}");
        }
    }

    #[test]
    fn the_nearest_key_is_named_only_when_near() {
        let known = || ["callback_urls", "logout_urls"].into_iter();
        assert_eq!(nearest("calback_url", known()).as_deref(), Some("callback_urls"));
        assert_eq!(nearest("colour", known()), None);
    }
}
