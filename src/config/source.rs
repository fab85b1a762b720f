//! TOML text into a tree with the line of every key.
//!
//! Owns the parser's errors, all of them at once; does not know which keys exist.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::report::Report;
use crate::config::tree::{Node, Place, Table, Value};

/// Parses a file. What is not TOML goes into the report; the rest of the file is still returned.
pub fn parse(text: &str, report: &mut Report) -> Table {
    let lines = Lines::of(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let place = error.span().map(|span| lines.place(span.start));
        report.add(place.as_ref(), "", format!("not TOML: {}", error.message().replace('\n', ", ")));
    }
    table(document.into_inner(), &lines)
}

/// Parses one value, as it may stand in a variable of the environment.
pub fn parse_value(text: &str, place: &Place) -> Option<Node> {
    let value = DeValue::parse(text).ok()?.into_inner();
    Some(Node { value: convert(value, &|_| place.clone()), place: place.clone() })
}

/// The offsets at which lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    fn place(&self, offset: usize) -> Place {
        Place::Line(self.0.partition_point(|start| *start <= offset) + 1)
    }
}

fn table(entries: DeTable<'_>, lines: &Lines) -> Table {
    children(entries, &|offset| lines.place(offset))
}

fn children(entries: DeTable<'_>, place: &dyn Fn(usize) -> Place) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| {
            let at = place(key.span().start);
            (key.into_inner().into_owned(), Node { value: convert(value.into_inner(), place), place: at })
        })
        .collect()
}

fn convert(value: DeValue<'_>, place: &dyn Fn(usize) -> Place) -> Value {
    let element = |value: Spanned<DeValue<'_>>| {
        let at = place(value.span().start);
        Node { value: convert(value.into_inner(), place), place: at }
    };
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Value::Float(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Value::Boolean(yes),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(elements) => Value::List(elements.into_iter().map(element).collect()),
        DeValue::Table(entries) => Value::Table(children(entries, place)),
    }
}
