//! What the analytical dimensions say, by kind.

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use crate::table::spend::{DIMENSIONS, Dimension};

/// Values that are told apart. A ledger has some thousands; where there are more, the later ones are added up together.
const MAX_VALUES: usize = 20_000;

/// Words in the name of a kind whose values are people.
const PEOPLE: [&str; 11] = [
    "employee",
    "ansatt",
    "anställd",
    "medarbei",
    "medarbej",
    "medarbet",
    "person",
    "kontakt",
    "contact",
    "työntek",
    "henkilö",
];

/// The sums of the values that lines have in their dimensions.
#[derive(Debug, Default)]
pub(in crate::page) struct Dimensions<'a> {
    /// By kind; `None` if its values are people, who are on no page.
    kinds: FxHashMap<&'a str, Option<Kind<'a>>>,
    values: usize,
}

/// The values of one kind.
#[derive(Debug, Default)]
pub(in crate::page) struct Kind<'a> {
    /// By code and name, which differ between owners.
    pub(in crate::page) values: FxHashMap<(Option<&'a str>, Option<&'a str>), i128>,
    /// Of the values that there was no room for.
    pub(in crate::page) rest: i128,
    /// Lines with a value of this kind.
    pub(in crate::page) lines: u64,
}

impl<'a> Dimensions<'a> {
    pub(super) fn add(&mut self, dimensions: &[Dimension<'a>; DIMENSIONS], amount: i128) {
        for (at, dimension) in dimensions.iter().enumerate() {
            let Some(kind) = dimension.kind else { continue };
            // A line counts once in each kind.
            if dimensions.iter().take(at).any(|earlier| earlier.kind == Some(kind)) {
                continue;
            }
            let Some(kind) = self.kinds.entry(kind).or_insert_with(|| (!names_people(kind)).then(Kind::default)) else {
                continue;
            };
            kind.lines += 1;
            let value = (dimension.code, dimension.name);
            match kind.values.get_mut(&value) {
                Some(sum) => *sum += amount,
                None if self.values < MAX_VALUES => {
                    self.values += 1;
                    kind.values.insert(value, amount);
                }
                None => kind.rest += amount,
            }
        }
    }
}

impl Dimensions<'_> {
    /// The kinds whose values are shown.
    pub(in crate::page) fn shown(&self) -> impl Iterator<Item = (&str, &Kind<'_>)> {
        self.kinds.iter().filter_map(|(name, kind)| Some((*name, kind.as_ref()?)))
    }

    /// The names of the kinds whose values are people.
    pub(in crate::page) fn people(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().filter(|(_, kind)| kind.is_none()).map(|(name, _)| *name)
    }
}

/// Whether the values of a kind are people.
fn names_people(kind: &str) -> bool {
    let kind: String = kind.to_lowercase().nfc().collect();
    PEOPLE.iter().any(|word| kind.contains(word))
}
