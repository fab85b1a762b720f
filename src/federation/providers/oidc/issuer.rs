//! Which issuer a provider's answers may name (O-05).
//!
//! The rule is one text, octet for octet, unless the settings say otherwise: a service with two known spellings (Google), or a template with
//! one issuer for each tenant (Microsoft Entra ID's `https://login.microsoftonline.com/{tenantid}/v2.0`), where the token's own `tid`
//! fills the template and may be held against a list. Owns the comparison; which rule holds is the provider's.

use serde_json::{Map, Value};

/// What a template has in place of the tenant.
pub const TENANT: &str = "{tenantid}";

/// The longest tenant id; Entra's are 36 characters.
const TENANT_MAX: usize = 64;

/// The rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer<'a> {
    /// This text and no other.
    Exact(&'a str),
    /// One of these texts; the first is the one that we show.
    Spellings(&'static [&'static str]),
    /// One issuer for each tenant.
    Tenants {
        /// The issuer with [`TENANT`] in it, once.
        template: &'a str,
        /// The tenants that may sign in; empty means any.
        allowed: Vec<&'a str>,
    },
}

impl Issuer<'_> {
    /// The text by which the settings know the issuer.
    pub fn configured(&self) -> &str {
        match self {
            Self::Exact(issuer) => issuer,
            Self::Spellings(known) => known.first().copied().unwrap_or_default(),
            Self::Tenants { template, .. } => template,
        }
    }

    /// Whether the answer's `iss` (RFC 9207) may be of this provider.
    pub fn may_answer(&self, iss: &str) -> bool {
        match self {
            Self::Exact(issuer) => iss == *issuer,
            Self::Spellings(known) => known.contains(&iss),
            Self::Tenants { template, allowed } => tenant_of(template, iss).is_some_and(|tenant| admits(allowed, tenant)),
        }
    }

    /// Whether verified claims are of this provider.
    pub fn check(&self, claims: &Map<String, Value>) -> Result<(), &'static str> {
        let iss = claims.get("iss").and_then(Value::as_str).ok_or("issuer_mismatch")?;
        if let Self::Tenants { template, allowed } = self {
            let tenant = tenant_of(template, iss).ok_or("issuer_mismatch")?;
            // The issuer says the tenant, and so does the claim: they must not differ.
            if claims.get("tid").and_then(Value::as_str) != Some(tenant) {
                return Err("tenant_mismatch");
            }
            return if admits(allowed, tenant) { Ok(()) } else { Err("tenant_not_allowed") };
        }
        if self.may_answer(iss) { Ok(()) } else { Err("issuer_mismatch") }
    }

    /// The identity key of a subject: with a template, two tenants may use the same one (O-16).
    pub fn subject_key(&self, claims: &Map<String, Value>, subject: &str) -> String {
        match (self, claims.get("iss").and_then(Value::as_str)) {
            (Self::Tenants { .. }, Some(iss)) => format!("{iss} {subject}"),
            _ => subject.to_owned(),
        }
    }
}

fn admits(allowed: &[&str], tenant: &str) -> bool {
    allowed.is_empty() || allowed.contains(&tenant)
}

/// What stands in the place of the tenant: letters, digits and hyphens only, so that nothing else of an address can hide there.
pub fn tenant_of<'i>(template: &str, iss: &'i str) -> Option<&'i str> {
    let (before, after) = template.split_once(TENANT)?;
    let tenant = iss.strip_prefix(before)?.strip_suffix(after)?;
    is_tenant(tenant).then_some(tenant)
}

/// Whether a text can be a tenant's id.
pub fn is_tenant(text: &str) -> bool {
    (1..=TENANT_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEMPLATE: &str = "https://login.example/{tenantid}/v2.0";

    fn verdict(issuer: &Issuer<'_>, claims: &Value) -> Result<(), &'static str> {
        issuer.check(claims.as_object().expect("claims"))
    }

    #[test]
    fn o_05_a_template_takes_one_tenant_and_only_the_one_that_the_token_names() {
        let any = Issuer::Tenants { template: TEMPLATE, allowed: Vec::new() };
        let one = Issuer::Tenants { template: TEMPLATE, allowed: vec!["t-1"] };
        let good = json!({"iss": "https://login.example/t-1/v2.0", "tid": "t-1"});
        assert_eq!((verdict(&any, &good), verdict(&one, &good)), (Ok(()), Ok(())));
        for (iss, tid, reason) in [
            ("https://login.example/t-2/v2.0", json!("t-1"), "tenant_mismatch"),
            ("https://login.example/t-1/v2.0", Value::Null, "tenant_mismatch"),
            ("https://login.example/t-1/v2.0", json!(["t-1"]), "tenant_mismatch"),
            ("https://login.example/{tenantid}/v2.0", json!("{tenantid}"), "issuer_mismatch"),
            ("https://login.example//v2.0", json!(""), "issuer_mismatch"),
            ("https://login.example/t-1/evil/v2.0", json!("t-1/evil"), "issuer_mismatch"),
            ("https://login.example/t-1/v2.0/", json!("t-1"), "issuer_mismatch"),
            ("https://evil.example/t-1/v2.0", json!("t-1"), "issuer_mismatch"),
        ] {
            assert_eq!(verdict(&any, &json!({"iss": iss, "tid": tid})), Err(reason), "{iss}");
        }
        let other = json!({"iss": "https://login.example/t-2/v2.0", "tid": "t-2"});
        assert_eq!((verdict(&any, &other), verdict(&one, &other)), (Ok(()), Err("tenant_not_allowed")));
        let claims = good.as_object().expect("claims");
        assert_ne!(any.subject_key(claims, "s"), any.subject_key(other.as_object().expect("claims"), "s"));
    }
}
