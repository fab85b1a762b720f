//! What expressions may call.
//!
//! Owns the table of functions by name and number of arguments. Names and meanings are those of CEL's standard library and of its extensions for
//! texts and lists; `translate` is ours: the map from one side's groups to the other's.

use crate::base::expression::value::Value;
use crate::base::expression::{Fault, MAX_ITEMS, MAX_TEXT, Meter};

/// A function. A method's target is its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `size(x)`: letters, items or keys.
    Size,
    /// `string(x)` of a number, truth value or text.
    Text,
    /// `int(x)` of a number or text.
    Int,
    /// `text.contains(part)`.
    Contains,
    /// `text.startsWith(part)`.
    StartsWith,
    /// `text.endsWith(part)`.
    EndsWith,
    /// `text.lowerAscii()`.
    LowerAscii,
    /// `text.upperAscii()`.
    UpperAscii,
    /// `text.trim()`.
    Trim,
    /// `text.replace(old, new)`.
    Replace,
    /// `text.split(separator)`.
    Split,
    /// `list.join(separator)`.
    Join,
    /// `list.first()`: null when empty.
    First,
    /// `list.distinct()`: each item once, in order.
    Distinct,
    /// `list.sort()` of texts or numbers.
    Sort,
    /// `list.translate({theirs: ours})`: the map's value for each item that it has, lists laid out, each once; other items are left out.
    Translate,
}

/// Name, arguments without the target, whether it may be called without a target.
const TABLE: [(&str, usize, bool, Function); 17] = [
    ("size", 0, true, Function::Size),
    ("string", 0, true, Function::Text),
    ("int", 0, true, Function::Int),
    ("contains", 1, false, Function::Contains),
    ("startsWith", 1, false, Function::StartsWith),
    ("endsWith", 1, false, Function::EndsWith),
    ("lowerAscii", 0, false, Function::LowerAscii),
    ("upperAscii", 0, false, Function::UpperAscii),
    ("trim", 0, false, Function::Trim),
    ("replace", 2, false, Function::Replace),
    ("split", 1, false, Function::Split),
    ("join", 0, false, Function::Join),
    ("join", 1, false, Function::Join),
    ("first", 0, false, Function::First),
    ("distinct", 0, false, Function::Distinct),
    ("sort", 0, false, Function::Sort),
    ("translate", 1, false, Function::Translate),
];

impl Function {
    /// `name(a, ...)`.
    pub fn global(name: &str, arguments: usize) -> Option<Self> {
        let found = TABLE.iter().find(|(known, count, global, _)| *known == name && count + 1 == arguments && *global);
        found.map(|(.., function)| *function)
    }

    /// `target.name(...)`.
    pub fn method(name: &str, arguments: usize) -> Option<Self> {
        TABLE.iter().find(|(known, count, ..)| *known == name && *count == arguments).map(|(.., function)| *function)
    }

    /// Calls it.
    pub fn call<'e>(self, arguments: &[Value<'e>], meter: &Meter) -> Result<Value<'e>, Fault> {
        let Some((target, rest)) = arguments.split_first() else { return Err(Fault::Type) };
        let argument = |place: usize| rest.get(place).ok_or(Fault::Type).and_then(Value::text);
        // Whatever reads a whole text pays for it.
        let text = || {
            let text = target.text()?;
            meter.spend_bytes(text.len())?;
            Ok::<&str, Fault>(text)
        };
        match self {
            Self::Size => size(target, meter),
            Self::Text => as_text(target, meter),
            Self::Int => as_int(target),
            Self::Contains => Ok(Value::Bool(text()?.contains(argument(0)?))),
            Self::StartsWith => Ok(Value::Bool(text()?.starts_with(argument(0)?))),
            Self::EndsWith => Ok(Value::Bool(text()?.ends_with(argument(0)?))),
            Self::LowerAscii => Value::made(text()?.to_ascii_lowercase(), meter),
            Self::UpperAscii => Value::made(text()?.to_ascii_uppercase(), meter),
            Self::Trim => Value::made(text()?.trim(), meter),
            Self::Replace => replaced(text()?, argument(0)?, argument(1)?, meter),
            Self::Split => split(text()?, argument(0)?, meter),
            Self::Join => joined(target, if rest.is_empty() { "" } else { argument(0)? }, meter),
            Self::First => Ok(target.items(meter)?.into_iter().next().unwrap_or(Value::Null)),
            Self::Distinct => distinct(target.items(meter)?, meter),
            Self::Sort => sorted(target.items(meter)?, meter),
            Self::Translate => translated(target, rest.first().ok_or(Fault::Type)?, meter),
        }
    }
}

fn size<'e>(target: &Value<'e>, meter: &Meter) -> Result<Value<'e>, Fault> {
    meter.spend_bytes(target.length()?)?;
    let count = match target.text() {
        Ok(text) => text.chars().count(),
        Err(_) => target.length()?,
    };
    i64::try_from(count).map(Value::Int).map_err(|_| Fault::Range)
}

fn as_text<'e>(target: &Value<'e>, meter: &Meter) -> Result<Value<'e>, Fault> {
    match target {
        Value::Text(_) | Value::Made(_) => Ok(target.clone()),
        Value::Bool(flag) => Value::made(flag.to_string(), meter),
        Value::Int(int) => Value::made(int.to_string(), meter),
        Value::Double(double) => Value::made(double.to_string(), meter),
        _ => Err(Fault::Type),
    }
}

fn as_int<'e>(target: &Value<'e>) -> Result<Value<'e>, Fault> {
    match target {
        Value::Int(int) => Ok(Value::Int(*int)),
        #[expect(clippy::cast_possible_truncation, reason = "CEL cuts the fraction off; the range is checked")]
        Value::Double(double) if double.abs() < 9.0e18 => Ok(Value::Int(*double as i64)),
        Value::Double(_) => Err(Fault::Range),
        _ => target.text()?.parse().map(Value::Int).map_err(|_| Fault::Range),
    }
}

fn replaced<'e>(text: &str, old: &str, new: &str, meter: &Meter) -> Result<Value<'e>, Fault> {
    let places = text.matches(old).count();
    meter.spend(places)?;
    if text.len().saturating_add(places.saturating_mul(new.len())) > MAX_TEXT + places.saturating_mul(old.len()) {
        return Err(Fault::TooLong);
    }
    Value::made(text.replace(old, new), meter)
}

fn split<'e>(text: &str, separator: &str, meter: &Meter) -> Result<Value<'e>, Fault> {
    let mut parts = Vec::new();
    for part in text.split(separator) {
        if parts.len() >= MAX_ITEMS {
            return Err(Fault::TooLong);
        }
        parts.push(Value::made(part, meter)?);
    }
    Value::list(parts, meter)
}

fn joined<'e>(target: &Value<'e>, separator: &str, meter: &Meter) -> Result<Value<'e>, Fault> {
    let mut text = String::new();
    for (place, item) in target.items(meter)?.iter().enumerate() {
        let item = item.text()?;
        meter.spend_bytes(separator.len() + item.len())?;
        if text.len() + separator.len() + item.len() > MAX_TEXT {
            return Err(Fault::TooLong);
        }
        if place > 0 {
            text.push_str(separator);
        }
        text.push_str(item);
    }
    Value::made(text, meter)
}

fn distinct<'e>(items: Vec<Value<'e>>, meter: &Meter) -> Result<Value<'e>, Fault> {
    let mut kept: Vec<Value<'e>> = Vec::new();
    'next: for item in items {
        for known in &kept {
            if known.equals(&item, meter)? {
                continue 'next;
            }
        }
        kept.push(item);
    }
    Value::list(kept, meter)
}

/// Texts by their bytes, or whole numbers; the price of sorting is charged before.
fn sorted<'e>(mut items: Vec<Value<'e>>, meter: &Meter) -> Result<Value<'e>, Fault> {
    let depth = items.len().checked_ilog2().unwrap_or(0) as usize + 1;
    if items.iter().all(|item| item.text().is_ok()) {
        for item in &items {
            meter.spend_bytes(item.text()?.len().saturating_mul(depth))?;
        }
        items.sort_by(|one, two| one.text().unwrap_or_default().cmp(two.text().unwrap_or_default()));
    } else if items.iter().all(|item| matches!(item, Value::Int(_))) {
        meter.spend(items.len().saturating_mul(depth))?;
        items.sort_by_key(|item| if let Value::Int(int) = item { *int } else { 0 });
    } else {
        return Err(Fault::Type);
    }
    Value::list(items, meter)
}

fn translated<'e>(target: &Value<'e>, table: &Value<'e>, meter: &Meter) -> Result<Value<'e>, Fault> {
    let mut found = Vec::new();
    for item in target.items(meter)? {
        let key = item.text()?;
        meter.spend_bytes(key.len())?;
        match table.field(key)? {
            None => {}
            Some(value @ (Value::List(_) | Value::Array(_))) => found.extend(value.items(meter)?),
            Some(value) => found.push(value),
        }
        if found.len() > MAX_ITEMS {
            return Err(Fault::TooLong);
        }
    }
    distinct(found, meter)
}
