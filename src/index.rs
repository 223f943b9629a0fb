//! The lists: every ledger line and every AP line in the token's reach, by index fields alone.

use serde_json::{Map, Value};

use crate::value::Month;
use crate::xledger::node::{HeaderNode, LedgerIndexNode, PayableIndexNode, PeriodNode, SourceNode};
use crate::xledger::scalar::{reference, text};
use crate::xledger::{Client, Error, query, walk};

/// A document type, as a voucher names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentType {
    /// Its id.
    pub id: Option<i64>,
    /// Its code.
    pub code: Option<Box<str>>,
    /// Its description.
    pub description: Option<Box<str>>,
}

impl DocumentType {
    pub(crate) fn of(header: Option<SourceNode>) -> Self {
        let Some(source) = header else { return Self::default() };
        Self { id: reference(source.db_id), code: text(source.code), description: text(source.description) }
    }
}

/// A listed ledger line. 0 stands for no reference, as it does in Xledger: a list may hold millions.
#[derive(Clone, Copy, Debug)]
pub struct LedgerEntry {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    pub(crate) account: i64,
    pub(crate) match_id: i64,
    pub(crate) month: Option<Month>,
    /// Where the document type stands in the ledger's list of them.
    pub(crate) document_type: u32,
}

/// A listed AP line. 0 stands for no reference.
#[derive(Clone, Copy, Debug)]
pub struct PayableEntry {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    pub(crate) match_id: i64,
    /// The id of the voucher's document type.
    pub(crate) document_type: i64,
}

/// All ledger lines.
#[derive(Debug, Default)]
pub struct Ledger {
    pub(crate) entries: Vec<LedgerEntry>,
    pub(crate) document_types: Vec<DocumentType>,
}

/// All AP lines.
#[derive(Debug, Default)]
pub struct Payables {
    pub(crate) entries: Vec<PayableEntry>,
}

/// Lists the ledger. `rows` is told how many lines have come.
///
/// # Errors
/// What the client cannot get over.
pub async fn ledger(
    client: &Client,
    base: &Map<String, Value>,
    page_rows: usize,
    mut rows: impl FnMut(usize),
) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    walk(client, query::LEDGER_INDEX, base, page_rows, |nodes: Vec<LedgerIndexNode>| {
        rows(nodes.len());
        ledger.extend(nodes);
        Ok(())
    })
    .await?;
    // By id, whatever the order of the answers: later steps and their outcome depend on nothing else.
    ledger.entries.sort_unstable_by_key(|entry| entry.id);
    Ok(ledger)
}

/// Lists accounts payable.
///
/// # Errors
/// What the client cannot get over.
pub async fn payables(
    client: &Client,
    base: &Map<String, Value>,
    page_rows: usize,
    mut rows: impl FnMut(usize),
) -> Result<Payables, Error> {
    let mut payables = Payables::default();
    walk(client, query::PAYABLE_INDEX, base, page_rows, |nodes: Vec<PayableIndexNode>| {
        rows(nodes.len());
        payables.entries.extend(nodes.into_iter().filter_map(payable_entry));
        Ok(())
    })
    .await?;
    payables.entries.sort_unstable_by_key(|entry| entry.id);
    Ok(payables)
}

impl Ledger {
    fn extend(&mut self, nodes: Vec<LedgerIndexNode>) {
        for node in nodes {
            // A row without an id cannot be asked for.
            let Some(id) = reference(node.db_id) else { continue };
            let HeaderNode { db_id, transaction_source, .. } = node.header.unwrap_or_default();
            let document_type = DocumentType::of(transaction_source);
            // A ledger has a dozen document types: looking through them is quicker than hashing their names.
            let at = self.document_types.iter().position(|known| *known == document_type).unwrap_or_else(|| {
                self.document_types.push(document_type);
                self.document_types.len() - 1
            });
            self.entries.push(LedgerEntry {
                id,
                owner: reference(node.owner_db_id).unwrap_or(0),
                voucher: reference(db_id).unwrap_or(0),
                account: reference(node.account_db_id).unwrap_or(0),
                match_id: reference(node.match_id).unwrap_or(0),
                month: node.period.as_ref().and_then(month),
                document_type: u32::try_from(at).unwrap_or(u32::MAX),
            });
        }
    }
}

/// The calendar month of a period; `None` if it has none, or one that no calendar has.
pub(crate) fn month(period: &PeriodNode) -> Option<Month> {
    Month::new(period.year?.0, period.month_number?.0)
}

fn payable_entry(node: PayableIndexNode) -> Option<PayableEntry> {
    Some(PayableEntry {
        id: reference(node.db_id)?,
        owner: reference(node.owner_db_id).unwrap_or(0),
        voucher: node.transaction_header.and_then(|header| reference(header.db_id)).unwrap_or(0),
        match_id: reference(node.match_id).unwrap_or(0),
        document_type: reference(node.header_transaction_source_db_id).unwrap_or(0),
    })
}
