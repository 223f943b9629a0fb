use super::*;
use crate::xledger::scalar::{Amount, Whole};

#[derive(Deserialize, Debug, PartialEq)]
struct Node {
    id: Option<Whole>,
    text: Option<Box<str>>,
    amount: Option<Amount>,
}

const JSON: &str = r#"{"errors":[{"message":"edges\":["}],"data":{"root":{"more":{"edges":[1]},"edges" : [
    {"cursor":"a.1","node":{"id":"1","text":"x]},{\"\\"}}, {"node":null,"cursor":null},null,
    {"cursor":"b\"2","node":{"id":2,"text":null}} ] ,"pageInfo":{"hasNextPage":true}}}}"#;

fn read(json: &[u8], chunk: usize, gzip: bool) -> Result<Rows<Node>, Fault> {
    let mut answer = Answer::new(gzip, 1_000);
    for chunk in json.chunks(chunk) {
        answer.feed(chunk)?;
    }
    answer.finish()
}

#[test]
fn rows_are_found_however_the_stream_is_cut() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(JSON.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    for chunk in 1..JSON.len() {
        for (bytes, gzip) in [(JSON.as_bytes(), false), (&gz[..], true)] {
            let rows = read(bytes, chunk, gzip).unwrap();
            let ids: Vec<_> = rows.nodes.iter().map(|n| n.id.unwrap().0).collect();
            assert_eq!(ids, [1, 2]);
            assert_eq!(rows.nodes[0].text.as_deref(), Some("x]},{\"\\"));
            assert_eq!((rows.empty_nodes, rows.cursor.as_deref()), (2, Some("b\"2")));
            assert!(rows.empty_cursors.is_empty());
            let rest: serde_json::Value = serde_json::from_slice(&rows.envelope).unwrap();
            assert_eq!(rest["data"]["root"]["pageInfo"]["hasNextPage"], true);
            assert_eq!(rest["data"]["root"]["edges"], serde_json::json!([]));
        }
    }
}

/// A file of gzip may have a name, a comment, more fields, and several members; each is a legal answer.
#[test]
fn gzip_in_every_form() {
    let member = |text: &str, builder: flate2::GzBuilder| {
        let mut gz = builder.write(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        gz.finish().unwrap()
    };
    let named = || flate2::GzBuilder::new().filename("answer.json").comment("a comment").extra([1, 2, 3]).mtime(7);
    let (first, second) = JSON.split_at(JSON.len() / 2);
    let whole = member(JSON, named());
    let members =
        [member(first, named()), member("", flate2::GzBuilder::new()), member(second, flate2::GzBuilder::new())];
    for gz in [whole, members.concat()] {
        for chunk in [1, 7, gz.len()] {
            let rows = read(&gz, chunk, true).unwrap();
            assert_eq!(rows.nodes.len(), 2);
            assert!(matches!(read(&gz[..gz.len() - 1], chunk, true), Err(Fault::Gzip)));
        }
    }
}

#[test]
fn a_fault_in_a_row_names_its_id() {
    for (id, named) in [
        ("4711", "row 1 (dbId 4711), node.amount"),
        ("\"4711\"", "row 1 (dbId 4711), node.amount"),
        ("\"Kari\"", "row 1, node.amount"),
    ] {
        let json =
            format!(r#"{{"data":{{"root":{{"edges":[{{"node":{{"amount":"1,5","dbId":{id},"text":"Kari"}}}}]}}}}}}"#);
        let Err(Fault::Malformed { path, what }) = read(json.as_bytes(), 7, false) else { panic!() };
        assert_eq!(path, named);
        assert!(!what.contains("1,5"), "{what}");
    }
}

#[test]
fn a_fault_names_the_place_and_never_the_value() {
    let json = JSON.replace("\"id\":2", "\"id\":\"Kari, expected a secret\"");
    let Err(Fault::Malformed { path, what }) = read(json.as_bytes(), 7, false) else { panic!() };
    assert_eq!((path.as_str(), what.as_str()), ("row 4, node.id", "expected a whole number, as a number or a string"));
    let json = JSON.replace("\"text\":null", "\"text\":{\"Kari\":1}");
    let Err(Fault::Malformed { path, what }) = read(json.as_bytes(), 7, false) else { panic!() };
    assert_eq!((path.as_str(), what.as_str()), ("row 4, node.text", "expected a string"));
}

#[test]
fn a_cut_changes_nothing() {
    let answer = |rows: &str| format!(r#"{{"data":{{"root":{{"edges":[{rows}],"pageInfo":{{}}}}}}}}"#);
    for (rows, fault) in [
        (r#"{"node":{"id":1,"amount":-1.5e-2}},null , {"node":{"amount":"1"}}"#, None),
        (r#"{"node":{"amount":-}}"#, Some("row 1, node.amount")),
        (r#"{"node":{}},{"node":{"id":99999999999999999999}}"#, Some("row 2, node.id")),
        (r#"{"node":null} {"node":null}"#, Some("row 1, its end")),
        ("nullnull", Some("row 1, its end")),
        (r#"{"node":null},"#, Some("row 2, .")),
        (r#",{"node":null}"#, Some("row 1, .")),
    ] {
        let json = answer(rows);
        for chunk in 1..=json.len() {
            let path = match read(json.as_bytes(), chunk, false) {
                Ok(_) => None,
                Err(Fault::Malformed { path, .. }) => Some(path),
                Err(fault) => panic!("{fault:?}"),
            };
            assert_eq!(path.as_deref(), fault, "{rows} by {chunk}");
        }
    }
}

#[test]
fn a_row_says_that_it_is_null() {
    for nothing in ["{}", "{\"a\":1}", "{\"cursor\":\"1\"}"] {
        let json = JSON.replace("{\"node\":null,\"cursor\":null}", nothing);
        let Err(Fault::Malformed { path, .. }) = read(json.as_bytes(), 7, false) else { panic!() };
        assert!(path.starts_with("row 2"), "{path}");
    }
}

#[test]
fn a_second_list_of_rows_is_none() {
    for twice in ["\"edges\":[{\"node\":{}}],\"pageInfo\"", "\"edges\":[],\"pageInfo\""] {
        let json = JSON.replace("\"pageInfo\"", twice);
        let Err(Fault::Malformed { path, what }) = read(json.as_bytes(), 7, false) else { panic!() };
        assert_eq!((path.as_str(), what.as_str()), ("edges", "expected one connection with one list of rows"));
    }
}

#[test]
fn a_damaged_stream_is_noticed() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(JSON.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    assert!(matches!(read(&gz[..gz.len() / 2], 9, true), Err(Fault::Gzip)));
    for end in 1..JSON.len() {
        assert!(matches!(read(&JSON.as_bytes()[..end], 9, false), Err(Fault::Cut)), "{end}");
    }
    // Whatever damage makes of the rows: it is the stream that is damaged, and asking again helps.
    for at in 10..gz.len() {
        let mut damaged = gz.clone();
        damaged[at] ^= 1;
        assert_eq!(read(&damaged, 9, true).err(), Some(Fault::Gzip), "byte {at}");
    }
}

#[test]
fn no_more_is_read_than_an_answer_can_hold() {
    let rows = format!("{{\"data\":{{\"root\":{{\"edges\":[{}]}}}}}}", vec!["null"; most_rows(1_000) + 1].join(","));
    assert!(matches!(read(rows.as_bytes(), 1_000, false), Err(Fault::TooMany)));
    let mut answer: Answer<Node> = Answer::new(false, 1_000);
    assert_eq!(answer.feed(b"{\"data\":{\"root\":{\"edges\":["), Ok(()));
    let spaces = vec![b' '; 1 << 20];
    assert_eq!((0..100).take_while(|_| answer.feed(&spaces).is_ok()).count(), 63);
}
