//! The Glue tables follow `CURRENT.json`: on servers of two makes, and on one that plays a script.

use crate::desk::Desk;
use crate::servers::Make;
use crate::servers::glue::{Glue, Step};
use aws_config::SdkConfig;
use serde_json::{Value, json};
use xledger_sim::Options;
use xledger_spend::catalog::Catalog;
use xledger_spend::event::Refresh;
use xledger_spend::lake::layout::{Partition, SnapshotName};
use xledger_spend::lake::{Access, Current, Lake, LakeUrl, Manifest, ManifestTables, Store, Version};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::{Instant, Month};
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

const ROOT: &str = "s3://bucket/lake";

fn name(n: i64) -> SnapshotName {
    SnapshotName::new(Instant(1_795_224_600_000 + n * 1_000), "run")
}

/// A lake in a directory, whose tables are as if it were in a bucket: the catalogue takes no more than an address.
async fn lake(directory: &tempfile::TempDir) -> Lake {
    let url = LakeUrl::parse(&directory.path().display().to_string()).unwrap();
    let store = Store::open(&url, &SdkConfig::builder().build()).unwrap();
    Lake::open(store, Access::Write).await.unwrap()
}

/// Publishes a snapshot of one month, after the one that is current.
async fn publish(lake: &Lake, n: i64, month: u8) -> Current {
    let publisher = lake.claim("run", || Instant(0)).await.unwrap();
    let current: Option<(Current, Version)> = lake.current().await.unwrap();
    let mut snapshot = publisher.begin(name(n)).await.unwrap();
    let mut files = Vec::new();
    for partition in [Partition::Month(Month { year: 2026, month }), Partition::Owner(i64::from(month))] {
        let mut writer = snapshot.writer(partition, 0).await.unwrap();
        writer.write(b"PAR1"[..].into()).await.unwrap();
        files.push(writer.finish(5).await.unwrap());
    }
    let manifest = Manifest { schema_version: 1, ..Manifest::new(name(n), ManifestTables::new(files)) };
    snapshot.commit(manifest, current.as_ref(), Instant(n)).await.unwrap()
}

async fn opened() -> (tempfile::TempDir, Lake, Glue, Catalog) {
    let directory = tempfile::tempdir().unwrap();
    let lake = lake(&directory).await;
    let glue = Glue::start().await;
    let catalog = Catalog::new(&glue.configuration(), "spend_data", &LakeUrl::parse(ROOT).unwrap());
    (directory, lake, glue, catalog)
}

fn actions(glue: &Glue) -> Vec<String> {
    let told = |(action, input): (String, Value)| {
        let name = input["Name"].as_str().or(input["TableInput"]["Name"].as_str()).unwrap().to_owned();
        format!("{action} {name}")
    };
    glue.asked().into_iter().map(told).collect()
}

#[tokio::test]
async fn tables_are_made_moved_and_then_left_alone() {
    let (_directory, lake, glue, catalog) = opened().await;
    assert_eq!(catalog.follow(&lake).await.unwrap(), ["runs"]);
    publish(&lake, 1, 5).await;
    assert_eq!(catalog.follow(&lake).await.unwrap(), ["supplier", "spend"]);
    glue.asked();
    publish(&lake, 2, 7).await;
    assert_eq!(catalog.follow(&lake).await.unwrap(), ["supplier", "spend"]);
    let asked = glue.asked();
    let updates: Vec<&Value> =
        asked.iter().filter(|(action, _)| action == "UpdateTable").map(|(_, input)| input).collect();
    assert_eq!(updates.len(), 2, "{asked:?}");
    for update in updates {
        // All that decides which snapshot a query sees is in one request, and only good for the table that was looked at.
        let table = &update["TableInput"];
        let location = table["StorageDescriptor"]["Location"].as_str().unwrap();
        assert!(location.starts_with(&format!("{ROOT}/snapshots/{}/", name(2))), "{location}");
        assert!(table["Parameters"]["storage.location.template"].as_str().unwrap().starts_with(location));
        assert!(table["StorageDescriptor"]["Columns"].as_array().is_some_and(|columns| columns.len() > 10));
        assert_eq!((&update["VersionId"], &update["SkipArchive"]), (&json!("0"), &json!(true)));
    }
    assert_eq!(glue.table("spend")["Parameters"]["projection.month.range"], "7,7");
    assert_eq!(catalog.follow(&lake).await.unwrap(), [""; 0]);
    assert_eq!(actions(&glue), ["GetTable supplier", "GetTable spend", "GetTable runs"]);
}

#[tokio::test]
async fn a_table_that_lags_or_was_spoilt_is_mended() {
    let (_directory, lake, glue, catalog) = opened().await;
    publish(&lake, 1, 5).await;
    catalog.follow(&lake).await.unwrap();
    let right = ["spend", "supplier", "runs"].map(|name| glue.table(name));
    glue.change("spend", |table| {
        table["StorageDescriptor"]["Location"] = json!("s3://bucket/lake/snapshots/older/spend/")
    });
    glue.change("supplier", |table| drop(table["StorageDescriptor"]["Columns"].as_array_mut().unwrap().pop()));
    glue.change("runs", |table| table["Parameters"]["projection.enabled"] = json!("true"));
    catalog.repair(&lake).await.unwrap();
    for (name, right) in ["spend", "supplier", "runs"].iter().zip(right) {
        let mut mended = glue.table(name);
        assert_eq!(mended["VersionId"], "1");
        mended["VersionId"] = right["VersionId"].clone();
        assert_eq!(mended, right);
    }
}

/// Another run commits and moves the table just when this one is about to: this one looks again, and moves nothing back.
#[tokio::test]
async fn a_run_that_was_overtaken_looks_again() {
    let (_directory, lake, glue, catalog) = opened().await;
    publish(&lake, 1, 5).await;
    catalog.follow(&lake).await.unwrap();
    publish(&lake, 2, 6).await;
    glue.asked();
    // Of the requests, the second is the update of `supplier`.
    glue.play([Step::Serve, Step::Overtake(|table| table["VersionId"] = json!("9"))]);
    catalog.follow(&lake).await.unwrap();
    let expected =
        ["GetTable supplier", "UpdateTable supplier", "GetTable supplier", "UpdateTable supplier", "GetTable spend"];
    assert_eq!(actions(&glue)[..5], expected);
    assert_eq!(glue.table("supplier")["VersionId"], "10");
    assert!(glue.table("supplier")["StorageDescriptor"]["Location"].as_str().unwrap().contains(name(2).as_str()));

    glue.play([Step::Serve, Step::Refuse(400, "ConcurrentModificationException")].repeat(20));
    publish(&lake, 3, 7).await;
    let failure = catalog.follow(&lake).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::CatalogUnavailable, "{failure}");
}

/// Glue says with the status 400 that it is not ready, or that another program is making the same table.
#[tokio::test]
async fn what_passes_is_waited_for() {
    let refused = |code| Step::Refuse(400, code);
    let not_ready = ["OperationTimeoutException", "ResourceNotReadyException", "FederationSourceRetryableException"];
    // The first look, the making of a table, and its move.
    let at_once = not_ready.map(refused).into_iter().flat_map(|step| (0..3).map(move |before| (before, step)));
    let followed = at_once.chain([(1, refused("ConcurrentModificationException"))]).map(async |(before, step)| {
        let (_directory, lake, glue, catalog) = opened().await;
        publish(&lake, 1, 5).await;
        if before == 2 {
            catalog.follow(&lake).await.unwrap();
            publish(&lake, 2, 6).await;
        }
        glue.play(std::iter::repeat_n(Step::Serve, before.min(1)).chain([step]));
        let moved = catalog.follow(&lake).await;
        assert!(moved.is_ok_and(|tables| tables.contains(&"supplier")), "{step:?} after {before}");
    });
    futures::future::join_all(followed).await;
    let (_directory, lake, glue, catalog) = opened().await;
    glue.play([refused("OperationTimeoutException"); 100]);
    let failure = catalog.follow(&lake).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::CatalogUnavailable, "{failure}");
    assert!(failure.message.contains("run again") && failure.message.contains("OperationTimeout"), "{failure}");
    assert_eq!(glue.asked().len(), 5);
}

#[tokio::test]
async fn each_refusal_names_what_to_do() {
    let (_directory, lake, glue, catalog) = opened().await;
    publish(&lake, 1, 5).await;
    let not_there = Step::Refuse(400, "EntityNotFoundException");
    let denied = Step::Refuse(400, "AccessDeniedException");
    for (steps, kind, words) in [
        (vec![not_there, not_there], FailureKind::CatalogMissing, ["spend_data", "GLUE_DATABASE"]),
        (
            vec![denied],
            FailureKind::CatalogDenied,
            ["glue:GetTable", "the table supplier of the Glue database spend_data"],
        ),
        (vec![Step::Serve, denied], FailureKind::CatalogDenied, ["glue:CreateTable", "supplier"]),
        // A catalogue under a key of the company's own, which Glue uses in the name of who asks.
        (
            vec![Step::Say(
                400,
                "AccessDeniedException",
                "X is not authorized to perform: kms:GenerateDataKey on resource: Y",
            )],
            FailureKind::CatalogDenied,
            [
                "kms:Decrypt, kms:Encrypt or kms:GenerateDataKey was denied on the key",
                "glue:GetTable on the table supplier",
            ],
        ),
        (
            vec![
                Step::Serve,
                Step::Say(
                    400,
                    "GlueEncryptionException",
                    "X is not authorized to perform: kms:Decrypt (AccessDeniedException)",
                ),
            ],
            FailureKind::CatalogDenied,
            [
                "kms:Decrypt, kms:Encrypt or kms:GenerateDataKey was denied on the key",
                "glue:CreateTable on the table supplier",
            ],
        ),
        (
            vec![Step::Say(400, "GlueEncryptionException", "the KMS key is disabled")],
            FailureKind::CatalogUnavailable,
            ["glue:GetTable was refused", "is disabled"],
        ),
        (vec![Step::Refuse(400, "ExpiredTokenException")], FailureKind::CatalogDenied, ["credentials", "AWS_PROFILE"]),
        (
            vec![Step::Refuse(400, "InvalidInputException")],
            FailureKind::CatalogUnavailable,
            ["glue:GetTable", "InvalidInput"],
        ),
    ] {
        glue.play(steps);
        let failure = catalog.follow(&lake).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(words.iter().all(|word| failure.message.contains(word)), "{failure}");
    }
    catalog.follow(&lake).await.unwrap();
    publish(&lake, 2, 6).await;
    glue.play([Step::Serve, denied]);
    let failure = catalog.follow(&lake).await.unwrap_err();
    assert!(failure.kind == FailureKind::CatalogDenied && failure.message.contains("glue:UpdateTable"), "{failure}");
}

#[tokio::test]
async fn a_table_of_another_lake_is_left_as_it_is() {
    let (_directory, lake, glue, catalog) = opened().await;
    publish(&lake, 1, 5).await;
    catalog.follow(&lake).await.unwrap();
    let elsewhere = Catalog::new(&glue.configuration(), "spend_data", &LakeUrl::parse("s3://bucket/other").unwrap());
    let before = glue.table("supplier");
    let failure = elsewhere.follow(&lake).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::CatalogForeign);
    assert!(failure.message.contains(ROOT) && failure.message.contains("s3://bucket/other"), "{failure}");
    assert_eq!(glue.table("supplier"), before);
}

/// A bucket and a database of its own on a server.
async fn bucket(make: Make, name: &str) -> Option<SdkConfig> {
    let aws = make.configuration()?;
    let s3 = aws_sdk_s3::config::Builder::from(&aws).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(s3).create_bucket().bucket(name).send().await.unwrap();
    Some(aws)
}

async fn database(aws: &SdkConfig, name: &str) {
    let input = aws_sdk_glue::types::DatabaseInput::builder().name(name).build().unwrap();
    aws_sdk_glue::Client::new(aws).create_database().database_input(input).send().await.unwrap();
}

async fn location(aws: &SdkConfig, database: &str, table: &str) -> String {
    let found = aws_sdk_glue::Client::new(aws).get_table().database_name(database).name(table).send().await.unwrap();
    found.table.unwrap().storage_descriptor.unwrap().location.unwrap()
}

async fn refreshed(desk: &Desk, aws: &SdkConfig, refresh: Refresh, lake: &str, database: &str) -> Report {
    let settings = desk.settings(&[("LAKE_URL", lake), ("GLUE_DATABASE", database)]);
    desk.run(std::time::Duration::from_secs(120)).refresh(refresh, &settings, aws).await
}

/// A refresh from beginning to end: the tables point to what was published, on each make of server.
async fn a_refresh_moves_the_tables(make: Make) {
    let Some(aws) = bucket(make, "catalogue").await else { return };
    let desk = Desk::new(Options::fast(600, 41)).await;
    let (lake, name) = ("s3://catalogue/lake", "spend_data");
    let missing = refreshed(&desk, &aws, Refresh::default(), lake, name).await;
    let error = missing.error.unwrap();
    assert_eq!((error.kind, missing.api.requests), (FailureKind::CatalogMissing, 0), "{error}");

    database(&aws, name).await;
    let dry = Refresh { dry_run: true, ..Refresh::default() };
    assert_eq!(refreshed(&desk, &aws, dry, lake, name).await.status, Status::DryRun);
    let tables = aws_sdk_glue::Client::new(&aws).get_tables().database_name(name).send().await.unwrap();
    assert!(tables.table_list().is_empty(), "a dry run changes nothing");
    let mut published = Vec::new();
    for _ in 0..2 {
        let report = refreshed(&desk, &aws, Refresh::default(), lake, name).await;
        assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
        let snapshot = report.snapshot.unwrap();
        assert_eq!(location(&aws, name, "spend").await, format!("{lake}/snapshots/{snapshot}/spend/"));
        assert_eq!(location(&aws, name, "supplier").await, format!("{lake}/snapshots/{snapshot}/supplier/"));
        assert_eq!(location(&aws, name, "runs").await, format!("{lake}/runs/"));
        published.push(SnapshotName::read(&snapshot).unwrap());
    }
    let settings = desk.settings(&[("LAKE_URL", lake), ("GLUE_DATABASE", name)]);
    let report = desk.run(std::time::Duration::from_secs(60)).rollback(&published[0], &settings, &aws).await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(location(&aws, name, "spend").await, format!("{lake}/snapshots/{}/spend/", published[0]));
}

#[tokio::test]
async fn a_refresh_moves_the_tables_on_moto() {
    a_refresh_moves_the_tables(Make::Moto).await;
}

#[tokio::test]
async fn a_refresh_moves_the_tables_on_ministack() {
    a_refresh_moves_the_tables(Make::MiniStack).await;
}

/// What was committed is committed, although the tables could not be moved; the next run moves them before anything else.
#[tokio::test]
async fn a_snapshot_whose_tables_were_not_moved_is_published_and_the_run_has_failed() {
    let Some(s3) = bucket(Make::Moto, "lagging").await else { return };
    let (glue, desk) = (Glue::start().await, Desk::new(Options::fast(600, 42)).await);
    // Requests to Glue go to the script, all others to moto.
    let endpoint = glue.configuration().endpoint_url().unwrap().to_owned();
    let aws = s3.to_builder().service_config(OfGlue(endpoint)).build();
    assert_eq!(
        refreshed(&desk, &aws, Refresh::default(), "s3://lagging/lake", "spend_data").await.status,
        Status::Succeeded
    );
    let before = glue.table("spend");
    let denied = Step::Refuse(400, "AccessDeniedException");
    glue.play([Step::Serve, Step::Serve, Step::Serve, Step::Serve, denied]);
    let report = refreshed(&desk, &aws, Refresh::default(), "s3://lagging/lake", "spend_data").await;
    assert_eq!((report.status, report.error.unwrap().kind), (Status::Failed, FailureKind::CatalogDenied));
    let (published, lagging) = (report.snapshot.unwrap(), glue.table("supplier"));
    assert_eq!(glue.table("spend"), before);
    assert!(!lagging["StorageDescriptor"]["Location"].as_str().unwrap().contains(&published));
    // Nobody answers for Xledger; the tables are mended all the same.
    let set = [
        ("LAKE_URL", "s3://lagging/lake"),
        ("GLUE_DATABASE", "spend_data"),
        ("XLEDGER_ENDPOINT", "http://127.0.0.1:1/graphql"),
    ];
    let run = desk.run(std::time::Duration::from_secs(6));
    assert_eq!(run.refresh(Refresh::default(), &desk.settings(&set), &aws).await.status, Status::Failed);
    let mended = glue.table("supplier");
    assert!(mended["StorageDescriptor"]["Location"].as_str().unwrap().contains(&published));
}

/// An endpoint for Glue alone, as `AWS_ENDPOINT_URL_GLUE` sets it.
#[derive(Debug)]
struct OfGlue(String);

impl aws_types::service_config::LoadServiceConfig for OfGlue {
    fn load_config(&self, key: aws_types::service_config::ServiceConfigKey<'_>) -> Option<String> {
        (key.service_id() == "Glue" && key.env() == "AWS_ENDPOINT_URL").then(|| self.0.clone())
    }
}
