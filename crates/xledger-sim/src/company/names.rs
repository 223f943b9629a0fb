//! Invented names of people, firms, streets; real names of places.

pub(crate) const FIRST_NAMES: [&str; 16] = [
    "Åse", "Bjørn", "Cecilie", "Dagfinn", "Eirin", "Frøydis", "Gaute", "Håkon", "Ingvild", "Jørn", "Kåre", "Liv",
    "Marte", "Njål", "Oddny", "Pål",
];
pub(crate) const LAST_NAMES: [&str; 16] = [
    "Aasgård",
    "Bekkelund",
    "Dyrøy",
    "Eikemo",
    "Fjærestad",
    "Grønnevik",
    "Hallvardsen",
    "Isfjell",
    "Jakobshavn",
    "Kvernbekk",
    "Lyngås",
    "Myrvold",
    "Nøkleby",
    "Oterholm",
    "Pollestad",
    "Røsnes",
];
pub(crate) const TRADES: [&str; 24] = [
    "Rør",
    "Elektro",
    "Kontor",
    "Data",
    "Transport",
    "Regnskap",
    "Renhold",
    "Bygg",
    "Maskin",
    "Frakt",
    "Catering",
    "Trykk",
    "Reklame",
    "Vakt",
    "Energi",
    "Tele",
    "Møbel",
    "Emballasje",
    "Fisk",
    "Verktøy",
    "Bil",
    "Kurs",
    "Jus",
    "Sky",
];
pub(crate) const PLACES: [(&str, &str); 10] = [
    ("9008", "Tromsø"),
    ("6002", "Ålesund"),
    ("7010", "Trondheim"),
    ("5003", "Bergen"),
    ("0150", "Oslo"),
    ("4006", "Stavanger"),
    ("8006", "Bodø"),
    ("9600", "Hammerfest"),
    ("6905", "Florø"),
    ("1605", "Fredrikstad"),
];
pub(crate) const STREETS: [&str; 8] =
    ["Sjøgata", "Storgata", "Kirkegata", "Havnegata", "Øvre Bakkeveg", "Fiskebrygga", "Åsveien", "Nordre Ring"];
pub(crate) const FORMS: [&str; 6] = ["AS", "AS", "AS", "ASA", "DA", "& Sønner AS"];
