//! The filter of user lists: one condition, `attribute = "value"` or `attribute ^= "value"` (Cognito: `ListUsers`; P-14).
//!
//! Owns the grammar and what matches. The text never becomes part of a query.

use crate::model::failure::Failure;
use crate::model::user::{User, UserStatus};

/// Attributes that a filter may name, beside the three of the user's state.
const ATTRIBUTES: [&str; 6] = ["email", "phone_number", "name", "given_name", "family_name", "preferred_username"];

/// A parsed filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What is compared.
    pub subject: Subject,
    /// Whether the value need only be a prefix.
    pub prefix: bool,
    /// What it is compared with.
    pub value: String,
}

/// What a filter compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The user name; case matters.
    Username,
    /// The immutable id.
    Sub,
    /// The life-cycle state; case does not matter.
    UserStatus,
    /// `Enabled` or `Disabled`; case matters.
    Status,
    /// One of the searchable attributes.
    Attribute(&'static str),
}

impl Filter {
    /// Parses a filter; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, Failure> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let fault = || Failure::InvalidParameter("Error while parsing filter.".to_owned());
        let at = text.find(['=', '^']).ok_or_else(fault)?;
        let (name, rest) = text.split_at(at);
        let (prefix, rest) = match rest.strip_prefix("^=") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix('=').ok_or_else(fault)?),
        };
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        let subject = match name {
            "username" => Subject::Username,
            "sub" => Subject::Sub,
            "cognito:user_status" => Subject::UserStatus,
            "status" => Subject::Status,
            _ => match ATTRIBUTES.iter().find(|attribute| **attribute == name) {
                Some(attribute) => Subject::Attribute(attribute),
                None => {
                    return Err(Failure::InvalidParameter(format!("Error while parsing filter, Invalid search attribute: {name}")));
                }
            },
        };
        Ok(Some(Self { subject, prefix, value: quoted(rest.trim()).ok_or_else(fault)? }))
    }

    /// Whether a user matches.
    pub fn matches(&self, user: &User) -> bool {
        let compare = |given: &str| if self.prefix { given.starts_with(&self.value) } else { given == self.value };
        match &self.subject {
            Subject::Username => compare(&user.username),
            Subject::Sub => compare(&user.sub),
            Subject::Status => compare(if user.enabled { "Enabled" } else { "Disabled" }),
            Subject::UserStatus => {
                let (given, wanted) = (status_name(user.status), self.value.to_ascii_uppercase());
                if self.prefix { given.starts_with(&wanted) } else { given == wanted }
            }
            Subject::Attribute(name) => user.attributes.get(*name).is_some_and(|given| compare(given)),
        }
    }
}

/// Cognito's spelling of a user's state.
pub fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Unconfirmed => "UNCONFIRMED",
        UserStatus::Confirmed => "CONFIRMED",
        UserStatus::ExternalProvider => "EXTERNAL_PROVIDER",
        UserStatus::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
        UserStatus::ResetRequired => "RESET_REQUIRED",
    }
}

/// The content of one whole quoted text, with `\"` and `\\` unescaped.
fn quoted(text: &str) -> Option<String> {
    let mut letters = text.strip_prefix('"')?.chars();
    let mut out = String::new();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(out),
            '\\' => out.push(letters.next().filter(|letter| ['"', '\\'].contains(letter))?),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        let parsed = |text: &str| Filter::parse(text).ok().flatten().map(|filter| (filter.subject, filter.prefix, filter.value));
        assert_eq!(parsed(r#"email = "a@b""#), Some((Subject::Attribute("email"), false, "a@b".to_owned())));
        assert_eq!(parsed(r#"email^="a""#), Some((Subject::Attribute("email"), true, "a".to_owned())));
        assert_eq!(parsed(r#"  cognito:user_status  =  "x"  "#), Some((Subject::UserStatus, false, "x".to_owned())));
        assert_eq!(parsed(r#"name = "a \"b\" \\ = ^=""#), Some((Subject::Attribute("name"), false, r#"a "b" \ = ^="#.to_owned())));
        assert_eq!(parsed(r#"username = """#), Some((Subject::Username, false, String::new())));
        assert!(matches!(Filter::parse("  "), Ok(None)));
    }

    #[test]
    fn p_14_anything_else_is_refused() {
        for bad in [
            "email",
            "email =",
            "email = a",
            "email = 'a'",
            r#"email == "a""#,
            r#"email = "a"#,
            r#"email = "a" or 1=1"#,
            r#"email = "a" and name = "b""#,
            r#"email = "a"; drop table users"#,
            r#"email = "a\x""#,
            r#"email > "a""#,
            r#"= "a""#,
            r#"(email = "a")"#,
            r#"custom:role = "a""#,
            r#"EMAIL = "a""#,
            r#"email' = "a""#,
        ] {
            assert!(matches!(Filter::parse(bad), Err(Failure::InvalidParameter(_))), "{bad}");
        }
    }
}
