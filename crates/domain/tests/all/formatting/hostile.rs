//! Texts crafted to cause harm or slow processing (M1, bad input).

use domain::formatting::plain_text::plain;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{shown, visible};

/// Parses HTML anew, as a browser would, and keeps only what a message may contain.
fn as_a_browser_reads(html: &str) -> String {
    let blocks = ["p", "pre", "ul", "ol", "blockquote"];
    let mut parser = ammonia::Builder::empty();
    parser
        .tags(HashSet::from([
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
        .clean_content_tags(HashSet::new())
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "target", "rel"])),
            ("ol", HashSet::from(["start"])),
            ("span", HashSet::from(["data-person", "class"])),
        ]))
        .tag_attribute_values(
            blocks.into_iter().map(|tag| (tag, HashMap::from([("dir", HashSet::from(["auto"]))]))).collect(),
        )
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(None);
    parser.clean(html).to_string()
}

/// Texts crafted to cause harm.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"x\" onerror=\"alert(1)\" />",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<a href=\"javascript:alert(1)\" onclick=alert(1)>a</a>",
    "<form action=/v1/keys method=post><button>a",
    "<style>*{display:none}</style>",
    "<base href=//evil.example><meta http-equiv=refresh content=0>",
    "<textarea><plaintext><xmp><title>",
    "</p></div></article><h1>out</h1>",
    "--><!-- <![CDATA[ <? <!DOCTYPE html>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](  javascript:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](java&#10;script:alert&#40;1&#41;)",
    "[a](java&Tab;script&colon;alert(1))",
    "[a](&#x6A;avascript:alert(1))",
    "[a](&#1;javascript:alert(1))",
    "[a](\u{1}javascript:alert(1))",
    "[a](javascript&#58;alert(1))",
    "[a](vbscript:msgbox(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](file:///etc/passwd)",
    "[a](https://x\" onmouseover=\"alert(1))",
    "[a](https://x\"onmouseover=alert`1`)",
    "[a](https://x 'title\" onclick=\"alert(1)')",
    "[a](https://x \"title\\\" onclick=\\\"alert(1)\")",
    "![a\" onerror=\"alert(1)](x)",
    "![a](data:image/svg+xml,<svg onload=alert(1)>)",
    "<javascript:alert(1)>",
    "<https://a.example\" onclick=\"alert(1)>",
    "https://a.example\"onclick=alert(1)",
    "https://a.example'><script>alert(1)</script>",
    "www.a.example<script>alert(1)</script>",
    "a@b.example\"><script>alert(1)</script>",
    "[a]: javascript:alert(1)\n\n[a]",
    "[a][b]\n\n[b]: https://x \"\\\"><script>alert(1)</script>\"",
    "```\"><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```",
    "``` x\" onclick=\"alert(1)\na\n```",
    "`</code><script>alert(1)</script>`",
    "@Jane\" onclick=\"alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "\u{202e}gpj.exe\u{202c} \u{2066}a\u{202e}",
    "[\u{202e}moc.knab](https://evil.example)",
    "\u{200b}<\u{200b}script>\u{feff}<script\u{200b}>",
    "＜script＞alert(1)＜/script＞",
    "<ѕcript>𝒳</ѕcript>\u{10ffff}\u{fffe}",
    "<p dir=auto><a href=https://a.example target=_self rel=opener>a</a>",
    "<span class=\"mention\" data-person=\"x\">@Boss</span>",
];

fn is_safe(html: &str) -> bool {
    as_a_browser_reads(html) == html
        && html.matches("<a ").count()
            == html.matches(" target=\"_blank\" rel=\"noopener noreferrer nofollow\">").count()
}

#[test]
fn m1_hostile_texts_do_nothing() {
    for text in HOSTILE {
        for text in [
            text.to_string(),
            format!("- > {text}"),
            format!("**{text}**"),
            format!("{text}\n{text}\n\n{text}"),
        ] {
            let html = shown(&text);
            assert!(is_safe(&html), "{text:?} became {html}");
            for tag in [
                "<script",
                "<img",
                "<svg",
                "<iframe",
                "<style",
                "<form",
                "<h1",
                "<base",
                "<meta",
                "<textarea",
            ] {
                assert!(!html.to_lowercase().contains(tag), "{text:?} became {html}");
            }
            let links = html.match_indices("<a href=\"").map(|(at, mark)| &html[at + mark.len()..]);
            for link in links {
                let allowed = ["https://", "http://", "mailto:", "tel:"];
                assert!(allowed.iter().any(|scheme| link.starts_with(scheme)), "{text:?} became {html}");
            }
        }
    }
}

#[test]
fn m1_raw_html_is_shown_as_it_was_written() {
    for text in
        HOSTILE.iter().filter(|text| text.starts_with('<') && !text.contains("&") && !text.contains("https:"))
    {
        if !matches!(*text, "<javascript:alert(1)>") {
            assert_eq!(visible(&shown(text)).trim(), *text);
        }
    }
}

#[test]
fn m1_texts_made_to_be_slow_are_not() {
    let of = |pattern: &str| pattern.chars().cycle().take(10_000).collect::<String>();
    let steps: String = (0..140).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    let ticks: String = (1..140).map(|length| format!("{}a", "`".repeat(length))).collect();
    let patterns = [
        ">",
        "> ",
        "> - ",
        "[",
        "[]",
        "[a](",
        "![",
        "[a](<b",
        "*",
        "**a",
        "_*",
        "a*b",
        "*a_ ",
        "*a **a ",
        "~",
        "~a~~",
        "`",
        "<",
        "<!--",
        "<?",
        "<![CDATA[",
        "<a b=\"",
        "&",
        "&#1",
        "- ",
        "1. ",
        "-\n",
        "---\n",
        "# a\n",
        "[a]: b\n",
        "[x\n",
        "http://",
        "http://a.b ",
        "www.",
        "a@",
        "a@b.c",
        "a.",
        "\\",
        "```\n",
        "```\n> a\n",
        "|a\n|-\n",
        "\t- \n",
        "\u{a0}&",
        "\u{301}",
        "\u{202e}*a",
        "😀*",
        "a\n",
    ];
    let nested = format!("{}x{}", "**a ".repeat(1_250), " a**".repeat(1_250));
    let texts = patterns.into_iter().map(of).chain([steps, ticks, nested]);
    for text in texts {
        let begin = Instant::now();
        let html = shown(&text);
        let _ = plain(&text, 100);
        // Debug builds are about twenty times slower than release builds; quadratic work would be slower still.
        let start = text.chars().take(20).collect::<String>();
        assert!(begin.elapsed() < Duration::from_secs(3), "{start:?} took {:?}", begin.elapsed());
        assert!(is_safe(&html), "{start:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn m1_no_text_becomes_more_than_a_message_may_have(
        text in "(\\PC|[\\[\\]()<>*_~`#&;:!|\\\\/\"'=@ \n\t-]|<a href=|javascript:|https://|www\\.|&#|-->|<!--|\n> |\n- |\n1\\. |```|</p>|<b>){0,60}"
    ) {
        let html = shown(&text);
        prop_assert!(is_safe(&html), "{}", html);
    }
}
