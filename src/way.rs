//! How much a refresh fetches, and why.

use crate::event::Mode;
use crate::state::{Asked, Basis, Kept, Way};

/// Chooses. `full_every` says which refresh in a row fetches everything.
pub(crate) fn choose(asked: &Asked, kept: Option<&Kept>, basis: &Basis, full_every: u32) -> Way {
    let full = |reason: String| Way { mode: Mode::Full, reason };
    let Some(kept) = kept else { return full("nothing is kept of an earlier refresh".to_owned()) };
    if kept.basis != *basis {
        full("what is kept is of another endpoint, owner or owner set".to_owned())
    } else if asked.mode == Mode::Full {
        full("asked for".to_owned())
    } else if kept.since_full + 1 >= full_every {
        full(format!("every {full_every} refreshes, as set"))
    } else {
        let again = asked.from.is_some() || asked.to.is_some();
        let reason = if again { "periods are fetched again, as asked for" } else { "what is kept can be built on" };
        Way { mode: Mode::Incremental, reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::KeptRows;

    #[test]
    fn the_first_reason_decides() {
        let basis = Basis { endpoint: "https://e".to_owned(), owner_set: "MINE".to_owned(), token_owner_id: Some(1) };
        let kept = |since_full| Kept {
            snapshot: crate::lake::SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap(),
            basis: basis.clone(),
            listed_at_ms: 0,
            since_full,
            lines: KeptRows::default(),
            payables: KeptRows::default(),
        };
        let asked = Asked::default();
        let of = |asked: Asked, kept: Option<Kept>| choose(&asked, kept.as_ref(), &basis, 10).mode;
        assert_eq!(of(asked, None), Mode::Full);
        assert_eq!(of(asked, Some(kept(0))), Mode::Incremental);
        assert_eq!(of(asked, Some(kept(8))), Mode::Incremental);
        assert_eq!(of(asked, Some(kept(9))), Mode::Full);
        assert_eq!(of(Asked { mode: Mode::Full, ..asked }, Some(kept(0))), Mode::Full);
        let elsewhere = Kept { basis: Basis { owner_set: "ALL".to_owned(), ..basis.clone() }, ..kept(0) };
        assert_eq!(of(asked, Some(elsewhere)), Mode::Full);
    }
}
