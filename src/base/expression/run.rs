//! One run of a tree over the facts.
//!
//! Owns the meaning of each node. Every node costs a step, so a run ends whatever the claims hold; the depth of the tree bounds the stack.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::expression::pattern::Pattern;
use crate::base::expression::tree::{Each, Kind, Node};
use crate::base::expression::value::Value;
use crate::base::expression::{Facts, Fault, Meter};

/// A run.
#[derive(Debug)]
pub struct Run<'e, 'm> {
    /// What the names stand for.
    pub facts: Facts<'e>,
    /// What it may cost.
    pub meter: &'m Meter,
}

/// The variable of a macro, and those around it.
#[derive(Debug)]
pub struct Scope<'s, 'e> {
    name: &'s str,
    value: Value<'e>,
    outer: Option<&'s Scope<'s, 'e>>,
}

impl<'e> Run<'e, '_> {
    /// The value of a node.
    pub fn value(&self, node: &'e Node, scope: Option<&Scope<'_, 'e>>) -> Result<Value<'e>, Fault> {
        self.meter.spend(1)?;
        match &node.kind {
            Kind::Null => Ok(Value::Null),
            Kind::Bool(flag) => Ok(Value::Bool(*flag)),
            Kind::Int(int) => Ok(Value::Int(*int)),
            Kind::Double(double) => Ok(Value::Double(*double)),
            Kind::Text(text) => Ok(Value::Text(text)),
            Kind::List(nodes) => Value::list(self.values(nodes, scope)?, self.meter),
            Kind::Map(nodes) => self.map(nodes, scope),
            Kind::Name(name) => self.named(name, scope),
            Kind::Select(from, name) => self.value(from, scope)?.field(name)?.ok_or_else(|| Fault::Missing(name.clone())),
            Kind::Has(from, name) => Ok(Value::Bool(self.value(from, scope)?.field(name)?.is_some())),
            Kind::Index(pair) => {
                let [from, place] = &**pair;
                self.index(&self.value(from, scope)?, &self.value(place, scope)?, place)
            }
            Kind::Not(inner) => Ok(Value::Bool(!self.value(inner, scope)?.truth()?)),
            Kind::Negate(inner) => match self.value(inner, scope)? {
                Value::Int(int) => int.checked_neg().map(Value::Int).ok_or(Fault::Range),
                Value::Double(double) => Ok(Value::Double(-double)),
                _ => Err(Fault::Type),
            },
            Kind::Binary(sign, pair) => {
                let [left, right] = &**pair;
                self.binary(sign, &self.value(left, scope)?, right, scope)
            }
            Kind::Choice(three) => {
                let [condition, yes, no] = &**three;
                self.value(if self.value(condition, scope)?.truth()? { yes } else { no }, scope)
            }
            Kind::Call(function, nodes) => function.call(&self.values(nodes, scope)?, self.meter),
            Kind::Matches(target, pattern) => {
                let target = self.value(target, scope)?;
                pattern.matches(target.text()?, self.meter).map(Value::Bool)
            }
            Kind::Extract(target, pattern) => self.extract(&self.value(target, scope)?, pattern),
            Kind::Each(each, name, nodes) => self.each(*each, name, nodes, scope),
        }
    }

    fn values(&self, nodes: &'e [Node], scope: Option<&Scope<'_, 'e>>) -> Result<Vec<Value<'e>>, Fault> {
        nodes.iter().map(|node| self.value(node, scope)).collect()
    }

    fn named(&self, name: &str, scope: Option<&Scope<'_, 'e>>) -> Result<Value<'e>, Fault> {
        let mut around = scope;
        while let Some(found) = around {
            if found.name == name {
                return Ok(found.value.clone());
            }
            around = found.outer;
        }
        match name {
            "claims" => Ok(Value::Table(self.facts.claims)),
            "identity" => Ok(Value::Table(self.facts.identity)),
            _ => Err(Fault::Missing(name.to_owned())),
        }
    }

    fn map(&self, nodes: &'e [Node], scope: Option<&Scope<'_, 'e>>) -> Result<Value<'e>, Fault> {
        let mut fields = BTreeMap::new();
        for pair in nodes.chunks_exact(2) {
            let key = self.value(&pair[0], scope)?;
            let key = key.text()?;
            self.meter.spend_bytes(key.len())?;
            fields.insert(key.to_owned(), self.value(&pair[1], scope)?);
        }
        Ok(Value::Map(Rc::new(fields)))
    }

    /// A fault names the key only where the expression writes it out: any other key is a value of somebody's.
    fn index(&self, from: &Value<'e>, place: &Value<'e>, written: &Node) -> Result<Value<'e>, Fault> {
        if let Value::Int(place) = place {
            return from.at(*place);
        }
        let key = place.text()?;
        self.meter.spend_bytes(key.len())?;
        from.field(key)?.ok_or_else(|| match &written.kind {
            Kind::Text(name) => Fault::Missing(name.clone()),
            _ => Fault::Missing(String::new()),
        })
    }

    fn binary(&self, sign: &str, left: &Value<'e>, right: &'e Node, scope: Option<&Scope<'_, 'e>>) -> Result<Value<'e>, Fault> {
        match (sign, left) {
            ("||", _) if left.truth()? => return Ok(Value::Bool(true)),
            ("&&", _) if !left.truth()? => return Ok(Value::Bool(false)),
            ("||" | "&&", _) => return Ok(Value::Bool(self.value(right, scope)?.truth()?)),
            _ => {}
        }
        let right = self.value(right, scope)?;
        match sign {
            "==" => left.equals(&right, self.meter).map(Value::Bool),
            "!=" => left.equals(&right, self.meter).map(|same| Value::Bool(!same)),
            "<" => Ok(Value::Bool(left.order(&right, self.meter)?.is_lt())),
            "<=" => Ok(Value::Bool(left.order(&right, self.meter)?.is_le())),
            ">" => Ok(Value::Bool(left.order(&right, self.meter)?.is_gt())),
            ">=" => Ok(Value::Bool(left.order(&right, self.meter)?.is_ge())),
            "in" => self.contains(&right, left),
            _ => self.arithmetic(sign, left, &right),
        }
    }

    fn contains(&self, container: &Value<'e>, wanted: &Value<'e>) -> Result<Value<'e>, Fault> {
        if !matches!(container, Value::Array(_) | Value::List(_)) {
            return Ok(Value::Bool(container.field(wanted.text()?)?.is_some()));
        }
        for item in container.items(self.meter)? {
            if item.equals(wanted, self.meter)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }

    fn arithmetic(&self, sign: &str, left: &Value<'e>, right: &Value<'e>) -> Result<Value<'e>, Fault> {
        match (left, right) {
            (Value::Int(one), Value::Int(two)) => {
                let result = match sign {
                    "+" => one.checked_add(*two),
                    "-" => one.checked_sub(*two),
                    "*" => one.checked_mul(*two),
                    "/" => one.checked_div(*two),
                    _ => one.checked_rem(*two),
                };
                result.map(Value::Int).ok_or(Fault::Range)
            }
            (Value::Double(one), Value::Double(two)) => match sign {
                "+" => Ok(Value::Double(one + two)),
                "-" => Ok(Value::Double(one - two)),
                "*" => Ok(Value::Double(one * two)),
                "/" => Ok(Value::Double(one / two)),
                _ => Err(Fault::Type),
            },
            (Value::Array(_) | Value::List(_), Value::Array(_) | Value::List(_)) if sign == "+" => {
                let mut items = left.items(self.meter)?;
                items.extend(right.items(self.meter)?);
                Value::list(items, self.meter)
            }
            _ if sign == "+" => {
                let (one, two) = (left.text()?, right.text()?);
                self.meter.spend_bytes(one.len() + two.len())?;
                Value::made(format!("{one}{two}"), self.meter)
            }
            _ => Err(Fault::Type),
        }
    }

    /// The first group of the first match, or the whole match of a pattern without groups; null where nothing matches.
    fn extract(&self, target: &Value<'e>, pattern: &Pattern) -> Result<Value<'e>, Fault> {
        let found = pattern.extract(target.text()?, self.meter)?;
        found.map_or(Ok(Value::Null), |found| Value::made(found, self.meter))
    }

    fn each(&self, each: Each, name: &'e str, nodes: &'e [Node], scope: Option<&Scope<'_, 'e>>) -> Result<Value<'e>, Fault> {
        let [list, rest @ ..] = nodes else { return Err(Fault::Type) };
        let (filter, body) = match rest {
            [filter, body] => (Some(filter), body),
            [body] => (None, body),
            _ => return Err(Fault::Type),
        };
        let mut kept = Vec::new();
        for item in self.value(list, scope)?.items(self.meter)? {
            let inner = Scope { name, value: item.clone(), outer: scope };
            if let Some(filter) = filter
                && !self.value(filter, Some(&inner))?.truth()?
            {
                continue;
            }
            let result = self.value(body, Some(&inner))?;
            match each {
                Each::All if !result.truth()? => return Ok(Value::Bool(false)),
                Each::Exists if result.truth()? => return Ok(Value::Bool(true)),
                Each::All | Each::Exists => {}
                Each::Filter if !result.truth()? => {}
                Each::Filter => kept.push(item),
                Each::Map => kept.push(result),
            }
        }
        match each {
            Each::All => Ok(Value::Bool(true)),
            Each::Exists => Ok(Value::Bool(false)),
            Each::Filter | Each::Map => Value::list(kept, self.meter),
        }
    }
}
