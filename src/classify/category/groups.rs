//! The groups of both charts, with our own words for them. The standards' own words may not be shipped.

/// One text in English and in Norwegian.
pub(super) type Bilingual = (&'static str, &'static str);
/// The first and the last of the two digits that account numbers begin with, the wider category, and the words of the group.
pub(super) type Group = (u16, u16, Bilingual, Bilingual);

const GOODS: Bilingual = ("Goods and subcontractors", "Varer og underleverandører");
const STAFF: Bilingual = ("Staff", "Personal");
const PREMISES: Bilingual = ("Premises and energy", "Lokaler og energi");
const EQUIPMENT: Bilingual = ("Equipment, IT and maintenance", "Utstyr, IT og vedlikehold");
const SERVICES: Bilingual = ("Services", "Tjenester");
const OFFICE: Bilingual = ("Office and communication", "Kontor og kommunikasjon");
const TRANSPORT: Bilingual = ("Transport and travel", "Transport og reise");
const MARKETING: Bilingual = ("Marketing and sales", "Marked og salg");
const INSURANCE: Bilingual = ("Insurance, licences and fees", "Forsikring, lisenser og gebyrer");
/// As a wider category.
pub(super) const NOT_A_PURCHASE: Bilingual = ("Not a purchase", "Ikke innkjøp");
/// As a wider category.
pub(super) const INVESTMENTS: Bilingual = ("Investments", "Investeringer");
/// As a wider category.
pub(super) const STOCK: Bilingual = ("Stock", "Lager");
/// As a wider category.
pub(super) const PREPAID: Bilingual = ("Prepaid", "Forskuddsbetalt");

/// The groups of NS 4102. It has none at 44, 47, 48, 51, 82 and 87.
#[rustfmt::skip]
pub(super) const NS_4102_GROUPS: [Group; 39] = [
    (40, 40, GOODS, ("Raw materials", "Råvarer")),
    (41, 41, GOODS, ("Work in progress", "Varer i arbeid")),
    (42, 42, GOODS, ("Own finished goods", "Egne ferdigvarer")),
    (43, 43, GOODS, ("Goods for resale", "Handelsvarer")),
    (45, 45, GOODS, ("Subcontractors", "Underleverandører")),
    (46, 46, GOODS, ("Packaging and other goods", "Emballasje og andre varer")),
    (49, 49, NOT_A_PURCHASE, ("Stock changes", "Beholdningsendring")),
    (50, 50, NOT_A_PURCHASE, ("Wages", "Lønn")),
    (52, 52, NOT_A_PURCHASE, ("Benefits in kind", "Naturalytelser")),
    (53, 53, NOT_A_PURCHASE, ("Fees to persons", "Honorarer")),
    (54, 54, NOT_A_PURCHASE, ("Employer's tax, pension", "Avgift og pensjon")),
    (55, 55, STAFF, ("Allowances", "Utleggsgodtgjørelser")),
    (56, 56, NOT_A_PURCHASE, ("Owners' work", "Eieres arbeid")),
    (57, 57, NOT_A_PURCHASE, ("Wage grants", "Lønnstilskudd")),
    (58, 58, NOT_A_PURCHASE, ("Refunds (sickness etc.)", "Refusjoner (sykdom m.m.)")),
    (59, 59, STAFF, ("Staff welfare, insurance", "Velferd og personalforsikring")),
    (60, 60, NOT_A_PURCHASE, ("Depreciation", "Avskrivninger")),
    (61, 61, TRANSPORT, ("Outbound freight", "Frakt ut")),
    (62, 62, PREMISES, ("Production energy", "Energi til produksjon")),
    (63, 63, PREMISES, ("Premises", "Lokaler")),
    (64, 64, EQUIPMENT, ("Equipment and system hire", "Leie av utstyr og systemer")),
    (65, 65, EQUIPMENT, ("Equipment, IT, software", "Utstyr, IT og programvare")),
    (66, 66, EQUIPMENT, ("Maintenance", "Vedlikehold")),
    (67, 67, SERVICES, ("Advisers and services", "Rådgivning og tjenester")),
    (68, 68, OFFICE, ("Office, books, courses", "Kontor, bøker og kurs")),
    (69, 69, OFFICE, ("Phone, network, post", "Telefon, nett og porto")),
    (70, 70, TRANSPORT, ("Vehicles", "Kjøretøy")),
    (71, 71, TRANSPORT, ("Travel", "Reise")),
    (72, 72, MARKETING, ("Commissions", "Provisjoner")),
    (73, 73, MARKETING, ("Marketing", "Markedsføring")),
    (74, 74, INSURANCE, ("Memberships, gifts", "Medlemskap og gaver")),
    (75, 75, INSURANCE, ("Insurance, warranty", "Forsikring og garanti")),
    (76, 76, INSURANCE, ("Licences, rights", "Lisenser og rettigheter")),
    (77, 77, INSURANCE, ("Fees and other", "Gebyrer og annet")),
    (78, 78, NOT_A_PURCHASE, ("Losses", "Tap")),
    (79, 79, NOT_A_PURCHASE, ("Accruals", "Periodisering")),
    (80, 81, NOT_A_PURCHASE, ("Finance", "Finans")),
    (83, 86, NOT_A_PURCHASE, ("Tax, allocations", "Skatt og disponering")),
    (88, 89, NOT_A_PURCHASE, ("Tax, allocations", "Skatt og disponering")),
];

/// The groups of BAS. It has none at 48, 66, 67, 71 and 85 to 87.
#[rustfmt::skip]
pub(super) const BAS_GROUPS: [Group; 32] = [
    (40, 45, GOODS, ("Goods and materials", "Varer og materialer")),
    (46, 46, GOODS, ("Subcontractors", "Underleverandører")),
    (47, 47, GOODS, ("Purchase discounts", "Innkjøpsrabatter")),
    (49, 49, NOT_A_PURCHASE, ("Stock changes", "Beholdningsendring")),
    (50, 50, PREMISES, ("Premises", "Lokaler")),
    (51, 51, PREMISES, ("Property", "Eiendom")),
    (52, 52, EQUIPMENT, ("Equipment hire", "Leie av utstyr")),
    (53, 53, PREMISES, ("Energy", "Energi")),
    (54, 54, EQUIPMENT, ("Equipment, software, consumables", "Utstyr, programvare og forbruksvarer")),
    (55, 55, EQUIPMENT, ("Maintenance", "Vedlikehold")),
    (56, 56, TRANSPORT, ("Vehicles", "Kjøretøy")),
    (57, 57, TRANSPORT, ("Freight", "Frakt")),
    (58, 58, TRANSPORT, ("Travel", "Reise")),
    (59, 59, MARKETING, ("Marketing", "Markedsføring")),
    (60, 60, MARKETING, ("Other selling costs", "Annet salgsarbeid")),
    (61, 61, OFFICE, ("Office supplies", "Kontorrekvisita")),
    (62, 62, OFFICE, ("Phone, network, post", "Telefon, nett og porto")),
    (63, 63, INSURANCE, ("Insurance, risk", "Forsikring og risiko")),
    (64, 64, SERVICES, ("Governance, audit", "Styring og revisjon")),
    (65, 65, SERVICES, ("Advisers, IT, services", "Rådgivning, IT og tjenester")),
    (68, 68, SERVICES, ("Hired staff", "Innleid personale")),
    (69, 69, INSURANCE, ("Licences, fees, other", "Lisenser, gebyrer og annet")),
    (70, 70, NOT_A_PURCHASE, ("Wages", "Lønn")),
    (72, 72, NOT_A_PURCHASE, ("Wages", "Lønn")),
    (73, 73, NOT_A_PURCHASE, ("Allowances, benefits", "Godtgjørelser og ytelser")),
    (74, 74, NOT_A_PURCHASE, ("Pension", "Pensjon")),
    (75, 75, NOT_A_PURCHASE, ("Employer's tax", "Arbeidsgiveravgift")),
    (76, 76, STAFF, ("Training, health, welfare", "Kurs, helse og velferd")),
    (77, 78, NOT_A_PURCHASE, ("Depreciation", "Avskrivninger")),
    (79, 79, NOT_A_PURCHASE, ("Currency, disposal losses", "Valuta og tap ved avgang")),
    (80, 84, NOT_A_PURCHASE, ("Finance", "Finans")),
    (88, 89, NOT_A_PURCHASE, ("Tax, allocations", "Skatt og disponering")),
];
