//! The words of an expression.
//!
//! Owns CEL's lexical grammar as far as it goes: names, numbers, texts with escapes and raw texts, signs. Positions are characters from 1.

use crate::base::expression::Mistake;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or keyword.
    Name(String),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text, its escapes resolved.
    Text(String),
    /// A sign such as `&&` or `(`.
    Sign(&'static str),
    /// The end.
    End,
}

/// Longer signs first.
const SIGNS: [&str; 24] =
    ["&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "+", "-", "*", "/", "%", "<", ">", "!"];

/// Splits a text into words with their positions; the last one is [`Token::End`].
pub fn split(text: &str) -> Result<Vec<(usize, Token)>, Mistake> {
    let letters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        let position = at + 1;
        if matches!(letter, ' ' | '\t' | '\r' | '\n') {
            at += 1;
        } else if letter == '"' || letter == '\'' {
            words.push((position, Token::Text(quoted(&letters, &mut at, false)?)));
        } else if matches!(letter, 'r' | 'R') && matches!(letters.get(at + 1), Some('"' | '\'')) {
            at += 1;
            words.push((position, Token::Text(quoted(&letters, &mut at, true)?)));
        } else if letter.is_ascii_digit() {
            words.push((position, number(&letters, &mut at)?));
        } else if letter.is_ascii_alphabetic() || letter == '_' {
            words.push((position, Token::Name(take_while(&letters, &mut at, |c| c.is_ascii_alphanumeric() || c == '_'))));
        } else {
            let sign =
                SIGNS.into_iter().find(|sign| sign.chars().enumerate().all(|(place, c)| letters.get(at + place) == Some(&c)));
            let sign = sign.ok_or_else(|| mistake(position, "an unknown sign"))?;
            at += sign.len();
            words.push((position, Token::Sign(sign)));
        }
    }
    words.push((letters.len() + 1, Token::End));
    Ok(words)
}

fn take_while(letters: &[char], at: &mut usize, wanted: impl Fn(char) -> bool) -> String {
    let taken: String = letters[*at..].iter().copied().take_while(|letter| wanted(*letter)).collect();
    *at += taken.chars().count();
    taken
}

fn number(letters: &[char], at: &mut usize) -> Result<Token, Mistake> {
    let position = *at + 1;
    let mut digits = take_while(letters, at, |c| c.is_ascii_digit());
    if letters.get(*at) == Some(&'.') && letters.get(*at + 1).is_some_and(char::is_ascii_digit) {
        *at += 1;
        digits.push('.');
        digits.push_str(&take_while(letters, at, |c| c.is_ascii_digit()));
        return digits.parse().map(Token::Double).map_err(|_| mistake(position, "not a number"));
    }
    digits.parse().map(Token::Int).map_err(|_| mistake(position, "a number out of range"))
}

fn quoted(letters: &[char], at: &mut usize, raw: bool) -> Result<String, Mistake> {
    let (start, quote) = (*at + 1, letters[*at]);
    *at += 1;
    let mut text = String::new();
    loop {
        let position = *at + 1;
        let letter = letters.get(*at).copied().ok_or_else(|| mistake(start, "a text without its closing quote"))?;
        *at += 1;
        if letter == quote {
            return Ok(text);
        }
        if letter != '\\' || raw {
            text.push(letter);
            continue;
        }
        let escape = letters.get(*at).copied().ok_or_else(|| mistake(start, "a text without its closing quote"))?;
        *at += 1;
        text.push(match escape {
            '\\' | '"' | '\'' | '`' | '?' => escape,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' | 'X' => coded(letters, at, 2, position)?,
            'u' => coded(letters, at, 4, position)?,
            'U' => coded(letters, at, 8, position)?,
            _ => return Err(mistake(position, "an unknown escape; patterns are easier to write as raw texts, r'...',")),
        });
    }
}

fn coded(letters: &[char], at: &mut usize, digits: usize, position: usize) -> Result<char, Mistake> {
    let text: String = letters.iter().skip(*at).take(digits).collect();
    *at += digits;
    let code = (text.len() == digits).then(|| u32::from_str_radix(&text, 16).ok()).flatten();
    code.and_then(char::from_u32).ok_or_else(|| mistake(position, "an escape that names no character"))
}

/// A mistake at a place.
pub fn mistake(position: usize, what: impl Into<String>) -> Mistake {
    Mistake { position, what: what.into() }
}
