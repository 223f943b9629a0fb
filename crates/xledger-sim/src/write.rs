//! Writes the answer as JSON, row by row.

mod damaged;
mod nulls;

use crate::answer::Answer;
use crate::column::Column;
use crate::company::Company;
use crate::dialect::{DamageKind, Dialect};
use crate::journal::Violation;
use crate::node::Node;
use crate::page::Page;
use crate::plan::{Action, Plan};
use crate::problem::Problem;
use crate::read::{Connection, OneObject, Part, Root};
use crate::table::Table;
use crate::value::{Shape, Value, write, write_number, write_text};
use apollo_compiler::response::JsonMap;
use damaged::{damaged, is_ledger, odd, write_odd};
pub(crate) use nulls::Nulled;
use serde_json::json;

/// Writes one answer.
pub(crate) struct Writer<'a> {
    pub(crate) books: &'a Company,
    pub(crate) dialect: &'a Dialect,
    /// Every so many-th row that is asked for by its id is left out.
    pub(crate) missing_rows: Option<u32>,
    /// Roots with more rows than this cannot be resolved, for a reason of this code.
    pub(crate) unresolved: Option<(u32, &'a str)>,
    /// Rows that were null in a list before.
    pub(crate) nulled: &'a Nulled,
    pub(crate) out: Vec<u8>,
    /// The field of the row being written that cannot be resolved.
    pub(crate) unresolved_field: Option<Column>,
    /// Errors about such fields.
    pub(crate) problems: Vec<Problem>,
}

/// What the parts of a connection are written from.
struct Written<'p> {
    page: &'p Page,
    connection: Option<&'p Connection>,
    cursors: Vec<i64>,
}

impl<'a> Writer<'a> {
    /// Writes `data`, and counts rows and violations into the answer.
    pub(crate) fn roots(&mut self, introspected: &JsonMap, roots: &[(String, Root)], number: u64, answer: &mut Answer) {
        self.out.extend_from_slice(b"{\"data\":");
        let mut first = true;
        for (key, value) in introspected.iter() {
            self.key(&mut first, key.as_str());
            // Writing into a vector cannot fail.
            let _ = serde_json::to_writer(&mut self.out, value);
        }
        for (key, root) in roots {
            if introspected.contains_key(key.as_str()) {
                continue;
            }
            self.key(&mut first, key);
            let before = (self.out.len(), answer.rows, answer.violations.len());
            match root {
                Root::Connection(connection) => {
                    self.connection(connection, number, answer);
                    let unresolved = self.unresolved.filter(|(most, _)| answer.rows - before.1 > u64::from(*most));
                    if let Some((_, code)) = unresolved {
                        self.out.truncate(before.0);
                        self.out.extend_from_slice(b"null");
                        answer.rows = before.1;
                        answer.violations.truncate(before.2);
                        answer.problems.push(Problem::unresolved(&connection.root, key, code));
                    }
                }
                Root::Empty(parts) => {
                    let page = Page::default();
                    self.parts(parts, &Written { page: &page, connection: None, cursors: Vec::new() });
                }
                Root::Object(Some(OneObject::Viewer), plan) => self.viewer(plan),
                Root::Object(Some(OneObject::Subledger(place)), plan) => {
                    self.node(Node::Subledger(&self.books.subledgers[*place as usize]), plan, None);
                }
                Root::TypeName => self.out.extend_from_slice(b"\"Query\""),
                Root::Object(None, _) | Root::Null => self.out.extend_from_slice(b"null"),
            }
        }
        answer.problems.append(&mut self.problems);
        self.out.extend_from_slice(if first { b"{}" } else { b"}" });
    }

    /// Ends the answer with its errors.
    pub(crate) fn finish(mut self, problems: &[Problem]) -> Vec<u8> {
        if !problems.is_empty() {
            let errors: Vec<_> = problems.iter().map(Problem::json).collect();
            self.out.extend_from_slice(b",\"errors\":");
            self.out.extend_from_slice(serde_json::Value::from(errors).to_string().as_bytes());
        }
        self.out.push(b'}');
        self.out
    }

    fn key(&mut self, first: &mut bool, key: &str) {
        self.out.push(if *first { b'{' } else { b',' });
        *first = false;
        write_text(&mut self.out, key);
        self.out.push(b':');
    }

    /// `viewer` has no fields of its own but the entity.
    fn viewer(&mut self, plan: &Plan) {
        for (key, action) in plan {
            self.out.extend_from_slice(key);
            match action {
                Action::Object(Column::Entity, plan) => self.node(Node::Owner(self.books.entity()), plan, None),
                Action::TypeName(name) => write_text(&mut self.out, name),
                _ => self.out.extend_from_slice(b"null"),
            }
        }
        self.out.push(b'}');
    }

    fn connection(&mut self, connection: &Connection, number: u64, answer: &mut Answer) {
        let (books, table) = (self.books, connection.query.table);
        let mut page = connection.query.select(books, self.dialect);
        if self.dialect.leak && table == Table::Lines && connection.query.by_ids() {
            let secret = books.lines.iter().position(crate::company::ledger::Line::is_payroll_by_nature);
            page.places.extend(secret);
        }
        if let Some(every) = self.missing_rows.filter(|_| connection.query.by_ids()) {
            let mut row = 0;
            page.places.retain(|_| {
                row += 1;
                row % every.max(1) != 0
            });
        }
        answer.rows += page.places.len() as u64;
        answer.fields.extend_from_slice(&connection.fields);
        let is_expense = |place: &&usize| table.is_expense(books, **place);
        answer.expense_rows += page.places.iter().filter(is_expense).count() as u64;
        self.look_for_payroll(connection, &page, number, answer);
        // Cursors belong to places on the page: where rows are mixed or repeated, they still go on from the end.
        let mut cursors: Vec<i64> = page.places.iter().map(|&place| table.node(books, place).id()).collect();
        if let Some(offset) = page.offset {
            cursors = (offset..).take(page.places.len()).map(|place| place as i64).collect();
        } else if self.dialect.row_order == crate::dialect::RowOrder::Mixed {
            cursors.sort_unstable();
        }
        self.parts(&connection.parts, &Written { page: &page, connection: Some(connection), cursors });
    }

    /// Notes payroll rows of which more than the index fields is answered, and texts of vouchers that hold payroll.
    fn look_for_payroll(&self, connection: &Connection, page: &Page, number: u64, answer: &mut Answer) {
        if connection.beyond.is_empty() {
            return;
        }
        let (books, table) = (self.books, connection.query.table);
        let is_voucher_text = |field: &&String| *field == "header.text" || *field == "transactionHeader.text";
        let voucher_texts: Vec<String> = connection.beyond.iter().filter(is_voucher_text).cloned().collect();
        for &place in &page.places {
            let fields = if table.is_payroll(books, place) {
                &connection.beyond
            } else if !voucher_texts.is_empty() && table.is_of_payroll_voucher(books, place) {
                &voucher_texts
            } else {
                continue;
            };
            answer.violations.push(Violation {
                request: number,
                root: connection.root.clone(),
                row: Some(table.node(books, place).id()),
                fields: fields.clone(),
            });
        }
    }

    fn parts(&mut self, parts: &[(Vec<u8>, Part)], written: &Written<'_>) {
        for (key, part) in parts {
            self.out.extend_from_slice(key);
            match part {
                Part::Edges(edge) => self.edges(edge, written),
                Part::PageInfo(parts) => self.parts(parts, written),
                Part::HasNextPage => write(&mut self.out, &Value::Flag(written.page.has_next), Shape::Number),
                Part::HasPreviousPage => write(&mut self.out, &Value::Flag(written.page.has_previous), Shape::Number),
                Part::TypeName(name) => write_text(&mut self.out, name),
                Part::Cursor | Part::Node(_) => self.out.extend_from_slice(b"null"),
            }
        }
        self.out.push(b'}');
    }

    fn edges(&mut self, edge: &[(Vec<u8>, Part)], written: &Written<'_>) {
        let Some(connection) = written.connection.filter(|_| !written.page.places.is_empty()) else {
            let empty: &[u8] = if self.dialect.empty_edges_as_array { b"[]" } else { b"null" };
            return self.out.extend_from_slice(empty);
        };
        let table = connection.query.table;
        self.out.push(b'[');
        for (row, &place) in written.page.places.iter().enumerate() {
            if row > 0 {
                self.out.push(b',');
            }
            let node = table.node(self.books, place);
            let due = |every: Option<u32>| every.is_some_and(|every| (row + 1) % every.max(1) as usize == 0);
            let last = row + 1 == written.page.places.len();
            let lost = due(self.dialect.null_cursors) && !last || self.dialect.null_last_cursors && last;
            let cursor = (!lost).then_some(written.cursors[row]);
            let null = nulls::is_null(self.dialect, self.nulled, connection, place);
            self.edge(edge, (!null).then_some(node), cursor);
            if let Some(column) = self.unresolved_field.take() {
                let field = column.name();
                let path = vec![json!(connection.root), json!("edges"), json!(row), json!("node"), json!(field)];
                self.problems.push(Problem { path, ..Problem::unresolved(field, field, "NULL_REFERENCE") });
            }
            if due(self.dialect.null_nodes) {
                self.out.push(b',');
                self.edge(edge, None, cursor);
            }
            if due(self.dialect.null_edges) {
                self.out.extend_from_slice(b",null");
            }
        }
        self.out.push(b']');
    }

    fn edge(&mut self, edge: &[(Vec<u8>, Part)], node: Option<Node<'a>>, cursor: Option<i64>) {
        for (key, part) in edge {
            self.out.extend_from_slice(key);
            match (part, node) {
                (Part::Cursor, _) => self.cursor(cursor),
                (Part::Node(plan), Some(node)) => {
                    let damage = self.dialect.damage.filter(|damage| is_ledger(node) && damage.row == node.id());
                    self.node(node, plan, damage.map(|damage| damage.kind));
                }
                (Part::TypeName(name), _) => write_text(&mut self.out, name),
                _ => self.out.extend_from_slice(b"null"),
            }
        }
        self.out.push(b'}');
    }

    fn cursor(&mut self, id: Option<i64>) {
        let Some(id) = id else { return self.out.extend_from_slice(b"null") };
        self.out.push(b'"');
        write_number(&mut self.out, id);
        if self.dialect.dotted_cursors {
            self.out.push(b'.');
            write_number(&mut self.out, id + 2);
        }
        self.out.push(b'"');
    }

    fn node(&mut self, node: Node<'a>, plan: &Plan, damage: Option<DamageKind>) {
        for (key, action) in plan {
            self.out.extend_from_slice(key);
            match action {
                Action::Value(column, shape) => {
                    if let Some(json) = damage.and_then(|kind| damaged(*column, kind)) {
                        self.out.extend_from_slice(json.as_bytes());
                    } else if let Some(said) = odd(self.books, node, *column) {
                        write_odd(&mut self.out, said, *shape);
                    } else {
                        write(&mut self.out, &node.value(self.books, *column), *shape);
                    }
                }
                Action::Object(column @ (Column::Header | Column::TransactionHeader), _)
                    if damage == Some(DamageKind::Unresolved) =>
                {
                    self.unresolved_field = Some(*column);
                    self.out.extend_from_slice(b"null");
                }
                Action::Object(column, plan) => match node.link(self.books, *column) {
                    None => self.out.extend_from_slice(b"null"),
                    Some(linked) => self.node(linked, plan, damage),
                },
                Action::TypeName(name) => write_text(&mut self.out, name),
                Action::Denied => self.out.extend_from_slice(b"null"),
            }
        }
        self.out.push(b'}');
    }
}
