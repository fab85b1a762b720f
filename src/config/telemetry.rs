//! `[telemetry]`: the log.

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
