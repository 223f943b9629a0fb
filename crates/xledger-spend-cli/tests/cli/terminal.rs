//! Texts that a terminal would obey: kept in the data as they are, and never shown as they are.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use xledger_sim::company::text::Text;
use xledger_sim::{Company, Options};
use xledger_spend::display::lines::is_control_char;

use crate::called::{Called, command};
use crate::fronts::replaced;

/// Clears the screen, sets its title, rings, begins new lines, turns the direction of text.
const NASTY: &str = "Rent\u{1b}[2J\u{1b}]0;title\u{7}\r\n\u{8}\t\u{9b}31m\u{7f}\u{202e}gnirts\u{2066}\u{2069}\u{200f}\u{61c}\u{2028}end";

/// The same in as many bytes as the simulator's name of a document type has, which no company can change.
const TYPE: (&str, &str) = ("Leverandørfaktura", "\\u001b\\u202e\\u0007");

#[test]
fn nothing_is_obeyed_and_nothing_is_lost() {
    let here = tempfile::tempdir().unwrap();
    let mut company = Company::generate(500, 1);
    company.own_texts = vec![NASTY.to_owned()];
    for line in company.lines.iter_mut().filter(|line| line.text != Text::Marker) {
        line.text = Text::Own(0);
    }
    for owner in &mut company.owners {
        owner.name = NASTY.into();
    }
    for account in &mut company.accounts {
        account.name = NASTY.into();
    }
    for subledger in company.subledgers.iter_mut().filter(|subledger| !subledger.payroll) {
        (subledger.name, subledger.code, subledger.email) =
            (Some(NASTY.to_owned()), Some(NASTY.to_owned()), Some(NASTY.to_owned()));
    }
    for value in company.dimension_values.iter_mut().filter(|value| !value.payroll) {
        (value.name, value.code) = (Some(NASTY.to_owned()), Some(NASTY.to_owned()));
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options { gzip_level: 0, ..Options::fast(500, 1) };
    let running = runtime.block_on(xledger_sim::start_with(options, Arc::new(company))).unwrap();
    let simulator = running.endpoint().trim_start_matches("http://").trim_end_matches("/graphql").parse().unwrap();
    let endpoint = format!("http://{}/graphql", replaced(&runtime, simulator, TYPE.0, TYPE.1));

    for (arguments, shown) in [
        (&["check"][..], true),
        (&["check", "--json"], true),
        (&["refresh", "--verbose"], false),
        (&["refresh", "--json"], true),
        (&["show"], true),
        (&["show", "--json"], true),
        (&["snapshots"], false),
        (&["refresh", "--dry-run"], true),
    ] {
        let set = [("XLEDGER_TOKEN", running.token()), ("XLEDGER_ENDPOINT", &*endpoint), ("LAKE_URL", "lake")];
        // That of itself finds a control character.
        let called = Called::from(command(here.path(), arguments).envs(set).output().unwrap());
        assert_eq!(called.status, Some(0), "{called:?}");
        let obeyed = called.both().chars().find(|c| *c != '\n' && is_control_char(*c));
        assert_eq!(obeyed, None, "{arguments:?}: {called:?}");
        // Written out, so that somebody sees that there is something odd.
        assert!(
            !shown || called.out.contains("\\u{1b}") || called.out.contains("\\u001b"),
            "{arguments:?}: {called:?}"
        );
    }
    let lake = here.path().join("lake/current");
    for (table, column) in [
        ("spend", "text"),
        ("spend", "owner_name"),
        ("spend", "account_name"),
        ("spend", "supplier_name"),
        ("spend", "dimension_1_name"),
        ("supplier", "supplier_name"),
        ("supplier", "supplier_code"),
        ("supplier", "email"),
    ] {
        assert_eq!(texts(&lake.join(table), column), BTreeSet::from([NASTY.to_owned()]), "{table}.{column}");
    }
    let types = texts(&lake.join("spend"), "document_type_name");
    assert!(types.contains("\u{1b}\u{202e}\u{7}"), "{types:?}");
}

/// Every text of a column.
fn texts(directory: &Path, column: &str) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            texts.extend(self::texts(&entry.path(), column));
            continue;
        }
        let file = std::fs::File::open(entry.path()).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap) {
            let cells =
                arrow::compute::cast(batch.column_by_name(column).unwrap(), &arrow::datatypes::DataType::Utf8).unwrap();
            let cells = cells.as_string::<i32>();
            texts.extend((0..cells.len()).filter(|row| cells.is_valid(*row)).map(|row| cells.value(row).to_owned()));
        }
    }
    texts
}
