//! The chart of accounts: NS 4102 with the oddities that real charts have.

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// `dbId`.
    pub id: i32,
    /// The owner's place in [`crate::Company::owners`].
    pub owner: u8,
    /// The standard chart that it belongs to.
    pub chart: Chart,
    /// `code`: mostly four digits.
    pub code: &'static str,
    /// The code that it was opened with.
    pub first_code: &'static str,
    /// The code that bookings name it by, whatever it is called: that of the Norwegian account that it stands for.
    pub stands_for: &'static str,
    /// Its name.
    pub name: std::borrow::Cow<'static, str>,
    /// Whether it is closed: it may still have old postings.
    pub closed: bool,
    /// When it was last changed.
    pub modified_at: i64,
    /// Whether it is kept at the owner above, for all below it to use.
    pub above: bool,
}

/// A standard chart: its id is the vendor's, the same in every company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chart {
    /// Norway's.
    Ns4102,
    /// Sweden's: wages are 7000 to 7599, and 50 is what premises cost.
    Bas,
    /// One whose numbers say nothing: only an account's flags tell what it is for.
    Finacc,
}

impl Chart {
    /// `dbId`.
    #[must_use]
    pub fn id(self) -> i32 {
        match self {
            Self::Ns4102 => 2,
            Self::Bas => 3,
            Self::Finacc => 12,
        }
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ns4102 => "NS 4102",
            Self::Bas => "BAS 2017",
            Self::Finacc => "FINACC",
        }
    }
}

/// The classes of NS 4102: the account flags and the group's code and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after the flag of the API")]
pub enum Class {
    Asset,
    Equity,
    Liability,
    Revenue,
    GoodsSold,
    Wages,
    OtherOperating,
    Finance,
}

impl Account {
    /// An open account, which stands for itself.
    pub(crate) fn open(
        id: i32,
        owner: u8,
        chart: Chart,
        code: &'static str,
        name: &'static str,
        modified_at: i64,
    ) -> Self {
        let name = name.into();
        Self {
            id,
            owner,
            chart,
            code,
            first_code: code,
            stands_for: code,
            name,
            closed: false,
            modified_at,
            above: false,
        }
    }

    /// The class, from the first two digits of the code; codes without digits count as other operating cost.
    #[must_use]
    pub fn class(&self) -> Class {
        let mut digits = self.code.bytes().filter(u8::is_ascii_digit);
        let digits = (digits.next(), digits.next());
        match (self.chart, digits) {
            (Chart::Bas, (Some(b'7'), Some(b'0'..=b'5'))) => return Class::Wages,
            (Chart::Bas, (Some(b'5'..=b'7'), _)) => return Class::OtherOperating,
            (Chart::Finacc, (Some(b'3'), Some(b'1'))) => return Class::GoodsSold,
            // Staff welfare is no pay.
            (Chart::Finacc, (Some(b'3'), Some(b'3'))) if self.code != "3390" => return Class::Wages,
            (Chart::Finacc, (Some(b'3'..=b'7'), _)) => return Class::OtherOperating,
            _ => {}
        }
        match digits {
            (Some(b'1'), _) => Class::Asset,
            (Some(b'2'), Some(b'0')) => Class::Equity,
            (Some(b'2'), _) => Class::Liability,
            (Some(b'3'), _) => Class::Revenue,
            (Some(b'4'), _) => Class::GoodsSold,
            (Some(b'5'), _) => Class::Wages,
            (Some(b'8'), _) => Class::Finance,
            _ => Class::OtherOperating,
        }
    }

    /// The group's code and name; the odd account without digits has none.
    #[must_use]
    pub fn group(&self) -> Option<(&'static str, &'static str)> {
        if !self.code.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(match self.class() {
            Class::Asset => ("1", "Eiendeler"),
            Class::Equity => ("20", "Egenkapital"),
            Class::Liability => ("2", "Gjeld"),
            Class::Revenue => ("3", "Salgs- og driftsinntekter"),
            Class::GoodsSold => ("4", "Varekostnad"),
            Class::Wages => ("5", "Lønnskostnad"),
            Class::Finance => ("8", "Finansposter"),
            Class::OtherOperating => ("6", "Annen driftskostnad"),
        })
    }
}

/// Codes, names and whether closed.
pub(crate) const CHART: [(&str, &str, bool); 84] = [
    ("1200", "Maskiner og anlegg", false),
    ("1250", "Inventar", false),
    ("1460", "Varelager", false),
    ("1500", "Kundefordringer", false),
    ("1700", "Forskuddsbetalt leie", false),
    ("1740", "Periodisert kostnad", false),
    ("1900", "Kontanter", false),
    ("1920", "Bankinnskudd", false),
    ("1950", "Skattetrekk bank", false),
    ("2000", "Aksjekapital", false),
    ("2050", "Annen egenkapital", false),
    ("2240", "Gjeld til kredittinstitusjon", false),
    ("2400", "Leverandørgjeld", false),
    ("2600", "Forskuddstrekk", false),
    ("2701", "Utgående mva høy sats", false),
    ("2711", "Inngående mva høy sats", false),
    ("2712", "Inngående mva middels sats", false),
    ("2713", "Inngående mva lav sats", false),
    ("2740", "Oppgjørskonto mva", false),
    ("2770", "Skyldig arbeidsgiveravgift", false),
    ("2900", "Forskudd fra kunder", false),
    ("2910", "Gjeld til ansatte", false),
    ("2930", "Skyldig lønn", false),
    ("2940", "Skyldige feriepenger", false),
    ("2990", "Annen kortsiktig gjeld", false),
    ("3000", "Salgsinntekt avgiftspliktig", false),
    ("3001", "Salgsinntekt eksport", false),
    ("3100", "Salgsinntekt avgiftsfri", false),
    ("3600", "Leieinntekt", false),
    ("3900", "Annen driftsinntekt", false),
    ("4000", "Innkjøp råvarer", false),
    ("4300", "Innkjøp varer for videresalg", false),
    ("43001", "Innkjøp fisk for videresalg", false),
    ("4360", "Frakt og toll", false),
    ("4500", "Fremmedytelser", false),
    ("45010", "Underentreprise", false),
    ("5000", "Lønn til ansatte", false),
    ("5090", "Påløpt lønn", false),
    ("5180", "Feriepenger", false),
    ("5400", "Arbeidsgiveravgift", false),
    ("5420", "Pensjonspremie", false),
    ("5499", "Annen personalytelse", false),
    ("5500", "Annen kostnadsgodtgjørelse", false),
    ("5900", "Gave til ansatte", false),
    ("5945", "Personalforsikring", false),
    ("5960", "Velferd", false),
    ("6100", "Frakt ved salg", false),
    ("6300", "Leie lokaler", false),
    ("6340", "Lys og varme", false),
    ("6360", "Renhold", false),
    ("6395", "Renovasjon (gammel)", true),
    ("6420", "Leie datasystemer", false),
    ("6430", "Leie kontormaskiner", false),
    ("6500", "Verktøy", false),
    ("6540", "Inventar", false),
    ("6551", "Datautstyr", false),
    ("6570", "Arbeidstøy", false),
    ("6600", "Vedlikehold bygninger", false),
    ("6700", "Revisjon", false),
    ("6705", "Regnskapstjenester", false),
    ("6720", "Økonomisk rådgivning", false),
    ("6725", "Juridisk bistand", false),
    ("6790", "Annen fremmed tjeneste", false),
    ("6800", "Kontorrekvisita", false),
    ("6840", "Aviser og bøker", false),
    ("6860", "Møter og kurs", false),
    ("6900", "Telefon", false),
    ("6907", "Datakommunikasjon", false),
    ("6940", "Porto", false),
    ("7000", "Drivstoff", false),
    ("7020", "Vedlikehold bil", false),
    ("7040", "Forsikring bil", false),
    ("7100", "Bilgodtgjørelse", false),
    ("7140", "Reisekostnad", false),
    ("7150", "Diettkostnad", false),
    ("7320", "Reklame", false),
    ("7350", "Representasjon", false),
    ("7400", "Kontingent", false),
    ("7500", "Forsikringspremie", false),
    ("7770", "Bankgebyr", false),
    ("7790*", "Annen kostnad", false),
    ("KALK", "Kalkulatorisk kostnad", false),
    ("8050", "Renteinntekt", false),
    ("8150", "Rentekostnad", false),
];

/// Accounts that purchases are booked on.
pub(crate) const PURCHASE_CODES: [&str; 47] = [
    "4000", "4300", "4300", "43001", "4360", "4500", "4500", "45010", "5500", "5900", "5945", "5960", "6100", "6300",
    "6300", "6340", "6360", "6420", "6420", "6430", "6500", "6540", "6551", "6570", "6600", "6700", "6705", "6720",
    "6725", "6790", "6800", "6800", "6840", "6860", "6900", "6907", "6940", "7000", "7020", "7040", "7320", "7350",
    "7400", "7500", "7790*", "KALK", "1250",
];
