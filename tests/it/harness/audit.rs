//! Catches what the gateways of this process log: audit lines by replica, and everything as text for searches after secrets.
//!
//! One subscriber for the whole test binary; it keeps events of our own targets only.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

/// One audit line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditLine {
    /// All fields by name (`event`, `outcome`, `reason`, `request.id`, `http.status`, `client.id` …), those of `details` too.
    pub fields: BTreeMap<String, String>,
}

impl AuditLine {
    /// A field, empty when absent.
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The event's name.
    pub fn event(&self) -> &str {
        self.get("event")
    }

    /// `success`, `refused` or `error`.
    pub fn outcome(&self) -> &str {
        self.get("outcome")
    }

    /// Why, if not a success.
    pub fn reason(&self) -> &str {
        self.get("reason")
    }
}

static LINES: Mutex<Vec<AuditLine>> = Mutex::new(Vec::new());
static TEXTS: Mutex<String> = Mutex::new(String::new());
static INSTALL: Once = Once::new();

/// Starts catching; later calls do nothing.
pub fn install() {
    INSTALL.call_once(|| {
        tracing::subscriber::set_global_default(Registry::default().with(Catcher)).unwrap();
    });
}

/// The audit lines of a replica, oldest first.
pub fn of(replica: &str) -> Vec<AuditLine> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().filter(|line| line.get("replica") == replica).cloned().collect()
}

/// Everything that any gateway of this process logged so far, one line an event (L-02).
pub fn everything() -> String {
    TEXTS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

struct Catcher;

impl<S: Subscriber> Layer<S> for Catcher {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        if target != "audit" && !target.starts_with("fedgate") {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        {
            let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(texts, "{} {target} {:?}", event.metadata().level(), fields.0);
        }
        if target == "audit" {
            let details = fields.0.remove("details").unwrap_or_default();
            if let Ok(serde_json::Value::Object(details)) = serde_json::from_str(&details) {
                fields.0.extend(details.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())));
            }
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(AuditLine { fields: fields.0 });
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
