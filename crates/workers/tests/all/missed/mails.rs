//! What the mail of a digest says and how it behaves (N3, N7, N11).

use mail_parser::{HeaderValue, MessageParser};
use outbound::mail::Mail;

use crate::both_engines;
use crate::missed::office::{Office, PORTAL};

fn hides(office: &Office) {
    let ada = office.ada;
    let change = domain::settings::MessagingChange { hide_text: Some(true), ..Default::default() };
    office.write(move |tx| domain::settings::change_messaging(tx, &ada, &change));
}

fn header<'a>(mail: &'a Mail, name: &str) -> Option<&'a str> {
    mail.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

both_engines! {
    fn n11_the_mail_has_the_headers_that_let_mail_programs_behave(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "Hello **Bo**");
        office.minutes(5);
        office.posts(jane, channel, "And again");
        office.minutes(5);
        let mails = office.digests();
        assert_eq!(mails.len(), 2);
        let whole = mails[0].formatted().unwrap();
        let parsed = MessageParser::default().parse(&whole).unwrap();
        let from = parsed.from().unwrap().first().unwrap();
        assert_eq!(from.name(), Some("Jane Lee via Harbor & Lee"));
        assert_eq!(parsed.to().unwrap().iter().count(), 1);
        assert_eq!(parsed.subject(), Some("New messages: Harbor & Lee"));
        assert_eq!(parsed.message_id(), Some(mails[0].message_id.as_str()));
        assert_eq!(parsed.header("Auto-Submitted").and_then(HeaderValue::as_text), Some("auto-generated"));
        assert_eq!(
            parsed.header("List-Unsubscribe-Post").and_then(HeaderValue::as_text),
            Some("List-Unsubscribe=One-Click")
        );
        let unsubscribe = header(&mails[0], "List-Unsubscribe").unwrap();
        assert!(unsubscribe.starts_with(&format!("<{PORTAL}/unsubscribe/")), "{unsubscribe}");
        assert!(parsed.body_text(0).unwrap().contains("Hello **Bo**"));
        assert!(parsed.body_html(0).unwrap().contains("Hello <strong>Bo</strong>"));
        assert_eq!(header(&mails[0], "References"), header(&mails[1], "References"), "one steady root");
        assert_ne!(mails[0].message_id, mails[1].message_id);
        assert_ne!(unsubscribe, header(&mails[1], "List-Unsubscribe").unwrap());
    }

    fn n7_each_channel_has_one_button_and_its_link_in_both_parts(office) {
        let acme = office.company("Acme");
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[acme]));
        for channel in [office.channel_of(bo), office.channel(domain::channels::Subject::Company(acme))] {
            office.posts(jane, channel, "Hello");
        }
        office.minutes(5);
        let mails = office.digests_to(bo);
        let links: Vec<&str> = mails[0].text.lines().filter(|line| line.contains("/r/")).collect();
        assert_eq!(links.len(), 2);
        for link in links {
            assert!(link.starts_with(&format!("{PORTAL}/r/")));
            assert_eq!(mails[0].html.matches(&format!("href=\"{link}\"")).count(), 1);
        }
        assert_eq!(mails[0].html.matches(">Reply</a>").count(), 2);
        assert_eq!(header(&mails[0], "References"), Some(&*format!("<person.{}@portal.example>", bo.person)));
    }

    fn n11_hidden_text_stands_in_no_part_of_the_mail(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        hides(office);
        office.posts(jane, office.channel_of(bo), "The verdict is confidential");
        office.minutes(5);
        let mails = office.digests();
        let whole = String::from_utf8(mails[0].formatted().unwrap()).unwrap();
        for part in [&mails[0].subject, &mails[0].text, &mails[0].html, &whole] {
            assert!(!part.contains("verdict") && !part.contains("confidential"), "{part}");
        }
        assert!(mails[0].text.contains("Jane Lee, Mon 5 Jan, 09:00 UTC"), "{}", mails[0].text);
    }

    fn n11_hostile_names_and_texts_inject_neither_headers_nor_html(office) {
        let hostile = "<img src=x onerror=alert(1)>\u{202e}\"</title>";
        let text = "\nBcc: eve@evil.example\n\nReply:\nhttps://evil.example\n<script>alert(1)</script>\n[x](javascript:alert(1))";
        let (bo, ada) = (office.client("Bo", &[]), office.ada);
        office.write(move |tx| domain::workspaces::rename(tx, &ada, "Harbor <b>& \"Lee\"</b>"));
        office.write(move |tx| {
            let change = domain::people::SelfChange { given_name: Some(hostile.to_string()), ..Default::default() };
            domain::people::edit_self(tx, &ada, &change)
        });
        office.posts(ada, office.channel_of(bo), text);
        office.minutes(5);
        let mails = office.digests_to(bo);
        let whole = mails[0].formatted().unwrap();
        let parsed = MessageParser::default().parse(&whole).unwrap();
        assert!(parsed.bcc().is_none());
        assert_eq!(parsed.from().unwrap().iter().count(), 1);
        assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("notifications@portal.example"));
        let html = &mails[0].html;
        for markup in ["<img", "<script", "<b>", "href=\"javascript", "\u{202e}</"] {
            assert!(!html.contains(markup), "{markup}");
        }
        assert_eq!(html.matches("<title>").count(), 1);
        assert!(!mails[0].text.lines().any(|line| line == "https://evil.example"));
    }

    fn n3_more_than_a_page_of_messages_is_counted_not_shown(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        for number in 0..53 {
            office.posts(jane, channel, &format!("number {number:02}."));
        }
        office.minutes(5);
        let mails = office.digests();
        assert!(mails[0].text.contains("number 49.") && !mails[0].text.contains("number 50."));
        assert!(mails[0].text.contains("And 3 more messages."));
    }

    fn n3_times_stand_in_the_readers_own_zone(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.write(move |tx| {
            let change =
                domain::people::SelfChange { time_zone: Some("America/New_York".to_string()), ..Default::default() };
            domain::people::edit_self(tx, &bo, &change)
        });
        office.posts(jane, office.channel_of(bo), "Hello");
        office.minutes(5);
        assert!(office.digests()[0].text.contains("Jane Lee, Mon 5 Jan, 04:00\n"), "{}", office.digests()[0].text);
    }
}
