//! Each rule of validity by itself: a row that meets all but one of them is not used.

use tempfile::TempDir;

use super::*;
use crate::lake::{Access, Lake, LakeUrl, Store};
use crate::model::line::{Line, Payable};
use crate::model::listed::{DocumentType, ListedLine, ListedPayable};
use crate::model::text_pool::{OwnText, TextPool};
use crate::model::value::Money;
use crate::refresh::chart::{Account, Chart};
use crate::refresh::index::{Ledger, Payables};
use crate::refresh::rules::Rules;
use crate::refresh::screen::{AdmittedLine, Screened, screen};

const NOW_MS: i64 = 1_795_224_600_000;
const HOUR_MS: i64 = 3_600_000;
const MAY: Month = Month { year: 2026, month: 5 };
const JUNE: Month = Month { year: 2026, month: 6 };
const MONTHS: [Option<Month>; 2] = [Some(MAY), Some(JUNE)];

fn document_type(code: &str) -> DocumentType {
    DocumentType { id: Some(800), code: Some(code.into()), description: Some("Faktura".into()) }
}

fn entry(id: i64) -> ListedLine {
    ListedLine {
        id,
        owner: 1,
        voucher: 7,
        account: 3,
        match_id: 9,
        modified_at: Some(Instant(NOW_MS - 30 * HOUR_MS)).into(),
        period: 0,
        document_type: 0,
    }
}

/// The row of a line as it was listed.
fn row(entry: &ListedLine, pool: &mut TextPool) -> Line {
    let (document_type, document_type_name) = pool.of_type(&document_type("AP"));
    Line {
        id: entry.id,
        owner: entry.owner,
        account: entry.account,
        company: 0,
        voucher: entry.voucher,
        voucher_number: None.into(),
        voucher_created_at: None.into(),
        voucher_modified_at: entry.modified_at,
        match_id: entry.match_id,
        dimensions: [0; 5],
        amount: Money::parse("7").into(),
        invoice_amount: None.into(),
        vat_amount: None.into(),
        text: OwnText::default(),
        document_type,
        document_type_name,
        currency: pool.intern(None),
        vat_code: pool.intern(None),
        posted_date: None,
        month: MAY,
        fiscal_year: None,
        fiscal_period: None,
    }
}

/// What is listed, and what the cache has of it.
struct Case {
    listed: Vec<ListedLine>,
    types: Vec<DocumentType>,
    payroll: Vec<i64>,
    cached: Vec<ListedLine>,
    provenance: Provenance,
    listed_at_ms: i64,
    expired: Vec<Expiry>,
}

impl Default for Case {
    fn default() -> Self {
        let provenance = Provenance { source: "s".into(), document: "d".into(), at_ms: NOW_MS - 24 * HOUR_MS };
        Self {
            listed: vec![entry(1)],
            types: vec![document_type("AP")],
            payroll: Vec::new(),
            cached: vec![entry(1)],
            provenance,
            listed_at_ms: NOW_MS,
            expired: Vec::new(),
        }
    }
}

/// What is asked with now.
fn now() -> Provenance {
    Provenance { source: "s".to_owned(), document: "d".to_owned(), at_ms: NOW_MS }
}

async fn a_lake() -> (TempDir, Lake) {
    let directory = TempDir::new().unwrap();
    let url = LakeUrl::Directory(directory.path().join("lake"));
    let store = Store::open(&url, &aws_config::SdkConfig::builder().build()).unwrap();
    (directory, Lake::open(store, Access::Write).await.unwrap())
}

/// Puts rows into the cache, in a file of their own.
async fn put(cache: &mut Cache<'_>, rows: &[Line], pool: &TextPool, from: &Provenance) {
    let part = cache.write(rows, pool, Some(from)).await.unwrap();
    cache.contents.lines.push(part);
}

/// Takes the rows of a case out of the cache, with the lines that may be asked for.
async fn load(case: &Case, cache: &mut Cache<'_>, pool: &mut TextPool) -> (Vec<AdmittedLine>, CachedRows<Line>) {
    let account = |code| Account::coded(Some(code));
    let chart: Chart = [(3, account("4300")), (4, account("4400"))].into_iter().collect();
    let references = References::of(1, case.types.clone(), &MONTHS);
    let ledger = Ledger { entries: case.listed.clone(), references };
    let Screened { lines, screen, .. } = screen(Rules::default(), chart, &ledger, &Payables::default());
    let types: Vec<_> = case.types.iter().map(|kind| pool.of_type(kind)).collect();
    let (began_at, references) = (Instant(case.listed_at_ms), &ledger.references);
    let listing = Listing { began_at, references, types: &types, screen: &screen };
    let validity = Validity { now: &now(), expired: &case.expired, listing };
    let cached = CachedRows::load(cache, &lines, &case.payroll, &validity, pool).await.unwrap();
    (lines, cached)
}

/// The ids of the rows that stand in the files of the cache.
async fn ids_in(cache: &Cache<'_>) -> Vec<i64> {
    let mut ids = Vec::new();
    for part in &cache.contents.lines {
        let take = |row: Line, _: &TextPool| {
            ids.push(row.id);
            true
        };
        cache.read(part, &mut TextPool::default(), take).await.unwrap();
    }
    ids
}

/// The ids of rows that are used, and of those that stay in the file of the cache.
async fn used_and_left(case: &Case) -> (Vec<i64>, Vec<i64>) {
    let (_directory, lake) = a_lake().await;
    let mut cache = Cache::open(&lake, "run", None, false).await.unwrap();
    let mut pool = TextPool::default();
    let rows: Vec<Line> = case.cached.iter().map(|entry| row(entry, &mut pool)).collect();
    put(&mut cache, &rows, &pool, &case.provenance).await;
    cache.save().await.unwrap();

    let (admitted, mut cached) = load(case, &mut cache, &mut TextPool::default()).await;
    let used: Vec<i64> = cached.rows.iter().map(|row| row.id).collect();
    let (all, mut missing) = (admitted.len(), admitted);
    cached.leave_missing(&mut missing, true);
    assert_eq!(cached.rows.len() + missing.len(), all);
    // One is asked for though all are there, as told above.
    assert_eq!(missing.len(), (all - used.len()).max(all.min(1)));
    (used, ids_in(&cache).await)
}

#[tokio::test]
async fn a_row_is_used_if_it_meets_every_rule() {
    type Break = fn(&mut Case);
    let (used, unused) = (vec![1], Vec::new());
    let cases: [(&str, Break, &[i64]); 22] = [
        ("as it is", |_| (), &used),
        ("another owner", |case| case.listed[0].owner = 2, &unused),
        ("another match", |case| case.listed[0].match_id = 10, &unused),
        ("another period", |case| case.listed[0].period = 1, &unused),
        ("another voucher", |case| case.listed[0].voucher = 8, &unused),
        ("another account", |case| case.listed[0].account = 4, &unused),
        ("another document type", |case| case.types[0] = document_type("BA"), &unused),
        ("another name of it", |case| case.types[0].description = None, &unused),
        ("another time", |case| move_listed(case, 1), &unused),
        ("another time before it was asked", |case| move_listed(case, -1), &unused),
        ("another source", |case| case.provenance.source = "t".into(), &unused),
        ("another document", |case| case.provenance.document = "e".into(), &unused),
        ("not settled", |case| set_times(case, Some(case.provenance.at_ms - 75 * 60 * 1_000)), &unused),
        ("just settled", |case| set_times(case, Some(case.provenance.at_ms - 75 * 60 * 1_000 - 1)), &used),
        ("no time at all", |case| set_times(case, None), &unused),
        ("asked after it was listed", unsettled_and_listed_before, &used),
        ("asked now", |case| asked_and_modified(case, NOW_MS), &used),
        ("asked by a clock that is ahead", |case| asked_and_modified(case, NOW_MS + 1), &unused),
        ("expired", |case| expire(case, None, None, case.provenance.at_ms + 1), &unused),
        ("asked after that", |case| expire(case, None, None, case.provenance.at_ms), &used),
        ("its month", |case| expire(case, Some(MAY), Some(MAY), NOW_MS), &unused),
        ("another month", |case| expire(case, Month::new(2026, 6), None, NOW_MS), &used),
    ];
    for (what, break_rule, expected) in cases {
        let mut case = Case::default();
        break_rule(&mut case);
        assert_eq!(used_and_left(&case).await.0, expected, "{what}");
    }
}

fn move_listed(case: &mut Case, by_ms: i64) {
    let listed = &mut case.listed[0].modified_at;
    *listed = listed.get().map(|at| Instant(at.0 + by_ms)).into();
}

fn set_times(case: &mut Case, modified_at: Option<i64>) {
    let modified_at = modified_at.map(Instant).into();
    (case.listed[0].modified_at, case.cached[0].modified_at) = (modified_at, modified_at);
}

fn unsettled_and_listed_before(case: &mut Case) {
    set_times(case, Some(case.provenance.at_ms));
    case.listed_at_ms = case.provenance.at_ms;
}

fn asked_and_modified(case: &mut Case, asked_at_ms: i64) {
    case.provenance.at_ms = asked_at_ms;
    set_times(case, Some(NOW_MS - 1));
}

fn expire(case: &mut Case, from: Option<Month>, to: Option<Month>, asked_before_ms: i64) {
    case.expired.push(Expiry { from, to, asked_before_ms });
}

#[tokio::test]
async fn rows_of_payroll_lines_leave_the_cache_at_once() {
    let case = Case { cached: vec![entry(1), entry(2), entry(3)], payroll: vec![2], ..Case::default() };
    // What is no payroll and not listed goes once the refresh is published: what hides it may be a mistake.
    assert_eq!(used_and_left(&case).await, (vec![1], vec![1, 3]));
    let now = Case::default().provenance;
    for provenance in [Provenance { document: "e".into(), ..now.clone() }, Provenance { at_ms: NOW_MS + 1, ..now }] {
        let case = Case { cached: vec![entry(1), entry(2), entry(3)], payroll: vec![2], provenance, ..Case::default() };
        assert_eq!(used_and_left(&case).await, (Vec::new(), vec![1, 3]));
    }
}

#[tokio::test]
async fn what_is_not_valid_any_more_goes_once_all_is_there() {
    let (_directory, lake) = a_lake().await;
    let mut cache = Cache::open(&lake, "run", None, false).await.unwrap();
    let case = Case { listed: (1..=4).map(entry).collect(), ..Case::default() };
    let mut pool = TextPool::default();
    let rows: Vec<Line> = (1..=6).map(|id| row(&entry(id), &mut pool)).collect();
    // Two files: in the older one a line that is not admitted; in the newer one two rows of lines that stand in the older, too.
    for rows in [&rows[..5], &rows[..2]] {
        put(&mut cache, rows, &pool, &case.provenance).await;
    }
    let (_, cached) = load(&case, &mut cache, &mut pool).await;
    assert_eq!(cached.rows.len(), 4);
    cached.tidy(&mut cache, &pool).await.unwrap();
    assert_eq!(ids_in(&cache).await, [1, 2, 3, 4]);
    assert!(cache.contents.lines.iter().all(|part| part.provenance.as_ref() == Some(&case.provenance)));
}

/// A row that has expired and is not as it is listed now might be as it is listed later.
#[tokio::test]
async fn what_has_expired_goes_even_if_it_is_not_as_it_is_listed() {
    let (_directory, lake) = a_lake().await;
    let mut cache = Cache::open(&lake, "run", None, false).await.unwrap();
    let mut case = Case { listed: (1..=4).map(entry).collect(), ..Case::default() };
    let mut pool = TextPool::default();
    let rows: Vec<Line> =
        (1..=4).map(|id| Line { month: if id == 1 { JUNE } else { MAY }, ..row(&entry(id), &mut pool) }).collect();
    put(&mut cache, &rows, &pool, &case.provenance).await;
    expire(&mut case, Some(JUNE), Some(JUNE), NOW_MS);
    let (_, cached) = load(&case, &mut cache, &mut pool).await;
    assert_eq!(cached.rows.len(), 3);
    cached.tidy(&mut cache, &pool).await.unwrap();
    assert_eq!(cache.contents.lines.iter().map(|part| part.rows).sum::<u64>(), 3);
}

/// Files that were asked for at different times become one, and no row looks newer or older by that than it is.
#[tokio::test]
async fn what_is_moved_is_valid_as_before() {
    let (_directory, lake) = a_lake().await;
    let mut cache = Cache::open(&lake, "run", None, false).await.unwrap();
    let modified = |id, at_ms| ListedLine { modified_at: Some(Instant(at_ms)).into(), ..entry(id) };
    let (old, new) = (NOW_MS - 24 * HOUR_MS, NOW_MS - HOUR_MS);
    // The last but one was modified after the older question, and the last so shortly before the newer one that it may have been once more.
    let listed = vec![modified(1, old - 9 * HOUR_MS), modified(2, old + HOUR_MS), modified(3, new - HOUR_MS / 2)];
    let mut case = Case { listed, ..Case::default() };
    let mut pool = TextPool::default();
    let gone = [row(&entry(8), &mut pool), row(&entry(9), &mut pool)];
    let rows: Vec<Line> = case.listed.iter().map(|entry| row(entry, &mut pool)).collect();
    for (at_ms, rows) in [(old, [&gone[..1], &rows[..1]].concat()), (new, [&gone[1..], &rows[1..]].concat())] {
        put(&mut cache, &rows, &pool, &Provenance { at_ms, ..case.provenance.clone() }).await;
    }
    // All were asked for since what is listed was; then what was listed later.
    for (listed_at_ms, used) in [(old, &[2, 3, 1][..]), (NOW_MS, &[1, 2])] {
        case.listed_at_ms = listed_at_ms;
        let (_, mut cached) = load(&case, &mut cache, &mut pool).await;
        assert_eq!(cached.rows.iter().map(|row| row.id).collect::<Vec<_>>(), used);
        cached.rows.sort_by_key(|row| row.id);
        cached.tidy(&mut cache, &pool).await.unwrap();
        assert_eq!(cache.contents.lines.len(), 1);
    }
}

/// Files name no fields: read in another layout, they would give other values, and no fault.
#[test]
fn another_layout_of_the_rows_is_another_version() {
    let mut pool = TextPool::default();
    let payable = Payable {
        id: 1,
        owner: 2,
        voucher: 3,
        modified_at: Some(Instant(4)).into(),
        match_id: 5,
        document_type: 6,
        subledger: 7,
        company: 8,
        invoice_number: OwnText::default(),
        invoice_date: None,
        due_date: None,
        last_payment_date: None,
        kind: pool.intern(None),
        invoice_file: 9,
    };
    let listed = ListedPayable { id: 1, owner: 2, voucher: 3, match_id: 4, document_type: 5 };
    let rows = (row(&entry(1), &mut pool), payable, entry(1), listed);
    // The names of the fields, and how wide each is.
    let layout = [serde_json::to_vec(&rows).unwrap(), postcard::to_stdvec(&rows).unwrap()].concat();
    assert_eq!(
        (CACHE_FORMAT_VERSION, Digest::of(&layout).as_str()),
        (10, "72d917016e65bf588870e8dce556870b3bb7d333746c0e7758048480f87b5be8"),
        "raise CACHE_FORMAT_VERSION, and put both values here"
    );
}
