//! What listed ledger lines refer to: document types and periods. A million lines have a dozen of the one and a few hundred of the other, so the
//! list asks for their ids alone, and what an id means is read off an example line of each. An id holds within its owner: in another one it may
//! mean something else. If the server has no such ids, every line states type and period itself.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::{document_type, month};
use crate::model::listed::{DocumentType, ListedLine, Period};
use crate::model::value::Month;
use crate::xledger::Client;
use crate::xledger::node::{LedgerReferencesNode, PeriodNode, SourceNode};
use crate::xledger::scalar::{Integer, Lenient, reference};

/// The document types and the periods of a list. Lines name them by their places.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct References {
    pub(crate) document_types: Items<DocumentType>,
    pub(crate) periods: Items<Period>,
}

/// What lines refer to, each once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Items<T> {
    /// What each is: nothing, until it is known.
    items: Vec<T>,
    keys: Vec<Key>,
    places: FxHashMap<(i64, i64), u32>,
}

/// By what an item is known.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Key {
    owner: i64,
    /// 0 if the line does not say.
    id: i64,
    /// Whether it is known what it means.
    is_known: bool,
}

impl<T: Clone + Default + PartialEq> Items<T> {
    /// All, by their places.
    pub(crate) fn all(&self) -> &[T] {
        &self.items
    }

    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        self.items.get(place as usize)
    }

    /// All, with the owner whose ids they are known by; 0 for what lines say themselves.
    pub(crate) fn of_owners(&self) -> impl Iterator<Item = (i64, &T)> {
        self.keys.iter().map(|key| key.owner).zip(&self.items)
    }

    /// The one of an id that is known.
    pub(crate) fn of_id(&self, owner: i64, id: i64) -> Option<&T> {
        self.get(self.place_of_known(owner, id)?)
    }

    /// The place of an id that is known.
    pub(crate) fn place_of_known(&self, owner: i64, id: i64) -> Option<u32> {
        let place = *self.places.get(&(owner, id))?;
        Some(place).filter(|place| self.keys[*place as usize].is_known)
    }

    /// The place of an id that a line has.
    fn place_of_id(&mut self, owner: i64, id: i64) -> u32 {
        if let Some(place) = self.places.get(&(owner, id)) {
            return *place;
        }
        self.push(T::default(), Key { owner, id, is_known: false })
    }

    /// The place of what a line says itself. There are few of them.
    fn place_of(&mut self, item: T) -> u32 {
        let known = self.items.iter().zip(&self.keys).position(|(known, key)| key.is_known && *known == item);
        match known {
            Some(place) => u32::try_from(place).unwrap_or(u32::MAX),
            None => self.push(item, Key { owner: 0, id: 0, is_known: true }),
        }
    }

    fn push(&mut self, item: T, key: Key) -> u32 {
        let place = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        if key.id != 0 || !key.is_known {
            self.places.insert((key.owner, key.id), place);
        }
        self.items.push(item);
        self.keys.push(key);
        place
    }

    /// Takes what an id means, if the line says it: else another example may.
    fn learn(&mut self, owner: i64, id: i64, item: impl FnOnce() -> Option<T>) {
        if let Some(place) = self.places.get(&(owner, id)).map(|place| *place as usize)
            && !self.keys[place].is_known
            && let Some(item) = item()
        {
            (self.items[place], self.keys[place].is_known) = (item, true);
        }
    }

    /// Whether only the id is known of the item at this place.
    fn is_unexplained(&self, place: u32) -> bool {
        self.keys.get(place as usize).is_some_and(|key| !key.is_known && key.id != 0)
    }

    /// Whether a line names one without an id.
    fn is_without_id(&self, place: u32) -> bool {
        self.keys.get(place as usize).is_none_or(|key| !key.is_known && key.id == 0)
    }
}

#[cfg(test)]
impl References {
    /// These, at their places, by the ids that they have: those of periods are their places, too.
    pub(crate) fn of(owner: i64, document_types: Vec<DocumentType>, months: &[Option<Month>]) -> Self {
        let mut references = Self::default();
        references.add_types(owner, document_types);
        for (id, month) in (0..).zip(months) {
            let period = Period { month: *month, ..Period::default() };
            references.periods.push(period, Key { owner, id, is_known: true });
        }
        references
    }

    /// Adds document types of another owner.
    pub(crate) fn add_types(&mut self, owner: i64, document_types: Vec<DocumentType>) {
        for kind in document_types {
            let key = Key { owner, id: kind.id.unwrap_or(0), is_known: true };
            self.document_types.push(kind, key);
        }
    }

    /// The place of a document type of which the id alone is known.
    pub(crate) fn unexplained_type(&mut self, owner: i64, id: i64) -> u32 {
        self.document_types.place_of_id(owner, id)
    }
}

impl References {
    /// The place of a line's document type.
    pub(super) fn place_of_type(&mut self, source: Option<SourceNode>, owner: i64) -> u32 {
        match source {
            Some(SourceNode { db_id, code: None, description: None }) => {
                self.document_types.place_of_id(owner, reference(db_id).unwrap_or(0))
            }
            None => self.document_types.place_of_id(owner, 0),
            said => self.document_types.place_of(document_type(said)),
        }
    }

    /// The place of a line's period.
    pub(super) fn place_of_period(
        &mut self,
        client: &Client,
        (id, said): (Option<Integer>, Option<PeriodNode>),
        owner: i64,
    ) -> u32 {
        match said {
            None => self.periods.place_of_id(owner, reference(id).unwrap_or(0)),
            Some(said) => self.periods.place_of(period(client, said)),
        }
    }

    /// The month of a line's period.
    pub(crate) fn month(&self, entry: &ListedLine) -> Option<Month> {
        self.periods.get(entry.period)?.month
    }

    /// Whether a line has no id of a period or of a document type: the server may say below it what they are.
    pub(crate) fn lacks_ids(&self, entry: &ListedLine) -> bool {
        self.periods.is_without_id(entry.period) || self.document_types.is_without_id(entry.document_type)
    }

    /// Whether a line has an id of which it is not known what it means.
    pub(crate) fn are_unexplained(&self, entry: &ListedLine) -> bool {
        self.document_types.is_unexplained(entry.document_type) || self.periods.is_unexplained(entry.period)
    }

    /// Example lines for each id whose meaning is not known yet: `of_each` of them, not of a voucher that was tried, and no two neighbours of one
    /// voucher. One is not enough: it may be gone, or its voucher may have another type or period by now.
    pub(crate) fn examples(&self, entries: &[ListedLine], of_each: usize, tried: &FxHashSet<i64>) -> Vec<i64> {
        let tried_lines = entries.iter().filter(|entry| tried.contains(&entry.id));
        let tried_vouchers: FxHashSet<i64> = tried_lines.map(|entry| entry.voucher).filter(|id| *id != 0).collect();
        // Of each, the voucher of the last one, and how many there are.
        let mut of_types = vec![(0, 0); self.document_types.items.len()];
        let mut of_periods = vec![(0, 0); self.periods.items.len()];
        let mut examples = Vec::new();
        for entry in entries.iter().filter(|entry| self.are_unexplained(entry)) {
            if tried.contains(&entry.id) || tried_vouchers.contains(&entry.voucher) {
                continue;
            }
            let is_wanted = |(last, count): &mut (i64, usize)| {
                let is_wanted = *count < of_each && (entry.voucher == 0 || entry.voucher != *last);
                (*last, *count) = (entry.voucher, *count + usize::from(is_wanted));
                is_wanted
            };
            let of_type = self.document_types.is_unexplained(entry.document_type)
                && of_types.get_mut(entry.document_type as usize).is_some_and(is_wanted);
            let of_period = self.periods.is_unexplained(entry.period)
                && of_periods.get_mut(entry.period as usize).is_some_and(is_wanted);
            if of_type || of_period {
                examples.push(entry.id);
            }
        }
        examples
    }

    /// Takes what an example line says of its ids.
    pub(crate) fn learn(&mut self, client: &Client, mut said: LedgerReferencesNode) {
        let owner = reference(said.owner_db_id).unwrap_or(0);
        if let (Some(id), Some(said)) = (reference(said.period_id), said.period.take()) {
            self.periods.learn(owner, id, || Some(period(client, said)).filter(|period| period.month.is_some()));
        }
        if let Some(((owner, id), kind)) = type_by_id(said) {
            self.document_types.learn(owner, id, || Some(kind).filter(DocumentType::is_named));
        }
    }
}

/// The document type that a line names, by owner and id.
pub(crate) fn type_by_id(said: LedgerReferencesNode) -> Option<((i64, i64), DocumentType)> {
    let kind = document_type(said.header?.transaction_source);
    Some(((reference(said.owner_db_id).unwrap_or(0), kind.id?), kind))
}

/// A period, as a line says it.
pub(crate) fn period(client: &Client, said: PeriodNode) -> Period {
    Period {
        month: month(said.year, said.month_number),
        fiscal_year: client.fit("spend.fiscal_year", small(said.fiscal_year)),
        fiscal_period: client.fit("spend.fiscal_period", small(said.fiscal_period)),
    }
}

/// A year, or the number of a period.
fn small(value: Option<Lenient<Integer>>) -> Option<Lenient<i16>> {
    Some(value?.fit().and_then(|value| i16::try_from(value.0).ok()).map_or(Lenient::Unfit, Lenient::Fit))
}

/// Whether a line says what its period or its document type is, and not by which id it is known.
pub(crate) fn says_without_id(said: &LedgerReferencesNode) -> bool {
    let period = said.period.as_ref().and_then(|period| month(period.year, period.month_number));
    let source = said.header.as_ref().and_then(|header| header.transaction_source.as_ref());
    let names_a_type = |source: &SourceNode| source.code.is_some() || source.description.is_some();
    (period.is_some() && reference(said.period_id).is_none())
        || source.is_some_and(|source| names_a_type(source) && reference(source.db_id).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line says that was asked for its ids alone, or for what they mean.
    fn said(text: &str) -> LedgerReferencesNode {
        serde_json::from_str(text).unwrap()
    }

    fn entry(references: &mut References, id: i64, text: &str) -> ListedLine {
        let LedgerReferencesNode { owner_db_id, period_id, period, header, .. } = said(text);
        let owner = reference(owner_db_id).unwrap_or(0);
        let source = header.and_then(|header| header.transaction_source);
        ListedLine {
            id,
            owner,
            voucher: 1,
            account: 1,
            match_id: 0,
            modified_at: None.into(),
            period: references.place_of_period(&Client::of_nobody(), (period_id, period), owner),
            document_type: references.place_of_type(source, owner),
        }
    }

    const LINE: &str = r#"{"ownerDbId":1,"periodId":7,"header":{"transactionSource":{"dbId":802}}}"#;
    const MEANING: &str = r#"{"ownerDbId":1,"periodId":7,"period":{"year":2026,"monthNumber":5,"fiscalYear":2026,"fiscalPeriod":13},
        "header":{"transactionSource":{"dbId":802,"code":"AP"}}}"#;

    #[test]
    fn an_id_means_what_a_line_of_its_owner_says() {
        let mut references = References::default();
        let of_another_owner = LINE.replace("\"ownerDbId\":1", "\"ownerDbId\":2");
        let lines = [LINE, LINE, &of_another_owner].into_iter().zip(1..);
        let entries: Vec<ListedLine> = lines.map(|(text, id)| entry(&mut references, id, text)).collect();
        let none_tried = FxHashSet::default();
        assert_eq!(references.examples(&entries, 1, &none_tried), [1, 3]);
        assert!(references.month(&entries[0]).is_none() && references.document_types.of_id(1, 802).is_none());

        // A line that names none explains nothing: another one may.
        let silent =
            [MEANING.replace("\"AP\"", "null"), MEANING.replace("2026,\"monthNumber\":5", "null,\"monthNumber\":null")];
        references.learn(&Client::of_nobody(), said(&silent[0]));
        assert!(references.are_unexplained(&entries[0]) && references.month(&entries[0]).is_some());
        references.learn(&Client::of_nobody(), said(&silent[1]));
        assert!(references.document_types.of_id(1, 802).is_some());
        references.learn(&Client::of_nobody(), said(MEANING));
        let payroll = MEANING.replace("\"ownerDbId\":1", "\"ownerDbId\":2").replace("AP", "PR");
        references.learn(&Client::of_nobody(), said(&payroll));
        let code = |owner| references.document_types.of_id(owner, 802).and_then(|kind| kind.code.as_deref());
        assert_eq!((code(1), code(2), code(3)), (Some("AP"), Some("PR"), None));
        assert_eq!(references.month(&entries[1]), Month::new(2026, 5));
        assert_eq!(references.periods.get(entries[1].period).unwrap().fiscal_period, Some(13));
        assert!(references.examples(&entries, 1, &none_tried).is_empty());

        let mut read: References = postcard::from_bytes(&postcard::to_stdvec(&references).unwrap()).unwrap();
        assert_eq!(entry(&mut read, 4, LINE), ListedLine { id: 4, ..entries[0] });
    }

    #[test]
    fn examples_are_of_other_vouchers_than_those_that_told_nothing() {
        let mut references = References::default();
        let vouchers = [1, 1, 2, 2, 3, 0, 0, 4];
        let lines = vouchers.into_iter().zip(1..);
        let entries: Vec<ListedLine> =
            lines.map(|(voucher, id)| ListedLine { voucher, ..entry(&mut references, id, LINE) }).collect();
        let mut tried: FxHashSet<i64> = FxHashSet::default();
        for examples in [vec![1], vec![3, 5, 6], vec![7, 8], vec![]] {
            let found = references.examples(&entries, examples.len().max(1), &tried);
            assert_eq!(found, examples);
            tried.extend(found);
        }
        assert!(entries.iter().all(|entry| references.are_unexplained(entry)));
    }

    #[test]
    fn a_line_without_ids_is_told_from_one_without_references() {
        let mut references = References::default();
        let without = [
            (r#"{"ownerDbId":1,"periodId":7,"header":{"transactionSource":{"dbId":null}}}"#, true),
            (r#"{"ownerDbId":1,"periodId":0,"header":{"transactionSource":{"dbId":802}}}"#, true),
            (r#"{"ownerDbId":1,"periodId":7,"header":null}"#, true),
            (LINE, false),
            (MEANING, false),
        ];
        for (text, lacks_ids) in without {
            let entry = entry(&mut references, 1, text);
            assert_eq!(references.lacks_ids(&entry), lacks_ids, "{text}");
        }
        for (text, says) in [
            (MEANING.to_owned(), false),
            (MEANING.replace(":7", ":null"), true),
            (MEANING.replace("802", "0"), true),
            (without[2].0.to_owned(), false),
            (r#"{"ownerDbId":1,"periodId":0,"period":null}"#.to_owned(), false),
        ] {
            assert_eq!(says_without_id(&said(&text)), says, "{text}");
        }
    }
}
