//! The rows of the wire, as the documents in `queries/` ask for them: fields stand in the same order, which is what the fast path goes by. Nearly
//! everything can be null.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::fast_path::{Cursor, Key};
use super::scalar::{Amount, Date, FromWire, Integer, Lenient, WallTime, from_wire, reference};

type Text = Box<str>;
/// A text that no rule goes by.
type LenientText = Lenient<Box<str>>;

macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident { $($field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, Debug, Default)]
        #[cfg_attr(any(test, fuzzing), derive(serde::Serialize))]
        #[serde(rename_all = "camelCase", expecting = "an object")]
        pub(crate) struct $name { $(#[serde(default, deserialize_with = "from_wire")] pub(crate) $field: Option<$type>,)* }

        impl FromWire for $name {
            fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                Option::deserialize(deserializer)
            }

            fn read_fast(cursor: &mut Cursor<'_>, to: &mut Option<Self>) -> Option<()> {
                if !cursor.eat("{") {
                    return cursor.eat("null").then_some(());
                }
                let (node, mut has_more) = (to.insert(Self::default()), true);
                $({
                    const KEY: Key = Key::of_field(stringify!($field));
                    // A constant, so that it is compared by words.
                    const TEXT: &str = KEY.text();
                    if has_more && cursor.eat(TEXT) {
                        FromWire::read_fast(cursor, &mut node.$field)?;
                        has_more = cursor.has_more("}")?;
                    }
                })*
                // Another key, or one that stands elsewhere.
                (!has_more).then_some(())
            }
        }
    )*};
}

nodes! {
    /// A ledger line, as listed.
    LedgerIndexNode {
        db_id: Integer, account_db_id: Integer, match_id: Integer, header: ListedHeaderNode, period_id: Integer, period: PeriodNode, owner_db_id: Integer,
    }

    /// What a ledger line refers to.
    LedgerReferencesNode { db_id: Integer, owner_db_id: Integer, period_id: Integer, period: PeriodNode, header: SourceOfVoucherNode }

    /// An AP line, as listed.
    PayableIndexNode {
        transaction_header: ReferenceNode, header_transaction_source_db_id: Integer, db_id: Integer, match_id: Integer, owner_db_id: Integer,
    }

    /// A ledger line, as fetched.
    LedgerLineNode {
        db_id: Integer, owner_db_id: Integer, account_db_id: Integer, match_id: Integer, period_id: Integer, period: PeriodNode, header: HeaderNode,
        text: LenientText, amount: Amount, invoice_amount: Lenient<Amount>, tax_amount: Lenient<Amount>, company_db_id: Integer,
        gl_object1_db_id: Integer, gl_object2_db_id: Integer, gl_object3_db_id: Integer, gl_object4_db_id: Integer, gl_object5_db_id: Integer,
        currency: CodeNode, tax_rule: CodeNode,
    }

    /// An AP line, as fetched.
    PayableLineNode {
        db_id: Integer, owner_db_id: Integer, match_id: Integer, header_transaction_source_db_id: Integer, transaction_header: ReferenceNode,
        subledger_db_id: Integer, invoice_number: LenientText, invoice_date: Lenient<Date>, due_date: Lenient<Date>,
        last_payment_date: Lenient<Date>, company: ReferenceNode,
        sl_transaction_type: NameNode, invoice_file: ReferenceNode,
    }

    /// The document type of a voucher.
    SourceOfVoucherNode { transaction_source: SourceNode }

    /// Of a voucher, what a list asks for.
    ListedHeaderNode { db_id: Integer, transaction_source: SourceNode, modified_at: Lenient<WallTime> }

    /// An accounting period.
    PeriodNode { year: Integer, month_number: Integer, fiscal_year: Lenient<Integer>, fiscal_period: Lenient<Integer> }

    /// A voucher.
    HeaderNode {
        db_id: Integer, modified_at: Lenient<WallTime>, created_at: Lenient<WallTime>, transaction_number: Lenient<Integer>, posted_date: Lenient<Date>,
        transaction_source: SourceNode,
    }

    /// A document type.
    SourceNode { db_id: Integer, code: Text, description: Text }

    /// A reference to a row.
    ReferenceNode { db_id: Integer }

    /// A row of which only the code is asked.
    CodeNode { code: LenientText }

    /// An account of the chart.
    AccountNode {
        db_id: Integer, code: Text, description: LenientText, asset: bool, liabilities: bool, equity: bool, revenue: bool, cost: bool,
        cost_wages_salaries: bool, cost_of_goods_sold: bool, cost_other_operating: bool, finance: bool, account_group: DescriptionNode,
        chart_of_account: ReferenceNode,
    }

    /// A row of which only the description is asked.
    DescriptionNode { description: LenientText }

    /// A supplier of the register.
    SupplierNode {
        db_id: Integer, owner_db_id: Integer, code: LenientText, description: LenientText, email: LenientText, phone: LenientText, from_date: Lenient<Date>,
        to_date: Lenient<Date>, modified_at: Lenient<WallTime>, company_db_id: Integer, company: CompanyNode, subledger_group: DescriptionNode, address: AddressNode,
        contact: NameNode, contract: LenientText, pay_terms: NameNode,
    }

    /// A company, as a supplier or an owner names it.
    CompanyNode { db_id: Integer, company_number: LenientText }

    /// An address.
    AddressNode { street_address: LenientText, zip_code: LenientText, place: LenientText, country: CodeAndDescriptionNode }

    /// A row of which code and description are asked.
    CodeAndDescriptionNode { code: LenientText, description: LenientText }

    /// A row of which only the name is asked.
    NameNode { name: LenientText }

    /// A row of which only the id is looked at.
    IdNode { db_id: Integer }

    /// The owner of one line.
    OwnerOfLineNode { db_id: Integer, owner: OwnerNode }

    /// An owner: a company that keeps books.
    OwnerNode { db_id: Integer, code: LenientText, description: LenientText, currency: CodeNode, company: CompanyNode }

    /// The owner, the dimension values and the tax rule of one line, and what tells whether it is payroll.
    NamesOfLineNode {
        db_id: Integer, owner_db_id: Integer, account_db_id: Integer, match_id: Integer, header: SourceOfVoucherNode,
        owner: OwnerNode, tax_rule: DescriptionNode, gl_dimension: DimensionsNode,
    }

    /// The five GL objects.
    DimensionsNode {
        gl_object1: ObjectNode, gl_object2: ObjectNode, gl_object3: ObjectNode, gl_object4: ObjectNode, gl_object5: ObjectNode,
    }

    /// Whose token it is: the whole answer, the viewer, and what the token was made in.
    ViewerNode { viewer: ViewerOfTokenNode }
    ViewerOfTokenNode { entity: EntityNode }
    EntityNode { owner_db_id: Integer }

    /// A dimension value.
    ObjectNode { db_id: Integer, code: LenientText, description: LenientText, object_kind: NameNode }
}

/// A row that can be asked for by its id.
pub(crate) trait Identified: DeserializeOwned + FromWire {
    /// Its id; `None` if it has none.
    fn id(&self) -> Option<i64>;
}

macro_rules! identified {
    ($($node:ty),*) => {$(
        impl Identified for $node {
            fn id(&self) -> Option<i64> {
                reference(self.db_id)
            }
        }
    )*};
}
identified!(
    LedgerIndexNode,
    LedgerReferencesNode,
    PayableIndexNode,
    AccountNode,
    SupplierNode,
    LedgerLineNode,
    PayableLineNode,
    OwnerOfLineNode,
    NamesOfLineNode,
    IdNode
);
