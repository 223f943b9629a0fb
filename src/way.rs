//! Which way a refresh takes: how much it fetches, how much it lists, and why.

use crate::event::Mode;
use crate::state::{Asked, Basis, Depth, Kept, Way};

/// How often a refresh is more than it need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Every how manieth refresh fetches everything.
    pub full: u32,
    /// Every how manieth refresh lists everything.
    pub deep: u32,
}

/// Chooses. `not_light` says why what changed cannot be listed by itself, if it cannot.
pub(crate) fn choose(
    asked: &Asked,
    kept: Option<&Kept>,
    basis: &Basis,
    every: Intervals,
    not_light: Option<String>,
) -> Way {
    let full = |reason: String| Way { mode: Mode::Full, depth: Depth::Deep, reason };
    let deep = |reason: String| Way { mode: Mode::Incremental, depth: Depth::Deep, reason };
    let Some(kept) = kept else { return full("nothing is kept of an earlier refresh".to_owned()) };
    if kept.basis != *basis {
        full("what is kept is of another endpoint, owner or owner set".to_owned())
    } else if asked.mode == Mode::Full {
        full("asked for".to_owned())
    } else if kept.since_full + 1 >= every.full {
        full(format!("every {} refreshes, as set", every.full))
    } else if asked.from.is_some() || asked.to.is_some() {
        deep("periods are fetched again, as asked for".to_owned())
    } else if kept.since_deep + 1 >= every.deep {
        deep(format!("every {} refreshes, as set", every.deep))
    } else if let Some(reason) = not_light {
        deep(reason)
    } else {
        let reason = "the last refresh listed what this one builds on".to_owned();
        Way { mode: Mode::Incremental, depth: Depth::Light, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{KeptRows, Listed};
    use crate::value::Month;

    #[test]
    fn the_first_reason_decides() {
        let basis = Basis { endpoint: "https://e".to_owned(), owner_set: "MINE".to_owned(), token_owner_id: Some(1) };
        let kept = |since_full, since_deep| Kept {
            snapshot: crate::lake::SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap(),
            basis: basis.clone(),
            listed_at_ms: 0,
            since_full,
            since_deep,
            listed: Listed::default(),
            lines: KeptRows::default(),
            payables: KeptRows::default(),
        };
        let every = Intervals { full: 10, deep: 3 };
        let asked = Asked::default();
        let of = |asked: Asked, kept: Option<Kept>, not_light: Option<&str>| {
            let way = choose(&asked, kept.as_ref(), &basis, every, not_light.map(str::to_owned));
            (way.mode, way.depth)
        };
        let (full, deep, light) =
            ((Mode::Full, Depth::Deep), (Mode::Incremental, Depth::Deep), (Mode::Incremental, Depth::Light));
        assert_eq!(of(asked, None, None), full);
        assert_eq!(of(asked, Some(kept(0, 0)), None), light);
        assert_eq!(of(asked, Some(kept(0, 0)), Some("no root")), deep);
        assert_eq!(of(asked, Some(kept(8, 1)), None), light);
        assert_eq!(of(asked, Some(kept(8, 2)), None), deep);
        assert_eq!(of(asked, Some(kept(9, 0)), None), full);
        assert_eq!(of(Asked { mode: Mode::Full, ..asked }, Some(kept(0, 0)), None), full);
        assert_eq!(of(Asked { from: Month::new(2026, 1), ..asked }, Some(kept(0, 0)), None), deep);
        let elsewhere = Kept { basis: Basis { owner_set: "ALL".to_owned(), ..basis.clone() }, ..kept(0, 0) };
        assert_eq!(of(asked, Some(elsewhere), None), full);
    }
}
