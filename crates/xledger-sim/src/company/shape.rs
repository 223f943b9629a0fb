//! Companies that are not the ordinary one.

use crate::company::booking::Booker;
use crate::company::ledger::{Line, NEW_TYPE, NORDIC_TYPES, ODD_TYPE, Type};
use crate::company::owner::Reach;
use crate::company::supplier::Address;
use crate::company::text::Text;
use crate::company::{Company, abroad, bill, spend};
use serde::Deserialize;

/// What is special about a company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Nothing.
    #[default]
    Ordinary,
    /// No line is of a document type that books purchases.
    NoSpend,
    /// One invoice has 50,000 lines more than it should.
    HugeVoucher,
    /// Every text has 10,000 characters.
    LongTexts,
    /// Texts hold control characters, and so does the name of a document type.
    OddTexts,
    /// Every object that a row may lack is null somewhere, and many are.
    Sparse,
    /// Some vouchers are of a document type that nobody knows.
    NewDocumentType,
    /// Payroll's vouchers are of document types that say so in Swedish, Danish or Finnish.
    NordicPayroll,
    /// The token was made in one of the entities below, and reaches only that one.
    Subsidiary,
    /// One owner below is in Sweden and keeps its books by Sweden's chart, another by one whose numbers say nothing; the state pays back
    /// sick pay to the others.
    Swedish,
    /// Some suppliers' company numbers do not identify them; some invoices are no cost, are reversed or recur; an owner below is in Sweden.
    /// With 2,000 lines or more, all of this occurs.
    Spend,
}

/// Texts that no terminal, file or query should be moved by. None is a payroll text.
const ODD: [&str; 8] = [
    "\u{1b}[31mrød\u{1b}[0m tekst \u{1b}]0;tittel\u{7}",
    "før\u{0}etter",
    "\u{202e}snevel\u{2066}!",
    "linje én\r\nlinje to\u{2028}linje tre\u{85}linje fire",
    "\u{9b}2J\u{8}\u{8}\u{7f}",
    "\u{feff}\u{200b}\u{ad}",
    "=HYPERLINK(\"http://127.0.0.1\")",
    "'; DROP TABLE spend; --",
];

impl Shape {
    /// What is to be there before the books are kept.
    pub(crate) fn prepare(self, company: &mut Company) {
        match self {
            Self::Swedish => abroad::open_charts(company),
            Self::Spend => spend::prepare(company),
            _ => {}
        }
    }

    /// Tells the booker what to book.
    pub(crate) fn instruct(self, booker: &mut Booker) {
        match self {
            Self::Swedish => _ = booker.rare.splice(0..0, abroad::RARE),
            Self::Spend => {
                booker.rare.insert(0, Booker::pension_beside_premises);
                booker.bills = bill::bills();
            }
            _ => {}
        }
    }

    /// Gives the books this shape.
    pub(crate) fn give(self, company: &mut Company) {
        match self {
            Self::Ordinary | Self::Swedish => {}
            Self::Spend => spend::tell_purchases_from_sales(company),
            Self::NoSpend => {
                let bought = company.vouchers.iter_mut().filter(|voucher| voucher.is_bought());
                bought.for_each(|voucher| voucher.document_type = Some(Type::Journal as u8));
            }
            Self::HugeVoucher => huge_voucher(company),
            Self::LongTexts => {
                let long = |number: usize| format!("{number} ") + &"Lang tekst, æøå. ".repeat(10_000 / 17 + 1);
                texts(company, (0..40).map(|number| long(number).chars().take(10_000).collect()).collect());
            }
            Self::OddTexts => {
                texts(company, ODD.map(str::to_owned).to_vec());
                retype(company, ODD_TYPE);
            }
            Self::Sparse => sparse(company),
            Self::NewDocumentType => retype(company, NEW_TYPE),
            Self::NordicPayroll => {
                let paid = [Type::Salary, Type::Payroll, Type::VariablePay];
                let runs = company.vouchers.iter_mut().filter(|voucher| voucher.is_of(&paid));
                runs.zip(NORDIC_TYPES.cycle()).for_each(|(voucher, to)| voucher.document_type = Some(to));
            }
            Self::Subsidiary => {
                for (place, owner) in company.owners.iter_mut().enumerate() {
                    owner.reach = if place == 1 { Reach::Own } else { Reach::Above };
                }
                // The entity keeps the group's chart as its own.
                company.accounts.iter_mut().filter(|of| of.owner == 0).for_each(|account| account.owner = 1);
            }
        }
    }
}

/// Makes every third journal one of another document type.
fn retype(company: &mut Company, to: u8) {
    let journals = company.vouchers.iter_mut().filter(|voucher| voucher.is_of(&[Type::Journal]));
    journals.step_by(3).for_each(|voucher| voucher.document_type = Some(to));
}

fn huge_voucher(company: &mut Company) {
    let is_cost = |line: &&Line| {
        let voucher = company.voucher(line);
        let bought = voucher.is_of(&[Type::Purchase]) && company.reaches(voucher.owner);
        bought && line.position == 1 && !line.is_payroll_by_nature() && !line.headless && line.account.is_some()
    };
    let Some(mut line) = company.lines.iter().rev().find(is_cost).cloned() else { return };
    let last = company.lines.last().map_or(0, |line| line.id);
    for number in 1..=50_000 {
        line.id = last + number;
        line.position = 100 + number as u16;
        line.amount = -line.amount;
        line.invoice_amount = -line.invoice_amount;
        line.text = Text::Phrase(number as u32);
        company.lines.push(line.clone());
    }
}

/// Puts texts in the place of all that are not payroll's.
fn texts(company: &mut Company, texts: Vec<String>) {
    let count = texts.len() as u32;
    let own = |text: &mut Text, row: u32| {
        if *text != Text::Marker {
            *text = Text::Own(row % count);
        }
    };
    let mut row = 0;
    for line in &mut company.lines {
        row += 1;
        own(&mut line.text, row);
    }
    for line in &mut company.ap_lines {
        row += 1;
        own(&mut line.text, row);
    }
    for voucher in &mut company.vouchers {
        row += 1;
        own(&mut voucher.text, row);
    }
    let mut next = 0;
    let mut text = || {
        next += 1;
        texts[next % texts.len()].clone()
    };
    let mut replace = |old: &mut Option<String>| {
        if old.is_some() {
            *old = Some(text());
        }
    };
    let address = |replace: &mut dyn FnMut(&mut Option<String>), address: &mut Option<Address>| {
        let Some(address) = address else { return };
        [&mut address.street, &mut address.zip_code, &mut address.place].into_iter().for_each(replace);
    };
    for supplier in company.subledgers.iter_mut().filter(|subledger| !subledger.payroll) {
        [&mut supplier.name, &mut supplier.email, &mut supplier.phone, &mut supplier.notes]
            .into_iter()
            .for_each(&mut replace);
        address(&mut replace, &mut supplier.address);
    }
    for party in company.parties.iter_mut().filter(|party| !party.payroll) {
        [&mut party.name, &mut party.number].into_iter().for_each(&mut replace);
        address(&mut replace, &mut party.address);
    }
    for value in company.dimension_values.iter_mut().filter(|value| !value.payroll) {
        replace(&mut value.name);
    }
    company.contacts.iter_mut().for_each(|contact| contact.name = text());
    company.accounts.iter_mut().for_each(|account| account.name = text().into());
    company.owners.iter_mut().for_each(|owner| owner.name = text().into());
    for supplier in company.subledgers.iter_mut().filter(|of| of.contract.is_some()) {
        supplier.contract = Some(text());
    }
    company.own_texts = texts;
}

fn sparse(company: &mut Company) {
    for (place, supplier) in company.subledgers.iter_mut().enumerate() {
        match place % 6 {
            0 => supplier.address = None,
            1 => (supplier.contact, supplier.group) = (None, None),
            2 => (supplier.party, supplier.name, supplier.code) = (None, None, None),
            3 => supplier.address.iter_mut().for_each(|address| address.country = None),
            _ => {}
        }
    }
    for (place, line) in company.lines.iter_mut().enumerate() {
        // Payroll must keep what it is known by.
        if line.is_payroll_by_nature() {
            continue;
        }
        match place % 12 {
            0 => line.bare = true,
            1 => line.tax_rule = None,
            2 => line.party = crate::company::ledger::NONE,
            3 => line.period = None,
            4 => line.account = None,
            5 => line.headless = true,
            _ => {}
        }
    }
    for (place, line) in company.ap_lines.iter_mut().enumerate() {
        if !line.is_payroll_by_nature() {
            match place % 5 {
                0 => line.headless = true,
                1 => line.subledger = crate::company::ledger::NONE,
                2 => line.party = crate::company::ledger::NONE,
                _ => {}
            }
        }
    }
    for (place, voucher) in company.vouchers.iter_mut().enumerate().filter(|(_, voucher)| !voucher.payroll) {
        match place % 10 {
            0 => voucher.document_type = None,
            1 => (voucher.posted, voucher.modified_at) = (None, None),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shape_hides_payroll_behind_a_text_or_shows_it() {
        let shapes = [
            Shape::NoSpend,
            Shape::HugeVoucher,
            Shape::LongTexts,
            Shape::OddTexts,
            Shape::Sparse,
            Shape::NordicPayroll,
            Shape::Swedish,
            Shape::Spend,
        ];
        for shape in shapes {
            let company = Company::shaped(2_000, 1, shape);
            for line in &company.lines {
                let text = line.text.render(line.id, &company.own_texts).unwrap_or_default();
                assert_eq!(text.starts_with(crate::PAYROLL_MARKER), line.is_payroll_by_nature(), "{shape:?}");
            }
        }
    }

    #[test]
    fn shapes_are_what_they_say() {
        let shaped = |shape: Shape| {
            let mut company = Company::generate(2_000, 1);
            shape.give(&mut company);
            company
        };
        let huge = shaped(Shape::HugeVoucher);
        assert!(huge.lines.len() > 52_000 && huge.lines.is_sorted_by_key(|line| line.id));
        assert_eq!(huge.lines[huge.lines.len() - 50_000..].iter().map(|line| line.amount).sum::<i64>(), 0);
        assert!(shaped(Shape::LongTexts).own_texts.iter().all(|text| text.chars().count() == 10_000));
        let codes =
            |company: &Company| company.vouchers.iter().filter_map(|of| company.document_type(of)).collect::<Vec<_>>();
        assert!(codes(&shaped(Shape::NewDocumentType)).contains(&"ZX"));
        let nordic = codes(&shaped(Shape::NordicPayroll));
        assert!(["XL", "XM", "XT", "XF", "XS"].iter().all(|code| nordic.contains(code)) && !nordic.contains(&"LØ"));
        assert!(!codes(&shaped(Shape::NoSpend)).iter().any(|code| ["AP", "BA", "ER"].contains(code)));
        let subsidiary = shaped(Shape::Subsidiary);
        assert_eq!((0..5).filter(|&owner| subsidiary.reaches(owner)).collect::<Vec<_>>(), [1]);
    }
}
