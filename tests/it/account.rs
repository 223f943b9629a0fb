//! An AWS account on loopback: a bucket, secrets, and what a function of this account finds in its environment.

use crate::one_at_a_time::run_out;
use crate::runtime_api::Environment;
use crate::servers::Make;
use aws_sdk_s3::Client;
use futures::future::join_all;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// Objects by their names below the lake's root.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

pub(crate) struct Account {
    s3: Client,
    secrets: aws_sdk_secretsmanager::Client,
    endpoint: String,
    bucket: String,
}

/// What every function on loopback finds, wherever its services are.
pub(crate) fn environment(xledger: &str, lake: &str, secret: &str) -> Environment {
    Environment::from([
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("XLEDGER_ENDPOINT", xledger.to_owned()),
        ("XLEDGER_TOKEN_SECRET_ID", secret.to_owned()),
        ("LAKE_URL", lake.to_owned()),
    ])
}

impl Account {
    /// Opens one with an empty bucket of its own; `None` where the tests that need a server are left out.
    pub(crate) async fn open() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let aws = Make::Moto.configuration()?;
        let account = Self {
            s3: Client::from_conf(aws_sdk_s3::config::Builder::from(&aws).force_path_style(true).build()),
            secrets: aws_sdk_secretsmanager::Client::new(&aws),
            endpoint: aws.endpoint_url().unwrap().to_owned(),
            bucket: format!("function-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
        };
        account.s3.create_bucket().bucket(&account.bucket).send().await.unwrap();
        Some(account)
    }

    /// A secret of this account, by its name.
    pub(crate) async fn secret(&self, value: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("xledger/token-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.secrets.create_secret().name(&name).secret_string(value).send().await.unwrap();
        name
    }

    pub(crate) async fn replace_secret(&self, name: &str, value: &str) {
        self.secrets.put_secret_value().secret_id(name).secret_string(value).send().await.unwrap();
    }

    /// The environment of a function of this account.
    pub(crate) fn environment(&self, xledger: &str, secret: &str) -> Environment {
        let mut environment = environment(xledger, &format!("s3://{}/spend/data/", self.bucket), secret);
        environment.insert("AWS_ENDPOINT_URL", self.endpoint.clone());
        environment
    }

    /// The objects of the lake. There is nothing else in the bucket.
    pub(crate) async fn objects(&self) -> Objects {
        let listed = self.s3.list_objects_v2().bucket(&self.bucket).send().await.unwrap();
        assert_ne!(listed.is_truncated, Some(true));
        let objects = listed.contents().iter().map(async |object| {
            let name = object.key().unwrap();
            let object = self.s3.get_object().bucket(&self.bucket).key(name).send().await.unwrap();
            let bytes = object.body.collect().await.unwrap().to_vec();
            (name.strip_prefix("spend/data/").unwrap().to_owned(), bytes)
        });
        join_all(objects).await.into_iter().collect()
    }

    /// Makes the lease of a run that died look expired, as if enough time had passed.
    pub(crate) async fn let_the_lease_run_out(&self) {
        if let Some(lease) = self.objects().await.get("state/lease.json") {
            let name = "spend/data/state/lease.json";
            let put = self.s3.put_object().bucket(&self.bucket).key(name).body(run_out(lease).into());
            put.send().await.unwrap();
        }
    }

    /// Forgets what runs before have kept.
    pub(crate) async fn forget_what_is_kept(&self) {
        let name = "spend/data/state/cache.json";
        self.s3.delete_object().bucket(&self.bucket).key(name).send().await.unwrap();
    }

    /// The names of the lake's objects.
    pub(crate) async fn names(&self) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket(&self.bucket).send().await.unwrap();
        let names = listed.contents().iter().filter_map(|object| object.key()?.strip_prefix("spend/data/"));
        names.map(str::to_owned).collect()
    }
}

/// The files of both tables of one snapshot, by their paths in it, sorted.
pub(crate) fn data_files(objects: &Objects, snapshot: &str) -> Vec<(String, Vec<u8>)> {
    let prefix = format!("snapshots/{snapshot}/");
    objects
        .iter()
        .filter_map(|(name, bytes)| Some((name.strip_prefix(&prefix)?, bytes)))
        .filter(|(path, _)| path.ends_with(".parquet"))
        .map(|(path, bytes)| (path.to_owned(), bytes.clone()))
        .collect()
}
