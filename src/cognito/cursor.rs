//! Page tokens: where a list goes on, sealed and bound to operation, caller, pool and filter (P-13).
//!
//! Owns their form. A token that was made for another question, or by anybody else, reads as malformed.

use crate::base::digest::sha256_b64;
use crate::cognito::operation::Call;
use crate::model::failure::Failure;

/// The question that a token continues: the operation, then everything that selects its rows.
pub type Question<'q> = [&'q str];

/// A token that continues after `after`.
pub fn seal(call: &Call, question: &Question<'_>, after: &str) -> Result<String, Failure> {
    let place = place(call, question);
    Ok(call.context.ports.seal.seal(&["page", &place], after.as_bytes())?)
}

/// Where the list goes on.
pub fn open(call: &Call, question: &Question<'_>, token: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(token) = token else { return Ok(None) };
    let place = place(call, question);
    match call.context.ports.seal.open(&["page", &place], token) {
        Ok(after) => Ok(Some(after.reveal().to_owned())),
        Err(_) => Err(Failure::InvalidParameter("Invalid pagination token.".to_owned())),
    }
}

/// A digest of the question, each part preceded by its length so that no two questions read alike.
fn place(call: &Call, question: &Question<'_>) -> String {
    let parts = std::iter::once(call.caller.name()).chain(question.iter().copied());
    let text: Vec<String> = parts.map(|part| format!("{}:{part}", part.len())).collect();
    sha256_b64(text.concat().as_bytes())
}
