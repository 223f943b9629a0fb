//! Fills the registers: owners, accounts, companies, subledgers, dimension values.

use crate::company::account::{Account, CHART, Chart};
use crate::company::date::{DAY_SECONDS, WallTime};
use crate::company::dice::{Dice, mix};
use crate::company::names::{FIRST_NAMES, FORMS, LAST_NAMES, PLACES, STREETS, TRADES};
use crate::company::number::number_companies;
use crate::company::owner::{DimensionValue, owners};
use crate::company::period::periods;
use crate::company::supplier::{Address, Contact, Party, Role, Subledger};
use crate::company::text::PAYROLL_MARKER;
use crate::company::{Company, FIRST_DAY, LAST_DAY};

/// A company with full registers and empty books.
pub(crate) fn fill(lines: u64, seed: u64) -> Company {
    let mut registrar = Registrar { dice: Dice::new(seed ^ 0xA11CE), company: Company::default(), address: 2_000_000 };
    registrar.company.owners = owners();
    registrar.company.periods = periods(2021, 2027);
    registrar.accounts();
    for place in 0..registrar.company.owners.len() {
        let name = registrar.company.owners[place].name.clone().into_owned();
        let party = registrar.party(Some(name));
        registrar.company.owners[place].party = party;
    }
    registrar.suppliers((lines / 400).max(16));
    for _ in 0..(lines / 600).max(6) {
        let name = registrar.trade_name("Kunde");
        registrar.party(Some(name));
    }
    registrar.employees(lines);
    registrar.dimension_values(lines);
    number_companies(&mut registrar.company);
    registrar.company
}

struct Registrar {
    dice: Dice,
    company: Company,
    address: i32,
}

impl Registrar {
    fn changed(&mut self) -> WallTime {
        let day = self.dice.between(i64::from(FIRST_DAY) - 400, i64::from(LAST_DAY));
        day * DAY_SECONDS + self.dice.between(7 * 3600, 17 * 3600)
    }

    fn accounts(&mut self) {
        for (owner, copies) in [(0_u8, CHART.len()), (3, 12), (4, 6)] {
            for place in 0..copies {
                let (code, name, closed) = CHART[if owner == 0 { place } else { place * 5 + 10 }];
                let id = 50_100 + self.company.accounts.len() as i32 * 3;
                let closed = closed && owner == 0;
                let opened = Account::open(id, owner, Chart::Ns4102, code, name, self.changed());
                self.company.accounts.push(Account { closed, ..opened });
            }
        }
    }

    fn address(&mut self) -> Option<Address> {
        if self.dice.once_in(15) {
            return None;
        }
        self.address += 1;
        let &(zip_code, place) = self.dice.pick(&PLACES);
        let abroad = self.dice.once_in(8);
        let full = !self.dice.once_in(12);
        let street = (*self.dice.pick(&STREETS)).to_owned();
        let number = self.dice.between(1, 90).to_string();
        Some(Address {
            id: self.address,
            street: full.then_some(street),
            number: full.then_some(number),
            zip_code: full.then(|| zip_code.to_owned()),
            place: Some(place.to_owned()),
            country: if self.dice.once_in(20) { None } else { Some(if abroad { self.dice.below(6) as u8 } else { 0 }) },
        })
    }

    fn trade_name(&mut self, kind: &str) -> String {
        let place = self.dice.pick(&PLACES).1;
        let trade = *self.dice.pick(&TRADES);
        let form = *self.dice.pick(&FORMS);
        let last = *self.dice.pick(&LAST_NAMES);
        match self.dice.below(5) {
            0 => format!("{place} {trade} {form}"),
            1 => format!("{last} {trade} {form}"),
            2 => format!("{trade} \"{place}\" {form}"),
            3 => format!("{trade}huset {last}"),
            _ => format!("{kind} {last} {form}"),
        }
    }

    fn party(&mut self, name: Option<String>) -> u32 {
        let place = self.company.parties.len();
        let number = 910_000_000 + self.dice.below(89_999_999);
        let email = (!self.dice.once_in(3)).then(|| format!("post{place}@firma.example"));
        let party = Party {
            id: 7_300_000 + place as i32 * 2,
            number: (!self.dice.once_in(18)).then(|| number.to_string()),
            name,
            email,
            phone: self.dice.once_in(2).then(|| format!("+47 {}", 20_000_000 + number % 79_999_999)),
            address: self.address(),
            modified_at: self.changed(),
            payroll: false,
        };
        self.company.parties.push(party);
        place as u32
    }

    fn suppliers(&mut self, count: u64) {
        let mut earlier: Vec<u32> = Vec::new();
        for number in 0..count {
            let owner = if number < 10 { number % 5 } else { [0, 0, 0, 1, 1, 2, 3, 4][self.dice.below(8) as usize] };
            let name = (number != 7).then(|| self.trade_name("Leverandør"));
            let party = match number % 10 {
                _ if number == 5 || number > 30 && self.dice.once_in(25) => None,
                4 | 8 if !earlier.is_empty() => Some(earlier[self.dice.below(earlier.len() as u64) as usize]),
                _ => Some(self.party(name.clone())),
            };
            earlier.extend(party);
            let code = if number == 9 { None } else { Some((20_001 + number / 5 - number % 7 / 6).to_string()) };
            let closed = number == 6 || number > 30 && self.dice.once_in(15);
            let subledger = self.subledger(owner as u8, Role::Supplier, code, name, party, closed);
            self.company.subledgers.push(subledger);
        }
    }

    fn subledger(
        &mut self,
        owner: u8,
        role: Role,
        code: Option<String>,
        name: Option<String>,
        party: Option<u32>,
        closed: bool,
    ) -> Subledger {
        let place = self.company.subledgers.len();
        let contact = (role == Role::Supplier && self.dice.once_in(2)).then(|| self.contact());
        let notes = self.dice.once_in(9).then(|| "Ring før levering.\nPort 3, \"bak\" bygget 🚚".to_owned());
        let from = self.dice.between(i64::from(FIRST_DAY) - 2000, i64::from(FIRST_DAY)) as i32;
        let id = 610_000 + place as i32 * 3;
        // Not from the dice, so that these two fields change no other value.
        let terms = mix(id as u64);
        let agreed = (role == Role::Supplier && terms.is_multiple_of(3)).then(|| format!("Rammeavtale {id}"));
        let pay_terms = match (role, terms >> 8 & 7) {
            (Role::Employee, _) | (_, 0) => None,
            (_, 1..5) => Some(0),
            (_, 5 | 6) => Some(1),
            _ => Some(2),
        };
        Subledger {
            id,
            owner,
            role,
            code,
            name,
            party,
            email: self.dice.once_in(2).then(|| format!("faktura{place}@leverandor.example")),
            phone: self.dice.once_in(3).then(|| format!("{}", 40_000_000 + place)),
            bank_account: self.dice.once_in(2).then(|| format!("{:011}", 15_030_000_000 + place * 977)),
            notes,
            contract: agreed,
            pay_terms,
            from: (!self.dice.once_in(5)).then_some(from),
            to: closed.then_some(crate::company::date::day(2024, 6, 30)),
            modified_at: self.changed(),
            group: if role == Role::Employee {
                Some(3)
            } else if self.dice.once_in(9) {
                None
            } else {
                Some(self.dice.below(3) as u8)
            },
            address: self.address(),
            contact,
            ..Subledger::default()
        }
    }

    fn contact(&mut self) -> u32 {
        let place = self.company.contacts.len();
        let name = self.person();
        let email = self.dice.once_in(2).then(|| format!("kontakt{place}@leverandor.example"));
        let modified_at = self.changed();
        self.company.contacts.push(Contact { id: 3_100_000 + place as i32, name, email, modified_at });
        place as u32
    }

    fn person(&mut self) -> String {
        format!("{} {}", self.dice.pick(&FIRST_NAMES), self.dice.pick(&LAST_NAMES))
    }

    /// For each owner a few employees with expenses, and others whom only payroll names.
    fn employees(&mut self, lines: u64) {
        let each = 2 + lines / 40_000;
        for owner in 0..self.company.owners.len() as u8 {
            for number in 0..2 * each {
                let payroll = number >= each;
                let place = self.company.subledgers.len();
                let name = if payroll { format!("{PAYROLL_MARKER}ansatt-{place}") } else { self.person() };
                let party = payroll.then(|| self.party(Some(name.clone())));
                let code = if payroll { name.clone() } else { (90_001 + number).to_string() };
                let mut subledger = self.subledger(owner, Role::Employee, Some(code), Some(name.clone()), party, false);
                if payroll {
                    subledger.email = Some(name.clone());
                    subledger.phone = Some(name.clone());
                    subledger.bank_account = Some(name.clone());
                    subledger.notes = Some(name.clone());
                    subledger.address = None;
                    subledger.payroll = true;
                    if let Some(place) = party {
                        let party = &mut self.company.parties[place as usize];
                        party.number = Some(name.clone());
                        party.email = Some(name.clone());
                        party.phone = Some(name);
                        party.address = None;
                        party.payroll = true;
                    }
                }
                self.company.subledgers.push(subledger);
            }
        }
    }

    fn dimension_values(&mut self, lines: u64) {
        for owner in 0..self.company.owners.len() {
            for kind in self.company.owners[owner].dimension_kinds {
                if kind == 0 {
                    continue;
                }
                for number in 0..8 + (lines / 25_000).min(60) {
                    let place = self.company.dimension_values.len();
                    let payroll = kind == 40;
                    let marker = format!("{PAYROLL_MARKER}objekt-{place}");
                    let name = format!("{} {}", self.dice.pick(&TRADES), self.dice.pick(&PLACES).1);
                    let modified_at = self.changed();
                    self.company.dimension_values.push(DimensionValue {
                        id: 880_000 + place as i32 * 2,
                        owner: owner as u8,
                        kind,
                        code: Some(if payroll { marker.clone() } else { format!("{}", 100 + number * 10) }),
                        name: if payroll { Some(marker) } else { (!self.dice.once_in(20)).then_some(name) },
                        modified_at,
                        payroll,
                    });
                }
            }
        }
    }
}
