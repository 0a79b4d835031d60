//! A message's Markdown as safe HTML (M1), its beginning as plain text, and the mentions in it (M8).
//!
//! `comrak` parses the Markdown, [`markdown`] writes the few elements a message may have, and `ammonia` sanitizes the
//! result as a second line of defense. Most messages have no formatting; they are escaped and wrapped without either,
//! giving the same bytes.
//!
//! Characters that change text direction are kept: every block has `dir="auto"`, so an unclosed override ends with
//! its block. [`plain_text`] removes them, since its text is also used where no element contains it.

pub mod emoji;
mod lines;
mod markdown;
pub mod plain_text;
pub mod text;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use crate::formatting::text::{escape, is_unformatted, named};
use crate::kernel::ids::PersonId;

/// A message's Markdown as safe HTML (M1): `p`, `br`, `strong`, `em`, `del`, `code`, `pre`, `ul`, `ol`, `li`,
/// `blockquote`, `a` and, for the names in `mentions`, `span class="mention" data-person="…"`.
///
/// Other Markdown is shown as it was written: headings, rules, tables, HTML. Images become links. Links lead to
/// `http`, `https`, `mailto` and `tel` only, and open a new tab that learns nothing about this one.
pub fn html(text: &str, mentions: &[(PersonId, String)]) -> String {
    if is_unformatted(text) { unformatted(text) } else { formatted(text, mentions) }
}

/// Whether a text has `@` followed by the name as a whole word; case matters (M8).
pub fn mentions(text: &str, name: &str) -> bool {
    let names = |(at, _): (usize, &str)| named(text, at, name);
    !name.is_empty() && text.match_indices('@').any(names)
}

fn formatted(text: &str, mentions: &[(PersonId, String)]) -> String {
    WALL.clean(&markdown::html(text, mentions)).to_string()
}

/// The second line of defense: allows only what [`html`] lists, whatever its input is.
static WALL: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut wall = Builder::empty();
    wall.tags(HashSet::from([
        "p",
        "br",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "blockquote",
        "a",
        "span",
    ]))
    .clean_content_tags(HashSet::from(["script", "style"]))
    .generic_attributes(HashSet::new())
    .tag_attributes(HashMap::from([
        ("a", HashSet::from(["href"])),
        ("ol", HashSet::from(["start"])),
        ("span", HashSet::from(["data-person"])),
    ]))
    .tag_attribute_values(
        ["p", "pre", "ul", "ol", "blockquote"]
            .into_iter()
            .map(|tag| (tag, HashMap::from([("dir", HashSet::from(["auto"]))])))
            .collect(),
    )
    .allowed_classes(HashMap::from([("span", HashSet::from(["mention"]))]))
    .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
    .url_relative(UrlRelative::Deny)
    .set_tag_attribute_value("a", "target", "_blank")
    .link_rel(Some("noopener noreferrer nofollow"));
    wall
});

/// The HTML of a text without formatting; empty lines separate paragraphs.
fn unformatted(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 40);
    let mut inside = false;
    for line in text.split('\n') {
        match (inside, line.is_empty()) {
            (false, false) => html.push_str("<p dir=\"auto\">"),
            (true, false) => html.push_str("<br>"),
            (true, true) => html.push_str("</p>"),
            (false, true) => {}
        }
        inside = !line.is_empty();
        escape(&mut html, line);
    }
    if inside {
        html.push_str("</p>");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn m1_most_messages_take_the_short_way() {
        for text in [
            "Hello",
            "Good afternoon Jane, does the landlord have to sign as well?",
            "It's 10:30 – \"fine\"!\n\nSee you (both) on 3.4.\n100% + 5 = 105; a-b #1",
        ] {
            assert!(is_unformatted(text), "{text:?}");
        }
        for text in [
            "*a*",
            "a\n- b",
            "1. a",
            "12) a",
            "see https://a.b",
            "www.a.b",
            " a",
            "a ",
            "@Jane",
            "a & b",
            "\u{feff}a",
        ] {
            assert!(!is_unformatted(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn m1_the_short_way_gives_the_same_bytes_as_the_long_way(
            text in "([a-z0-9 \\n.,:;!?()'\"|{}$%^=/+#\u{a0}é\u{202e}\u{200b}😀-]{0,6}|[w. ]{3,6}|[ -~\\n]{0,3}|\\PC{0,3}){0,12}"
        ) {
            if is_unformatted(&text) {
                prop_assert_eq!(unformatted(&text), formatted(&text, &[]));
            }
        }
    }
}
