//! Invoices that are booked once each, on a day of their own, beside what chance brings.

use crate::company::date::{Day, day};
use std::collections::VecDeque;

/// Places in [`crate::company::ledger::TAX_RULES`].
pub(crate) const FREE: u8 = 8;
pub(crate) const HIGH: u8 = 9;
pub(crate) const MIDDLE: u8 = 10;
pub(crate) const LOW: u8 = 11;
const IMPORTED: u8 = 12;
pub(crate) const IMPORT_BASIS: u8 = 13;
pub(crate) const FROM_ABROAD: u8 = 14;
const NO_RULE: u8 = 99;

/// An invoice of one of the suppliers of [`crate::company::spend`] on a day, with its cost lines: account, amount and tax rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bill {
    pub(crate) day: Day,
    pub(crate) supplier: &'static str,
    pub(crate) number: u32,
    pub(crate) costs: Costs,
    pub(crate) then: Then,
}

/// What becomes of an invoice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    /// Nothing.
    Open,
    /// It is paid so many days after its date.
    Paid(i32),
    /// A part of it is, which is not matched.
    PartlyPaid(i64),
    /// It is a credit note, matched with the open invoice of this number, whose rest is paid.
    Settles(u32),
    /// It reverses the invoice of the same number, but is no credit note.
    TakesBack,
}
use Then::{Open, Paid, PartlyPaid, Settles, TakesBack};

type Costs = &'static [(&'static str, i64, u8)];

const fn bill(day: Day, supplier: &'static str, number: u32, costs: Costs, then: Then) -> Bill {
    Bill { day, supplier, number, costs, then }
}

/// What is booked once, beside the rent.
const BILLS: [Bill; 42] = [
    // One company under two owners, and others whose numbers say nothing or something else.
    bill(day(2023, 2, 6), "29001", 5101, &[("6420", 1_200_000, HIGH)], Paid(30)),
    bill(day(2023, 2, 8), "29002", 5102, &[("6420", 480_000, HIGH)], Paid(28)),
    bill(day(2023, 2, 20), "29003", 17, &[("6800", 64_000, HIGH)], Paid(14)),
    bill(day(2023, 2, 21), "29004", 17, &[("6500", 210_000, HIGH)], Paid(14)),
    bill(day(2023, 3, 6), "29005", 90_210, &[("7020", 375_000, HIGH)], Paid(31)),
    bill(day(2023, 3, 13), "29006", 12, &[("6600", 1_480_000, HIGH)], Paid(10)),
    bill(day(2023, 3, 14), "29007", 31, &[("6600", 920_000, HIGH)], Paid(20)),
    bill(day(2023, 3, 20), "29008", 204, &[("6860", 88_000, MIDDLE)], Open),
    bill(day(2023, 4, 3), "29009", 6_100, &[("6420", 2_400_000, FROM_ABROAD)], Paid(44)),
    bill(day(2023, 4, 4), "29010", 6_101, &[("6420", 1_600_000, FROM_ABROAD)], Paid(44)),
    bill(day(2023, 4, 11), "29011", 770, &[("6340", 560_000, HIGH)], Paid(30)),
    bill(day(2023, 4, 12), "29012", 771, &[("6790", 720_000, FROM_ABROAD)], Paid(30)),
    bill(day(2023, 4, 17), "29013", 3_380, &[("4360", 640_000, IMPORTED)], Paid(30)),
    bill(day(2023, 4, 18), "29014", 882, &[("6500", 1_040_000, IMPORTED)], Paid(30)),
    bill(day(2023, 4, 24), "29019", 45_003, &[("6500", 3_200_000, FROM_ABROAD)], Open),
    // Owners that are suppliers of others, one of them out of reach.
    bill(day(2023, 5, 8), "29016", 4790, &[("6100", 2_800_000, HIGH)], Paid(14)),
    bill(day(2023, 5, 9), "29017", 4791, &[("6720", 5_000_000, HIGH)], Paid(14)),
    bill(day(2023, 5, 10), "29018", 4792, &[("6300", 1_500_000, FREE)], Open),
    bill(day(2024, 5, 13), "29016", 4793, &[("6100", 2_960_000, HIGH)], Open),
    // A number that comes again every year.
    bill(day(2023, 6, 12), "29020", 1001, &[("6800", 640_000, HIGH)], Paid(29)),
    bill(day(2024, 6, 10), "29020", 1001, &[("6800", 655_200, HIGH)], Paid(30)),
    bill(day(2025, 6, 9), "29020", 1001, &[("6800", 655_200, HIGH)], Paid(30)),
    // What is taken back under the same number, and posted anew; and taken back as a credit note, in another month.
    bill(day(2024, 3, 4), "29020", 4711, &[("6540", 1_200_000, HIGH)], Open),
    bill(day(2024, 3, 18), "29020", 4711, &[("6540", -1_200_000, HIGH)], TakesBack),
    bill(day(2024, 3, 19), "29020", 4711, &[("6551", 1_200_000, HIGH)], Paid(12)),
    bill(day(2024, 5, 27), "29020", 4712, &[("6700", 800_000, HIGH)], Open),
    bill(day(2024, 6, 3), "29020", 4712, &[("6700", -800_000, HIGH)], Settles(4712)),
    // A credit note for a part, paid in parts, paid late, paid early.
    bill(day(2024, 9, 2), "29020", 4720, &[("6430", 1_000_000, HIGH)], Open),
    bill(day(2024, 9, 9), "29020", 4721, &[("6430", -250_000, HIGH)], Settles(4720)),
    bill(day(2024, 9, 16), "29020", 4730, &[("6705", 3_000_000, HIGH)], PartlyPaid(1_500_000)),
    bill(day(2024, 9, 17), "29020", 4740, &[("6725", 1_800_000, HIGH)], Paid(77)),
    bill(day(2024, 9, 18), "29020", 4741, &[("6725", 1_900_000, HIGH)], Paid(3)),
    // What is no cost yet or never: stock, prepaid, furniture, and what had been accrued, of which no line is kept.
    bill(day(2024, 10, 7), "29020", 4750, &[("1460", 4_800_000, HIGH)], Paid(30)),
    bill(day(2024, 10, 8), "29020", 4751, &[("1740", 2_400_000, HIGH)], Paid(30)),
    bill(day(2024, 10, 9), "29020", 4752, &[("1250", 9_600_000, HIGH)], Paid(30)),
    bill(day(2024, 10, 10), "29020", 4753, &[("2960", 3_600_000, HIGH)], Paid(30)),
    // The tax rules of purchases that are not above.
    bill(day(2024, 11, 4), "29020", 4760, &[("5960", 240_000, MIDDLE), ("6860", 400_000, HIGH)], Paid(30)),
    bill(day(2024, 11, 5), "29020", 4761, &[("7140", 520_000, LOW)], Paid(30)),
    bill(day(2024, 11, 6), "29020", 4762, &[("7500", 1_360_000, FREE)], Paid(30)),
    // The basis of the VAT on what comes from abroad and its contra line, both on cost accounts.
    bill(
        day(2024, 11, 18),
        "29013",
        4764,
        &[("4300", 8_000_000, IMPORTED), ("4380", 8_000_000, IMPORT_BASIS), ("4381", -8_000_000, NO_RULE)],
        Paid(30),
    ),
    bill(
        day(2024, 11, 19),
        "29019",
        4770,
        &[("6790", 6_000_000, NO_RULE), ("4535", 6_000_000, FROM_ABROAD), ("4598", -6_000_000, NO_RULE)],
        Paid(30),
    ),
    // Another supplier's invoice of a number and an amount that are there already.
    bill(day(2025, 2, 3), "29012", 4711, &[("6551", 1_200_000, FROM_ABROAD)], Open),
];

/// All that is to be booked, by day: what is above, and two years of rent.
pub(crate) fn bills() -> VecDeque<Bill> {
    let months = (0..24).map(|month| day(2024 + (month + 10) / 12, (month + 10) % 12 + 1, 1));
    let rent =
        months.zip(7_001..).map(|(day, number)| bill(day, "29015", number, &[("6300", 4_500_000, HIGH)], Paid(15)));
    let mut all: Vec<Bill> = BILLS.into_iter().chain(rent).collect();
    all.sort_by_key(|bill| bill.day);
    all.into()
}
