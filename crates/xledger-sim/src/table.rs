//! The roots that list rows: which rows each one has, whose they are, whether they are open.

use crate::company::Company;
use crate::company::ledger::NONE;
use crate::company::owner::{KINDS, Reach};
use crate::company::supplier::{COUNTRIES, CURRENCIES, Role};
use crate::node::Node;

/// A list of rows, sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Lines,
    ApLines,
    Vouchers,
    Suppliers,
    Subledgers,
    Accounts,
    Companies,
    Contacts,
    Countries,
    Currencies,
    DimensionValues,
    Kinds,
    Owners,
    Periods,
}

impl Table {
    /// The table of a root and the right that reading it needs.
    pub(crate) fn of_root(root: &str) -> Option<(Self, &'static str)> {
        Some(match root {
            "transactions" => (Self::Lines, "Transaction"),
            "apTransactions" => (Self::ApLines, "APTransaction"),
            "journalHeaders" => (Self::Vouchers, "TransactionHeader"),
            "suppliers" => (Self::Suppliers, "Supplier"),
            "subledgers" => (Self::Subledgers, "Subledger"),
            "accounts" => (Self::Accounts, "Account"),
            "companies" => (Self::Companies, "Company"),
            "contacts" => (Self::Contacts, "Contact"),
            "countries" => (Self::Countries, "Country"),
            "currencies" => (Self::Currencies, "Currency"),
            "objectValues" => (Self::DimensionValues, "ObjectValue"),
            "objectKinds" => (Self::Kinds, "Object"),
            "entities" => (Self::Owners, "Owner"),
            "periodStatusItems" => (Self::Periods, "PeriodStatusItem"),
            _ => return None,
        })
    }

    pub(crate) fn len(self, books: &Company) -> usize {
        match self {
            Self::Lines => books.lines.len(),
            Self::ApLines => books.ap_lines.len(),
            Self::Vouchers => books.vouchers.len(),
            Self::Suppliers | Self::Subledgers => books.subledgers.len(),
            Self::Accounts => books.accounts.len(),
            Self::Companies => books.parties.len(),
            Self::Contacts => books.contacts.len(),
            Self::Countries => COUNTRIES.len(),
            Self::Currencies => CURRENCIES.len(),
            Self::DimensionValues => books.dimension_values.len(),
            Self::Kinds => KINDS.len(),
            Self::Owners => books.owners.len(),
            Self::Periods => books.periods.len(),
        }
    }

    pub(crate) fn node(self, books: &Company, place: usize) -> Node<'_> {
        match self {
            Self::Lines => Node::Line(&books.lines[place]),
            Self::ApLines => Node::ApLine(&books.ap_lines[place]),
            Self::Vouchers => Node::Voucher(&books.vouchers[place]),
            Self::Suppliers | Self::Subledgers => Node::Subledger(&books.subledgers[place]),
            Self::Accounts => Node::Account(&books.accounts[place]),
            Self::Companies => Node::Party(&books.parties[place]),
            Self::Contacts => Node::Contact(&books.contacts[place]),
            Self::Countries => Node::Country(place as u8),
            Self::Currencies => Node::Currency(place as u8),
            Self::DimensionValues => Node::DimensionValue(&books.dimension_values[place]),
            Self::Kinds => Node::Kind(&KINDS[place]),
            Self::Owners => Node::Owner(&books.owners[place]),
            Self::Periods => Node::PeriodItem(&books.periods[place]),
        }
    }

    /// The number of rows whose id is less than `id`.
    pub(crate) fn before(self, books: &Company, id: i64) -> usize {
        let (mut low, mut high) = (0, self.len(books));
        while low < high {
            let middle = low.midpoint(high);
            if self.node(books, middle).id() < id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether a row belongs to the root, to the owners asked for, and is open or closed as asked for. What is kept above for those below
    /// is shown among theirs, unless the dialect hides it there.
    pub(crate) fn shows(self, books: &Company, place: usize, asked: RowScope) -> bool {
        let RowScope { owners, status, hides_accounts, hides_suppliers } = asked;
        let mut hidden = false;
        let (owner, closed) = match self {
            Self::Lines => (books.vouchers[books.lines[place].voucher as usize].owner, false),
            Self::ApLines => (books.vouchers[books.ap_lines[place].voucher as usize].owner, false),
            Self::Vouchers => (books.vouchers[place].owner, false),
            Self::Suppliers | Self::Subledgers => {
                let subledger = &books.subledgers[place];
                if self == Self::Suppliers && subledger.role != Role::Supplier {
                    return false;
                }
                hidden = hides_suppliers && subledger.above;
                (subledger.owner, subledger.to.is_some_and(|day| day < crate::company::LAST_DAY))
            }
            Self::Accounts => {
                let account = &books.accounts[place];
                hidden = hides_accounts && account.above;
                (account.owner, account.closed)
            }
            Self::DimensionValues => (books.dimension_values[place].owner, false),
            Self::Owners => (place as u8, false),
            _ => return status != Status::Closed,
        };
        let wanted = match status {
            Status::All => true,
            Status::Open => !closed,
            Status::Closed => closed,
        };
        wanted && owners.has(if hidden { Reach::Above } else { books.owners[usize::from(owner)].reach })
    }

    /// Whether the row's voucher books payroll, if only in part: then its text is a secret too.
    pub(crate) fn is_of_payroll_voucher(self, books: &Company, place: usize) -> bool {
        match self {
            Self::Lines => books.vouchers[books.lines[place].voucher as usize].payroll,
            Self::ApLines => books.vouchers[books.ap_lines[place].voucher as usize].payroll,
            _ => false,
        }
    }

    /// Whether the row is a ledger line of an expense report.
    pub(crate) fn is_expense(self, books: &Company, place: usize) -> bool {
        self == Self::Lines && books.document_type(books.voucher(&books.lines[place])) == Some("ER")
    }

    /// Whether the row is payroll by nature.
    pub(crate) fn is_payroll(self, books: &Company, place: usize) -> bool {
        match self {
            Self::Lines => books.lines[place].is_payroll_by_nature(),
            Self::ApLines => books.ap_lines[place].is_payroll_by_nature(),
            Self::Vouchers => books.vouchers[place].payroll,
            _ => false,
        }
    }
}

/// Which rows are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowScope {
    pub(crate) owners: OwnerSet,
    pub(crate) status: Status,
    pub(crate) hides_accounts: bool,
    pub(crate) hides_suppliers: bool,
}

/// `OwnerSet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnerSet {
    Current,
    Upper,
    Lower,
    Mine,
    All,
}

impl OwnerSet {
    /// The set of this name; the default is a guess.
    pub(crate) fn named(name: Option<&str>) -> Self {
        match name {
            Some("UPPER") => Self::Upper,
            Some("LOWER") => Self::Lower,
            Some("MINE") => Self::Mine,
            Some("ALL") => Self::All,
            _ => Self::Current,
        }
    }

    fn has(self, reach: Reach) -> bool {
        match self {
            Self::Current => reach == Reach::Own,
            Self::Upper => reach != Reach::Below,
            Self::Lower | Self::Mine => reach != Reach::Above,
            Self::All => true,
        }
    }
}

/// `ObjectStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    All,
    Open,
    Closed,
}

impl Status {
    /// The status of this name; the default is a guess.
    pub(crate) fn named(name: Option<&str>) -> Self {
        match name {
            Some("ALL") => Self::All,
            Some("CLOSED") => Self::Closed,
            _ => Self::Open,
        }
    }
}

/// The place of the subledger with this id that the token reaches, or [`NONE`].
pub(crate) fn subledger(books: &Company, id: i64) -> u32 {
    let place = Table::Subledgers.before(books, id);
    match books.subledgers.get(place) {
        Some(found) if i64::from(found.id) == id && books.reaches(found.owner) => place as u32,
        _ => NONE,
    }
}
