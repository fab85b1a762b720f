//! The log: one line an event on standard error, text for people or JSON for machines.
//!
//! Owns levels and form. Audit lines are written at every level. Other people's crates speak only from `warn` on, since what they say at
//! finer levels (statements, headers, bodies) is not ours to keep free of secrets (L-02).

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::telemetry::{LogFormat, Telemetry};

/// Starts logging for the rest of the process.
pub fn start(settings: &Telemetry) {
    let filter = EnvFilter::new(format!("warn,fedgate={},audit=info", settings.log_level));
    let terminal = stderr().is_terminal();
    let text = match settings.log_format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(terminal);
    let _ = if text { builder.try_init() } else { builder.json().flatten_event(true).with_current_span(false).try_init() };
    std::panic::set_hook(Box::new(|info| {
        // A formatted message may hold anything; a literal one holds what the programmer wrote.
        let message = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(message withheld)");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.place = place, panic.message = message, "a bug: please report it");
    }));
}
