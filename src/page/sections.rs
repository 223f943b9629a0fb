//! What is said of one currency: figures, months, categories, suppliers, companies, dimensions, tail and payment.

use super::data::{Entry, PageData, Ranking, SectionData, Series, SupplierLabels};
use super::figures::Sum;
use super::month_chart::{Chart, class};
use super::terms::{ROWS, SPANS};
use super::view::{Block, NUMBER, Row, SHARE, TEXT, Table, Tile, WIDE, bar, heads, listed, named};
use super::words::{Words, fill};

/// The section of a currency.
pub(super) struct SectionView {
    /// What stands before each anchor.
    pub(super) id: String,
    /// What it is called where there are several.
    pub(super) title: String,
    /// Whose it is.
    pub(super) subtitle: String,
    pub(super) tiles: Vec<Tile>,
    pub(super) blocks: Vec<Block>,
}

/// What a section is made of.
struct SectionBuilder<'a> {
    data: &'a PageData,
    section: &'a SectionData,
    words: &'static Words,
    suppliers: SupplierLabels,
    id: String,
    /// How the currency is called, and the section.
    currency: String,
    title: String,
    is_compared: bool,
}

impl SectionView {
    pub(super) fn new(at: usize, data: &PageData, words: &'static Words, suppliers: SupplierLabels) -> Option<Self> {
        let section = data.sections.get(at)?;
        let owners: Vec<String> = section.owners.top.iter().filter_map(|owner| owner.label.clone()).collect();
        let currency = section.currency.as_deref().map_or_else(|| words.no_currency_of.to_owned(), named);
        let is_compared = data.window.too_short_since().is_none();
        let of = listed(&owners, 8, words);
        let (title, subtitle) = match &section.currency {
            Some(_) => (currency.clone(), of),
            None if of.is_empty() => (currency.clone(), String::new()),
            None => (of, currency.clone()),
        };
        let making =
            SectionBuilder { data, section, words, suppliers, id: format!("s{at}-"), currency, title, is_compared };
        Some(Self { subtitle, tiles: making.tiles(), blocks: making.blocks(), id: making.id, title: making.title })
    }
}

impl SectionBuilder<'_> {
    fn tiles(&self) -> Vec<Tile> {
        let (words, section, total) = (self.words, self.section, &self.section.total);
        let changed = |now: u64, before: u64| self.note(i128::from(now), i128::from(before), words.count(before));
        let without = &section.without_supplier;
        let before = |part, whole| match words.share(part, whole).filter(|_| self.is_compared) {
            Some(share) => fill(words.year_before, &[&share]),
            None => String::new(),
        };
        vec![
            Tile {
                label: words.spend,
                value: words.amount(total.now),
                note: self.note(total.now, total.before, words.amount(total.before)),
            },
            Tile {
                label: words.suppliers,
                value: words.count(section.suppliers.0),
                note: changed(section.suppliers.0, section.suppliers.1),
            },
            Tile {
                label: words.invoices,
                value: words.count(total.invoices),
                note: changed(total.invoices, total.invoices_before),
            },
            Tile {
                label: words.without_supplier,
                value: words.share_or_dash(without.now, total.now),
                note: before(without.before, total.before),
            },
            Tile {
                label: words.top_ten,
                value: words.share_or_dash(section.ten.0, total.now),
                note: before(section.ten.1, total.before),
            },
        ]
    }

    /// How a figure has changed.
    fn note(&self, now: i128, before: i128, written: String) -> String {
        if !self.is_compared {
            return String::new();
        }
        match self.words.change(now, before) {
            Some(change) => fill(self.words.changed_from, &[&change, &written]),
            None => fill(self.words.year_before, &[&written]),
        }
    }

    fn block(&self, id: &str, title: &'static str) -> Block {
        Block { id: format!("{}{id}", self.id), title, ..Block::default() }
    }

    fn blocks(&self) -> Vec<Block> {
        let has_spend = self.section.total.lines > 0;
        let mut blocks = vec![self.months()];
        if has_spend {
            blocks.extend([self.categories(), self.top_suppliers(), self.owners()]);
            blocks.extend([self.dimensions(), self.tail(), self.payment()]);
        } else if let Some(block) = blocks.first_mut() {
            block.sentences.push(self.words.no_spend.to_owned());
        }
        blocks
    }

    fn series(&self, series: &Series) -> String {
        match series {
            Series::Category(name) => named(name),
            Series::None => self.words.no_category.to_owned(),
            Series::Others => self.words.all_others.to_owned(),
        }
    }

    fn months(&self) -> Block {
        let (words, window, months) = (self.words, &self.data.window, &self.section.months);
        let names: Vec<String> = months.series.iter().map(|(series, _)| self.series(series)).collect();
        let mut block = self.block("months", words.by_month);
        let chart = Chart::new(&self.currency, &names, months, |column| window.month(column), words);
        let is_open = |column: usize| column + 1 == super::window::COLUMNS;
        let title = |column: usize| {
            let month = words.month(window.month(column));
            if is_open(column) { fill(words.open_month, &[&month]) } else { month }
        };
        if chart.open.is_some() {
            block.notes.push(fill(words.open_month_note, &[&words.month(window.month(months.columns - 1))]));
        }
        let (ever, intercompany) = (self.section.ever, &self.section.intercompany);
        if let Some(since) = window.since() {
            let (amount, lines) = (words.amount(ever.1), words.count(ever.0));
            block.notes.push(fill(words.ever, &[&amount, &lines, &words.month(since)]));
        }
        if intercompany.lines > 0 {
            let (amount, lines) = (words.amount(intercompany.now), words.count(intercompany.lines));
            block.notes.push(fill(words.intercompany, &[&amount, &lines]));
        }
        let mut table = Table {
            caption: format!("{}, {}", words.by_month, self.title),
            folded: Some(words.the_figures),
            ..Table::default()
        };
        table.heads = heads([(words.month, TEXT), (words.total, NUMBER)]);
        table.heads.extend(names.iter().map(|name| super::view::Head { text: name.clone(), class: NUMBER }));
        for column in (0..months.columns).rev() {
            let amounts = months.series.iter().map(|(_, sums)| sums.get(column).copied().unwrap_or(0));
            let cells = std::iter::once(months.total(column)).chain(amounts).map(|amount| words.amount(amount));
            table.rows.push(Row { name: title(column), cells: cells.collect(), ..Row::default() });
        }
        block.chart = Some(chart);
        block.tables.push(table);
        block
    }

    /// Spend, share and change of something.
    fn cells(&self, sum: &Sum) -> Vec<String> {
        let share = self.words.share_or_dash(sum.now, self.section.total.now);
        let mut cells = vec![self.words.amount(sum.now), share];
        if self.is_compared {
            cells.push(self.words.change(sum.now, sum.before).unwrap_or_else(|| "–".to_owned()));
        }
        cells
    }

    /// A table of spend, share and change, and invoices where a screen is wide enough.
    fn table(&self, caption: &str, first: &str) -> Table {
        let words = self.words;
        let share = if self.is_compared { SHARE } else { NUMBER };
        let mut columns = heads([(first, TEXT), (words.spend, NUMBER), (words.share, share)]);
        if self.is_compared {
            columns.extend(heads([(words.change, NUMBER)]));
        }
        columns.extend(heads([(words.invoices, WIDE)]));
        Table { caption: format!("{caption}, {}", self.title), heads: columns, ..Table::default() }
    }

    fn row(&self, class: &'static str, name: String, sum: &Sum, widest: Option<i128>) -> Row {
        let mut cells = self.cells(sum);
        cells.push(self.words.count(sum.invoices));
        Row { class, name, bar: widest.and_then(|widest| bar(sum.now, widest)), cells, ..Row::default() }
    }

    fn sum(&self, sum: &Sum) -> Row {
        self.row("sum", self.words.total.to_owned(), sum, None)
    }

    fn categories(&self) -> Block {
        let (words, section) = (self.words, self.section);
        let mut block = self.block("categories", words.categories);
        let mut table = self.table(words.categories, words.category);
        let widest = widest(section.categories.iter().map(|(entry, _)| entry));
        let colours: Vec<(String, &'static str)> = section
            .months
            .series
            .iter()
            .enumerate()
            .map(|(at, (series, _))| (self.series(series), class(at, series)))
            .collect();
        for (wider, narrower) in &section.categories {
            let name = wider.label.as_deref().map_or_else(|| words.no_category.to_owned(), named);
            let colour = colours.iter().find(|(of, _)| *of == name).map(|(_, class)| *class);
            table.rows.push(Row { colour, ..self.row("group", name, &wider.sum, Some(widest)) });
            // One without a name of its own says nothing more.
            let has_parts = narrower.top.len() > 1 || narrower.top.iter().any(|part| part.label.is_some());
            for part in narrower.top.iter().filter(|_| has_parts) {
                let name = part.label.as_deref().map_or_else(|| words.no_category.to_owned(), named);
                table.rows.push(self.row("part", name, &part.sum, None));
            }
            self.others(&mut table, narrower, "part");
        }
        if let Some((count, others)) = &section.other_categories {
            let name = fill(words.other_categories, &[&words.count(*count)]);
            table.rows.push(self.row("rest", name, &others.sum, None));
        }
        table.rows.push(self.sum(&section.total));
        block.tables.push(table);
        block
    }

    fn others(&self, table: &mut Table, ranking: &Ranking, class: &'static str) {
        if let Some((count, others)) = &ranking.others {
            table.rows.push(self.row(class, self.words.other_rows(*count), &others.sum, None));
        }
    }

    fn top_suppliers(&self) -> Block {
        let (words, section) = (self.words, self.section);
        let mut block = self.block("suppliers", words.suppliers);
        if let Some(head) = section.tail.head
            && let Some(share) = words.share(section.ten.0, section.total.now)
        {
            let (head, all) = (words.count(head), words.count(section.suppliers.0));
            let text = if section.suppliers.0 > 10 { words.concentration } else { words.few_suppliers };
            block.sentences.push(fill(text, &[&head, &all, &share]));
        }
        let mut table = self.table(words.suppliers, words.supplier);
        let widest = widest(section.top_suppliers.top.iter());
        for supplier in &section.top_suppliers.top {
            let name = match supplier.label.as_deref() {
                Some(code) if supplier.is_code => fill(words.supplier_code, &[&named(code)]),
                Some(name) => named(name),
                None => if self.suppliers == SupplierLabels::Codes { words.no_code } else { words.no_name }.to_owned(),
            };
            table.rows.push(self.row("", name, &supplier.sum, Some(widest)));
        }
        self.others(&mut table, &section.top_suppliers, "rest");
        if section.without_supplier.lines > 0 {
            let name = words.without_supplier.to_owned();
            table.rows.push(self.row("rest", name, &section.without_supplier, None));
        }
        table.rows.push(self.sum(&section.total));
        block.tables.push(table);
        let has_codes = section.top_suppliers.top.iter().any(|supplier| supplier.is_code && supplier.label.is_some());
        match self.suppliers {
            SupplierLabels::Codes => block.notes.push(words.by_code.to_owned()),
            SupplierLabels::Names if has_codes => block.notes.push(words.people_by_code.to_owned()),
            SupplierLabels::Names => {}
        }
        block
    }

    fn owners(&self) -> Block {
        let (words, owners) = (self.words, &self.section.owners);
        let mut block = self.block("owners", words.owners);
        let mut table = self.table(words.owners, words.owner);
        let widest = widest(owners.top.iter());
        for owner in &owners.top {
            let name = owner.label.as_deref().map_or_else(|| words.no_name.to_owned(), named);
            table.rows.push(self.row("", name, &owner.sum, Some(widest)));
        }
        self.others(&mut table, owners, "rest");
        if owners.top.len() > 1 {
            table.rows.push(self.sum(&owners.total));
        }
        block.tables.push(table);
        block
    }

    fn dimensions(&self) -> Block {
        let (words, section) = (self.words, self.section);
        let mut block = self.block("dimensions", words.dimensions);
        for (kind, values) in &section.dimensions {
            let kind = named(kind);
            let mut table = Table {
                caption: format!("{kind}, {}", self.title),
                is_titled: true,
                heads: heads([(&kind, TEXT), (words.spend, NUMBER), (words.share, NUMBER)]),
                ..Table::default()
            };
            let row = |class, name: String, amount: i128, widest: Option<i128>| {
                let share = words.share_or_dash(amount, section.total.now);
                let bar = widest.and_then(|widest| bar(amount, widest));
                Row { class, name, bar, cells: vec![words.amount(amount), share], ..Row::default() }
            };
            let widest = widest(values.top.iter());
            for value in &values.top {
                let name = value.label.as_deref().map_or_else(|| words.no_name.to_owned(), named);
                table.rows.push(row("", name, value.sum.now, Some(widest)));
            }
            if let Some((count, others)) = &values.others {
                table.rows.push(row("rest", words.other_rows(*count), others.sum.now, None));
            }
            let without = section.total.now - values.total.now;
            if without != 0 {
                table.rows.push(row("rest", fill(words.without_value, &[&within(&kind)]), without, None));
            }
            table.rows.push(row("sum", words.total.to_owned(), section.total.now, None));
            block.tables.push(table);
        }
        if section.dimensions.is_empty() {
            block.sentences.push(words.no_dimensions.to_owned());
        }
        if !section.kinds_of_people.is_empty() {
            let kinds = listed(&section.kinds_of_people, 5, words);
            block.notes.push(fill(words.kinds_of_people, &[&kinds]));
        }
        block
    }

    fn tail(&self) -> Block {
        let (words, section) = (self.words, self.section);
        let mut block = self.block("tail", words.tail);
        let (suppliers, invoices) = (section.suppliers.0, section.total.invoices);
        let with_supplier = section.total.now - section.without_supplier.now;
        let (tail, once) = (&section.tail.tail, &section.tail.once);
        let mut table = Table {
            caption: format!("{}, {}", words.tail, self.title),
            heads: heads([
                (words.tail_what, TEXT),
                (words.suppliers, NUMBER),
                (words.invoices, WIDE),
                (words.spend, NUMBER),
            ]),
            ..Table::default()
        };
        let mut row = |class, name: &str, suppliers: u64, invoices: u64, amount: i128| {
            let cells = vec![words.count(suppliers), words.count(invoices), words.amount(amount)];
            table.rows.push(Row { class, name: name.to_owned(), cells, ..Row::default() });
        };
        if let Some(head) = section.tail.head {
            row("", words.tail_head, head, invoices.saturating_sub(tail.1), with_supplier - tail.2);
            row("", words.tail_suppliers, tail.0, tail.1, tail.2);
            let sentence = [words.share_or_dash(tail.0, suppliers), words.share_or_dash(tail.1, invoices)];
            block.sentences.push(fill(words.tail_sentence, &[&sentence[0], &sentence[1]]));
        }
        row("sum", words.suppliers, suppliers, invoices, with_supplier);
        row("", words.tail_once, once.0, once.0, once.1);
        block.tables.push(table);
        block
    }

    fn payment(&self) -> Block {
        let (words, terms) = (self.words, &self.section.terms);
        let mut block = self.block("payment", words.payment);
        if !terms.is_known() {
            block.sentences.push(words.payment_unknown.to_owned());
            return block;
        }
        if let Some(tenths) = terms.average_tenths() {
            block.sentences.push(fill(words.payment_sentence, &[&words.tenths(tenths)]));
        }
        let mut table = Table {
            caption: format!("{}, {}", words.payment, self.title),
            heads: heads([
                (words.days, TEXT),
                (words.invoices, WIDE),
                (words.of_invoices, NUMBER),
                (words.spend, NUMBER),
            ]),
            ..Table::default()
        };
        let all: u64 = terms.rows.iter().map(|(invoices, _)| invoices).sum();
        let widest = terms.rows.iter().map(|(invoices, _)| i128::from(*invoices)).max().unwrap_or(0);
        for (at, (invoices, amount)) in terms.rows.iter().enumerate() {
            let name = match (at.checked_sub(1).and_then(|before| SPANS.get(before)), SPANS.get(at)) {
                (None, _) => words.at_once.to_owned(),
                (Some(before), Some(last)) => fill(words.days_from, &[&(before + 1).to_string(), &last.to_string()]),
                (Some(before), None) if at + 1 < ROWS => fill(words.days_above, &[&before.to_string()]),
                _ => words.days_unknown.to_owned(),
            };
            let name = if at + 1 == ROWS { words.days_unknown.to_owned() } else { name };
            let share = words.share_or_dash(*invoices, all);
            let cells = vec![words.count(*invoices), share, words.amount(*amount)];
            table.rows.push(Row { name, bar: bar((*invoices).into(), widest), cells, ..Row::default() });
        }
        block.tables.push(table);
        block.notes.push(words.payment_limit.to_owned());
        block
    }
}

impl Words {
    /// What a row of so many others is called; of an unknown number, if that is 0.
    fn other_rows(&self, count: u64) -> String {
        if count == 0 { self.all_others.to_owned() } else { fill(self.others, &[&self.count(count)]) }
    }
}

/// A name as it stands within a sentence: `kostnadssted`, but `NAV-kode`.
fn within(name: &str) -> String {
    let mut chars = name.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => name.to_owned(),
    }
}

/// The largest amount, of either sign.
fn widest<'a>(entries: impl Iterator<Item = &'a Entry>) -> i128 {
    entries.map(|entry| entry.sum.now.abs()).max().unwrap_or(0)
}
