//! What the AWS library needs on a desk: profiles of every kind, and silence.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use crate::called::{Called, call};

/// As `aws configure`, `aws configure sso` and `aws login` write them.
const CONFIG: &str = "
[profile process]
region = eu-north-1
credential_process = printf '{\"Version\": 1, \"AccessKeyId\": \"AKIAPROCESS\", \"SecretAccessKey\": \"s\"}'
[profile login]
region = eu-north-1
login_session = arn:aws:sts::123456789012:assumed-role/Admin/ola
[profile sso]
region = eu-north-1
sso_session = desk
sso_account_id = 123456789012
sso_role_name = Admin
[sso-session desk]
sso_region = eu-north-1
sso_start_url = https://example.awsapps.com/start
[profile kept]
region = eu-north-1
aws_access_key_id = AKIAKEPT
aws_secret_access_key = s
";

/// The file of `aws login` for this session, by the SHA-256 of its name.
const LOGIN: &str = "e8193d4d841f1ed28cd4d952932894b67ab2485fdbbffe22125a2701eece6720.json";

/// A service that refuses every request, and tells of each.
fn refusing() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (told, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 8192];
            let length = stream.read(&mut request).unwrap_or(0);
            let _ = told.send(String::from_utf8_lossy(&request[..length]).into_owned());
            let page = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            let head = "HTTP/1.1 403 Forbidden\r\ncontent-type: application/xml\r\nconnection: close\r\ncontent-length";
            drop(write!(stream, "{head}: {}\r\n\r\n{page}", page.len()));
        }
    });
    (endpoint, asked)
}

fn show(here: &Path, set: &[(&str, &str)]) -> Called {
    // Nobody tells of a machine's role or region.
    let nobody = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9");
    let set: Vec<_> = set.iter().copied().chain([nobody, ("HOME", here.to_str().unwrap())]).collect();
    call(here, &["show", "--lake", "s3://bucket/lake"], &set)
}

#[test]
fn a_profile_of_any_kind_signs_in() {
    let here = tempfile::tempdir().unwrap();
    let home = here.path();
    fs::create_dir_all(home.join(".aws/login/cache")).unwrap();
    fs::write(home.join(".aws/config"), CONFIG).unwrap();
    let token = serde_json::json!({
        "accessToken": {
            "accessKeyId": "AKIALOGIN",
            "secretAccessKey": "s",
            "sessionToken": "t",
            "accountId": "123456789012",
            "expiresAt": "2999-01-01T00:00:00Z",
        },
        "tokenType": "aws_sigv4",
        "refreshToken": "r",
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": "k",
    });
    fs::write(home.join(".aws/login/cache").join(LOGIN), token.to_string()).unwrap();
    for (profile, key) in [("process", "AKIAPROCESS"), ("login", "AKIALOGIN"), ("kept", "AKIAKEPT")] {
        let (endpoint, asked) = refusing();
        let set = [("AWS_PROFILE", profile), ("AWS_ENDPOINT_URL", &endpoint), ("PATH", "/usr/bin:/bin")];
        let called = show(home, &set);
        assert!(called.status == Some(1) && called.err.contains("s3:ListBucket was denied"), "{profile}: {called:?}");
        let asked = asked.try_recv().unwrap();
        assert!(asked.contains(&format!("Credential={key}/")), "{profile}: {asked}");
    }
    // Nobody has signed in, and that is what is said: not that the program cannot.
    fs::remove_dir_all(home.join(".aws/login")).unwrap();
    for (profile, words) in [("login", LOGIN), ("sso", "SSO token")] {
        let called = show(home, &[("AWS_PROFILE", profile)]);
        assert!(called.status == Some(1) && called.err.contains("no valid AWS credentials"), "{profile}: {called:?}");
        assert!(called.err.contains(words) && !called.err.contains("feature"), "{profile}: {called:?}");
    }
}

#[test]
fn what_is_missing_is_said_once() {
    let here = tempfile::tempdir().unwrap();
    let called = show(here.path(), &[]);
    let expected = "error: no AWS region is known for s3://bucket/lake; set AWS_REGION, or a region in the profile that \
                    AWS_PROFILE names. If one is set there, that profile does not exist, or ~/.aws/config cannot be read, of \
                    which --verbose tells\nkind: settings_invalid\n";
    assert_eq!((called.status, called.err.as_str()), (Some(2), expected));
    let called = show(here.path(), &[("AWS_REGION", "eu-north-1")]);
    assert!(called.status == Some(1) && called.err.lines().count() == 2, "{called:?}");
    assert!(called.err.contains("no valid AWS credentials"), "{called:?}");

    // A name that no profile has is said as soon as a region is known.
    let file = here.path().join("config");
    let named = ("AWS_CONFIG_FILE", file.to_str().unwrap());
    fs::write(&file, CONFIG).unwrap();
    let called = show(here.path(), &[("AWS_REGION", "eu-north-1"), ("AWS_PROFILE", "typo"), named]);
    assert!(called.err.contains("profile `typo` was not defined"), "{called:?}");
    // What the library says of a file that it cannot read is there for who asks.
    fs::write(&file, "[profile a\n").unwrap();
    let set = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9"), named];
    let called = call(here.path(), &["show", "--verbose", "--lake", "s3://bucket/lake"], &set);
    assert!(called.err.contains("on line 1") && called.err.contains("no AWS region is known"), "{called:?}");

    // What the library says of it is there for who asks.
    let set = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")];
    let called = call(here.path(), &["show", "--verbose", "--lake", "s3://bucket/lake"], &set);
    assert!(called.err.contains("WARN") && called.err.ends_with("kind: settings_invalid\n"), "{called:?}");
}

/// What of a run lies in AWS is not its lake alone.
#[test]
fn every_command_that_names_a_bucket_asks_aws_for_it() {
    let here = tempfile::tempdir().unwrap();
    let home = here.path().to_str().unwrap();
    let nobody = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9");
    let xledger =
        [("XLEDGER_ENDPOINT", "http://127.0.0.1:9/graphql"), ("XLEDGER_TOKEN", "token"), ("HOME", home), nobody];
    for arguments in [
        &["check", "--lake", "s3://bucket/lake"][..],
        &["check", "--spend-files-url", "s3://bucket/lake"],
        &["refresh", "--lake", "lake", "--spend-files-url", "s3://bucket/lake"],
        &["demo", "--lake", "lake", "--spend-files-url", "s3://bucket/lake", "--lines", "100"],
        &["refresh", "--lake", "s3://bucket/lake"],
        &["rollback", "20261121T013000Z-0a1b2c3d", "--lake", "s3://bucket/lake"],
    ] {
        let called = call(here.path(), arguments, &xledger);
        assert!(called.err.contains("no AWS region is known for s3://bucket/lake"), "{arguments:?}: {called:?}");
        assert_eq!(called.status, Some(2), "{arguments:?}: {called:?}");
    }
}

/// AWS's library would panic over these, in the environment and in a profile alike.
#[test]
fn what_the_library_cannot_take_ends_in_words() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir_all(here.path().join(".aws")).unwrap();
    let called = show(here.path(), &[("AWS_REGION", "eu-north-1\n"), ("AWS_ACCESS_KEY_ID", "A\n")]);
    assert_eq!(called.status, Some(2), "{called:?}");
    for words in ["2 settings", "AWS_REGION: holds", "AWS_ACCESS_KEY_ID: holds"] {
        assert!(called.err.contains(words), "{words}: {called:?}");
    }
    let (endpoint, asked) = refusing();
    for (lines, status, words) in [
        ("region = eu-north-1\nmax_attempts = 0\nretry_mode = foo", 1, "s3:ListBucket was denied"),
        ("region = eu-north-1\naws_session_token = t\u{1}", 1, "holds a space, a line break or a letter"),
        ("region = eu-north-1\u{1}", 2, "no AWS region is known"),
        ("region =", 2, "no AWS region is known"),
    ] {
        let config = format!("[default]\n{lines}\naws_access_key_id = AKIA\naws_secret_access_key = s\n");
        fs::write(here.path().join(".aws/config"), config).unwrap();
        let set = [("AWS_ENDPOINT_URL", endpoint.as_str()), ("AWS_MAX_ATTEMPTS", "zero"), ("AWS_RETRY_MODE", "legacy")];
        let called = show(here.path(), &set);
        assert!(called.status == Some(status) && called.err.contains(words), "{lines}: {called:?}");
    }
    assert_eq!(asked.try_iter().count(), 1);
}

/// A secret is looked for as a lake is, and in the same words.
#[test]
fn a_secret_needs_a_region_and_credentials() {
    let here = tempfile::tempdir().unwrap();
    let silent = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9");
    let home = ("HOME", here.path().to_str().unwrap());
    let secret = ("XLEDGER_TOKEN_SECRET_ID", "abc");
    let region = ("AWS_REGION", "eu-north-1");
    let (endpoint, _asked) = refusing();
    let signed = [region, ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let lost: Vec<_> = signed.into_iter().chain([("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]).collect();
    let refused: Vec<_> = signed.into_iter().chain([("AWS_ENDPOINT_URL", &*endpoint)]).collect();
    for command in [&["check"][..], &["probe"], &["refresh", "--lake", "lake"]] {
        for (set, status, words) in [
            (&[][..], 2, "no AWS region is known for the secret abc; set AWS_REGION"),
            (&[region], 1, "no valid AWS credentials for the secret abc; sign in, choose a profile with AWS_PROFILE"),
            (&lost, 1, "secretsmanager:GetSecretValue on the secret abc found no answer in time"),
            (&refused, 1, "the secret abc cannot be read: "),
        ] {
            let set: Vec<_> = set.iter().copied().chain([secret, silent, home]).collect();
            let called = call(here.path(), command, &set);
            assert!(called.status == Some(status) && called.err.contains(words), "{command:?} {words}: {called:?}");
            assert!(!called.err.contains("DispatchFailure"), "{called:?}");
        }
    }
}

/// Looking for credentials takes seconds where there are none, and a probe touches no lake.
#[test]
fn a_probe_looks_for_no_credentials() {
    let here = tempfile::tempdir().unwrap();
    let (endpoint, asked) = refusing();
    let set = [
        ("HOME", here.path().to_str().unwrap()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*endpoint),
        ("LAKE_URL", "s3://bucket/lake"),
        ("XLEDGER_TOKEN", "t"),
        // Nobody listens.
        ("XLEDGER_ENDPOINT", "http://127.0.0.1:9/graphql"),
    ];
    // The check misses a region.
    for (command, status, looks) in [("probe", 1, false), ("check", 2, true)] {
        let called = call(here.path(), &[command, "--deadline-minutes", "0.01"], &set);
        assert_eq!((called.status, asked.try_iter().count() > 0), (Some(status), looks), "{command}: {called:?}");
    }
}
