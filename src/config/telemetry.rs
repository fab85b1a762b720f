//! `[telemetry]`: the log.

use crate::config::reader::Reader;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// `error`, `warn`, `info`, `debug` or `trace`. Audit lines are always written.
    pub log_level: String,
    /// The form of lines.
    pub log_format: LogFormat,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Telemetry> {
    let log_level = reader.word("telemetry.log_level");
    let log_format = reader.word("telemetry.log_format").map(|word| match word.as_str() {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        _ => LogFormat::Auto,
    });
    Some(Telemetry { log_level: log_level?, log_format: log_format? })
}
