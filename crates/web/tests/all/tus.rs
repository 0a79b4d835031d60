//! The tus protocol 1.0.0 (<https://tus.io/protocols/resumable-upload>), case by case, named with the section of the
//! specification (F3).

use axum::body::Body;
use axum::http::Method;
use domain::files::uploads;

use crate::support::{Answer, Browser, Firm, metadata};

/// The upload that a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// None: the address at which uploads are created.
    All,
    /// One of 10 bytes without any.
    New,
    /// One with 5 of its 10 bytes.
    Half,
    /// One with all of its 10 bytes.
    Whole,
    Terminated,
    Expired,
    Unknown,
}

use About::{All, Expired, Half, New, Terminated, Unknown, Whole};

/// The section and what is tried; the method and the upload; the headers beside `Tus-Resumable: 1.0.0` (an empty one is
/// left out); the body; the status; and headers of the answer: `name: value`, `name` where it is there, `!name` where it
/// is not.
type Case = (
    &'static str,
    &'static str,
    About,
    &'static [(&'static str, &'static str)],
    &'static str,
    u16,
    &'static [&'static str],
);

const OCTETS: (&str, &str) = ("content-type", "application/offset+octet-stream");
const NO_VERSION: (&str, &str) = ("tus-resumable", "");
const OLD: (&str, &str) = ("tus-resumable", "0.2.2");
const LENGTH: (&str, &str) = ("upload-length", "10");
/// The pairs that every upload here is created with.
const PAIRS: (&str, &str) = ("upload-metadata", "{metadata}");
const START: (&str, &str) = ("upload-offset", "0");
const MIDDLE: (&str, &str) = ("upload-offset", "5");
const END: (&str, &str) = ("upload-offset", "10");
const SAYS_VERSION: &[&str] = &["tus-resumable: 1.0.0", "tus-version: 1.0.0", "!upload-offset"];

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("Core, OPTIONS: what is offered", "OPTIONS", All, &[], "", 204,
        &["tus-version: 1.0.0", "tus-max-size: 1000000", "tus-extension: creation,creation-with-upload,termination,expiration"]),
    ("Core, OPTIONS: the version is not needed", "OPTIONS", All, &[NO_VERSION], "", 204, &["tus-version: 1.0.0"]),
    ("Core, OPTIONS: another version is answered too", "OPTIONS", All, &[OLD], "", 204, &["tus-version: 1.0.0"]),

    ("Core, HEAD: a new upload", "HEAD", New, &[], "", 200,
        &["upload-offset: 0", "upload-length: 10", "tus-resumable: 1.0.0", "cache-control: no-store", "!upload-defer-length"]),
    ("Core, HEAD: half an upload", "HEAD", Half, &[], "", 200, &["upload-offset: 5", "upload-length: 10"]),
    ("Core, HEAD: a whole upload", "HEAD", Whole, &[], "", 200, &["upload-offset: 10", "upload-length: 10"]),
    ("Core, HEAD: an unknown upload", "HEAD", Unknown, &[], "", 404,
        &["!upload-offset", "cache-control: no-store", "tus-resumable: 1.0.0"]),
    ("Core, Tus-Resumable: HEAD without it", "HEAD", New, &[NO_VERSION], "", 412, SAYS_VERSION),
    ("Core, Tus-Resumable: HEAD with another", "HEAD", New, &[OLD], "", 412, SAYS_VERSION),

    ("Core, PATCH: all bytes", "PATCH", New, &[OCTETS, START], "0123456789", 204,
        &["upload-offset: 10", "tus-resumable: 1.0.0"]),
    ("Core, PATCH: some bytes", "PATCH", New, &[OCTETS, START], "0123", 204, &["upload-offset: 4"]),
    ("Core, PATCH: no bytes", "PATCH", New, &[OCTETS, START], "", 204, &["upload-offset: 0"]),
    ("Core, PATCH: the other half", "PATCH", Half, &[OCTETS, MIDDLE], "56789", 204, &["upload-offset: 10"]),
    ("Core, PATCH: part of the other half", "PATCH", Half, &[OCTETS, MIDDLE], "5", 204, &["upload-offset: 6"]),
    ("Core, PATCH: no type", "PATCH", New, &[START], "0123", 415, &["tus-resumable: 1.0.0"]),
    ("Core, PATCH: another type", "PATCH", New, &[("content-type", "text/plain"), START], "0123", 415, &[]),
    ("Core, PATCH: a type that is only similar", "PATCH", New, &[("content-type", "application/octet-stream"), START], "0123", 415, &[]),
    ("Core, Upload-Offset: PATCH without it", "PATCH", New, &[OCTETS], "0123", 400, &["tus-resumable: 1.0.0"]),
    ("Core, Upload-Offset: negative", "PATCH", New, &[OCTETS, ("upload-offset", "-1")], "0123", 400, &[]),
    ("Core, Upload-Offset: a fraction", "PATCH", New, &[OCTETS, ("upload-offset", "0.5")], "0123", 400, &[]),
    ("Core, Upload-Offset: a word", "PATCH", New, &[OCTETS, ("upload-offset", "zero")], "0123", 400, &[]),
    ("Core, Upload-Offset: beyond all numbers", "PATCH", New, &[OCTETS, ("upload-offset", "99999999999999999999")], "0", 400, &[]),
    ("Core, Upload-Offset: too high", "PATCH", New, &[OCTETS, MIDDLE], "56789", 409, &["upload-offset: 0"]),
    ("Core, Upload-Offset: too low", "PATCH", Half, &[OCTETS, START], "01234", 409, &["upload-offset: 5"]),
    ("Core, Upload-Offset: at the end of half", "PATCH", Half, &[OCTETS, END], "", 409, &["upload-offset: 5"]),
    ("Core, PATCH: more than announced", "PATCH", New, &[OCTETS, START], "0123456789a", 413, &["tus-resumable: 1.0.0"]),
    ("Core, PATCH: more than the other half", "PATCH", Half, &[OCTETS, MIDDLE], "56789a", 413, &[]),
    ("Core, PATCH: nothing more to a whole upload", "PATCH", Whole, &[OCTETS, END], "", 204, &["upload-offset: 10"]),
    ("Core, PATCH: more to a whole upload", "PATCH", Whole, &[OCTETS, END], "a", 413, &[]),
    ("Core, PATCH: a whole upload again", "PATCH", Whole, &[OCTETS, START], "0123456789", 409, &["upload-offset: 10"]),
    ("Core, PATCH: an unknown upload", "PATCH", Unknown, &[OCTETS, START], "0123", 404, &["!upload-offset"]),
    ("Core, Tus-Resumable: PATCH without it", "PATCH", New, &[NO_VERSION, OCTETS, START], "0123", 412, SAYS_VERSION),
    ("Core, Tus-Resumable: PATCH with another", "PATCH", New, &[OLD, OCTETS, START], "0123", 412, SAYS_VERSION),

    ("Core, X-HTTP-Method-Override: PATCH", "POST", New, &[("x-http-method-override", "PATCH"), OCTETS, START], "0123", 204, &["upload-offset: 4"]),
    ("Core, X-HTTP-Method-Override: HEAD", "POST", Half, &[("x-http-method-override", "HEAD")], "", 200, &["upload-offset: 5"]),
    ("Core, X-HTTP-Method-Override: DELETE", "POST", New, &[("x-http-method-override", "DELETE")], "", 204, &[]),
    ("Core, X-HTTP-Method-Override: another", "POST", New, &[("x-http-method-override", "GET")], "", 405, &["allow"]),
    ("Core, X-HTTP-Method-Override: none", "POST", New, &[], "", 405, &["allow"]),
    ("Core: an upload cannot be read", "GET", New, &[], "", 405, &["allow"]),

    ("Creation: an upload", "POST", All, &[LENGTH, PAIRS], "", 201, &["location", "tus-resumable: 1.0.0"]),
    ("Creation: an empty upload", "POST", All, &[("upload-length", "0"), PAIRS], "", 201, &["location", "upload-offset: 0"]),
    ("Creation, Upload-Length: the limit", "POST", All, &[("upload-length", "1000000"), PAIRS], "", 201, &["location"]),
    ("Creation, Upload-Length: over the limit", "POST", All, &[("upload-length", "1000001"), PAIRS], "", 413, &["!location", "tus-resumable: 1.0.0"]),
    ("Creation, Upload-Length: none", "POST", All, &[PAIRS], "", 400, &["!location"]),
    ("Creation, Upload-Length: negative", "POST", All, &[("upload-length", "-1"), PAIRS], "", 400, &[]),
    ("Creation, Upload-Length: a word", "POST", All, &[("upload-length", "ten"), PAIRS], "", 400, &[]),
    ("Creation, Upload-Length: a fraction", "POST", All, &[("upload-length", "1.5"), PAIRS], "", 400, &[]),
    ("Creation, Upload-Length: beyond all numbers", "POST", All, &[("upload-length", "99999999999999999999"), PAIRS], "", 400, &[]),
    ("Creation, Upload-Defer-Length: is not offered", "POST", All, &[("upload-defer-length", "1"), PAIRS], "", 400, &[]),
    ("Creation, Tus-Resumable: none", "POST", All, &[NO_VERSION, LENGTH, PAIRS], "", 412, SAYS_VERSION),
    ("Creation, Tus-Resumable: another", "POST", All, &[OLD, LENGTH, PAIRS], "", 412, SAYS_VERSION),
    ("Creation, Upload-Metadata: keys of the client's own", "POST", All, &[LENGTH, ("upload-metadata", "{metadata},duration MTIw")], "", 201, &[]),
    ("Creation, Upload-Metadata: a key without a value", "POST", All, &[LENGTH, ("upload-metadata", "{metadata},is_confidential")], "", 201, &[]),
    ("Creation, Upload-Metadata: white space between pairs", "POST", All, &[LENGTH, ("upload-metadata", "{metadata}, duration MTIw")], "", 201, &[]),
    ("Creation, Upload-Metadata: not base64", "POST", All, &[LENGTH, ("upload-metadata", "{metadata},duration 12-0")], "", 400, &[]),
    ("Creation, Upload-Metadata: two values", "POST", All, &[LENGTH, ("upload-metadata", "{metadata},duration MTIw aa")], "", 400, &[]),
    ("Creation, Upload-Metadata: the same key twice", "POST", All, &[LENGTH, ("upload-metadata", "{metadata},a MTIw,a MTIw")], "", 400, &[]),
    ("Creation, Upload-Metadata: an empty key", "POST", All, &[LENGTH, ("upload-metadata", "{metadata}, MTIw,")], "", 400, &[]),
    ("Creation, Upload-Metadata: an empty pair", "POST", All, &[LENGTH, ("upload-metadata", "{metadata},")], "", 400, &[]),

    ("Creation With Upload: part", "POST", All, &[LENGTH, PAIRS, OCTETS], "01234", 201, &["location", "upload-offset: 5"]),
    ("Creation With Upload: all", "POST", All, &[LENGTH, PAIRS, OCTETS], "0123456789", 201, &["location", "upload-offset: 10"]),
    ("Creation With Upload: nothing", "POST", All, &[LENGTH, PAIRS, OCTETS], "", 201, &["location", "upload-offset: 0"]),
    ("Creation With Upload: too much", "POST", All, &[LENGTH, PAIRS, OCTETS], "0123456789a", 413, &["!location"]),
    ("Creation With Upload: no type", "POST", All, &[LENGTH, PAIRS], "01234", 415, &["!location", "tus-resumable: 1.0.0"]),
    ("Creation With Upload: another type", "POST", All, &[LENGTH, PAIRS, ("content-type", "text/plain")], "01234", 415, &["!location"]),

    ("Termination: a new upload", "DELETE", New, &[], "", 204, &["tus-resumable: 1.0.0"]),
    ("Termination: half an upload", "DELETE", Half, &[], "", 204, &[]),
    ("Termination: a whole upload", "DELETE", Whole, &[], "", 204, &[]),
    ("Termination: an unknown upload", "DELETE", Unknown, &[], "", 404, &["tus-resumable: 1.0.0"]),
    ("Termination: twice", "DELETE", Terminated, &[], "", 404, &[]),
    ("Termination: HEAD afterwards", "HEAD", Terminated, &[], "", 404, &["!upload-offset"]),
    ("Termination: PATCH afterwards", "PATCH", Terminated, &[OCTETS, START], "0123", 404, &["!upload-offset"]),
    ("Termination, Tus-Resumable: none", "DELETE", New, &[NO_VERSION], "", 412, SAYS_VERSION),
    ("Termination, Tus-Resumable: another", "DELETE", New, &[OLD], "", 412, SAYS_VERSION),

    ("Expiration: of a new upload", "POST", All, &[LENGTH, PAIRS], "", 201, &["upload-expires: {in a day}"]),
    ("Expiration: of an upload that goes on", "PATCH", Half, &[OCTETS, MIDDLE], "5", 204, &["upload-expires: {in a day}"]),
    ("Expiration: of an upload that is asked for", "HEAD", Half, &[], "", 200, &["upload-expires"]),
    ("Expiration: HEAD afterwards", "HEAD", Expired, &[], "", 404, &["!upload-offset"]),
    ("Expiration: PATCH afterwards", "PATCH", Expired, &[OCTETS, MIDDLE], "56789", 404, &["!upload-offset"]),
    ("Expiration: DELETE afterwards", "DELETE", Expired, &[], "", 404, &[]),
];

/// What a client says of its uploads.
fn pairs(firm: &Firm) -> String {
    let channel = firm.channel.to_string();
    metadata(&[("filename", "deed.txt"), ("filetype", "text/plain"), ("channel", &channel)])
}

/// Makes the upload that a request is about, and returns its path.
async fn make(firm: &Firm, browser: &mut Browser<'_>, about: About) -> String {
    match about {
        All => return "/uploads".to_string(),
        Unknown => {
            return format!("/uploads/{}", domain::kernel::ids::MessageId::new(crate::support::MORNING));
        }
        _ => {}
    }
    let pairs = pairs(firm);
    let headers = [LENGTH, ("upload-metadata", pairs.as_str())];
    let created = browser.tus(Method::POST, "/uploads", &headers, Body::empty()).await;
    let path = created.is(201).to().to_string();
    match about {
        Half | Expired => {
            browser.brings(&path, 0, "01234").await.is(204);
        }
        Whole => {
            browser.brings(&path, 0, "0123456789").await.is(204);
        }
        Terminated => {
            browser.tus(Method::DELETE, &path, &[], Body::empty()).await.is(204);
        }
        _ => {}
    }
    if about == Expired {
        firm.portal.wait(uploads::LASTS);
    }
    path
}

async fn ask(firm: &Firm, browser: &mut Browser<'_>, (_, method, about, headers, body, ..): &Case) -> Answer {
    let path = make(firm, browser, *about).await;
    let pairs = pairs(firm);
    let mut all = vec![("tus-resumable", "1.0.0".to_string()), ("accept", "application/json".to_string())];
    for (name, value) in *headers {
        all.retain(|(given, _)| given != name);
        all.push((name, value.replace("{metadata}", &pairs)));
    }
    let sent: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    browser.raw(method.parse().unwrap(), &path, &sent, *body).await
}

/// Why an answer is not as wanted.
fn wrong(answer: &Answer, wanted: &str, day_later: &str) -> Option<String> {
    let (name, value) = wanted.split_once(": ").map_or((wanted, None), |(name, value)| (name, Some(value)));
    let found = answer.headers.get(name.trim_start_matches('!')).map(|value| value.to_str().unwrap());
    let is_right = match (name.starts_with('!'), value) {
        (true, _) => found.is_none(),
        (false, None) => found.is_some(),
        (false, Some(value)) => found == Some(&value.replace("{in a day}", day_later)),
    };
    (!is_right).then(|| format!("{wanted:?}, but it is {found:?}"))
}

#[tokio::test]
async fn f3_tus_is_spoken_as_its_specification_says() {
    let firm = Firm::new().await;
    let mut mistakes = Vec::new();
    for case in CASES {
        let (name, method, _, _, _, status, wanted) = case;
        // Signed in anew: some cases take a day.
        let mut oskar = firm.browser_of(firm.oskar).await;
        let answer = ask(&firm, &mut oskar, case).await;
        let day_later = firm.portal.store.clock().now().after(uploads::LASTS);
        let day_later = http_date(day_later);
        if answer.status.as_u16() != *status {
            mistakes.push(format!("{name}: {status} was due, not {}: {}", answer.status, answer.text));
        }
        mistakes.extend(
            wanted
                .iter()
                .filter_map(|wanted| wrong(&answer, wanted, &day_later))
                .map(|why| format!("{name}: {why}")),
        );
        let is_told = answer.status.is_success() || *method == "HEAD" || answer.text.contains("\"message\"");
        if !is_told {
            mistakes.push(format!("{name}: it does not say why"));
        }
    }
    assert!(mistakes.is_empty(), "{} of {}:\n{}", mistakes.len(), CASES.len(), mistakes.join("\n"));
}

/// A time as in headers (RFC 9110, 5.6.7).
fn http_date(time: store::Time) -> String {
    jiff::Timestamp::from_millisecond(time.0).unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn f3_what_a_client_said_of_an_upload_is_given_back() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    // As it was sent, spaces and order too.
    let said = format!("duration MTIw, is_confidential,{}", pairs(&firm));
    let headers = [LENGTH, ("upload-metadata", said.as_str())];
    let path = oskar.tus(Method::POST, "/uploads", &headers, Body::empty()).await.is(201).to().to_string();
    for (offset, bytes) in [(0, ""), (0, "01234"), (5, "56789")] {
        oskar.brings(&path, offset, bytes).await.is(204);
        let state = oskar.tus(Method::HEAD, &path, &[], Body::empty()).await;
        assert_eq!(state.is(200).headers["upload-metadata"], said);
    }
}

#[tokio::test]
async fn f3_an_upload_is_brought_in_any_pieces() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    for pieces in [vec![10], vec![5, 5], vec![1, 8, 1], vec![9, 1], vec![0, 3, 3, 0, 4], vec![1; 10]] {
        let path = make(&firm, &mut oskar, New).await;
        let mut offset = 0;
        for piece in pieces {
            let bytes = &"0123456789"[offset..offset + piece];
            let answer = oskar.brings(&path, offset, bytes).await;
            offset += piece;
            assert_eq!(answer.is(204).headers["upload-offset"], offset.to_string());
            assert_eq!(oskar.offset(&path).await, offset);
        }
    }
}

#[tokio::test]
async fn f3_bytes_that_are_too_many_change_nothing() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = make(&firm, &mut oskar, Half).await;
    oskar.brings(&path, 5, "56789a").await.is(413);
    assert_eq!(oskar.offset(&path).await, 5);
    // Where the length of the body is not said beforehand, what was announced is all that is taken.
    let pieces = ["567", "89a"].map(Ok::<_, std::io::Error>);
    oskar.brings(&path, 5, Body::from_stream(futures_util::stream::iter(pieces))).await.is(413);
    let offset = oskar.offset(&path).await;
    assert!((5..=10).contains(&offset), "{offset}");
    oskar.brings(&path, offset, &"0123456789"[offset..]).await.is(204);
}
