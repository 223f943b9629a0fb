//! The books themselves: document types, tax rules, vouchers and the lines of the two ledgers.

use crate::company::date::{Day, WallTime};
use crate::company::text::Text;

/// Stands for "none" in references by place.
pub const NONE: u32 = u32::MAX;

/// The entry at a place, unless the place stands for none.
pub(crate) fn at<T>(list: &[T], place: u32) -> Option<&T> {
    if place == NONE { None } else { list.get(place as usize) }
}

/// A document type (`transactionSource`).
#[derive(Debug, Clone, Copy)]
pub struct DocumentType {
    /// `dbId`.
    pub id: i32,
    /// `code`.
    pub code: &'static str,
    /// `description`.
    pub name: &'static str,
}

/// The document types in use; the place of each is [`Voucher::document_type`].
pub const DOCUMENT_TYPES: [DocumentType; 18] = [
    DocumentType { id: 612, code: "AP", name: "Leverandørfaktura" },
    DocumentType { id: 640, code: "BA", name: "Bank" },
    DocumentType { id: 655, code: "ER", name: "Reiseregning og utlegg" },
    DocumentType { id: 797, code: "AR", name: "Kundefaktura" },
    DocumentType { id: 600, code: "SO", name: "Salgsordre" },
    DocumentType { id: 610, code: "GL", name: "Hovedbok" },
    DocumentType { id: 3536, code: "OS", name: "Åpningssaldo" },
    DocumentType { id: 670, code: "OCR", name: "Innbetaling" },
    DocumentType { id: 690, code: "LØ", name: "Lønn" },
    DocumentType { id: 691, code: "PR", name: "Payroll" },
    DocumentType { id: 694, code: "XV", name: "Variabel lønn" },
    DocumentType { id: 701, code: "ZX", name: "Ny bilagstype" },
    DocumentType { id: 702, code: "\u{1b}[7mZY", name: "\u{1b}[31mRød\u{202e}\r\nbilagstype\u{0}\u{9b}2J" },
    DocumentType { id: 711, code: "XL", name: "Lön" },
    // The same word in parts, as some keyboards write it.
    DocumentType { id: 712, code: "XM", name: "Ma\u{30a}nadslo\u{308}n" },
    DocumentType { id: 713, code: "XT", name: "Timeløn og pension" },
    DocumentType { id: 714, code: "XF", name: "Palkat" },
    DocumentType { id: 715, code: "XS", name: "Semesterlöner" },
];
/// The places of the document types in [`DOCUMENT_TYPES`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    Purchase = 0,
    Bank = 1,
    Expense = 2,
    Invoice = 3,
    SalesOrder = 4,
    Journal = 5,
    Opening = 6,
    Receipt = 7,
    Salary = 8,
    Payroll = 9,
    VariablePay = 10,
}

/// The place of a document type that is in nobody's list, in [`DOCUMENT_TYPES`].
pub(crate) const NEW_TYPE: u8 = 11;
/// The place of a document type whose code and name hold control characters.
pub(crate) const ODD_TYPE: u8 = 12;
/// The places of document types that say payroll in Swedish, Danish or Finnish.
pub(crate) const NORDIC_TYPES: std::ops::Range<u8> = 13..18;

/// Tax rules: `dbId`, `code`, `description` and the rate in percent. The first [`USUAL_RULES`] are those of sales, which most companies here
/// book purchases with too; the others are those of purchases.
pub const TAX_RULES: [(i32, &str, &str, i64); 15] = [
    (9001, "2", "Innenlands høy sats", 25),
    (9002, "2N", "Innenlands høy sats, netto", 25),
    (9003, "20", "Fritatt", 0),
    (9004, "27", "Utenlandske kunder", 0),
    (9005, "29", "Utenfor avgiftsområdet", 0),
    (9006, "21", "Middels sats", 15),
    (9007, "22", "Lav sats", 12),
    (9008, "81", "Omvendt avgiftsplikt", 25),
    (9010, "0", "Kjøp uten mva", 0),
    (9011, "1", "Inngående mva 25 %", 25),
    (9012, "11", "Inngående mva 15 %", 15),
    (9013, "13", "Inngående mva 12 %", 12),
    // This rule and the next have codes that rules of sales above have, too.
    (9014, "21", "Kjøp av varer fra utlandet 25 %", 25),
    (9015, "81", "Grunnlag innførsel 25 %", 25),
    (9016, "86", "Tjenester fra utlandet 25 %", 25),
];
/// How many of the [`TAX_RULES`] every company has.
pub const USUAL_RULES: usize = 8;

/// A voucher (`TransactionHeader`).
#[derive(Debug, Clone)]
pub struct Voucher {
    /// `dbId`.
    pub id: i32,
    /// `transactionNumber`.
    pub number: i32,
    /// The owner's place in [`crate::Company::owners`].
    pub owner: u8,
    /// The place of its type in [`DOCUMENT_TYPES`]; none means a null `transactionSource`.
    pub document_type: Option<u8>,
    /// The place of its period in [`crate::Company::periods`].
    pub period: Option<u16>,
    /// `postedDate`.
    pub posted: Option<Day>,
    /// `createdAt`.
    pub created_at: WallTime,
    /// `modifiedAt`.
    pub modified_at: Option<WallTime>,
    /// `text`.
    pub text: Text,
    /// Whether it books payroll, wholly or in part.
    pub payroll: bool,
}

impl Voucher {
    /// The id of the document that a supplier sent (`invoiceFile`); one that books payroll too is not shown.
    #[must_use]
    pub fn invoice_file(&self) -> Option<i32> {
        (self.is_of(&[Type::Purchase]) && !self.payroll).then_some(self.id + 1)
    }

    /// Whether it is of one of these types.
    pub(crate) fn is_of(&self, types: &[Type]) -> bool {
        types.iter().any(|&of| self.document_type == Some(of as u8))
    }

    /// Whether it is of a type that books purchases.
    pub(crate) fn is_bought(&self) -> bool {
        self.is_of(&[Type::Purchase, Type::Bank, Type::Expense])
    }
}

/// A general-ledger line (`Transaction`).
#[derive(Debug, Clone)]
pub struct Line {
    /// `dbId`.
    pub id: i64,
    /// `amount` in hundredths of the owner's base currency; debit is positive.
    pub amount: i64,
    /// `invoiceAmount` in hundredths of [`Line::currency`].
    pub invoice_amount: i64,
    /// `taxAmount` in hundredths; none means null.
    pub tax_amount: Option<i64>,
    /// `text`.
    pub text: Text,
    /// The place of its voucher in [`crate::Company::vouchers`].
    pub voucher: u32,
    /// The place of its account in [`crate::Company::accounts`]; none means null.
    pub account: Option<u16>,
    /// The place of its counterparty in [`crate::Company::parties`], or [`NONE`].
    pub party: u32,
    /// `matchId`; 0 means not matched.
    pub match_id: i32,
    /// The places of its GL objects in [`crate::Company::dimension_values`], or [`NONE`].
    pub dimensions: [u32; 5],
    /// The place of its period in [`crate::Company::periods`].
    pub period: Option<u16>,
    /// `positionNumber`.
    pub position: u16,
    /// The place of its currency in [`crate::company::supplier::CURRENCIES`].
    pub currency: u8,
    /// The place of its tax rule in [`TAX_RULES`].
    pub tax_rule: Option<u8>,
    /// Whether its `header` is answered as null.
    pub headless: bool,
    /// Whether its `owner`, `currency` and `invoiceAmount` are answered as null.
    pub bare: bool,
    payroll: bool,
}

impl Line {
    /// A line of a voucher with an amount and nothing else.
    #[must_use]
    pub fn new(id: i64, voucher: u32, amount: i64) -> Self {
        Self {
            id,
            amount,
            invoice_amount: amount,
            tax_amount: None,
            text: Text::None,
            voucher,
            account: None,
            party: NONE,
            match_id: 0,
            dimensions: [NONE; 5],
            period: None,
            position: 0,
            currency: 0,
            tax_rule: None,
            headless: false,
            bare: false,
            payroll: false,
        }
    }

    /// Marks the line as payroll: done when it is booked, by whoever knows what is being booked.
    pub fn book_as_payroll(&mut self) {
        self.payroll = true;
    }

    /// Whether the line was booked as payroll: known from what it is, not from any rule.
    #[must_use]
    pub fn is_payroll_by_nature(&self) -> bool {
        self.payroll
    }
}

/// A line of the accounts-payable ledger (`APTransaction`).
#[derive(Debug, Clone)]
pub struct ApLine {
    /// `dbId`.
    pub id: i32,
    /// The place of its voucher in [`crate::Company::vouchers`].
    pub voucher: u32,
    /// The place of its subledger in [`crate::Company::subledgers`], or [`NONE`].
    pub subledger: u32,
    /// The place of its counterparty in [`crate::Company::parties`], or [`NONE`].
    pub party: u32,
    /// The place of its account in [`crate::Company::accounts`].
    pub account: Option<u16>,
    /// `amount` in hundredths of the owner's base currency.
    pub amount: i64,
    /// `invoiceAmount` in hundredths of [`ApLine::currency`].
    pub invoice_amount: i64,
    /// `invoiceRemaining` in hundredths of [`ApLine::currency`].
    pub remaining: i64,
    /// The invoice's number in the supplier's own series; 0 means null.
    pub invoice: u32,
    /// `invoiceDate`.
    pub invoice_date: Option<Day>,
    /// `dueDate`.
    pub due_date: Option<Day>,
    /// `paymentDate` and `lastPaymentDate`.
    pub paid: Option<Day>,
    /// `matchId`; 0 means not matched.
    pub match_id: i32,
    /// `text`.
    pub text: Text,
    /// The place of its currency in [`crate::company::supplier::CURRENCIES`].
    pub currency: u8,
    /// The place of its type in [`AP_TYPES`].
    pub kind: u8,
    /// Whether its `transactionHeader` is answered as null.
    pub headless: bool,
    payroll: bool,
}

/// Types of an accounts-payable line (`slTransactionType`): `dbId` and `name`, in English and in Norwegian.
pub const AP_TYPES: [(i32, &str, &str); 4] =
    [(1, "Invoice", "Faktura"), (2, "Credit note", "Kreditnota"), (3, "Payment", "Betaling"), (4, "Expense", "Utlegg")];

impl ApLine {
    /// A line of a voucher with a subledger and an amount and nothing else.
    #[must_use]
    pub fn new(id: i32, voucher: u32, subledger: u32, amount: i64) -> Self {
        Self {
            id,
            voucher,
            subledger,
            party: NONE,
            account: None,
            amount,
            invoice_amount: amount,
            remaining: amount,
            invoice: 0,
            invoice_date: None,
            due_date: None,
            paid: None,
            match_id: 0,
            text: Text::None,
            currency: 0,
            kind: 0,
            headless: false,
            payroll: false,
        }
    }

    /// Marks the line as payroll: done when it is booked, by whoever knows what is being booked.
    pub fn book_as_payroll(&mut self) {
        self.payroll = true;
        self.text = Text::Marker;
    }

    /// Whether the line was booked as payroll: known from what it is, not from any rule.
    #[must_use]
    pub fn is_payroll_by_nature(&self) -> bool {
        self.payroll
    }

    /// Whether it is an invoice or a credit note, which are there as documents; payments and expenses are not.
    #[must_use]
    pub fn is_invoice(&self) -> bool {
        self.kind < 2
    }

    /// The invoice number as the supplier writes it.
    #[must_use]
    pub fn invoice_number(&self) -> Option<String> {
        if self.payroll {
            return Some(format!("{}{}", crate::PAYROLL_MARKER, self.id));
        }
        let number = self.invoice;
        match (number, self.subledger % 4) {
            (0, _) => None,
            (_, 1) => Some(format!("F-{number}")),
            (_, 3) => Some(format!("20{:02}/{number:06}", 22 + number % 5)),
            _ => Some(number.to_string()),
        }
    }
}
