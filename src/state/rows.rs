//! What is kept of each sort of row.

use super::stored::Stored;
use crate::fetch::{Line, Names, Payable};
use crate::index::{LedgerEntry, NONE, PayableEntry};
use crate::value::{Day, Instant, MaybeMoney, Month};

/// A row of which it is known in which file it is: files are written once, and a line that was fetched anew is in a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    /// The row's id.
    pub(crate) id: i64,
    /// The place of its file in the list of files.
    pub(crate) part: u32,
}

/// A month as a number; 0 for none.
fn month_number(month: Option<Month>) -> i64 {
    month.map_or(0, |Month { year, month }| i64::from(year) * 100 + i64::from(month))
}

fn month(number: i64) -> Option<Option<Month>> {
    if number == 0 { Some(None) } else { Month::new(number / 100, number % 100).map(Some) }
}

fn or_none<T: Into<i64>>(value: Option<T>) -> i64 {
    value.map_or(NONE, Into::into)
}

fn some(number: i64) -> Option<i64> {
    Some(number).filter(|number| *number != NONE)
}

/// An optional small number: outer `None` if it is too large to be one.
fn narrow<T: TryFrom<i64>>(number: i64) -> Option<Option<T>> {
    some(number).map_or(Some(None), |number| T::try_from(number).ok().map(Some))
}

impl Stored for Live {
    const NUMBERS: &'static [&'static str] = &["id", "part"];
    const TEXTS: &'static [&'static str] = &[];

    fn numbers(&self, put: &mut impl FnMut(i64)) {
        [self.id, self.part.into()].into_iter().for_each(put);
    }

    fn texts<'a>(&'a self, _: &'a Names, _: &mut impl FnMut(Option<&'a str>)) {}

    fn read(numbers: &[i64], _: &[Option<&str>], _: &mut Names) -> Option<Self> {
        let [id, part] = *numbers else { return None };
        Some(Self { id, part: part.try_into().ok()? })
    }
}

impl Stored for LedgerEntry {
    const NUMBERS: &'static [&'static str] =
        &["id", "owner_id", "voucher_id", "account_id", "match_id", "voucher_modified_at", "month", "document_type"];
    const TEXTS: &'static [&'static str] = &[];

    fn numbers(&self, put: &mut impl FnMut(i64)) {
        [self.id, self.owner, self.voucher, self.account, self.match_id, self.modified_at, month_number(self.month)]
            .into_iter()
            .chain([self.document_type.into()])
            .for_each(put);
    }

    fn texts<'a>(&'a self, _: &'a Names, _: &mut impl FnMut(Option<&'a str>)) {}

    fn read(numbers: &[i64], _: &[Option<&str>], _: &mut Names) -> Option<Self> {
        let [id, owner, voucher, account, match_id, modified_at, in_month, document_type] = *numbers else {
            return None;
        };
        Some(Self {
            id,
            owner,
            voucher,
            account,
            match_id,
            modified_at,
            month: month(in_month)?,
            document_type: document_type.try_into().ok()?,
        })
    }
}

impl Stored for PayableEntry {
    const NUMBERS: &'static [&'static str] = &["id", "owner_id", "voucher_id", "match_id", "document_type_id"];
    const TEXTS: &'static [&'static str] = &[];

    fn numbers(&self, put: &mut impl FnMut(i64)) {
        [self.id, self.owner, self.voucher, self.match_id, self.document_type].into_iter().for_each(put);
    }

    fn texts<'a>(&'a self, _: &'a Names, _: &mut impl FnMut(Option<&'a str>)) {}

    fn read(numbers: &[i64], _: &[Option<&str>], _: &mut Names) -> Option<Self> {
        let [id, owner, voucher, match_id, document_type] = *numbers else { return None };
        Some(Self { id, owner, voucher, match_id, document_type })
    }
}

impl Stored for Line {
    const NUMBERS: &'static [&'static str] = &[
        "id",
        "owner_id",
        "account_id",
        "company_id",
        "voucher_id",
        "voucher_number",
        "voucher_modified_at",
        "match_id",
        "dimension_1_id",
        "dimension_2_id",
        "dimension_3_id",
        "dimension_4_id",
        "dimension_5_id",
        "amount",
        "invoice_amount",
        "vat_amount",
        "posted_date",
        "month",
        "fiscal_year",
        "fiscal_period",
    ];
    const TEXTS: &'static [&'static str] =
        &["text", "document_type", "document_type_name", "invoice_currency_code", "vat_code"];

    fn numbers(&self, put: &mut impl FnMut(i64)) {
        let money = |money: MaybeMoney| or_none(money.get().map(|money| money.ten_thousandths()));
        [self.id, self.owner, self.account, self.company, self.voucher, or_none(self.voucher_number)]
            .into_iter()
            .chain([or_none(self.voucher_modified_at.map(|at| at.0)), self.match_id])
            .chain(self.dimensions)
            .chain([money(self.amount), money(self.invoice_amount), money(self.vat_amount)])
            .chain([or_none(self.posted_date.map(|day| day.0)), month_number(Some(self.month))])
            .chain([or_none(self.fiscal_year), or_none(self.fiscal_period)])
            .for_each(put);
    }

    fn texts<'a>(&'a self, names: &'a Names, put: &mut impl FnMut(Option<&'a str>)) {
        put(self.text.as_deref());
        for name in [self.document_type, self.document_type_name, self.currency, self.vat_code] {
            put(names.text(name));
        }
    }

    fn read(numbers: &[i64], texts: &[Option<&str>], names: &mut Names) -> Option<Self> {
        let (numbers, rest) = numbers.split_first_chunk::<13>()?;
        let [id, owner, account, company, voucher, number, modified_at, match_id, dimensions @ ..] = *numbers;
        let [amount, invoice_amount, vat_amount, posted_date, in_month, fiscal_year, fiscal_period] = *rest else {
            return None;
        };
        let [text, document_type, document_type_name, currency, vat_code] = *texts else { return None };
        let money = |number| match some(number) {
            None => Some(MaybeMoney::from(None)),
            Some(units) => crate::value::Money::from_ten_thousandths(units).map(|money| Some(money).into()),
        };
        Some(Self {
            id,
            owner,
            account,
            company,
            voucher,
            voucher_number: some(number),
            voucher_modified_at: some(modified_at).map(Instant),
            match_id,
            dimensions,
            amount: money(amount)?,
            invoice_amount: money(invoice_amount)?,
            vat_amount: money(vat_amount)?,
            text: text.map(Into::into),
            document_type: names.named(document_type),
            document_type_name: names.named(document_type_name),
            currency: names.named(currency),
            vat_code: names.named(vat_code),
            posted_date: narrow::<i32>(posted_date)?.map(Day),
            month: month(in_month)??,
            fiscal_year: narrow(fiscal_year)?,
            fiscal_period: narrow(fiscal_period)?,
        })
    }
}

impl Stored for Payable {
    const NUMBERS: &'static [&'static str] = &[
        "id",
        "owner_id",
        "voucher_id",
        "voucher_modified_at",
        "match_id",
        "document_type_id",
        "subledger_id",
        "company_id",
        "invoice_date",
        "due_date",
    ];
    const TEXTS: &'static [&'static str] = &["invoice_number"];

    fn numbers(&self, put: &mut impl FnMut(i64)) {
        let day = |day: Option<Day>| or_none(day.map(|day| day.0));
        [self.id, self.owner, self.voucher, self.modified_at, self.match_id, self.document_type]
            .into_iter()
            .chain([or_none(self.subledger), or_none(self.company), day(self.invoice_date), day(self.due_date)])
            .for_each(put);
    }

    fn texts<'a>(&'a self, _: &'a Names, put: &mut impl FnMut(Option<&'a str>)) {
        put(self.invoice_number.as_deref());
    }

    fn read(numbers: &[i64], texts: &[Option<&str>], _: &mut Names) -> Option<Self> {
        let [id, owner, voucher, modified_at, match_id, document_type, subledger, company, invoice_date, due_date] =
            *numbers
        else {
            return None;
        };
        let [invoice_number] = *texts else { return None };
        Some(Self {
            id,
            owner,
            voucher,
            modified_at,
            match_id,
            document_type,
            subledger: some(subledger),
            company: some(company),
            invoice_number: invoice_number.map(Into::into),
            invoice_date: narrow::<i32>(invoice_date)?.map(Day),
            due_date: narrow::<i32>(due_date)?.map(Day),
        })
    }
}
