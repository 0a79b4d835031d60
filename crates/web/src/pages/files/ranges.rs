//! The ranges of a file that are asked for (RFC 9110, 14).

use std::ops::Range;

use axum::http::header::{self, HeaderMap, HeaderName};

/// A range of a file, `None` for all of it, or an error if the file has no such range.
pub(super) type ByteRange = std::result::Result<Option<Range<u64>>, ()>;

/// The range that `Range` asks for. Several ranges, other units and nonsense are ignored, as RFC 9110, 14.2 permits; a
/// range beyond the end is an error.
pub(super) fn byte_range(asked: &HeaderMap, tag: &str, size: u64) -> ByteRange {
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    // A range of another version is useless: send everything.
    if text(header::IF_RANGE).is_some_and(|given| given.trim() != tag) {
        return Ok(None);
    }
    let Some((from, to)) = text(header::RANGE)
        .and_then(|range| range.trim().strip_prefix("bytes="))
        .filter(|range| !range.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number too large for `u64` is beyond the end of any file.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(from.trim()), number(to.trim()), from.trim().is_empty(), to.trim().is_empty()) {
        (Some(start), _, _, true) if start < size => Ok(Some(start..size)),
        (Some(start), Some(end), ..) if start <= end && start < size => {
            Ok(Some(start..end.saturating_add(1).min(size)))
        }
        (Some(start), Some(end), ..) if start > end => Ok(None),
        (Some(_), Some(_), ..) | (Some(_), _, _, true) => Err(()),
        (None, Some(0), true, _) => Err(()),
        (None, Some(last), true, _) if size > 0 => Ok(Some(size.saturating_sub(last)..size)),
        (None, Some(_), true, _) => Err(()),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f3_stretches_are_read_as_the_standard_says() {
        let cases: &[(&str, u64, ByteRange)] = &[
            ("bytes=0-499", 1000, Ok(Some(0..500))),
            ("bytes=500-", 1000, Ok(Some(500..1000))),
            ("bytes=-200", 1000, Ok(Some(800..1000))),
            ("bytes=-2000", 1000, Ok(Some(0..1000))),
            ("bytes=0-5000", 1000, Ok(Some(0..1000))),
            ("bytes=999-999", 1000, Ok(Some(999..1000))),
            ("bytes=0-99999999999999999999999", 1000, Ok(Some(0..1000))),
            ("bytes= 1 - 2 ", 1000, Ok(Some(1..3))),
            ("bytes=1000-", 1000, Err(())),
            ("bytes=1000-1001", 1000, Err(())),
            ("bytes=-0", 1000, Err(())),
            ("bytes=0-", 0, Err(())),
            ("bytes=-5", 0, Err(())),
            ("bytes=5-4", 1000, Ok(None)),
            ("bytes=0-1,5-6", 1000, Ok(None)),
            ("bytes=a-b", 1000, Ok(None)),
            ("bytes=--1", 1000, Ok(None)),
            ("bytes=-", 1000, Ok(None)),
            ("lines=0-1", 1000, Ok(None)),
            ("bytes", 1000, Ok(None)),
        ];
        for (range, size, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            assert_eq!(&byte_range(&headers, "\"a\"", *size), expected, "{range}");
            headers.insert(header::IF_RANGE, "\"b\"".parse().unwrap());
            assert_eq!(byte_range(&headers, "\"a\"", *size), Ok(None), "{range}");
        }
    }
}
