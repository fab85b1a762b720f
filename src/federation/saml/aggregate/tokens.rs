//! The pieces of a long XML document, one at a time: text, tags, comments, under the rules of the gate (S-00).
//!
//! Owns the reading: UTF-8, no DOCTYPE, no processing instruction, no CDATA, no NUL, bounds on each piece and on the whole. A raw `<`
//! cannot stand in text or in attribute values, so the pieces are exact. Names, nesting and namespaces are `aggregate`'s.

use std::io::{BufRead, Read as _};

use crate::federation::saml::fault::SamlFault;

/// The longest text, tag or comment, bytes: providers put pictures into them.
const MAX_TOKEN: usize = 1024 * 1024;

/// A piece. Borrowed from the reader, which forgets it with the next one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Text as it stands, references unresolved; never empty.
    Text(&'t str),
    /// A comment with its `!--` and `--`.
    Comment(&'t str),
    /// A start tag between `<` and `>` (`/>` when it is empty).
    Open {
        /// Name and attributes as they stand.
        tag: &'t str,
        /// Whether the element is empty.
        empty: bool,
    },
    /// An end tag's name.
    Close(&'t str),
    /// The end of the document.
    End,
}

/// The reader.
#[derive(Debug)]
pub(super) struct Tokens<R> {
    input: R,
    left: usize,
    buffer: Vec<u8>,
    /// Whether the `<` of a tag was read.
    at_tag: bool,
    /// Whether nothing but a byte order mark was read.
    at_start: bool,
}

impl<R: BufRead> Tokens<R> {
    /// Reads `input`, at most `limit` bytes of it.
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input, left: limit, buffer: Vec::new(), at_tag: false, at_start: true }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Token<'_>, SamlFault> {
        self.buffer.clear();
        if !self.at_tag {
            self.at_tag = self.until(b'<')?;
            let end = self.buffer.len() - usize::from(self.at_tag);
            let mark = if self.at_start && self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            if end > mark {
                self.at_start = false;
                return Ok(Token::Text(utf8(&self.buffer[mark..end])?));
            }
            if !self.at_tag {
                return Ok(Token::End);
            }
            self.buffer.clear();
        }
        self.at_tag = false;
        let at_start = std::mem::take(&mut self.at_start);
        self.tag()?;
        let inside = utf8(&self.buffer[..self.buffer.len() - 1])?;
        match inside.as_bytes().first() {
            None => Err(SamlFault::Malformed),
            Some(b'!') => Ok(Token::Comment(inside)),
            Some(b'?') if at_start => declaration(inside).map(|()| Token::Text("\n")),
            Some(b'?') => Err(SamlFault::ProcessingInstruction),
            Some(b'/') if inside.contains(['<', '"', '\'']) => Err(SamlFault::Malformed),
            Some(b'/') => Ok(Token::Close(inside[1..].trim_ascii_end())),
            Some(_) => Ok(match inside.strip_suffix('/') {
                Some(tag) => Token::Open { tag, empty: true },
                None => Token::Open { tag: inside, empty: false },
            }),
        }
    }

    /// Reads on to the `>` that ends the tag or comment.
    fn tag(&mut self) -> Result<(), SamlFault> {
        let (mut quote, mut looked) = (None, 0);
        loop {
            if !self.until(b'>')? {
                return Err(SamlFault::Malformed);
            }
            if self.buffer.first() == Some(&b'!') {
                if self.buffer.starts_with(b"![CDATA[") {
                    return Err(SamlFault::Cdata);
                }
                if !self.buffer.starts_with(b"!--") {
                    return Err(SamlFault::Doctype);
                }
                // XML section 2.5: `--` stands only at both ends.
                let Some(dashes) = find(&self.buffer[3..], b"--") else { continue };
                return if 3 + dashes + 3 == self.buffer.len() { Ok(()) } else { Err(SamlFault::Malformed) };
            }
            for &byte in &self.buffer[looked..] {
                match quote {
                    Some(open) if byte == open => quote = None,
                    _ if byte == b'<' => return Err(SamlFault::Malformed),
                    None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
                    _ => {}
                }
            }
            looked = self.buffer.len();
            if quote.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads up to and with `stop`; whether it was there.
    fn until(&mut self, stop: u8) -> Result<bool, SamlFault> {
        let room = (MAX_TOKEN - self.buffer.len().min(MAX_TOKEN)).min(self.left) + 1;
        let read = self.input.by_ref().take(room as u64).read_until(stop, &mut self.buffer).map_err(|_| SamlFault::Malformed)?;
        if read >= room {
            return Err(SamlFault::TooLarge);
        }
        self.left -= read;
        Ok(read > 0 && self.buffer.last() == Some(&stop))
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, SamlFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| SamlFault::Encoding)?;
    if text.contains('\0') { Err(SamlFault::Encoding) } else { Ok(text) }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// `?xml version="1.0" encoding="UTF-8"?`, in this order; other versions and encodings are not for us.
fn declaration(inside: &str) -> Result<(), SamlFault> {
    let body = inside.strip_prefix("?xml").and_then(|body| body.strip_suffix('?')).ok_or(SamlFault::ProcessingInstruction)?;
    if !body.starts_with(|c: char| c.is_ascii_whitespace()) {
        return Err(SamlFault::ProcessingInstruction);
    }
    let plain: String =
        body.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>().replace('\'', "\"").to_ascii_lowercase();
    let rest = plain.strip_prefix("version=\"1.0\"").ok_or(SamlFault::Malformed)?;
    match rest.strip_prefix("encoding=\"").and_then(|rest| rest.split_once('"')) {
        Some(("utf-8", "" | "standalone=\"yes\"" | "standalone=\"no\"")) => Ok(()),
        Some(("utf-8", _)) => Err(SamlFault::Malformed),
        Some(_) => Err(SamlFault::Encoding),
        None if matches!(rest, "" | "standalone=\"yes\"" | "standalone=\"no\"") => Ok(()),
        None => Err(SamlFault::Malformed),
    }
}
