//! The setting for the blob store: `folder:PATH`, or `s3://KEY:SECRET@HOST/BUCKET?region=REGION`.

use std::path::Path;

use super::folder::Folder;
use super::store::Blobs;
use crate::folder;

/// An invalid setting for the blob store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("given was `{given}`; expected is {EXPECTED}")]
pub struct SettingError {
    /// The given text, without what may be a password.
    pub given: String,
}

#[cfg(feature = "cluster")]
const EXPECTED: &str = "folder:PATH, or s3://KEY:SECRET@HOST/BUCKET?region=REGION";
#[cfg(not(feature = "cluster"))]
const EXPECTED: &str = "folder:PATH (buckets need a program built with --features cluster)";

impl Blobs {
    /// Reads a setting. Uploads to a bucket are staged in the folder `staging`.
    pub fn from_setting(text: &str, staging: &Path) -> Result<Blobs, SettingError> {
        if let Some(path) = text.strip_prefix("folder:").and_then(|path| folder::named(path).ok()) {
            return Ok(Blobs::Folder(Folder::new(path.to_path_buf())));
        }
        bucket(text, staging).ok_or_else(|| SettingError { given: without_secret(text) })
    }
}

#[cfg(not(feature = "cluster"))]
fn bucket(_: &str, _: &Path) -> Option<Blobs> {
    None
}

/// A bucket. Without TLS only on this machine.
#[cfg(feature = "cluster")]
fn bucket(text: &str, staging: &Path) -> Option<Blobs> {
    use std::net::IpAddr;

    use super::bucket::{Bucket, Place};

    let rest = text.strip_prefix("s3://")?;
    let (who, rest) = rest.rsplit_once('@')?;
    let (key, secret) = who.split_once(':')?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, bucket) = rest.split_once('/')?;
    let region = match query.split_once('=') {
        None if query.is_empty() => "us-east-1",
        Some(("region", region)) if !region.is_empty() && !region.contains(['&', '=']) => region,
        _ => return None,
    };
    if [key, secret, host, bucket].contains(&"") || bucket.contains('/') {
        return None;
    }
    let address = url::Url::parse(&format!("http://{host}/")).ok()?;
    let name = address.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let is_here = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let scheme = if is_here { "http" } else { "https" };
    let place = Place {
        endpoint: format!("{scheme}://{host}"),
        bucket: bucket.to_string(),
        region: region.to_string(),
        key: key.to_string(),
        secret: secret.to_string(),
    };
    Some(Blobs::Bucket(Box::new(Bucket::new(&place, Folder::new(staging)).ok()?)))
}

/// The text without what may be a secret.
fn without_secret(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => text.to_string(),
    }
}
