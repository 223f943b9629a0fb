//! Free text: kept as a small number and written out when it is asked for.

use crate::company::dice::mix;
use std::borrow::Cow;

/// What every free text of a payroll row begins with, followed by the row's id: a leak is visible anywhere.
pub const PAYROLL_MARKER: &str = "PAYROLL-CANARY-";

/// A free text: [`Text::render`] also needs the id of the row that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// No text: null.
    None,
    /// Words chosen by this number.
    Phrase(u32),
    /// The payroll marker and the row's id.
    Marker,
    /// An entry of [`crate::Company::own_texts`].
    Own(u32),
}

const SUBJECTS: [&str; 40] = [
    "Kontorrekvisita",
    "Strøm nettleie",
    "Husleie",
    "Mobil og bredbånd",
    "Konsulenthonorar",
    "Reise Tromsø",
    "Taxi Værnes",
    "Rengjøring",
    "Lisens programvare",
    "Trykksaker",
    "Frakt Ålesund",
    "Verktøy",
    "Bilvask",
    "Drivstoff",
    "Kurs og møter",
    "Servering",
    "Annonse",
    "Forsikring bil",
    "Regnskapshonorar",
    "Juridisk bistand",
    "Leie av kopimaskin",
    "Snørydding",
    "Vakthold",
    "Arbeidstøy",
    "Vedlikehold bygg",
    "Rørlegger",
    "Elektriker",
    "Skytjenester",
    "Porto",
    "Møbler",
    "Varekjøp",
    "Råvarer",
    "Emballasje",
    "Underleverandør",
    "Messe Lillestrøm",
    "Fagbøker",
    "Parkering",
    "Bompenger",
    "Hotell Bodø",
    "Flybilletter",
];

const TAILS: [&str; 16] = [
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "1. kvartal",
    "2. kvartal",
    "prosjekt Nord",
    "avd. Sør",
    "iht. avtale",
    "delfaktura",
    "sluttfaktura",
    "kreditert",
    "etterfakturert",
    "hovedkontor",
];

const ODD: [&str; 12] = [
    "Møte i \"Blåbærsalen\"",
    "Linje én\nlinje to",
    "Kake 🎂 til kunden",
    "Sti C:\\bilag\\2024",
    "O'Hara & sønn <rør>",
    "Tabulator\there",
    "  mellomrom foran og bak  ",
    "",
    "«Årsavgift»; 50 % rabatt, kr 1 200,-",
    "Ærfugl Øst Ås é ü ß",
    "null",
    "Linje én\r\nlinje to \u{2028}slutt 👩‍🔧",
];

impl Text {
    /// The text as the row with this id has it.
    #[must_use]
    pub fn render<'a>(self, row: i64, own_texts: &'a [String]) -> Option<Cow<'a, str>> {
        match self {
            Self::None => None,
            Self::Marker => Some(format!("{PAYROLL_MARKER}{row}").into()),
            Self::Own(entry) => own_texts.get(entry as usize).map(|text| text.as_str().into()),
            Self::Phrase(number) => Some(phrase(number)),
        }
    }
}

fn phrase(number: u32) -> Cow<'static, str> {
    let hash = mix(u64::from(number));
    let subject = SUBJECTS[(hash % 40) as usize];
    if (hash >> 8).is_multiple_of(61) {
        return ODD[((hash >> 16) % 12) as usize].into();
    }
    match (hash >> 24) % 4 {
        0 => subject.into(),
        1 | 2 => format!("{subject} {}", TAILS[((hash >> 32) % 16) as usize]).into(),
        _ => format!("{subject} {}", 100 + (hash >> 32) % 900).into(),
    }
}
