//! Reads an answer: inflated within bounds, and decoded at once into rows and the errors beside them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read as _;
use std::marker::PhantomData;

use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::fast_path::{Cursor, Token};
use super::node::{IdNode, Identified};
use super::scalar::FromWire;

/// The largest answer read, as sent and decompressed: 10,000 rows are 5 MB.
pub(crate) const ANSWER_LIMIT_BYTES: usize = 16 << 20;
/// The most rows of an answer, null ones included: four times those of the largest page. More rows may come than a question asked for: the caller
/// must notice that.
const MAX_ROWS: usize = 40_000;
/// Errors of one answer that are looked at: a server may say the same of each row.
const MAX_ERRORS: usize = 1_000;

/// Why an answer cannot be read.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// No JSON, or JSON of another shape. `path` names fields and rows, `what` what was expected: never a value.
    Malformed { path: String, what: String },
    /// It passes its limit.
    TooLarge,
    /// It ends in the middle.
    Cut,
    /// The compressed stream is damaged or cut short.
    Gzip,
}

/// A whole answer. `D` is what its `data` decodes to.
#[derive(Deserialize)]
#[serde(expecting = "an answer of GraphQL", bound(deserialize = "'de: 'a, D: Deserialize<'de>"))]
pub(crate) struct Envelope<'a, D> {
    pub(crate) data: Option<D>,
    /// The errors beside it, not read yet.
    #[serde(borrow)]
    errors: Option<Vec<&'a RawValue>>,
}

impl<D> Envelope<'_, D> {
    /// The first of the errors.
    pub(crate) fn errors(&self) -> Vec<Value> {
        let errors = self.errors.iter().flatten().take(MAX_ERRORS);
        errors.map(|error| serde_json::from_str(error.get()).unwrap_or_default()).collect()
    }
}

/// What the `data` of an answer decodes to.
pub(crate) trait Decoded: DeserializeOwned {
    /// Reads an answer on the fast path; `None` if it is laid out otherwise.
    fn read_fast(_: &[u8]) -> Option<Self> {
        None
    }

    /// Makes the rows at these places null; false if it is not known which they are.
    fn drop_rows(&mut self, _: &BTreeSet<usize>) -> bool {
        false
    }
}

/// The `data` of a question that is not for rows.
#[derive(Deserialize)]
#[serde(transparent, bound(deserialize = "T: DeserializeOwned"))]
pub(crate) struct Plain<T>(pub(crate) T);

impl<T: DeserializeOwned> Decoded for Plain<T> {}

/// The `data` of a question for rows: its one root.
#[derive(Deserialize)]
#[serde(try_from = "BTreeMap<String, Option<Page<T>>>", bound(deserialize = "T: DeserializeOwned"))]
pub(crate) struct Data<T>(pub(crate) Page<T>);

impl<T: DeserializeOwned + FromWire> Decoded for Data<T> {
    fn read_fast(json: &[u8]) -> Option<Self> {
        let json = std::str::from_utf8(json).ok()?;
        let (root, rows) = json.strip_prefix("{\"data\":{\"")?.split_once("\":{\"edges\":[")?;
        root.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
        let mut cursor = Cursor::new(rows);
        let before = json.get(..json.len() - rows.len())?;
        let rows = read_edges(&mut cursor)?;
        // What stands around the rows is read as ever.
        let around = [before, cursor.rest()].concat();
        let envelope: Envelope<'_, Self> = serde_json::from_str(&around).ok()?;
        let Data(page) = envelope.data.filter(|_| envelope.errors.is_none())?;
        Some(Data(Page { edges: rows, ..page }))
    }

    fn drop_rows(&mut self, places: &BTreeSet<usize>) -> bool {
        let edges = &mut self.0.edges;
        if places.is_empty() {
            return true;
        }
        // Rows behind one that is null have other places.
        if edges.null_rows > 0 || places.last().is_some_and(|last| *last >= edges.nodes.len()) {
            return false;
        }
        let mut place = 0..;
        edges.nodes.retain(|_| place.next().is_some_and(|place| !places.contains(&place)));
        edges.null_rows = places.len();
        true
    }
}

/// Reads the rows of a page on the fast path, up to the end of their list. A row that is null is left to serde.
fn read_edges<T: FromWire>(cursor: &mut Cursor<'_>) -> Option<Edges<T>> {
    let (mut nodes, mut last) = (Vec::new(), None);
    loop {
        let left = cursor.rest().len();
        cursor.eat("{").then_some(())?;
        if cursor.eat("\"cursor\":") {
            match cursor.token()? {
                Token::Null => {}
                Token::Text(text) => last = Some(text),
                _ => return None,
            }
            cursor.eat(",").then_some(())?;
        }
        cursor.eat("\"node\":").then_some(())?;
        let mut node = None;
        T::read_fast(cursor, &mut node)?;
        if nodes.is_empty() {
            // Rows are about as long as each other.
            nodes.reserve((left / (left - cursor.rest().len()).max(1) + 1).min(MAX_ROWS));
        }
        nodes.push(node?);
        (nodes.len() <= MAX_ROWS && cursor.eat("}")).then_some(())?;
        if !cursor.eat(",") {
            // Otherwise serde would read what follows as a list of its own, and drop it.
            cursor.rest().starts_with(']').then_some(())?;
            return Some(Edges { nodes, null_rows: 0, null_cursors: Vec::new(), cursor: last.map(str::to_owned) });
        }
    }
}

impl<T> TryFrom<BTreeMap<String, Option<Page<T>>>> for Data<T> {
    type Error = &'static str;

    fn try_from(roots: BTreeMap<String, Option<Page<T>>>) -> Result<Self, Self::Error> {
        // A connection that is null itself says nothing, least of all that the ledger is empty.
        roots.into_values().next().flatten().map(Data).ok_or("expected a connection, not null")
    }
}

/// A page of a connection.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a connection", bound(deserialize = "T: DeserializeOwned"))]
pub(crate) struct Page<T> {
    /// Asked for, so it is there. Xledger answers an empty connection with null.
    #[serde(deserialize_with = "edges")]
    pub(crate) edges: Edges<T>,
    pub(crate) page_info: PageInfo,
    /// Whether it may be cut short, whatever it says of the next page: null rows included, it has as many rows as were asked for, or a round number
    /// of them, as caps are.
    #[serde(skip)]
    pub(crate) may_be_cut: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `hasNextPage`")]
pub(crate) struct PageInfo {
    /// Whether more rows follow.
    pub(crate) has_next_page: bool,
}

/// The rows of a page.
pub(crate) struct Edges<T> {
    /// Those that are not null.
    pub(crate) nodes: Vec<T>,
    /// How many are null.
    pub(crate) null_rows: usize,
    /// The cursors of those that are null and have one.
    pub(crate) null_cursors: Vec<String>,
    /// The last row's cursor.
    pub(crate) cursor: Option<String>,
}

/// One row of a connection, with its cursor.
#[derive(Deserialize)]
#[serde(expecting = "a row", bound(deserialize = "'de: 'a, T: Deserialize<'de>"))]
struct Edge<'a, T> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
    /// Null where Xledger has no row; a key that is not there at all is another schema.
    #[serde(deserialize_with = "Option::deserialize")]
    node: Option<T>,
}

/// Reads the rows of a page.
fn edges<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Edges<T>, D::Error> {
    deserializer.deserialize_option(EdgesVisitor(PhantomData))
}

struct EdgesVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for EdgesVisitor<T> {
    type Value = Edges<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_none<E>(self) -> Result<Edges<T>, E> {
        Ok(Edges { nodes: Vec::new(), null_rows: 0, null_cursors: Vec::new(), cursor: None })
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Edges<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Edges<T>, A::Error> {
        let mut edges = self.visit_none::<A::Error>()?;
        let mut last = None;
        while let Some(edge) = rows.next_element::<Option<Edge<'de, T>>>()? {
            let Edge { cursor, node } = edge.unwrap_or(Edge { cursor: None, node: None });
            match node {
                Some(node) => edges.nodes.push(node),
                None => {
                    edges.null_rows += 1;
                    edges.null_cursors.extend(cursor.as_ref().map(|cursor| cursor.to_string()));
                }
            }
            last = cursor.or(last);
            if edges.nodes.len() + edges.null_rows > MAX_ROWS {
                return Err(A::Error::custom("expected fewer rows"));
            }
        }
        edges.cursor = last.map(Cow::into_owned);
        Ok(edges)
    }
}

/// Inflates an answer. Here and not in reqwest: Xledger meters bytes, so they are counted as they come over the wire, and what they inflate to is
/// bounded.
pub(crate) fn inflate(gzip: &[u8]) -> Result<Vec<u8>, Fault> {
    // A member ends with its length: room for it, and for no more than an answer may have.
    let length = gzip.last_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let mut json = Vec::with_capacity(length.min(ANSWER_LIMIT_BYTES) + 1);
    let inflated = MultiGzDecoder::new(gzip).take(ANSWER_LIMIT_BYTES as u64 + 1).read_to_end(&mut json);
    match inflated {
        Err(_) => Err(Fault::Gzip),
        Ok(size) if size > ANSWER_LIMIT_BYTES => Err(Fault::TooLarge),
        Ok(_) => Ok(json),
    }
}

/// Decodes an answer, once all of it has come: a page is 2 to 5 MB, and a handful are on the way at most. Where its data has another shape and there
/// are errors beside it, the data is left out: the errors say why.
pub(crate) fn read<D: Decoded>(json: &[u8]) -> Result<Envelope<'_, D>, Fault> {
    // A byte order mark says nothing, and some writers of UTF-8 put it there.
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    if let Some(data) = D::read_fast(json) {
        return Ok(Envelope { data: Some(data), errors: None });
    }
    read_any(json)
}

/// As [`read`], however it is laid out.
fn read_any<'a, D: Deserialize<'a>>(json: &'a [u8]) -> Result<Envelope<'a, D>, Fault> {
    serde_json::from_slice(json).or_else(|error| match serde_json::from_slice::<Envelope<'a, IgnoredAny>>(json) {
        Ok(Envelope { errors: Some(errors), .. }) if !errors.is_empty() => {
            Ok(Envelope { data: None, errors: Some(errors) })
        }
        Ok(_) => Err(fault_in::<Envelope<'a, D>>(json)),
        Err(_) if error.is_eof() => Err(Fault::Cut),
        Err(_) => Err(fault_in::<Envelope<'a, D>>(json)),
    })
}

/// Decodes again to learn where it fails. The decoder's own words may repeat a value, so only what was expected is taken of them.
fn fault_in<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Fault {
    let mut decoder = serde_json::Deserializer::from_slice(json);
    let failed = serde_path_to_error::deserialize::<_, T>(&mut decoder);
    let Err(error) = failed else {
        return Fault::Malformed { path: "its end".to_owned(), what: "expected nothing more".to_owned() };
    };
    let path = error.path().to_string();
    let path = row_path(json, &path).unwrap_or(path);
    Fault::Malformed { path, what: expectation(&error.inner().to_string()) }
}

/// `data.transactions.edges[6].node.amount` becomes `row 7 (dbId 4711), node.amount`: who looks for the row knows no page.
fn row_path(json: &[u8], path: &str) -> Option<String> {
    let (number, field) = path.split_once(".edges[")?.1.split_once(']')?;
    let number: usize = number.parse().ok()?;
    #[derive(Deserialize)]
    struct RawRows<'a> {
        #[serde(borrow)]
        edges: Vec<&'a RawValue>,
    }
    let raw: Option<Envelope<'_, BTreeMap<Cow<'_, str>, RawRows<'_>>>> = serde_json::from_slice(json).ok();
    let row = raw.as_ref().and_then(|raw| raw.data.as_ref()?.values().next()?.edges.get(number));
    let edge = row.and_then(|row| serde_json::from_str::<Edge<'_, IdNode>>(row.get()).ok());
    let id = edge.and_then(|edge| edge.node?.id()).map(|id| format!(" (dbId {id})")).unwrap_or_default();
    Some(format!("row {}{id}, {}", number + 1, field.trim_start_matches('.')))
}

/// `invalid type: string "Kari", expected a date at line 1 column 7` becomes `expected a date`.
fn expectation(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    match message.rfind("expected ") {
        Some(at) => message[at..].to_owned(),
        None => "expected JSON of the schema's shape".to_owned(),
    }
}

#[cfg(test)]
mod tests;
