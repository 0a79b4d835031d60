//! One part whatever people and firms are called, and always the whole link.

use domain::kernel::ids::DeliveryId;
use domain::kernel::name::Name;
use domain::notify::phone_settings::PreparedCode;
use outbound::text::{Script, fits};
use proptest::prelude::*;
use store::Time;

use super::*;

const LINK: &str = "https://portal.example/r/0123456789ABCDEFGHIJKL";

fn name(given: &str, family: &str) -> Name {
    Name { given: given.to_string(), family: family.to_string(), email: "jane@firm.example".to_string() }
}

fn said(brand: &str, count: usize, from: &[(&str, &str)], link: &str) -> String {
    let from = from.iter().map(|(given, family)| name(given, family)).collect();
    let content = TextContent { brand: brand.to_string(), count, from, link: link.to_string() };
    let text = digest(DeliveryId::new(Time(0)), "+15005550006", &content);
    assert!(fits(&text.body), "{}", text.body);
    text.body
}

#[test]
fn n9_a_text_says_brand_how_many_from_whom_and_the_link() {
    for (count, from, expected) in [
        (1, &[("Jane", "Lee")] as &[_], "1 new message from Jane Lee."),
        (3, &[("Jane", "Lee")], "3 new messages from Jane Lee."),
        (2, &[("Jane", "Lee"), ("Tom", "")], "2 new messages from Jane Lee and Tom."),
        (9, &[("Jane", "Lee"), ("Tom", "H"), ("Ida", "P")], "9 new messages from Jane Lee and 2 others."),
        (4, &[], "4 new messages."),
        (1, &[("", "")], "1 new message."),
        (1, &[("evil.example", "")], "1 new message."),
        (1, &[("Łukasz", "Żak")], "1 new message from Lukasz Zak."),
        (1, &[("小明", "李")], "1 new message."),
    ] {
        assert_eq!(said("Harbor & Lee", count, from, LINK), format!("Harbor & Lee: {expected} {LINK}"));
    }
}

#[test]
fn n9_names_are_shortened_before_the_brand_and_the_link_never_is() {
    let long = "Wolfeschlegelsteinhausenbergerdorff";
    let text = said("Harbor & Lee Partners", 12, &[(long, long), (long, long)], LINK);
    assert_eq!(
        text,
        format!("Harbor & Lee Partners: 12 new messages from {long} Wolf.. and 1 other. {LINK}")
    );
    let brand = "The Very Old and Quite Respectable Firm of Harbor, Lee, Lee, Lee and Sons of Lee, Notaries";
    let text = said(brand, 12, &[("Jane", "Lee")], LINK);
    assert_eq!(text, format!("{brand}: 12 new messages. {LINK}"));
    let text = said(&brand.repeat(2), 1, &[("Jane", "Lee")], LINK);
    assert!(
        text.starts_with("The Very Old and Quite") && text.ends_with(&format!("..: 1 new message. {LINK}")),
        "{text}"
    );
}

#[test]
fn n9_a_brand_in_other_letters_goes_as_ucs_2_in_70_units() {
    let text = said("Юрист", 3, &[("Анна", "")], LINK);
    assert_eq!(text, format!("Юрист: 3 new messages. {LINK}"));
    let text = said("Юрист", 3, &[("Анна", "")], "https://a.io/r/0123456789ABCDEFGHIJKL");
    assert!(text.starts_with("Юрист: 3 new messages from Анна. https"), "{text}");
    assert!(matches!(Script::of(&text), Script::Ucs2(_)));
    // No room for it beside the link: in Latin letters, or not at all.
    let long = format!("https://{}.example/r/0123456789ABCDEFGHIJKL", "portal-of-a-firm".repeat(2));
    assert_eq!(said("São Paulo", 3, &[], &long), format!("Sao Paulo: 3 new messages. {long}"));
    assert_eq!(said("Юридическая", 3, &[], &long), format!("3 new messages. {long}"));
}

#[test]
fn n9_a_code_comes_first_and_in_one_part() {
    for brand in ["Harbor & Lee", "Юридическая фирма «Гавань»", &"x".repeat(200), "", "法律事務所"]
    {
        let prepared = PreparedCode {
            number: "+15005550006".to_string(),
            brand_name: brand.to_string(),
            code: "123456".to_string(),
        };
        let text = code(DeliveryId::new(Time(0)), &prepared);
        assert!(text.body.starts_with("123456 is your code") && fits(&text.body), "{}", text.body);
    }
}

proptest! {
    #[test]
    fn n9_every_text_has_one_part_and_the_whole_link(
        brand in "\\PC{1,60}|[a-zA-Z &]{1,200}|[€\\[\\]~]{1,200}|[А-Яа-я ]{1,80}",
        names in prop::collection::vec(("\\PC{0,40}|[A-Za-z]{1,80}", "\\PC{0,40}|[A-Za-z]{0,80}"), 0..5),
        count in 1_usize..100_000,
        host in "[a-z]{1,60}\\.[a-z]{2,40}",
    ) {
        let link = format!("https://{host}/r/0123456789ABCDEFGHIJKL");
        let from = names.iter().map(|(given, family)| name(given, family)).collect();
        let content = TextContent { brand, count, from, link: link.clone() };
        let body = body(&content);
        prop_assert!(fits(&body), "{}", body);
        prop_assert!(body.ends_with(&link));
        let has_count = body.contains(&format!("{count} new"));
        prop_assert!(has_count, "{}", body);
    }
}
