//! All words of the page, in both languages.

use crate::classify::category::Language;

macro_rules! words {
    ($($name:ident: $english:literal, $norwegian:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct Words {
            $(pub(super) $name: &'static str,)*
        }

        const ENGLISH: Words = Words { $($name: $english,)* };
        const NORWEGIAN: Words = Words { $($name: $norwegian,)* };
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $norwegian),)*];
    };
}

// `{0}` and so on are filled in.
words! {
    language: "en", "nb";
    thousands_sign: ",", "\u{a0}";
    decimal_sign: ".", ",";
    percent_sign: "%", "\u{a0}%";
    after_day: "", ".";
    before_time: ", ", " kl. ";
    time_sign: ":", ".";
    month_names: "January February March April May June July August September October November December",
        "januar februar mars april mai juni juli august september oktober november desember";
    and: "and", "og";

    title: "Spend", "Innkjøp";
    and_more: "{0} and {1} more", "{0} og {1} til";
    basis: "Without VAT that is deducted, by accounting period, without intercompany.",
        "Uten fradragsberettiget mva., etter regnskapsperiode, uten konserninterne kjøp.";
    currency: "Currency", "Valuta";
    currencies: "{0}; each by itself", "{0}; hver for seg";
    no_currency: "not known", "ikke kjent";
    no_currency_of: "Currency not known", "Ukjent valuta";
    months_shown: "Months", "Måneder";
    compared: "{0}, compared with {1}", "{0}, sammenlignet med {1}";
    not_compared: "{0}. No comparison with the year before: the tables begin in {1}",
        "{0}. Ikke sammenlignet med året før: tabellene begynner i {1}";
    late: "{0} has just ended, so invoices of it may still come.",
        "{0} er nettopp avsluttet, så fakturaer kan fortsatt komme.";
    data_of: "Data as of", "Data per";
    contents: "Contents", "Innhold";

    spend: "Spend", "Innkjøp";
    suppliers: "Suppliers", "Leverandører";
    supplier: "Supplier", "Leverandør";
    invoices: "Invoices", "Fakturaer";
    without_supplier: "Without supplier", "Uten leverandør";
    top_ten: "Top 10 suppliers", "Topp 10 leverandører";
    year_before: "{0} the year before", "{0} året før";
    changed_from: "{0} from {1}", "{0} fra {1}";

    trust: "Can it be trusted?", "Er tallene til å stole på?";
    trust_lines: "The tables hold {2} of the ledger lines on accounts that are not excluded ({0} of {1}, without payroll); the others are of document types that are not kept, such as journals and sales, or of earlier years.",
        "Tabellene omfatter {2} av hovedbokslinjene på kontoer som ikke er utelatt ({0} av {1}, uten lønn); resten er bilagsarter som ikke er med, som journaler og salg, eller eldre år.";
    trust_all: "The tables hold all {1} ledger lines on accounts that are not excluded, without payroll.",
        "Tabellene omfatter alle {1} hovedbokslinjer på kontoer som ikke er utelatt, uten lønn.";
    trust_refused: "Lines that could not be judged: {0}.", "Linjer som ikke kunne vurderes: {0}.";
    trust_supplier: "{0} of spend has no supplier.", "{0} av innkjøpene har ingen leverandør.";
    trust_checks: "All checks are ok ({0}).", "Alle kontroller er i orden ({0}).";
    trust_warned: "Checks that need a look ({0} of {1}): {2}.", "Kontroller som bør ses på ({0} av {1}): {2}.";
    trust_unchecked: "The data was not checked.", "Dataene er ikke kontrollert.";
    trust_lost: "Fields that could not be read: {0}.", "Felt som ikke kunne leses: {0}.";

    by_month: "Month by month", "Måned for måned";
    by_month_chart: "Spend by month and category, {0}. The same figures are in the table below.",
        "Innkjøp per måned og kategori, {0}. De samme tallene står i tabellen under.";
    millions: "{0}, millions", "{0}, millioner";
    thousands: "{0}, thousands", "{0}, tusen";
    units: "{0}", "{0}";
    net: "net, where credit notes weigh", "netto, der kreditnotaer teller";
    open_month: "{0}, not ended", "{0}, ikke avsluttet";
    open_month_note: "{0} has not ended: it is in this chart alone.", "{0} er ikke avsluttet og er bare med i dette diagrammet.";
    the_figures: "The figures of the chart", "Tallene i diagrammet";
    month: "Month", "Måned";
    total: "Total", "Sum";

    categories: "Categories", "Kategorier";
    category: "Category", "Kategori";
    no_category: "Without category", "Uten kategori";
    other_categories: "Other categories ({0})", "Andre kategorier ({0})";
    others: "Others ({0})", "Andre ({0})";
    all_others: "Others", "Andre";
    share: "Share", "Andel";
    change: "Change", "Endring";
    no_name: "Without name", "Uten navn";
    no_code: "Without code", "Uten kode";
    supplier_code: "Supplier {0}", "Leverandør {0}";

    few_suppliers: "{0} of {1} suppliers make 80% of what has a supplier.", "{0} av {1} leverandører står for 80 % av det som har leverandør.";
    concentration: "{0} of {1} suppliers make 80% of what has a supplier; the ten largest make {2} of all spend.",
        "{0} av {1} leverandører står for 80 % av det som har leverandør; de ti største står for {2} av alle innkjøp.";
    by_code: "Suppliers go by their codes, as the settings say.", "Leverandører vises med kode, slik innstillingene sier.";
    people_by_code: "Suppliers that are registered with a person's number are shown by their code.",
        "Leverandører som er registrert med et personnummer, vises med kode.";

    owners: "Companies", "Selskaper";
    owner: "Company", "Selskap";
    dimensions: "Dimensions", "Dimensjoner";
    without_value: "Without {0}", "Uten {0}";
    no_dimensions: "No line has a dimension.", "Ingen linjer har dimensjoner.";
    kinds_of_people: "Not shown, because its values are people: {0}.", "Vises ikke, fordi verdiene er personer: {0}.";

    tail: "Many small suppliers", "Mange små leverandører";
    tail_what: "What", "Hva";
    tail_suppliers: "Suppliers of the last 20%", "Leverandører i de siste 20 %";
    tail_head: "Suppliers of the first 80%", "Leverandører i de første 80 %";
    tail_once: "Suppliers with one invoice only", "Leverandører med bare én faktura";
    tail_sentence: "{0} of the suppliers make the last 20% of what has a supplier, and {1} of the invoices.",
        "{0} av leverandørene står for de siste 20 % av det som har leverandør, og for {1} av fakturaene.";

    payment: "Terms of payment", "Betalingsfrister";
    payment_sentence: "An invoice is due {0} days after its date, weighted by amount.",
        "En faktura forfaller {0} dager etter fakturadato, vektet etter beløp.";
    payment_unknown: "No invoice has both its date and its due date.", "Ingen faktura har både fakturadato og forfallsdato.";
    payment_limit: "Days from the date of the invoice to the due date; when it was paid is not known here.",
        "Dager fra fakturadato til forfallsdato; når det ble betalt, er ikke kjent her.";
    days: "Days", "Dager";
    of_invoices: "Of the invoices", "Av fakturaene";
    at_once: "at once", "straks";
    days_from: "{0} to {1}", "{0} til {1}";
    days_above: "more than {0}", "mer enn {0}";
    days_unknown: "not known", "ikke kjent";

    no_spend: "There is no spend in these months.", "Det er ingen innkjøp i disse månedene.";
    no_spend_at_all: "There is no spend in the tables yet.", "Det er ingen innkjøp i tabellene ennå.";
    left_to_the_tables: "Currencies that are not shown here", "Valutaer som ikke vises her";
    ever: "All months of the tables together, from {2} on: {0} on {1} lines.", "Alle måneder i tabellene til sammen, fra {2}: {0} på {1} linjer.";
    intercompany: "Left out as intercompany: {0} on {1} lines.", "Utelatt som konserninternt: {0} på {1} linjer.";

    lines: "Lines", "Linjer";
    lines_listed: "In the ledger", "I hovedboken";
    lines_payroll: "Payroll: never asked for", "Lønn: aldri hentet";
    lines_refused: "Could not be judged: type, period or account is missing", "Kunne ikke vurderes: type, periode eller konto mangler";
    lines_document_type: "Document types that are not kept", "Bilagsarter som ikke er med";
    lines_account: "Accounts that are excluded: bank, VAT, payables", "Kontoer som er utelatt: bank, mva., gjeld";
    lines_history: "Before the first month that is kept", "Før den første måneden som er med";
    lines_gone: "Deleted while they were fetched", "Slettet mens de ble hentet";
    lines_kept: "In the tables", "I tabellene";
    accounts_to_confirm: "Accounts that look like wages and are kept: {0}. Somebody must say what they are.",
        "Kontoer som ligner lønn og er med: {0}. Noen må si hva de er.";
    unfit: "Values that did not fit and are left empty: {0}.", "Verdier som ikke passet og er tomme: {0}.";

    checks: "Checks", "Kontroller";
    check: "Check", "Kontroll";
    status: "Status", "Status";
    should_hold: "What should hold", "Hva som skal gjelde";
    check_details: "Figures and places", "Tall og steder (på engelsk)";
    figure: "Figure", "Tall";
    meaning: "Where, and what it means", "Hvor, og hva det betyr";
    ok: "ok", "i orden";
    warn: "needs a look", "bør ses på";
    fail: "failed", "feilet";

    integrity: "tables add up", "tabellene går opp";
    integrity_holds: "Every line stands once, in its month, with its supplier; sums and counts agree.",
        "Hver linje står én gang, i sin måned, med sin leverandør; summer og antall stemmer.";
    whole_invoices: "invoices left out entirely", "fakturaer som er helt utelatt";
    whole_invoices_holds: "No supplier invoice is booked on excluded accounts alone, such as accruals.",
        "Ingen leverandørfaktura er bare ført på utelatte kontoer, for eksempel periodiseringer.";
    coverage: "part of the ledger", "andel av hovedboken";
    coverage_holds: "As large a part of the closed months is in the tables as last time.",
        "En like stor del av de avsluttede månedene er med som sist.";
    wage_accounts: "accounts that look like wages", "kontoer som ligner lønn";
    wage_accounts_holds: "Every account that looks like wages counts as payroll.", "Alle kontoer som ligner lønn, regnes som lønn.";
    closed_months: "closed months", "avsluttede måneder";
    closed_months_holds: "Months that ended more than two months ago have not moved.",
        "Måneder avsluttet for mer enn to måneder siden er uendret.";
    match_rates: "suppliers, invoices and categories found", "leverandører, fakturaer og kategorier som er funnet";
    match_rates_holds: "As many lines have them as last time.", "Like mange linjer har dem som sist.";
    vat_rates: "VAT rates", "mva.-satser";
    vat_rates_holds: "The VAT on each code is of the rate that is given for it.", "Mva. på hver kode har satsen som er oppgitt for den.";
    exchange_rates: "exchange rates", "valutakurser";
    exchange_rates_holds: "Amounts in two currencies are of one rate in a month.", "Beløp i to valutaer har samme kurs i en måned.";
    dominant_suppliers: "suppliers that stand out", "leverandører som skiller seg ut";
    dominant_suppliers_holds: "No supplier suddenly has more than half of a company's month.",
        "Ingen leverandør har plutselig mer enn halvparten av et selskaps måned.";
    dates: "dates", "datoer";
    dates_holds: "Invoices are dated before they are due and posted, and near their period.",
        "Fakturaer er datert før forfall og bokføring, og nær perioden sin.";
    supplier_numbers: "organisation numbers", "organisasjonsnumre";
    supplier_numbers_holds: "Every supplier has a valid number of its own.", "Hver leverandør har sitt eget gyldige nummer.";
    offsetting_pairs: "lines that cancel out", "linjer som opphever hverandre";
    offsetting_pairs_holds: "Few lines of a voucher cancel each other out on two accounts.",
        "Få linjer i et bilag opphever hverandre på to kontoer.";

    moved: "What moved since the last snapshot", "Hva som er endret siden forrige utgave";
    moved_first: "This is the first snapshot.", "Dette er den første utgaven.";
    moved_nothing: "Nothing.", "Ingenting.";
    moved_unknown: "It could not be compared with the last snapshot.", "Den kunne ikke sammenlignes med forrige utgave.";
    moved_old: "Months that ended more than two months ago and moved: {0}.", "Måneder avsluttet for mer enn to måneder siden som er endret: {0}.";
    added: "Added", "Nye";
    changed: "Changed", "Endret";
    removed: "Removed", "Fjernet";
    earlier_months: "Earlier months", "Tidligere måneder";

    lost: "Columns that are missing", "Kolonner som mangler";
    lost_nothing: "None.", "Ingen.";
    field: "Field of Xledger", "Felt i Xledger";
    columns: "Columns", "Kolonner";
    right: "Right", "Rettighet";

    cost: "{0} requests, {1} and {2} seconds to make. Snapshot {3}.", "{0} forespørsler, {1} og {2} sekunder å lage. Utgave {3}.";
}

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Norwegian => &NORWEGIAN,
        }
    }

    /// What a check is called, and what should hold by it.
    pub(super) fn check(&self, name: &str) -> Option<(&'static str, &'static str)> {
        Some(match name {
            "integrity" => (self.integrity, self.integrity_holds),
            "supplier_invoices_without_kept_line" => (self.whole_invoices, self.whole_invoices_holds),
            "coverage" => (self.coverage, self.coverage_holds),
            "wage_accounts_outside" => (self.wage_accounts, self.wage_accounts_holds),
            "closed_months_moved" => (self.closed_months, self.closed_months_holds),
            "match_rates" => (self.match_rates, self.match_rates_holds),
            "vat_rates" => (self.vat_rates, self.vat_rates_holds),
            "exchange_rates" => (self.exchange_rates, self.exchange_rates_holds),
            "dominant_suppliers" => (self.dominant_suppliers, self.dominant_suppliers_holds),
            "dates" => (self.dates, self.dates_holds),
            "supplier_numbers" => (self.supplier_numbers, self.supplier_numbers_holds),
            "offsetting_pairs" => (self.offsetting_pairs, self.offsetting_pairs_holds),
            _ => return None,
        })
    }
}

/// A text with `{0}`, `{1}` … filled in. What is filled in is not looked at again.
pub(super) fn fill(text: &str, with: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len() + with.iter().map(|part| part.len()).sum::<usize>());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or(("", after));
        filled.push_str(place.parse().ok().and_then(|place: usize| with.get(place)).unwrap_or(&""));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        for (name, english, norwegian) in ALL {
            let places =
                |text: &str| (0..5).map(|place| text.matches(&format!("{{{place}}}")).count()).collect::<Vec<_>>();
            assert_eq!(places(english), places(norwegian), "{name}");
        }
        for names in [ENGLISH.month_names, NORWEGIAN.month_names] {
            assert_eq!(names.split(' ').count(), 12);
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{0} of {1}: {0}", &["{1}", "b"]), "{1} of b: {1}");
        assert_eq!(fill("{2}none{x} 100 %", &[]), "none 100 %");
    }
}
