//! The report page: in every snapshot, of its tables' sums, small, and without what is nobody's business.

use std::collections::BTreeMap;
use std::fs;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Decimal128Type;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use xledger_sim::company::supplier::Role;
use xledger_sim::{Company, Options, Shape};
use xledger_spend::lake::SnapshotName;
use xledger_spend::model::digest::Digest;
use xledger_spend::report::Report;
use xledger_spend::settings::{Caller, Settings};

use crate::desk::Desk;

const EVIL: &str = "<script>alert(1)</script> \"AS\" & Co";

/// The object kind whose values are employees.
const EMPLOYEES: i32 = 40;

/// A desk with a company of so many lines, whose owners tell their currency.
async fn desk(lines: u64) -> Desk {
    let mut options = Options::fast(lines, 1);
    options.dialect.owner_currency = true;
    let desk = Desk::new(options).await;
    let mut books = Company::shaped(lines, 1, Shape::Spend);
    for subledger in
        books.subledgers.iter_mut().filter(|subledger| subledger.role == Role::Supplier && !subledger.payroll)
    {
        subledger.name = subledger.name.take().map(|name| format!("{EVIL} {name}"));
    }
    desk.sim.replace(books);
    desk
}

/// The page that a report tells of, which is as it tells.
fn page(desk: &Desk, report: &Report) -> String {
    let told = report.page.as_ref().unwrap_or_else(|| panic!("{:?}", report.error));
    let bytes = fs::read(desk.lake().join(&told.path)).unwrap();
    assert_eq!((bytes.len() as u64, Digest::of(&bytes)), (told.bytes, told.sha256.clone()));
    String::from_utf8(bytes).unwrap()
}

fn spend(desk: &Desk) -> Vec<RecordBatch> {
    let files = desk.data_files().into_iter().filter(|(path, _)| path.starts_with("spend/"));
    let batches = files.flat_map(|(_, bytes)| {
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap()
    });
    batches.map(Result::unwrap).collect()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    batch.column_by_name(name).unwrap_or_else(|| panic!("{name}"))
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    column(batch, name).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

/// Rows and ten-thousandths of spend by currency, read off the table.
fn totals(desk: &Desk) -> BTreeMap<String, (u64, i128)> {
    let mut totals: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for batch in spend(desk) {
        let amounts = column(&batch, "amount").as_primitive::<Decimal128Type>();
        let internal = column(&batch, "is_intercompany").as_boolean();
        let (classes, currencies) = (texts(&batch, "spend_class"), texts(&batch, "amount_currency_code"));
        for row in 0..batch.num_rows() {
            let class = classes[row].as_deref().unwrap();
            let is_internal = internal.is_valid(row) && internal.value(row);
            if ["operating", "capital", "stock", "prepaid"].contains(&class) && !is_internal && amounts.is_valid(row) {
                let total = totals.entry(currencies[row].clone().unwrap()).or_default();
                *total = (total.0 + 1, total.1 + amounts.value(row));
            }
        }
    }
    totals
}

/// `1,234,568` from ten-thousandths.
fn whole(amount: i128) -> String {
    let digits = ((amount.abs() + 5_000) / 10_000).to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    format!("{}{}", if amount < 0 { "\u{2212}" } else { "" }, groups.join(","))
}

#[tokio::test]
async fn it_is_small_and_has_the_sums_of_the_table_and_nothing_of_a_person() {
    let desk = desk(20_000).await;
    fs::create_dir_all(desk.lake()).unwrap();
    let own = "category_1;accounts\n<script>alert(2)</script>;6300-6399\n";
    fs::write(desk.lake().join("categories.csv"), own).unwrap();
    let report = desk.refresh(&[("SPEND_CONTACTS", "keep"), ("SPEND_EXPENSE_TEXT", "keep")]).await;
    let page = page(&desk, &report);
    assert!(page.len() < 300_000, "{}", page.len());

    let totals = totals(&desk);
    assert!(totals.len() > 1 && totals.values().all(|(lines, _)| *lines > 100), "{totals:?}");
    for (currency, (lines, amount)) in &totals {
        let said = format!(": {} on {} lines.", whole(*amount), whole(i128::from(*lines) * 10_000));
        let is_of_all_months = |(at, _): (usize, _)| {
            page[..at].rfind("All months of the tables together, from").is_some_and(|from| at - from < 60)
        };
        assert!(page.match_indices(&said).any(is_of_all_months) && page.contains(currency), "{currency}: {said}");
    }

    assert!(
        !page.contains("<script")
            && page.contains("&#60;script&#62;alert(1)")
            && page.contains("&#60;script&#62;alert(2)")
    );
    assert!(["http:", "https:", "@import", "url(", "javascript:"].iter().all(|way| !page.contains(way)));

    let books = desk.sim.company();
    let employees = books.subledgers.iter().filter(|subledger| subledger.role == Role::Employee);
    let mut people: Vec<String> = employees.filter_map(|employee| employee.name.clone()).collect();
    people.extend(books.contacts.iter().map(|contact| contact.name.clone()));
    let values = books.dimension_values.iter().filter(|value| value.kind == EMPLOYEES);
    people.extend(values.filter_map(|value| value.name.clone()));
    assert!(people.len() > 20);
    let numbers = ["15838010404", "8003159988"];
    let batches = spend(&desk);
    let mut lines: Vec<String> = batches.iter().flat_map(|batch| texts(batch, "text")).flatten().collect();
    // A short one can be a word of a name.
    lines.retain(|text| text.len() > 20);
    assert!(lines.len() > 500, "{}", lines.len());
    for hidden in people.iter().chain(&lines).map(String::as_str).chain(numbers) {
        assert!(!page.contains(hidden), "{hidden}");
    }
    // One whose number is a person's goes by a code.
    let place = page.find("Liv Dyrøy").map(|at| page[at - 300..].chars().take(400).collect::<String>());
    assert_eq!(place, None);
}

#[tokio::test]
async fn each_snapshot_keeps_its_own_and_a_dry_run_makes_none() {
    let desk = desk(2_000).await;
    let first = desk.refresh(&[]).await;
    let older = page(&desk, &first);
    assert!(older.contains("This is the first snapshot.") && older.contains(first.snapshot.as_deref().unwrap()));
    let second = desk.refresh(&[("SPEND_LANGUAGE", "no"), ("REPORT_SUPPLIERS", "codes")]).await;
    let newer = page(&desk, &second);
    assert!(
        newer.contains("<html lang=\"nb\">") && !newer.contains("alert(1)") && newer.contains("Leverandør 29020"),
        "{newer}"
    );
    assert_eq!(page(&desk, &first), older);

    let manifest = fs::read(desk.lake().join("current/_manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["report"]["page"]["sha256"], second.page.as_ref().unwrap().sha256);

    let lake = desk.lake().display().to_string();
    let settings = Settings::read_without_token(Caller::CommandLine, |name| (name == "LAKE_URL").then(|| lake.clone()));
    let snapshot = SnapshotName::read(first.snapshot.as_deref().unwrap()).unwrap();
    let aws = aws_config::SdkConfig::builder().build();
    let run = desk.run(std::time::Duration::from_secs(60));
    let back = run.rollback(&snapshot, &settings.unwrap(), &aws).await;
    assert_eq!((back.error, back.page), (None, None));
    assert_eq!(fs::read_to_string(desk.lake().join("current/report.html")).unwrap(), older);

    let dry = xledger_spend::event::Refresh { dry_run: true, ..Default::default() };
    assert_eq!(desk.refresh_with(dry, &[]).await.page, None);
}
