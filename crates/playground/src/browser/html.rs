//! Just enough HTML to find links and forms in well-formed pages, and to read their words.
//!
//! A tag scanner, not a parser: it knows attributes, quotes, comments, raw-text elements and character references.
//! Neighbour: `browser`.

/// A form as it stands on the page, ready to be sent.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Where it goes, unresolved; empty = the page itself.
    pub action: String,
    /// True for POST.
    pub post: bool,
    /// What will be sent, in page order.
    pub fields: Vec<(String, String)>,
    /// The names of the visible fields among them.
    pub visible: Vec<String>,
    /// Its buttons.
    pub buttons: Vec<Button>,
}

/// A button that sends its form.
#[derive(Clone, Debug, Default)]
pub struct Button {
    /// The name under which its value is sent; empty = not sent.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What it says.
    pub label: String,
    /// Its own address, instead of the form's.
    pub action: Option<String>,
}

impl Button {
    /// Whether its label contains `text`.
    pub fn has_label(&self, text: &str) -> bool {
        self.label.contains(text)
    }

    /// Whether its value is `text`.
    pub fn has_value(&self, text: &str) -> bool {
        self.value == text
    }

    /// Whether its name is `text`.
    pub fn has_name(&self, text: &str) -> bool {
        self.name == text
    }
}

/// A link.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Where it leads, unresolved.
    pub href: String,
    /// What it says.
    pub label: String,
}

impl Form {
    /// The value that would be sent under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Fills a field; one that is not there is added.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Adds what pressing a button sends.
    pub fn press(&mut self, button: &Button) {
        if !button.name.is_empty() {
            self.fields.push((button.name.clone(), button.value.clone()));
        }
        if let Some(action) = &button.action {
            self.action.clone_from(action);
        }
    }

    /// Whether a page's script would send it: hidden fields only, one of them a protocol message.
    pub fn sends_itself(&self) -> bool {
        self.post
            && self.visible.is_empty()
            && (self.get("SAMLRequest").is_some()
                || self.get("SAMLResponse").is_some()
                || (self.get("state").is_some() && (self.get("code").is_some() || self.get("error").is_some())))
    }
}

/// The forms of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open = false;
    let mut choice: Option<(String, Option<String>)> = None;
    let tokens = scan(html);
    for (place, token) in tokens.iter().enumerate() {
        let Token::Tag(tag) = token else { continue };
        match tag.name.as_str() {
            "form" => {
                let post = tag.get("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
                forms.push(Form { action: tag.text("action"), post, ..Form::default() });
                open = true;
            }
            "/form" => open = false,
            _ if !open => {}
            "input" => add_input(forms.last_mut(), tag),
            "textarea" => add_field(forms.last_mut(), tag.text("name"), label(&tokens, place, "/textarea"), true),
            "select" => choice = Some((tag.text("name"), None)),
            "option" => {
                if let Some((_, chosen)) = &mut choice
                    && (chosen.is_none() || tag.get("selected").is_some())
                {
                    *chosen = Some(tag.text("value"));
                }
            }
            "/select" => {
                if let Some((name, Some(value))) = choice.take() {
                    add_field(forms.last_mut(), name, value, true);
                }
            }
            "button" if tag.get("type").is_none_or(|kind| kind == "submit") => {
                if let Some(form) = forms.last_mut() {
                    form.buttons.push(Button {
                        name: tag.text("name"),
                        value: tag.text("value"),
                        label: label(&tokens, place, "/button"),
                        action: tag.get("formaction").map(str::to_owned),
                    });
                }
            }
            _ => {}
        }
    }
    forms
}

/// The links of a page.
pub fn links(html: &str) -> Vec<Link> {
    let tokens = scan(html);
    let tags = tokens.iter().enumerate();
    tags.filter_map(|(place, token)| match token {
        Token::Tag(tag) if tag.name == "a" => Some(Link { href: tag.get("href")?.to_owned(), label: label(&tokens, place, "/a") }),
        _ => None,
    })
    .collect()
}

/// The words of a page, white space collapsed.
pub fn text(html: &str) -> String {
    let mut words = String::new();
    for token in scan(html) {
        if let Token::Text(text) = token {
            words.push_str(&text);
        }
        words.push(' ');
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn add_input(form: Option<&mut Form>, tag: &Tag) {
    let Some(form) = form else { return };
    let (name, value) = (tag.text("name"), tag.text("value"));
    match tag.text("type").to_ascii_lowercase().as_str() {
        "submit" => form.buttons.push(Button { name, label: value.clone(), value, action: None }),
        "checkbox" | "radio" if tag.get("checked").is_none() => {}
        "checkbox" | "radio" if value.is_empty() => add_field(Some(form), name, "on".to_owned(), true),
        "button" | "reset" | "image" | "file" => {}
        "hidden" => add_field(Some(form), name, value, false),
        _ => add_field(Some(form), name, value, true),
    }
}

fn add_field(form: Option<&mut Form>, name: String, value: String, visible: bool) {
    if let Some(form) = form
        && !name.is_empty()
    {
        if visible {
            form.visible.push(name.clone());
        }
        form.fields.push((name, value));
    }
}

fn label(tokens: &[Token], place: usize, end: &str) -> String {
    let mut words = String::new();
    for token in &tokens[place + 1..] {
        match token {
            Token::Tag(tag) if tag.name == end => break,
            Token::Tag(_) => words.push(' '),
            Token::Text(text) => words.push_str(text),
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

enum Token {
    Tag(Tag),
    Text(String),
}

struct Tag {
    /// Lower case; a closing tag begins with a slash.
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }
}

fn scan(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        if start > 0 {
            tokens.push(Token::Text(unescape(&rest[..start])));
        }
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let (tag, after) = read_tag(&rest[1..]);
        rest = after;
        if matches!(tag.name.as_str(), "script" | "style") {
            let end = format!("</{}", tag.name);
            rest = rest.find(&end).map_or("", |place| &rest[place..]);
        }
        tokens.push(Token::Tag(tag));
    }
    if !rest.is_empty() {
        tokens.push(Token::Text(unescape(rest)));
    }
    tokens
}

/// Reads a tag from behind its `<`; answers it and what follows its `>`.
fn read_tag(text: &str) -> (Tag, &str) {
    let name_end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    let mut tag = Tag { name: text[..name_end].trim_end_matches('/').to_ascii_lowercase(), attributes: Vec::new() };
    if text.starts_with('/') && !tag.name.starts_with('/') {
        tag.name.insert(0, '/');
    }
    let mut rest = &text[name_end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return (tag, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, after);
        }
        // The first character belongs to the key whatever it is, so that every round moves on.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/');
        let end = rest[first..].find(ends).map_or(rest.len(), |end| end + first);
        let key = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = read_value(after.trim_start());
        }
        tag.attributes.push((key, unescape(value)));
    }
}

fn read_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len()))
}

/// Replaces character references: the common names, decimal and hexadecimal.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let reference = rest[1..].find(';').filter(|end| *end <= 10).and_then(|end| {
            let c = character(&rest[1..=end])?;
            Some((c, end + 2))
        });
        if let Some((c, length)) = reference {
            out.push(c);
            rest = &rest[length..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        return code.and_then(char::from_u32);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_buttons_and_escaped_values() {
        let page = r#"<!doctype html><style>a > b { content: "<form>" }</style><!-- <form> --><form method=POST action="/a?b=1&amp;c=2">
            <input type="hidden" name="t" value="a&quot;b&#39;&#x2b;&amp;amp;"/><input name=q><input type=checkbox name=off>
            <select name="s"><option value="1">one<option value="2" selected>two</select><textarea name="x">hi &lt;you&gt;</textarea>
            <button name="person" value="ada"><span>Ada <b>Lovelace</b></span></button><button type="button" name="no">No</button></form>"#;
        let found = forms(page);
        assert_eq!(found.len(), 1);
        let form = &found[0];
        assert!(form.post);
        assert_eq!(form.action, "/a?b=1&c=2");
        let expected = [("t", "a\"b'+&amp;"), ("q", ""), ("s", "2"), ("x", "hi <you>")];
        assert_eq!(form.fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(form.buttons.len(), 1);
        assert_eq!(form.buttons[0].label, "Ada Lovelace");
        assert!(!form.sends_itself());
    }

    #[test]
    fn a_saml_form_sends_itself() {
        let found = forms(r#"<form method="post"><input type="hidden" name="SAMLResponse" value="x"><button>Go</button></form>"#);
        assert!(found[0].sends_itself());
    }

    #[test]
    fn broken_markup_ends() {
        for text in
            ["<", "<a", "<a href=", "<a href=\"x", "<!--", "<script>", "a & b &; &#; &#xzz; &é", "<form><button", "</", "<é é=é"]
        {
            let _ = (forms(text), links(text), super::text(text));
        }
    }

    #[test]
    fn links_and_words() {
        let page = "<p>Hello &amp; welcome</p><script>no()</script><a class=x href='/go'>Go <i>on</i></a>";
        assert_eq!(text(page), "Hello & welcome Go on");
        assert_eq!((links(page)[0].href.as_str(), links(page)[0].label.as_str()), ("/go", "Go on"));
    }
}
