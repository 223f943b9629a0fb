//! Settings that lead somewhere: Xledger, the token, the lake and what goes with it.

use super::reader::Reader;
use super::{Caller, ENDPOINT, GLUE_DATABASE, HOME, LAKE, LAKE_KMS_KEY, TOKEN, TOKEN_SECRET_ID, TokenSource};
use crate::lake::LakeUrl;
use crate::model::token;

pub(super) fn endpoint(reader: &mut Reader<'_>) -> Option<reqwest::Url> {
    let text = reader.text(ENDPOINT).unwrap_or_else(|| "https://www.xledger.net/graphql".to_owned());
    let Ok(url) = reqwest::Url::parse(text.trim()) else {
        reader.fault(ENDPOINT, "is not an address; write it as in https://www.xledger.net/graphql");
        return None;
    };
    let here = crate::xledger::is_this_machine(&url);
    if !(url.scheme() == "https" || url.scheme() == "http" && here) {
        reader.fault(
            ENDPOINT,
            "must begin with https://, for the token goes there (http:// is taken for this machine alone)",
        );
    } else if !url.username().is_empty() || url.password().is_some() {
        reader.fault(ENDPOINT, "must not hold a user name or password");
    } else {
        return Some(url);
    }
    None
}

pub(super) fn token(reader: &mut Reader<'_>, caller: Caller) -> Option<TokenSource> {
    match (reader.text(TOKEN), reader.text(TOKEN_SECRET_ID), caller) {
        (Some(_), _, Caller::Function) => reader.fault(TOKEN, "is for the command line only; store the token in Secrets Manager and name the secret in XLEDGER_TOKEN_SECRET_ID"),
        (Some(token), None, Caller::CommandLine) => match token::parse(&token) {
            Ok(token) => return Some(TokenSource::Given(token)),
            Err(what) => reader.fault(TOKEN, what),
        },
        (Some(_), Some(_), Caller::CommandLine) => reader.fault(TOKEN, "and XLEDGER_TOKEN_SECRET_ID are both set; set one of them"),
        (None, Some(secret), _) => return Some(TokenSource::Secret(secret.trim().to_owned())),
        (None, None, Caller::Function) => reader.fault(TOKEN_SECRET_ID, "is missing; name the Secrets Manager secret that holds the API token"),
        (None, None, Caller::CommandLine) => reader.fault(TOKEN, "is missing; set it to the API token, or set XLEDGER_TOKEN_SECRET_ID"),
    }
    None
}

pub(super) fn lake(reader: &mut Reader<'_>, caller: Caller) -> Option<LakeUrl> {
    if reader.text(LAKE).is_none() && caller == Caller::Function {
        reader.fault(LAKE, "is missing; set it to s3://bucket/prefix");
    }
    storage(reader, LAKE, caller)
}

/// A place for files.
pub(super) fn storage(reader: &mut Reader<'_>, name: &'static str, caller: Caller) -> Option<LakeUrl> {
    let text = reader.text(name)?;
    let home = if text.starts_with('~') { reader.text(HOME) } else { None };
    match LakeUrl::parse_at_home(&text, home.as_deref()) {
        Ok(LakeUrl::Directory(_)) if caller == Caller::Function => {
            reader.fault(
                name,
                "must be on S3 for the function, as in s3://bucket/prefix: its own disk is gone after the run",
            );
        }
        Ok(url) => return Some(url),
        Err(error) => reader.fault(name, error.to_string()),
    }
    None
}

pub(super) fn lake_kms_key(reader: &mut Reader<'_>, lake: Option<&LakeUrl>) -> Option<String> {
    let arn = reader.text(LAKE_KMS_KEY)?.trim().to_owned();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_key = matches!(parts[..], ["arn", partition, "kms", region, account, key]
        if [partition, region, account].into_iter().all(is_word) && key.strip_prefix("key/").is_some_and(is_word));
    if !is_key {
        // A bucket's policy compares texts, and S3 knows an alias by another one.
        reader.fault(LAKE_KMS_KEY, "is no ARN of a KMS key (nor may it be an alias's); write it as in arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    } else if matches!(lake, Some(LakeUrl::Directory(_))) {
        reader.fault(LAKE_KMS_KEY, "is for a lake on S3, which LAKE_URL is not; leave it out for a directory");
    }
    Some(arn)
}

pub(super) fn glue_database(reader: &mut Reader<'_>, lake: Option<&LakeUrl>) -> Option<String> {
    let name = reader.text(GLUE_DATABASE)?.trim().to_owned();
    // What Glue takes for Athena; it would make small letters of capitals.
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    if name.len() > 255 || !name.bytes().all(is_name) {
        reader.fault(GLUE_DATABASE, "is no name of a database for Athena; use small letters, digits and _");
    } else if matches!(lake, Some(LakeUrl::Directory(_))) {
        reader.fault(GLUE_DATABASE, "is for a lake on S3, which LAKE_URL is not; leave it out for a directory");
    }
    Some(name)
}
