//! Asks for exactly the admitted lines that are to be fetched, by id, in parallel batches, and judges each once more when it comes.

use std::sync::Arc;

use futures::{StreamExt, stream};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, FailureKind};
use crate::index::{DocumentType, PayableEntry, month};
use crate::screen::{LineFacts, LineId, PayableId, Screen, Verdict};
use crate::value::{Day, Instant, MaybeMoney, Month};
use crate::xledger::node::{Identified, LedgerLineNode, PayableLineNode, ProbeNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{Odd, Whole, reference};
use crate::xledger::{Client, walk_ids};

/// A ledger line with all that its row in `spend` needs, references unresolved. Kept small, for a run holds millions: 0 stands for no
/// reference, as it does in Xledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
}

impl Fetch<'_> {
    /// Fetches admitted ledger lines, and the names that they share. Returns how many are gone. Whatever ends it, what came by then is in
    /// `rows`, each line once.
    pub(crate) async fn lines(
        &self,
        ids: Vec<LineId>,
        names: &mut Names,
        rows: &mut Vec<Line>,
        mut came: impl FnMut(usize),
    ) -> Result<u64, Failure> {
        let ids = ids.into_iter().map(LineId::get).collect();
        let take = |nodes: Vec<LedgerLineNode>| {
            came(nodes.len());
            for node in nodes {
                rows.push(self.line(node, names)?);
            }
            Ok(())
        };
        let missing = self.all(query::LEDGER_LINES, ids, take).await?;
        self.gone("ledger", query::LEDGER_INDEX, &missing).await
    }

    /// Fetches admitted AP lines, as [`Fetch::lines`].
    pub(crate) async fn payables(
        &self,
        ids: Vec<PayableId>,
        rows: &mut Vec<Payable>,
        mut came: impl FnMut(usize),
    ) -> Result<u64, Failure> {
        let ids = ids.into_iter().map(PayableId::get).collect();
        let take = |nodes: Vec<PayableLineNode>| {
            came(nodes.len());
            for node in nodes {
                rows.push(self.payable(node)?);
            }
            Ok(())
        };
        let missing = self.all(query::PAYABLE_LINES, ids, take).await?;
        self.gone("AP", query::PAYABLE_INDEX, &missing).await
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

    /// Judges a line as it came, and takes what its row needs.
    fn line(&self, node: LedgerLineNode, names: &mut Names) -> Result<Line, Failure> {
        let header = node.header.unwrap_or_default();
        let document_type = DocumentType::of(header.transaction_source);
        let owner = reference(node.owner_db_id).unwrap_or(0);
        let account = reference(node.account_db_id).unwrap_or(0);
        let match_id = reference(node.match_id).unwrap_or(0);
        let month = node.period.as_ref().and_then(month);
        let facts = LineFacts { owner, account, match_id, month, treatment: self.screen.treatment(&document_type) };
        let verdict = self.screen.judge(&facts);
        let (Some(month), Verdict::Kept { .. }) = (month, verdict) else {
            return Err(unadmissible("ledger", verdict == Verdict::Payroll));
        };
        let client = self.client;
        let fit = |column, value: Option<Odd<Box<str>>>| client.fit(column, value);
        let period = node.period.unwrap_or_default();
        let objects = [
            node.gl_object1_db_id,
            node.gl_object2_db_id,
            node.gl_object3_db_id,
            node.gl_object4_db_id,
            node.gl_object5_db_id,
        ];
        Ok(Line {
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
        })
    }

    fn payable(&self, node: PayableLineNode) -> Result<Payable, Failure> {
        let client = self.client;
        let entry = PayableEntry {
            id: reference(node.db_id).unwrap_or(0),
            owner: reference(node.owner_db_id).unwrap_or(0),
            voucher: node.transaction_header.and_then(|header| reference(header.db_id)).unwrap_or(0),
            match_id: reference(node.match_id).unwrap_or(0),
            document_type: reference(node.header_transaction_source_db_id).unwrap_or(0),
        };
        if !self.screen.admits_payable(&entry) {
            return Err(unadmissible("AP", self.screen.is_payroll_payable(&entry)));
        }
        Ok(Payable {
            id: entry.id,
            owner: entry.owner,
            voucher: entry.voucher,
            // As it was listed: a change since then shows in the next list.
            modified_at: self.screen.modified_at(entry.voucher),
            match_id: entry.match_id,
            document_type: entry.document_type,
            subledger: reference(node.subledger_db_id),
            company: node.company.and_then(|company| reference(company.db_id)),
            invoice_number: client.fit("spend.invoice_number", node.invoice_number),
            invoice_date: client.fit("spend.invoice_date", node.invoice_date).map(|date| date.0),
            due_date: client.fit("spend.due_date", node.due_date).map(|date| date.0),
        })
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name(u32);

/// The texts that many lines share, each kept once.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Arc<str>>,
    /// Where a text stands, from 1: 0 is no text.
    places: FxHashMap<Arc<str>, Name>,
}

impl Names {
    /// The text of a name, if it has one.
    pub fn text(&self, name: Name) -> Option<&str> {
        self.texts.get((name.0 as usize).checked_sub(1)?).map(|text| &**text)
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

fn unadmissible(ledger: &'static str, payroll: bool) -> Failure {
    if payroll {
        let message = format!(
            "a {ledger} line that was asked for turned out to be payroll; nothing is published. If somebody re-coded it just now, run again"
        );
        return Failure::new(FailureKind::PayrollReceived, message);
    }
    let message = format!(
        "a {ledger} line no longer fits the rules it was admitted by; nothing is published. Somebody changed it during the run: run again"
    );
    Failure::new(FailureKind::LineChanged, message)
}

#[cfg(test)]
mod tests;
