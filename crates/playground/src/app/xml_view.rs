//! XML for the eye: one element a line, indented, endless base64 shortened.
//!
//! For show only. Nothing is decided by what this file reads; the gateway has its own parser and its own gate.
//! Neighbour: `story` shows SAML messages with it.

use crate::journal::shorten;

/// Text longer than this is a key, a digest or a signature.
const LONGEST_TEXT: usize = 100;

/// Lays a document out; what is no XML comes back in one piece.
pub(super) fn lay_out(xml: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut depth: usize = 0;
    let mut rest = xml.trim();
    // Whether the last line is an opening tag that its text and closing tag may join.
    let mut open = false;
    while let Some(tag_end) = rest.find('>') {
        let (piece, after) = rest.split_at(tag_end + 1);
        rest = after;
        let start = piece.find('<').unwrap_or(0);
        let (text, tag) = (piece[..start].trim(), &piece[start..]);
        let closing = tag.starts_with("</");
        if closing {
            depth = depth.saturating_sub(1);
        }
        let text = if text.chars().count() > LONGEST_TEXT { shorten(text) } else { text.to_owned() };
        match lines.last_mut() {
            Some(last) if open && closing => {
                last.push_str(&text);
                last.push_str(tag);
            }
            _ => {
                if !text.is_empty() {
                    lines.push(indented(depth, &text));
                }
                lines.push(indented(depth, tag));
            }
        }
        open = !closing && !tag.ends_with("/>") && !tag.starts_with("<?");
        if open {
            depth += 1;
        }
    }
    if !rest.is_empty() {
        lines.push(rest.to_owned());
    }
    lines.join("\n")
}

fn indented(depth: usize, text: &str) -> String {
    format!("{}{text}", "  ".repeat(depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_on_their_own_lines_and_keys_are_short() {
        let key = "A".repeat(300);
        let xml = format!("<?xml version=\"1.0\"?><a x=\"1\"><b>text</b><c/><d><e>{key}</e></d></a>");
        let expected = "<?xml version=\"1.0\"?>\n<a x=\"1\">\n  <b>text</b>\n  <c/>\n  <d>\n    <e>AAAAAAAA… (300 characters)</e>\n  </d>\n</a>";
        assert_eq!(lay_out(&xml), expected);
    }

    #[test]
    fn anything_else_survives() {
        for text in ["", "no tags", "</x></y>", "a > b", "<open"] {
            let _ = lay_out(text);
        }
    }
}
