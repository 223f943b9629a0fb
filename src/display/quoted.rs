//! Texts in commands to paste: quoted for a shell, or for a query in DuckDB.

use super::lines::is_control_char;

/// A text as one word of a POSIX shell. What a terminal would obey is written out as in `$'\033'`, which bash, zsh, ksh and POSIX of 2024
/// know, and older shells such as dash do not.
pub fn for_shell(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | ',');
    // What begins with an equals sign is a command's place for some shells.
    let is_plain = |(at, c): (usize, char)| is_plain(c) || (c == '=' && at > 0);
    if !text.is_empty() && text.char_indices().all(is_plain) {
        return text.to_owned();
    }
    if !text.contains(is_control_char) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if is_control_char(c) => {
                quoted.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")));
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

/// A path as a part of a text in quotes that DuckDB takes for a pattern of paths.
pub fn for_duckdb(path: &str) -> String {
    let mut quoted = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            '*' | '?' | '[' => quoted.extend(['[', c, ']']),
            // DuckDB takes a backslash for a slash, and a terminal would obey the others: any byte stands for each of theirs.
            c if c == '\\' || is_control_char(c) => quoted.extend(std::iter::repeat_n('?', c.len_utf8())),
            c => quoted.push(c),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_reads_the_same_word() {
        for (text, quoted) in [
            ("lake", "lake"),
            ("s3://bucket/year=2026/x", "s3://bucket/year=2026/x"),
            ("/srv/lake-æøå_1.2", "/srv/lake-æøå_1.2"),
            ("it's", r"'it'\''s'"),
            ("lake [2026]", "'lake [2026]'"),
            ("a b", "'a b'"),
            ("$x", "'$x'"),
            ("*", "'*'"),
            ("~", "'~'"),
            ("=ls", "'=ls'"),
            ("", "''"),
            ("a\\b", "'a\\b'"),
            ("`id`;#&|<>(){}!\"", "'`id`;#&|<>(){}!\"'"),
            ("a\u{1b}'\\\n\u{202e}", r"$'a\033\'\\\012\342\200\256'"),
        ] {
            assert_eq!(for_shell(text), quoted);
            let shell = if quoted.starts_with('$') { "bash" } else { "sh" };
            let said = Command::new(shell).args(["-c", &format!("printf %s {quoted}")]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), text, "{quoted}");
        }
    }

    /// `tests/readers/test_examples.py` asks DuckDB itself.
    #[test]
    fn duckdb_reads_the_same_path() {
        for (path, quoted) in [
            ("lake/current", "lake/current"),
            ("it's", "it''s"),
            ("lake [2026]", "lake [[]2026]"),
            ("*?", "[*][?]"),
            ("a\\b\u{1b}\u{202e}", "a?b????"),
        ] {
            assert_eq!(for_duckdb(path), quoted);
        }
    }
}
