//! Counterparties: the shared company register, contacts, and the subledgers of each owner.

use crate::company::date::{Day, WallTime};

/// A postal address.
#[derive(Debug, Clone, Default)]
pub struct Address {
    /// `dbId`.
    pub id: i32,
    /// Street.
    pub street: Option<String>,
    /// Number in the street.
    pub number: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// City.
    pub place: Option<String>,
    /// The country's place in [`COUNTRIES`].
    pub country: Option<u8>,
}

/// A row of the shared company register.
#[derive(Debug, Clone, Default)]
pub struct Party {
    /// `dbId`.
    pub id: i32,
    /// `companyNumber`: the organisation number.
    pub number: Option<String>,
    /// `description`: the name.
    pub name: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// `phone`.
    pub phone: Option<String>,
    /// `address`.
    pub address: Option<Address>,
    /// When it was last changed.
    pub modified_at: WallTime,
    /// Whether only payroll rows name it.
    pub payroll: bool,
}

/// A contact person.
#[derive(Debug, Clone)]
pub struct Contact {
    /// `dbId`.
    pub id: i32,
    /// The person's name.
    pub name: String,
    /// `email`.
    pub email: Option<String>,
    /// When it was last changed.
    pub modified_at: WallTime,
}

/// What a subledger is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Also in the supplier register.
    #[default]
    Supplier,
    /// A subledger only.
    Employee,
}

/// A subledger; a supplier is one with the role [`Role::Supplier`].
#[derive(Debug, Clone, Default)]
pub struct Subledger {
    /// `dbId`.
    pub id: i32,
    /// The owner's place in [`crate::Company::owners`].
    pub owner: u8,
    /// What it is for.
    pub role: Role,
    /// `code`; the same code may occur several times.
    pub code: Option<String>,
    /// `description`: the name.
    pub name: Option<String>,
    /// Its place in [`crate::Company::parties`].
    pub party: Option<u32>,
    /// `email`.
    pub email: Option<String>,
    /// `phone`.
    pub phone: Option<String>,
    /// `bankAccount`.
    pub bank_account: Option<String>,
    /// `notes`.
    pub notes: Option<String>,
    /// `contract`: the agreement with it.
    pub contract: Option<String>,
    /// The place of its terms in [`PAY_TERMS`].
    pub pay_terms: Option<u8>,
    /// First day.
    pub from: Option<Day>,
    /// Last day; a past one means closed.
    pub to: Option<Day>,
    /// When it was last changed.
    pub modified_at: WallTime,
    /// The group's place in [`GROUPS`].
    pub group: Option<u8>,
    /// `address`.
    pub address: Option<Address>,
    /// Its place in [`crate::Company::contacts`].
    pub contact: Option<u32>,
    /// Whether only payroll rows name it.
    pub payroll: bool,
    /// Whether it is kept at the owner above, for all below it to use.
    pub above: bool,
}

/// Groups of subledgers: `dbId` and `description`.
pub const GROUPS: [(i32, &str); 4] =
    [(70, "Innenlandske leverandører"), (71, "Utenlandske leverandører"), (72, "Konsern"), (75, "Ansatte")];

/// Terms of payment (`payTerms`): `dbId` and `name`. Invoices fall due by the first.
pub const PAY_TERMS: [(i32, &str); 3] = [(411, "Netto 14 dager"), (412, "Netto 30 dager"), (415, "Netto 45 dager")];

/// Countries: `dbId`, `code` and `description`.
pub const COUNTRIES: [(i32, &str, &str); 7] = [
    (1001, "NO", "Norge"),
    (1002, "SE", "Sverige"),
    (1003, "DK", "Danmark"),
    (1004, "DE", "Tyskland"),
    (1005, "GB", "Storbritannia"),
    (1006, "US", "USA"),
    (1007, "FI", "Finland"),
];

/// Currencies: `dbId`, `code`, `description`, and their worth in ten-thousandths of the first one.
pub const CURRENCIES: [(i32, &str, &str, i64); 4] = [
    (301, "NOK", "Norske kroner", 10_000),
    (302, "EUR", "Euro", 116_214),
    (303, "USD", "US Dollar", 104_073),
    (304, "SEK", "Svenske kroner", 10_311),
];
