//! Style and scripts: embedded, served under a folder named after their content, compressed once, cached for ever.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};

use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::answers::{Answer, Result};
use crate::input::Named;
use crate::routes::Routes;

struct Asset {
    name: &'static str,
    bytes: Cow<'static, [u8]>,
    compressed: OnceLock<Vec<u8>>,
}

impl Asset {
    fn new(name: &'static str, bytes: impl Into<Cow<'static, [u8]>>) -> Asset {
        Asset { name, bytes: bytes.into(), compressed: OnceLock::new() }
    }
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| vec![
            Asset::new("portal.css", style()),
            $(Asset::new($name, include_bytes!(concat!("../assets/", $name)).as_slice())),*
        ]);
    };
}

macro_rules! styles {
    ($($name:literal),* $(,)?) => {
        const STYLES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../assets/style/", $name)))),*];
    };
}

// In this order: what stands later wins within a layer.
styles![
    "tokens.css",
    "base.css",
    "layout.css",
    "parts.css",
    "forms.css",
    "messages.css",
    "conversation.css",
    "print.css",
];

/// All style is one file to a browser, so that a page waits for one request only.
fn style() -> Vec<u8> {
    STYLES.iter().flat_map(|(_, text)| text.bytes()).collect()
}

assets![
    "actions.js",
    "channel_list.js",
    "composer.js",
    "conversation.js",
    "details.js",
    "device.js",
    "dispatch.js",
    "drafts.js",
    "entries.js",
    "fates.js",
    "further.js",
    "icon.svg",
    "keys.js",
    "live.js",
    "messages.js",
    "outbox.js",
    "picker.js",
    "place.js",
    "portal.js",
    "reading.js",
    "reply.js",
    "saving.js",
    "scroll.js",
    "seen.js",
    "sending.js",
    "stream.js",
    "tabs.js",
    "theme.js",
    "times.js",
    "typing.js",
    "unread.js",
    "viewport.js",
];

/// The folder that all assets are served from: it changes whenever one of them does, so that they can be kept for
/// ever and still name each other by relative addresses.
pub(crate) fn folder() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut hash = Sha256::new();
        for asset in ASSETS.iter() {
            hash.update(asset.name.as_bytes());
            hash.update(&asset.bytes);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("/assets/{name}")
    })
}

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/assets/{folder}/{name}", asset)
}

async fn asset(Named((_, name)): Named<(String, String)>, headers: HeaderMap) -> Result {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or_else(Answer::not_found)?;
    let fixed = [
        (header::CONTENT_TYPE, content_type(asset.name)),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    if takes_gzip {
        let compressed = asset.compressed.get_or_init(|| compress(&asset.bytes));
        return Ok((fixed, [(header::CONTENT_ENCODING, "gzip")], compressed.as_slice()).into_response());
    }
    Ok::<Response, Answer>((fixed, asset.bytes.as_ref()).into_response())
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &str) -> Vec<String> {
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        found.sort();
        found
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let found = files(concat!(env!("CARGO_MANIFEST_DIR"), "/assets"));
        let mut served: Vec<&str> = ASSETS.iter().map(|asset| asset.name).collect();
        served.retain(|name| *name != "portal.css");
        served.sort_unstable();
        assert_eq!(found, served);
        let found = files(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/style"));
        let mut styles: Vec<&str> = STYLES.iter().map(|(name, _)| *name).collect();
        styles.sort_unstable();
        assert_eq!(found, styles);
    }

    #[test]
    fn style_and_scripts_stay_small() {
        let compressed = |end: &str| -> usize {
            ASSETS
                .iter()
                .filter(|asset| asset.name.ends_with(end))
                .map(|asset| compress(&asset.bytes).len())
                .sum()
        };
        assert!(compressed(".js") < 40 * 1024, "{}", compressed(".js"));
        assert!(compressed(".css") < 25 * 1024, "{}", compressed(".css"));
    }
}
