//! How long an app client's tokens live: Cognito's numbers in Cognito's units, as seconds (cognito-surface section 4.4).
//!
//! Owns bounds and defaults. The numbers and units as given stay in the client's document for the echo.

use serde_json::{Map, Value};

use crate::model::failure::Failure;

/// Lives of a client's tokens, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Access tokens.
    pub access_s: i64,
    /// ID tokens.
    pub id_s: i64,
    /// Refresh tokens.
    pub refresh_s: i64,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads the lives from a client's settings.
pub fn read(document: &Map<String, Value>) -> Result<Lifetimes, Failure> {
    let lives = Lifetimes {
        access_s: seconds(document, "AccessTokenValidity", "AccessToken", HOUR)?.unwrap_or(HOUR),
        id_s: seconds(document, "IdTokenValidity", "IdToken", HOUR)?.unwrap_or(HOUR),
        refresh_s: seconds(document, "RefreshTokenValidity", "RefreshToken", DAY)?.unwrap_or(30 * DAY),
    };
    let short = 5 * MINUTE..=DAY;
    let long = HOUR..=3650 * DAY;
    if !short.contains(&lives.access_s) || !short.contains(&lives.id_s) || !long.contains(&lives.refresh_s) {
        return refuse(
            "Invalid range for token validity: access and ID tokens live 5 minutes to 24 hours, refresh tokens 60 minutes to 10 years.",
        );
    }
    if lives.access_s > lives.refresh_s || lives.id_s > lives.refresh_s {
        return refuse("Invalid range for token validity: access and ID tokens must not outlive the refresh token.");
    }
    Ok(lives)
}

fn refuse<T>(text: &str) -> Result<T, Failure> {
    Err(Failure::InvalidParameter(text.to_owned()))
}

fn seconds(document: &Map<String, Value>, member: &str, unit_of: &str, default_unit: i64) -> Result<Option<i64>, Failure> {
    // Zero stands for the default (only refresh tokens can have it).
    let Some(number) = document.get(member).and_then(Value::as_i64).filter(|number| *number != 0) else { return Ok(None) };
    let unit = match document.get("TokenValidityUnits").and_then(|units| units.get(unit_of)).and_then(Value::as_str) {
        None => default_unit,
        Some("seconds") => 1,
        Some("minutes") => MINUTE,
        Some("hours") => HOUR,
        Some("days") => DAY,
        Some(_) => return refuse("TokenValidityUnits must be seconds, minutes, hours or days."),
    };
    Ok(Some(number.saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lives(document: &Value) -> Option<(i64, i64, i64)> {
        read(document.as_object().unwrap()).ok().map(|lives| (lives.access_s, lives.id_s, lives.refresh_s))
    }

    #[test]
    fn defaults_units_and_bounds() {
        assert_eq!(lives(&json!({})), Some((3600, 3600, 30 * DAY)));
        assert_eq!(lives(&json!({"RefreshTokenValidity": 0})), Some((3600, 3600, 30 * DAY)));
        assert_eq!(
            lives(&json!({"AccessTokenValidity": 2, "IdTokenValidity": 24, "RefreshTokenValidity": 1})),
            Some((7200, DAY, DAY))
        );
        let minutes = json!({"AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "minutes"});
        let with = |access: i64, id: i64, refresh: i64| {
            lives(
                &json!({"AccessTokenValidity": access, "IdTokenValidity": id, "RefreshTokenValidity": refresh, "TokenValidityUnits": minutes}),
            )
        };
        assert_eq!(with(5, 300, 60), Some((300, 300, 3600)));
        assert_eq!(with(4, 300, 60), None);
        assert_eq!(with(5, 299, 60), None);
        assert_eq!(with(5, 300, 59), None);
        assert_eq!(with(61, 300, 60), None);
        assert_eq!(with(1441, 300, 10_000), None);
        assert_eq!(with(1440, 300, 10_000), Some((DAY, 300, 600_000)));
    }
}
