//! What is cached of ledger lines and AP lines, and what of it is compared with the lists.

use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CacheFile, Contents, Listing};
use crate::model::line::{Line, Payable};
use crate::model::listed::{ListedLine, ListedPayable};
use crate::model::text_pool::{OwnText, PooledText};
use crate::model::value::{Instant, Month};
use crate::refresh::index::{Ids, Listed};

/// A row that is fetched, and cached.
pub(crate) trait CachedRow: Serialize + DeserializeOwned + Clone + Hash + 'static {
    /// The line in the list.
    type Listed: Listed;
    /// The name of its files.
    const FILE: &'static str;
    /// Its files.
    fn parts(contents: &mut Contents) -> &mut Vec<CacheFile>;
    /// Its ids.
    fn ids(&self) -> Ids;
    /// The row's id.
    fn id(&self) -> i64 {
        self.ids().id
    }
    /// Its month; `None` if it is of none.
    fn month(&self) -> Option<Month>;
    /// When its voucher was modified.
    fn modified_at(&self) -> Option<Instant>;
    /// What is not as it is listed.
    fn change(&self, listed: &Self::Listed, listing: Listing<'_>) -> Option<Change>;
    /// Hands on each shared text that it refers to.
    fn each_pooled_text(&mut self, hand_on: impl FnMut(&mut PooledText));
    /// Its own text.
    fn text(&self) -> OwnText;
    /// The same row, with its own text at another place.
    fn with_text(self, text: OwnText) -> Self;
}

/// What of a line is not as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// When its voucher was modified, and nothing else.
    ModifiedAt,
    /// Its voucher, its account or its document type.
    Line,
    /// Its owner, its match or its period: other lines may be judged in another way for it.
    Match,
}

impl CachedRow for Line {
    type Listed = ListedLine;
    const FILE: &'static str = "lines";

    fn parts(contents: &mut Contents) -> &mut Vec<CacheFile> {
        &mut contents.lines
    }

    fn ids(&self) -> Ids {
        let Self { id, owner, voucher, match_id, .. } = *self;
        Ids { id, owner, voucher, match_id }
    }

    fn month(&self) -> Option<Month> {
        Some(self.month)
    }

    fn modified_at(&self) -> Option<Instant> {
        self.voucher_modified_at.get()
    }

    fn change(&self, listed: &ListedLine, listing: Listing<'_>) -> Option<Change> {
        let document_type = listing.types.get(listed.document_type as usize);
        let period = listing.references.periods.get(listed.period);
        let month = period.and_then(|period| period.month);
        if (self.owner, self.match_id, Some(self.month)) != (listed.owner, listed.match_id, month) {
            Some(Change::Match)
        } else if (self.voucher, self.account) != (listed.voucher, listed.account)
            || Some(&(self.document_type, self.document_type_name)) != document_type
            || period.map(|period| (period.fiscal_year, period.fiscal_period))
                != Some((self.fiscal_year, self.fiscal_period))
        {
            Some(Change::Line)
        } else {
            (self.voucher_modified_at != listed.modified_at).then_some(Change::ModifiedAt)
        }
    }

    fn each_pooled_text(&mut self, hand_on: impl FnMut(&mut PooledText)) {
        [&mut self.document_type, &mut self.document_type_name, &mut self.currency, &mut self.vat_code]
            .into_iter()
            .for_each(hand_on);
    }

    fn text(&self) -> OwnText {
        self.text
    }

    fn with_text(self, text: OwnText) -> Self {
        Self { text, ..self }
    }
}

impl CachedRow for Payable {
    type Listed = ListedPayable;
    const FILE: &'static str = "ap-lines";

    fn parts(contents: &mut Contents) -> &mut Vec<CacheFile> {
        &mut contents.payables
    }

    fn ids(&self) -> Ids {
        let Self { id, owner, voucher, match_id, .. } = *self;
        Ids { id, owner, voucher, match_id }
    }

    fn month(&self) -> Option<Month> {
        None
    }

    fn modified_at(&self) -> Option<Instant> {
        self.modified_at.get()
    }

    fn change(&self, listed: &ListedPayable, listing: Listing<'_>) -> Option<Change> {
        if (self.owner, self.match_id) != (listed.owner, listed.match_id) {
            Some(Change::Match)
        } else if (self.voucher, self.document_type) != (listed.voucher, listed.document_type) {
            Some(Change::Line)
        } else {
            (self.modified_at != listing.screen.modified_at(listed.voucher)).then_some(Change::ModifiedAt)
        }
    }

    fn each_pooled_text(&mut self, mut hand_on: impl FnMut(&mut PooledText)) {
        hand_on(&mut self.kind);
    }

    fn text(&self) -> OwnText {
        self.invoice_number
    }

    fn with_text(self, invoice_number: OwnText) -> Self {
        Self { invoice_number, ..self }
    }
}
