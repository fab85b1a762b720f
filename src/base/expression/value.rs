//! The values of a run: what the claims hold, borrowed, and what the expression makes of it.
//!
//! Owns reading (types, fields, items, equality, order) and the way back to JSON. Making texts and lists is charged to the meter by
//! those who make them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value as Json};

use crate::base::expression::{Fault, MAX_ITEMS, MAX_TEXT, Meter};

/// A value. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Value<'e> {
    /// None.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text of the claims or of the expression.
    Text(&'e str),
    /// A text that was made.
    Made(Rc<str>),
    /// An array of the claims.
    Array(&'e [Json]),
    /// A list that was made.
    List(Rc<Vec<Value<'e>>>),
    /// An object of the claims.
    Object(&'e Map<String, Json>),
    /// All claims.
    Table(&'e BTreeMap<String, Json>),
    /// A map that was made.
    Map(Rc<BTreeMap<String, Value<'e>>>),
}

impl<'e> Value<'e> {
    /// What JSON holds.
    pub fn of(json: &'e Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Self::Int(int),
                (None, Some(double)) => Self::Double(double),
                (None, None) => Self::Null,
            },
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::Array(items),
            Json::Object(fields) => Self::Object(fields),
        }
    }

    /// A text that was made, charged by its length.
    pub fn made(text: impl Into<String>, meter: &Meter) -> Result<Self, Fault> {
        let text = text.into();
        if text.len() > MAX_TEXT {
            return Err(Fault::TooLong);
        }
        meter.spend_bytes(text.len())?;
        Ok(Self::Made(text.into()))
    }

    /// A list that was made.
    pub fn list(items: Vec<Self>, meter: &Meter) -> Result<Self, Fault> {
        if items.len() > MAX_ITEMS {
            return Err(Fault::TooLong);
        }
        meter.spend(items.len())?;
        Ok(Self::List(Rc::new(items)))
    }

    /// It as a text.
    pub fn text(&self) -> Result<&str, Fault> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Made(text) => Ok(text),
            _ => Err(Fault::Type),
        }
    }

    /// It as a truth value.
    pub fn truth(&self) -> Result<bool, Fault> {
        match self {
            Self::Bool(flag) => Ok(*flag),
            _ => Err(Fault::Type),
        }
    }

    /// The items of a list, or the keys of a map; charged one step each.
    pub fn items(&self, meter: &Meter) -> Result<Vec<Self>, Fault> {
        let length = self.length()?;
        if length > MAX_ITEMS {
            return Err(Fault::TooLong);
        }
        meter.spend(length)?;
        Ok(match self {
            Self::Array(items) => items.iter().map(Self::of).collect(),
            Self::List(items) => items.to_vec(),
            Self::Object(fields) => fields.keys().map(|key| Self::Text(key)).collect(),
            Self::Table(fields) => fields.keys().map(|key| Self::Text(key)).collect(),
            Self::Map(fields) => fields.keys().map(|key| Self::Made(key.as_str().into())).collect(),
            _ => return Err(Fault::Type),
        })
    }

    /// How many items, keys or bytes.
    pub fn length(&self) -> Result<usize, Fault> {
        match self {
            Self::Array(items) => Ok(items.len()),
            Self::List(items) => Ok(items.len()),
            Self::Object(fields) => Ok(fields.len()),
            Self::Table(fields) => Ok(fields.len()),
            Self::Map(fields) => Ok(fields.len()),
            _ => self.text().map(str::len),
        }
    }

    /// The value under a key; none where there is none.
    pub fn field(&self, key: &str) -> Result<Option<Self>, Fault> {
        match self {
            Self::Object(fields) => Ok(fields.get(key).map(Self::of)),
            Self::Table(fields) => Ok(fields.get(key).map(Self::of)),
            Self::Map(fields) => Ok(fields.get(key).cloned()),
            _ => Err(Fault::Type),
        }
    }

    /// The item at a place of a list.
    pub fn at(&self, place: i64) -> Result<Self, Fault> {
        let place = usize::try_from(place).map_err(|_| Fault::Range)?;
        match self {
            Self::Array(items) => items.get(place).map(Self::of).ok_or(Fault::Range),
            Self::List(items) => items.get(place).cloned().ok_or(Fault::Range),
            _ => Err(Fault::Type),
        }
    }

    /// Equality; numbers compare by value, other types are never equal to one another.
    pub fn equals(&self, other: &Self, meter: &Meter) -> Result<bool, Fault> {
        meter.spend(1)?;
        if let (Ok(one), Ok(two)) = (self.text(), other.text()) {
            if one.len() == two.len() {
                meter.spend_bytes(one.len())?;
            }
            return Ok(one == two);
        }
        match (self, other) {
            (Self::Null, Self::Null) => Ok(true),
            (Self::Bool(one), Self::Bool(two)) => Ok(one == two),
            (Self::Int(_) | Self::Double(_), Self::Int(_) | Self::Double(_)) => {
                Ok(self.order(other, meter).ok() == Some(Ordering::Equal))
            }
            (Self::Array(_) | Self::List(_), Self::Array(_) | Self::List(_)) => {
                if self.length()? != other.length()? {
                    return Ok(false);
                }
                for (one, two) in self.items(meter)?.iter().zip(other.items(meter)?) {
                    if !one.equals(&two, meter)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Self::Object(_) | Self::Table(_) | Self::Map(_), Self::Object(_) | Self::Table(_) | Self::Map(_)) => {
                if self.length()? != other.length()? {
                    return Ok(false);
                }
                for key in self.items(meter)? {
                    let (one, two) = (self.field(key.text()?)?, other.field(key.text()?)?);
                    match (one, two) {
                        (Some(one), Some(two)) if one.equals(&two, meter)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The order of two numbers or two texts.
    pub fn order(&self, other: &Self, meter: &Meter) -> Result<Ordering, Fault> {
        #[expect(clippy::cast_precision_loss, reason = "CEL compares whole and other numbers as doubles")]
        let double = |value: &Self| match value {
            Self::Int(int) => Ok(*int as f64),
            Self::Double(double) => Ok(*double),
            _ => Err(Fault::Type),
        };
        if let (Self::Int(one), Self::Int(two)) = (self, other) {
            return Ok(one.cmp(two));
        }
        if let (Ok(one), Ok(two)) = (self.text(), other.text()) {
            meter.spend_bytes(one.len().min(two.len()))?;
            return Ok(one.cmp(two));
        }
        double(self)?.partial_cmp(&double(other)?).ok_or(Fault::Range)
    }

    /// As JSON. Charged like everything that is made.
    pub fn into_json(self, meter: &Meter) -> Result<Json, Fault> {
        meter.spend(1)?;
        Ok(match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => flag.into(),
            Self::Int(int) => int.into(),
            Self::Double(double) => double.into(),
            Self::Text(_) | Self::Made(_) => {
                let text = self.text()?;
                meter.spend_bytes(text.len())?;
                text.into()
            }
            Self::Array(_) | Self::List(_) => {
                let items: Result<Vec<Json>, Fault> = self.items(meter)?.into_iter().map(|item| item.into_json(meter)).collect();
                Json::Array(items?)
            }
            // A map fills no attribute: the claims' own depth would have to be walked for nothing.
            Self::Object(_) | Self::Table(_) | Self::Map(_) => return Err(Fault::Type),
        })
    }
}
