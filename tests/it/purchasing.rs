//! What the company says itself, in files beside the tables, and what a setting leaves out of what can name a person.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use xledger_sim::{Company, Options, Shape};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::table::runs::Status;

use crate::complete_or_loudly_not::instead;
use crate::desk::Desk;

async fn desk() -> Desk {
    let mut desk = Desk::in_memory(Options::fast(2_000, 1)).await;
    let company = Company::shaped(2_000, 1, Shape::Spend);
    desk.sim = xledger_sim::start_with(Options::fast(2_000, 1), Arc::new(company)).await.unwrap();
    desk
}

/// The rows of a table.
fn rows(desk: &Desk, table: &str) -> Vec<RecordBatch> {
    let files = desk.data_files().into_iter().filter(|(name, _)| name.starts_with(&format!("{table}/")));
    let read = files.map(|(_, bytes)| {
        let file = bytes::Bytes::from(bytes);
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap()
    });
    read.flatten().map(Result::unwrap).collect()
}

/// The texts of columns, row by row; a null is `-`.
fn texts<const N: usize>(desk: &Desk, table: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let cell = |batch: &RecordBatch, column: &str, row: usize| {
        let column = batch.column_by_name(column).unwrap_or_else(|| panic!("{column}"));
        if column.is_null(row) {
            return "-".to_owned();
        }
        arrow::util::display::array_value_to_string(column, row).unwrap()
    };
    let batches = rows(desk, table);
    let all = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    all.map(|(batch, row)| columns.map(|column| cell(batch, column, row))).collect()
}

#[tokio::test]
async fn the_companys_own_files_count_more_than_its_accounts() {
    let desk = desk().await;
    fs::create_dir_all(desk.lake()).unwrap();
    fs::write(
        desk.lake().join("categories.csv"),
        "\u{feff}Accounts;supplier_key;category_1;category_2;addressable;category_owner\r\n\
         6000-7999;;Drift;;nei;\r\n;NO:914286018;Sky;Lagring;ja;IT\r\n",
    )
    .unwrap();
    fs::write(
        desk.lake().join("suppliers.csv"),
        "supplier_key,parent,preferred,contract,internal\nNO:914286018,Nordlys,yes,Frame 7,yes\n",
    )
    .unwrap();
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);

    let columns = ["supplier_key", "category_1", "category_2", "category_source", "addressable", "category_owner"];
    let lines = texts(&desk, "spend", columns);
    let of_nordlys: Vec<_> = lines.iter().filter(|[key, ..]| key == "NO:914286018").collect();
    assert!(of_nordlys.len() > 1, "two owners buy from it");
    assert!(of_nordlys.iter().all(|line| line[1..] == ["Sky", "Lagring", "rule", "true", "IT"]), "{of_nordlys:?}");
    let by_account: BTreeSet<_> =
        lines.iter().filter(|[key, ..]| key != "NO:914286018").map(|line| &line[1..]).collect();
    assert!(by_account.contains(["Drift", "-", "rule", "false", "-"].map(str::to_owned).as_slice()));
    assert!(
        by_account.iter().any(|line| line[2] == "account" && line[3] == "-"),
        "accounts say the rest: {by_account:?}"
    );

    let columns = ["supplier_key", "supplier_parent", "supplier_preferred", "supplier_contract", "is_intercompany"];
    let said = texts(&desk, "spend", columns).into_iter().filter(|[key, ..]| key == "NO:914286018");
    let said: BTreeSet<_> = said.map(|line| line[1..].join("|")).collect();
    assert_eq!(said, ["Nordlys|true|Frame 7|true".to_owned()].into());
    let columns = ["supplier_key", "parent", "preferred", "contract", "is_intercompany"];
    let said = texts(&desk, "supplier", columns).into_iter().filter(|[key, ..]| key == "NO:914286018");
    assert_eq!(said.map(|line| line[1..].join("|")).collect::<Vec<_>>(), ["Nordlys|true|Frame 7|true"; 2]);
}

#[tokio::test]
async fn all_faults_of_the_files_are_named_and_nothing_is_asked() {
    let desk = desk().await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let before = fs::read(desk.lake().join("CURRENT.json")).unwrap();
    fs::write(
        desk.lake().join("categories.csv"),
        "accounts,category_1,addressable\n6300-6200,Premises,\n6500,,\n6510,IT,perhaps\n6600-6699,A,\n6650-6749,B,\n",
    )
    .unwrap();
    fs::write(desk.lake().join("suppliers.csv"), "supplier,parent\nNO:914286018,x\n").unwrap();
    desk.sim.journal().clear();

    let report = desk.refresh(&[]).await;
    let failure = report.error.unwrap();
    assert_eq!(failure.kind, FailureKind::FileInvalid);
    for named in ["categories.csv: ", "line 2", "line 3", "line 4", "line 5", "line 6", "suppliers.csv: "] {
        assert!(failure.message.contains(named), "{named}: {}", failure.message);
    }
    assert!(!failure.message.contains("perhaps"), "no other cell is repeated: {}", failure.message);
    assert_eq!(fs::read(desk.lake().join("CURRENT.json")).unwrap(), before);
    let checked = desk.check(&[]).await.unwrap_err();
    assert_eq!((checked.kind, checked.message), (failure.kind, failure.message));
    assert_eq!(desk.sim.journal().totals().requests, 0);
}

#[tokio::test]
async fn a_directory_of_files_that_is_not_there() {
    let desk = desk().await;
    let set = [("SPEND_FILES_URL", "/nowhere/at/all")];
    let report = desk.refresh(&set).await;
    let failure = report.error.unwrap();
    assert_eq!(failure.kind, FailureKind::SettingsInvalid);
    assert!(
        failure.message.contains("SPEND_FILES_URL: neither /nowhere/at/all/categories.csv is there"),
        "{}",
        failure.message
    );
    assert_eq!(desk.check(&set).await.unwrap_err().kind, FailureKind::SettingsInvalid);
    assert_eq!(desk.sim.journal().totals().requests, 0);
}

/// The lines of expense reports with a text, and the other lines with one.
fn lines_with_text(desk: &Desk) -> (usize, usize) {
    let lines = texts(desk, "spend", ["document_type", "text"]);
    let with_text = lines.iter().filter(|[_, text]| text != "-");
    let (expense, others): (Vec<_>, Vec<_>) = with_text.partition(|[kind, _]| kind == "ER");
    (expense.len(), others.len())
}

/// Whether a field was asked of lines of expense reports, of other lines, and of suppliers' contacts.
fn asked(desk: &Desk) -> (bool, bool, bool) {
    let exchanges = desk.sim.journal().exchanges();
    let texts = || exchanges.iter().filter(|exchange| exchange.fields.iter().any(|field| field == "text"));
    (
        texts().any(|exchange| exchange.expense_rows > 0),
        texts().any(|exchange| exchange.rows > exchange.expense_rows),
        exchanges.iter().any(|exchange| exchange.fields.iter().any(|field| field.starts_with("contact"))),
    )
}

#[tokio::test]
async fn what_a_setting_drops_is_not_asked_for() {
    let desk = Desk::new(Options::fast(2_000, 6)).await;
    for (set, expense_texts, other_texts, contacts) in [
        (&[][..], false, true, false),
        (&[("SPEND_EXPENSE_TEXT", "keep"), ("SPEND_CONTACTS", "keep")], true, true, true),
        (&[("SPEND_TEXT", "drop"), ("SPEND_EXPENSE_TEXT", "keep")], false, false, false),
        (&[("SPEND_TEXT", "keep"), ("SPEND_CONTACTS", "drop")], false, true, false),
    ] {
        desk.sim.journal().clear();
        desk.check(set).await.unwrap();
        let report = desk.refresh(set).await;
        assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
        assert!(report.lost.is_empty(), "what a setting drops is not lost: {:?}", report.lost);
        assert_eq!(asked(&desk), (expense_texts, other_texts, contacts), "{set:?}");
        let (of_expenses, of_others) = lines_with_text(&desk);
        assert_eq!((of_expenses > 0, of_others > 0), (expense_texts, other_texts), "{set:?}");
        let contacts_shown = texts(&desk, "supplier", ["contact_name"]).iter().any(|[name]| name != "-");
        assert_eq!(contacts_shown, contacts, "{set:?}");
    }
}

/// What a run was refused is tried by the next one, but for what a setting drops by then.
#[tokio::test]
async fn what_was_refused_and_is_dropped_is_not_tried_again() {
    let mut options = Options::fast(2_000, 6);
    options.dialect.missing_rights.insert("Contact".to_owned());
    let mut desk = Desk::new(options).await;
    let report = desk.refresh(&[("SPEND_CONTACTS", "keep")]).await;
    assert!(report.lost.iter().any(|lost| lost.columns == ["supplier.contact_name"]), "{:?}", report.lost);
    instead(&mut desk, Options::fast(2_000, 6)).await;
    let report = desk.refresh(&[]).await;
    assert_eq!((report.status, report.lost), (Status::Succeeded, vec![]));
    assert_eq!(asked(&desk), (false, true, false));
    assert_eq!(desk.refresh(&[("SPEND_CONTACTS", "keep")]).await.lost, []);
    assert!(texts(&desk, "supplier", ["contact_name"]).iter().any(|[name]| name != "-"));
}

#[tokio::test]
async fn a_persons_number_is_published_only_where_a_setting_keeps_it() {
    let desk = desk().await;
    for (set, shown) in [(&[][..], false), (&[("SPEND_PERSONAL_NUMBERS", "keep")], true)] {
        assert_eq!(desk.refresh(set).await.status, Status::Succeeded);
        let suppliers = texts(&desk, "supplier", ["company_number_status", "company_number", "supplier_key"]);
        let of_persons: Vec<_> = suppliers.iter().filter(|[status, ..]| status == "personal").collect();
        assert_eq!(of_persons.len(), 2, "{of_persons:?}");
        assert!(of_persons.iter().all(|[_, number, _]| (number != "-") == shown), "{of_persons:?}");
        assert!(of_persons.iter().all(|[_, _, key]| key.starts_with("supplier:")), "a person's number is no key");
    }
}

/// Two owners' suppliers of one company have one key; those with a placeholder for a number have one each.
#[tokio::test]
async fn one_company_has_one_key_and_no_two_share_one() {
    let desk = desk().await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let suppliers = texts(&desk, "supplier", ["supplier_code", "supplier_key", "company_number_status"]);
    let key = |code: &str| {
        let found: Vec<_> = suppliers.iter().filter(|[of, ..]| of == code).collect();
        assert_eq!(found.len(), 1, "{code}");
        (found[0][1].clone(), found[0][2].clone())
    };
    assert_eq!(key("29001"), ("NO:914286018".to_owned(), "valid".to_owned()));
    assert_eq!(key("29002"), key("29001"));
    assert_eq!(key("29011"), key("29012"));
    assert_eq!((key("29003").1, key("29004").1), ("invalid".to_owned(), "invalid".to_owned()));
    assert_ne!(key("29003").0, key("29004").0);
    assert_eq!(key("29008").1, "missing");

    // The suppliers that are owners in reach, and no others.
    let batches = rows(&desk, "supplier");
    let mut intercompany = Vec::new();
    for batch in &batches {
        let ids = batch.column_by_name("supplier_code").unwrap().as_string::<i32>();
        let company = batch.column_by_name("is_intercompany").unwrap().as_boolean();
        assert_eq!(company.null_count(), 0);
        assert_eq!(batch.column_by_name("supplier_id").unwrap().as_primitive::<Int64Type>().null_count(), 0);
        intercompany
            .extend((0..batch.num_rows()).filter(|row| company.value(*row)).map(|row| ids.value(row).to_owned()));
    }
    intercompany.sort();
    assert_eq!(intercompany, ["29016", "29018"], "the owner above is out of reach");
}

#[tokio::test]
async fn a_rate_that_the_ledger_contradicts_is_not_published() {
    let desk = desk().await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let lines = texts(&desk, "spend", ["owner_id", "vat_code", "vat_rate"]);
    let of_code = |code: &str| {
        lines.iter().filter(|[_, of, _]| of == code).map(|[_, _, rate]| rate.as_str()).collect::<BTreeSet<_>>()
    };
    // The table says 15 %, which one owner books; another owner's purchases bear 25 %.
    assert_eq!(of_code("21"), ["-", "15.00"].into());
    assert_eq!(of_code("13"), ["-"].into(), "the table does not know it");
    let set = [("SPEND_VAT_RATES", "13=12,1=25")];
    assert_eq!(desk.refresh(&set).await.status, Status::Succeeded);
    let lines = texts(&desk, "spend", ["owner_id", "vat_code", "vat_rate"]);
    let rates = |code: &str| {
        lines.iter().filter(|[_, of, _]| of == code).map(|[_, _, rate]| rate.as_str()).collect::<BTreeSet<_>>()
    };
    // An owner whose only lines of a code have no VAT contradicts it, too.
    assert!(rates("13").contains("12.00") && rates("1").contains("25.00"));
}
