use super::*;

fn s(seconds: u64) -> Decision {
    Decision::PauseAll(Duration::from_secs(seconds))
}

#[test]
fn what_is_done_about_each_error() {
    let down = || Error::Unavailable { endpoint: String::new(), status: 503 };
    let busy = |status, ms| Error::Busy { endpoint: String::new(), status, until: Instant(ms) };
    let complex = || Error::TooComplex { query: "q", message: String::new() };
    let blocked = || Error::Blocked { endpoint: String::new(), query: "q", status: 403 };
    let lost = || Error::Unreachable { endpoint: String::new(), what: String::new() };
    let slow = || Error::NotResolved { query: "q", rows: 9, message: String::new() };
    let late = || Error::Late { endpoint: String::new(), what: String::new() };
    let unknown = || Error::Api { query: "q", code: String::new(), path: String::new(), message: String::new() };
    let odd = |path: &str| Error::Malformed { query: "q", path: path.to_owned(), what: String::new() };
    let page = || Error::NotGraphql { endpoint: String::new(), what: String::new(), status: 404 };
    let right =
        || Error::RightMissing { query: crate::xledger::query::SUPPLIERS, fields: vec![], message: String::new() };
    let schema = || Error::SchemaMismatch { query: "q", code: String::new(), message: String::new() };
    let reset_at = Some(jiff::Timestamp::from_millisecond(1_795_224_600_000).unwrap());
    let list = |rows| Attempt { rows, by_ids: false, searched: true, has_answered: true, tries: 1, now: Instant(0) };
    let ids = |rows| Attempt { by_ids: true, ..list(rows) };
    let first = |rows| Attempt { searched: false, ..list(rows) };
    let tried = |tries, rows| Attempt { tries, ..list(rows) };
    let later = |seconds| Decision::RetryLater(Duration::from_secs(seconds));
    for (error, attempt, in_a_row, since_s, expected) in [
        (Error::BurstLimit, list(9), 1, 0, s(5)),
        (Error::BurstLimit, list(9), 11, 99, s(5)),
        (Error::BurstLimit, list(9), 12, 99, Decision::Stop),
        (Error::ConcurrencyLimit, list(9), 1, 0, s(1)),
        (Error::ConcurrencyLimit, list(9), 4, 7, s(8)),
        (Error::ConcurrencyLimit, list(9), 20, 284, s(16)),
        (Error::ConcurrencyLimit, list(9), 20, 285, Decision::Stop),
        (Error::CreditsUsedUp { reset_at }, list(9), 1, 0, Decision::PauseAllUntil(Instant(1_795_224_601_000))),
        (Error::CreditsUsedUp { reset_at }, list(9), 3, 0, Decision::Stop),
        (Error::CreditsUsedUp { reset_at: None }, list(9), 2, 0, s(1_200)),
        (Error::CreditsUsedUp { reset_at: None }, list(9), 3, 0, Decision::Stop),
        (busy(429, 7), list(9), 11, 0, Decision::PauseAllUntil(Instant(7))),
        (busy(429, 7), list(9), 12, 0, Decision::Stop),
        // A short time is not believed again and again.
        (busy(503, 7_000), list(9), 1, 0, Decision::PauseAllUntil(Instant(7_000))),
        (busy(503, 7_000), list(9), 5, 30, s(16)),
        (busy(503, 600_000), list(9), 12, 200, Decision::PauseAllUntil(Instant(600_000))),
        (busy(503, 7_000), list(9), 30, 284, s(16)),
        (busy(503, 7_000), list(9), 30, 285, Decision::Stop),
        (blocked(), ids(51), 1, 0, Decision::Shrink),
        (blocked(), ids(50), 1, 0, Decision::Stop),
        (blocked(), list(51), 1, 0, Decision::Stop),
        (down(), list(9), 1, 0, s(1)),
        (down(), list(9), 2, 1, s(2)),
        (lost(), list(9), 6, 31, s(16)),
        (lost(), list(9), 7, 63, s(16)),
        (down(), list(9), 30, 284, s(16)),
        (down(), list(9), 30, 285, Decision::Stop),
        // It may be too much for something on the way that says so by a status, or by no answer.
        (down(), list(51), 4, 7, s(8)),
        (down(), list(51), 5, 15, Decision::Shrink),
        (lost(), list(51), 6, 15, s(16)),
        (lost(), ids(51), 7, 31, Decision::Shrink),
        (down(), list(50), 7, 31, s(16)),
        (down(), tried(2, 51), 1, 0, Decision::Shrink),
        (down(), tried(2, 51), 2, 1, s(2)),
        (odd("data"), list(9), 1, 0, s(1)),
        (odd("."), list(9), 30, 285, Decision::Stop),
        (odd("row 7, node.amount"), list(9), 1, 0, Decision::Stop),
        // Of introspection in another form, say: it is not waited for.
        (odd("data.roots.queryType"), list(9), 1, 0, Decision::Stop),
        (odd("data"), Attempt { has_answered: false, ..list(9) }, 1, 0, Decision::Stop),
        (slow(), list(51), 9, 0, Decision::Shrink),
        // At the least size, what was too much before is another question.
        (slow(), ids(50), 9, 60, s(1)),
        (slow(), tried(3, 50), 9, 60, s(4)),
        (slow(), tried(30, 50), 9, 285, Decision::Stop),
        (slow(), Attempt { tries: 2, ..first(50) }, 9, 60, s(2)),
        (slow(), Attempt { tries: 3, ..first(50) }, 9, 60, Decision::Search),
        (slow(), Attempt { tries: 3, ..first(51) }, 9, 60, Decision::Shrink),
        (complex(), first(51), 1, 0, Decision::Shrink),
        (complex(), first(50), 1, 0, Decision::Search),
        (complex(), list(50), 1, 0, Decision::Stop),
        (late(), list(9_000), 1, 0, s(1)),
        (late(), tried(2, 9_000), 1, 0, Decision::Shrink),
        (late(), list(9_000), 2, 0, Decision::Shrink),
        (late(), tried(9, 50), 2, 0, s(2)),
        (late(), list(50), 9, 285, Decision::Stop),
        (Error::TooLarge { query: "q" }, list(51), 1, 0, Decision::Shrink),
        (Error::TooLarge { query: "q" }, list(50), 1, 0, Decision::Stop),
        (Error::TooLong { query: "q" }, ids(51), 1, 0, Decision::Shrink),
        (unknown(), ids(51), 1, 0, Decision::Shrink),
        (unknown(), first(51), 1, 0, Decision::Search),
        (unknown(), ids(50), 1, 0, later(5)),
        (unknown(), list(10_000), 9, 0, later(5)),
        (unknown(), tried(2, 9), 9, 0, later(15)),
        (unknown(), tried(3, 9), 9, 0, later(40)),
        (unknown(), tried(4, 9), 9, 0, Decision::Stop),
        (page(), ids(51), 1, 0, Decision::Shrink),
        (page(), list(51), 1, 0, Decision::Stop),
        (right(), first(9), 1, 0, Decision::Search),
        (right(), tried(3, 9), 3, 0, later(40)),
        (right(), tried(4, 9), 4, 0, Decision::Stop),
        (schema(), first(9), 1, 0, Decision::Search),
        (schema(), list(9), 1, 0, Decision::Stop),
        (Error::TokenMalformed, list(9), 1, 0, Decision::Stop),
        (Error::ConnectionNotAllowed { endpoint: String::new(), what: String::new() }, list(9), 1, 0, Decision::Stop),
    ] {
        let streak = Streak { in_a_row, of_all_limits: in_a_row, since: Duration::from_secs(since_s) };
        assert_eq!(decide(&error, attempt, streak, 0), expected, "{error:?} {attempt:?} {streak:?}");
    }
}

#[test]
fn waits_differ_by_chance() {
    let streak = Streak { in_a_row: 1, of_all_limits: 1, since: Duration::ZERO };
    let asked = Attempt { rows: 1, by_ids: false, searched: true, has_answered: true, tries: 1, now: Instant(0) };
    let wait = |jitter| decide(&Error::BurstLimit, asked, streak, jitter);
    assert_eq!(wait(500), Decision::PauseAll(Duration::from_millis(5_500)));
    assert_eq!(wait(1_000), s(6));
    assert_eq!(wait(u32::MAX), s(6));
}
