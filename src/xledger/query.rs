//! The questions asked of Xledger: one document each, in `queries/`, checked against the schema file by a test.

use super::document::Document;

/// A GraphQL document with one operation.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The operation's name.
    pub name: &'static str,
    /// The document.
    pub document: &'static str,
    /// The root that it asks.
    pub(crate) root: &'static str,
    /// Fields of the document's rows that are left out all the same.
    pub(crate) without: &'static [&'static str],
}

/// A question is the same whatever is left out of it.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Query {
    /// The same question without these fields of its rows, and with all others.
    pub(crate) const fn without(self, fields: &'static [&'static str]) -> Self {
        Self { without: fields, ..self }
    }

    /// What is asked.
    pub(crate) fn read(self) -> Document {
        Document::read(self.document).without(|path| self.without.contains(&path))
    }
}

macro_rules! queries {
    ($($(#[$doc:meta])* $constant:ident = $name:literal of $root:literal in $file:literal;)*) => {
        $($(#[$doc])* pub const $constant: Query = Query { name: $name, document: include_str!(concat!("queries/", $file)), root: $root, without: &[] };)*
        /// Every document that is ever sent.
        pub const ALL: &[Query] = &[$($constant),*];
    };
}

queries! {
    /// Whose token it is.
    VIEWER = "Viewer" of "viewer" in "viewer.graphql";
    /// Names and types of the schema.
    DIALECT = "Dialect" of "__schema" in "dialect.graphql";
    /// The keys of a filter that has another name than the known one.
    FILTER_KEYS = "FilterKeys" of "__type" in "filter_keys.graphql";
    /// Names and types that facts are known of.
    PROBE_SCHEMA = "ProbeSchema" of "__schema" in "probe_schema.graphql";
    /// The chart of accounts.
    ACCOUNTS = "Accounts" of "accounts" in "accounts.graphql";
    /// Index fields of ledger lines.
    LEDGER_INDEX = "LedgerIndex" of "transactions" in "ledger_index.graphql";
    /// What ids mean that listed ledger lines have.
    LEDGER_REFERENCES = "LedgerReferences" of "transactions" in "ledger_references.graphql";
    /// Index fields of AP lines.
    PAYABLE_INDEX = "PayableIndex" of "apTransactions" in "payable_index.graphql";
    /// Admitted ledger lines.
    LEDGER_LINES = "LedgerLines" of "transactions" in "ledger_lines.graphql";
    /// Admitted AP lines.
    PAYABLE_LINES = "PayableLines" of "apTransactions" in "payable_lines.graphql";
    /// The supplier register.
    SUPPLIERS = "Suppliers" of "suppliers" in "suppliers.graphql";
    /// Names of owners and dimension values.
    NAMES = "Names" of "transactions" in "names.graphql";
    /// Base currencies of owners.
    OWNER_CURRENCIES = "OwnerCurrencies" of "transactions" in "owner_currencies.graphql";
    /// Ids of ledger lines.
    LEDGER_IDS = "LedgerIds" of "transactions" in "ledger_ids.graphql";
    /// Ids of AP lines.
    PAYABLE_IDS = "PayableIds" of "apTransactions" in "payable_ids.graphql";
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_query_names_its_root() {
        for query in ALL {
            assert_eq!(Document::read(query.document).root().as_deref(), Some(query.root), "{}", query.name);
        }
    }

    /// The page for auditors lists every field that is asked of rows, by query.
    #[test]
    fn generated_the_page_lists_every_field() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/xledger/queries/README.md");
        let page = fs::read_to_string(&path).unwrap();
        let head = "| query | root | fields of each row |\n|---|---|---|\n";
        let (before, rest) = page.split_once(head).unwrap();
        // The rows of the table, until something else follows.
        let after: String = rest.split_inclusive('\n').skip_while(|line| line.starts_with('|')).collect();
        let asked: String =
            ALL.iter().filter(|query| query.document.contains("node {")).map(|query| row(*query)).collect();
        let expected = format!("{before}{head}{asked}{after}");
        #[allow(clippy::disallowed_methods)] // a switch of this test, no setting of the product
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            fs::write(&path, &expected).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap() == expected,
            "to write it anew: UPDATE_GENERATED=1 cargo test --workspace --lib generated"
        );
    }

    /// What a query asks of each row, as a selection of GraphQL.
    fn row(query: Query) -> String {
        let paths = query.read().row_fields();
        format!("| `{}` | `{}` | `{}` |\n", query.name, query.root, selection(&paths, ""))
    }

    /// The fields right below a path, each with what it holds.
    fn selection(paths: &[String], above: &str) -> String {
        let below = paths.iter().filter_map(|path| Some((path, path.strip_prefix(above)?)));
        let fields = below.filter(|(_, field)| !field.contains('.')).map(|(path, field)| {
            match (selection(paths, &format!("{path}.")).as_str(), field) {
                ("", field) => field.to_owned(),
                // Of each dimension it asks the same.
                (_, "glObject2" | "glObject3" | "glObject4" | "glObject5") => String::new(),
                (held, "glObject1") => format!("glObject1…glObject5 {{{held}}}"),
                (held, field) => format!("{field} {{{held}}}"),
            }
        });
        fields.filter(|field| !field.is_empty()).collect::<Vec<_>>().join(" ")
    }
}
