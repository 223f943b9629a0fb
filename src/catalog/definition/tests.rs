use super::*;
use crate::lake::{ManifestTables, SnapshotName};
use crate::table::{runs, spend, supplier, tables};

const ROOT: &str = "s3://bucket/lake";

fn manifest(paths: &[&str]) -> Manifest {
    let file = |path: &&str| DataFile { path: (*path).to_owned(), rows: 3, bytes: 100, sha256: String::new() };
    let name = SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap();
    Manifest { schema_version: 7, ..Manifest::new(name, ManifestTables::new(paths.iter().map(file).collect())) }
}

fn two_months() -> Manifest {
    manifest(&[
        "spend/year=2025/month=12/part-00000.parquet",
        "spend/year=2026/month=01/part-00000.parquet",
        "supplier/owner_id=4242/part-00000.parquet",
    ])
}

/// As Glue gives a table back: with what it adds.
fn found(input: &TableInput) -> GlueTable {
    let storage = input.storage_descriptor.clone().map(|mut storage| {
        (storage.compressed, storage.number_of_buckets) = (false, 0);
        storage
    });
    GlueTable::builder()
        .name(&input.name)
        .set_description(input.description.clone())
        .set_table_type(input.table_type.clone())
        .set_partition_keys(input.partition_keys.clone())
        .set_storage_descriptor(storage)
        .set_parameters(input.parameters.clone())
        .retention(0)
        .version_id("4")
        .build()
        .unwrap()
}

#[test]
fn a_table_is_its_columns_and_where_the_snapshot_lies() {
    let input = table_input(spend::table(), ROOT, Some(&two_months())).unwrap().unwrap();
    let storage = input.storage_descriptor().unwrap();
    assert_eq!(storage.location(), Some("s3://bucket/lake/snapshots/20261121T013000Z-0a1b2c3d/spend/"));
    assert_eq!(storage.columns().len(), spend::table().columns.len());
    assert_eq!((storage.columns()[0].name(), storage.columns()[0].r#type()), ("line_id", Some("bigint")));
    assert!(storage.columns().iter().all(|column| column.comment().is_some_and(|text| text.len() <= 255)));
    let keys: Vec<&str> = input.partition_keys().iter().map(GlueColumn::name).collect();
    assert_eq!(keys, ["year", "month"]);
    let parameters = input.parameters().unwrap();
    for (key, value) in [
        ("projection.enabled", "true"),
        ("projection.year.range", "2025,2026"),
        ("projection.month.digits", "2"),
        (
            "storage.location.template",
            "s3://bucket/lake/snapshots/20261121T013000Z-0a1b2c3d/spend/year=${year}/month=${month}/",
        ),
        ("xledger_spend.lake", ROOT),
        ("xledger_spend.snapshot", "20261121T013000Z-0a1b2c3d"),
        ("xledger_spend.schema_version", "7"),
        ("numRows", "6"),
        ("numFiles", "2"),
        ("totalSize", "200"),
        ("averageRecordSize", "33"),
    ] {
        assert_eq!(parameters.get(key).map(String::as_str), Some(value), "{key}");
    }
    let input = table_input(supplier::table(), ROOT, Some(&two_months())).unwrap().unwrap();
    assert_eq!(input.parameters().unwrap()["projection.owner_id.range"], "4242,4242");
}

/// Spark finds no rows in a projected table, and says nothing; so the table does, and the page that it names is there.
#[test]
fn a_projected_table_says_where_its_rows_are() {
    for table in tables() {
        let input = table_input(table, ROOT, Some(&two_months())).unwrap().unwrap();
        let (description, is_projected) = (input.description().unwrap(), !table.partitions.is_empty());
        assert!(description.starts_with(table.doc) && description.len() <= 2048, "{description}");
        assert_eq!(input.parameters().unwrap().contains_key("projection.enabled"), is_projected);
        assert_eq!(description.contains("Spark, EMR, Glue jobs and Redshift Spectrum find no rows"), is_projected);
        assert_eq!(description.contains("docs/reading.md"), is_projected);
    }
    assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reading.md").is_file());
}

#[test]
fn only_the_table_of_runs_is_there_before_a_snapshot() {
    for table in [spend::table(), supplier::table()] {
        assert_eq!(table_input(table, ROOT, None).unwrap(), None);
    }
    let input = table_input(runs::table(), ROOT, None).unwrap().unwrap();
    assert_eq!(input.storage_descriptor().unwrap().location(), Some("s3://bucket/lake/runs/"));
    assert!(input.parameters().unwrap().keys().all(|key| !key.starts_with("projection.")));
    assert_eq!(table_input(runs::table(), ROOT, Some(&two_months())).unwrap(), Some(input));
}

#[test]
fn a_table_that_differs_is_noticed_and_one_that_does_not_is_left() {
    for table in tables() {
        let wanted = table_input(table, ROOT, Some(&two_months())).unwrap().unwrap();
        assert!(is_as_wanted(&wanted, &found(&wanted)), "{}", table.name);
        type Change = fn(&mut GlueTable);
        let changes: [Change; 8] = [
            |table| table.description = None,
            |table| table.storage_descriptor.as_mut().unwrap().location = Some("s3://bucket/lake/x/".to_owned()),
            |table| drop(table.storage_descriptor.as_mut().unwrap().columns.as_mut().unwrap().pop()),
            |table| table.storage_descriptor.as_mut().unwrap().columns.as_mut().unwrap()[0].comment = None,
            |table| table.storage_descriptor.as_mut().unwrap().serde_info = None,
            |table| drop(table.parameters.as_mut().unwrap().remove(LAKE)),
            |table| {
                drop(table.parameters.as_mut().unwrap().insert("projection.region.type".to_owned(), "enum".to_owned()))
            },
            |table| table.storage_descriptor = None,
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut changed = found(&wanted);
            change(&mut changed);
            assert!(!is_as_wanted(&wanted, &changed), "change {n} of {}", table.name);
        }
    }
}

#[test]
fn what_others_set_stays() {
    let wanted = table_input(spend::table(), ROOT, Some(&two_months())).unwrap().unwrap();
    let mut there = found(&wanted);
    there.owner = Some("finance".to_owned());
    let parameters = there.parameters.as_mut().unwrap();
    parameters.insert("cost_centre".to_owned(), "4711".to_owned());
    parameters.insert("projection.region.type".to_owned(), "enum".to_owned());
    parameters.insert("numRows".to_owned(), "0".to_owned());
    assert!(!is_as_wanted(&wanted, &there));
    let merged = with_what_others_set(wanted.clone(), &there);
    assert!(is_as_wanted(&wanted, &found(&merged)));
    let parameters = merged.parameters.unwrap();
    assert_eq!((merged.owner.as_deref(), parameters["cost_centre"].as_str()), (Some("finance"), "4711"));
    assert_eq!(parameters["numRows"], "6");
    assert!(!parameters.contains_key("projection.region.type"));
}

#[test]
fn a_table_of_another_lake_is_known() {
    let table = |location: &str, mark: Option<&str>| {
        let storage = StorageDescriptor::builder().location(location).build();
        let table = GlueTable::builder().name("spend").storage_descriptor(storage);
        match mark {
            Some(mark) => table.parameters(LAKE, mark),
            None => table,
        }
        .build()
        .unwrap()
    };
    for (location, mark, other) in [
        ("s3://elsewhere/x", Some(ROOT), None),
        ("s3://bucket/lake/snapshots/x", Some("s3://bucket/lake2"), Some("s3://bucket/lake2")),
        ("s3://bucket/lake/snapshots/x", None, None),
        ("s3://bucket/lake2/snapshots/x", None, Some("s3://bucket/lake2/snapshots/x")),
        ("", None, Some("something else")),
    ] {
        assert_eq!(other_lake(&table(location, mark), ROOT).as_deref(), other, "{location} {mark:?}");
    }
}

#[test]
fn a_file_outside_of_the_partitions_is_a_fault() {
    let manifest = manifest(&["spend/year=2025/part-00000.parquet"]);
    assert!(matches!(partitions(spend::table(), &manifest), Err(Error::Manifest { .. })));
}
