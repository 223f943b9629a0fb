//! A refresh that takes several runs.

use std::time::Duration;

use crate::desk::Desk;
use xledger_sim::Options;
use xledger_spend::event::Refresh;
use xledger_spend::table::runs::Status;

#[tokio::test(flavor = "multi_thread")]
async fn with_a_deadline_of_a_second_or_two() {
    let options = || Options { page_cap: 100, delay: Duration::from_millis(30), ..Options::fast(6_000, 3) };
    let calm = Desk::new(options()).await;
    let whole = calm.refresh(&[]).await;
    assert_eq!((whole.status, &whole.error), (Status::Succeeded, &None));

    let desk = Desk::new(options()).await;
    let aws = aws_config::SdkConfig::builder().build();
    let (mut runs, mut requests) = (0, 0);
    loop {
        let run = desk.run(Duration::from_millis(1_200));
        let report = run.refresh(Refresh::default(), &desk.settings(&[]), &aws).await;
        assert_eq!(report.error, None);
        (runs, requests) = (runs + 1, requests + report.api.requests);
        assert_eq!(report.invocation, Some(runs));
        if report.status == Status::Succeeded {
            break;
        }
        assert_eq!(report.status, Status::Incomplete);
        assert!(report.continues_at.is_some() && runs < 80, "{runs} {:?}", report.note);
    }
    println!("{runs} runs, {requests} requests, {} in one", whole.api.requests);
    assert!(runs > 3, "{runs}");
    assert!(desk.data_files() == calm.data_files());
    // Each run asks whose token it is; nothing else is asked twice.
    assert!(requests <= whole.api.requests + 2 * u64::from(runs), "{requests} of {}", whole.api.requests);
}
