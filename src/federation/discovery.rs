//! Home-realm discovery: which provider signs in the people of an e-mail domain (Cognito: `IdpIdentifiers`).
//!
//! Owns what an address must look like before it may choose anything (U-23) and whose a domain is. An address only chooses where to go: it
//! proves nothing and links nothing (O-16, O-17). Always looks at all providers that the client offers and at no others, so that a domain of
//! nobody, of another client and of another pool are one and the same thing, in its answer and in its time. Names that are given outright
//! (`identity_provider`, `idp_identifier`) are `auth_flows::authorize::provider`'s.

use std::sync::Arc;

use url::Host;

use crate::auth_flows::authorize::decide::offered_providers;
use crate::auth_flows::authorize::prompt::Prompt;
use crate::auth_flows::authorize::{Named, Validated};
use crate::context::Context;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// Longest address, bytes (RFC 5321 section 4.5.3.1.3, less its brackets).
pub const LONGEST_ADDRESS: usize = 254;

/// Longest part before the `@`, bytes (RFC 5321 section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// Longest domain, bytes (RFC 1035).
const LONGEST_DOMAIN: usize = 253;

/// Whether people find this provider by their address: an enterprise provider with a domain among its identifiers. Its name is not shown to
/// everybody, since it tells who the tenants are (Cognito: the page asks for an e-mail address instead).
pub fn found_by_address(provider: &IdentityProvider) -> bool {
    !provider.kind.is_social() && domains(provider).next().is_some()
}

/// The provider among `offered` that owns the domain of `address`, if exactly one does.
pub fn owner<'p>(offered: &'p [Arc<IdentityProvider>], address: &str) -> Option<&'p IdentityProvider> {
    let domain = domain_of(address);
    // No early end: what is compared does not depend on the address.
    let owns = |provider: &&IdentityProvider| {
        let hits = domains(provider).filter(|owned| Some(owned) == domain.as_ref()).count();
        !provider.kind.is_social() && hits > 0
    };
    let owners: Vec<&IdentityProvider> = offered.iter().map(Arc::as_ref).filter(owns).collect();
    if let [only] = owners[..] { Some(only) } else { None }
}

/// The provider that a request's `login_hint` leads to: only where the request names none, and not where the user is to choose.
pub async fn hinted(context: &Context, request: &Validated) -> Result<Option<String>, Failure> {
    let choose = matches!(&request.prompt, Prompt::Ask(values) if values.split(' ').any(|value| value == "select_account"));
    match &request.authorization.login_hint {
        Some(hint) if request.named == Named::Nothing && !choose => {
            let offered = offered_providers(context, &request.client).await?;
            Ok(owner(&offered, hint).map(|provider| provider.name.clone()))
        }
        _ => Ok(None),
    }
}

/// The domains among a provider's identifiers, in their one form.
fn domains(provider: &IdentityProvider) -> impl Iterator<Item = String> {
    provider.identifiers.iter().filter_map(|identifier| domain(identifier))
}

/// The domain of an address in its one form, if the address is plain: exactly one `@`, no quotes, spaces, comments, escapes or invisible
/// characters, which two readers could read differently (U-23).
pub fn domain_of(address: &str) -> Option<String> {
    let (local, name) = address.split_once('@')?;
    let plain = !local.is_empty() && local.len() <= LONGEST_LOCAL && address.len() <= LONGEST_ADDRESS && !local.chars().any(is_odd);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if plain && !dots { domain(name) } else { None }
}

/// A domain name in its one form: lower-case ASCII (IDNA), at least two labels, no trailing dot. Addresses of machines are none.
fn domain(name: &str) -> Option<String> {
    if name.len() > LONGEST_DOMAIN || name.ends_with('.') || name.chars().any(is_odd) {
        return None;
    }
    let Ok(Host::Domain(ascii)) = Host::parse(name) else { return None };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (ascii.len() <= LONGEST_DOMAIN && ascii.contains('.') && ascii.split('.').all(label)).then_some(ascii)
}

/// Characters that are no part of a plain address, or that look like its `@`, or like nothing at all.
fn is_odd(char: char) -> bool {
    char.is_control()
        || char.is_whitespace()
        || matches!(char, '"' | '(' | ')' | '<' | '>' | ',' | ';' | ':' | '\\' | '[' | ']' | '%' | '@' | '\'' | '`')
        || matches!(
            char,
            '\u{ff20}' | '\u{fe6b}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{feff}'
        )
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// U-23: what is one domain, and what is none.
    #[test]
    fn u_23_one_domain_has_one_form() {
        for address in [
            "ada@corp.example",
            "ADA@Corp.EXAMPLE",
            "ada+tag@corp.example",
            "a.d.a@corp.example",
            "ädä@corp.example",
            "ada@corp。example",
        ] {
            assert_eq!(domain_of(address).as_deref(), Some("corp.example"), "{address}");
        }
        for address in ["ada@bücher.example", "ada@BÜCHER.example", "ada@xn--bcher-kva.example", "ada@bu\u{308}cher.example"] {
            assert_eq!(domain_of(address).as_deref(), Some("xn--bcher-kva.example"), "{address}");
        }
        let long = format!("{}@corp.example", "a".repeat(65));
        for address in [
            "",
            "@",
            "ada",
            "corp.example",
            "@corp.example",
            "ada@",
            "ada@evil.example@corp.example",
            "ada@corp.example@",
            "ada\u{ff20}evil.example@corp.example",
            "\"ada@evil.example\"@corp.example",
            "\"ada\"@corp.example",
            "ada @corp.example",
            " ada@corp.example",
            "ada@corp.example ",
            "ada@ corp.example",
            "ada@corp.example.",
            "ada@corp.example。",
            "ada@.corp.example",
            "ada@corp..example",
            "ada@corp",
            "ada@-corp.example",
            "ada@corp_.example",
            "ada@127.0.0.1",
            "ada@0x7f.1",
            "ada@[127.0.0.1]",
            "ada@corp%2eexample",
            "ada@c\u{200b}orp.example",
            "ada@corp.example\u{0}",
            "ada@corp.example\r\nx",
            "ada@corp.example,eve@evil.example",
            "Ada <ada@corp.example>",
            "ada(x)@corp.example",
            "ada@corp.example/x",
            "ada@corp.example?x",
            "ada@corp.example#x",
            "ada@evil.example:x@corp.example",
            "mailto:ada@corp.example",
            ".ada@corp.example",
            "a..da@corp.example",
            &long,
        ] {
            assert_eq!(domain_of(address), None, "{address:?}");
        }
        // Look-alikes are domains of their own.
        for address in ["ada@c\u{43e}rp.example", "ada@corp.example.evil.example", "ada@evilcorp.example", "ada@sub.corp.example"] {
            assert!(domain_of(address).is_some_and(|domain| domain != "corp.example"), "{address}");
        }
    }
}
