//! The fast path through an answer: rows that are laid out as they were asked for, in that order and without white space, are read without looking up
//! each key. Another layout is no fault: serde then reads the whole answer (answer.rs), and says what is wrong with it, if anything. Where both can
//! read a row, they read the same (fuzz/bodies/decoder.rs).
//!
//! It is our own because, for each of a million listed lines, serde_json takes 5,500 instructions, sonic-rs 5,700, and this a fifth of that.

/// What is left of an answer.
pub(crate) struct Cursor<'a> {
    rest: &'a str,
}

/// A value that is neither an object nor a list.
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    /// As it stands there.
    Number(&'a str),
    /// Without its quotes.
    Text(&'a str),
    /// With its quotes and its escapes.
    Escaped(&'a str),
}

impl<'a> Cursor<'a> {
    /// At the beginning of a text.
    pub(crate) fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Goes on behind these characters, if they are next. Inlined, it compares as many as the compiler knows by then, a word at a time;
    /// `strip_prefix` would call a function for each key.
    #[inline(always)]
    pub(crate) fn eat(&mut self, expected: &str) -> bool {
        match self.rest.split_at_checked(expected.len()) {
            Some((next, rest)) if next == expected => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// After a value of an object or a list: whether there is another before this end of it. `None` if it is laid out otherwise.
    #[inline(always)]
    pub(crate) fn has_more(&mut self, end: &str) -> Option<bool> {
        if self.eat(",") {
            return Some(true);
        }
        self.eat(end).then_some(false)
    }

    /// A value; `None` if it is none, or laid out otherwise.
    pub(crate) fn token(&mut self) -> Option<Token<'a>> {
        match self.rest.as_bytes().first()? {
            b'"' => self.text(),
            b'n' => self.eat("null").then_some(Token::Null),
            b't' => self.eat("true").then_some(Token::Bool(true)),
            b'f' => self.eat("false").then_some(Token::Bool(false)),
            _ => self.number(),
        }
    }

    /// A number. One with an exponent is left to serde, and so is a negative zero, which is no whole number to it.
    fn number(&mut self) -> Option<Token<'a>> {
        let bytes = self.rest.as_bytes();
        let after_digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let begin = usize::from(bytes.first() == Some(&b'-'));
        let mut end = after_digits(begin);
        let is_whole = end == begin + 1 || end > begin && bytes[begin] != b'0';
        if bytes.get(end) == Some(&b'.') {
            let point = end;
            end = after_digits(point + 1);
            (end > point + 1).then_some(())?;
        }
        let text = self.split(end)?;
        (is_whole && text != "-0").then_some(Token::Number(text))
    }

    fn text(&mut self) -> Option<Token<'a>> {
        let is_special = |byte| matches!(byte, b'"' | b'\\' | 0..b' ');
        let (mut end, mut is_escaped) = (1, false);
        loop {
            end += self.rest.as_bytes().get(end..)?.iter().position(|byte| is_special(*byte))?;
            match self.rest.as_bytes()[end] {
                b'"' => break,
                b'\\' => (end, is_escaped) = (end + 2, true),
                _ => return None,
            }
        }
        let quoted = self.split(end + 1)?;
        if is_escaped {
            return Some(Token::Escaped(quoted));
        }
        quoted.get(1..end).map(Token::Text)
    }

    fn split(&mut self, at: usize) -> Option<&'a str> {
        let (before, rest) = self.rest.split_at_checked(at)?;
        self.rest = rest;
        Some(before)
    }
}

/// A key as it stands in an answer, in quotes and with its colon: `"dbId":` of `db_id`, as serde's `camelCase` has it.
pub(crate) struct Key {
    bytes: [u8; 40],
    length: usize,
}

impl Key {
    pub(crate) const fn of_field(name: &str) -> Self {
        let (name, mut bytes, mut length, mut from) = (name.as_bytes(), [b'"'; 40], 1, 0);
        while from < name.len() {
            let starts_word = name[from] == b'_';
            from += starts_word as usize;
            bytes[length] = if starts_word { name[from].to_ascii_uppercase() } else { name[from] };
            (length, from) = (length + 1, from + 1);
        }
        bytes[length + 1] = b':';
        Self { bytes, length: length + 2 }
    }

    pub(crate) const fn text(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_as_serde_has_it() {
        for (field, key) in [("text", "\"text\":"), ("db_id", "\"dbId\":"), ("gl_object1_db_id", "\"glObject1DbId\":")]
        {
            assert_eq!(Key::of_field(field).text(), key);
        }
    }

    #[test]
    fn values_as_json_has_them() {
        let read = |json| {
            let mut cursor = Cursor::new(json);
            let token = cursor.token().map(|token| match token {
                Token::Null => "null".to_owned(),
                Token::Bool(value) => value.to_string(),
                Token::Number(text) | Token::Text(text) | Token::Escaped(text) => text.to_owned(),
            });
            token.filter(|_| cursor.rest() == "}")
        };
        for (json, expected) in [
            ("null}", Some("null")),
            ("true}", Some("true")),
            ("-12.50}", Some("-12.50")),
            ("0}", Some("0")),
            ("\"Ærlig\"}", Some("Ærlig")),
            ("\"\"}", Some("")),
            (r#""a\"}\\"}"#, Some(r#""a\"}\\""#)),
            ("-0}", None),
            ("01}", None),
            ("1.}", None),
            (".5}", None),
            ("-}", None),
            ("1-2}", None),
            ("1e3}", None),
            ("1.5.2}", None),
            ("1", None),
            ("\"cut", None),
            ("\"cut\\", None),
            ("\"a\nb\"}", None),
            ("{}}", None),
            (" 1}", None),
            ("", None),
        ] {
            assert_eq!(read(json).as_deref(), expected, "{json}");
        }
    }
}
