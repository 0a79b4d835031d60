//! Styles and scripts, embedded in the binary: scripts are minified, everything is compressed once and served with
//! permanent caching under a folder named after the content.

mod minify;

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};

use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::http::answers::{Answer, Result};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

struct Asset {
    name: &'static str,
    bytes: Cow<'static, [u8]>,
    compressed: OnceLock<Vec<u8>>,
}

impl Asset {
    fn new(name: &'static str, bytes: impl Into<Cow<'static, [u8]>>) -> Asset {
        Asset { name, bytes: bytes.into(), compressed: OnceLock::new() }
    }

    /// Minifies scripts.
    fn of_file(name: &'static str, text: &'static str) -> Asset {
        if name.ends_with(".js") {
            return Asset::new(name, minify::minify(text).into_bytes());
        }
        Asset::new(name, text.as_bytes())
    }
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| vec![
            Asset::new("portal.css", style(&["front.css"])),
            Asset::new("front.css", style(&["layout.css", "messages.css", "conversation.css", "files.css", "folders.css", "brand.css", "print.css"])),
            $(Asset::of_file($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/", $name)))),*
        ]);
    };
}

macro_rules! styles {
    ($($name:literal),* $(,)?) => {
        const STYLES: &[(&str, &str)] = &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/style/", $name)))),*];
    };
}

// The order matters: within a layer, later rules win.
styles![
    "tokens.css",
    "base.css",
    "layout.css",
    "parts.css",
    "forms.css",
    "messages.css",
    "conversation.css",
    "files.css",
    "folders.css",
    "brand.css",
    "front.css",
    "print.css",
];

/// Joins all styles of a page into one file, so that it waits for one request only. The front page leaves some out and has
/// one of its own.
fn style(left_out: &[&str]) -> Vec<u8> {
    STYLES.iter().filter(|(name, _)| !left_out.contains(name)).flat_map(|(_, text)| text.bytes()).collect()
}

assets![
    "actions.js",
    "attachment_tray.js",
    "attachments.js",
    "autosave.js",
    "channel_list.js",
    "composer.js",
    "conversation.js",
    "delivery_status.js",
    "details.js",
    "device_store.js",
    "dispatch.js",
    "drafts.js",
    "entries.js",
    "file_line.js",
    "files.js",
    "folder.js",
    "folder_uploads.js",
    "grouping.js",
    "history.js",
    "icon.svg",
    "live.js",
    "messages.js",
    "outbox.js",
    "picker.js",
    "portal.js",
    "read_receipts.js",
    "reading.js",
    "reply.js",
    "reply_files.js",
    "scroll.js",
    "scroll_position.js",
    "sending.js",
    "shortcuts.js",
    "stream.js",
    "tabs.js",
    "theme.js",
    "times.js",
    "typing.js",
    "unread.js",
    "uploads.js",
    "viewport.js",
    "virtual_list.js",
    "welcome.js",
];

/// The folder of all assets. Its name changes whenever one of them does, so that browsers can cache them permanently while
/// they refer to each other by relative addresses.
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

async fn asset(PathParam((_, name)): PathParam<(String, String)>, headers: HeaderMap) -> Result {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or_else(Answer::not_found)?;
    let fixed = [
        (header::CONTENT_TYPE, content_type(asset.name)),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    if takes_gzip(&headers) {
        let compressed = asset.compressed.get_or_init(|| compress(&asset.bytes, Compression::best()));
        return Ok((fixed, [(header::CONTENT_ENCODING, "gzip")], compressed.as_slice()).into_response());
    }
    Ok::<Response, Answer>((fixed, asset.bytes.as_ref()).into_response())
}

pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let encodings = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    encodings.is_some_and(|value| value.contains("gzip"))
}

/// An asset's bytes; empty if there is none of that name.
pub(crate) fn bytes(name: &str) -> &'static [u8] {
    ASSETS.iter().find(|asset| asset.name == name).map_or(&[], |asset| asset.bytes.as_ref())
}

/// For dynamic content.
pub(crate) fn compress_quickly(bytes: &[u8]) -> Vec<u8> {
    compress(bytes, Compression::default())
}

fn compress(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
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
    use std::collections::BTreeSet;

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
        served.retain(|name| !name.ends_with(".css"));
        served.sort_unstable();
        assert_eq!(found, served);
        let found = files(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/style"));
        let mut styles: Vec<&str> = STYLES.iter().map(|(name, _)| *name).collect();
        styles.sort_unstable();
        assert_eq!(found, styles);
    }

    fn size(name: &str) -> usize {
        let bytes = bytes(name);
        assert!(!bytes.is_empty(), "{name} is not served");
        compress(bytes, Compression::best()).len()
    }

    /// All texts between `begin` and `end` on one line.
    fn between<'a>(text: &'a str, begin: &str, end: &str) -> BTreeSet<&'a str> {
        text.lines()
            .flat_map(|line| line.split(begin).skip(1))
            .filter_map(|rest| rest.split_once(end))
            .map(|(found, _)| found)
            .collect()
    }

    /// A script with everything it imports, directly or not.
    fn loaded(script: &'static str) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::from([script]);
        let mut open = vec![script];
        while let Some(script) = open.pop() {
            let text = std::str::from_utf8(bytes(script)).unwrap();
            open.extend(between(text, "\"./", "\"").into_iter().filter(|name| found.insert(name)));
        }
        found
    }

    /// The entry scripts of pages.
    fn beginnings() -> BTreeSet<&'static str> {
        const PAGES: [&str; 6] = [
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/layout.html")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/files/folder.html")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/messages/conversation.html")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/messages/scripts.html")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/reply/reply.html")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/welcome/scripts.html")),
        ];
        PAGES
            .iter()
            .flat_map(|page| between(page, "<script type=\"module\" src=\"{{ ", "\""))
            .map(|address| address.split_once("}}/").unwrap().1)
            .collect()
    }

    #[test]
    fn the_scripts_of_a_page_stay_small_and_so_does_the_style() {
        let beginnings = beginnings();
        assert!(beginnings.len() >= 4, "{beginnings:?}");
        for beginning in beginnings {
            let size: usize = loaded(beginning).iter().map(|name| size(name)).sum();
            println!("{beginning} and what it imports: {size} bytes compressed");
            assert!(size < 40 * 1024, "{beginning}: {size}");
        }
        for style in ["portal.css", "front.css"] {
            let size = size(style);
            println!("{style}: {size} bytes compressed");
            assert!(size < 25 * 1024, "{style}: {size}");
        }
    }

    #[test]
    fn every_script_belongs_to_a_page() {
        let loaded: BTreeSet<&str> = beginnings().into_iter().flat_map(loaded).collect();
        let served = ASSETS.iter().map(|asset| asset.name).filter(|name| name.ends_with(".js")).collect();
        assert_eq!(loaded, served);
    }

    #[test]
    fn a_conversation_names_all_its_scripts_at_once() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/messages/conversation.html"));
        let list = page.split_once("{% for name in [").and_then(|(_, rest)| rest.split_once(']')).unwrap().0;
        let mut named: BTreeSet<String> =
            list.split(", ").map(|name| format!("{}.js", name.trim_matches('"'))).collect();
        named.insert("conversation.js".to_string());
        assert_eq!(named, loaded("conversation.js").into_iter().map(str::to_string).collect());
    }
}
