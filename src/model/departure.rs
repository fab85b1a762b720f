//! How a browser is sent to another party.
//!
//! Providers decide it; `http::departure` makes an answer of it. Neither knows the other.

/// Where the browser goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A redirect by GET.
    Redirect(String),
    /// A form that posts itself (with a button for browsers without script).
    PostForm {
        /// Target.
        action: String,
        /// Hidden fields.
        fields: Vec<(String, String)>,
    },
}
