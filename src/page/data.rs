//! What the page shows of the figures: the largest of everything, and the rest in one line. Small, whatever the company.

mod ranking;

use std::cmp::Reverse;

use super::figures::{Figures, Section, Sum, Supplier};
use super::terms::Terms;
use super::window::{COLUMNS, Window};
pub(super) use ranking::{Entry, Ranking};

/// Suppliers and owners that are named.
const TOP: usize = 20;
/// Wider categories, and narrower ones in each.
const CATEGORIES: (usize, usize) = (12, 8);
/// Categories that have a colour of their own.
pub(super) const COLOURS: usize = 7;
/// Kinds of dimensions, and values of each.
const DIMENSIONS: (usize, usize) = (5, 10);
/// Sections that are shown whole, so that the page stays small where no currency is known of many owners.
const WHOLE: usize = 4;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageData {
    pub(super) window: Window,
    /// The one with the most lines first.
    pub(super) sections: Vec<SectionData>,
    /// Those that are not shown whole.
    pub(super) others: Vec<OtherSection>,
}

/// What is left of a currency that is not shown whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OtherSection {
    pub(super) currency: Option<String>,
    /// The largest owners by name.
    pub(super) owners: Vec<Option<String>>,
    /// Lines and ten-thousandths of all months.
    pub(super) ever: (u64, i128),
}

/// What the page shows of one currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SectionData {
    pub(super) currency: Option<String>,
    pub(super) total: Sum,
    pub(super) ever: (u64, i128),
    pub(super) intercompany: Sum,
    /// Suppliers with lines, now and a year earlier.
    pub(super) suppliers: (u64, u64),
    /// What the ten largest suppliers sold, now and a year earlier.
    pub(super) ten: (i128, i128),
    pub(super) without_supplier: Sum,
    pub(super) months: Months,
    pub(super) categories: Vec<(Entry, Ranking)>,
    /// The wider categories that are not among these.
    pub(super) other_categories: Option<(u64, Entry)>,
    pub(super) top_suppliers: Ranking,
    pub(super) owners: Ranking,
    /// By kind name, the kind with the most lines first. Lines without a value are shown as missing.
    pub(super) dimensions: Vec<(String, Ranking)>,
    /// Kinds whose values are people.
    pub(super) kinds_of_people: Vec<String>,
    pub(super) tail: Tail,
    pub(super) terms: Terms,
}

/// Spend by month and wider category.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Months {
    /// The largest first; the last can be all others.
    pub(super) series: Vec<(Series, [i128; COLUMNS])>,
    /// How many of the columns there are: the last is the month that goes on.
    pub(super) columns: usize,
}

/// What a colour stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Series {
    Category(String),
    /// What has no category.
    None,
    Others,
}

/// The many that sell little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The fewest suppliers that make four fifths of what has a supplier; none if nothing has.
    pub(super) head: Option<u64>,
    /// The others, their invoices and what they sold.
    pub(super) tail: (u64, u64, i128),
    /// Suppliers with one invoice, and what they sold.
    pub(super) once: (u64, i128),
}

impl Figures<'_> {
    /// What the page shows of it. Suppliers that are people, and all of them if names are not wanted, go by their codes.
    pub fn finish(self, suppliers: SupplierLabels) -> PageData {
        let mut sections: Vec<(&Section<'_>, SectionData)> = self
            .sections
            .iter()
            .filter(|section| section.ever.0 > 0 || section.intercompany.lines > 0)
            .map(|section| (section, SectionData::of(section, &self.window, suppliers)))
            .collect();
        sections.sort_by_key(|(section, _)| (Reverse(section.ever.0), section.currency, section.owner_ids()));
        let others = sections.split_off(WHOLE.min(sections.len()));
        let other = |(_, section): (_, SectionData)| OtherSection {
            currency: section.currency,
            owners: section.owners.top.into_iter().map(|owner| owner.label).collect(),
            ever: section.ever,
        };
        let others = others.into_iter().map(other).collect();
        PageData { window: self.window, sections: sections.into_iter().map(|(_, section)| section).collect(), others }
    }
}

/// How suppliers are called on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SupplierLabels {
    /// By their names. That of a sole trader is a person's.
    #[default]
    Names,
    /// By their codes.
    Codes,
}

impl std::str::FromStr for SupplierLabels {
    type Err = String;

    /// Reads `names` or `codes`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "names" => Ok(Self::Names),
            "codes" => Ok(Self::Codes),
            _ => Err(format!("`{text}` is neither names nor codes")),
        }
    }
}

impl Section<'_> {
    fn owner_ids(&self) -> Vec<Option<i64>> {
        let mut ids: Vec<_> = self.owners.keys().copied().collect();
        ids.sort_unstable();
        ids
    }
}

impl SectionData {
    fn of(section: &Section<'_>, window: &Window, names: SupplierLabels) -> Self {
        let suppliers: Vec<&Supplier<'_>> = section.suppliers.values().collect();
        let entry = |supplier: &&Supplier<'_>| {
            let by_name = names == SupplierLabels::Names && !supplier.is_person;
            let name = supplier.name.filter(|_| by_name);
            Entry { is_code: name.is_none(), ..Entry::new(name.or(supplier.code), supplier.sum) }
        };
        let entries = suppliers.iter().map(entry);
        let owners = section.owners.values().map(|(name, sum)| Entry::new(*name, *sum));
        let (categories, other_categories) = categories(section);
        let mut people: Vec<String> = section.dimensions.people().map(str::to_owned).collect();
        people.sort();
        Self {
            currency: section.currency.map(str::to_owned),
            total: section.total,
            ever: section.ever,
            intercompany: section.intercompany,
            suppliers: (
                suppliers.iter().filter(|supplier| supplier.sum.lines > 0).count() as u64,
                suppliers.iter().filter(|supplier| supplier.sum.lines_before > 0).count() as u64,
            ),
            ten: (ten(&suppliers, |sum| sum.now), ten(&suppliers, |sum| sum.before)),
            without_supplier: section.without_supplier,
            months: Months::of(section, window),
            categories,
            other_categories,
            top_suppliers: Ranking::of(entries, TOP),
            owners: Ranking::of(owners, TOP),
            dimensions: dimensions(section),
            kinds_of_people: people,
            tail: Tail::of(&suppliers),
            terms: section.terms,
        }
    }
}

/// What the ten largest suppliers sold.
fn ten(suppliers: &[&Supplier<'_>], of: fn(&Sum) -> i128) -> i128 {
    let mut sums: Vec<i128> = suppliers.iter().map(|supplier| of(&supplier.sum)).collect();
    sums.sort_unstable_by_key(|sum| Reverse(*sum));
    sums.iter().take(10).sum()
}

/// The wider categories, each with its narrower ones, and how many others there are, with their sum.
type Categories = (Vec<(Entry, Ranking)>, Option<(u64, Entry)>);

fn categories(section: &Section<'_>) -> Categories {
    let mut wider: Vec<(Entry, Vec<Entry>)> = Vec::new();
    let mut narrower: Vec<_> = section.categories.iter().collect();
    narrower.sort_unstable_by_key(|(names, _)| **names);
    for names in narrower.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
        let entries = names.iter().map(|((_, name), sum)| Entry::new(*name, **sum)).collect();
        let Some(((name, _), _)) = names.first() else { continue };
        // Not the sum of its narrower ones: an invoice can have lines in several.
        wider.push((Entry::new(*name, section.wider_categories.get(name).copied().unwrap_or_default()), entries));
    }
    wider.retain(|(entry, _)| !entry.is_nothing());
    wider.sort_by(|(a, _), (b, _)| a.order(b));
    let rest: Vec<Entry> = wider.split_off(CATEGORIES.0.min(wider.len())).into_iter().map(|(entry, _)| entry).collect();
    let others = (!rest.is_empty()).then(|| (rest.len() as u64, Entry::new(None, Entry::total(&rest))));
    let ranked = |(entry, narrower): (Entry, Vec<Entry>)| (entry, Ranking::of(narrower.into_iter(), CATEGORIES.1));
    (wider.into_iter().map(ranked).collect(), others)
}

fn dimensions(section: &Section<'_>) -> Vec<(String, Ranking)> {
    let mut kinds: Vec<_> = section.dimensions.shown().collect();
    kinds.sort_unstable_by_key(|(name, kind)| (Reverse(kind.lines), *name));
    let ranked = kinds.into_iter().take(DIMENSIONS.0).map(|(name, kind)| {
        let values = kind.values.iter().map(|((code, name), sum)| {
            let label = match (code, name) {
                (Some(code), Some(name)) if code != name => Some(format!("{code} {name}")),
                (code, name) => name.or(*code).map(str::to_owned),
            };
            Entry::new(label.as_deref(), Sum { now: *sum, ..Sum::default() })
        });
        let mut ranking = Ranking::of(values, DIMENSIONS.1);
        ranking.add_to_others(kind.rest);
        (name.to_owned(), ranking)
    });
    ranked.collect()
}

impl Months {
    fn of(section: &Section<'_>, window: &Window) -> Self {
        let mut series: Vec<(Option<&str>, [i128; COLUMNS])> =
            section.months.iter().map(|(name, months)| (*name, *months)).collect();
        let weight = |months: &[i128; COLUMNS]| months.iter().map(|sum| sum.unsigned_abs()).sum::<u128>();
        series.sort_unstable_by_key(|(name, months)| (Reverse(weight(months)), *name));
        let mut named: Vec<(Series, [i128; COLUMNS])> = Vec::new();
        for (name, months) in series {
            let series = name.map_or(Series::None, |name| Series::Category(name.to_owned()));
            if named.len() < COLOURS {
                named.push((series, months));
            } else if let Some((Series::Others, others)) = named.last_mut() {
                others.iter_mut().zip(months).for_each(|(sum, amount)| *sum += amount);
            } else {
                named.push((Series::Others, months));
            }
        }
        let is_open_shown =
            window.is_open_next() && named.iter().any(|(_, months)| months.last().is_some_and(|sum| *sum != 0));
        Self { series: named, columns: if is_open_shown { COLUMNS } else { COLUMNS - 1 } }
    }

    /// All categories of a month.
    pub(super) fn total(&self, column: usize) -> i128 {
        self.series.iter().filter_map(|(_, months)| months.get(column)).sum()
    }
}

impl Tail {
    fn of(suppliers: &[&Supplier<'_>]) -> Self {
        let mut sold: Vec<Sum> = suppliers.iter().map(|supplier| supplier.sum).filter(|sum| sum.lines > 0).collect();
        sold.sort_unstable_by_key(|sum| (Reverse(sum.now), sum.invoices));
        let all: i128 = sold.iter().map(|sum| sum.now).sum();
        let once = sold.iter().filter(|sum| sum.invoices == 1);
        let once = once.fold((0, 0), |(count, amount), sum| (count + 1, amount + sum.now));
        if all <= 0 {
            return Self { once, ..Self::default() };
        }
        let mut head = 0;
        let mut reached = 0;
        for sum in &sold {
            if reached * 5 >= all * 4 {
                break;
            }
            (head, reached) = (head + 1, reached + sum.now);
        }
        let tail = sold.get(head..).unwrap_or_default();
        let tail = (tail.len() as u64, tail.iter().map(|sum| sum.invoices).sum(), tail.iter().map(|sum| sum.now).sum());
        Self { head: Some(head as u64), tail, once }
    }
}
