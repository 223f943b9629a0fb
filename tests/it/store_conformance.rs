//! What every store does alike: each function below runs against a directory and against servers of two makes that speak S3.

use crate::servers::Make;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use bytes::Bytes;
use futures::future::join_all;
use futures::{StreamExt as _, stream};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use xledger_spend::lake::store::Entry;
use xledger_spend::lake::{Access, Error, Key, LakeUrl, Store};

const LIMIT: u64 = 1 << 30;

/// A place for lakes: a directory of its own, or a bucket of its own.
pub(crate) enum Home {
    Directory(TempDir),
    Bucket { bucket: String, aws: Box<SdkConfig> },
}

impl Home {
    pub(crate) fn directory() -> Option<Self> {
        Some(Self::Directory(tempfile::tempdir().unwrap()))
    }

    pub(crate) async fn bucket(make: Make) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let aws = Box::new(make.configuration()?);
        let bucket = format!("lake-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        client(&aws).create_bucket().bucket(&bucket).send().await.unwrap();
        Some(Self::Bucket { bucket, aws })
    }

    /// The lake below this prefix.
    pub(crate) fn lake(&self, prefix: &str) -> Store {
        let (address, aws) = match self {
            Self::Directory(directory) => {
                (directory.path().join(prefix).display().to_string(), SdkConfig::builder().build())
            }
            Self::Bucket { bucket, aws } => (format!("s3://{bucket}/{prefix}"), SdkConfig::clone(aws)),
        };
        Store::open(&LakeUrl::parse(&address).unwrap(), &aws).unwrap()
    }

    /// What is there beside objects: temporary files, begun uploads.
    async fn leftovers(&self) -> Vec<String> {
        match self {
            Self::Directory(directory) => {
                files(directory.path()).into_iter().filter(|name| name.contains('~')).collect()
            }
            Self::Bucket { bucket, aws } => {
                let uploads = client(aws).list_multipart_uploads().bucket(bucket).send().await.unwrap();
                uploads.uploads().iter().map(|upload| upload.key().unwrap().to_owned()).collect()
            }
        }
    }
}

fn client(aws: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(aws).force_path_style(true).build())
}

fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        found.push(entry.file_name().to_string_lossy().into_owned());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        }
    }
    found
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// Bytes that differ everywhere, so that a part out of place is seen.
fn bytes(size: usize) -> Bytes {
    (0..size).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

async fn content(store: &Store, name: &str) -> Option<Bytes> {
    store.get(&key(name), LIMIT).await.unwrap().map(|(bytes, _)| bytes)
}

async fn put_get_list_delete(home: &Home) {
    let store = home.lake("lake");
    store.check_usable(Access::Write).await.unwrap();
    store.check_usable(Access::Read).await.unwrap();
    assert_eq!(store.list(&key("state")).await.unwrap(), [], "the check leaves nothing behind");
    assert_eq!(store.get(&key("a/b"), LIMIT).await.unwrap(), None);

    let made = store.create(&key("a/b"), Bytes::from_static(b"one")).await.unwrap();
    let (read, version) = store.get(&key("a/b"), 3).await.unwrap().unwrap();
    assert_eq!((read.as_ref(), &version), (&b"one"[..], &made));
    let again = store.create(&key("a/b"), Bytes::from_static(b"two")).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    let large = store.get(&key("a/b"), 2).await;
    assert!(matches!(large, Err(Error::Corrupt { .. })), "{large:?}");

    store.create(&key("a/c/d"), Bytes::new()).await.unwrap();
    store.create(&key("ab/c"), Bytes::from_static(b"12345")).await.unwrap();
    let entry = |name, size_bytes| Entry { key: key(name), size_bytes };
    assert_eq!(store.list(&key("a")).await.unwrap(), [entry("a/b", 3), entry("a/c/d", 0)]);
    assert_eq!(store.list_directories(&key("a")).await.unwrap(), [key("a/c")]);
    assert_eq!(store.list(&key("none")).await.unwrap(), []);
    assert_eq!(store.list_directories(&key("none")).await.unwrap(), []);

    store.delete(&key("a/c/d")).await.unwrap();
    store.delete(&key("a/c/d")).await.unwrap();
    assert_eq!(store.list_directories(&key("a")).await.unwrap(), [], "a directory goes with its last object");
    store.delete_below(&key("a")).await.unwrap();
    store.delete_below(&key("a")).await.unwrap();
    assert_eq!(store.list(&key("a")).await.unwrap(), []);
    assert_eq!(content(&store, "ab/c").await.unwrap().as_ref(), b"12345");
}

async fn create_has_one_winner(home: &Home) {
    let store = home.lake("lake");
    let creators = (0..24).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.create(&key("race"), Bytes::from(format!("creator {n}"))).await })
    });
    let results: Vec<_> = join_all(creators).await.into_iter().map(Result::unwrap).collect();
    let lost = results.iter().filter(|r| matches!(r, Err(Error::AlreadyExists { .. }))).count();
    let winner = results.iter().position(Result::is_ok).unwrap();
    assert_eq!(lost, 23, "{results:?}");
    let (read, version) = store.get(&key("race"), LIMIT).await.unwrap().unwrap();
    assert_eq!(read, format!("creator {winner}"));
    assert_eq!(&version, results[winner].as_ref().unwrap());
}

async fn swap_has_one_winner(home: &Home) {
    let store = home.lake("lake");
    let mut version = None;
    // First all expect that there is none, then all expect what the winner wrote.
    for round in 0..2 {
        let swappers = (0..24).map(|n| {
            let (store, version) = (store.clone(), version.clone());
            let value = Bytes::from(format!("round {round} swapper {n}"));
            tokio::spawn(async move { store.replace(&key("CURRENT.json"), value, version.as_ref()).await })
        });
        let results: Vec<_> = join_all(swappers).await.into_iter().map(Result::unwrap).collect();
        let lost = results.iter().filter(|r| matches!(r, Err(Error::Precondition { .. }))).count();
        let winner = results.iter().position(Result::is_ok).unwrap();
        assert_eq!(lost, 23, "{results:?}");
        assert_eq!(content(&store, "CURRENT.json").await.unwrap(), format!("round {round} swapper {winner}"));
        version = results.into_iter().find_map(Result::ok);
    }
    store.delete(&key("CURRENT.json")).await.unwrap();
    let gone = store.replace(&key("CURRENT.json"), Bytes::new(), version.as_ref()).await;
    assert!(matches!(gone, Err(Error::Precondition { .. })), "{gone:?}");
    assert_eq!(content(&store, "CURRENT.json").await, None);
}

async fn writer_small_and_multipart(home: &Home) {
    let store = home.lake("lake");
    let part = 8 << 20;
    for (name, size, chunk) in
        [("none", 0, 1), ("small", 1_000, 7), ("part", part, part), ("large", 2 * part + 4_321, 3_000_000)]
    {
        let all = bytes(size);
        let mut writer = store.writer(&key(name)).await.unwrap();
        for from in (0..size).step_by(chunk) {
            writer.write(all.slice(from..size.min(from + chunk))).await.unwrap();
        }
        assert_eq!(content(&store, name).await, None, "{name} is not visible before it is finished");
        let written = writer.finish().await.unwrap();
        assert_eq!(written.size_bytes, size as u64);
        assert_eq!(written.sha256, xledger_spend::model::digest::Digest::of(&all));
        assert!(content(&store, name).await.unwrap() == all, "{name} reads as it was written");

        let mut writer = store.writer(&key(name)).await.unwrap();
        writer.write(bytes(size + part + 1)).await.unwrap();
        let taken = writer.finish().await;
        assert!(matches!(taken, Err(Error::AlreadyExists { .. })), "{name}: {taken:?}");
        assert!(content(&store, name).await.unwrap() == all, "{name} stays as it was");
    }
    assert_eq!(home.leftovers().await, [""; 0]);
}

async fn abort_leaves_nothing(home: &Home) {
    let store = home.lake("lake");
    let begun = async || {
        let mut writer = store.writer(&key("spend/aborted")).await.unwrap();
        writer.write(bytes(9 << 20)).await.unwrap();
        writer
    };
    begun().await.abort().await;
    assert_eq!(home.leftovers().await, [""; 0]);
    drop(begun().await);
    for _ in 0..100 {
        if home.leftovers().await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(home.leftovers().await, [""; 0]);
    assert_eq!(store.list(&key("spend")).await.unwrap(), []);
}

async fn names_with_equals_signs_and_prefix(home: &Home) {
    let (store, other) = (home.lake("team=purchasing/lake"), home.lake("team=purchasing/lake2"));
    let names =
        ["spend/year=2026/month=05/part-00000.parquet", "spend/year=2026/month=12/part-00000.parquet", "spend/_x.json"];
    for name in names {
        store.create(&key(name), Bytes::from(name)).await.unwrap();
    }
    other.create(&key("spend/year=1999/x"), Bytes::new()).await.unwrap();
    for name in names {
        assert_eq!(content(&store, name).await.unwrap(), name);
    }
    let listed: Vec<String> = store.list(&key("spend")).await.unwrap().iter().map(|e| e.key.to_string()).collect();
    assert_eq!(listed, [names[2], names[0], names[1]]);
    assert_eq!(store.list_directories(&key("spend")).await.unwrap(), [key("spend/year=2026")]);
    let months = [key("spend/year=2026/month=05"), key("spend/year=2026/month=12")];
    assert_eq!(store.list_directories(&key("spend/year=2026")).await.unwrap(), months);
}

async fn a_listing_of_many_pages(home: &Home) {
    let store = home.lake("lake");
    let count = 1_003;
    let made = stream::iter(0..count).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.create(&key(&format!("many/d={n:04}/x")), Bytes::new()).await.unwrap() })
    });
    made.buffer_unordered(16).for_each(async |made| drop(made.unwrap())).await;
    let listed = store.list(&key("many")).await.unwrap();
    assert_eq!(listed.len(), count);
    assert!(listed.is_sorted_by(|a, b| a.key < b.key));
    assert_eq!(store.list_directories(&key("many")).await.unwrap().len(), count);
}

/// Runs the functions named, each as a test of its own, against every store there is.
macro_rules! against_every_store {
    ($($function:ident),+ $(,)?) => {
        mod directory {
            $(#[tokio::test]
            async fn $function() {
                if let Some(home) = $crate::store_conformance::Home::directory() { super::$function(&home).await }
            })+
        }
        mod moto {
            $(#[tokio::test]
            async fn $function() {
                let home = $crate::store_conformance::Home::bucket($crate::servers::Make::Moto).await;
                if let Some(home) = home { super::$function(&home).await }
            })+
        }
        mod ministack {
            $(#[tokio::test]
            async fn $function() {
                let home = $crate::store_conformance::Home::bucket($crate::servers::Make::MiniStack).await;
                if let Some(home) = home { super::$function(&home).await }
            })+
        }
    };
}
pub(crate) use against_every_store;

against_every_store!(
    put_get_list_delete,
    create_has_one_winner,
    swap_has_one_winner,
    writer_small_and_multipart,
    abort_leaves_nothing,
    names_with_equals_signs_and_prefix,
    a_listing_of_many_pages,
);

/// What only a bucket can be.
async fn missing_bucket(make: Make) {
    let Some(aws) = make.configuration() else { return };
    let store = Store::open(&LakeUrl::parse("s3://no-such-bucket/lake").unwrap(), &aws).unwrap();
    for access in [Access::Read, Access::Write] {
        let missing = store.check_usable(access).await;
        assert!(matches!(&missing, Err(Error::NoSuchBucket { bucket }) if bucket == "no-such-bucket"), "{missing:?}");
    }
    let missing = store.create(&key("a"), Bytes::new()).await;
    assert!(matches!(missing, Err(Error::NoSuchBucket { .. })), "{missing:?}");
    let missing = store.get(&key("a"), LIMIT).await;
    assert!(matches!(missing, Err(Error::NoSuchBucket { .. })), "{missing:?}");
}

#[tokio::test]
async fn moto_missing_bucket() {
    missing_bucket(Make::Moto).await;
}

#[tokio::test]
async fn ministack_missing_bucket() {
    missing_bucket(Make::MiniStack).await;
}
