use super::*;

const COLUMNS: Columns<'_, 3> = Columns { names: ["key", "name", "open"], needed: &["key"] };

fn read(bytes: &[u8]) -> (Vec<Row<3>>, Vec<(u64, String)>) {
    let mut faults = Faults(Vec::new());
    let rows = rows(bytes, &COLUMNS, &mut faults);
    (rows, faults.0.into_iter().map(|fault| (fault.line, fault.what)).collect())
}

fn cells(bytes: &[u8]) -> Vec<(u64, [String; 3])> {
    let (rows, faults) = read(bytes);
    assert_eq!(faults, []);
    rows.into_iter().map(|row| (row.line, row.cells.map(|cell| cell.map_or_else(String::new, String::from)))).collect()
}

#[test]
fn files_of_every_spreadsheet_are_read() {
    let expected = [(2, ["1", "Å, b", "ja"].map(str::to_owned)), (5, ["2", "", "x;y"].map(str::to_owned))];
    for text in [
        "key,name,open\n1,\"Å, b\",ja\n\n\n2,,x;y\n",
        "key;name;open\n1;Å, b;ja\n\n\n2;;\"x;y\"",
        "\u{feff}Key; NAME ;open;\r\n 1 ;Å, b;ja;\r\n;;;\r\n\r\n2;;\"x;y\";\r\n",
        "\u{feff}open,key,name\r\nja,1,\"Å, b\"\r\n   \r\n, ,\r\nx;y,2\r\n\r\n",
    ] {
        assert_eq!(cells(text.as_bytes()), expected, "{text:?}");
    }
    assert_eq!(cells(b"key\r\n\r\n\r\n7").first().map(|(line, _)| *line), Some(4));
    assert_eq!(cells(b"\n\r\nkey,open\n\n7,no").first().map(|(line, _)| *line), Some(5));
}

#[test]
fn all_faults_are_told_with_their_lines() {
    for (text, expected) in [
        (&b""[..], &[(1, "the file is empty")][..]),
        (b"\xef\xbb\xbf\r\n", &[(1, "the file is empty")]),
        (b"key,name\n1,Bl\xe5\n", &[(2, "`CSV UTF-8`")]),
        (b"\xff\xfek\0e\0y\0", &[(1, "`CSV UTF-8`")]),
        (b"1,secret,ja\n2,b,nei", &[(1, "it names no column")]),
        (b"key\tname\n1\ta", &[(1, "it names no column")]),
        (b"name,colour,key,Key\n,,", &[(1, "`colour` is not known"), (1, "`key` stands there more than once")]),
        (b"name,open\na,b", &[(1, "`key` is missing")]),
        (
            b"key,name\n1,a,b\n,secret\n2,\"a\nb\"\n3,\"a\n4,b\n",
            &[(2, "below no column"), (3, "`key` is empty"), (4, "line break"), (6, "line break")],
        ),
    ] {
        let (_, faults) = read(text);
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for ((line, what), (expected_line, part)) in faults.iter().zip(expected) {
            assert!(line == expected_line && what.contains(part), "{line}: {what}");
            assert!(!what.contains("secret"), "{what}");
        }
    }
}

#[test]
fn twenty_faults_are_told_and_the_rest_counted() {
    let mut faults = Faults(Vec::new());
    (0..23).rev().for_each(|line| faults.add(line, "wrong"));
    let faults = faults.or(()).unwrap_err();
    let told = faults.to_string();
    assert!(told.starts_with("line 0: wrong; line 1: wrong") && told.ends_with("line 19: wrong; and 3 more"), "{told}");
    assert_eq!(Faults(faults.0[..1].to_vec()).to_string(), "line 0: wrong");
    assert_eq!(Faults(Vec::new()).or(7), Ok(7));
}

#[test]
fn yes_and_no_are_read_in_two_languages() {
    let mut faults = Faults(Vec::new());
    for (cell, expected) in [
        (Some("yes"), Some(true)),
        (Some("TRUE"), Some(true)),
        (Some("1"), Some(true)),
        (Some("Ja"), Some(true)),
        (Some("no"), Some(false)),
        (Some("False"), Some(false)),
        (Some("0"), Some(false)),
        (Some("NEI"), Some(false)),
        (None, None),
    ] {
        assert_eq!(yes_or_no(cell, "open", 2, &mut faults), expected, "{cell:?}");
    }
    assert_eq!(faults.0, []);
    assert_eq!(yes_or_no(Some("perhaps"), "open", 9, &mut faults), None);
    assert!(faults.0[0].line == 9 && faults.0[0].what.contains("`open`") && !faults.0[0].what.contains("perhaps"));
}
