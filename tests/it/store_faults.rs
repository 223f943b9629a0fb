//! What a store meets when storage misbehaves: S3 by script, a directory by what stands in its way. (The tests may run as root, to whom
//! no permission is denied; so nothing here relies on permissions.)

use crate::servers::scripted::{Scripted, Step};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as ProvideCredentialsFuture;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use bytes::Bytes;
use futures::future::join_all;
use std::error::Error as _;
use std::fs;
use std::path::Path;
use xledger_spend::lake::store::{Version, Writer};
use xledger_spend::lake::{Access, Directory, Error, Key, Lake, LakeUrl, S3, Store};
use xledger_spend::model::value::Instant;

const CONFLICT: Step = Step::Refuse(409, "ConditionalRequestConflict");
const SLOW_DOWN: Step = Step::Refuse(503, "SlowDown");
const FAILED: Step = Step::Refuse(500, "InternalError");

async fn scripted() -> (Scripted, Store) {
    let server = Scripted::start().await;
    let store = Store::S3(S3::new(&server.configuration(), "bucket", Some(key("lake"))).unwrap());
    (server, store)
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

async fn create(store: &Store, text: &'static str) -> Result<Version, Error> {
    store.create(&key("a"), Bytes::from_static(text.as_bytes())).await
}

/// An error and its causes, as a log shows them.
fn chain(error: &Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn a_conflict_or_a_busy_service_is_waited_for() {
    for step in [CONFLICT, SLOW_DOWN, FAILED, Step::LoseRequest] {
        let (server, store) = scripted().await;
        server.play([step, step]);
        create(&store, "mine").await.unwrap();
        assert_eq!(server.object("lake/a").unwrap(), b"mine");
        assert_eq!(server.requests(), ["PUT /bucket/lake/a"; 3], "{step:?}");
    }
}

#[tokio::test]
async fn waiting_ends() {
    join_all([CONFLICT, SLOW_DOWN, Step::LoseRequest].map(async |step| {
        let (server, store) = scripted().await;
        server.play([step; 100]);
        let error = create(&store, "mine").await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { operation: "s3:PutObject", .. }), "{error:?}");
        assert!(error.to_string().contains("s3://bucket/lake/a"), "{error}");
        assert!(server.requests().len() <= 12, "{:?}", server.requests());
    }))
    .await;
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_has_happened() {
    let (server, store) = scripted().await;
    server.play([Step::LoseAnswer]);
    let version = create(&store, "mine").await.unwrap();
    let (bytes, read) = store.get(&key("a"), 100).await.unwrap().unwrap();
    assert_eq!((bytes.as_ref(), read), (&b"mine"[..], version));
}

#[tokio::test]
async fn a_create_that_lost_its_request_to_another_is_refused() {
    let (server, store) = scripted().await;
    server.play([Step::LoseRequest]);
    server.put("lake/a", b"theirs");
    let error = create(&store, "mine").await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    assert_eq!(server.object("lake/a").unwrap(), b"theirs");
}

#[tokio::test]
async fn a_write_in_doubt_is_not_called_denied() {
    let (server, store) = scripted().await;
    server.play([Step::LoseRequest, Step::Refuse(403, "AccessDenied")]);
    let error = create(&store, "mine").await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { operation: "s3:PutObject", .. }), "{error:?}");
    assert!(chain(&error).contains("denied"), "{}", chain(&error));
}

#[tokio::test]
async fn the_same_bytes_of_another_writer_are_not_taken_for_ours() {
    let (server, store) = scripted().await;
    server.put("lake/a", b"mine");
    server.play([SLOW_DOWN, CONFLICT]);
    let error = create(&store, "mine").await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "no answer was lost: {error:?}");
}

#[tokio::test]
async fn a_swap_whose_answer_was_lost_has_happened() {
    let (server, store) = scripted().await;
    let first = create(&store, "first").await.unwrap();
    server.play([Step::LoseAnswer]);
    let second = store.replace(&key("a"), Bytes::from_static(b"second"), Some(&first)).await.unwrap();
    assert_eq!(server.object("lake/a").unwrap(), b"second");
    server.play([Step::LoseRequest]);
    server.put("lake/a", b"theirs");
    let beaten = store.replace(&key("a"), Bytes::from_static(b"third"), Some(&second)).await;
    assert!(matches!(beaten, Err(Error::Precondition { .. })), "{beaten:?}");
    assert_eq!(server.object("lake/a").unwrap(), b"theirs");
}

#[tokio::test]
async fn an_upload_whose_last_answer_was_lost_has_happened() {
    let (server, store) = scripted().await;
    let mut writer = store.writer(&key("a")).await.unwrap();
    writer.write(Bytes::from(vec![7; 9 << 20])).await.unwrap();
    // The last part, then the completion: done but unheard, then gone.
    server.play([Step::Serve, Step::LoseAnswer]);
    assert_eq!(writer.finish().await.unwrap().size_bytes, 9 << 20);
    assert_eq!(server.object("lake/a").unwrap().len(), 9 << 20);
    assert_eq!(server.open_uploads(), 0);
}

#[tokio::test]
async fn an_upload_that_fails_after_the_answer_began_is_completed_again() {
    let (server, store) = scripted().await;
    let mut writer = store.writer(&key("a")).await.unwrap();
    writer.write(Bytes::from(vec![7; 9 << 20])).await.unwrap();
    server.play([Step::Serve, Step::Refuse(200, "InternalError"), CONFLICT]);
    writer.finish().await.unwrap();
    assert_eq!((server.object("lake/a").unwrap().len(), server.open_uploads()), (9 << 20, 0));
}

/// A file in two parts, of which the first is sent.
async fn uploading() -> (Scripted, Writer) {
    let (server, store) = scripted().await;
    let mut writer = store.writer(&key("a")).await.unwrap();
    writer.write(Bytes::from(vec![7; 9 << 20])).await.unwrap();
    (server, writer)
}

const BEGIN: &str = "POST /bucket/lake/a uploads";
const PART: &str = "PUT /bucket/lake/a partNumber uploadId";
const COMPLETE: &str = "POST /bucket/lake/a uploadId";
const LOOK: &str = "GET /bucket/lake/a";
const ABORT: &str = "DELETE /bucket/lake/a uploadId";

/// S3 wants all parts again, in a new upload: one that is completed once more may be gone by then.
#[tokio::test]
async fn an_upload_that_met_a_conflict_is_begun_anew() {
    let (server, writer) = uploading().await;
    server.play([Step::Serve, CONFLICT]);
    assert_eq!(writer.finish().await.unwrap().size_bytes, 9 << 20);
    assert_eq!((server.object("lake/a").unwrap().len(), server.open_uploads()), (9 << 20, 0));
    let asked = [BEGIN, PART, PART, COMPLETE, LOOK, ABORT, BEGIN, PART, PART, COMPLETE];
    assert_eq!(server.requests(), asked);
    // So is one that somebody else aborted.
    let (server, writer) = uploading().await;
    server.play([Step::Serve, Step::Refuse(404, "NoSuchUpload")]);
    writer.finish().await.unwrap();
    assert_eq!((server.object("lake/a").unwrap().len(), server.open_uploads()), (9 << 20, 0));
}

#[tokio::test]
async fn an_upload_whose_conflict_is_with_itself_has_happened() {
    let (server, writer) = uploading().await;
    server.play([Step::Serve, Step::LoseAnswer, CONFLICT]);
    writer.finish().await.unwrap();
    assert_eq!(server.requests(), [BEGIN, PART, PART, COMPLETE, COMPLETE, LOOK]);
}

#[tokio::test]
async fn an_upload_that_lost_its_conflict_is_refused() {
    let (server, writer) = uploading().await;
    server.put("lake/a", b"theirs");
    server.play([Step::Serve, CONFLICT]);
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    assert_eq!((server.object("lake/a").unwrap(), server.open_uploads()), (b"theirs".to_vec(), 0));
}

#[tokio::test]
async fn conflicts_of_an_upload_end() {
    let (server, writer) = uploading().await;
    // Each completion: after it a look, the abortion, and a new upload of two parts.
    server.play([Step::Serve].into_iter().chain([[CONFLICT].as_slice(), &[Step::Serve; 5]].concat().repeat(100)));
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { operation: "s3:PutObject", .. }), "{error:?}");
    assert_eq!((server.object("lake/a"), server.open_uploads()), (None, 0));
    assert_eq!(server.requests().iter().filter(|asked| *asked == COMPLETE).count(), 6);
    // What is too large to be kept in memory is not sent again.
    let (server, store) = scripted().await;
    let mut writer = store.writer(&key("a")).await.unwrap();
    writer.write(Bytes::from(vec![7; 33 << 20])).await.unwrap();
    server.play([Step::Serve, CONFLICT]);
    let error = writer.finish().await.unwrap_err();
    assert!(chain(&error).contains("too large to be kept and sent again; run again"), "{}", chain(&error));
    assert_eq!((server.object("lake/a"), server.open_uploads()), (None, 0));
}

#[tokio::test]
async fn an_upload_that_fails_is_aborted() {
    for step in [Step::Refuse(403, "AccessDenied"), Step::Refuse(412, "PreconditionFailed")] {
        let (server, store) = scripted().await;
        let mut writer = store.writer(&key("a")).await.unwrap();
        writer.write(Bytes::from(vec![7; 9 << 20])).await.unwrap();
        server.play([Step::Serve, step]);
        writer.finish().await.unwrap_err();
        assert_eq!((server.object("lake/a"), server.open_uploads()), (None, 0));
    }
    // In the middle of writing; after that, the writer takes no more.
    let (server, store) = scripted().await;
    let mut writer = store.writer(&key("a")).await.unwrap();
    server.play([Step::Serve, Step::Refuse(403, "AccessDenied")]);
    writer.write(Bytes::from(vec![7; 9 << 20])).await.unwrap_err();
    writer.write(Bytes::from_static(b"more")).await.unwrap_err();
    writer.finish().await.unwrap_err();
    assert_eq!((server.object("lake/a"), server.open_uploads()), (None, 0));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_read_again() {
    let (server, store) = scripted().await;
    server.put("lake/a", b"all of it");
    server.play([Step::CutBody]);
    let (bytes, _) = store.get(&key("a"), 100).await.unwrap().unwrap();
    assert_eq!(bytes.as_ref(), b"all of it");
    server.play([Step::CutBody; 100]);
    let error = store.get(&key("a"), 100).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { operation: "s3:GetObject", .. }), "{error:?}");
}

/// To a caller that may list only below a prefix, S3 denies a missing object just as one that may not be read.
#[tokio::test]
async fn a_denied_object_that_no_listing_shows_is_missing() {
    const DENIED: Step = Step::Refuse(403, "AccessDenied");
    let (server, store) = scripted().await;
    server.put("lake/ab", b"another");
    server.play([DENIED]);
    assert_eq!(store.get(&key("a"), 100).await.unwrap(), None);
    server.put("lake/a", b"mine");
    for steps in [vec![DENIED], vec![DENIED, DENIED]] {
        server.play(steps);
        let denied = store.get(&key("a"), 100).await;
        assert!(matches!(denied, Err(Error::AccessDenied { operation: "s3:GetObject", .. })), "{denied:?}");
    }
}

#[tokio::test]
async fn each_refusal_is_an_error_of_its_own() {
    let refused = async |status, code| {
        let (server, store) = scripted().await;
        server.play([Step::Refuse(status, code)]);
        let error = store.check_usable(Access::Write).await.unwrap_err();
        assert_eq!(server.requests().len(), 1, "{code} is not repeated");
        error
    };
    let denied = refused(403, "AccessDenied").await;
    assert!(matches!(denied, Error::AccessDenied { operation: "s3:ListBucket", .. }), "{denied:?}");
    assert!(
        chain(&denied).contains("s3://bucket/lake") && chain(&denied).contains("as the script says"),
        "{}",
        chain(&denied)
    );
    assert!(matches!(refused(404, "NoSuchBucket").await, Error::NoSuchBucket { bucket } if bucket == "bucket"));
    for (status, code) in [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")] {
        let error = refused(status, code).await;
        assert!(
            matches!(&error, Error::WrongRegion { region: Some(region), .. } if region == "eu-north-1"),
            "{error:?}"
        );
    }
    for code in ["InvalidAccessKeyId", "SignatureDoesNotMatch"] {
        assert!(matches!(refused(403, code).await, Error::Credentials { .. }));
    }
    let strange = refused(400, "SomethingNew").await;
    assert!(matches!(&strange, Error::Refused { code, .. } if code == "SomethingNew"), "{strange:?}");
}

#[tokio::test]
async fn it_is_noticed_that_a_bucket_may_be_read_and_not_written() {
    let (server, store) = scripted().await;
    server.play([Step::Serve, Step::Refuse(403, "AccessDenied")]);
    let error = store.check_usable(Access::Write).await.unwrap_err();
    assert!(matches!(error, Error::AccessDenied { operation: "s3:PutObject", .. }), "{error:?}");
    store.check_usable(Access::Read).await.unwrap();
    let (server, store) = scripted().await;
    server.play([&[Step::Serve; 4][..], &[Step::Refuse(403, "AccessDenied")]].concat());
    let error = store.check_usable(Access::Write).await.unwrap_err();
    assert!(matches!(error, Error::AccessDenied { operation: "s3:DeleteObject", .. }), "{error:?}");
}

const TRIAL: &str = "PUT /bucket/lake/state/trial";

/// A bucket of a service that is not Amazon's: a condition that counts for nothing lets two runs publish at once.
#[tokio::test]
async fn it_is_noticed_that_a_service_keeps_to_no_conditions() {
    let conditions: [&'static [&'static str]; 3] = [&["if-none-match", "if-match"], &["if-none-match"], &["if-match"]];
    let ways: [fn(&Scripted, &'static [&'static str]); 2] = [Scripted::ignore, Scripted::know_nothing_of];
    for (way, headers) in ways.into_iter().flat_map(|way| conditions.map(|headers| (way, headers))) {
        let (server, store) = scripted().await;
        way(&server, headers);
        let error = store.check_usable(Access::Write).await.unwrap_err();
        assert!(matches!(error, Error::Unconditional { .. }), "{headers:?}: {error:?}");
        for words in ["s3://bucket/lake/state/trial", "If-None-Match, If-Match", "as Amazon S3"] {
            assert!(chain(&error).contains(words), "{}", chain(&error));
        }
        assert!(server.objects().is_empty(), "a trial was left behind");
        assert!(server.requests().len() <= 12, "{:?}", server.requests());
    }
}

#[tokio::test]
async fn the_check_of_a_bucket_asks_little_and_is_not_misled() {
    let (server, store) = scripted().await;
    store.check_usable(Access::Write).await.unwrap();
    let asked = ["GET /bucket/ list-type max-keys prefix", TRIAL, TRIAL, TRIAL, "DELETE /bucket/lake/state/trial"];
    assert_eq!(server.requests(), asked);
    // By what a program left that was stopped while it tried.
    for left in ["{}\n", "{\"trial\":0}\n", "{\"trial\":1}\n", "{\"trial\":10}\n"] {
        server.put("lake/state/trial", left.as_bytes());
        store.check_usable(Access::Write).await.unwrap();
    }
    // By an answer that is lost, to whichever request.
    for request in 0..asked.len() {
        for lost in [Step::LoseAnswer, Step::LoseRequest, FAILED] {
            server.play(std::iter::repeat_n(Step::Serve, request).chain([lost]));
            store.check_usable(Access::Write).await.unwrap();
        }
    }
    // By others that try right now, and remove the trial.
    for _ in 0..50 {
        for checked in join_all((0..6).map(|_| store.check_usable(Access::Write))).await {
            checked.unwrap();
        }
    }
    assert!(server.objects().is_empty(), "a trial was left behind");
}

/// As a bucket's policy can, which looks at the request and not at what the bucket does by itself.
#[tokio::test]
async fn every_write_names_the_key_that_it_is_given() {
    const KEY: &str = "arn:aws:kms:eu-north-1:111122223333:key/1234abcd";
    let (server, store) = scripted().await;
    server.demand(KEY);
    for other in [None, Some("arn:aws:kms:eu-north-1:111122223333:key/another".to_owned())] {
        let error = store.clone().with_kms_key(other).check_usable(Access::Write).await.unwrap_err();
        assert!(matches!(error, Error::AccessDenied { operation: "s3:PutObject", .. }), "{error:?}");
    }
    let store = store.with_kms_key(Some(KEY.to_owned()));
    store.check_usable(Access::Write).await.unwrap();
    let version = create(&store, "mine").await.unwrap();
    store.replace(&key("a"), Bytes::from_static(b"second"), Some(&version)).await.unwrap();
    let mut writer = store.writer(&key("b")).await.unwrap();
    writer.write(Bytes::from(vec![7; 9 << 20])).await.unwrap();
    writer.finish().await.unwrap();
}

/// As the SDK's own chain of providers answers on a machine without any.
#[derive(Debug)]
struct NobodySignedIn;

impl ProvideCredentials for NobodySignedIn {
    fn provide_credentials<'a>(&'a self) -> ProvideCredentialsFuture<'a>
    where
        Self: 'a,
    {
        ProvideCredentialsFuture::ready(Err(CredentialsError::not_loaded("no providers in chain provided credentials")))
    }
}

#[tokio::test]
async fn no_credentials_no_region_no_server() {
    let url = LakeUrl::parse("s3://bucket/lake").unwrap();
    let bare = || SdkConfig::builder().behavior_version(BehaviorVersion::latest()).endpoint_url("http://127.0.0.1:9");
    let error = Store::open(&url, &bare().build()).unwrap_err();
    assert!(matches!(error, Error::NoRegion { .. }), "{error:?}");
    let nobody_signed_in = SharedCredentialsProvider::new(NobodySignedIn);
    let bare = bare().region(Region::new("eu-north-1")).credentials_provider(nobody_signed_in).build();
    let error = Store::open(&url, &bare).unwrap().check_usable(Access::Read).await.unwrap_err();
    assert!(matches!(error, Error::Credentials { .. }), "{}", chain(&error));
    let nobody = crate::servers::configuration("http://127.0.0.1:9");
    let error = Store::open(&url, &nobody).unwrap().check_usable(Access::Read).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { operation: "s3:ListBucket", .. }), "{}", chain(&error));
}

fn directory(path: &Path) -> Store {
    Store::Directory(Directory::new(path))
}

#[tokio::test]
async fn a_file_where_a_directory_must_be() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "x").unwrap();
    for lake in [file.clone(), file.join("lake")] {
        for access in [Access::Read, Access::Write] {
            let error = directory(&lake).check_usable(access).await.unwrap_err();
            assert!(matches!(&error, Error::NotADirectory { path } if *path == file), "{error:?}");
        }
        let error = create(&directory(&lake), "mine").await.unwrap_err();
        assert!(matches!(error, Error::NotADirectory { .. }), "{error:?}");
    }
    let lake = home.path().join("lake");
    fs::create_dir(&lake).unwrap();
    fs::write(lake.join("state"), "x").unwrap();
    let error = directory(&lake).check_usable(Access::Write).await.unwrap_err();
    assert!(matches!(&error, Error::NotADirectory { path } if *path == lake.join("state")), "{error:?}");
    assert_eq!(fs::read(&file).unwrap(), b"x");
}

#[tokio::test]
async fn a_directory_where_a_file_must_be() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("a")).unwrap();
    let store = directory(home.path());
    let error = store.get(&key("a"), 100).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { operation: "read", .. }), "{error:?}");
    let error = create(&store, "mine").await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
}

#[tokio::test]
async fn a_directory_to_be_read_must_exist_and_one_to_be_written_is_made() {
    let home = tempfile::tempdir().unwrap();
    let store = directory(&home.path().join("deep/lake"));
    let error = store.check_usable(Access::Read).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    assert!(!home.path().join("deep").exists());
    store.check_usable(Access::Write).await.unwrap();
    store.check_usable(Access::Read).await.unwrap();
}

#[tokio::test]
async fn a_lake_in_use_names_its_user() {
    let home = tempfile::tempdir().unwrap();
    let lake = Lake::open(directory(home.path()), Access::Write).await.unwrap();
    let now = || Instant(1_795_224_600_000);
    let first = lake.claim("run 7f (refresh)", now).await.unwrap();
    let error = lake.claim("run 80", now).await.unwrap_err();
    assert!(
        matches!(&error, Error::InUse { by, since, .. } if by == "run 7f (refresh)" && *since == Some(now())),
        "{error:?}"
    );
    drop(first);
    let _second = lake.claim("run 80", now).await.unwrap();
    let error = lake.claim("run 81", now).await.unwrap_err();
    assert!(matches!(&error, Error::InUse { by, .. } if by == "run 80"), "{error:?}");
}
