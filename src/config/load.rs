//! Loading: file and environment in, settings or the whole report out.
//!
//! Owns the order (parse, overlay, unknown keys, sections) and that nothing is skipped because something else was wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::declared::Declared;
use crate::config::reader::Reader;
use crate::config::report::Report;
use crate::config::tree::{Place, Table};
use crate::config::{
    Config, admin, cache, environment, general, http, outbound, secrets, signing, source, store, telemetry, unknown, user_pools,
};

/// Where settings come from.
#[derive(Clone, Default)]
pub struct Source {
    /// Name and text of the file.
    pub file: Option<(String, String)>,
    /// The variables of the environment: all of them, since secrets may refer to any.
    pub variables: BTreeMap<String, String>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("file", &self.file.as_ref().map(|(name, _)| name)).finish_non_exhaustive()
    }
}

impl Source {
    /// The given file and this process's environment.
    pub fn of_process(file: Option<&Path>) -> Result<Self, Report> {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
        let file = match file {
            None => None,
            Some(path) => {
                let name = path.display().to_string();
                match std::fs::read_to_string(path) {
                    Ok(text) => Some((name, text)),
                    Err(error) => {
                        let mut report = Report::new(Some(&name));
                        report.add(None, "", error.to_string());
                        return Err(report);
                    }
                }
            }
        };
        Ok(Self { file, variables })
    }
}

/// Finds mistakes in declared pools: path, what is wrong, the nearest right thing.
pub type CheckPools<'c> = &'c dyn Fn(&[Declared]) -> Vec<(String, String, Option<String>)>;

/// Reads the configuration; every mistake is in the report, but what pools may hold is not checked.
pub fn load(from: &Source) -> Result<Config, Report> {
    load_checked(from, &|_| Vec::new())
}

/// Reads the configuration; `check_pools` knows what `[[user_pools]]` may hold.
pub fn load_checked(from: &Source, check_pools: CheckPools<'_>) -> Result<Config, Report> {
    let mut report = Report::new(from.file.as_ref().map(|(name, _)| name.as_str()));
    let mut table = match &from.file {
        Some((_, text)) => source::parse(text, &mut report),
        None => Table::new(),
    };
    environment::overlay(&from.variables, &mut table, &mut report);
    unknown::check(&table, &mut report);
    let base = from.file.as_ref().and_then(|(name, _)| Path::new(name).parent()).map_or_else(PathBuf::new, Path::to_path_buf);
    let mut reader = Reader::new(&table, &from.variables, base, &mut report);
    let user_pools = user_pools::read(&mut reader);
    let pools = user_pools.as_deref().unwrap_or_default();
    for (path, message, suggestion) in check_pools(pools) {
        let line = pools.iter().find_map(|pool| pool.owns(&path).then(|| pool.line(&path)).flatten());
        reader.report.suggest(line.map(Place::Line).as_ref(), &path, &message, suggestion);
    }
    let config = sections(&mut reader, user_pools, from.file.as_ref().map(|(name, _)| name.clone()));
    match config {
        Some(config) if report.faults.is_empty() => Ok(config),
        _ => Err(report.sorted()),
    }
}

/// Every section is read before any is missed.
fn sections(reader: &mut Reader<'_>, user_pools: Option<Vec<Declared>>, file: Option<String>) -> Option<Config> {
    let general = general::read(reader);
    let http = http::read(reader);
    let store = store::read(reader);
    let cache = cache::read(reader);
    let secrets = secrets::read(reader);
    let admin = admin::read(reader);
    let outbound = outbound::read(reader);
    let signing = signing::read(reader);
    let telemetry = telemetry::read(reader);
    Some(Config {
        general: general?,
        http: http?,
        store: store?,
        cache: cache?,
        secrets: secrets?,
        admin: admin?,
        outbound: outbound?,
        signing: signing?,
        telemetry: telemetry?,
        user_pools: user_pools?,
        from_file: file.is_some(),
        file,
        places: reader.places(),
    })
}
