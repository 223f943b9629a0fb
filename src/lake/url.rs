//! The address of a lake, as a user writes it.

use crate::lake::{Error, Key};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a lake is: a directory, or a bucket with an optional prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LakeUrl {
    /// A directory of this machine; made when it is first written to.
    Directory(PathBuf),
    /// A bucket, which must exist.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What every key begins with, without slashes at its ends.
        prefix: Option<Key>,
    },
}

impl LakeUrl {
    /// Reads `s3://bucket`, `s3://bucket/prefix/` or a path.
    ///
    /// # Errors
    /// [`Error::Url`], naming what is wrong with the address.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_at_home(text, None)
    }

    /// As [`LakeUrl::parse`], with `~` and `~/…` in this home directory: no shell has replaced the `~` if the text stood in a file, or after an
    /// equals sign.
    ///
    /// # Errors
    /// As [`LakeUrl::parse`].
    pub fn parse_at_home(text: &str, home: Option<&str>) -> Result<Self, Error> {
        // An address with something before an `@` may hold a secret, and is not repeated.
        let shown = if text.contains('@') { "(not shown)" } else { text };
        let fault = |fault| Err(Error::Url { url: shown.chars().take(200).collect(), fault });
        match at_home(text, home) {
            Ok(Some(path)) => return Self::parse(&path),
            Ok(None) => {}
            Err(what) => return fault(what),
        }
        if text.trim().is_empty() {
            return fault("is empty");
        }
        if text.trim() != text {
            return fault("begins or ends with a space");
        }
        if text.contains('\0') {
            return fault("contains a null character");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return match text.strip_prefix("s3:") {
                Some(_) => fault("lacks the two slashes after s3:"),
                None => Ok(Self::Directory(PathBuf::from(text))),
            };
        };
        if scheme != "s3" {
            return fault("has a scheme other than s3");
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return fault("has no valid bucket name (3 to 63 of a-z, 0-9, dot and hyphen)");
        }
        let prefix = match prefix.strip_suffix('/').unwrap_or(prefix) {
            "" => None,
            prefix => match Key::parse(prefix) {
                Ok(key) if key.as_str().len() <= 256 => Some(key),
                _ => {
                    return fault(
                        "has a prefix that is too long or has characters other than A-Z, a-z, 0-9 and _ = . - between its slashes",
                    );
                }
            },
        };
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
    }

    /// The directory, of a lake that is one.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(path) => Some(path),
            Self::S3 { .. } => None,
        }
    }
}

impl fmt::Display for LakeUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(out),
            Self::S3 { bucket, prefix: None } => write!(out, "s3://{bucket}"),
            Self::S3 { bucket, prefix: Some(prefix) } => write!(out, "s3://{bucket}/{prefix}"),
        }
    }
}

/// A path that begins with `~`, as one in the home directory; `None` for any other.
///
/// # Errors
/// Why it cannot be, to be read after the path.
pub fn at_home(path: &str, home: Option<&str>) -> Result<Option<String>, &'static str> {
    let Some(below) = path.strip_prefix('~') else { return Ok(None) };
    if !below.is_empty() && !below.starts_with('/') {
        return Err(
            "begins with ~ and a name, and that user's home directory is not looked up: write it out (or ./~… for a directory of this name)",
        );
    }
    let home = home.filter(|home| home.starts_with('/'));
    let home = home.ok_or("begins with ~, and HOME does not say where the home directory is: write it out")?;
    let path = format!("{}{below}", home.trim_end_matches('/'));
    Ok(Some(if path.is_empty() { "/".to_owned() } else { path }))
}

/// Whether S3 can have a bucket of this name.
fn is_bucket(name: &str) -> bool {
    let end = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && end(bytes.first())
        && end(bytes.last())
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("s3://my-bucket", "s3://my-bucket"),
            ("s3://my-bucket/", "s3://my-bucket"),
            ("s3://my-bucket/finance/xledger/", "s3://my-bucket/finance/xledger"),
            ("lake", "lake"),
            ("./lake", "./lake"),
            ("/srv/lake æøå", "/srv/lake æøå"),
        ] {
            assert_eq!(LakeUrl::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn faults_are_named() {
        for (text, named) in [
            ("", "empty"),
            ("   ", "empty"),
            (" lake", "space"),
            ("la\0ke", "null"),
            ("s3:/bucket", "two slashes"),
            ("s3a://bucket/x", "scheme"),
            ("https://bucket.s3.amazonaws.com", "scheme"),
            ("file:///srv/lake", "scheme"),
            ("s3://", "bucket name"),
            ("s3://My_Bucket/x", "bucket name"),
            ("s3://ab", "bucket name"),
            ("s3://a..b", "bucket name"),
            ("s3://bucket//x", "prefix"),
            ("s3://bucket/a b", "prefix"),
            ("s3://bucket/../x", "prefix"),
            ("~", "HOME"),
            ("~/lake", "HOME"),
            ("~somebody/lake", "./~"),
        ] {
            let error = LakeUrl::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text:?}: {error}");
        }
        let error = LakeUrl::parse("s3://key:hush@bucket/x").unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn a_home_directory_is_put_in() {
        for (text, home, shown) in [
            ("~", "/home/ola", "/home/ola"),
            ("~/lake", "/home/ola", "/home/ola/lake"),
            ("~/it's [x]", "/home/ola/", "/home/ola/it's [x]"),
            ("~//lake", "/", "//lake"),
            ("~", "/", "/"),
            ("./~", "/home/ola", "./~"),
            ("a/~/b", "/home/ola", "a/~/b"),
            ("s3://bucket", "/home/ola", "s3://bucket"),
        ] {
            assert_eq!(LakeUrl::parse_at_home(text, Some(home)).unwrap().to_string(), shown, "{text}");
        }
        for home in [None, Some(""), Some("home/ola")] {
            assert!(LakeUrl::parse_at_home("~/lake", home).is_err(), "{home:?}");
        }
        assert!(LakeUrl::parse_at_home("~kari/lake", Some("/home/ola")).is_err());
    }
}
