//! What the template is made of: sentences, tables and the chart. All of it is text by now; the template escapes it.

use super::month_chart::Chart;
use super::numbers::permille;
use super::words::{Words, fill};

/// The longest text of a cell. Names have no end of their own.
const MAX_CHARS: usize = 90;
const MAX_DETAIL_CHARS: usize = 600;

/// A part of the page with a heading.
#[derive(Default)]
pub(super) struct Block {
    /// The anchor.
    pub(super) id: String,
    pub(super) title: &'static str,
    pub(super) sentences: Vec<String>,
    pub(super) chart: Option<Chart>,
    pub(super) tables: Vec<Table>,
    pub(super) notes: Vec<String>,
}

/// A table: its first column names the rows.
#[derive(Default)]
pub(super) struct Table {
    /// Its accessible name.
    pub(super) caption: String,
    /// Whether the caption is seen, as where a block has several tables.
    pub(super) is_titled: bool,
    /// Whether it opens on demand, and how that is called.
    pub(super) folded: Option<&'static str>,
    pub(super) heads: Vec<Head>,
    /// The language of its cells, if it is not the page's.
    pub(super) cells_lang: Option<&'static str>,
    pub(super) rows: Vec<Row>,
}

/// The head of a column.
pub(super) struct Head {
    pub(super) text: String,
    /// `n` for figures, `w` and `s` for what small screens leave out.
    pub(super) class: &'static str,
}

/// A row.
#[derive(Default)]
pub(super) struct Row {
    /// `group`, `part`, `rest` or `sum`.
    pub(super) class: &'static str,
    pub(super) name: String,
    /// A swatch of this colour.
    pub(super) colour: Option<&'static str>,
    /// The width of its bar in tenths of a percent, and whether it is of less than nothing.
    pub(super) bar: Option<(i128, bool)>,
    pub(super) cells: Vec<String>,
}

/// A figure of the line at the top.
pub(super) struct Tile {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

/// The classes of heads: text, figures, and figures for wide screens.
pub(super) const TEXT: &str = "t";
pub(super) const NUMBER: &str = "n";
pub(super) const WIDE: &str = "n w";
/// Of a share that has a bar beside it: a phone has room for the bar alone.
pub(super) const SHARE: &str = "n s";

/// Columns by their heads.
pub(super) fn heads<const N: usize>(heads: [(&str, &'static str); N]) -> Vec<Head> {
    heads.into_iter().map(|(text, class)| Head { text: text.to_owned(), class }).collect()
}

/// The width of a bar beside the widest.
pub(super) fn bar(amount: i128, widest: i128) -> Option<(i128, bool)> {
    permille(amount.abs(), widest).filter(|_| amount != 0).map(|width| (width.min(1_000), amount < 0))
}

impl Table {
    /// The class of a cell: that of its column.
    pub(super) fn class(&self, cell: &usize) -> &'static str {
        self.heads.get(cell + 1).map_or(NUMBER, |head| head.class)
    }
}

/// A name of the books as the page shows it: one line, not too long, without what turns a text's direction.
pub(super) fn named(text: &str) -> String {
    shortened(text, MAX_CHARS)
}

/// What a check says.
pub(super) fn detail(text: &str) -> String {
    shortened(text, MAX_DETAIL_CHARS)
}

fn shortened(text: &str, longest: usize) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown: String =
        text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).take(longest + 1).collect();
    if shown.chars().count() > longest {
        // One more was taken, and one makes room.
        shown.pop();
        shown.pop();
        shown.push('…');
    }
    shown.trim().to_owned()
}

/// `a, b and c`, the first of them if there are many.
pub(super) fn listed(names: &[String], most: usize, words: &Words) -> String {
    let shown: Vec<String> = names.iter().take(most).map(|name| named(name)).collect();
    if names.len() > most {
        let more = words.count((names.len() - most) as u64);
        return fill(words.and_more, &[&shown.join(", "), &more]);
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {} {last}", rest.join(", "), words.and),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::category::Language;

    #[test]
    fn names_are_one_line_and_not_too_long() {
        assert_eq!(named("a\nb\u{202e}c\u{7}"), "a bc");
        let long = named(&"ø".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with('…')), (90, true));
        assert_eq!(named(&"ø".repeat(90)).chars().count(), 90);
    }

    #[test]
    fn many_names_are_counted() {
        let words = Words::of(Language::English);
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
        assert_eq!(listed(&names, 2, words), "a, b and 2 more");
        assert_eq!(listed(&names, 4, words), "a, b, c and d");
        assert_eq!((listed(&names[..1], 4, words), listed(&[], 4, words)), ("a".to_owned(), String::new()));
    }
}
