//! Reads a Rust file just far enough to list the paths that it names.
//!
//! Comments, strings and character literals are skipped; `use` trees are unfolded; every other path that has a `::` is
//! listed too. Resolves nothing: that is the business of `rules`.

use std::iter::Peekable;
use std::str::Chars;

/// A path that a file names, such as `crate::store::users::Users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its segments, as written.
    pub path: Vec<String>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Whether it stands in a `pub use` (of any visibility).
    pub exported: bool,
}

/// What `rules` wants to know of a file.
#[derive(Debug, Default)]
pub struct Source {
    /// Every path, in order.
    pub named: Vec<Named>,
    /// The modules that the file declares (`mod x;` or `mod x { … }`).
    pub modules: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sep,
    Mark(char),
}

/// Reads a file's text.
pub fn read(text: &str) -> Source {
    let tokens = tokens(text);
    let mut source = Source::default();
    let mut at = 0;
    while at < tokens.len() {
        let (Token::Word(word), line) = &tokens[at] else {
            at += 1;
            continue;
        };
        if word == "use" && !continues_path(&tokens, at) {
            let exported = is_exported(&tokens, at);
            at += 1;
            let mut paths = Vec::new();
            use_tree(&tokens, &mut at, &mut Vec::new(), &mut paths);
            source.named.extend(paths.into_iter().map(|path| Named { path, line: *line, exported }));
            continue;
        }
        if word == "mod"
            && let Some((Token::Word(name), _)) = tokens.get(at + 1)
        {
            source.modules.push(name.clone());
        }
        if !continues_path(&tokens, at) && is_sep(&tokens, at + 1) {
            let mut path = vec![word.clone()];
            while is_sep(&tokens, at + 1)
                && let Some((Token::Word(next), _)) = tokens.get(at + 2)
            {
                path.push(next.clone());
                at += 2;
            }
            source.named.push(Named { path, line: *line, exported: false });
        }
        at += 1;
    }
    source
}

fn is_sep(tokens: &[(Token, usize)], at: usize) -> bool {
    matches!(tokens.get(at), Some((Token::Sep, _)))
}

/// Whether the word at `at` is a later segment of a path, or a field or method.
fn continues_path(tokens: &[(Token, usize)], at: usize) -> bool {
    match at.checked_sub(1).map(|before| &tokens[before].0) {
        Some(Token::Mark('.')) => true,
        Some(Token::Sep) => at >= 2 && matches!(tokens[at - 2].0, Token::Word(_) | Token::Mark('>')),
        _ => false,
    }
}

/// Whether the `use` at `at` follows `pub` or `pub(…)`.
fn is_exported(tokens: &[(Token, usize)], at: usize) -> bool {
    let mut before = at;
    if before >= 1 && tokens[before - 1].0 == Token::Mark(')') {
        while before >= 1 && tokens[before - 1].0 != Token::Mark('(') {
            before -= 1;
        }
        before = before.saturating_sub(1);
    }
    before >= 1 && tokens[before - 1].0 == Token::Word("pub".to_owned())
}

/// Unfolds one tree; stops after the `,`, `}` or `;` that ends it (which is left for the caller, but for `;`).
fn use_tree(tokens: &[(Token, usize)], at: &mut usize, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let depth = prefix.len();
    let mut listed = false;
    while let Some((token, _)) = tokens.get(*at) {
        match token {
            Token::Word(word) if word == "as" => *at += 2,
            Token::Word(word) => {
                prefix.push(word.clone());
                *at += 1;
            }
            Token::Sep => *at += 1,
            Token::Mark('*') => {
                prefix.push("*".to_owned());
                *at += 1;
            }
            Token::Mark('{') => {
                *at += 1;
                listed = true;
                while !matches!(tokens.get(*at), Some((Token::Mark('}'), _)) | None) {
                    use_tree(tokens, at, prefix, paths);
                    if let Some((Token::Mark(','), _)) = tokens.get(*at) {
                        *at += 1;
                    }
                }
                *at += 1;
            }
            Token::Mark(_) => break,
        }
    }
    if !listed && prefix.len() > depth {
        paths.push(prefix.clone());
    }
    prefix.truncate(depth);
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut chars = text.chars().peekable();
    let mut line = 1;
    let mut out: Vec<(Token, usize)> = Vec::new();
    while let Some(char) = chars.next() {
        match char {
            '\n' => line += 1,
            '/' if chars.peek() == Some(&'/') => {
                chars.find(|&c| c == '\n');
                line += 1;
            }
            '/' if chars.peek() == Some(&'*') => skip_block_comment(&mut chars, &mut line),
            '"' => skip_string(&mut chars, &mut line),
            '\'' => skip_character(&mut chars),
            ':' if chars.peek() == Some(&':') => {
                chars.next();
                out.push((Token::Sep, line));
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(&next) = chars.peek()
                    && (next.is_alphanumeric() || next == '_')
                {
                    word.push(next);
                    chars.next();
                }
                let raw = matches!(word.as_str(), "r" | "br" | "cr") && matches!(chars.peek(), Some('"' | '#'));
                if raw && skip_raw_string(&mut chars, &mut line) {
                    continue;
                }
                out.push((Token::Word(word), line));
            }
            c if c.is_whitespace() => {}
            c => out.push((Token::Mark(c), line)),
        }
    }
    out
}

fn skip_block_comment(chars: &mut Peekable<Chars<'_>>, line: &mut usize) {
    let (mut depth, mut previous) = (0, '/');
    for char in chars.by_ref() {
        match (previous, char) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            (_, '\n') => *line += 1,
            _ => {}
        }
        // A star or slash that ended a pair begins no other.
        previous = if matches!((previous, char), ('/', '*') | ('*', '/')) { ' ' } else { char };
        if depth == 0 {
            return;
        }
    }
}

fn skip_string(chars: &mut Peekable<Chars<'_>>, line: &mut usize) {
    while let Some(char) = chars.next() {
        match char {
            '\\' => *line += usize::from(chars.next() == Some('\n')),
            '"' => return,
            '\n' => *line += 1,
            _ => {}
        }
    }
}

/// After `'`: a character literal, or a lifetime, of which the word is then read as any other word.
fn skip_character(chars: &mut Peekable<Chars<'_>>) {
    let mut ahead = chars.clone();
    match ahead.next() {
        Some('\\') => {
            chars.next();
            chars.next();
            chars.find(|&c| c == '\'');
        }
        Some(_) if ahead.next() == Some('\'') => {
            chars.next();
            chars.next();
        }
        _ => {}
    }
}

/// After `r`: a raw string, or (false) a raw identifier such as `r#type`.
fn skip_raw_string(chars: &mut Peekable<Chars<'_>>, line: &mut usize) -> bool {
    let mut ahead = chars.clone();
    let mut hashes = 0;
    while ahead.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    if ahead.next() != Some('"') {
        return false;
    }
    *chars = ahead;
    while let Some(char) = chars.next() {
        if char == '\n' {
            *line += 1;
        }
        if char == '"' {
            let mut closing = 0;
            while closing < hashes && chars.next_if_eq(&'#').is_some() {
                closing += 1;
            }
            if closing == hashes {
                return true;
            }
        }
    }
    true
}

#[test]
fn unfolds_use_trees_and_finds_paths_in_code() {
    let source = read(
        "pub(crate) use crate::a::{b, c::{self, D as E}, *};\nuse std::fmt;\nmod x;\nfn f() -> crate::g::H { ::sqlx::query(v.k::<u8>()) }",
    );
    let listed: Vec<(String, usize, bool)> = source.named.iter().map(|n| (n.path.join("::"), n.line, n.exported)).collect();
    let expected = [
        ("crate::a::b", 1, true),
        ("crate::a::c::self", 1, true),
        ("crate::a::c::D", 1, true),
        ("crate::a::*", 1, true),
        ("std::fmt", 2, false),
        ("crate::g::H", 4, false),
        ("sqlx::query", 4, false),
    ];
    assert_eq!(listed, expected.map(|(path, line, exported)| (path.to_owned(), line, exported)));
    assert_eq!(source.modules, ["x"]);
}

#[test]
fn skips_comments_strings_and_characters() {
    let text = "// crate::a::b\n/* crate::c /* nested */ crate::d */ let s = \"crate::e \\\" crate::f\"; let c = '\"'; let l: &'a str = r#\"crate::g\"#;\ncrate::real::one();";
    let named = read(text).named;
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!((named[0].path.join("::").as_str(), named[0].line), ("crate::real::one", 3));
}
