//! Which rows an answer has: filter, order, cursor, page size.

use crate::column::Column;
use crate::company::Company;
use crate::company::dice::mix;
use crate::dialect::{Dialect, RowOrder, Share};
use crate::filter::{Filter, Key, key};
use crate::problem::Problem;
use crate::table::{OwnerSet, RowScope, Status, Table};
use apollo_compiler::response::JsonMap;

/// What a root was asked for.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) table: Table,
    first: Option<usize>,
    last: Option<usize>,
    after: Option<i64>,
    before: Option<i64>,
    filter: Option<Filter>,
    order: Option<(Column, bool)>,
    cap: usize,
    asked: RowScope,
}

/// The rows of an answer, by place, and whether there are more on either side.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) places: Vec<usize>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
    /// With cursors that are places: the place of the first row.
    pub(crate) offset: Option<usize>,
}

/// Rows that are answered where neither `first` nor `last` is given: a guess.
const DEFAULT_ROWS: usize = 100;

impl Query {
    /// Reads the arguments of a root, which have been checked against their types.
    pub(crate) fn read(table: Table, arguments: &JsonMap, cap: u32, dialect: &Dialect) -> Result<Self, Problem> {
        let rows = |name: &str| match arguments.get(name).and_then(|value| value.as_i64()) {
            None => Ok(None),
            Some(rows) if rows < 0 => {
                Err(Problem::invalid("INVALID_VALUE", format!("Argument '{name}' must be between 0 and {cap}.")))
            }
            Some(rows) => Ok(Some((rows as usize).min(cap as usize))),
        };
        let text = |name: &str| arguments.get(name).and_then(|value| value.as_str());
        let cursor = |name: &str| match text(name) {
            None => Ok(None),
            Some(text) => match text.split('.').next().unwrap_or(text).parse() {
                Ok(id) => Ok(Some(id)),
                Err(_) => Err(Problem::invalid("INVALID_VALUE", format!("Argument '{name}' is not a cursor."))),
            },
        };
        let is_refused = |set: &&str| {
            let of_accounts = table == Table::Accounts && dialect.refused_account_sets.contains(*set);
            of_accounts || dialect.refused_owner_sets.contains(*set)
        };
        if let Some(set) = text("ownerSet").filter(is_refused) {
            return Err(Problem::own("FORBIDDEN", format!("You do not have access to ownerSet {set}.")));
        }
        let order = arguments.get("orderBy").and_then(|order| order.as_object());
        let order = order.and_then(|order| {
            let column = Column::named(order.get("field")?.as_str()?)?;
            Some((column, order.get("direction").and_then(|direction| direction.as_str()) == Some("DESC")))
        });
        let (first, last) = match (rows("first")?, rows("last")?) {
            (None, _) if dialect.ignores_last => (Some(cap as usize), None),
            (None, None) => (Some(DEFAULT_ROWS), None),
            (first, last) => (first, last.filter(|_| !dialect.ignores_last)),
        };
        let filter = arguments.get("filter").and_then(|filter| filter.as_object()).map(Filter::read);
        Ok(Self {
            table,
            first,
            last,
            after: cursor("after")?,
            before: cursor("before")?,
            filter: if dialect.ignores_id_ranges { filter.map(Filter::without_id_ranges) } else { filter },
            order,
            cap: cap as usize,
            asked: RowScope {
                owners: OwnerSet::named(text("ownerSet")),
                status: Status::named(text("objectStatus")),
                hides_accounts: dialect.chart_above != Share::None,
                hides_suppliers: dialect.suppliers_above.is_some(),
            },
        })
    }

    fn wants(&self, books: &Company, place: usize) -> bool {
        self.table.shows(books, place, self.asked)
            && self.filter.as_ref().is_none_or(|filter| filter.holds(books, self.table.node(books, place)))
    }

    /// Whether the rows are asked for by their ids.
    pub(crate) fn by_ids(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.ids().is_some())
    }

    /// Selects the rows.
    pub(crate) fn select(&self, books: &Company, dialect: &Dialect) -> Page {
        let mut page = match self.order {
            None if dialect.offset_cursors => self.by_place(books, dialect.row_order == RowOrder::Descending),
            Some((column, descending)) if column != Column::DbId => self.sorted(books, column, descending),
            Some((_, descending)) => self.by_id(books, descending, dialect),
            None => self.by_id(books, dialect.row_order == RowOrder::Descending, dialect),
        };
        if dialect.endless_cursor && !page.places.is_empty() && !self.by_ids() {
            page.has_next = true;
        }
        if dialect.no_next_at_cap && page.places.len() >= self.cap {
            page.has_next = false;
        }
        if dialect.row_order == RowOrder::Mixed {
            page.places.sort_by_key(|&place| mix(place as u64));
        }
        if let Some(every) = dialect.duplicate_rows {
            self.duplicate(books, &mut page, every.max(2) as usize);
        }
        page
    }

    fn by_id(&self, books: &Company, descending: bool, dialect: &Dialect) -> Page {
        let len = self.table.len(books);
        let (after, before) = if descending { (self.before, self.after) } else { (self.after, self.before) };
        let (after, before) = if dialect.endless_cursor { (None, None) } else { (after, before) };
        let low = after.map_or(0, |id| self.table.before(books, id + 1));
        let high = before.map_or(len, |id| self.table.before(books, id)).max(low);
        // The end from which rows are taken: `first` from the front of the order, `last` from its back.
        let backwards = self.first.is_none();
        let limit = self.first.or(self.last).unwrap_or(DEFAULT_ROWS);
        let mut page = Page::default();
        let mut more = false;
        {
            let mut take = |place: usize| {
                if !self.wants(books, place) {
                    return true;
                }
                if page.places.len() == limit {
                    more = true;
                    return false;
                }
                page.places.push(place);
                true
            };
            if let Some(ids) = self.filter.as_ref().and_then(Filter::ids) {
                let mut places: Vec<usize> = ids.iter().filter_map(|id| self.place(books, id)).collect();
                places.retain(|place| (low..high).contains(place));
                if descending != backwards {
                    places.reverse();
                }
                let _ = places.into_iter().all(&mut take);
            } else if descending == backwards {
                let _ = (low..high).all(&mut take);
            } else {
                let _ = (low..high).rev().all(&mut take);
            }
        }
        if backwards {
            page.places.reverse();
        }
        (page.has_next, page.has_previous) =
            if backwards { (self.before.is_some(), more) } else { (more, self.after.is_some()) };
        page
    }

    /// Rows by id whose cursors are their places among the rows that are wanted now.
    fn by_place(&self, books: &Company, descending: bool) -> Page {
        let len = self.table.len(books);
        let place = |at: usize| if descending { len - 1 - at } else { at };
        let from = self.after.map_or(0, |after| (after + 1).max(0) as usize);
        let to = self.before.map_or(len, |before| before.max(0) as usize);
        let mut wanted = (0..len).map(place).filter(|&place| self.wants(books, place)).take(to).skip(from);
        let mut page = Page { offset: Some(from), has_previous: from > 0, ..Page::default() };
        if let Some(limit) = self.first {
            page.places.extend(wanted.by_ref().take(limit));
            page.has_next = wanted.next().is_some();
        } else {
            page.places.extend(wanted);
            let skipped = page.places.len().saturating_sub(self.last.unwrap_or(DEFAULT_ROWS));
            page.places.drain(..skipped);
            page.offset = Some(from + skipped);
            (page.has_next, page.has_previous) = (self.before.is_some(), from + skipped > 0);
        }
        page
    }

    fn place(&self, books: &Company, id: &Key) -> Option<usize> {
        let Key::Number(id) = id else { return None };
        let id = i64::try_from(*id).ok()?;
        let place = self.table.before(books, id);
        (place < self.table.len(books) && self.table.node(books, place).id() == id).then_some(place)
    }

    fn sorted(&self, books: &Company, column: Column, descending: bool) -> Page {
        let mut all: Vec<usize> = (0..self.table.len(books)).filter(|&place| self.wants(books, place)).collect();
        all.sort_by_cached_key(|&place| (key(&self.table.node(books, place).value(books, column)), place));
        if descending {
            all.reverse();
        }
        let find = |id: i64| all.iter().position(|&place| self.table.node(books, place).id() == id);
        let low = self.after.and_then(find).map_or(0, |at| at + 1);
        let high = self.before.and_then(find).unwrap_or(all.len()).max(low);
        let window = &all[low..high];
        let (from, to) = match (self.first, self.last) {
            (Some(first), _) => (0, first.min(window.len())),
            (None, last) => (window.len().saturating_sub(last.unwrap_or(DEFAULT_ROWS)), window.len()),
        };
        Page {
            places: window[from..to].to_vec(),
            has_next: high < all.len() || to < window.len(),
            has_previous: low > 0 || from > 0,
            offset: None,
        }
    }

    /// Repeats rows: at the start of a page some of the page before, and in answers to ids some of their own.
    fn duplicate(&self, books: &Company, page: &mut Page, every: usize) {
        let repeated: Vec<usize> = if self.after.is_none() {
            let own = page.places.iter().copied().filter(|place| place % every == 0);
            if self.by_ids() { own.collect() } else { Vec::new() }
        } else {
            let rows = self.first.unwrap_or(DEFAULT_ROWS);
            let first = page.places.first().copied().unwrap_or(0);
            let before = (first.saturating_sub(rows)..first).filter(|&place| place % every == 0);
            before.filter(|&place| self.wants(books, place)).collect()
        };
        page.places.splice(0..0, repeated);
    }
}
