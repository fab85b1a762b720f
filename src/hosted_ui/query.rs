//! The query that travels through the pages: the app's authorization request, carried from page to page and back to the endpoint.
//!
//! Owns which parameters are the request's own and which are ours. Judging them is `auth_flows::authorize`'s.

use url::form_urlencoded::Serializer;

use crate::http::parameters::Parameters;

/// Longest parameter that is read, bytes; the checks have tighter bounds of their own.
pub const MAX_VALUE: usize = 16 * 1024;

/// Ours: the address that was typed leads nowhere.
pub const UNROUTED: &str = "unrouted";

/// The authorization endpoint with the request, and these parameters in place of its own.
pub fn authorize_url(domain_url: &str, parameters: &Parameters, changes: &[(&str, &str)]) -> String {
    address(&format!("{domain_url}/oauth2/authorize"), parameters, changes)
}

/// An address with the request, without the provider that it names, and these parameters in place of its own.
pub fn address(path: &str, parameters: &Parameters, changes: &[(&str, &str)]) -> String {
    let ours = |name: &str| {
        matches!(name, "identity_provider" | "idp_identifier" | UNROUTED) || changes.iter().any(|(changed, _)| *changed == name)
    };
    let mut query = Serializer::new(String::new());
    query.extend_pairs(parameters.all().iter().filter(|(name, _)| !ours(name)));
    query.extend_pairs(changes);
    format!("{path}?{}", query.finish())
}
