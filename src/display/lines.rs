//! Lines of aligned columns, safe to show on a terminal whatever the data hold.

/// Whether a terminal would do something instead of showing it: control characters, and those that turn the direction of text.
pub fn is_control_char(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text on one line, with everything that a terminal would obey written out as `\u{1b}`.
pub fn sanitize(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_control_char(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// Which side of a column its cells keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// The left one, as texts do.
    Left,
    /// The right one, as numbers do.
    Right,
}

/// The most characters of a cell.
const WIDEST: usize = 60;

/// Rows of cells as lines, indented, with as many aligned columns as there are sides. Cells are escaped, and cut where they are too long.
pub fn aligned(sides: &[Align], rows: &[impl AsRef<[String]>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.as_ref().iter().map(|cell| cut(&sanitize(cell), WIDEST)).collect()).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..sides.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, side), width) in row.iter().zip(sides).zip(&widths) {
            let blank = " ".repeat(width - cell.chars().count());
            line.push_str("  ");
            match side {
                Align::Left => line.extend([cell.as_str(), &blank]),
                Align::Right => line.extend([blank.as_str(), cell]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A paragraph of lines of at most 100 characters, indented.
pub fn wrapped(text: &str, indent: usize) -> String {
    let (mut out, mut line) = (String::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > 100 {
            out.push_str(&format!("{:indent$}{line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(&format!("{:indent$}{line}\n", ""));
    out
}

/// A text of at most so many characters, with a mark where it was cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["kept", "51,769", "æøå"], ["payroll", "12", ""]].map(|row| row.map(str::to_owned));
        let text = aligned(&[Align::Left, Align::Right, Align::Left], &rows);
        assert_eq!(text, "  kept     51,769  æøå\n  payroll      12\n");
    }

    #[test]
    fn paragraphs_are_wrapped() {
        let text = wrapped(&"word ".repeat(40), 4);
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.starts_with("    w") && line.len() <= 100));
    }

    #[test]
    fn nothing_is_left_for_a_terminal_to_obey() {
        let name = "Å\u{1b}]0;title\u{7}\r\nB\u{9b}2J\u{202e}".to_owned();
        let text = aligned(&[Align::Left], &[[name]]);
        assert_eq!(text, "  Å\\u{1b}]0;title\\u{7}\\r\\nB\\u{9b}2J\\u{202e}\n");
        assert!(aligned(&[Align::Left], &[["x".repeat(100)]]).chars().count() < 70);
    }
}
