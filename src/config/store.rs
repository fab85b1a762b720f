//! `[store]`: the database.

use crate::base::secret::Secret;
use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// `sqlite://path` or `postgres://…`; a secret, since it may hold a password.
    pub url: Secret,
    /// Whether `serve` brings the schema up to date.
    pub migrate: bool,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Store> {
    let url = reader.secret("store.url");
    let migrate = reader.boolean("store.migrate");
    if let Some(url) = &url {
        let text = url.reveal();
        let known = text.strip_prefix("sqlite://").is_some_and(|path| !path.is_empty())
            || ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme) && url::Url::parse(text).is_ok());
        if !known {
            reader.report.add(
                reader.place("store.url").as_ref(),
                "store.url",
                "must be sqlite://path or postgres://user@host/database",
            );
        }
    }
    Some(Store { url: url?, migrate: migrate? })
}
