//! The page that a snapshot has for people: what was bought, from whom, and whether the figures can be trusted. One HTML file without script, network
//! or fonts of its own. A pure function of the figures, which are added up while `spend` is written, and of the run's report.
//!
//! | file | what it settles |
//! |---|---|
//! | `window.rs` | which months are looked at, and with which they are compared |
//! | `figures.rs`, `terms.rs` | the sums, row by row |
//! | `data.rs` | what of them is shown: the largest, and the rest in one line |
//! | `sections.rs`, `month_chart.rs` | what is said of a currency |
//! | `trust.rs` | what is said of the run |
//! | `words.rs`, `numbers.rs` | how: all words in both languages, figures as their reader writes them |
//! | `view.rs`, `page.html` | what a page is made of |

mod window;
mod terms;
mod figures;
mod data;
mod words;
mod numbers;
mod view;
mod month_chart;
mod sections;
mod trust;

use std::collections::BTreeSet;

use askama::Template;

use crate::classify::category::Language;
use crate::model::failure::{Failure, FailureKind};
use crate::report::Report;
pub use data::{PageData, SupplierLabels};
pub use figures::Figures;
use sections::SectionView;
use view::{Block, Row, Table, listed, named};
use words::{Words, fill};

/// Companies in the title, and those of a currency that is not shown whole.
const COMPANIES: usize = 4;
/// Currencies that are named.
const CURRENCIES: usize = 8;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    words: &'static Words,
    companies: String,
    /// What the figures are of: terms and their meaning.
    facts: Vec<(&'static str, String)>,
    late: Option<String>,
    trust: String,
    /// Whether a check warns or a column is missing.
    needs_look: bool,
    sections: Vec<SectionView>,
    others: Option<Table>,
    end: Vec<Block>,
    cost: String,
    style: &'a str,
}

/// The page of a snapshot: the same bytes for the same figures and report.
///
/// # Errors
/// None that is known of: a template could ask for more than there is memory.
pub fn render(
    data: &PageData,
    report: &Report,
    language: Language,
    suppliers: SupplierLabels,
) -> Result<String, Failure> {
    let words = Words::of(language);
    let sections: Vec<SectionView> =
        (0..data.sections.len()).filter_map(|at| SectionView::new(at, data, words, suppliers)).collect();
    let page = Page {
        words,
        companies: companies(data, words),
        facts: facts(data, report, words),
        late: late(data, words),
        trust: trust::sentence(data, report, words),
        needs_look: trust::needs_look(report),
        sections,
        others: others(data, words),
        end: trust::blocks(report, words),
        cost: trust::cost(report, words),
        style: include_str!("page/page.css"),
    };
    page.render().map_err(|error| Failure::new(FailureKind::ValueUnfit, format!("the report page: {error}")))
}

/// Whose spend it is.
fn companies(data: &PageData, words: &Words) -> String {
    let owners = data.sections.iter().flat_map(|section| &section.owners.top);
    let mut names: Vec<String> = owners.filter_map(|owner| owner.label.clone()).collect();
    names.extend(data.others.iter().flat_map(|other| other.owners.iter().flatten().cloned()));
    listed(&names, COMPANIES, words)
}

fn facts(data: &PageData, report: &Report, words: &'static Words) -> Vec<(&'static str, String)> {
    let window = &data.window;
    let now = words.months(window.now());
    let months = match window.too_short_since() {
        Some(first) => fill(words.not_compared, &[&now, &words.month(first)]),
        None => fill(words.compared, &[&now, &words.months(window.before())]),
    };
    let shown = data.sections.iter().map(|section| &section.currency);
    let all = shown.chain(data.others.iter().map(|other| &other.currency));
    let mut currencies: Vec<String> = all.map(|code| currency(code.as_deref(), words)).collect();
    let mut seen = BTreeSet::new();
    currencies.retain(|currency| seen.insert(currency.clone()));
    let told = match (currencies.len(), data.sections.len() + data.others.len()) {
        (0, _) => "–".to_owned(),
        (_, 1) => listed(&currencies, CURRENCIES, words),
        _ => fill(words.currencies, &[&listed(&currencies, CURRENCIES, words)]),
    };
    vec![(words.data_of, words.time(report.started_at)), (words.months_shown, months), (words.currency, told)]
}

fn currency(code: Option<&str>, words: &Words) -> String {
    code.map_or_else(|| words.no_currency.to_owned(), named)
}

fn late(data: &PageData, words: &Words) -> Option<String> {
    data.window.has_just_ended().then(|| fill(words.late, &[&words.month(data.window.now().1)]))
}

/// The currencies that there was no room for.
fn others(data: &PageData, words: &'static Words) -> Option<Table> {
    if data.others.is_empty() {
        return None;
    }
    let mut table = Table {
        caption: words.left_to_the_tables.to_owned(),
        is_titled: true,
        heads: view::heads([
            (words.owner, view::TEXT),
            (words.currency, view::TEXT),
            (words.spend, view::NUMBER),
            (words.lines, view::NUMBER),
        ]),
        ..Table::default()
    };
    for other in data.others.iter().take(20) {
        let called = |name: &Option<String>| name.as_deref().map_or_else(|| words.no_name.to_owned(), named);
        let owners: Vec<String> = other.owners.iter().map(called).collect();
        let (lines, amount) = other.ever;
        let currency = currency(other.currency.as_deref(), words);
        let cells = vec![currency, words.amount(amount), words.count(lines)];
        table.rows.push(Row { name: listed(&owners, COMPANIES, words), cells, ..Row::default() });
    }
    Some(table)
}

#[cfg(test)]
mod tests;
