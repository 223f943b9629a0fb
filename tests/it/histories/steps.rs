//! Histories by chance: what happens, and how each refresh is made.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use xledger_sim::{Chosen, Event};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::model::value::Month;

/// A setting and its value.
pub(crate) type Set = (&'static str, &'static str);

/// Books, and what becomes of them.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// The company's seed.
    pub(crate) seed: u64,
    /// Its ledger lines.
    pub(crate) lines: u64,
    /// The second of UTC at which it begins, counted from 1970.
    pub(crate) begins: i64,
    pub(crate) steps: Vec<Step>,
}

/// Some events, and then a refresh.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// From the refresh before to this one.
    pub(crate) seconds: i64,
    /// Each with its place in that time, in hundredths.
    pub(crate) events: Vec<(Event, u8)>,
    /// The settings from now on, where they are other than before.
    pub(crate) settings: Option<Vec<Set>>,
    /// What ends the runs before the one that succeeds.
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) way: Way,
    /// The periods that are fetched again.
    pub(crate) months: Option<[Month; 2]>,
}

/// What ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is killed after so many requests.
    Killed(u8),
    /// Its time is over after so many milliseconds.
    Deadline(u8),
    /// Somebody put another token in place.
    WrongToken,
    /// It finds that too much is missing.
    Shrunk,
}

/// How a refresh is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It fetches everything.
    Full,
    /// It fetches what is new or changed.
    Incremental,
}

impl Way {
    pub(crate) fn refresh(self, months: Option<[Month; 2]>) -> Refresh {
        let mode = if self == Way::Full { Mode::Full } else { Mode::Incremental };
        let [from, to] = months.map_or([None, None], |months| months.map(Some));
        Refresh { mode, from, to, accept_shrink: true, ..Refresh::default() }
    }
}

/// Settings of every refresh: lists of several pages, and no full refresh but those that are asked for.
pub(crate) const ALWAYS: [Set; 2] = [("XLEDGER_PAGE_ROWS", "100"), ("SPEND_FULL_EVERY", "1000")];

impl Step {
    /// Behind the last of a history: nothing more happens.
    pub(crate) fn last() -> Self {
        Self {
            seconds: 60,
            events: Vec::new(),
            settings: None,
            troubles: Vec::new(),
            way: Way::Incremental,
            months: None,
        }
    }
}

/// Settings other than the usual.
const SETTINGS: [Set; 15] = [
    ("XLEDGER_PAGE_ROWS", "137"),
    ("XLEDGER_PAGE_ROWS", "10000"),
    ("SPEND_VAT_RATES", "2=7.5,81=25"),
    ("SPEND_HISTORY_FROM", "2025-01"),
    ("SPEND_HISTORY_FROM", "2026-11"),
    ("SPEND_DOCUMENT_TYPES", "AP"),
    ("SPEND_DOCUMENT_TYPES", "AP,BA,ER,GL,AR"),
    ("SPEND_EXCLUDED_ACCOUNTS", ""),
    ("SPEND_EXCLUDED_ACCOUNTS", "1000-3999,6300"),
    ("SPEND_PAYROLL_ACCOUNTS", ""),
    ("SPEND_PAYROLL_ACCOUNTS", "5000-6499"),
    ("SPEND_PAYROLL_DOCUMENT_TYPES", "PR,BA"),
    ("SPEND_PAYROLL_DOCUMENT_TYPES", "NONE"),
    ("SPEND_PAYROLL_MATCHES", "off"),
    ("XLEDGER_OWNER_SET", "CURRENT"),
];

/// Begins before, in and after the hour that comes twice on 2026-10-25.
const BEGINNINGS: [i64; 4] = [1_795_219_200, 1_792_880_000, 1_792_889_000, 1_792_892_000];

fn event() -> impl Strategy<Value = Event> {
    let kinds = Event::all(Chosen { count: 1, by: 0 }).len();
    (0..kinds, 1..=5_u8, 0..1_000_u32).prop_map(|(kind, count, by)| Event::all(Chosen { count, by }).swap_remove(kind))
}

fn step() -> impl Strategy<Value = Step> {
    // The simplest is the plainest: what a failure does not need is gone when it is told.
    let seconds = prop_oneof![Just(60_i64), 0..=3_i64, 60..=7_200_i64, 86_400..=1_300_000_i64];
    let events = vec((event(), 0..=100_u8), 0..=4);
    let settings = option::weighted(0.3, vec(proptest::sample::select(&SETTINGS[..]), 0..=2));
    let way = prop_oneof![1 => Just(Way::Full), 6 => Just(Way::Incremental)];
    let month = (2022..=2026_i16, 1..=12_u8).prop_map(|(year, month)| Month { year, month });
    let months = option::weighted(0.15, [month.clone(), month]);
    let trouble = prop_oneof![
        (0..40_u8).prop_map(Trouble::Killed),
        (20..200_u8).prop_map(Trouble::Deadline),
        Just(Trouble::WrongToken),
        Just(Trouble::Shrunk),
    ];
    let troubles = prop_oneof![3 => Just(Vec::new()), 2 => vec(trouble, 1..=3)];
    (seconds, events, settings, troubles, way, months).prop_map(|(seconds, events, settings, troubles, way, months)| {
        let months = months.map(|mut months| {
            months.sort();
            months
        });
        Step { seconds, events, settings, troubles, way, months }
    })
}

pub(crate) fn histories() -> impl Strategy<Value = History> {
    // The larger one is listed in ranges.
    let lines = prop_oneof![5 => Just(300), 1 => Just(2_600)];
    (1..=5_u64, lines, proptest::sample::select(&BEGINNINGS[..]), vec(step(), 1..=6))
        .prop_map(|(seed, lines, begins, steps)| History { seed, lines, begins, steps })
}
