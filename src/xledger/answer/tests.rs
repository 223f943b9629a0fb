use std::io::Write as _;

use serde_json::json;

use graphql_parser::query::{Definition, OperationDefinition, Selection, SelectionSet};

use super::*;
use crate::xledger::node::*;
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{Amount, Integer};

#[derive(Deserialize, Debug, PartialEq)]
struct Node {
    id: Option<Integer>,
    text: Option<Box<str>>,
    amount: Option<Amount>,
}

impl FromWire for Node {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Option::deserialize(deserializer)
    }

    fn read_fast(_: &mut Cursor<'_>, _: &mut Option<Self>) -> Option<()> {
        None
    }
}

const JSON: &str = r#"{"data":{"root":{"more":{"edges":[1]},"edges" : [
    {"cursor":"a.1","node":{"id":"1","text":"x]},{\"\\"}}, {"node":null,"cursor":null},null,
    {"cursor":"b\"2","node":{"id":2,"text":null}} ] ,"pageInfo":{"hasNextPage":true}}}}"#;

fn rows(json: &str) -> Result<Edges<Node>, Fault> {
    Ok(read::<Data<Node>>(json.as_bytes())?.data.unwrap().0.edges)
}

fn fault(json: &str) -> (String, String) {
    match rows(json).err() {
        Some(Fault::Malformed { path, what }) => (path, what),
        other => panic!("{json}: {other:?}"),
    }
}

fn compressed(text: &str, builder: flate2::GzBuilder) -> Vec<u8> {
    let mut gz = builder.write(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    gz.finish().unwrap()
}

#[test]
fn rows_null_rows_and_the_last_cursor() {
    let edges = rows(JSON).unwrap();
    assert_eq!(edges.nodes.iter().map(|node| node.id.unwrap().0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(edges.nodes[0].text.as_deref(), Some("x]},{\"\\"));
    assert_eq!((edges.null_rows, edges.null_cursors.len(), edges.cursor.as_deref()), (2, 0, Some("b\"2")));
}

#[test]
fn a_byte_order_mark_says_nothing() {
    assert_eq!(rows(&format!("\u{feff}{JSON}")).unwrap().nodes.len(), 2);
    assert!(rows(&format!("\u{feff}\u{feff}{JSON}")).is_err());
}

#[test]
fn a_page_has_edges_and_says_whether_more_follow() {
    let is_page = |root: &str| {
        let json = format!(r#"{{"data":{{"root":{root}}}}}"#);
        read::<Data<Node>>(json.as_bytes()).is_ok()
    };
    for root in
        [r#"{"edges":[],"pageInfo":{"hasNextPage":false}}"#, r#"{"pageInfo":{"hasNextPage":false},"edges":null}"#]
    {
        assert!(is_page(root), "{root}");
    }
    for root in [
        r#"{"pageInfo":{"hasNextPage":false}}"#,
        r#"{"edges":{},"pageInfo":{"hasNextPage":false}}"#,
        r#"{"edges":[],"edges":[],"pageInfo":{"hasNextPage":false}}"#,
        r#"{"edges":[]}"#,
        r#"[{"hasNextPage":false}]"#,
        "null",
    ] {
        assert!(!is_page(root), "{root}");
    }
}

/// A file of gzip may have a name, a comment, more fields, and several members; each is a legal answer.
#[test]
fn gzip_in_every_form() {
    let plain = flate2::GzBuilder::new;
    let named = || plain().filename("answer.json").comment("a comment").extra([1, 2, 3]).mtime(7);
    let (first, second) = JSON.split_at(JSON.len() / 2);
    let members = [compressed(first, named()), compressed("", plain()), compressed(second, plain())].concat();
    for gz in [compressed(JSON, plain()), compressed(JSON, named()), members] {
        assert_eq!(inflate(&gz).unwrap(), JSON.as_bytes());
        // Whatever is cut off or damaged: it is the stream, and asking again helps.
        assert_eq!(inflate(&gz[..gz.len() - 1]), Err(Fault::Gzip));
    }
    let gz = compressed(JSON, plain());
    for at in 10..gz.len() {
        let mut damaged = gz.clone();
        damaged[at] ^= 1;
        assert_eq!(inflate(&damaged), Err(Fault::Gzip), "byte {at}");
    }
}

#[test]
fn no_more_is_read_than_an_answer_can_hold() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..25).for_each(|_| gz.write_all(&vec![b' '; 1 << 20]).unwrap());
    assert_eq!(inflate(&gz.finish().unwrap()), Err(Fault::TooLarge));
    let json = |rows: usize| {
        let edges = vec![r#"{"node":{}}"#; rows].join(",");
        format!(r#"{{"data":{{"root":{{"edges":[{edges}],"pageInfo":{{"hasNextPage":false}}}}}}}}"#)
    };
    assert_eq!(rows(&json(MAX_ROWS)).unwrap().nodes.len(), MAX_ROWS);
    assert_eq!(fault(&json(MAX_ROWS + 1)).1, "expected fewer rows");
}

#[test]
fn a_fault_in_a_row_names_its_id() {
    for (id, named) in [
        ("4711", "row 2 (dbId 4711), node.amount"),
        ("\"4711\"", "row 2 (dbId 4711), node.amount"),
        ("\"Kari\"", "row 2, node.amount"),
    ] {
        let row = format!(r#"{{"node":{{"amount":"1,5","dbId":{id},"text":"Kari"}}}}"#);
        let (path, what) = fault(&format!(r#"{{"data":{{"root":{{"edges":[null,{row}]}}}}}}"#));
        assert_eq!(path, named);
        assert!(!what.contains("1,5"), "{what}");
    }
}

#[test]
fn a_fault_names_the_place_and_never_the_value() {
    let told = |from: &str, to: &str| fault(&JSON.replace(from, to));
    let (row, text) = ("row 4, node.id", "row 4, node.text");
    let whole = "expected a whole number, as a number or a string";
    assert_eq!(told("\"id\":2", "\"id\":\"Kari, expected a secret\""), (row.to_owned(), whole.to_owned()));
    assert_eq!(told("\"text\":null", "\"text\":{\"Kari\":1}"), (text.to_owned(), "expected a string".to_owned()));
    let page_info = ("data.root.pageInfo".to_owned(), "expected an object with `hasNextPage`".to_owned());
    assert_eq!(told("{\"hasNextPage\":true}", "null"), page_info);
    for nothing in ["{}", "{\"a\":1}", "{\"cursor\":\"1\"}"] {
        let (path, _) = told("{\"node\":null,\"cursor\":null}", nothing);
        assert!(path.starts_with("row 2"), "{path}");
    }
}

#[test]
fn an_answer_that_ends_early_is_cut() {
    for end in 0..JSON.len() {
        assert_eq!(read::<Data<Node>>(&JSON.as_bytes()[..end]).err(), Some(Fault::Cut), "{end}");
    }
    let (path, _) = fault(&format!("{JSON}]"));
    assert_eq!(path, "its end");
}

/// What the errors say is worth more than that the data beside them is odd.
#[test]
fn errors_come_before_data_of_another_shape() {
    let envelope = |json: &str| read::<Data<Node>>(json.as_bytes()).map(|envelope| envelope.errors()).ok();
    let errors = r#""errors":[{"message":"edges\":["}]"#;
    let message = json!([{"message": "edges\":["}]);
    for data in ["7", "null", r#"{"root":{"edges":[{}]}}"#, r#"{"root":null}"#] {
        let said = envelope(&format!(r#"{{"data":{data},{errors}}}"#)).unwrap();
        assert_eq!(Value::Array(said), message, "{data}");
    }
    assert_eq!(envelope(&format!("{{{errors}}}")).map(Value::Array), Some(message));
    assert!(envelope(r#"{"data":7,"errors":[]}"#).is_none());
}

/// An answer with one row, laid out as its query asks for it.
fn laid_out(query: Query) -> String {
    fn object<'a>(selected: &SelectionSet<'a, &'a str>) -> String {
        let fields = selected.items.iter().map(|item| {
            let Selection::Field(field) = item else { panic!("a field") };
            let value = match field.name {
                "edges" => format!("[{}]", object(&field.selection_set)),
                "cursor" => "\"7\"".to_owned(),
                "hasNextPage" => "false".to_owned(),
                "dbId" => "7".to_owned(),
                "amount" => "-12.50".to_owned(),
                "postedDate" => "\"2026-05-31\"".to_owned(),
                "modifiedAt" => "\"2026-05-31T12:34:56\"".to_owned(),
                "text" => r#""Ærlig \"talt\" \u00e6""#.to_owned(),
                "asset" => "true".to_owned(),
                _ if field.selection_set.items.is_empty() => "null".to_owned(),
                _ => object(&field.selection_set),
            };
            format!("\"{}\":{value}", field.name)
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }
    let document = graphql_parser::parse_query::<&str>(query.document).unwrap();
    let [Definition::Operation(OperationDefinition::Query(operation))] = &document.definitions[..] else {
        panic!("one query")
    };
    format!("{{\"data\":{}}}", object(&operation.selection_set))
}

/// Where they stand in another order, all of an answer would be read by serde, which takes five times as long and gives the same.
#[test]
fn rows_as_they_are_asked_for_come_on_the_fast_path() {
    fn check<T: Identified + serde::Serialize>(query: Query) {
        let json = laid_out(query);
        let text = |Data(page): Data<T>| {
            let Edges { nodes, cursor, .. } = page.edges;
            (serde_json::to_string(&nodes).unwrap(), cursor, page.page_info.has_next_page)
        };
        let read = Data::<T>::read_fast(json.as_bytes()).unwrap_or_else(|| panic!("not the fast path: {json}"));
        assert_eq!(text(read), text(read_any::<Data<T>>(json.as_bytes()).unwrap().data.unwrap()), "{json}");
    }
    check::<LedgerIndexNode>(query::LEDGER_INDEX);
    check::<LedgerReferencesNode>(query::LEDGER_REFERENCES);
    check::<LedgerLineNode>(query::LEDGER_LINES);
    check::<PayableIndexNode>(query::PAYABLE_INDEX);
    check::<PayableLineNode>(query::PAYABLE_LINES);
    check::<AccountNode>(query::ACCOUNTS);
    check::<SupplierNode>(query::SUPPLIERS);
    check::<OwnerOfLineNode>(query::OWNER_CURRENCIES);
    check::<NamesOfLineNode>(query::NAMES);
    check::<IdNode>(query::LEDGER_IDS);
}

/// What is not laid out as it was asked for, or is no answer of one connection without errors, is for serde alone.
#[test]
fn what_is_laid_out_otherwise_leaves_the_fast_path() {
    let json =
        r#"{"data":{"root":{"edges":[{"node":{"dbId":1}},{"node":{"dbId":"2"}}],"pageInfo":{"hasNextPage":true}}}}"#;
    let ids = |json: &str| {
        let Data(page) = Data::<IdNode>::read_fast(json.as_bytes())?;
        Some(page.edges.nodes.iter().map(|node| node.id().unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(ids(json).unwrap(), [1, 2]);
    for (from, to) in [
        ("{\"data\"", "{\"errors\":[],\"data\""),
        ("}}}}", "}}},\"errors\":[{\"message\":\"1\"}]}"),
        ("\"edges\"", "\"pageInfo\":{\"hasNextPage\":true},\"edges\""),
        ("\"edges\"", "\"edges\":[],\"edges\""),
        (",\"pageInfo\"", ",\"edges\":[],\"pageInfo\""),
        ("root", "ro\\u006ft"),
        ("{\"dbId\":1}", "null"),
        ("{\"node\":{\"dbId\":1}}", "null"),
        ("{\"node\":{\"dbId\":1}}", "{\"node\":{\"dbId\":1},\"cursor\":\"1\"}"),
        (":1}", ": 1}"),
        (":1}", ":1,\"more\":2}"),
        (":1}", ":1,\"dbId\":2}"),
        (":1}", ":1,}"),
        (":1}", ":1.5}"),
        (":1}", ":01}"),
        (":1}", ":\"\\u0031\"}"),
        ("\"2\"", "\"Kari\""),
        ("true}}}}", "true}}}}}"),
        ("true}}}}", "true}}}"),
        ("]", ""),
        ("]", ",]"),
    ] {
        let json = json.replacen(from, to, 1);
        assert_eq!(ids(&json), None, "{json}");
    }
}

/// What the fast path leaves of the rows is no list of its own.
#[test]
fn rows_without_a_comma_between_them_are_no_answer() {
    let number = |between: &str| {
        let rows = format!(r#"{{"node":{{"dbId":1}}}}{between}{{"node":{{"dbId":2}}}}"#);
        let json = format!(r#"{{"data":{{"root":{{"edges":[{rows}],"pageInfo":{{"hasNextPage":false}}}}}}}}"#);
        read::<Data<IdNode>>(json.as_bytes()).ok().map(|envelope| envelope.data.unwrap().0.edges.nodes.len())
    };
    for between in [",", " ,", ", "] {
        assert_eq!(number(between), Some(2), "{between:?}");
    }
    for between in ["", " ", "\r", ",,", "]["] {
        assert_eq!(number(between), None, "{between:?}");
    }
}
