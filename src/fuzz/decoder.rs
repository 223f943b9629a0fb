//! An answer's bytes, plain and compressed, whole and in pieces: the same rows or the same fault, and never more rows or fewer than are there.

use std::io::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::envelope::{is_page, judge, pairs};
use crate::xledger::node::{
    AccountNode, LedgerIndexNode, LedgerLineNode, NamesOfLineNode, OwnerOfLineNode, PayableIndexNode, PayableLineNode,
    SupplierNode,
};
use crate::xledger::{Answer, Fault, Rows};

/// Reads an answer. The input is a head and the answer's bytes. The head's first byte names the kind of row, the second is odd if the bytes
/// are compressed, and four more say by turns how long the next piece is.
pub fn decoder(data: &[u8]) {
    let Some((&[kind, gzip, ref cuts @ ..], body)) = data.split_first_chunk::<6>() else { return };
    let input = Input { body, gzip: gzip % 2 == 1, cuts };
    match kind % 8 {
        0 => read::<LedgerIndexNode>(&input),
        1 => read::<LedgerLineNode>(&input),
        2 => read::<PayableIndexNode>(&input),
        3 => read::<PayableLineNode>(&input),
        4 => read::<SupplierNode>(&input),
        5 => read::<AccountNode>(&input),
        6 => read::<OwnerOfLineNode>(&input),
        _ => read::<NamesOfLineNode>(&input),
    }
}

/// How many rows were asked for.
const ROWS: usize = 1_000;

struct Input<'a> {
    body: &'a [u8],
    gzip: bool,
    cuts: &'a [u8],
}

/// Rows as they can be compared.
#[derive(Debug, PartialEq)]
struct Told {
    nodes: Vec<String>,
    empty_nodes: usize,
    cursor: Option<String>,
    envelope: Vec<u8>,
}

impl<T: Serialize> From<Rows<T>> for Told {
    fn from(rows: Rows<T>) -> Self {
        let nodes = rows.nodes.iter().map(|node| serde_json::to_string(node).unwrap()).collect();
        Self { nodes, empty_nodes: rows.empty_nodes, cursor: rows.cursor, envelope: rows.envelope }
    }
}

fn read<T: DeserializeOwned + Serialize>(input: &Input<'_>) {
    let whole = answer::<T>(input.body, input.gzip, &[]);
    match answer::<T>(input.body, input.gzip, input.cuts) {
        // Of a damaged stream that is too large, either is seen first.
        Err(Fault::TooLarge | Fault::TooMany | Fault::Gzip) if input.gzip => {
            assert!(matches!(whole, Err(Fault::TooLarge | Fault::TooMany | Fault::Gzip)))
        }
        cut => assert_eq!(whole, cut, "in one piece, and cut"),
    }
    if !input.gzip {
        assert_eq!(whole, answer::<T>(&compressed(input.body), true, input.cuts), "plain, and compressed");
    }
    let told = match whole {
        Ok(told) => told,
        Err(Fault::Malformed { what, .. }) => return assert!(!what.contains("Kari"), "{what}"),
        Err(Fault::TooLarge | Fault::TooMany | Fault::Gzip | Fault::Cut) => return,
    };
    judge(&told.envelope);
    if is_page(&told.envelope) {
        if !input.gzip {
            compare::<T>(input.body, &told);
        }
        again::<T>(told);
    }
}

/// Reads an answer in pieces of these lengths, by turns; in one piece if there are none.
fn answer<T: DeserializeOwned + Serialize>(body: &[u8], gzip: bool, cuts: &[u8]) -> Result<Told, Fault> {
    let (mut answer, mut rest, mut fed) = (Answer::<T>::new(gzip, ROWS), body, 0);
    let mut lengths =
        cuts.iter().map(|cut| usize::from(*cut)).map(|cut| if cut < 128 { cut + 1 } else { (cut - 127) << 6 }).cycle();
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(lengths.next().unwrap_or(usize::MAX).min(rest.len()));
        answer.feed(piece)?;
        fed += piece.len();
        let held = answer.held_bytes();
        assert!(held <= most_held::<T>(fed, gzip), "{held} bytes are held after {fed} were read");
        rest = later;
    }
    answer.finish().map(Told::from)
}

/// Bytes that may be held after so many were read: there is room for the rows that were asked for, a row takes at least three bytes of its
/// answer, vectors grow by doubling, and deflate makes at most 1,032 bytes of one.
fn most_held<T>(read: usize, gzip: bool) -> usize {
    let inflated = if gzip { 1_032 * read } else { read };
    let rows = 2 * size_of::<T>() * (inflated / 3 + 4 + ROWS);
    rows + 8 * inflated + (64 << 10)
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

/// Finds the rows once more by a parser that has the whole answer before it.
fn compare<T: DeserializeOwned + Serialize>(body: &[u8], told: &Told) {
    // Text that is passed by need not be text.
    let body = String::from_utf8_lossy(body);
    let edges = edges(&body).expect("an answer with rows that is no JSON of a connection");
    assert_eq!(edges.len(), told.nodes.len() + told.empty_nodes, "rows");
    let nodes = edges.iter().filter_map(|edge| {
        let (_, node) = pairs(edge.get())?.into_iter().find(|(key, _)| key == "node")?;
        serde_json::from_str::<Option<T>>(node.get()).unwrap()
    });
    let nodes: Vec<String> = nodes.map(|node| serde_json::to_string(&node).unwrap()).collect();
    assert_eq!(nodes, told.nodes);
}

/// Everything that stands in `data.<root>.edges[…]`; none if this is not the shape.
fn edges(json: &str) -> Option<Vec<&RawValue>> {
    let mut edges = Vec::new();
    for (_, data) in pairs(json)?.into_iter().filter(|(key, _)| key == "data") {
        for (_, root) in pairs(data.get())? {
            for (_, rows) in pairs(root.get())?.into_iter().filter(|(key, _)| key == "edges") {
                edges.extend(serde_json::from_str::<Option<Vec<&RawValue>>>(rows.get()).ok()?.unwrap_or_default());
            }
        }
    }
    Some(edges)
}

/// Writes the rows, and reads them again.
fn again<T: DeserializeOwned + Serialize>(told: Told) {
    let rows: Vec<String> = told.nodes.iter().map(|node| format!(r#"{{"node":{node}}}"#)).collect();
    let json = format!(r#"{{"data":{{"root":{{"edges":[{}],"pageInfo":{{"hasNextPage":false}}}}}}}}"#, rows.join(","));
    let read = answer::<T>(json.as_bytes(), false, &[]).expect("rows that were written");
    assert_eq!(read.nodes, told.nodes, "read, and read again");
}
