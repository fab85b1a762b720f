//! One entity out of a metadata file of thousands (SAML Metadata section 2.3.1), in one pass and bounded memory.
//!
//! Owns the choice of the entity by its id: the groups above it with their namespaces and validity, duplicate entity ids, the depth of
//! groups (S-25). What it cuts out is a document of its own, in which the groups are one wrapper with the earliest `validUntil`, and which
//! goes through the same gate and parser as any other metadata (`metadata`). The text around the entity is read by `tokens`, with
//! the gate's rules; nothing of it is believed beyond names, namespaces and validity. Signatures are not looked at here.

mod tokens;

use std::collections::HashSet;
use std::io::BufRead;

use crate::base::digest::sha256_b64;
use crate::federation::saml::aggregate::tokens::{Token, Tokens};
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::metadata::{MAX_GROUPS, MetadataFault, earliest};
use crate::federation::saml::xml::{self, METADATA};
use crate::federation::saml::{duration, gate, instant};

/// The largest aggregate, bytes.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;
/// The most entities of an aggregate.
const MAX_ENTITIES: usize = 100_000;
/// The longest entity with its wrapper, bytes.
const MAX_SLICE: usize = gate::METADATA.bytes - 16 * 1024;

/// A start tag, taken apart.
#[derive(Debug)]
struct Element {
    name: String,
    /// Attributes with their values, references resolved.
    attributes: Vec<(String, String)>,
}

/// A group that is open, or the entity that is being cut out.
#[derive(Debug, Default)]
struct Scope {
    namespaces: Vec<(String, String)>,
    valid_until_ms: Option<i64>,
    cache_ms: Option<i64>,
}

/// What of the document lies behind.
#[derive(Debug, Default)]
struct Cutter {
    wanted: String,
    /// Names of all open elements.
    open: Vec<String>,
    groups: Vec<Scope>,
    seen: HashSet<String>,
    /// The entity's text while it is open: the depth at which it began, and the text.
    cutting: Option<(usize, String)>,
    found: Option<String>,
    finished: bool,
}

/// Cuts the entity out of an `EntitiesDescriptor`, or out of a lone `EntityDescriptor`. The input is read to its end, which proves that the
/// document is whole.
pub fn cut(input: impl BufRead, entity_id: &str) -> Result<String, MetadataFault> {
    let mut tokens = Tokens::new(input, MAX_BYTES);
    let mut cutter = Cutter { wanted: entity_id.to_owned(), ..Cutter::default() };
    loop {
        match tokens.next()? {
            Token::End if cutter.open.is_empty() && cutter.finished => break,
            Token::End => return Err(SamlFault::Malformed.into()),
            Token::Text(text) => cutter.text(text)?,
            Token::Comment(text) => cutter.copy(&["<", text, ">"])?,
            Token::Close(name) => cutter.close(name)?,
            Token::Open { tag, empty } => cutter.open(tag, empty)?,
        }
    }
    cutter.found.ok_or(MetadataFault::EntityMissing)
}

impl Cutter {
    fn text(&mut self, text: &str) -> Result<(), MetadataFault> {
        // Only what is inside an entity may hold words.
        let inside = self.open.len() > self.groups.len();
        if !inside && !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Err(SamlFault::Malformed.into());
        }
        self.copy(&[text])
    }

    fn copy(&mut self, parts: &[&str]) -> Result<(), MetadataFault> {
        if let Some((_, slice)) = &mut self.cutting {
            if slice.len() + parts.iter().map(|part| part.len()).sum::<usize>() > MAX_SLICE {
                return Err(SamlFault::TooLarge.into());
            }
            slice.extend(parts.iter().copied());
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), MetadataFault> {
        if self.open.pop().as_deref() != Some(name) {
            return Err(SamlFault::Malformed.into());
        }
        self.copy(&["</", name, ">"])?;
        self.left();
        Ok(())
    }

    /// After the end of an element.
    fn left(&mut self) {
        let depth = self.open.len();
        self.finished = depth == 0;
        if let Some((_, slice)) = self.cutting.take_if(|(began, _)| *began == depth) {
            self.found = Some(self.wrapped(&slice));
        }
        self.groups.truncate(depth);
    }

    fn open(&mut self, tag: &str, empty: bool) -> Result<(), MetadataFault> {
        if self.finished {
            return Err(SamlFault::Malformed.into());
        }
        let depth = self.open.len();
        if depth >= gate::METADATA.depth as usize {
            return Err(SamlFault::TooDeep.into());
        }
        let name = tag.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        if !is_name(name) {
            return Err(SamlFault::Malformed.into());
        }
        if depth == self.groups.len() {
            self.descend(tag)?;
        } else {
            self.copy(&["<", tag, if empty { "/>" } else { ">" }])?;
        }
        if empty {
            if let Some((began, slice)) = &mut self.cutting
                && *began == depth
            {
                slice.push_str("</");
                slice.push_str(name);
                slice.push('>');
            }
            self.left();
        } else {
            self.open.push(name.to_owned());
        }
        Ok(())
    }

    /// An element that stands in groups only: a further group, an entity, or something of a group's own.
    fn descend(&mut self, tag: &str) -> Result<(), MetadataFault> {
        let element = Element::read(tag)?;
        let scope = element.scope()?;
        let prefix = element.name.split_once(':').map_or("", |(prefix, _)| prefix);
        let ours = self.namespace(&scope, prefix) == Some(METADATA);
        let local = element.name.split_once(':').map_or(element.name.as_str(), |(_, local)| local);
        match (ours, local) {
            (true, "EntitiesDescriptor") => {
                if self.groups.len() >= MAX_GROUPS {
                    return Err(MetadataFault::TooDeep);
                }
                self.groups.push(scope);
                Ok(())
            }
            (true, "EntityDescriptor") => self.entity(tag, &element, &scope),
            _ if self.open.is_empty() => Err(MetadataFault::Root),
            _ => Ok(()),
        }
    }

    fn entity(&mut self, tag: &str, element: &Element, scope: &Scope) -> Result<(), MetadataFault> {
        let id = element.attribute("entityID").ok_or(MetadataFault::EntityId)?;
        if self.seen.len() >= MAX_ENTITIES {
            return Err(SamlFault::TooManyElements.into());
        }
        if !self.seen.insert(sha256_b64(id.as_bytes())) {
            return Err(MetadataFault::EntityAmbiguous);
        }
        if id != self.wanted {
            return Ok(());
        }
        let mut slice = format!("<{}", element.name);
        for (prefix, uri) in self.inherited(scope) {
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            slice.push_str(&format!(" {name}=\"{}\"", xml::escape(&uri)));
        }
        slice.push_str(&tag[element.name.len()..]);
        slice.push('>');
        self.cutting = Some((self.open.len(), slice));
        Ok(())
    }

    /// The declarations of the groups that hold inside the entity; the default namespace always, since the wrapper sets its own.
    fn inherited(&self, own: &Scope) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let default = [(String::new(), String::new())];
        let all = self.groups.iter().rev().flat_map(|group| &group.namespaces).chain(&default);
        for (prefix, uri) in all {
            let hidden = own.namespaces.iter().chain(&found).any(|(known, _)| known == prefix);
            if !hidden {
                found.push((prefix.clone(), uri.clone()));
            }
        }
        found
    }

    fn namespace<'s>(&'s self, own: &'s Scope, prefix: &str) -> Option<&'s str> {
        let outer = self.groups.iter().rev().flat_map(|group| &group.namespaces);
        own.namespaces.iter().chain(outer).find(|(known, _)| known == prefix).map(|(_, uri)| uri.as_str())
    }

    /// The entity in one group that stands for all around it.
    fn wrapped(&self, slice: &str) -> String {
        let until = self.groups.iter().fold(None, |until, group| earliest(until, group.valid_until_ms));
        let cache = self.groups.iter().fold(None, |cache, group| earliest(cache, group.cache_ms));
        let until = until.map(|until| format!(" validUntil=\"{}\"", instant::format(until))).unwrap_or_default();
        let cache = cache.map(|cache| format!(" cacheDuration=\"PT{}S\"", cache / 1000)).unwrap_or_default();
        format!("<EntitiesDescriptor xmlns=\"{METADATA}\"{until}{cache}>{slice}</EntitiesDescriptor>")
    }
}

impl Element {
    /// Reads the inside of a start tag: what stands between `<` and `>` or `/>`.
    fn read(tag: &str) -> Result<Self, SamlFault> {
        let end = tag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tag.len());
        let (name, mut rest) = tag.split_at(end);
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            let trimmed = rest.trim_ascii_start();
            if trimmed.is_empty() {
                return Ok(Self { name: name.to_owned(), attributes });
            }
            if trimmed.len() == rest.len() || attributes.len() >= gate::MAX_ATTRIBUTES + gate::MAX_NAMESPACES {
                return Err(SamlFault::Malformed);
            }
            let (key, after) = trimmed.split_once('=').ok_or(SamlFault::Malformed)?;
            let key = key.trim_ascii_end();
            let after = after.trim_ascii_start();
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or(SamlFault::Malformed)?;
            let (value, after) = after[1..].split_once(quote).ok_or(SamlFault::Malformed)?;
            if !is_name(key) {
                return Err(SamlFault::Malformed);
            }
            if attributes.iter().any(|(known, _)| known == key) {
                return Err(SamlFault::DuplicateAttribute);
            }
            attributes.push((key.to_owned(), unescape(value)?));
            rest = after;
        }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn scope(&self) -> Result<Scope, SamlFault> {
        let mut namespaces = Vec::new();
        for (name, value) in &self.attributes {
            match name.strip_prefix("xmlns:") {
                // Namespaces in XML 1.0 section 5: a prefix cannot be undeclared; `xml` and `xmlns` are nobody's.
                Some(prefix) if value.is_empty() || matches!(prefix, "xml" | "xmlns") => return Err(SamlFault::Malformed),
                Some(prefix) => namespaces.push((prefix.to_owned(), value.clone())),
                None if name == "xmlns" => namespaces.push((String::new(), value.clone())),
                None => {}
            }
        }
        Ok(Scope {
            namespaces,
            valid_until_ms: self.attribute("validUntil").map(instant::parse).transpose()?,
            cache_ms: self.attribute("cacheDuration").map(duration::parse).transpose()?,
        })
    }
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
        && name.matches(':').count() <= 1
        && !name.ends_with(':')
}

/// Resolves the references of an attribute value (XML section 4.6): the five names and characters by number.
fn unescape(value: &str) -> Result<String, SamlFault> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';').ok_or(SamlFault::Malformed)?;
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let c = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match name.strip_prefix("#x") {
                Some(digits) => number(digits, 16),
                None => name.strip_prefix('#').and_then(|digits| number(digits, 10)),
            },
        };
        out.push(c.filter(|&c| c != '\0').ok_or(SamlFault::Malformed)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
