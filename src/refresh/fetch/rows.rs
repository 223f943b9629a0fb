//! What is fetched: ledger lines and AP lines, and how each is judged as it comes, by the same rules and by its own index fields.

use super::{Fetch, FetchedRow, by_id};
use crate::model::failure::{Failure, FailureKind};
use crate::model::line::{Line, Payable};
use crate::model::listed::ListedPayable;
use crate::model::text_pool::TextPool;
use crate::refresh::cache::Listing;
use crate::refresh::index::{ListContext, document_type, period};
use crate::refresh::screen::{AdmittedLine, LineFacts, Screen, Verdict};
use crate::xledger::node::{LedgerLineNode, NamesOfLineNode, PayableLineNode, SourceNode};
use crate::xledger::query;
use crate::xledger::scalar::{Lenient, reference};

impl FetchedRow for Line {
    type Node = LedgerLineNode;
    const LEDGER: &'static str = "ledger";

    fn receive(fetch: &Fetch<'_>, node: LedgerLineNode, pool: &mut TextPool) -> Result<(Option<Self>, bool), Failure> {
        let Fetch { context: ListContext { client, .. }, listing: Listing { references, types, screen, .. }, .. } =
            *fetch;
        let header = node.header.unwrap_or_default();
        let owner = reference(node.owner_db_id).unwrap_or(0);
        let account = reference(node.account_db_id).unwrap_or(0);
        let match_id = reference(node.match_id).unwrap_or(0);
        // An id alone means the document type that was listed with it. An id that no line was listed with means nothing: the line is set aside.
        let of_id = match &header.transaction_source {
            Some(SourceNode { db_id, code: None, description: None }) => {
                let place = reference(*db_id).and_then(|id| references.document_types.place_of_known(owner, id));
                place.and_then(|place| types.get(place as usize).copied().zip(screen.treatment_at(place)))
            }
            _ => None,
        };
        let (document_type, treatment) = of_id.unwrap_or_else(|| {
            let said = document_type(header.transaction_source);
            (pool.of_type(&said), screen.treatment(&said))
        });
        let period = match node.period {
            None => reference(node.period_id).and_then(|id| references.periods.of_id(owner, id)).cloned(),
            said => said.map(|said| period(client, said)),
        };
        let period = period.unwrap_or_default();
        let month = period.month;
        let verdict = screen.judge(&LineFacts { owner, account, match_id, month, treatment });
        if verdict == Verdict::Payroll {
            return Err(payroll_received(Self::LEDGER));
        }
        let is_kept = matches!(verdict, Verdict::Kept { .. });
        let Some(month) = month else { return Ok((None, is_kept)) };
        let fit = |column, value: Option<Lenient<Box<str>>>| client.fit(column, value);
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
            voucher_number: client.fit("spend.voucher_number", header.transaction_number).map(|number| number.0).into(),
            voucher_modified_at: client.fit("spend.voucher_modified_at", header.modified_at).map(|at| at.0).into(),
            voucher_created_at: client.fit("spend.voucher_created_at", header.created_at).map(|at| at.0).into(),
            match_id,
            dimensions: objects.map(|id| reference(id).unwrap_or(0)),
            amount: node.amount.map(|amount| amount.0).into(),
            invoice_amount: client.fit("spend.invoice_amount", node.invoice_amount).map(|amount| amount.0).into(),
            vat_amount: client.fit("spend.vat_amount", node.tax_amount).map(|amount| amount.0).into(),
            text: pool.add(client.fit("spend.text", node.text).as_deref()),
            document_type: document_type.0,
            document_type_name: document_type.1,
            currency: pool.intern(
                fit("spend.invoice_currency_code", node.currency.and_then(|currency| currency.code)).as_deref(),
            ),
            vat_code: pool.intern(fit("spend.vat_code", node.tax_rule.and_then(|rule| rule.code)).as_deref()),
            posted_date: client.fit("spend.posted_date", header.posted_date).map(|date| date.0),
            month,
            fiscal_year: period.fiscal_year,
            fiscal_period: period.fiscal_period,
        };
        Ok((Some(row), is_kept))
    }

    fn query_number(screen: &Screen, line: &AdmittedLine) -> usize {
        usize::from(screen.is_of_expense_report(line))
    }
}

impl Fetch<'_> {
    /// What these admitted lines call their owners, dimension values and tax rules.
    ///
    /// # Errors
    /// What the client cannot get over; [`FailureKind::PayrollReceived`] if one is payroll now.
    pub(crate) async fn names(&self, lines: &[i64]) -> Result<Vec<NamesOfLineNode>, Failure> {
        let screen = self.listing.screen;
        let mut nodes: Vec<NamesOfLineNode> = by_id(self.context, query::NAMES, lines, Some(self.expires_at)).await?;
        let mut is_payroll = |node: &mut NamesOfLineNode| {
            let source = node.header.take().and_then(|header| header.transaction_source);
            let [owner, account, match_id] =
                [node.owner_db_id, node.account_db_id, node.match_id].map(|id| reference(id).unwrap_or(0));
            let treatment = screen.treatment(&document_type(source));
            // No period makes payroll of a line.
            screen.judge(&LineFacts { owner, account, match_id, month: None, treatment }) == Verdict::Payroll
        };
        if nodes.iter_mut().any(&mut is_payroll) {
            return Err(payroll_received(Line::LEDGER));
        }
        Ok(nodes)
    }
}

impl FetchedRow for Payable {
    type Node = PayableLineNode;
    const LEDGER: &'static str = "AP";

    fn receive(fetch: &Fetch<'_>, node: PayableLineNode, pool: &mut TextPool) -> Result<(Option<Self>, bool), Failure> {
        let (client, screen) = (fetch.context.client, fetch.listing.screen);
        let entry = ListedPayable {
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
            subledger: reference(node.subledger_db_id).unwrap_or(0),
            company: node.company.and_then(|company| reference(company.db_id)).unwrap_or(0),
            invoice_number: pool.add(client.fit("spend.invoice_number", node.invoice_number).as_deref()),
            invoice_date: client.fit("spend.invoice_date", node.invoice_date).map(|date| date.0),
            due_date: client.fit("spend.due_date", node.due_date).map(|date| date.0),
            last_payment_date: client.fit("spend.last_payment_date", node.last_payment_date).map(|date| date.0),
            kind: pool.intern(
                client.fit("spend.invoice_kind", node.sl_transaction_type.and_then(|kind| kind.name)).as_deref(),
            ),
            invoice_file: node.invoice_file.and_then(|file| reference(file.db_id)).unwrap_or(0),
        };
        Ok((Some(row), screen.admits_payable(&entry)))
    }
}

pub(super) fn payroll_received(ledger: &str) -> Failure {
    let message = format!(
        "a {ledger} line that was asked for turned out to be payroll; nothing is published. If somebody re-coded it just now, run again"
    );
    Failure::new(FailureKind::PayrollReceived, message)
}
