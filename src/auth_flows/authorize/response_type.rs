//! `response_type` is one that we serve and that the client's stored flows allow.

use crate::auth_flows::authorize::draft::{Draft, Fault};
use crate::model::app_client::OAuthFlow;

/// The response types that we serve; discovery lists them.
pub const SERVED: [&str; 1] = ["code"];

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let Some(asked) = draft.get("response_type") else {
        return Err(Fault::invalid("response_type is missing", "response_type_missing"));
    };
    // Everything but plain `code` would put tokens into the URL: the implicit flow.
    let flow = match asked {
        "code" => OAuthFlow::Code,
        "token" | "id_token" | "id_token token" | "code id_token" | "code token" | "code id_token token" => OAuthFlow::Implicit,
        _ => {
            return Err(Fault::redirect(
                "unsupported_response_type",
                "response_type is not supported",
                "response_type_unsupported",
            ));
        }
    };
    if !draft.client.as_ref().is_some_and(|client| client.flows.contains(&flow)) {
        return Err(Fault::redirect("unauthorized_client", "the client may not use this flow", "flow_not_allowed"));
    }
    if SERVED.contains(&asked) {
        Ok(())
    } else {
        Err(Fault::redirect("unsupported_response_type", "response_type is not supported", "response_type_unsupported"))
    }
}
