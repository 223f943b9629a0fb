//! How lists are walked: every ledger line and every AP line in the token's reach, by index fields alone. `lists.rs` keeps, saves and renews them.

mod ranges;
mod references;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::digest::Digest;
use crate::model::listed::{DocumentType, ListedLine, ListedPayable, NONE};
use crate::model::value::Month;
use crate::xledger::node::{Identified, LedgerIndexNode, ListedHeaderNode, PayableIndexNode, SourceNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{Integer, Lenient, WallTime, reference, text};
use crate::xledger::{Client, Error, Position, Question};
pub(crate) use ranges::{List, Ranges};
pub(crate) use references::{References, period, says_without_id, type_by_id};

/// The document type that a voucher names.
pub(crate) fn document_type(source: Option<SourceNode>) -> DocumentType {
    let Some(source) = source else { return DocumentType::default() };
    DocumentType { id: reference(source.db_id), code: text(source.code), description: text(source.description) }
}

/// All ledger lines.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<ListedLine>,
    pub(crate) references: References,
}

/// All AP lines.
#[derive(Debug, Default)]
pub(crate) struct Payables {
    pub(crate) entries: Vec<ListedPayable>,
}

/// Rows of a register's page, at most: deep selections time out, and a register's rows have many nested fields.
pub(crate) const REGISTER_PAGE_ROWS: usize = 5_000;
/// Rows that are asked for by their ids at once, each with twenty-odd nested fields: far below what the server answers in time.
pub(crate) const BY_ID_ROWS: usize = 1_000;

/// What a listing asks with.
#[derive(Clone, Copy)]
pub(crate) struct ListContext<'a> {
    pub(crate) client: &'a Client,
    /// Variables that go with every query.
    pub(crate) base: &'a Map<String, Value>,
    pub(crate) page_rows: usize,
}

impl ListContext<'_> {
    /// Lets nothing new be asked once a list has ended with an error, but for one that says that the schema is not the known one: it is read
    /// again.
    pub(crate) fn give_up(self, error: &Error) {
        if !matches!(error, Error::SchemaMismatch { .. }) {
            self.client.give_up(error);
        }
    }
}

/// How far a register was listed, and with which document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegisterWalk {
    at: Position,
    /// The checksum of the document of its last page.
    document: String,
}

impl RegisterWalk {
    /// Lists a register from where it stands on. If a right was lost or given on the way, it is listed anew: rows that lack a field beside others that
    /// have it would be judged in another way.
    ///
    /// # Errors
    /// What the client cannot get over. What came before stays, and the next call goes on.
    pub(crate) async fn list<N: Identified, T, R: Default + Extend<T>>(
        &mut self,
        context: ListContext<'_>,
        query: Query,
        rows: &mut R,
        row: impl Fn(N) -> Option<T>,
    ) -> Result<(), Error> {
        let ListContext { client, base, page_rows } = context;
        // Its rows have many fields each, so that a page has fewer of them.
        let question = Question::all(query, base, page_rows.min(REGISTER_PAGE_ROWS));
        let document_now = || Digest::of(client.plan().document(query, None).text().as_bytes());
        if self.at != Position::default() {
            // Since then a right may have been given and a setting changed, and of a register that is whole no page comes that would show it.
            client.try_lost_again(question).await?;
            if document_now() != self.document {
                (*self, *rows) = Default::default();
            }
        }
        loop {
            let Self { at, document } = &mut *self;
            let (mut is_first, mut is_mixed) = (*at == Position::default(), false);
            let take = |nodes: Vec<N>| {
                let asked = document_now();
                is_mixed |= !std::mem::take(&mut is_first) && asked != *document;
                *document = asked;
                rows.extend(nodes.into_iter().filter_map(&row));
                Ok(())
            };
            let walked = client.walk(question, at, || false, take).await;
            if is_mixed {
                (*self, *rows) = Default::default();
            }
            if !is_mixed || walked.is_err() {
                return walked;
            }
        }
    }
}

impl List for Ledger {
    type Node = LedgerIndexNode;
    type Entry = ListedLine;
    const QUERY: Query = query::LEDGER_INDEX;
    const IDS: Query = query::LEDGER_IDS;

    fn query(client: &Client) -> Query {
        client.plan().with_references(Self::QUERY)
    }

    /// Takes lines as they were listed. One without an id cannot be asked for.
    fn extend(&mut self, nodes: Vec<LedgerIndexNode>, client: &Client) {
        for node in nodes {
            let Some(id) = reference(node.db_id) else { continue };
            let ListedHeaderNode { db_id, transaction_source, modified_at } = node.header.unwrap_or_default();
            let owner = reference(node.owner_db_id).unwrap_or(0);
            let document_type = self.references.place_of_type(transaction_source, owner);
            let period = self.references.place_of_period(client, (node.period_id, node.period), owner);
            self.entries.push(ListedLine {
                id,
                owner,
                voucher: reference(db_id).unwrap_or(0),
                account: reference(node.account_db_id).unwrap_or(0),
                match_id: reference(node.match_id).unwrap_or(0),
                modified_at: milliseconds(modified_at),
                period,
                document_type,
            });
        }
    }

    fn entries(&self) -> &[ListedLine] {
        &self.entries
    }

    fn entries_mut(&mut self) -> &mut Vec<ListedLine> {
        &mut self.entries
    }

    fn id_of(entry: &ListedLine) -> i64 {
        entry.id
    }
}

impl List for Payables {
    type Node = PayableIndexNode;
    type Entry = ListedPayable;
    const QUERY: Query = query::PAYABLE_INDEX;
    const IDS: Query = query::PAYABLE_IDS;

    fn query(_: &Client) -> Query {
        Self::QUERY
    }

    fn extend(&mut self, nodes: Vec<PayableIndexNode>, _: &Client) {
        self.entries.extend(nodes.into_iter().filter_map(payable_entry));
    }

    fn entries(&self) -> &[ListedPayable] {
        &self.entries
    }

    fn entries_mut(&mut self) -> &mut Vec<ListedPayable> {
        &mut self.entries
    }

    fn id_of(entry: &ListedPayable) -> i64 {
        entry.id
    }
}

/// A time as a list has it.
fn milliseconds(time: Option<Lenient<WallTime>>) -> i64 {
    time.and_then(Lenient::fit).map_or(NONE, |time| time.0.0)
}

/// The calendar month of a period; `None` if it has none, or one that no calendar has.
pub(crate) fn month(year: Option<Integer>, month_number: Option<Integer>) -> Option<Month> {
    Month::new(year?.0, month_number?.0)
}

fn payable_entry(node: PayableIndexNode) -> Option<ListedPayable> {
    Some(ListedPayable {
        id: reference(node.db_id)?,
        owner: reference(node.owner_db_id).unwrap_or(0),
        voucher: node.transaction_header.and_then(|header| reference(header.db_id)).unwrap_or(0),
        match_id: reference(node.match_id).unwrap_or(0),
        document_type: reference(node.header_transaction_source_db_id).unwrap_or(0),
    })
}
