//! A sign-in as a story: the messages that travelled, in order, each with what it carried.
//!
//! Draws what the journal recorded and invents nothing. Neighbours: `pages` places it, `journal` recorded it, `xml_view` lays
//! SAML out.

use super::xml_view;
use crate::journal::Hop;
use crate::look::{self, escape};

/// The ordered list of messages.
pub(super) fn steps(hops: &[Hop]) -> String {
    let start = hops.first().map_or(0, |hop| hop.at_ms);
    let items: String = hops.iter().map(|hop| step(hop, start)).collect();
    format!("<ol class=\"flow\">\n{items}</ol>")
}

fn step(hop: &Hop, start: i64) -> String {
    let via = if hop.through_browser { "through your browser" } else { "server to server" };
    format!(
        r#"<li class="{}"><div class="hop">{} <span class="arrow" aria-label="to">→</span> {} <span class="via">{via} · {}</span></div>
<p>{}</p>
<code class="line">{}</code>
{}</li>
"#,
        if hop.through_browser { "browser" } else { "direct" },
        hop.from.label(),
        hop.to.label(),
        after(hop.at_ms - start),
        escape(&hop.meaning),
        escape(&hop.line),
        carried(hop),
    )
}

/// The parameters and the document, folded away.
fn carried(hop: &Hop) -> String {
    if hop.fields.is_empty() && hop.document.is_none() {
        return String::new();
    }
    let mut inside = String::new();
    if !hop.fields.is_empty() {
        inside.push_str(&look::fields(hop.fields.iter().map(|(name, value)| (name.as_str(), escape(value)))));
    }
    if let Some(document) = &hop.document {
        let shown = if document.starts_with('<') { xml_view::lay_out(document) } else { document.clone() };
        inside.push_str(&["<pre>", &escape(&shown), "</pre>"].concat());
    }
    let label = match (hop.fields.len(), &hop.document) {
        (0, _) => "What it carried".to_owned(),
        (1, None) => "1 parameter".to_owned(),
        (count, None) => format!("{count} parameters"),
        (count, Some(_)) if hop.through_browser => format!("{count} parameters, and the message in clear"),
        (count, Some(_)) => format!("{count} parameters, and the answer"),
    };
    format!("<details><summary>{label}</summary>{inside}</details>")
}

fn after(milliseconds: i64) -> String {
    match milliseconds {
        0 => "at once".to_owned(),
        1..1000 => format!("after {milliseconds} ms"),
        _ => format!("after {}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
    }
}
