//! What Glue, and through it Athena, is told of a table besides its columns: the reader, and the partitions that exist. Both the DDL
//! and the publisher take it from here.

use std::collections::BTreeSet;

use super::column::{Column, Format, Table};
use super::partition::MONTH_DIGITS;

/// The classes that read a table's files, by their Java names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Makes rows of what the input format gives.
    pub serde: &'static str,
    /// Reads files.
    pub input_format: &'static str,
    /// Would write files; Glue wants it named all the same.
    pub output_format: &'static str,
    /// The `classification` that Glue shows.
    pub classification: &'static str,
}

impl Format {
    /// The classes that read files of this format.
    pub fn reader(self) -> Reader {
        match self {
            Self::Parquet => Reader {
                serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                input_format: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                output_format: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                classification: "parquet",
            },
            // Not the OpenX reader, of which Athena's documentation says that rows can come twice or not at all.
            Self::JsonLines => Reader {
                serde: "org.apache.hive.hcatalog.data.JsonSerDe",
                input_format: "org.apache.hadoop.mapred.TextInputFormat",
                output_format: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                classification: "json",
            },
        }
    }
}

/// The partitions that a table has, one set of values for each of its partition columns; as placeholders, before they are known.
#[derive(Clone, Debug)]
pub enum Partitions {
    /// `${year_range}` and the like, for a person to replace.
    Placeholders,
    /// The values that exist, of each partition column, outermost first.
    Found(Vec<BTreeSet<i64>>),
}

/// The table's parameters in Glue, `TBLPROPERTIES` in DDL, in a fixed order. `location` is the table's own directory.
///
/// A partitioned table gets partition projection: Athena works out the partitions from these parameters, so that a table moves to
/// another snapshot by one update of its location and parameters, without a partition being registered.
pub(crate) fn parameters(table: &Table, location: &str, partitions: &Partitions) -> Vec<(String, String)> {
    let mut parameters = vec![
        ("EXTERNAL".to_owned(), "TRUE".to_owned()),
        ("classification".to_owned(), table.format.reader().classification.to_owned()),
    ];
    if table.partitions.is_empty() {
        return parameters;
    }
    parameters.push(("projection.enabled".to_owned(), "true".to_owned()));
    let nothing = BTreeSet::new();
    for (index, column) in table.partitions.iter().enumerate() {
        let projection = match partitions {
            Partitions::Placeholders => {
                vec![("type", "integer".to_owned()), ("range", format!("${{{}_range}}", column.name))]
            }
            Partitions::Found(found) => projection(found.get(index).unwrap_or(&nothing)),
        };
        let digits = (column.name == "month").then(|| ("digits", MONTH_DIGITS.to_string()));
        let named = projection.into_iter().chain(digits);
        parameters.extend(named.map(|(key, value)| (format!("projection.{}.{key}", column.name), value)));
    }
    let directories = table.partitions.iter().map(|Column { name, .. }| format!("{name}=${{{name}}}/"));
    let template = format!("{}/{}", location.trim_end_matches('/'), directories.collect::<String>());
    parameters.push(("storage.location.template".to_owned(), template));
    parameters
}

/// The most partitions that a range may make up. Athena looks into each of them.
const MAX_IN_RANGE: u64 = 1_000;

/// A range if it is not much wider than the values, otherwise a list of them: ids can lie far apart. The range is preferred because every engine
/// takes it for whole numbers. Athena also accepts a list of whole numbers. Trino does not, and its ranges must fit 32 bits, including the
/// value after the last.
fn projection(values: &BTreeSet<i64>) -> Vec<(&'static str, String)> {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return vec![("type", "integer".to_owned()), ("range", "0,0".to_owned())];
    };
    let steps = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b.abs_diff(*a));
    let interval = steps.reduce(greatest_common_divisor).unwrap_or(1);
    let within_32_bits = i32::try_from(*first).is_ok()
        && i64::try_from(interval).is_ok_and(|interval| *last <= i64::from(i32::MAX).saturating_sub(interval));
    if within_32_bits && last.abs_diff(*first) / interval < MAX_IN_RANGE {
        let mut range = vec![("type", "integer".to_owned()), ("range", format!("{first},{last}"))];
        if interval > 1 {
            range.push(("interval", interval.to_string()));
        }
        return range;
    }
    let list: Vec<String> = values.iter().map(i64::to_string).collect();
    vec![("type", "enum".to_owned()), ("values", list.join(","))]
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_covers_what_exists_and_little_else() {
        let cases: [(&[i64], &str); 8] = [
            (&[], "type=integer range=0,0"),
            (&[4242], "type=integer range=4242,4242"),
            (&[2023, 2024, 2026], "type=integer range=2023,2026"),
            (&[10, 30, 70], "type=integer range=10,70 interval=20"),
            (&[1, 2, 1_001], "type=enum values=1,2,1001"),
            (&[2_147_483_000, 2_147_483_646], "type=enum values=2147483000,2147483646"),
            (&[2_147_483_640, 2_147_483_642], "type=integer range=2147483640,2147483642 interval=2"),
            (&[i64::MIN, i64::MAX], "type=enum values=-9223372036854775808,9223372036854775807"),
        ];
        for (values, expected) in cases {
            let got: Vec<String> = projection(&values.iter().copied().collect())
                .into_iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            assert_eq!(got.join(" "), expected);
        }
    }

    #[test]
    fn a_table_moves_by_its_parameters_alone() {
        let found = Partitions::Found(vec![BTreeSet::from([2025, 2026]), BTreeSet::from([1, 12])]);
        let got = parameters(super::super::spend::table(), "s3://bucket/lake/snapshots/x/spend/", &found);
        let expected = [
            ("EXTERNAL", "TRUE"),
            ("classification", "parquet"),
            ("projection.enabled", "true"),
            ("projection.year.type", "integer"),
            ("projection.year.range", "2025,2026"),
            ("projection.month.type", "integer"),
            ("projection.month.range", "1,12"),
            ("projection.month.interval", "11"),
            ("projection.month.digits", "2"),
            ("storage.location.template", "s3://bucket/lake/snapshots/x/spend/year=${year}/month=${month}/"),
        ];
        assert_eq!(got, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
