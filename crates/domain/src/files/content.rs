//! Detects the type of a file from its first bytes (F4); neither its name nor the browser's claim is trusted. The name
//! only decides what the bytes leave open: which kind of text, which kind of archive. Signatures come from `infer`.

use crate::files::names;

/// The number of bytes needed for detection.
pub const HEAD_BYTES: usize = 8 * 1024;
/// The type of unrecognized bytes.
pub const UNKNOWN: &str = "application/octet-stream";

/// The kind of a file as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A picture that browsers show.
    Picture,
    /// Video that browsers play.
    Video,
    /// Audio that browsers play.
    Audio,
    Pdf,
    /// Text to read: letters, reports, notes.
    Document,
    Table,
    Slides,
    Archive,
    Other,
}

impl Class {
    pub fn of(content_type: &str) -> Class {
        match content_type {
            "image/png" | "image/jpeg" | "image/gif" | "image/webp" => Class::Picture,
            "video/mp4" | "video/webm" | "video/ogg" => Class::Video,
            "audio/mpeg" | "audio/mp4" | "audio/ogg" | "audio/wav" | "audio/flac" | "audio/aac"
            | "audio/webm" => Class::Audio,
            "application/pdf" => Class::Pdf,
            "text/csv" | "application/vnd.ms-excel" => Class::Table,
            "application/vnd.ms-powerpoint" => Class::Slides,
            "application/zip"
            | "application/gzip"
            | "application/x-tar"
            | "application/x-7z-compressed"
            | "application/vnd.rar" => Class::Archive,
            "application/msword" | "application/rtf" | "application/epub+zip" => Class::Document,
            office if office.contains("spreadsheet") => Class::Table,
            office if office.contains("presentation") => Class::Slides,
            office if office.contains("wordprocessing") || office.contains("opendocument.text") => {
                Class::Document
            }
            text if text.starts_with("text/") && !may_run(text) => Class::Document,
            _ => Class::Other,
        }
    }

    /// Whether browsers show or play it natively, so it may be opened inline.
    pub fn opens_in_place(self) -> bool {
        matches!(self, Class::Picture | Class::Video | Class::Audio)
    }

    /// The name used for icons and by scripts.
    pub fn word(self) -> &'static str {
        match self {
            Class::Picture => "picture",
            Class::Video => "video",
            Class::Audio => "audio",
            Class::Pdf => "pdf",
            Class::Document => "document",
            Class::Table => "table",
            Class::Slides => "slides",
            Class::Archive => "archive",
            Class::Other => "file",
        }
    }
}

/// Whether a browser would execute code in such a file.
pub fn may_run(content_type: &str) -> bool {
    content_type.contains("html")
        || content_type.contains("xml")
        || content_type.contains("script")
        || matches!(content_type, "text/css" | "application/x-shockwave-flash" | "message/rfc822")
}

/// The type to serve a file as: types that browsers would execute are served as plain bytes.
pub fn served_as(content_type: &str) -> &str {
    if may_run(content_type) { UNKNOWN } else { content_type }
}

/// The media type (RFC 2046, lower case) of a file with these first bytes and this name.
pub fn content_type(head: &[u8], name: &str) -> &'static str {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let end = names::extension(name).to_ascii_lowercase();
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return compound(&end);
    }
    match infer::get(head).map(|found| found.mime_type()) {
        Some("application/zip") => packed(&end),
        Some("text/html") => "text/html",
        Some("text/xml" | "application/xml") => markup(head),
        Some("audio/x-wav") => "audio/wav",
        Some("audio/x-flac") => "audio/flac",
        Some("audio/m4a") => "audio/mp4",
        Some("application/x-rar-compressed") => "application/vnd.rar",
        Some(known) if is_credible(known, head) => known,
        _ if is_text(head) => written(head, &end),
        _ => UNKNOWN,
    }
}

/// Two- or three-byte signatures also occur at the start of ordinary text.
fn is_credible(found: &str, head: &[u8]) -> bool {
    match found {
        "image/bmp"
        | "audio/mpeg"
        | "audio/aac"
        | "application/x-compress"
        | "application/x-unix-archive" => !is_text(head),
        _ => true,
    }
}

/// Old Office formats share one container.
fn compound(end: &str) -> &'static str {
    match end {
        ".doc" | ".dot" => "application/msword",
        ".xls" | ".xlt" => "application/vnd.ms-excel",
        ".ppt" | ".pps" => "application/vnd.ms-powerpoint",
        ".msg" => "application/vnd.ms-outlook",
        _ => "application/x-ole-storage",
    }
}

/// ZIP containers whose first entry does not say what they are.
fn packed(end: &str) -> &'static str {
    match end {
        ".docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ".odt" => "application/vnd.oasis.opendocument.text",
        ".ods" => "application/vnd.oasis.opendocument.spreadsheet",
        ".odp" => "application/vnd.oasis.opendocument.presentation",
        ".epub" => "application/epub+zip",
        _ => "application/zip",
    }
}

/// Whether the bytes are text, possibly cut off in the middle of a character.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) => return false,
    };
    !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}' | '\u{85}'))
}

fn lower(head: &[u8]) -> String {
    String::from_utf8_lossy(head).to_ascii_lowercase()
}

fn markup(head: &[u8]) -> &'static str {
    let text = lower(head);
    if text.contains("<svg") {
        "image/svg+xml"
    } else if text.contains("<html") {
        "application/xhtml+xml"
    } else {
        "application/xml"
    }
}

/// Which kind of text. Anything that a browser could take for a page counts as HTML.
fn written(head: &[u8], end: &str) -> &'static str {
    let text = lower(head);
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    if begin.starts_with("<?xml") || begin.starts_with("<svg") || text.contains("<svg ") {
        return markup(head);
    }
    let marks =
        ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<style", "<object", "<embed"];
    if marks.iter().any(|mark| text.contains(mark)) {
        return "text/html";
    }
    match end {
        ".csv" => "text/csv",
        ".md" | ".markdown" => "text/markdown",
        ".json" => "application/json",
        ".ics" => "text/calendar",
        ".vcf" => "text/vcard",
        ".rtf" => "application/rtf",
        ".html" | ".htm" | ".xhtml" | ".shtml" => "text/html",
        ".svg" => "image/svg+xml",
        ".xml" | ".xsl" => "application/xml",
        ".js" | ".mjs" | ".cjs" => "text/javascript",
        ".css" => "text/css",
        ".eml" | ".mht" | ".mhtml" => "message/rfc822",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";

    #[test]
    fn the_type_is_found_from_the_bytes_and_the_name_is_not_believed() {
        let mut webm =
            b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm".to_vec();
        webm.resize(300, 0);
        let cases: &[(&[u8], &str, &str)] = &[
            (PNG, "picture.png", "image/png"),
            (PNG, "letter.pdf", "image/png"),
            (JPEG, "page.html", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "x", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "x", "image/webp"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "x.png", "application/pdf"),
            (b"<html><script>alert(1)</script>", "picture.png", "text/html"),
            (b"  \n<!DOCTYPE html><p>", "notes.txt", "text/html"),
            (b"hello <script src=//x></script>", "notes.txt", "text/html"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.png", "image/svg+xml"),
            (b"<?xml version='1.0'?><!-- --><svg/>", "a.jpg", "image/svg+xml"),
            (
                b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
                "a",
                "application/xhtml+xml",
            ),
            (b"just words", "page.html", "text/html"),
            (b"alert(1)", "run.js", "text/javascript"),
            (b"a;b\n1;2\n", "table.csv", "text/csv"),
            (b"# Title", "README.md", "text/markdown"),
            (b"just words", "report", "text/plain"),
            (b"BM is how this text begins", "notes.txt", "text/plain"),
            ("Grüße\n".as_bytes(), "a.txt", "text/plain"),
            (b"\xff\xfeh\0i\0", "a.txt", "text/plain"),
            (ZIP, "files.zip", "application/zip"),
            (ZIP, "letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (ZIP, "page.html", "application/zip"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "old.xls", "application/vnd.ms-excel"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "film.mp4", "video/mp4"),
            (&webm, "a", "video/webm"),
            (b"ID3\x04\0\0", "song.mp3", "audio/mpeg"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "a.wav", "audio/wav"),
            (b"MZ\x90\0\x03\0\0\0", "picture.png", "application/vnd.microsoft.portable-executable"),
            (b"\x01\x02\x03\x04", "picture.png", UNKNOWN),
            (b"", "empty.txt", "text/plain"),
        ];
        for (bytes, name, expected) in cases {
            assert_eq!(content_type(bytes, name), *expected, "{name}");
        }
    }

    #[test]
    fn a_character_cut_in_two_is_still_text() {
        let long = "ü".repeat(HEAD_BYTES);
        let cut = &long.as_bytes()[..HEAD_BYTES - 1];
        assert_eq!(content_type(cut, "a.txt"), "text/plain");
    }

    #[test]
    fn what_browsers_would_run_is_bytes_to_them() {
        for dangerous in
            ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "application/xml"]
        {
            assert_eq!(served_as(dangerous), UNKNOWN);
            assert!(!Class::of(dangerous).opens_in_place(), "{dangerous}");
        }
        assert_eq!(served_as("image/png"), "image/png");
        assert!(!Class::of("application/pdf").opens_in_place());
        assert!(Class::of("video/mp4").opens_in_place());
    }
}
