//! From words to a tree: CEL's grammar and precedence.
//!
//! Owns every mistake that can be seen without claims: names that nothing has, functions that do not exist or take other arguments, patterns that
//! are no patterns or too large, nesting beyond the limit.

use crate::base::expression::functions::Function;
use crate::base::expression::pattern::Pattern;
use crate::base::expression::token::{self, Token, mistake};
use crate::base::expression::tree::{Each, Kind, Node};
use crate::base::expression::{MAX_DEPTH, Mistake};

/// Binary signs by precedence, loosest first.
const LEVELS: [&[&str]; 5] = [&["||"], &["&&"], &["==", "!=", "<=", ">=", "<", ">", "in"], &["+", "-"], &["*", "/", "%"]];
/// Words that are no names (CEL's reserved words that could be mistaken).
const RESERVED: [&str; 5] = ["true", "false", "null", "in", "has"];

/// Reads a whole expression.
pub fn program(text: &str) -> Result<Node, Mistake> {
    let mut reader =
        Reader { words: token::split(text)?, next: 0, deep: 0, names: vec!["claims".to_owned(), "identity".to_owned()] };
    let root = reader.expression()?;
    match reader.peek() {
        Token::End => Ok(root),
        _ => Err(reader.unexpected()),
    }
}

struct Reader {
    words: Vec<(usize, Token)>,
    next: usize,
    deep: usize,
    names: Vec<String>,
}

impl Reader {
    fn peek(&self) -> &Token {
        self.words.get(self.next).map_or(&Token::End, |(_, token)| token)
    }

    fn position(&self) -> usize {
        self.words.get(self.next).or(self.words.last()).map_or(1, |(position, _)| *position)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn unexpected(&self) -> Mistake {
        let what = match self.peek() {
            Token::End => "the expression ends too early".to_owned(),
            Token::Sign(sign) => format!("an unexpected {sign}"),
            Token::Name(name) => format!("an unexpected {name}"),
            Token::Int(_) | Token::Double(_) | Token::Text(_) => "an unexpected value".to_owned(),
        };
        mistake(self.position(), what)
    }

    fn follows(&mut self, sign: &str) -> bool {
        let there = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.next += usize::from(there);
        there
    }

    fn demand(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.follows(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn node(&self, kind: Kind) -> Result<Node, Mistake> {
        let node = Node::new(kind);
        if node.depth > MAX_DEPTH { Err(self.too_deep()) } else { Ok(node) }
    }

    /// One step down the grammar: a parenthesis takes two, and leaves no trace in the tree.
    fn enter(&mut self) -> Result<(), Mistake> {
        self.deep += 1;
        if self.deep > 2 * MAX_DEPTH { Err(self.too_deep()) } else { Ok(()) }
    }

    fn too_deep(&self) -> Mistake {
        mistake(self.position(), format!("nesting beyond {MAX_DEPTH} levels"))
    }

    /// `a ? b : c`, or anything below.
    fn expression(&mut self) -> Result<Node, Mistake> {
        self.enter()?;
        let condition = self.binary(0)?;
        let node = if self.follows("?") {
            let yes = self.expression()?;
            self.demand(":")?;
            let no = self.expression()?;
            self.node(Kind::Choice(Box::new([condition, yes, no])))?
        } else {
            condition
        };
        self.deep -= 1;
        Ok(node)
    }

    fn binary(&mut self, level: usize) -> Result<Node, Mistake> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            let found = match self.peek() {
                Token::Sign(sign) => signs.iter().find(|known| *known == sign),
                Token::Name(name) => signs.iter().find(|known| *known == name),
                _ => None,
            };
            let Some(sign) = found else { return Ok(left) };
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = self.node(Kind::Binary(sign, Box::new([left, right])))?;
        }
    }

    fn unary(&mut self) -> Result<Node, Mistake> {
        self.enter()?;
        let node = if self.follows("!") {
            let inner = self.unary()?;
            self.node(Kind::Not(Box::new(inner)))?
        } else if self.follows("-") {
            let inner = self.unary()?;
            self.node(Kind::Negate(Box::new(inner)))?
        } else {
            self.postfix()?
        };
        self.deep -= 1;
        Ok(node)
    }

    fn postfix(&mut self) -> Result<Node, Mistake> {
        let mut node = self.primary()?;
        loop {
            if self.follows(".") {
                let position = self.position();
                let Token::Name(name) = self.take() else {
                    self.next -= 1;
                    return Err(self.unexpected());
                };
                node = if self.follows("(") {
                    self.method(node, &name, position)?
                } else {
                    self.node(Kind::Select(Box::new(node), name))?
                };
            } else if self.follows("[") {
                let place = self.expression()?;
                self.demand("]")?;
                node = self.node(Kind::Index(Box::new([node, place])))?;
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Result<Node, Mistake> {
        let position = self.position();
        let kind = match self.take() {
            Token::Int(number) => Kind::Int(number),
            Token::Double(number) => Kind::Double(number),
            Token::Text(text) => Kind::Text(text),
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.demand(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => Kind::List(self.listed("]", false)?),
            Token::Sign("{") => Kind::Map(self.listed("}", true)?),
            Token::Name(name) => return self.named(name, position),
            Token::Sign(_) | Token::End => {
                self.next -= 1;
                return Err(self.unexpected());
            }
        };
        self.node(kind)
    }

    fn named(&mut self, name: String, position: usize) -> Result<Node, Mistake> {
        let kind = match name.as_str() {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "has" => {
                self.demand("(")?;
                let inner = self.expression()?;
                self.demand(")")?;
                match inner.kind {
                    Kind::Select(from, name) => Kind::Has(from, name),
                    _ => return Err(mistake(position, "has() takes a field such as claims.email")),
                }
            }
            _ if self.follows("(") => {
                let arguments = self.listed(")", false)?;
                let function = Function::global(&name, arguments.len());
                let function = function.ok_or_else(|| mistake(position, format!("no function {name} with these arguments")))?;
                Kind::Call(function, arguments)
            }
            _ if self.names.contains(&name) => Kind::Name(name),
            _ => return Err(mistake(position, format!("an unknown name {name}; there are claims and identity"))),
        };
        self.node(kind)
    }

    fn method(&mut self, target: Node, name: &str, position: usize) -> Result<Node, Mistake> {
        let each = match name {
            "all" => Some(Each::All),
            "exists" => Some(Each::Exists),
            "filter" => Some(Each::Filter),
            "map" => Some(Each::Map),
            _ => None,
        };
        if let Some(each) = each {
            return self.each(each, target);
        }
        let mut arguments = self.listed(")", false)?;
        if matches!(name, "matches" | "extract") {
            let pattern = match (arguments.pop().map(|node| node.kind), arguments.is_empty()) {
                (Some(Kind::Text(text)), true) => Pattern::compile(&text).map_err(|what| mistake(position, what))?,
                _ => return Err(mistake(position, format!("{name}() takes one pattern, written out as a text"))),
            };
            let target = Box::new(target);
            return self.node(if name == "matches" { Kind::Matches(target, pattern) } else { Kind::Extract(target, pattern) });
        }
        let function = Function::method(name, arguments.len());
        let function = function.ok_or_else(|| mistake(position, format!("no function {name} with these arguments")))?;
        arguments.insert(0, target);
        self.node(Kind::Call(function, arguments))
    }

    fn each(&mut self, each: Each, list: Node) -> Result<Node, Mistake> {
        let position = self.position();
        let name = match self.take() {
            Token::Name(name) if !RESERVED.contains(&name.as_str()) => name,
            _ => return Err(mistake(position, "the first argument names the item, such as g")),
        };
        self.demand(",")?;
        self.names.push(name.clone());
        let mut nodes = vec![list, self.expression()?];
        if each == Each::Map && self.follows(",") {
            nodes.push(self.expression()?);
        }
        self.names.pop();
        self.demand(")")?;
        self.node(Kind::Each(each, name, nodes))
    }

    /// The rest of a list up to its end; with `pairs`, keys and values in turn. CEL allows a comma before the end.
    fn listed(&mut self, end: &str, pairs: bool) -> Result<Vec<Node>, Mistake> {
        let mut nodes = Vec::new();
        while !self.follows(end) {
            nodes.push(self.expression()?);
            if pairs {
                self.demand(":")?;
                nodes.push(self.expression()?);
            }
            if !self.follows(",") {
                self.demand(end)?;
                break;
            }
        }
        Ok(nodes)
    }
}
