//! Whether the figures can be trusted, and what the run cost: from the run's report.

use std::cmp::Reverse;

use super::data::PageData;
use super::view::{Block, NUMBER, Row, TEXT, Table, detail, heads, listed, named};
use super::words::{Words, fill};
use crate::model::value::Month;
use crate::report::checks::CheckStatus;
use crate::report::{PeriodChanges, Report};

/// Rows of what moved, of checks and of lost fields.
const MAX_MONTHS: usize = 24;
const MAX_CHECKS: usize = 60;
const MAX_LOST: usize = 40;
/// Names in a sentence.
const NAMED: usize = 8;

/// In one paragraph.
pub(super) fn sentence(data: &PageData, report: &Report, words: &Words) -> String {
    let mut said = Vec::new();
    if let Some(lines) = &report.lines {
        let kept = lines.kept.saturating_sub(report.lines_gone.unwrap_or(0));
        let on_kept_accounts = kept + lines.excluded_history + lines.excluded_on_kept_accounts;
        if let Some(share) = words.share(kept.into(), on_kept_accounts.into()) {
            let text = if kept == on_kept_accounts { words.trust_all } else { words.trust_lines };
            said.push(fill(text, &[&words.count(kept), &words.count(on_kept_accounts), &share]));
        }
        if lines.refused > 0 {
            said.push(fill(words.trust_refused, &[&words.count(lines.refused)]));
        }
    }
    // Of several currencies each has its own.
    if let [section] = data.sections.as_slice()
        && let Some(share) = words.share(section.without_supplier.now, section.total.now)
    {
        said.push(fill(words.trust_supplier, &[&share]));
    }
    let wanting: Vec<String> = report
        .checks
        .iter()
        .filter(|check| check.status != CheckStatus::Ok)
        .map(|check| called(&check.name, words))
        .collect();
    let all = words.count(report.checks.len() as u64);
    said.push(match (report.checks.is_empty(), wanting.is_empty()) {
        (true, _) => words.trust_unchecked.to_owned(),
        (_, true) => fill(words.trust_checks, &[&all]),
        _ => fill(words.trust_warned, &[&words.count(wanting.len() as u64), &all, &listed(&wanting, NAMED, words)]),
    });
    if !report.lost.is_empty() {
        said.push(fill(words.trust_lost, &[&words.count(report.lost.len() as u64)]));
    }
    said.join(" ")
}

/// Whether somebody should look at something before going by the figures.
pub(super) fn needs_look(report: &Report) -> bool {
    !report.lost.is_empty() || report.checks.iter().any(|check| check.status != CheckStatus::Ok)
}

/// The tables at the end.
pub(super) fn blocks(report: &Report, words: &'static Words) -> Vec<Block> {
    let mut blocks = vec![lines(report, words)];
    if !report.checks.is_empty() {
        blocks.push(checks(report, words));
    }
    blocks.extend([moved(report, words), lost(report, words)]);
    blocks
}

/// What the run cost until the page was written.
pub(super) fn cost(report: &Report, words: &Words) -> String {
    let seconds = words.tenths(i128::from(report.duration_ms.max(0)) / 100);
    let snapshot = report.snapshot.as_deref().unwrap_or("–");
    let (requests, bytes) = (words.count(report.api.requests), words.megabytes(report.api.bytes_down));
    fill(words.cost, &[&requests, &bytes, &seconds, snapshot])
}

/// What a check is called; one that an older or newer version made goes by its name in the report.
fn called(name: &str, words: &Words) -> String {
    words.check(name).map_or_else(|| named(&name.replace('_', " ")), |(called, _)| called.to_owned())
}

fn block(id: &str, title: &'static str) -> Block {
    Block { id: id.to_owned(), title, ..Block::default() }
}

fn lines(report: &Report, words: &'static Words) -> Block {
    let mut block = block("lines", words.lines);
    let Some(lines) = &report.lines else { return block };
    let mut table = Table {
        caption: words.lines.to_owned(),
        heads: heads([("", TEXT), (words.lines, NUMBER), (words.share, NUMBER)]),
        ..Table::default()
    };
    let mut row = |class, name: &str, count: u64| {
        let share = words.share_or_dash(count, lines.listed);
        table.rows.push(Row { class, name: name.to_owned(), cells: vec![words.count(count), share], ..Row::default() });
    };
    row("group", words.lines_listed, lines.listed);
    for (name, count) in [
        (words.lines_payroll, lines.excluded_payroll),
        (words.lines_refused, lines.refused),
        (words.lines_document_type, lines.excluded_document_type),
        (words.lines_account, lines.excluded_account),
        (words.lines_history, lines.excluded_history),
        (words.lines_gone, report.lines_gone.unwrap_or(0)),
    ] {
        if count > 0 {
            row("part", name, count);
        }
    }
    row("sum", words.lines_kept, lines.kept.saturating_sub(report.lines_gone.unwrap_or(0)));
    block.tables.push(table);
    if !report.accounts_to_confirm.is_empty() {
        block.notes.push(fill(words.accounts_to_confirm, &[&listed(&report.accounts_to_confirm, NAMED, words)]));
    }
    if !report.unfit.is_empty() {
        let unfit: Vec<String> =
            report.unfit.iter().map(|(column, count)| format!("{column} ({})", words.count(*count))).collect();
        block.notes.push(fill(words.unfit, &[&listed(&unfit, NAMED, words)]));
    }
    block
}

fn checks(report: &Report, words: &'static Words) -> Block {
    let mut block = block("checks", words.checks);
    let mut table = Table {
        caption: words.checks.to_owned(),
        heads: heads([(words.check, TEXT), (words.status, TEXT), (words.should_hold, TEXT)]),
        ..Table::default()
    };
    // The report says these in English, so that an engineer finds them by searching.
    let mut details = Table {
        caption: words.check_details.to_owned(),
        folded: Some(words.check_details),
        heads: heads([(words.check, TEXT), (words.figure, TEXT), (words.meaning, TEXT)]),
        cells_lang: (words.language != "en").then_some("en"),
        ..Table::default()
    };
    let mut checks: Vec<_> = report.checks.iter().collect();
    // What needs a look stands first.
    checks.sort_by_key(|check| Reverse(check.status));
    for check in checks.into_iter().take(MAX_CHECKS) {
        let (class, status) = match check.status {
            CheckStatus::Ok => ("", words.ok),
            CheckStatus::Warn => ("warn", words.warn),
            CheckStatus::Fail => ("warn", words.fail),
        };
        let (name, holds) = (called(&check.name, words), words.check(&check.name).map_or("", |(_, holds)| holds));
        let cells = vec![named(&check.figure), detail(&check.detail)];
        details.rows.push(Row { name: name.clone(), cells, ..Row::default() });
        table.rows.push(Row { class, name, cells: vec![status.to_owned(), holds.to_owned()], ..Row::default() });
    }
    block.tables.extend([table, details]);
    block
}

fn moved(report: &Report, words: &'static Words) -> Block {
    let mut block = block("moved", words.moved);
    let moved: Vec<&PeriodChanges> =
        report.periods.iter().filter(|period| period.added + period.changed + period.removed > 0).collect();
    let none = match (&report.snapshot_before, report.periods.is_empty(), moved.is_empty()) {
        (None, ..) => Some(words.moved_first),
        (_, true, _) => Some(words.moved_unknown),
        (.., true) => Some(words.moved_nothing),
        _ => None,
    };
    if let Some(none) = none {
        block.sentences.push(none.to_owned());
        return block;
    }
    let old: Vec<String> = moved
        .iter()
        .rev()
        .filter(|period| is_old(period.month, report))
        .map(|period| words.month(period.month))
        .collect();
    if !old.is_empty() {
        block.sentences.push(fill(words.moved_old, &[&listed(&old, NAMED, words)]));
    }
    let mut table = Table {
        caption: words.moved.to_owned(),
        heads: heads([
            (words.month, TEXT),
            (words.added, NUMBER),
            (words.changed, NUMBER),
            (words.removed, NUMBER),
            (words.lines, NUMBER),
        ]),
        ..Table::default()
    };
    let mut row = |class, name: String, period: &PeriodChanges| {
        let cells = [period.added, period.changed, period.removed, period.lines].map(|count| words.count(count));
        table.rows.push(Row { class, name, cells: cells.into(), ..Row::default() });
    };
    moved.iter().rev().take(MAX_MONTHS).for_each(|period| row("", words.month(period.month), period));
    let mut earlier = moved.iter().rev().skip(MAX_MONTHS).map(|period| **period);
    if let Some(first) = earlier.next() {
        let all = earlier.fold(first, |all, period| PeriodChanges {
            lines: all.lines + period.lines,
            added: all.added + period.added,
            changed: all.changed + period.changed,
            removed: all.removed + period.removed,
            ..all
        });
        row("rest", words.earlier_months.to_owned(), &all);
    }
    block.tables.push(table);
    block
}

/// Whether a month ended more than two months before the run.
fn is_old(month: Month, report: &Report) -> bool {
    let now = super::window::local(report.started_at);
    let age = (i32::from(now.year()) - i32::from(month.year)) * 12 + i32::from(now.month()) - i32::from(month.month);
    age >= 3
}

fn lost(report: &Report, words: &'static Words) -> Block {
    let mut block = block("lost", words.lost);
    if report.lost.is_empty() {
        block.sentences.push(words.lost_nothing.to_owned());
        return block;
    }
    let mut table = Table {
        caption: words.lost.to_owned(),
        heads: heads([(words.field, TEXT), (words.columns, TEXT), (words.right, TEXT)]),
        ..Table::default()
    };
    for lost in report.lost.iter().take(MAX_LOST) {
        let cells = vec![detail(&lost.columns.join(", ")), named(&lost.right)];
        table.rows.push(Row { name: named(&lost.field), cells, ..Row::default() });
    }
    block.tables.push(table);
    block
}
