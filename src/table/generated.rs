//! The committed files that are generated from the columns are what would be generated now.

use std::fs;
use std::path::Path;

use super::{HISTORY, dbt, ddl, dictionary, tables};

/// Compares a committed file with what it should be; with `UPDATE_GENERATED=1` writes it instead.
fn assert_generated(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    #[allow(clippy::disallowed_methods)] // a switch of this test, no setting of the product
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is not what the columns in src/table say; to write it anew: UPDATE_GENERATED=1 cargo test --workspace --lib generated",
        path.display()
    );
}

#[test]
fn the_ddl_is_up_to_date() {
    for table in tables() {
        assert_generated(&format!("infra/athena/{}.sql", table.name), &ddl::athena_template(table));
    }
}

#[test]
fn the_data_dictionary_is_up_to_date() {
    assert_generated("docs/tables.md", &dictionary::markdown());
}

#[test]
fn the_sources_of_dbt_are_up_to_date() {
    assert_generated("dbt/models/sources.yml", &dbt::sources());
}

/// No column comes or goes without a version that says so: what no later version added was there from the beginning.
#[test]
fn every_column_is_of_a_version() {
    let columns = |table: &crate::table::Table| {
        let named = table.columns.iter().map(|column| format!("{}.{}", table.name, column.name));
        named.collect::<Vec<_>>()
    };
    for (table, first) in tables().into_iter().zip([49, 21, 23]) {
        let added: Vec<&str> = HISTORY.iter().flat_map(|change| change.added).copied().collect();
        let later: Vec<String> = columns(table).split_off(first);
        let of_table = format!("{}.", table.name);
        let told: Vec<&str> = added.into_iter().filter(|column| column.starts_with(&of_table)).collect();
        assert_eq!(later, told, "{}", table.name);
    }
    assert!(HISTORY.iter().zip(1..).all(|(change, version)| change.version == version));
}

/// What Glue takes for a comment, and what may stand in one pair of quotes in any dialect.
#[test]
fn every_comment_can_be_a_comment() {
    for table in tables() {
        assert!(table.doc.len() <= 2048 && !table.doc.contains(['\'', '\\', ';', '\n']), "{}", table.name);
        for column in table.columns.iter().chain(&table.partitions) {
            let doc = &column.doc;
            assert!(doc.len() <= 255 && doc.ends_with('.'), "{}: {} bytes", column.name, doc.len());
            assert!(!doc.contains(['\'', '\\', ';', '\n']) && !doc.contains("  "), "{}: {doc}", column.name);
            assert_eq!(
                column.null_when().is_some(),
                column.nullable,
                "{} says when it is null, if it can be",
                column.name
            );
            let told =
                |word: &&&str| doc.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|each| each == **word);
            assert_eq!(
                column.words.iter().find(|word| !told(word)),
                None,
                "{} names all that it can hold",
                column.name
            );
        }
    }
}
