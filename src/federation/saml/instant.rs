//! Time stamps of SAML: `xs:dateTime` in UTC form (SAML Core section 1.3.3).
//!
//! Owns reading and writing only; which times are acceptable is decided in `conditions` and `subject`. All instants are
//! milliseconds since the epoch.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::federation::saml::fault::SamlFault;

/// Longest accepted text: twenty characters and a generous fraction of a second.
const MAX_LENGTH: usize = 40;

/// Reads `2026-11-21T12:00:00Z`, with or without a fraction. No other zone than `Z`, no lower case, no blanks.
pub fn parse(text: &str) -> Result<i64, SamlFault> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_LENGTH || bytes.get(10) != Some(&b'T') || bytes.last() != Some(&b'Z') {
        return Err(SamlFault::TimeForm);
    }
    let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| SamlFault::TimeForm)?;
    i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).map_err(|_| SamlFault::TimeForm)
}

/// Writes whole seconds: `2026-11-21T12:00:00Z`. Instants outside the years 0 to 9999 become the epoch.
pub fn format(instant_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(instant_ms.div_euclid(1000))
        .ok()
        .and_then(|instant| instant.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}
