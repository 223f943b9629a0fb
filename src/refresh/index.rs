//! How lists are walked: every ledger line and every AP line in the token's reach, by index fields alone. `lists.rs` keeps, saves and renews them.

mod ranges;
mod references;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::digest::Digest;
use crate::model::listed::{DocumentType, ListedLine, ListedPayable};
use crate::model::value::Month;
use crate::xledger::node::{Identified, LedgerIndexNode, ListedHeaderNode, PayableIndexNode, SourceNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{Integer, Lenient, reference, text};
use crate::xledger::{Client, Error, Position, Question};
pub(crate) use ranges::Ranges;
pub(crate) use references::{References, period, says_without_id, type_by_id};

/// The document type that a voucher names.
pub(crate) fn document_type(source: Option<SourceNode>) -> DocumentType {
    let Some(source) = source else { return DocumentType::default() };
    DocumentType { id: reference(source.db_id), code: text(source.code), description: text(source.description) }
}

/// A line of a list.
pub(crate) trait Listed: Copy + Serialize + DeserializeOwned + 'static {
    /// The line on the wire.
    type Node: Identified;
    /// What such lines refer to.
    type References: Default;
    /// Asks for such lines.
    const QUERY: Query;
    /// Asks for their ids alone.
    const IDS: Query;
    /// [`Listed::QUERY`], as it is asked of this server.
    fn query(_: &Client) -> Query {
        Self::QUERY
    }
    /// Reads a line as it was listed; `None` if it has no id, so that it cannot be asked for.
    fn read(node: Self::Node, references: &mut Self::References, client: &Client) -> Option<Self>;
    /// Its ids.
    fn ids(&self) -> Ids;
}

/// What every line has, of whichever ledger. 0 stands for no reference.
pub(crate) struct Ids {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    pub(crate) match_id: i64,
}

/// A list of lines.
#[derive(Debug)]
pub(crate) struct List<E: Listed> {
    pub(crate) entries: Vec<E>,
    pub(crate) references: E::References,
}

/// All ledger lines.
pub(crate) type Ledger = List<ListedLine>;
/// All AP lines.
pub(crate) type Payables = List<ListedPayable>;

impl<E: Listed> Default for List<E> {
    fn default() -> Self {
        Self { entries: Vec::new(), references: E::References::default() }
    }
}

impl<E: Listed> List<E> {
    /// The lines' ids.
    fn ids(&self) -> impl Iterator<Item = i64> {
        self.entries.iter().map(|entry| entry.ids().id)
    }

    /// Takes lines as they were listed.
    pub(crate) fn extend(&mut self, nodes: Vec<E::Node>, client: &Client) {
        self.entries.extend(nodes.into_iter().filter_map(|node| E::read(node, &mut self.references, client)));
    }

    /// Sorts by id, whatever the order of the answers: later steps and their outcome depend on nothing else.
    pub(crate) fn sort(&mut self) {
        self.entries.sort_unstable_by_key(|entry| entry.ids().id);
    }
}

/// Rows of a register's page, at most: deep selections time out, and a register's rows have many nested fields.
pub(crate) const REGISTER_PAGE_ROWS: usize = 5_000;
/// Rows that are asked for by their ids at once, each with twenty-odd nested fields: far below what the server answers in time.
pub(crate) const BY_ID_ROWS: usize = 1_000;

/// What is asked with.
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

impl Listed for ListedLine {
    type Node = LedgerIndexNode;
    type References = References;
    const QUERY: Query = query::LEDGER_INDEX;
    const IDS: Query = query::LEDGER_IDS;

    fn query(client: &Client) -> Query {
        client.plan().with_references(Self::QUERY)
    }

    fn read(node: LedgerIndexNode, references: &mut References, client: &Client) -> Option<Self> {
        let ListedHeaderNode { db_id, transaction_source, modified_at } = node.header.unwrap_or_default();
        let (id, owner) = (reference(node.db_id)?, reference(node.owner_db_id).unwrap_or(0));
        Some(ListedLine {
            id,
            owner,
            voucher: reference(db_id).unwrap_or(0),
            account: reference(node.account_db_id).unwrap_or(0),
            match_id: reference(node.match_id).unwrap_or(0),
            modified_at: modified_at.and_then(Lenient::fit).map(|time| time.0).into(),
            document_type: references.place_of_type(transaction_source, owner),
            period: references.place_of_period(client, (node.period_id, node.period), owner),
        })
    }

    fn ids(&self) -> Ids {
        let Self { id, owner, voucher, match_id, .. } = *self;
        Ids { id, owner, voucher, match_id }
    }
}

impl Listed for ListedPayable {
    type Node = PayableIndexNode;
    type References = ();
    const QUERY: Query = query::PAYABLE_INDEX;
    const IDS: Query = query::PAYABLE_IDS;

    fn read(node: PayableIndexNode, (): &mut (), _: &Client) -> Option<Self> {
        Some(ListedPayable {
            id: reference(node.db_id)?,
            owner: reference(node.owner_db_id).unwrap_or(0),
            voucher: node.transaction_header.and_then(|header| reference(header.db_id)).unwrap_or(0),
            match_id: reference(node.match_id).unwrap_or(0),
            document_type: reference(node.header_transaction_source_db_id).unwrap_or(0),
        })
    }

    fn ids(&self) -> Ids {
        let Self { id, owner, voucher, match_id, .. } = *self;
        Ids { id, owner, voucher, match_id }
    }
}

/// The calendar month of a period; `None` if it has none, or one that no calendar has.
pub(crate) fn month(year: Option<Integer>, month_number: Option<Integer>) -> Option<Month> {
    Month::new(year?.0, month_number?.0)
}
