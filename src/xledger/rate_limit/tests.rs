use super::*;

fn state(most: usize) -> State {
    State::new(most, BURST_WINDOW)
}

fn down() -> Error {
    Error::Unavailable { endpoint: String::new(), status: 503 }
}

/// Sends so many requests as early as they may be sent, each answered at once; returns when.
fn send(state: &mut State, requests: usize, start: Instant) -> Vec<Duration> {
    let (mut now, mut sent) = (start, Vec::new());
    while sent.len() < requests {
        match state.try_acquire(now) {
            Admission::Granted => sent.push(now - start),
            Admission::At(at) => now = at,
            Admission::Full => panic!("only {} were sent", sent.len()),
        }
    }
    sent
}

#[test]
fn never_twenty_in_five_seconds() {
    let (mut state, start) = (state(100), Instant::now());
    let sent = send(&mut state, 100, start);
    for window in sent.windows(20) {
        assert!(window[19] - window[0] > Duration::from_secs(5), "{window:?}");
    }
    assert!(sent[99] < Duration::from_secs(27), "{:?}", sent[99]);
    assert_eq!(state.try_acquire(start + sent[99]), Admission::Full);
}

#[test]
fn fewer_in_a_window_while_others_use_the_same_token() {
    let (mut state, start) = (state(100), Instant::now());
    state.on_failure(&Error::BurstLimit, start, start);
    state.on_failure(&Error::BurstLimit, start + Duration::from_secs(6), start + Duration::from_secs(6));
    let sent = send(&mut state, 20, start + Duration::from_secs(12));
    for window in sent.windows(5) {
        assert!(window[4] - window[0] > Duration::from_secs(5), "{window:?}");
    }
    assert!((0..160).all(|_| !state.on_success()));
    assert_eq!(state.burst, BURST_REQUESTS);
}

#[test]
fn requests_that_were_under_way_together_are_refused_once() {
    let (mut state, now) = (state(4), Instant::now());
    let after = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(state.on_failure(&down(), now, after(1)).in_a_row, 1);
    assert_eq!(state.on_failure(&down(), now, after(2)).in_a_row, 1);
    let Refusals { in_a_row, first, .. } = state.on_failure(&down(), after(3), after(4));
    assert_eq!((in_a_row, first), (2, after(1)));
    state.on_success();
    assert_eq!(state.on_failure(&down(), after(5), after(6)).in_a_row, 1);
}

#[test]
fn fields_that_are_denied_one_by_one_are_no_row_of_refusals() {
    let (mut state, now) = (state(4), Instant::now());
    let after = |seconds| now + Duration::from_secs(seconds);
    let query = crate::xledger::query::SUPPLIERS;
    let denied = || Error::RightMissing { query, fields: Vec::new(), message: String::new() };
    assert_eq!(state.on_failure(&Error::BurstLimit, now, after(1)).in_a_row, 1);
    for second in (2..30).step_by(2) {
        assert_eq!(state.on_failure(&denied(), after(second), after(second + 1)).in_a_row, 1);
    }
    assert_eq!(state.on_failure(&Error::BurstLimit, after(30), after(31)).in_a_row, 1);
}

#[test]
fn a_wait_for_credits_is_no_time_in_which_the_server_is_down() {
    let (mut state, now) = (state(4), Instant::now());
    let after = |seconds| now + Duration::from_secs(seconds);
    for second in [1, 3] {
        state.on_failure(&down(), after(second), after(second + 1));
    }
    assert_eq!(state.on_failure(&Error::CreditsUsedUp { reset_at: None }, after(5), after(6)).in_a_row, 1);
    assert_eq!(state.on_failure(&Error::BurstLimit, after(7), after(8)).in_a_row, 1);
    // Whether others are answered meanwhile goes by all.
    assert_eq!(state.failures_in_a_row(), 4);
    state.on_success();
    assert_eq!(state.failures_in_a_row(), 0);
    state.on_failure(&Error::CreditsUsedUp { reset_at: None }, after(10), after(11));
    let Refusals { in_a_row, first, .. } = state.on_failure(&down(), after(400), after(401));
    assert_eq!((in_a_row, first), (1, after(401)));
}

#[test]
fn one_at_a_time_tries_a_server_that_is_down() {
    let (mut state, now) = (state(4), Instant::now());
    state.on_failure(&down(), now, now);
    assert_eq!((state.try_acquire(now), state.try_acquire(now)), (Admission::Granted, Admission::Full));
    assert!(state.on_success());
    assert_eq!(state.try_acquire(now), Admission::Granted);
}

#[tokio::test]
async fn nobody_sends_before_a_wait_is_over() {
    let (limiter, now) = (RateLimiter::new(4, 1.0), Instant::now());
    let after = |seconds| now + Duration::from_secs(seconds);
    assert!(limiter.pause_until(after(3_600)) > Duration::from_secs(3_599));
    assert!(limiter.pause_until(after(3_000)).is_zero());
    assert_eq!(lock(&limiter.state).try_acquire(after(3_001)), Admission::At(after(3_600)));
    assert_eq!(limiter.acquire(after(3_599), &Meter::default()).await.err(), Some(Some(after(3_600))));
    assert!(now.elapsed() < Duration::from_secs(60));
}

#[test]
fn fewer_at_once_after_a_refusal_and_more_again_when_calm() {
    let (mut state, now) = (state(4), Instant::now());
    state.on_failure(&Error::ConcurrencyLimit, now, now);
    assert_eq!(state.allowed, 2);
    assert_eq!((0..SUCCESSES_PER_STEP).filter(|_| state.on_success()).count(), 1);
    assert_eq!(state.allowed, 3);
}

/// One that was just answered waits for those that asked before it asks again.
#[tokio::test]
async fn requests_are_sent_in_the_order_in_which_they_are_asked_for() {
    let (limiter, meter, sent) = (RateLimiter::new(1, 1.0), Meter::default(), std::cell::RefCell::new(String::new()));
    let deadline = Instant::now() + Duration::from_secs(60);
    let list = async |name| {
        for _ in 0..3 {
            let permit = limiter.acquire(deadline, &meter).await;
            sent.borrow_mut().push(name);
            tokio::task::yield_now().await;
            drop(permit);
        }
    };
    tokio::join!(list('a'), list('b'));
    assert_eq!(*sent.borrow(), "ababab");
}
