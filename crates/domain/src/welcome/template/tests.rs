//! Templates: what is accepted, what is refused, and that no message shows a brace of a field or a link made by a name.

use super::*;
use proptest::prelude::*;

use crate::formatting;
use crate::formatting::plain_text;

fn name(given: &str, family: &str) -> Name {
    Name { given: given.to_string(), family: family.to_string(), email: "mail@client.example".to_string() }
}

fn values(client: Name) -> Values {
    let (company, brand) = ("Northwind Bakery".to_string(), "Harbor & Lee".to_string());
    Values { client, company, brand, sender: name("Jane", "Lee") }
}

fn nobody() -> Values {
    Values { client: name("", ""), company: String::new(), brand: String::new(), sender: name("", "") }
}

fn problem(text: &str) -> Problem {
    match parse("text", text) {
        Err(Error::Field { field: "text", problem }) => problem,
        other => panic!("{text:?} gives {other:?}"),
    }
}

#[test]
fn w2_every_field_stands_for_what_it_says() {
    let template = parse("text", "{{client.givenName}}/{{ client.familyName }}/{{client.fullName}}/{{company.name}}/{{brand.name}}/{{sender.givenName}}/{{sender.familyName}}/{{sender.fullName}}").unwrap();
    assert_eq!(
        template.fill(&values(name("Maya", "Okafor"))),
        "Maya/Okafor/Maya Okafor/Northwind Bakery/Harbor & Lee/Jane/Lee/Jane Lee"
    );
}

#[test]
fn w3_a_field_without_a_value_gets_a_fitting_word() {
    let template =
        parse("text", "Hello {{client.givenName}}, how is {{company.name}}? {{sender.givenName}}").unwrap();
    assert_eq!(template.fill(&nobody()), "Hello there, how is your company? Your contact");
    let only_family = Values { client: name("", "Okafor"), ..values(name("", "")) };
    assert_eq!(template.fill(&only_family), "Hello there, how is Northwind Bakery? Jane");
}

#[test]
fn w2_what_is_no_field_is_refused_with_its_name() {
    assert_eq!(problem("Hello {{client.nmae}}!"), Problem::NoMergeField("client.nmae".to_string()));
    assert_eq!(problem("{{}}"), Problem::NoMergeField(String::new()));
    assert_eq!(problem("{{Client.GivenName}}"), Problem::NoMergeField("Client.GivenName".to_string()));
    assert_eq!(problem("{{{client.givenName}}}"), Problem::NoMergeField("{client.givenName".to_string()));
    assert_eq!(problem("Hello {{client.given\nName"), Problem::OpenMergeField("client.given".to_string()));
    assert_eq!(problem("{{"), Problem::OpenMergeField(String::new()));
    assert_eq!(problem("Hello client.givenName}}"), Problem::NothingToClose);
    assert_eq!(problem("{{brand.name}}}}"), Problem::NothingToClose);
    assert_eq!(problem(" \n "), Problem::Empty);
    assert_eq!(problem(&"{{brand.name}}".repeat(21)), Problem::TooManyMergeFields(20));
    assert_eq!(problem(&"{{brand.name}}".repeat(4_000)), Problem::TooLong(TEMPLATE_CHARACTERS));
    assert_eq!(problem(&"x".repeat(50 * 1024)), Problem::TooLong(TEMPLATE_CHARACTERS));
    let long = format!("{{{{{}}}}}", "x".repeat(4_000));
    assert!(problem(&long).to_string().chars().count() < 150, "{}", problem(&long));
    assert!(problem("Hello {{client.nmae}}!").to_string().contains("{{client.nmae}}"));
}

#[test]
fn w2_single_braces_are_text() {
    let text = "Use {this} and {that}, { } and }{";
    assert_eq!(parse("text", text).unwrap().fill(&nobody()), text);
}

#[test]
fn w2_a_name_is_shown_as_it_is() {
    let hostile = [
        "**Bob**",
        "_x_ *y* ~~z~~",
        "`code`",
        "[here](https://evil.example)",
        "<b>Bob</b>",
        "&amp; &#38; &",
        "# Bob",
        "> Bob",
        "- Bob",
        "+ Bob",
        "12. Bob",
        "3) Bob",
        "\\Bob\\",
        "https://evil.example",
        "www.evil.example",
        "ftp://evil.example",
        "{{brand.name}}",
        "}}{{",
    ];
    for given in hostile {
        for text in
            ["{{client.givenName}}", "Hello {{client.givenName}}, welcome", "One\n{{client.givenName}} two"]
        {
            let filled = parse("text", text).unwrap().fill(&values(name(given, "")));
            let html = formatting::html(&filled, &[]);
            let expected = text.replace("{{client.givenName}}", given).replace('\n', " ");
            assert_eq!(plain_text::plain(&filled, 1_000), expected, "{filled:?}");
            for tag in ["<a", "<strong", "<em", "<del", "<code", "<ul", "<ol", "<blockquote"] {
                assert!(!html.contains(tag), "{html}");
            }
        }
    }
}

/// Text as people write it, with braces here and there.
fn texts() -> impl Strategy<Value = String> {
    "([a-zA-Z ,.!?\\n]{0,8}|[{}]{1,3}|\\{\\{ ?(client|company|brand|sender)\\.(givenName|familyName|fullName|name) ?\\}\\}|\\PC{0,3}){0,14}"
}

fn names() -> impl Strategy<Value = String> {
    "[A-Za-zäé' -]{0,12}|[ -~]{0,12}|\\PC{0,6}|[*_`~\\[\\]<>&#.:/wht-]{0,12}|a{200}|[*]{200}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn w2_what_is_taken_fills_without_braces_of_its_own(text in texts()) {
        if let Ok(template) = parse("text", &text) {
            let filled = template.fill(&nobody());
            prop_assert!(!filled.contains("{{") && !filled.contains("}}"), "{filled:?}");
            prop_assert!(!limits::is_blank(&filled));
        }
    }

    #[test]
    fn w2_what_was_taken_is_taken_again_as_the_same(text in texts()) {
        if let Ok(template) = parse("text", &text) {
            prop_assert_eq!(parse("text", &template.text()).unwrap(), template);
        }
    }

    #[test]
    fn w2_the_longest_text_with_the_longest_names_is_a_message(
        plain in 0..=TEMPLATE_CHARACTERS, fields in 0..=MERGE_FIELDS_MAX, given in names(), family in names(), company in names(),
    ) {
        let word = "{{client.fullName}}";
        let text = word.repeat(fields) + &"x".repeat(plain.saturating_sub(word.len() * fields).max(1));
        let template = parse("text", &text).unwrap();
        let values = Values { company, ..values(name(&given, &family)) };
        prop_assert!(limits::validate_message("text", &template.fill(&values), false).is_ok());
    }

    #[test]
    fn w2_no_name_formats_anything(given in names(), family in names()) {
        // A mail address in a name may become a `mailto:` link: that leads only to its owner.
        prop_assume!(!given.contains('@') && !family.contains('@'));
        prop_assume!(!given.chars().chain(family.chars()).any(char::is_control));
        let filled = parse("text", "Hello {{client.givenName}} and {{client.fullName}}, welcome").unwrap().fill(&values(name(&given, &family)));
        let html = formatting::html(&filled, &[]);
        for tag in ["<a", "<strong", "<em", "<del", "<code", "<ul", "<ol", "<blockquote", "<pre"] {
            prop_assert!(!html.contains(tag), "{} gives {}", filled, html);
        }
    }
}
