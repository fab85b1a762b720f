//! Durations of SAML metadata: `xs:duration`, as `cacheDuration` has them.
//!
//! Owns reading only. A month counts as 30 days and a year as 365: nobody's refresh depends on the difference.

use crate::federation::saml::fault::SamlFault;

/// Longest accepted text.
const MAX_LENGTH: usize = 64;

/// Reads `PT6H`, `P1D`, `P1Y2M3DT4H5M6.7S` into milliseconds; negative durations count as zero. Bounded by a hundred years.
pub fn parse(text: &str) -> Result<i64, SamlFault> {
    let fault = SamlFault::TimeForm;
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let rest = rest.strip_prefix('P').filter(|rest| rest.len() <= MAX_LENGTH).ok_or(fault)?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    if (date.is_empty() && time.is_none()) || time == Some("") {
        return Err(fault);
    }
    let day = 86_400.0;
    let date = sum(date, &[('Y', 365.0 * day), ('M', 30.0 * day), ('D', day)])?;
    let time = sum(time.unwrap_or_default(), &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the line before")]
    let whole = ((date + time).min(36_500.0 * day) * 1000.0) as i64;
    Ok(if negative { 0 } else { whole })
}

/// Numbers with these units, each at most once and in this order; seconds.
fn sum(text: &str, units: &[(char, f64)]) -> Result<f64, SamlFault> {
    let mut units = units.iter();
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(SamlFault::TimeForm)?;
        let (number, after) = rest.split_at(end);
        let unit = after.chars().next().unwrap_or_default();
        let (_, seconds) = units.find(|(known, _)| *known == unit).ok_or(SamlFault::TimeForm)?;
        let plain = number.starts_with(|c: char| c.is_ascii_digit()) && (unit == 'S' || !number.contains('.'));
        total += number.parse::<f64>().ok().filter(|_| plain).ok_or(SamlFault::TimeForm)? * seconds;
        rest = &after[1..];
    }
    Ok(total)
}
