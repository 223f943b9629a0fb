//! An answer's bytes, plain and compressed: the same rows or the same fault, and never more rows or fewer than are there.

use std::io::Write as _;

use serde::Serialize;
use serde_json::value::RawValue;

use super::envelope::{judge, pairs};
use crate::xledger::node::{
    AccountNode, Identified, LedgerIndexNode, LedgerLineNode, NamesOfLineNode, OwnerOfLineNode, PayableIndexNode,
    PayableLineNode, SupplierNode,
};
use crate::xledger::{Data, Fault, inflate, read};

/// Reads an answer. The input's first byte names the kind of row, the rest are the answer's bytes.
pub fn decoder(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    match kind % 8 {
        0 => rows::<LedgerIndexNode>(body),
        1 => rows::<LedgerLineNode>(body),
        2 => rows::<PayableIndexNode>(body),
        3 => rows::<PayableLineNode>(body),
        4 => rows::<SupplierNode>(body),
        5 => rows::<AccountNode>(body),
        6 => rows::<OwnerOfLineNode>(body),
        _ => rows::<NamesOfLineNode>(body),
    }
}

/// Rows as they can be compared: their number, and those that are not null.
type Told = (usize, Vec<String>);

fn rows<T: Identified + Serialize>(body: &[u8]) {
    _ = inflate(body);
    assert_eq!(inflate(&compressed(body)).as_deref(), Ok(body), "plain, and compressed");
    judge(body);
    match told::<T>(body) {
        Ok(Some(told)) => {
            compare::<T>(body, &told);
            again::<T>(told);
        }
        Ok(None) | Err(Fault::TooLarge | Fault::Gzip | Fault::Cut) => {}
        Err(Fault::Malformed { what, .. }) => assert!(!what.contains("Kari"), "{what}"),
    }
}

/// The rows of an answer; none if it has errors, or no connection.
fn told<T: Identified + Serialize>(body: &[u8]) -> Result<Option<Told>, Fault> {
    let envelope = read::<Data<T>>(body)?;
    if !envelope.errors().is_empty() {
        return Ok(None);
    }
    Ok(envelope.data.map(|Data(rows)| {
        let nodes: Vec<String> = rows.edges.nodes.iter().map(|node| serde_json::to_string(node).unwrap()).collect();
        (nodes.len() + rows.edges.null_rows, nodes)
    }))
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

/// Finds the rows once more by a parser that knows no rows.
fn compare<T: Identified + Serialize>(body: &[u8], (count, nodes): &Told) {
    // Text that is passed by need not be text.
    let body = String::from_utf8_lossy(body);
    let edges = edges(&body).expect("an answer with rows that is no JSON of a connection");
    assert_eq!(edges.len(), *count, "rows");
    let found = edges.iter().filter_map(|edge| {
        let (_, node) = pairs(edge.get())?.into_iter().find(|(key, _)| key == "node")?;
        serde_json::from_str::<Option<T>>(node.get()).unwrap()
    });
    let found: Vec<String> = found.map(|node| serde_json::to_string(&node).unwrap()).collect();
    assert_eq!(&found, nodes);
}

/// Everything that stands in `edges[…]` of the first root by name; none if this is not the shape.
fn edges(json: &str) -> Option<Vec<&RawValue>> {
    let (_, data) = pairs(json)?.into_iter().find(|(key, _)| key == "data")?;
    // Of a name that comes twice the last counts.
    let root = pairs(data.get())?.into_iter().rev().min_by(|(a, _), (b, _)| a.cmp(b))?.1;
    let (_, rows) = pairs(root.get())?.into_iter().find(|(key, _)| key == "edges")?;
    Some(serde_json::from_str::<Option<Vec<&RawValue>>>(rows.get()).ok()?.unwrap_or_default())
}

/// Writes the rows, and reads them again.
fn again<T: Identified + Serialize>((_, nodes): Told) {
    let rows: Vec<String> = nodes.iter().map(|node| format!(r#"{{"node":{node}}}"#)).collect();
    let json = format!(r#"{{"data":{{"root":{{"edges":[{}],"pageInfo":{{"hasNextPage":false}}}}}}}}"#, rows.join(","));
    let read = told::<T>(json.as_bytes()).expect("rows that were written").expect("a connection");
    assert_eq!(read.1, nodes, "read, and read again");
}
