//! Asks for exactly the admitted lines that are to be fetched, by id, in parallel batches, and judges each once more when it comes.

use std::sync::Arc;

use futures::{StreamExt, stream};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cache::{Cache, Change, Part, Row};
use crate::failure::{Failure, FailureKind};
use crate::index::{DocumentType, NONE, PayableEntry, month};
use crate::screen::{AdmittedLine, AdmittedPayable, LineFacts, Screen, Verdict};
use crate::value::{Day, Instant, MaybeMoney, Month};
use crate::xledger::node::{Identified, LedgerLineNode, PayableLineNode, ProbeNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{Odd, Whole, reference};
use crate::xledger::{Client, walk_ids};

/// A ledger line with all that its row in `spend` needs, references unresolved. Kept small, for a run holds millions: 0 stands for no
/// reference, as it does in Xledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) account: i64,
    pub(crate) company: i64,
    pub(crate) voucher: i64,
    pub(crate) voucher_number: Option<i64>,
    pub(crate) voucher_modified_at: Option<Instant>,
    pub(crate) match_id: i64,
    pub(crate) dimensions: [i64; 5],
    pub(crate) amount: MaybeMoney,
    pub(crate) invoice_amount: MaybeMoney,
    pub(crate) vat_amount: MaybeMoney,
    pub(crate) text: Option<Box<str>>,
    pub(crate) document_type: Name,
    pub(crate) document_type_name: Name,
    pub(crate) currency: Name,
    pub(crate) vat_code: Name,
    pub(crate) posted_date: Option<Day>,
    pub(crate) month: Month,
    pub(crate) fiscal_year: Option<i16>,
    pub(crate) fiscal_period: Option<i16>,
}

/// An AP line: whose voucher it is, and of which invoice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payable {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    /// When the voucher was modified, in milliseconds since 1970; [`NONE`](crate::index::NONE) if Xledger does not say.
    pub(crate) modified_at: i64,
    pub(crate) match_id: i64,
    /// The id of the voucher's document type.
    pub(crate) document_type: i64,
    pub(crate) subledger: Option<i64>,
    pub(crate) company: Option<i64>,
    pub(crate) invoice_number: Option<Box<str>>,
    pub(crate) invoice_date: Option<Day>,
    pub(crate) due_date: Option<Day>,
}

/// What a fetch needs to know.
pub(crate) struct Fetch<'a> {
    pub(crate) client: &'a Client,
    pub(crate) base: &'a Map<String, Value>,
    pub(crate) batch_rows: usize,
    pub(crate) screen: &'a Screen,
    /// The ledger's document types.
    pub(crate) types: &'a [(Name, Name)],
    /// Whether a line is taken that is as it was listed but for the time of its voucher.
    pub(crate) takes_other_times: bool,
}

/// A row that is asked for by its id.
pub(crate) trait Fetched: Row {
    /// The line on the wire.
    type Node: DeserializeOwned + Identified;
    /// Asks for lines.
    const QUERY: Query;
    /// Asks for their index fields.
    const LIST: Query;
    /// Whose line it is, in words.
    const LEDGER: &'static str;
    /// Judges a line as it came, and takes what its row needs: its row, unless it has no period, and whether the rules keep it.
    ///
    /// # Errors
    /// [`FailureKind::PayrollReceived`] if it is payroll.
    fn receive(fetch: &Fetch<'_>, node: Self::Node, names: &mut Names) -> Result<(Option<Self>, bool), Failure>;
    /// The voucher that an admitted line was listed in, and that of the row.
    fn vouchers(admitted: &Self::Admitted, row: Option<&Self>) -> [i64; 2];
}

/// Lines that are not as they were listed: they are used once the lists have been brought up to date, and not before.
#[derive(Debug, Default)]
pub(crate) struct SetAside {
    /// Whether the lists must be made anew: a match, a period or an owner changed, which other lines are judged by.
    pub(crate) wholly: bool,
    pub(crate) lines: FxHashSet<i64>,
    pub(crate) payables: FxHashSet<i64>,
    /// Vouchers that they were or are in.
    pub(crate) vouchers: FxHashSet<i64>,
}

impl SetAside {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len() + self.payables.len()
    }

    /// Those of one ledger.
    fn of(&mut self, list: Query) -> &mut FxHashSet<i64> {
        if list == query::LEDGER_INDEX { &mut self.lines } else { &mut self.payables }
    }
}

impl Fetch<'_> {
    /// Fetches admitted lines, and the names that they share. Returns how many are gone. Whatever ends it, what came by then and is as it was
    /// listed is in `rows`, each line once.
    ///
    /// # Errors
    /// What the client cannot get over; [`FailureKind::PayrollReceived`]; [`FailureKind::SelfCheckFailed`] if lines are listed that do not come.
    pub(crate) async fn rows<T: Fetched>(
        &self,
        admitted: &[T::Admitted],
        names: &mut Names,
        rows: &mut Vec<T>,
        set_aside: &mut SetAside,
        mut came: impl FnMut(usize),
    ) -> Result<u64, Failure> {
        let take = |nodes: Vec<T::Node>| {
            came(nodes.len());
            for node in nodes {
                let at = node.id().and_then(|id| admitted.binary_search_by_key(&id, T::id_of).ok());
                // Another line would have ended the run.
                let Some(admitted) = at.and_then(|at| admitted.get(at)) else { continue };
                let (row, is_kept) = T::receive(self, node, names)?;
                let change = row.as_ref().map_or(Some(Change::Match), |row| row.change(admitted, self.types));
                match (row, change) {
                    (Some(row), None) if is_kept => rows.push(row),
                    (Some(row), Some(Change::Time)) if is_kept && self.takes_other_times => rows.push(row),
                    (row, change) => {
                        set_aside.wholly |= change == Some(Change::Match);
                        set_aside.of(T::LIST).insert(T::id_of(admitted));
                        set_aside
                            .vouchers
                            .extend(T::vouchers(admitted, row.as_ref()).into_iter().filter(|id| *id != 0));
                    }
                }
            }
            Ok(())
        };
        let missing = self.all(T::QUERY, admitted.iter().map(T::id_of).collect(), take).await?;
        self.gone(T::LEDGER, T::LIST, &missing).await
    }

    /// How many lines are gone that did not come: all of them, by the list as it is now.
    ///
    /// # Errors
    /// [`FailureKind::SelfCheckFailed`] if some are still listed.
    async fn gone(&self, ledger: &str, list: Query, missing: &[i64]) -> Result<u64, Failure> {
        let mut listed: Vec<i64> = Vec::new();
        for ids in missing.chunks(self.batch_rows.max(1)) {
            let rows = by_id::<ProbeNode>(self.client, list, self.base, ids).await?;
            listed.extend(rows.iter().filter_map(Identified::id));
        }
        if listed.is_empty() {
            return Ok(missing.len() as u64);
        }
        let ids: Vec<String> = listed.iter().take(20).map(i64::to_string).collect();
        let message = format!(
            "{} {ledger} lines are listed and do not come when they are asked for by id, so nothing is published: dbId {}. Run again; if that \
             goes on, ask Xledger's support about these lines",
            listed.len(),
            ids.join(", ")
        );
        Err(Failure::new(FailureKind::SelfCheckFailed, message))
    }

    /// Asks for `ids`, and once more for those that do not come back. Returns those that did not come.
    async fn all<N: DeserializeOwned + Identified>(
        &self,
        query: Query,
        mut ids: Vec<i64>,
        mut take: impl FnMut(Vec<N>) -> Result<(), Failure>,
    ) -> Result<Vec<i64>, Failure> {
        for _ in 0..2 {
            let mut missing = Vec::new();
            let fetch = async |batch| {
                let (rows, end): (Vec<N>, _) = by_id_so_far(self.client, query, self.base, batch).await;
                (batch, rows, end)
            };
            let mut stopped = None;
            let mut come = |(batch, mut rows, end): (&[i64], Vec<N>, Result<(), Failure>)| {
                let mut came: FxHashSet<i64> = FxHashSet::default();
                // The same row may come twice in an answer.
                rows.retain(|row| row.id().is_some_and(|id| came.insert(id)));
                match end {
                    Ok(()) => missing.extend(batch.iter().filter(|id| !came.contains(id))),
                    // What is on the way by then is waited for: a run that goes on does not ask for it again.
                    Err(failure) if failure.is_resumable() => _ = stopped.get_or_insert(failure),
                    Err(failure) => return Err(failure),
                }
                take(rows)
            };
            let mut batches = ids.chunks(self.batch_rows.max(1));
            // The first goes alone: what it teaches of this server, the others need not learn each for itself.
            if let Some(batch) = batches.next() {
                come(fetch(batch).await)?;
            }
            let mut batches = stream::iter(batches.map(fetch)).buffer_unordered(self.client.max_in_flight());
            while let Some(answer) = batches.next().await {
                come(answer)?;
            }
            drop(batches);
            if let Some(failure) = stopped {
                return Err(failure);
            }
            ids = missing;
        }
        Ok(ids)
    }
}

impl Fetched for Line {
    type Node = LedgerLineNode;
    const QUERY: Query = query::LEDGER_LINES;
    const LIST: Query = query::LEDGER_INDEX;
    const LEDGER: &'static str = "ledger";

    fn receive(fetch: &Fetch<'_>, node: LedgerLineNode, names: &mut Names) -> Result<(Option<Self>, bool), Failure> {
        let Fetch { client, screen, .. } = *fetch;
        let header = node.header.unwrap_or_default();
        let document_type = DocumentType::of(header.transaction_source);
        let owner = reference(node.owner_db_id).unwrap_or(0);
        let account = reference(node.account_db_id).unwrap_or(0);
        let match_id = reference(node.match_id).unwrap_or(0);
        let month = node.period.as_ref().and_then(|period| month(period.year, period.month_number));
        let verdict =
            screen.judge(&LineFacts { owner, account, match_id, month, treatment: screen.treatment(&document_type) });
        if verdict == Verdict::Payroll {
            return Err(payroll_received(Self::LEDGER));
        }
        let is_kept = matches!(verdict, Verdict::Kept { .. });
        let Some(month) = month else { return Ok((None, is_kept)) };
        let fit = |column, value: Option<Odd<Box<str>>>| client.fit(column, value);
        let period = node.period.unwrap_or_default();
        let objects = [
            node.gl_object1_db_id,
            node.gl_object2_db_id,
            node.gl_object3_db_id,
            node.gl_object4_db_id,
            node.gl_object5_db_id,
        ];
        let row = Line {
            id: reference(node.db_id).unwrap_or(0),
            owner,
            account,
            company: reference(node.company_db_id).unwrap_or(0),
            voucher: reference(header.db_id).unwrap_or(0),
            voucher_number: client.fit("spend.voucher_number", header.transaction_number).map(|number| number.0),
            voucher_modified_at: client.fit("spend.voucher_modified_at", header.modified_at).map(|at| at.0),
            match_id,
            dimensions: objects.map(|id| reference(id).unwrap_or(0)),
            amount: node.amount.map(|amount| amount.0).into(),
            invoice_amount: client.fit("spend.invoice_amount", node.invoice_amount).map(|amount| amount.0).into(),
            vat_amount: client.fit("spend.vat_amount", node.tax_amount).map(|amount| amount.0).into(),
            text: client.fit("spend.text", node.text),
            document_type: names.name(document_type.code),
            document_type_name: names.name(document_type.description),
            currency: names.name(fit("spend.invoice_currency_code", node.currency.and_then(|currency| currency.code))),
            vat_code: names.name(fit("spend.vat_code", node.tax_rule.and_then(|rule| rule.code))),
            posted_date: client.fit("spend.posted_date", header.posted_date).map(|date| date.0),
            month,
            fiscal_year: client.fit("spend.fiscal_year", small(period.fiscal_year)),
            fiscal_period: client.fit("spend.fiscal_period", small(period.fiscal_period)),
        };
        Ok((Some(row), is_kept))
    }

    fn vouchers(admitted: &AdmittedLine, row: Option<&Self>) -> [i64; 2] {
        [admitted.entry().voucher, row.map_or(0, |row| row.voucher)]
    }
}

impl Fetched for Payable {
    type Node = PayableLineNode;
    const QUERY: Query = query::PAYABLE_LINES;
    const LIST: Query = query::PAYABLE_INDEX;
    const LEDGER: &'static str = "AP";

    fn receive(fetch: &Fetch<'_>, node: PayableLineNode, _: &mut Names) -> Result<(Option<Self>, bool), Failure> {
        let Fetch { client, screen, .. } = *fetch;
        let entry = PayableEntry {
            id: reference(node.db_id).unwrap_or(0),
            owner: reference(node.owner_db_id).unwrap_or(0),
            voucher: node.transaction_header.and_then(|header| reference(header.db_id)).unwrap_or(0),
            match_id: reference(node.match_id).unwrap_or(0),
            document_type: reference(node.header_transaction_source_db_id).unwrap_or(0),
        };
        if screen.is_payroll_payable(&entry) {
            return Err(payroll_received(Self::LEDGER));
        }
        let row = Payable {
            id: entry.id,
            owner: entry.owner,
            voucher: entry.voucher,
            // As it was listed: a change since then shows in the next list.
            modified_at: screen.modified_at(entry.voucher),
            match_id: entry.match_id,
            document_type: entry.document_type,
            subledger: reference(node.subledger_db_id),
            company: node.company.and_then(|company| reference(company.db_id)),
            invoice_number: client.fit("spend.invoice_number", node.invoice_number),
            invoice_date: client.fit("spend.invoice_date", node.invoice_date).map(|date| date.0),
            due_date: client.fit("spend.due_date", node.due_date).map(|date| date.0),
        };
        Ok((Some(row), screen.admits_payable(&entry)))
    }

    fn vouchers(admitted: &AdmittedPayable, row: Option<&Self>) -> [i64; 2] {
        [admitted.entry().voucher, row.map_or(0, |row| row.voucher)]
    }
}

impl Row for Line {
    type Admitted = AdmittedLine;
    const FILE: &'static str = "lines";

    fn id_of(admitted: &AdmittedLine) -> i64 {
        admitted.entry().id
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn month(&self) -> Option<Month> {
        Some(self.month)
    }

    fn modified_at(&self) -> Option<Instant> {
        self.voucher_modified_at
    }

    fn change(&self, admitted: &AdmittedLine, types: &[(Name, Name)]) -> Option<Change> {
        let listed = admitted.entry();
        let document_type = types.get(listed.document_type as usize);
        if (self.owner, self.match_id, Some(self.month)) != (listed.owner, listed.match_id, listed.month) {
            Some(Change::Match)
        } else if (self.voucher, self.account) != (listed.voucher, listed.account)
            || Some(&(self.document_type, self.document_type_name)) != document_type
        {
            Some(Change::Line)
        } else {
            (self.voucher_modified_at.map_or(NONE, |at| at.0) != listed.modified_at).then_some(Change::Time)
        }
    }

    fn parts<'a>(cache: &'a mut Cache<'_>) -> &'a mut Vec<Part> {
        &mut cache.index.lines
    }
}

impl Row for Payable {
    type Admitted = AdmittedPayable;
    const FILE: &'static str = "ap-lines";

    fn id_of(admitted: &AdmittedPayable) -> i64 {
        admitted.entry().id
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn month(&self) -> Option<Month> {
        None
    }

    fn modified_at(&self) -> Option<Instant> {
        Some(self.modified_at).filter(|at| *at != NONE).map(Instant)
    }

    fn change(&self, admitted: &AdmittedPayable, _: &[(Name, Name)]) -> Option<Change> {
        let listed = admitted.entry();
        if (self.owner, self.match_id) != (listed.owner, listed.match_id) {
            Some(Change::Match)
        } else if (self.voucher, self.document_type) != (listed.voucher, listed.document_type) {
            Some(Change::Line)
        } else {
            (self.modified_at != admitted.modified_at()).then_some(Change::Time)
        }
    }

    fn parts<'a>(cache: &'a mut Cache<'_>) -> &'a mut Vec<Part> {
        &mut cache.index.payables
    }
}

/// All rows of the given ids, and no others: a row that was not asked for ends the run, unread.
pub(crate) async fn by_id<N: DeserializeOwned + Identified>(
    client: &Client,
    query: Query,
    base: &Map<String, Value>,
    ids: &[i64],
) -> Result<Vec<N>, Failure> {
    let (rows, end) = by_id_so_far(client, query, base, ids).await;
    end.map(|()| rows)
}

/// As [`by_id`], with the rows that came until it ended.
async fn by_id_so_far<N: DeserializeOwned + Identified>(
    client: &Client,
    query: Query,
    base: &Map<String, Value>,
    ids: &[i64],
) -> (Vec<N>, Result<(), Failure>) {
    let asked: FxHashSet<i64> = ids.iter().copied().collect();
    let (mut rows, mut unasked) = (Vec::with_capacity(ids.len()), false);
    let walked = walk_ids(client, query, base, ids, |nodes: Vec<N>| {
        unasked |= !nodes.iter().all(|node| node.id().is_some_and(|id| asked.contains(&id)));
        rows.extend(nodes);
        Ok(())
    })
    .await;
    if unasked {
        let message = format!(
            "Xledger answered query {} with a line that was not asked for; nothing is published. Does its `dbId_in` filter work?",
            query.name
        );
        return (Vec::new(), Err(Failure::new(FailureKind::UnaskedLine, message)));
    }
    (rows, walked.map_err(Failure::from))
}

/// A text that many lines share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Name(u32);

impl Name {
    /// Where its text stands, from 1; 0 if it has none.
    pub(crate) fn place(self) -> usize {
        self.0 as usize
    }
}

/// The texts that many lines share, each kept once.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Arc<str>>,
    /// Where a text stands, from 1: 0 is no text.
    places: FxHashMap<Arc<str>, Name>,
}

impl Names {
    /// All of them, in the order of their places.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(|text| &**text).collect()
    }

    /// The text of a name, if it has one.
    pub fn text(&self, name: Name) -> Option<&str> {
        self.texts.get((name.0 as usize).checked_sub(1)?).map(|text| &**text)
    }

    /// The names of a document type: its code and its description.
    pub(crate) fn of_type(&mut self, document_type: &DocumentType) -> (Name, Name) {
        (self.named(document_type.code.as_deref()), self.named(document_type.description.as_deref()))
    }

    pub(crate) fn name(&mut self, name: Option<Box<str>>) -> Name {
        self.named(name.as_deref())
    }

    /// The name of a text; an empty one is none.
    pub(crate) fn named(&mut self, name: Option<&str>) -> Name {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Name::default() };
        if let Some(known) = self.places.get(name) {
            return *known;
        }
        let name: Arc<str> = name.into();
        self.texts.push(name.clone());
        let place = Name(u32::try_from(self.texts.len()).unwrap_or(0));
        self.places.insert(name, place);
        place
    }
}

/// A year or a period.
fn small(value: Option<Odd<Whole>>) -> Option<Odd<i16>> {
    Some(value?.fit().and_then(|value| i16::try_from(value.0).ok()).map_or(Odd::Unfit, Odd::Fit))
}

fn payroll_received(ledger: &str) -> Failure {
    let message = format!(
        "a {ledger} line that was asked for turned out to be payroll; nothing is published. If somebody re-coded it just now, run again"
    );
    Failure::new(FailureKind::PayrollReceived, message)
}

#[cfg(test)]
mod tests;
