//! A message's text as HTML shows what its author meant (M1, M8).

mod hostile;

use std::collections::HashSet;

use domain::formatting::emoji::is_emoji_only;
use domain::formatting::plain_text::plain;
use domain::formatting::{html, mentions};
use domain::kernel::ids::PersonId;
use proptest::prelude::*;
use store::Time;

fn shown(text: &str) -> String {
    html(text, &[])
}

/// The visible text of HTML.
fn visible(html: &str) -> String {
    let mut parser = ammonia::Builder::empty();
    parser.clean_content_tags(HashSet::new());
    let text = parser.clean(&html.replace("<br>", "\n").replace("</p>", "\n")).to_string();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

#[test]
fn m1_light_formatting_is_shown() {
    for (text, expected) in [
        ("Hello", "<p dir=\"auto\">Hello</p>"),
        ("one\ntwo\n\nthree", "<p dir=\"auto\">one<br>two</p><p dir=\"auto\">three</p>"),
        (
            "**bold** *italic* ~~strike~~ `a <b> **c**`",
            "<p dir=\"auto\"><strong>bold</strong> <em>italic</em> <del>strike</del> <code>a &lt;b&gt; **c**</code></p>",
        ),
        (
            "```rust\nlet a = 1;\n\n  <b>\n```",
            "<pre dir=\"auto\"><code>let a = 1;\n\n  &lt;b&gt;\n</code></pre>",
        ),
        (
            "Please bring:\n- passport\n- **deed**\nThank you",
            "<p dir=\"auto\">Please bring:</p><ul dir=\"auto\"><li>passport</li><li><strong>deed</strong></li></ul>\
             <p dir=\"auto\">Thank you</p>",
        ),
        ("3. c\n4. d", "<ol start=\"3\" dir=\"auto\"><li>c</li><li>d</li></ol>"),
        ("1. a\n\n2. b", "<ol dir=\"auto\"><li><p>a</p></li><li><p>b</p></li></ol>"),
        (
            "> as you wrote\n> before\nYes",
            "<blockquote dir=\"auto\"><p>as you wrote<br>before</p></blockquote><p dir=\"auto\">Yes</p>",
        ),
        ("snake_case and 2 * 3 * 4", "<p dir=\"auto\">snake_case and 2 * 3 * 4</p>"),
        ("- a\n  - b", "<ul dir=\"auto\"><li>a<ul><li>b</li></ul></li></ul>"),
        ("", ""),
        (" \n\t", ""),
    ] {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

#[test]
fn m1_what_a_message_has_no_element_for_is_shown_as_written() {
    for (text, expected) in [
        ("# Hello", "<p dir=\"auto\"># Hello</p>"),
        ("### *Hello*", "<p dir=\"auto\">### <em>Hello</em></p>"),
        ("Total\n=====", "<p dir=\"auto\">Total<br>=====</p>"),
        ("Total\n-----", "<p dir=\"auto\">Total</p><p dir=\"auto\">-----</p>"),
        ("> a\n>\n> * * *", "<blockquote dir=\"auto\"><p>a</p><p>* * *</p></blockquote>"),
        ("|a|b|\n|-|-|\n|1|2|", "<p dir=\"auto\">|a|b|<br>|-|-|<br>|1|2|</p>"),
        ("<b>bold</b>", "<p dir=\"auto\">&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("<div>\n**a**\n</div>", "<p dir=\"auto\">&lt;div&gt;<br>**a**<br>&lt;/div&gt;</p>"),
        ("a <!-- b --> c", "<p dir=\"auto\">a &lt;!-- b --&gt; c</p>"),
        ("[note]: here", "<p dir=\"auto\">[note]: here</p>"),
        ("- [ ] open\n- [x] done", "<ul dir=\"auto\"><li>[ ] open</li><li>[x] done</li></ul>"),
        ("a[^1]\n\n[^1]: b", "<p dir=\"auto\">a[^1]</p><p dir=\"auto\">[^1]: b</p>"),
        ("I <3 you & me", "<p dir=\"auto\">I &lt;3 you &amp; me</p>"),
    ] {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

#[test]
fn m1_addresses_become_links_that_learn_nothing() {
    let link = |href: &str, text: &str| {
        format!("<a href=\"{href}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">{text}</a>")
    };
    for (text, expected) in [
        (
            "see https://a.example/b?c=d&e=f.",
            format!("see {}.", link("https://a.example/b?c=d&amp;e=f", "https://a.example/b?c=d&amp;e=f")),
        ),
        ("(http://a.example)", format!("({})", link("http://a.example", "http://a.example"))),
        ("Https://A.example", link("Https://A.example", "Https://A.example")),
        ("www.a.example", link("http://www.a.example", "www.a.example")),
        ("jane@a.example", link("mailto:jane@a.example", "jane@a.example")),
        ("mailto:jane@a.example", link("mailto:jane@a.example", "mailto:jane@a.example")),
        ("[call](tel:+441234)", link("tel:+441234", "call")),
        ("[**a**](https://b.example \"title\")", link("https://b.example", "<strong>a</strong>")),
        ("![a *plan*](https://b.example/c.png)", link("https://b.example/c.png", "a <em>plan</em>")),
        ("![](https://b.example/c.png)", link("https://b.example/c.png", "https://b.example/c.png")),
        ("[![a](https://b.example)](https://c.example)", link("https://c.example", "a")),
        ("[](https://b.example)", link("https://b.example", "https://b.example")),
        ("`https://a.example`", "<code>https://a.example</code>".to_string()),
    ] {
        assert_eq!(shown(text), format!("<p dir=\"auto\">{expected}</p>"), "{text:?}");
    }
}

#[test]
fn m1_links_elsewhere_are_shown_as_written() {
    for (text, expected) in [
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("[a](b)", "[a](b)"),
        ("[a](/settings)", "[a](/settings)"),
        ("![a](//evil.example)", "![a](//evil.example)"),
        ("ftp://a.example/b", "ftp://a.example/b"),
        ("<steam://run>", "steam://run"),
    ] {
        assert_eq!(shown(text), format!("<p dir=\"auto\">{expected}</p>"), "{text:?}");
    }
}

#[test]
fn m1_text_that_turns_direction_ends_with_its_block() {
    let html = shown("\u{202e}abc\n\n\u{202e}- def\n\n- ghi");
    assert_eq!(
        html,
        "<p dir=\"auto\">\u{202e}abc</p><p dir=\"auto\">\u{202e}- def</p><ul dir=\"auto\"><li>ghi</li></ul>"
    );
    assert_eq!(plain("\u{202e}abc \u{2067}d\u{200f}e", 100), "abc d\u{200f}e");
}

#[test]
fn m8_mentions_are_marked_where_they_are_words() {
    let [jane, lee] = [PersonId::new(Time(0)), PersonId::new(Time(1))];
    let names = [(jane, "Jane".to_string()), (lee, "Jane Lee".to_string())];
    let mark = |person: PersonId, name: &str| {
        format!("<span class=\"mention\" data-person=\"{person}\">@{name}</span>")
    };
    for (text, expected) in [
        ("@Jane, hello", format!("{}, hello", mark(jane, "Jane"))),
        ("hello @Jane Lee!", format!("hello {}!", mark(lee, "Jane Lee"))),
        ("**@Jane** (@Jane)", format!("<strong>{0}</strong> ({0})", mark(jane, "Jane"))),
        ("@Janet a@Jane @jane @ Jane", "@Janet a@Jane @jane @ Jane".to_string()),
        ("`@Jane`", "<code>@Jane</code>".to_string()),
        ("@Jane@Jane", format!("{}@Jane", mark(jane, "Jane"))),
    ] {
        assert_eq!(html(text, &names), format!("<p dir=\"auto\">{expected}</p>"), "{text:?}");
    }
    assert!(!html("[@Jane](https://a.example)", &names).contains("mention"));
    assert!(!html("```\n@Jane\n```", &names).contains("mention"));
    let odd = [(jane, "R&D \"x\"".to_string()), (lee, String::new())];
    assert_eq!(html("@R&D \"x\"", &odd), format!("<p dir=\"auto\">{}</p>", mark(jane, "R&amp;D \"x\"")));
}

#[test]
fn m8_a_name_is_mentioned_as_a_whole_word() {
    for text in ["@Jane", "hello @Jane.", "(@Jane)", "a @Janet @Jane", "@Jane's", "@Jane\u{2019}s"] {
        assert!(mentions(text, "Jane"), "{text}");
    }
    for text in ["", "Jane", "@Janet", "@jane", "jane@Jane.example", "@ Jane", "@Jané", "@Jane2"] {
        assert!(!mentions(text, "Jane"), "{text}");
    }
    assert!(mentions("@Jane Lee", "Jane Lee") && !mentions("@", "") && !mentions("@ a", ""));
}

#[test]
fn m1_first_words_are_plain() {
    for (text, most, expected) in [
        ("Hello", 100, "Hello"),
        ("  a\n\n\tb \u{3000} c ", 100, "a b c"),
        ("**bold** _it_ `code` ~~no~~\n- one\n- two\nend", 100, "bold it code no one two end"),
        ("> quoted\nanswer", 100, "quoted answer"),
        ("[the deed](https://a.example/long) ![plan](https://b.example)", 100, "the deed plan"),
        ("![](https://b.example)", 100, "https://b.example"),
        ("<b>x</b> & ```y", 100, "<b>x</b> & ```y"),
        ("```\nlet a;\n```", 100, "let a;"),
        ("one two three", 8, "one two…"),
        ("one two three", 13, "one two three"),
        ("onetwothree", 5, "onet…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 8, "👩‍👩‍👧‍👦…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 7, "…"),
        ("e\u{301}e\u{301}e\u{301}", 5, "e\u{301}e\u{301}…"),
        ("❤️❤️❤️", 4, "❤️…"),
        ("🇩🇪🇫🇷🇮🇹", 5, "🇩🇪🇫🇷…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("", 10, ""),
        ("abc", 0, "…"),
    ] {
        assert_eq!(plain(text, most), expected, "{text:?} in {most}");
    }
    let long = plain(&"word ".repeat(2_000), 60);
    assert!(long.ends_with("word…") && long.chars().count() <= 60);
}

#[test]
fn m1_a_few_emoji_alone_are_known() {
    for text in ["👍", "❤️", "❤", " 😀 🎉\n🚀 ", "👩‍👩‍👧‍👦", "👍🏽👍🏽👍🏽", "🇩🇪🇫🇷", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©️", "🏳️‍🌈", "✅"]
    {
        assert!(is_emoji_only(text), "{text:?}");
    }
    for text in [
        "",
        " ",
        "a",
        "1",
        "12",
        "👍👍👍👍",
        "👍 ok",
        "©",
        "→",
        "\u{fe0f}",
        "\u{200d}",
        "👍\u{200d}",
        "🇩",
        "#",
        "＃",
    ] {
        assert!(!is_emoji_only(text), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn m1_words_without_marks_are_shown_as_they_are(text in "[a-zA-Z0-9äé漢😀.,;?!'\"()%/ -]{1,60}(\n[a-z äé漢.,]{1,40}){0,3}") {
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        // Lines start with a letter, because a dash at the start would make a list.
        let text = text.split('\n').map(|line| format!("x{line}")).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(words(&visible(&shown(&text))), words(&text));
        prop_assert_eq!(words(&plain(&text, 1_000)), words(&text));
    }

    #[test]
    fn m1_first_words_fit_and_are_one_line(text in "(\\PC|[*_`>\n -]){0,80}", most in 1usize..40) {
        let plain = plain(&text, most);
        prop_assert!(plain.chars().count() <= most, "{}", plain);
        prop_assert!(!plain.contains(['\n', '\t']) && !plain.contains("  "));
    }
}
