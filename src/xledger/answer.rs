//! Reads an answer as it arrives: rows are decoded one by one from the stream, and the little that stands around them is kept.

use flate2::write::MultiGzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::io::Write;

use super::node::{Identified, ProbeNode};

/// One row of a connection, with its cursor.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Edge<'a, T> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
    /// Null where Xledger has no row; a key that is not there at all is another schema.
    #[serde(deserialize_with = "Option::deserialize")]
    node: Option<T>,
}

/// Why an answer cannot be read.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// No JSON, or JSON of another shape. `path` names fields and rows, `what` what was expected: never a value.
    Malformed { path: String, what: String },
    /// One row, all that is not rows, or the whole answer passes its limit.
    TooLarge,
    /// Many more rows than were asked for.
    TooMany,
    /// It ends in the middle.
    Cut,
    /// The compressed stream is damaged or cut short.
    Gzip,
}

/// Bytes that all that is not rows may take: errors, if each row of a page has some.
const ENVELOPE_LIMIT: usize = 8 << 20;
/// Bytes that one row may take: it holds a few short texts. A row that is cut in two is decoded again from its beginning, so that one
/// without end costs the square of this.
const ROW_LIMIT: usize = 1 << 20;

/// The largest answer read, as sent and decompressed: 10,000 rows are 5 MB.
pub(crate) const ANSWER_LIMIT_BYTES: usize = 64 << 20;

/// The most rows of an answer, null ones and repeated ones included, where so many were asked for.
fn most_rows(asked: usize) -> usize {
    asked.saturating_mul(4).saturating_add(1_000)
}

/// An answer that is being read. `T` is what a row of its connection decodes to.
pub(crate) struct Answer<T> {
    gunzip: Option<MultiGzDecoder<Inflated>>,
    reader: Reader<T>,
    /// What is wrong with a compressed answer, unless its end shows that it was damaged on the way.
    fault: Option<Fault>,
    /// Bytes that were inflated so far.
    inflated: usize,
}

/// Where the decompressor puts what it has: emptied after every chunk.
#[derive(Default)]
struct Inflated(Vec<u8>);

impl Write for Inflated {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<T: DeserializeOwned> Answer<T> {
    /// The answer to a question for so many rows.
    pub(crate) fn new(gzip: bool, rows: usize) -> Self {
        let gunzip = gzip.then(|| MultiGzDecoder::new(Inflated::default()));
        Self { gunzip, reader: Reader::new(rows), inflated: 0, fault: None }
    }

    /// Reads the next bytes as they came over the wire.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Some(gunzip) = &mut self.gunzip else { return self.reader.feed(bytes) };
        // In small pieces, so that a little input cannot become a lot of memory before it is looked at.
        for piece in bytes.chunks(8 << 10) {
            gunzip.write_all(piece).map_err(|_| Fault::Gzip)?;
            let inflated = std::mem::take(&mut gunzip.get_mut().0);
            self.inflated += inflated.len();
            if self.inflated > ANSWER_LIMIT_BYTES {
                return Err(self.fault.take().unwrap_or(Fault::TooLarge));
            }
            if self.fault.is_none() {
                match self.reader.feed(&inflated) {
                    Err(fault @ Fault::Malformed { .. }) => self.fault = Some(fault),
                    fed => fed?,
                }
            }
            let mut inflated = inflated;
            inflated.clear();
            gunzip.get_mut().0 = inflated;
        }
        Ok(())
    }

    /// Bytes that are held, the texts of rows aside: those are no longer than what they were read from.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn held_bytes(&self) -> usize {
        let Reader { nodes, cursor, envelope, pending, .. } = &self.reader;
        let inflated = self.gunzip.as_ref().map_or(0, |gunzip| gunzip.get_ref().0.capacity());
        let cursor = cursor.as_ref().map_or(0, String::capacity);
        nodes.capacity() * size_of::<T>() + cursor + envelope.capacity() + pending.capacity() + inflated
    }

    /// Ends the answer: its rows, and the rest of it as JSON with the rows left out.
    pub(crate) fn finish(mut self) -> Result<Rows<T>, Fault> {
        if let Some(mut gunzip) = self.gunzip.take() {
            gunzip.try_finish().map_err(|_| Fault::Gzip)?;
            if let Some(fault) = self.fault {
                return Err(fault);
            }
            let rest = std::mem::take(&mut gunzip.get_mut().0);
            self.reader.feed(&rest)?;
        }
        if self.reader.scan.is_within() {
            return Err(Fault::Cut);
        }
        Ok(Rows {
            nodes: self.reader.nodes,
            empty_nodes: self.reader.empty_nodes,
            empty_cursors: self.reader.empty_cursors,
            cursor: self.reader.cursor,
            envelope: self.reader.envelope,
        })
    }
}

/// A whole answer.
pub(crate) struct Rows<T> {
    /// The rows that are not null.
    pub(crate) nodes: Vec<T>,
    /// Rows that are null: skipped, and counted.
    pub(crate) empty_nodes: usize,
    /// The cursors of those that have one.
    pub(crate) empty_cursors: Vec<String>,
    /// The last row's cursor.
    pub(crate) cursor: Option<String>,
    /// All of the answer but its rows, as JSON.
    pub(crate) envelope: Vec<u8>,
}

/// Finds `data.<root>.edges[…]` in a stream of JSON and decodes its elements.
struct Reader<T> {
    nodes: Vec<T>,
    empty_nodes: usize,
    empty_cursors: Vec<String>,
    cursor: Option<String>,
    envelope: Vec<u8>,
    scan: Scan,
    /// Bytes of an element that is not complete yet; only used between the brackets of `edges`.
    pending: Vec<u8>,
    /// Bytes read so far.
    size: usize,
    most_rows: usize,
}

/// Where in the envelope the reader stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    in_rows: bool,
    /// What stood last between the brackets of `edges`.
    last: Last,
    /// Start of the last string in the envelope: a key, if a colon follows.
    string_at: usize,
    /// Whether the last key was `edges`, at the depth of a connection's fields.
    at_edges: bool,
    /// Whether the reader is inside `data`.
    in_data: bool,
    /// Whether there were rows already.
    rows_ended: bool,
}

impl Scan {
    /// Whether something that was begun has not ended.
    fn is_within(&self) -> bool {
        self.in_rows || self.in_string || self.depth > 0
    }
}

/// What stands before a place between the brackets of `edges`.
#[derive(Clone, Copy, Default)]
enum Last {
    /// The opening bracket.
    #[default]
    Bracket,
    Row,
    Comma,
}

impl<T: DeserializeOwned> Reader<T> {
    fn new(rows: usize) -> Self {
        Self {
            // Room that is not used takes no memory; to make more room would copy all that is there.
            nodes: Vec::with_capacity(rows),
            empty_nodes: 0,
            empty_cursors: Vec::new(),
            cursor: None,
            envelope: Vec::new(),
            scan: Scan::default(),
            pending: Vec::new(),
            size: 0,
            most_rows: most_rows(rows),
        }
    }

    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        self.size += bytes.len();
        if self.size > ANSWER_LIMIT_BYTES {
            return Err(Fault::TooLarge);
        }
        while !bytes.is_empty() {
            bytes = if self.scan.in_rows { self.feed_rows(bytes)? } else { self.feed_envelope(bytes)? };
        }
        Ok(())
    }

    /// Takes bytes outside of the rows; returns those that are left when the rows begin.
    fn feed_envelope<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let scan = &mut self.scan;
        for (at, &byte) in bytes.iter().enumerate() {
            self.envelope.push(byte);
            if self.envelope.len() > ENVELOPE_LIMIT {
                return Err(Fault::TooLarge);
            }
            if scan.in_string {
                match byte {
                    _ if scan.escaped => scan.escaped = false,
                    b'\\' => scan.escaped = true,
                    b'"' => scan.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => {
                    scan.in_string = true;
                    scan.string_at = self.envelope.len() - 1;
                }
                b':' => {
                    let key = &self.envelope[scan.string_at..];
                    if scan.depth == 1 {
                        scan.in_data = key.starts_with(b"\"data\"");
                    }
                    scan.at_edges = scan.in_data && scan.depth == 3 && key.starts_with(b"\"edges\"");
                }
                b'[' if scan.at_edges => {
                    // A second list would be taken for more of the first, and whatever else stands in its connection would be lost.
                    if scan.rows_ended {
                        let what = "expected one connection with one list of rows".to_owned();
                        return Err(Fault::Malformed { path: "edges".to_owned(), what });
                    }
                    scan.at_edges = false;
                    scan.in_rows = true;
                    return Ok(&bytes[at + 1..]);
                }
                b'{' | b'[' => {
                    scan.depth += 1;
                    scan.at_edges = false;
                }
                b'}' | b']' => scan.depth = scan.depth.saturating_sub(1),
                b',' => scan.at_edges = false,
                _ => {}
            }
        }
        Ok(&[])
    }

    /// Takes bytes between the brackets of `edges`; returns those that are left when the rows end.
    fn feed_rows<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let mut pending = std::mem::take(&mut self.pending);
        let carried = pending.len();
        // Most chunks hold many rows: only what was cut in two is copied.
        let buffer: &[u8] = if carried == 0 {
            bytes
        } else {
            pending.extend_from_slice(bytes);
            &pending
        };
        let mut at = 0;
        loop {
            while let Some(b' ' | b'\n' | b'\r' | b'\t') = buffer.get(at) {
                at += 1;
            }
            match (buffer.get(at), self.scan.last) {
                (None, _) => break,
                (Some(b']'), Last::Bracket | Last::Row) => {
                    (self.scan.in_rows, self.scan.last) = (false, Last::Bracket);
                    self.scan.rows_ended = true;
                    self.envelope.push(b']');
                    return Ok(&bytes[at + 1 - carried..]);
                }
                (Some(b','), Last::Row) => {
                    self.scan.last = Last::Comma;
                    at += 1;
                    continue;
                }
                (Some(_), Last::Row) => return Err(malformed(self.rows(), None, no_end())),
                (Some(_), Last::Bracket | Last::Comma) => {}
            }
            let row = &buffer[at..buffer.len().min(at + ROW_LIMIT + 1)];
            let mut edges = serde_json::Deserializer::from_slice(row).into_iter::<Option<Edge<'_, T>>>();
            match edges.next() {
                Some(Ok(edge)) => {
                    let edge = edge.unwrap_or(Edge { cursor: None, node: None });
                    if edge.node.is_none() {
                        self.empty_cursors.extend(edge.cursor.as_ref().map(|cursor| cursor.to_string()));
                    }
                    if let Some(cursor) = edge.cursor {
                        let last = self.cursor.get_or_insert_default();
                        last.clear();
                        last.push_str(&cursor);
                    }
                    match edge.node {
                        Some(node) => self.nodes.push(node),
                        None => self.empty_nodes += 1,
                    }
                    if self.nodes.len() + self.empty_nodes > self.most_rows {
                        return Err(Fault::TooMany);
                    }
                    self.scan.last = Last::Row;
                    at += edges.byte_offset();
                }
                // The decoder does not always see that a number or a word goes on in the next chunk: whether the row is all there decides.
                Some(Err(error))
                    if !error.is_eof()
                        && let Some(end) = end_of(row) =>
                {
                    let row = &row[..end];
                    return Err(malformed(self.rows() + 1, id_in(row), fault_in::<Option<Edge<'_, T>>>(row)));
                }
                _ if row.len() > ROW_LIMIT => return Err(Fault::TooLarge),
                _ => break,
            }
        }
        self.pending = buffer[at..].to_vec();
        Ok(&[])
    }

    /// Rows that have come, null ones too.
    fn rows(&self) -> usize {
        self.nodes.len() + self.empty_nodes
    }
}

/// Where the JSON value ends that these bytes begin with; none if that is not yet to be seen.
fn end_of(json: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in json.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => continue,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' | b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return Some(at.max(1)),
            _ => {}
        }
    }
    None
}

/// A fault in the row of this number, counted from 1, and of this id: who looks for it knows no page.
fn malformed(number: usize, id: Option<i64>, fault: Fault) -> Fault {
    let Fault::Malformed { path, what } = fault else { return fault };
    let id = id.map(|id| format!(" (dbId {id})")).unwrap_or_default();
    Fault::Malformed { path: format!("row {number}{id}, {path}"), what }
}

/// The id of a row that is otherwise not as it should be.
fn id_in(row: &[u8]) -> Option<i64> {
    serde_json::from_slice::<Edge<'_, ProbeNode>>(row).ok()?.node?.id()
}

/// Something follows where nothing should.
fn no_end() -> Fault {
    Fault::Malformed { path: "its end".to_owned(), what: "expected nothing more".to_owned() }
}

/// Decodes a whole answer that has no rows.
pub(crate) fn whole<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|_| fault_in::<T>(json))
}

/// Decodes again to learn where it fails. The decoder's own words may repeat a value, so only what was expected is taken of them.
fn fault_in<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Fault {
    let mut decoder = serde_json::Deserializer::from_slice(json);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut decoder) else {
        return no_end();
    };
    let path = error.path().to_string();
    let what = expectation(&error.inner().to_string());
    Fault::Malformed { path, what }
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
