//! The report of everything that is wrong with a configuration: place, key, what, and the nearest thing that would be right.
//!
//! Owns its one-line form, `fedgate.toml:3: http.listn: unknown key; did you mean `listen`?`. Values are never shown: any of them may be a secret.

use std::fmt;

use crate::config::tree::Place;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where; none for things that are missing altogether.
    pub place: Option<Place>,
    /// The full key, such as `http.listen`.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// The nearest known key or word.
    pub suggestion: Option<String>,
}

/// All mistakes of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The file's name as given.
    pub file: Option<String>,
    /// The mistakes, in the order of their places once [`Report::sorted`].
    pub faults: Vec<Fault>,
}

impl Report {
    /// An empty report about a file.
    pub fn new(file: Option<&str>) -> Self {
        Self { file: file.map(str::to_owned), faults: Vec::new() }
    }

    /// Adds a mistake.
    pub fn add(&mut self, place: Option<&Place>, key: &str, message: impl Into<String>) {
        self.faults.push(Fault { place: place.cloned(), key: key.to_owned(), message: message.into(), suggestion: None });
    }

    /// Adds a mistake with the nearest right thing.
    pub fn suggest(&mut self, place: Option<&Place>, key: &str, message: &str, suggestion: Option<String>) {
        self.faults.push(Fault { place: place.cloned(), key: key.to_owned(), message: message.to_owned(), suggestion });
    }

    /// By line, then by variable; missing things last.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.faults.sort_by(|left, right| match (&left.place, &right.place) {
            (Some(left), Some(right)) => left.cmp(right),
            (left, right) => right.is_some().cmp(&left.is_some()),
        });
        self.faults.dedup();
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("configuration");
        for fault in &self.faults {
            match &fault.place {
                Some(Place::Line(line)) => write!(f, "{file}:{line}: ")?,
                Some(Place::Variable(name)) => write!(f, "environment {name}: ")?,
                None => write!(f, "{file}: ")?,
            }
            if !fault.key.is_empty() {
                write!(f, "{}: ", fault.key)?;
            }
            f.write_str(&fault.message)?;
            if let Some(suggestion) = &fault.suggestion {
                write!(f, "; did you mean `{suggestion}`?")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
