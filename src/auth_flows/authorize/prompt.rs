//! `prompt`: how much the user may or must be asked (OpenID Connect Core section 3.1.2.1; A-31).

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// The values besides `none`; all of them ask, so each means that a session does not answer alone, and all are forwarded to providers.
const ASKING: [&str; 3] = ["login", "select_account", "consent"];

/// What the app asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing: a session may answer, a page may be shown.
    #[default]
    Free,
    /// `none`: no page.
    Never,
    /// Values of the asking kind, space separated.
    Ask(String),
}

impl Prompt {
    /// What providers are told.
    pub fn forwarded(&self) -> Option<String> {
        match self {
            Self::Ask(values) => Some(values.clone()),
            Self::Free | Self::Never => None,
        }
    }
}

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let Some(asked) = draft.get("prompt") else { return Ok(()) };
    if asked == "none" {
        draft.prompt = Prompt::Never;
        return Ok(());
    }
    let mut values: Vec<&str> = Vec::new();
    for value in asked.split(' ').filter(|value| !value.is_empty()) {
        let Some(known) = ASKING.into_iter().find(|known| *known == value) else {
            return Err(Fault::invalid("prompt is not valid", "prompt_invalid"));
        };
        if !values.contains(&known) {
            values.push(known);
        }
    }
    if values.is_empty() {
        return Err(Fault::invalid("prompt is not valid", "prompt_invalid"));
    }
    draft.prompt = Prompt::Ask(values.join(" "));
    Ok(())
}
