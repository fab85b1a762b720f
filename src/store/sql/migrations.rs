//! The schema's versions, embedded, and how a database is brought to the newest.
//!
//! Owns the table `schema_migrations`. Each migration has the same number and name on both sides (`migrations/sqlite`,
//! `migrations/postgres`). All pending ones are applied in one transaction under a lock, so replicas may start at once; a database
//! that is newer than this program is refused.

use crate::store::StoreError;
use crate::store::sql::unit_of_work::Unit;

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_spine",
        sqlite: include_str!("../../../migrations/sqlite/0001_spine.sql"),
        postgres: include_str!("../../../migrations/postgres/0001_spine.sql"),
    },
    Migration {
        version: 2,
        name: "0002_upstream",
        sqlite: include_str!("../../../migrations/sqlite/0002_upstream.sql"),
        postgres: include_str!("../../../migrations/postgres/0002_upstream.sql"),
    },
];

/// The newest version that this program knows.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Applies what is pending.
pub async fn migrate(mut unit: Unit, postgres: bool) -> Result<(), StoreError> {
    unit.lock_schema().await?;
    unit.script("CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)").await?;
    let rows = unit.fetch("SELECT COALESCE(MAX(version), 0) AS version FROM schema_migrations", &[]).await?;
    let current = rows.first().map_or(Ok(0), |row| row.integer("version"))?;
    for migration in pending(current)? {
        unit.script(if postgres { migration.postgres } else { migration.sqlite }).await?;
        let values = [migration.version.into(), migration.name.into()];
        unit.execute("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", &values).await?;
    }
    unit.commit().await
}

/// The database's version; 0 when it was never migrated.
pub async fn version(mut unit: Unit, postgres: bool) -> Result<i64, StoreError> {
    let exists = if postgres {
        "SELECT 1 AS one WHERE to_regclass('schema_migrations') IS NOT NULL"
    } else {
        "SELECT 1 AS one FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"
    };
    if unit.fetch(exists, &[]).await?.is_empty() {
        return Ok(0);
    }
    let rows = unit.fetch("SELECT COALESCE(MAX(version), 0) AS version FROM schema_migrations", &[]).await?;
    rows.first().map_or(Ok(0), |row| row.integer("version"))
}

/// The names of the migrations that a database of that version lacks.
pub fn pending_names(current: i64) -> Result<Vec<&'static str>, StoreError> {
    Ok(pending(current)?.map(|migration| migration.name).collect())
}

fn pending(current: i64) -> Result<impl Iterator<Item = &'static Migration>, StoreError> {
    if current > newest() {
        return Err(StoreError::Schema(format!(
            "the database has schema version {current}, this program knows only up to {}: start a newer fedgate",
            newest()
        )));
    }
    Ok(MIGRATIONS.iter().filter(move |migration| migration.version > current))
}
