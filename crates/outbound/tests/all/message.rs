//! A mail as others read it: whatever people typed, it has the headers and the one recipient that it was given.

use mail_parser::{Message, MessageParser, MimeHeaders};
use outbound::mail::{Mail, MailErrorKind, Mailbox, is_address, one_line};
use proptest::prelude::*;

const USUAL_HEADERS: [&str; 8] =
    ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

fn mail() -> Mail {
    Mail {
        message_id: "digest.0190@portal.example".to_owned(),
        date_ms: 1_800_000_000_999,
        from: Mailbox::new("Jane Lee via Harbor & Lee", "notifications@portal.example"),
        to: Mailbox::new("Maria Santos", "maria@client.example"),
        subject: "Jane wrote to you".to_owned(),
        text: "The deed is signed — thank you.\n\nJane".to_owned(),
        html: "<p>The deed is signed — thank you.</p>".to_owned(),
        headers: vec![],
    }
}

fn parse(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).unwrap()
}

/// The names of the headers before the first empty line, in any order.
fn header_names(parsed: &Message<'_>) -> Vec<String> {
    let mut names: Vec<_> = parsed.headers().iter().map(|header| header.name().to_lowercase()).collect();
    names.sort();
    names
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
    names.sort();
    names
}

/// Lines end in CR LF only, are short enough for any server (RFC 5322, 2.1.1), and all is ASCII without other control
/// characters than the tab.
fn assert_fit_for_the_wire(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(line.len() <= 998, "{} bytes", line.len());
        assert!(line.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')), "{line:?}");
    }
}

/// The first characters, as a name or a subject is cut.
fn cut(line: &str, characters_max: usize) -> String {
    match line.chars().nth(characters_max) {
        None => line.to_owned(),
        Some(_) => line.chars().take(characters_max - 1).collect::<String>().trim_end().to_owned() + "…",
    }
}

#[test]
fn n11_a_mail_has_text_and_html_and_is_marked_as_sent_by_a_machine() {
    let bytes = mail().formatted().unwrap();
    assert_fit_for_the_wire(&bytes);
    let parsed = parse(&bytes);
    assert_eq!(header_names(&parsed), sorted(&USUAL_HEADERS));
    assert_eq!(parsed.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
    assert_eq!(parsed.header_raw("Message-ID").unwrap().trim(), "<digest.0190@portal.example>");
    assert_eq!(parsed.header_raw("Date").unwrap().trim(), "Fri, 15 Jan 2027 08:00:00 +0000");
    assert_eq!(parsed.subject(), Some("Jane wrote to you"));
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Jane Lee via Harbor & Lee"));
    assert_eq!(from.address(), Some("notifications@portal.example"));
    let to = parsed.to().unwrap().first().unwrap();
    assert_eq!((to.name(), to.address()), (Some("Maria Santos"), Some("maria@client.example")));

    assert_eq!(parsed.content_type().unwrap().ctype(), "multipart");
    assert_eq!(parsed.content_type().unwrap().subtype(), Some("alternative"));
    let parts: Vec<_> = parsed.parts[1..].iter().map(|part| part.content_type().unwrap()).collect();
    assert_eq!(parts.iter().map(|part| part.subtype().unwrap()).collect::<Vec<_>>(), ["plain", "html"]);
    assert!(parts.iter().all(|part| part.attribute("charset") == Some("utf-8")));
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), "The deed is signed — thank you.\r\n\r\nJane");
    assert_eq!(parsed.body_html(0).unwrap().trim_end(), "<p>The deed is signed — thank you.</p>");
}

#[test]
fn n11_a_mail_carries_the_further_headers_it_was_given() {
    let address = format!("<https://portal.example/unsubscribe/{}>", "a".repeat(120));
    let mut mail = mail();
    mail.headers = vec![
        ("References", "<channel.1@portal.example> <channel.2@portal.example>".to_owned()),
        ("List-Unsubscribe", address.clone()),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
    ];
    let bytes = mail.formatted().unwrap();
    let parsed = parse(&bytes);
    assert_eq!(parsed.header_raw("List-Unsubscribe").unwrap().trim(), address);
    assert_eq!(parsed.header_raw("List-Unsubscribe-Post").unwrap().trim(), "List-Unsubscribe=One-Click");
    assert_eq!(
        parsed.references().as_text_list().unwrap(),
        ["channel.1@portal.example", "channel.2@portal.example"]
    );
}

#[test]
fn a_header_that_the_mail_has_anyway_or_that_is_none_cannot_be_added() {
    for name in ["Bcc", "to", "FROM", "Subject", "content-type", "", "X Y", "X:Y", "X\r\nBcc", "Ü"] {
        let mut mail = mail();
        mail.headers.push((name, "eve@evil.example".to_owned()));
        assert_eq!(mail.formatted().unwrap_err().kind, MailErrorKind::Permanent, "{name:?}");
    }
}

#[test]
fn a_mail_without_a_proper_message_id_is_refused() {
    for message_id in ["", "digest", "<digest@portal.example>", "a@b\r\nBcc: eve@evil.example"] {
        let mail = Mail { message_id: message_id.to_owned(), ..mail() };
        assert_eq!(mail.formatted().unwrap_err().kind, MailErrorKind::Permanent, "{message_id:?}");
    }
}

#[test]
fn an_encoded_word_that_somebody_typed_stays_as_typed() {
    let mut mail = mail();
    mail.subject = "=?utf-8?b?Cg==?= =?us-ascii?q?=0D=0ABcc:_eve?=".to_owned();
    mail.to.name = mail.subject.clone();
    let bytes = mail.formatted().unwrap();
    let parsed = parse(&bytes);
    assert_eq!(parsed.subject(), Some(mail.subject.as_str()));
    assert_eq!(parsed.to().unwrap().first().unwrap().name(), Some(mail.subject.as_str()));
    assert_eq!(header_names(&parsed), sorted(&USUAL_HEADERS));
}

#[test]
fn one_line_keeps_words_and_drops_what_breaks_or_turns_lines() {
    assert_eq!(one_line(" a\tb\r\n\u{2028}c\0d\u{85}e "), "a b c d e");
    assert_eq!(one_line("Jane\u{202e}eeL\u{202c} \u{2066}x\u{2069} \u{200f}"), "JaneeeL x");
    assert_eq!(one_line("שלום 👩‍👩‍👧 é"), "שלום 👩‍👩‍👧 é");
    assert_eq!(one_line("\r\n\0"), "");
}

#[test]
fn debugging_a_mail_shows_no_text_and_no_address() {
    let shown = format!("{:?}", mail());
    assert!(shown.contains("digest.0190@portal.example"));
    assert!(!shown.contains("Jane") && !shown.contains("maria") && !shown.contains("deed"), "{shown}");
}

/// Any text at all, and texts made of what has broken mail before.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        2 => "[ -~]{0,12}",
        1 => (1usize..1200).prop_map(|length| "x".repeat(length)),
        1 => (1usize..400).prop_map(|length| "🙂".repeat(length)),
        4 => prop::sample::select(vec![
            "\r\n", "\n", "\r", "\0", "\t", "  ", "\r\n ", "\r\n\r\n", "\r\nBcc: eve@evil.example", "\nTo: eve@evil.example\n",
            "\"", "\\", "'", "<", ">", "<eve@evil.example>", ",", ";", ":", "(", ")", "@", "=?", "?=", "=?utf-8?b?Cg==?=",
            "=?utf-8?q?=0D=0A?=", "=", "_", "?", "\u{202e}", "\u{2066}", "\u{200f}", "\u{feff}", "\u{2028}", "\u{85}",
            "é", "日本", "🙂", "👩‍👩‍👧", "\u{10ffff}", "\u{7f}", ".", "\r\n.\r\n", "From ", "--",
        ]).prop_map(String::from),
    ];
    prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_typed_the_mail_reads_back_as_given(
        subject in hostile(), sender in hostile(), recipient in hostile(), text in hostile(), channel in hostile(),
    ) {
        let mut mail = mail();
        mail.subject = subject;
        mail.from.name = sender;
        mail.to.name = recipient;
        mail.html = format!("<p>{text}</p>");
        mail.text = text;
        mail.headers.push(("X-Channel", channel));
        let bytes = mail.formatted().unwrap();
        assert_fit_for_the_wire(&bytes);
        let parsed = parse(&bytes);

        prop_assert_eq!(header_names(&parsed), sorted(&[&USUAL_HEADERS[..], &["X-Channel"]].concat()));
        prop_assert_eq!(parsed.subject().unwrap_or_default(), cut(&one_line(&mail.subject), 250));
        for (written, read, address) in [
            (&mail.from, parsed.from().unwrap(), "notifications@portal.example"),
            (&mail.to, parsed.to().unwrap(), "maria@client.example"),
        ] {
            let read = read.as_list().unwrap();
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(read[0].address(), Some(address));
            prop_assert_eq!(read[0].name().unwrap_or_default(), cut(&one_line(&written.name), 120));
        }
        prop_assert_eq!(parsed.parts.len(), 3);
        prop_assert_eq!(parsed.attachment_count(), 0);
        let visible = |text: &str| text.chars().filter(|character| !character.is_control()).collect::<String>();
        prop_assert_eq!(visible(parsed.parts[1].text_contents().unwrap()), visible(&mail.text));
        prop_assert_eq!(visible(parsed.parts[2].text_contents().unwrap()), visible(&mail.html));
    }

    #[test]
    fn any_text_as_a_recipient_is_refused_or_is_exactly_one(
        text in prop_oneof![
            hostile(),
            hostile().prop_map(|text| text + "@firm.example"),
            hostile().prop_map(|text| "jane@".to_owned() + &text),
            "[!-~]{1,10}@[a-z.\\[\\]0-9:]{1,12}",
            Just("#@::".to_owned()),
            "\\PC{1,6}@\\PC{1,6}",
        ],
    ) {
        let mut mail = mail();
        mail.to = Mailbox::new("", text.clone());
        match mail.formatted() {
            Err(error) => {
                prop_assert_eq!(error.kind, MailErrorKind::Permanent);
                prop_assert!(!is_address(&text));
            }
            Ok(bytes) => {
                let parsed = parse(&bytes);
                prop_assert_eq!(header_names(&parsed), sorted(&USUAL_HEADERS));
                let to = parsed.to().unwrap().as_list().unwrap();
                prop_assert_eq!(to.len(), 1);
                let (user, domain) = text.rsplit_once('@').unwrap();
                let (user_read, domain_read) = to[0].address().unwrap().rsplit_once('@').unwrap();
                prop_assert_eq!(user_read, user);
                // Its domain may be written as the DNS has it.
                let in_dns = url::Host::parse(domain).map(|host| host.to_string());
                prop_assert!(domain_read == domain || Ok(domain_read) == in_dns.as_deref(), "{domain_read}");
            }
        }
    }
}
