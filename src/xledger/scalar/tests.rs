use super::*;

fn read<T: FromWire>(json: &str) -> Result<Option<T>, serde_json::Error> {
    T::from_wire(&mut serde_json::Deserializer::from_str(json))
}

fn instant(json: &str) -> Option<String> {
    let time: WallTime = read(json).ok()??;
    Some(jiff::Timestamp::from_millisecond(time.0.0).ok()?.to_string())
}

#[test]
fn wall_time_is_central_european() {
    for (wall, utc) in [
        ("2026-01-15T12:00:00", Some("2026-01-15T11:00:00Z")),
        ("2026-07-15T12:00:00", Some("2026-07-15T10:00:00Z")),
        // Repeated hour: the first.
        ("2026-10-25T02:30:00", Some("2026-10-25T00:30:00Z")),
        // Skipped hour: the instant it would have been.
        ("2026-03-29T02:30:00", Some("2026-03-29T01:30:00Z")),
        ("2026-07-15T12:00:00.250", Some("2026-07-15T10:00:00.25Z")),
        ("2026-07-15T12:00:00Z", None),
        ("2026-07-15T12:00:00.1234567+05:30", None),
        ("2026-07-15 12:00", Some("2026-07-15T10:00:00Z")),
        ("2026-07-15T12", Some("2026-07-15T10:00:00Z")),
        ("2026-07-15", Some("2026-07-14T22:00:00Z")),
        ("2026-07-15T23:59:60", None),
        ("2026-07-15T23:59:60Z", None),
        ("2026-07-15T12:00:00+24:00", None),
        ("2026-07-15T12:00:00[America/New_York]", None),
        ("2026-07-15T12:00:00.1234567899", None),
        ("2026-07-15T12:00:00,250", None),
        ("2026-07-15t12:00:00", None),
        ("20260715", None),
        ("2026-02-30T12:00:00", None),
        ("-002026-03-16", None),
        ("yesterday", None),
    ] {
        assert_eq!(instant(&format!("{wall:?}")).as_deref(), utc, "{wall}");
    }
}

#[test]
fn ids_are_numbers_or_strings() {
    for (json, id) in [
        ("7", Some(7)),
        ("\"109349000000467\"", Some(109_349_000_000_467)),
        ("7.0", None),
        ("\"x\"", None),
        ("true", None),
    ] {
        assert_eq!(read::<Integer>(json).ok().flatten().map(|id| id.0), id, "{json}");
    }
}

#[test]
fn money_is_read_from_its_text() {
    for (json, units) in [
        ("\"101.00\"", Some(1_010_000)),
        ("0.1", Some(1_000)),
        ("-3", Some(-30_000)),
        ("\"1.23456\"", None),
        ("{}", None),
    ] {
        assert_eq!(read::<Amount>(json).ok().flatten().map(|m| m.0.ten_thousandths()), units, "{json}");
    }
}

#[test]
fn dates_exist_or_are_refused() {
    for (text, day) in [
        ("1970-01-02", Some(1)),
        ("2026-02-28", Some(20_512)),
        ("2026-02-29", None),
        ("2026-2-1", None),
        ("2026-01-01T00:00:00", Some(20_454)),
        ("2026-01-01T00:00:00.000", Some(20_454)),
        // An offset says that it is no date.
        ("2026-01-01T00:00:00.000+01:00", None),
        ("2026-01-01T00:00:01", None),
        ("2026-01-01T00:00x", None),
        ("2026-01-01T00", None),
        ("2026-01-01T00:00:00.0000001", None),
        ("9999-12-31", Some(2_932_896)),
        ("9999-12-31T23:59:59.9999999", Some(2_932_896)),
    ] {
        assert_eq!(read::<Date>(&format!("{text:?}")).ok().flatten().map(|d| d.0.0), day, "{text}");
    }
}

#[test]
fn what_is_no_value_is_none() {
    for json in ["null", "\"\""] {
        assert_eq!(read::<Integer>(json).unwrap(), None);
        assert_eq!(read::<Amount>(json).unwrap(), None);
        assert_eq!(read::<Lenient<Amount>>(json).unwrap(), None);
        assert_eq!(read::<bool>(json).unwrap(), None);
        assert_eq!(read::<Lenient<Box<str>>>(json).unwrap(), None);
    }
    for json in ["\"0001-01-01\"", "\"0001-01-01T00:00:00\"", "\"0000-05-01\"", "\"\"", "null"] {
        assert_eq!(read::<Date>(json).unwrap(), None, "{json}");
        assert_eq!(read::<Lenient<WallTime>>(json).unwrap(), None, "{json}");
    }
}

#[test]
fn what_does_not_fit_costs_its_column_where_nothing_depends_on_it() {
    for json in ["\"1.23456\"", "{\"a\":[1]}", "true", "\"many\""] {
        assert_eq!(read::<Lenient<Amount>>(json).unwrap(), Some(Lenient::Unfit), "{json}");
        assert!(read::<Amount>(json).is_err(), "{json}");
    }
    for json in ["\"9999-12-31T23:59:59\"", "7.5", "[\"2026-01-01\"]", "{}", "false", "\"soon\""] {
        assert_eq!(read::<Lenient<WallTime>>(json).unwrap(), Some(Lenient::Unfit), "{json}");
        assert!(read::<WallTime>(json).is_err(), "{json}");
    }
    assert_eq!(read::<Lenient<Box<str>>>("12").unwrap(), Some(Lenient::Unfit));
    assert_eq!(read::<Lenient<Integer>>("12").unwrap(), Some(Lenient::Fit(Integer(12))));
}
