//! What is changed of registers.

use crate::company::history::Clerk;
use crate::company::supplier::{Address, Role};
use std::collections::BTreeSet;

kinds! {
    /// Which entry of a register is changed, and what of it.
    pub enum Entry {
        /// The name of a supplier.
        SupplierName,
        /// The address of a supplier.
        SupplierAddress,
        /// The organisation number of a supplier's company.
        CompanyNumber,
        /// The company of a supplier.
        SupplierCompany,
        /// There is a new supplier.
        NewSupplier,
        /// A supplier is none any more.
        SupplierGone,
        /// The name of an account.
        AccountName,
        /// The code of an account, to a bank account's.
        AccountToBank,
        /// The code of an account, to a payroll account's.
        AccountToPayroll,
        /// The code of an account, back to the one that it was opened with.
        AccountBack,
        /// An account is closed, or opened again.
        AccountClosed,
        /// The name of an owner.
        OwnerName,
        /// The name of a value of a dimension.
        DimensionName,
        /// The name of a document type, to one that tells of payroll.
        TypeToPayroll,
        /// The name of a document type, back to the first one.
        TypeBack,
    }
}

impl Clerk {
    pub(super) fn register(&mut self, what: Entry) {
        let among = self.entries(what);
        for place in self.choose(among) {
            let number = self.dice.below(100_000);
            match what {
                Entry::AccountName
                | Entry::AccountToBank
                | Entry::AccountToPayroll
                | Entry::AccountBack
                | Entry::AccountClosed => self.change_account(place, what, number),
                Entry::OwnerName => self.books.owners[place].name = format!("Omdøpt {number} AS").into(),
                Entry::DimensionName => {
                    let value = &mut self.books.dimension_values[place];
                    value.name = Some(format!("Omdøpt {number}"));
                    value.modified_at = self.now;
                }
                Entry::TypeToPayroll => {
                    self.books.renamed_types.insert(place as u8, format!("Variabel lønn {number}"));
                }
                Entry::TypeBack => {
                    self.books.renamed_types.remove(&(place as u8));
                }
                _ => self.change_supplier(place, what, number),
            }
        }
    }

    /// The places of what can be changed so.
    fn entries(&self, what: Entry) -> Vec<usize> {
        let books = &self.books;
        let bought: Vec<_> = self.costs().into_iter().map(|place| &books.lines[place]).collect();
        let accounts: BTreeSet<usize> = bought.iter().filter_map(|line| line.account).map(usize::from).collect();
        match what {
            Entry::AccountBack => {
                let is = |&place: &usize| books.accounts[place].code != books.accounts[place].first_code;
                (0..books.accounts.len()).filter(is).collect()
            }
            Entry::AccountName | Entry::AccountToBank | Entry::AccountToPayroll | Entry::AccountClosed => {
                accounts.into_iter().collect()
            }
            Entry::OwnerName => {
                let owners: BTreeSet<usize> = bought.iter().map(|line| books.voucher(line).owner.into()).collect();
                owners.into_iter().collect()
            }
            Entry::DimensionName => {
                let values = bought.iter().flat_map(|line| line.dimensions).map(|place| place as usize);
                let is = |place: &usize| books.dimension_values.get(*place).is_some_and(|value| !value.payroll);
                values.filter(is).collect::<BTreeSet<_>>().into_iter().collect()
            }
            Entry::TypeToPayroll => {
                (0..3).filter(|place| !books.renamed_types.contains_key(place)).map(usize::from).collect()
            }
            Entry::TypeBack => books.renamed_types.keys().map(|&place| usize::from(place)).collect(),
            Entry::CompanyNumber | Entry::SupplierCompany => {
                self.suppliers().into_iter().filter(|&place| books.subledgers[place].party.is_some()).collect()
            }
            _ => self.suppliers(),
        }
    }

    fn suppliers(&self) -> Vec<usize> {
        let is = |place: &usize| {
            let subledger = &self.books.subledgers[*place];
            subledger.role == Role::Supplier && self.books.reaches(subledger.owner)
        };
        (0..self.books.subledgers.len()).filter(is).collect()
    }

    fn change_account(&mut self, place: usize, what: Entry, number: u64) {
        let account = &mut self.books.accounts[place];
        account.modified_at = self.now;
        match what {
            Entry::AccountToBank => account.code = "1950",
            Entry::AccountToPayroll => account.code = "5050",
            Entry::AccountBack => account.code = account.first_code,
            Entry::AccountClosed => account.closed = !account.closed,
            _ => account.name = format!("Omdøpt {number}").into(),
        }
    }

    fn change_supplier(&mut self, place: usize, what: Entry, number: u64) {
        let supplier = &self.books.subledgers[place];
        let (owner, party) = (supplier.owner, supplier.party);
        if what == Entry::CompanyNumber {
            if let Some(party) = party {
                let party = &mut self.books.parties[party as usize];
                party.number = Some((810_000_000 + number).to_string());
                party.modified_at = self.now;
            }
            return;
        }
        if what == Entry::NewSupplier {
            let mut new = supplier.clone();
            new.id = self.books.subledgers.last().map_or(new.id, |last| last.id) + 3;
            new.code = Some((30_000 + number).to_string());
            new.name = Some(format!("Ny leverandør {number}"));
            new.modified_at = self.now;
            self.books.subledgers.push(new);
            return;
        }
        // Every owner keeps one supplier to buy from.
        let left = self.suppliers().into_iter().filter(|&place| self.books.subledgers[place].owner == owner).count();
        let other = party.map(|party| self.other_party(party));
        let supplier = &mut self.books.subledgers[place];
        match what {
            Entry::SupplierName => supplier.name = Some(format!("Omdøpt {number} AS")),
            Entry::SupplierAddress => {
                let id = supplier.address.as_ref().map_or(2_900_000 + supplier.id, |address| address.id);
                supplier.address = Some(Address {
                    id,
                    street: Some(format!("Nyveien {number}")),
                    number: None,
                    zip_code: Some("9008".to_owned()),
                    place: Some("Tromsø".to_owned()),
                    country: Some((number % 6) as u8),
                });
            }
            Entry::SupplierCompany => supplier.party = other,
            _ if left > 1 => supplier.role = Role::Employee,
            _ => return,
        }
        supplier.modified_at = self.now;
    }
}
