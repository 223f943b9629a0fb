//! A proxy between the program and the world, as the environment names it.

use xledger_sim::Options;

use crate::called::{Called, call};
use crate::fronts::{Authority, GOOD, Proxy, tls};
use crate::tls::simulator;

/// A name that no resolver knows: the proxy does.
const ENDPOINT: &str = "https://xledger.test/graphql";

fn tells_no_password(called: &Called) {
    for secret in ["s3cr3t", "czNjcjN0", "ada:"] {
        assert!(!called.both().contains(secret), "{called:?}");
    }
}

#[test]
fn the_way_leads_through_it() {
    let here = tempfile::tempdir().unwrap();
    let (runtime, running, simulator) = simulator(Options::fast(500, 1));
    let authority = Authority::new("Own");
    let front = tls(&runtime, "127.0.0.1", authority.certificate("xledger.test", GOOD), simulator);
    let file = authority.file(here.path());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = Proxy::start(&runtime, "200 Connection established", front);
        let through = format!("http://ada:s3cr3t%21@{}", proxy.address);
        let set = [
            ("XLEDGER_TOKEN", running.token()),
            ("XLEDGER_ENDPOINT", ENDPOINT),
            ("SSL_CERT_FILE", &file),
            (variable, &through),
        ];
        let called = call(here.path(), &["refresh", "--verbose", "--lake", "lake"], &set);
        assert_eq!(called.status, Some(0), "{variable}: {called:?}");
        tells_no_password(&called);
        let requests = proxy.requests();
        assert!(!requests.is_empty() && requests.iter().all(|line| line == "CONNECT xledger.test:443"), "{requests:?}");
        let sent = proxy.sent();
        // `ada:s3cr3t!`
        assert!(sent.to_lowercase().contains("proxy-authorization: basic ywrhonmzy3izdce="), "{sent}");
        assert!(!sent.contains(running.token()) && !sent.contains("graphql"), "{sent}");
    }
}

#[test]
fn not_for_those_that_are_excepted() {
    let here = tempfile::tempdir().unwrap();
    let (runtime, running, simulator) = simulator(Options::fast(500, 1));
    let authority = Authority::new("Own");
    // Another address of this machine, which the program takes for any other host.
    let front = tls(&runtime, "127.0.0.2", authority.certificate("127.0.0.2", GOOD), simulator);
    let file = authority.file(here.path());
    let endpoint = format!("https://{front}/graphql");
    for (excepted, asked) in
        [("", true), ("example.com", true), ("127.0.0.2", false), ("10.0.0.0/8,127.0.0.0/8", false)]
    {
        let proxy = Proxy::start(&runtime, "200 Connection established", front);
        let through = format!("http://{}", proxy.address);
        let set = [
            ("XLEDGER_TOKEN", running.token()),
            ("XLEDGER_ENDPOINT", &endpoint),
            ("SSL_CERT_FILE", &file),
            ("HTTPS_PROXY", &through),
            ("NO_PROXY", excepted),
        ];
        let called = call(here.path(), &["check"], &set);
        assert_eq!(called.status, Some(0), "{excepted}: {called:?}");
        assert_eq!(!proxy.requests().is_empty(), asked, "{excepted}");
    }
    // A machine reaches itself without one.
    let proxy = Proxy::start(&runtime, "200 Connection established", front);
    let through = format!("http://{}", proxy.address);
    let set = [
        ("XLEDGER_TOKEN", running.token()),
        ("XLEDGER_ENDPOINT", &running.endpoint()),
        ("HTTP_PROXY", &through),
        ("ALL_PROXY", &through),
    ];
    assert_eq!(call(here.path(), &["check"], &set).status, Some(0));
    assert_eq!(proxy.sent(), "");
}

#[test]
fn it_lets_nobody_through() {
    let here = tempfile::tempdir().unwrap();
    let (runtime, _running, simulator) = simulator(Options::fast(2, 1));
    for (status, words, waits) in [
        ("407 Proxy Authentication Required", "asks for a user name and a password", false),
        ("502 Bad Gateway", "gives no way through", true),
    ] {
        let proxy = Proxy::start(&runtime, status, simulator);
        let through = format!("http://ada:s3cr3t%21@{}", proxy.address);
        let set = [("XLEDGER_TOKEN", "canary4711"), ("XLEDGER_ENDPOINT", ENDPOINT), ("HTTPS_PROXY", &through)];
        let called = call(here.path(), &["check", "--deadline-minutes", "1"], &set);
        assert_eq!(called.status, Some(1), "{called:?}");
        assert!(called.err.ends_with("kind: xledger_unavailable\n"), "{called:?}");
        let host = format!("the proxy {} ", proxy.address);
        assert!(called.err.contains(&host) && called.err.contains(words), "{called:?}");
        assert_eq!(called.err.contains("waiting "), waits, "{called:?}");
        tells_no_password(&called);
        assert!(!proxy.sent().contains("canary4711"));
    }
}

/// The client of AWS takes the same way, here to S3; it is not let through, which is all that can be seen without AWS.
#[test]
fn the_way_to_aws_leads_through_it_too() {
    let here = tempfile::tempdir().unwrap();
    let (runtime, _running, simulator) = simulator(Options::fast(2, 1));
    let proxy = Proxy::start(&runtime, "502 Bad Gateway", simulator);
    let through = format!("http://ada:s3cr3t%21@{}", proxy.address);
    let set = [
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "canary4711"),
        ("AWS_REGION", "eu-north-1"),
        ("HTTPS_PROXY", &through),
    ];
    let called = call(here.path(), &["show", "--lake", "s3://some-bucket/lake"], &set);
    assert_eq!(called.status, Some(1), "{called:?}");
    assert!(called.err.ends_with("kind: lake_unavailable\n"), "{called:?}");
    tells_no_password(&called);
    let requests = proxy.requests();
    assert!(!requests.is_empty(), "{called:?}");
    for request in requests {
        assert_eq!(request, "CONNECT some-bucket.s3.eu-north-1.amazonaws.com:443");
    }
}
