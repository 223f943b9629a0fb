//! The vendor's standard charts of accounts beside the Norwegian one, in which most owners keep their books.

use crate::company::Company;
use crate::company::account::{Account, Chart};

/// The account that stands for one of the Norwegian chart, its code and its name.
pub(crate) type Entry = (&'static str, &'static str, &'static str);

/// The accounts of an owner in Sweden. What has no entry here is booked on the group's accounts.
const BAS: [Entry; 43] = [
    ("1250", "1220", "Inventarier och verktyg"),
    ("1500", "1510", "Kundfordringar"),
    ("1740", "1790", "Övriga förutbetalda kostnader"),
    ("1920", "1930", "Företagskonto"),
    ("2400", "2440", "Leverantörsskulder"),
    ("2701", "2611", "Utgående moms"),
    ("2711", "2641", "Ingående moms"),
    ("2770", "2731", "Avräkning sociala avgifter"),
    ("2910", "2820", "Skulder till anställda"),
    ("2930", "2910", "Upplupna löner"),
    ("2990", "2990", "Övriga upplupna kostnader"),
    ("3100", "3040", "Försäljning tjänster"),
    ("4000", "4010", "Inköp råvaror"),
    ("4300", "4020", "Inköp varor"),
    ("4500", "4600", "Underentreprenader"),
    ("5000", "7210", "Löner tjänstemän"),
    ("5090", "7010", "Löner kollektivanställda"),
    ("5180", "7090", "Semesterlöneskuld"),
    ("5400", "7510", "Arbetsgivaravgifter"),
    ("5420", "7410", "Pensionspremier"),
    ("5900", "7690", "Övriga personalkostnader"),
    ("5945", "7631", "Personalrepresentation"),
    ("5960", "7600", "Personalvård"),
    ("6300", "5010", "Lokalhyra"),
    ("6340", "5020", "Elavgifter"),
    ("6360", "5060", "Städning av lokaler"),
    ("6420", "5420", "Programvaror"),
    ("6430", "5220", "Hyra av inventarier"),
    ("6500", "5410", "Förbrukningsinventarier"),
    ("6540", "5460", "Förbrukningsmaterial"),
    ("6551", "5411", "Datorer"),
    ("6570", "5480", "Arbetskläder"),
    ("6600", "5070", "Underhåll av lokaler"),
    ("6800", "6110", "Kontorsmateriel"),
    ("6900", "6211", "Telefon"),
    ("7000", "5611", "Drivmedel"),
    ("7020", "5613", "Underhåll av bilar"),
    ("7100", "5841", "Milersättning"),
    ("7140", "5800", "Resekostnader"),
    ("7150", "5832", "Traktamenten"),
    ("7320", "5910", "Annonsering"),
    ("7350", "6071", "Representation"),
    ("7500", "6310", "Försäkringar"),
];

/// What an owner on the chart without telling numbers books on.
const FINACC: [Entry; 13] = [
    ("1920", "1910", "Bank"),
    ("2400", "2410", "Creditors"),
    ("2930", "2950", "Accrued pay"),
    ("4300", "3110", "Goods for resale"),
    ("5000", "3310", "Staff, fixed"),
    ("5400", "3320", "Staff, contributions"),
    ("5420", "3330", "Staff, pension"),
    ("5960", "3390", "Canteen"),
    ("6300", "3410", "Premises"),
    ("6420", "3510", "Systems"),
    ("6800", "3520", "Office"),
    ("7140", "3610", "Travel"),
    ("7790*", "3910", "Sundry"),
];

/// Opens accounts of another chart for an owner, behind all that there are.
pub(crate) fn open(company: &mut Company, owner: u8, chart: Chart) {
    let entries: &[Entry] = match chart {
        Chart::Ns4102 => &[("5800", "5800", "Refusjon av sykepenger"), ("5600", "5600", "Arbeidsgodtgjørelse eiere")],
        Chart::Bas => &BAS,
        Chart::Finacc => &FINACC,
    };
    open_accounts(company, owner, chart, entries);
}

/// Opens single accounts.
pub(crate) fn open_accounts(company: &mut Company, owner: u8, chart: Chart, entries: &[Entry]) {
    for &(stands_for, code, name) in entries {
        let last = company.accounts.last();
        let (id, modified_at) = last.map_or((1, 0), |last| (last.id + 3, last.modified_at));
        company.accounts.push(Account { stands_for, ..Account::open(id, owner, chart, code, name, modified_at) });
    }
}
