//! `[secrets]`: the master keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The configured master keys of 32 bytes: the first seals, all open. Empty: `data/master.key` is used, or made at the first start.
    pub master_keys: Vec<[u8; 32]>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("master_keys", &self.master_keys.len()).finish()
    }
}

/// Reads a key: 32 bytes in base64 (either alphabet, padded or not) or 64 hex digits, white space around it ignored.
pub fn parse_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() == 64 && text.is_ascii() {
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        return Some(key);
    }
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|char| match char {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    STANDARD_NO_PAD.decode(plain).ok()?.try_into().ok()
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Secrets> {
    let mut master_keys = Vec::new();
    for (place, secret) in reader.secrets("secrets.master_key") {
        match parse_key(secret.reveal()) {
            Some(key) => master_keys.push(key),
            None => reader.report.add(Some(&place), "secrets.master_key", "must be 32 bytes in base64 or 64 hex digits"),
        }
    }
    if let Some(place) = reader.place("secrets.master_key")
        && master_keys.is_empty()
    {
        // An empty list must not fall back to a generated key.
        reader.report.add(Some(&place), "secrets.master_key", "holds no usable key");
        return None;
    }
    Some(Secrets { master_keys })
}
