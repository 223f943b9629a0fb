//! Certificates: which are trusted, by whom, and what is said of those that are not.

use std::net::SocketAddr;

use xledger_sim::{Options, Running};

use crate::called::{Called, call};
use crate::fronts::{Authority, GOOD, tls};

pub(crate) fn simulator(options: Options) -> (tokio::runtime::Runtime, Running, SocketAddr) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.block_on(xledger_sim::start(options)).unwrap();
    let endpoint = running.endpoint();
    let address = endpoint.trim_start_matches("http://").trim_end_matches("/graphql").parse().unwrap();
    (runtime, running, address)
}

fn is_untrusted(called: &Called, words: &[&str]) {
    assert_eq!(called.status, Some(1), "{called:?}");
    assert_eq!(called.errors(), 1, "{called:?}");
    assert!(called.err.ends_with("kind: xledger_unavailable\n"), "{called:?}");
    for word in words {
        assert!(called.err.contains(word), "{word}: {called:?}");
    }
    // A certificate does not get better by asking again.
    assert!(!called.err.contains("waiting "), "{called:?}");
}

#[test]
fn a_companys_own_ca() {
    let here = tempfile::tempdir().unwrap();
    let (runtime, running, simulator) = simulator(Options::fast(500, 1));
    let authority = Authority::new("Own");
    let front = tls(&runtime, "127.0.0.1", authority.certificate("localhost", GOOD), simulator);
    let endpoint = format!("https://localhost:{}/graphql", front.port());
    let refresh = |set: &[(&str, &str)]| {
        let token = [("XLEDGER_TOKEN", running.token()), ("XLEDGER_ENDPOINT", &*endpoint)];
        call(here.path(), &["refresh", "--lake", "lake"], &[&token, set].concat())
    };
    let trusted = tempfile::tempdir().unwrap();
    let file = authority.file(trusted.path());
    let other = tempfile::tempdir().unwrap();
    let others = Authority::new("Other").file(other.path());
    // As after the company has made its CA anew.
    let formers = tempfile::tempdir().unwrap();
    let former = Authority::new("Own").file(formers.path());

    is_untrusted(&refresh(&[]), &[&endpoint, "not trusted", "SSL_CERT_FILE", "docs/setup.md"]);
    for file in [&others, &former] {
        is_untrusted(&refresh(&[("SSL_CERT_FILE", file)]), &["not trusted", "SSL_CERT_FILE"]);
    }
    let called = refresh(&[("SSL_CERT_FILE", "no-such-file.pem")]);
    is_untrusted(&called, &["no certificates to trust", "SSL_CERT_FILE"]);
    assert!(!here.path().join("lake/CURRENT.json").exists());

    for set in [
        ("SSL_CERT_FILE", file.clone()),
        ("SSL_CERT_DIR", trusted.path().display().to_string()),
        ("SSL_CERT_DIR", format!("{}:{}", other.path().display(), trusted.path().display())),
        // A bundle of several.
        ("SSL_CERT_FILE", {
            let bundle = here.path().join("bundle.pem");
            let certificates = [&others, &file].map(|file| std::fs::read_to_string(file).unwrap());
            std::fs::write(&bundle, certificates.concat()).unwrap();
            bundle.display().to_string()
        }),
    ] {
        let called = refresh(&[(set.0, &set.1)]);
        assert_eq!(called.status, Some(0), "{set:?}: {called:?}");
    }
}

#[test]
fn a_certificate_that_does_not_fit() {
    let here = tempfile::tempdir().unwrap();
    let (runtime, running, simulator) = simulator(Options::fast(500, 1));
    let authority = Authority::new("Own");
    let file = authority.file(here.path());
    for (name, years, words) in [
        ("xledger.test", GOOD, ["not valid for name \"localhost\"", "xledger.test"]),
        ("localhost", 2020..2021, ["not trusted", "expired"]),
        ("localhost", 2090..2100, ["not trusted", "not valid yet"]),
    ] {
        let front = tls(&runtime, "127.0.0.1", authority.certificate(name, years), simulator);
        let endpoint = format!("https://localhost:{}/graphql", front.port());
        let set = [("XLEDGER_TOKEN", running.token()), ("XLEDGER_ENDPOINT", &endpoint), ("SSL_CERT_FILE", &file)];
        is_untrusted(&call(here.path(), &["check"], &set), &words);
    }
}

#[test]
fn without_tls_to_this_machine_alone() {
    let here = tempfile::tempdir().unwrap();
    for endpoint in [
        "http://www.xledger.net/graphql",
        "http://localhost.example.com/graphql",
        "http://127.0.0.1.example.com/graphql",
        "http://localhost@example.com/graphql",
        "http://127.0.0.2/graphql",
        "http://10.0.0.1/graphql",
        "http://[::2]/graphql",
        "ftp://localhost/graphql",
        "https://ada:canary4711@www.xledger.net/graphql",
        "http://ada:canary4711@localhost/graphql",
    ] {
        let called = call(here.path(), &["check"], &[("XLEDGER_TOKEN", "t"), ("XLEDGER_ENDPOINT", endpoint)]);
        assert_eq!(called.status, Some(2), "{endpoint}: {called:?}");
        assert!(
            called.err.contains("XLEDGER_ENDPOINT") && called.err.ends_with("kind: settings_invalid\n"),
            "{called:?}"
        );
        assert!(called.err.contains("https://") || called.err.contains("must not hold"), "{called:?}");
        assert!(!called.both().contains("canary4711"), "{called:?}");
    }
}
