//! What people write (M1): the HTML holds only elements and links that a message may have, and a preview is a short line.

#![no_main]

use domain::formatting;
use libfuzzer_sys::fuzz_target;

const ELEMENTS: [&str; 14] =
    ["p", "br", "strong", "em", "del", "code", "pre", "ul", "ol", "li", "blockquote", "a", "span", "input"];
const LINE: usize = 120;

fuzz_target!(|text: &str| {
    let html = formatting::html(text, &[]);
    for (at, _) in html.match_indices('<') {
        let rest = html[at + 1..].trim_start_matches('/');
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(ELEMENTS.contains(&name.as_str()), "<{name}> in {html:?}");
        let element = rest.split('>').next().unwrap_or_default();
        if let Some((_, link)) = element.split_once(" href=\"") {
            let is_good = ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| {
                link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            });
            assert!(is_good, "a link to {link:?}");
        }
    }
    let line = formatting::plain_text::plain(text, LINE);
    assert!(line.chars().count() <= LINE + 1, "{line:?}");
    assert!(!line.contains(['\n', '\r', '\u{202e}']), "{line:?}");
});
