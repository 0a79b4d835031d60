//! What the mail of a digest says and how it behaves (N3, N7, N11).

use domain::administration::{profile, settings};
use domain::channels::channel::Kind;
use domain::channels::starting;
use domain::directory::addressee::Addressee;
use domain::files::{changing, listing};
use domain::kernel::ids::{ChannelId, DigestId, PersonId};
use domain::kernel::name::Name;
use domain::kernel::secrets::Secret;
use domain::notify::digests::{Digest, DigestChannel, DigestMessage, SentFile};
use domain::tenant::brand::Brand;
use domain::tenant::workspaces;
use mail_parser::{HeaderValue, MessageParser};
use outbound::mail::Mail;
use proptest::prelude::*;
use workers::MailComposer;

use crate::both_engines;
use crate::digests::office::{MORNING, Office, PORTAL};

fn hides(office: &Office) {
    let ada = office.ada;
    let change = settings::MessagingChange { hide_text: Some(true), ..Default::default() };
    office.write(move |tx| settings::change_messaging(tx, &ada, &change));
}

fn header<'a>(mail: &'a Mail, name: &str) -> Option<&'a str> {
    mail.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// The mail of a digest in which everything that people name is this.
fn named(word: &str) -> Mail {
    let name =
        || Name { given: word.to_string(), family: word.to_string(), email: "bo@client.example".to_string() };
    let file = SentFile { name: word.to_string(), size: 1_460, is_removed: false };
    let said = DigestMessage {
        author: PersonId::new(MORNING),
        author_name: name(),
        sent_at: MORNING,
        edited_at: None,
        text: "Hello".to_string(),
        files: vec![file],
    };
    let part = || DigestChannel {
        channel: ChannelId::new(MORNING),
        title: word.to_string(),
        kind: Kind::Client,
        messages: vec![said.clone()],
        more: 0,
        link: Secret::short(),
    };
    let digest = Digest {
        id: DigestId::new(MORNING),
        created_at: MORNING,
        to: Addressee {
            person: PersonId::new(MORNING),
            name: name(),
            brand_name: word.to_string(),
            brand: Brand::default(),
            host: None,
        },
        time_zone: None,
        hides_text: false,
        channels: vec![part(), part()],
        unsubscribe: Some(Secret::new()),
    };
    MailComposer::new(PORTAL, "notifications@portal.example").digest(MORNING, &digest)
}

proptest! {
    #[test]
    fn n11_whatever_people_are_called_the_mail_keeps_its_headers_its_recipient_and_its_html(
        word in prop_oneof![
            any::<String>(),
            r"[\r\n ]{1,3}(Bcc|To|Subject|Content-Type): ?[a-z@.<>, ;=/]{0,30}[\r\n]{0,4}.{0,20}",
            r#"[<>"'&;=/a-z\r\n\u{0}-\u{1f}\u{202a}-\u{202e}\u{2028}]{1,40}"#,
        ],
    ) {
        let (mail, plain) = (named(&word), named("Bo"));
        for mark in ["<", ">", "\""] {
            prop_assert_eq!(mail.html.matches(mark).count(), plain.html.matches(mark).count(), "{}", mark);
        }
        // However long: what one of these cannot be is refused, and never sent in another form.
        if let Ok(whole) = mail.formatted() {
            let parsed = MessageParser::default().parse(&whole).expect("a mail");
            let names = |mail: &mail_parser::Message<'_>| -> Vec<String> {
                mail.headers().iter().map(|header| header.name().to_string()).collect()
            };
            let whole = plain.formatted().expect("a mail");
            let plain = MessageParser::default().parse(&whole).expect("a mail");
            prop_assert_eq!(names(&parsed), names(&plain));
            prop_assert_eq!(parsed.parts.len(), plain.parts.len());
            let addresses = |header: Option<&mail_parser::Address<'_>>| -> Vec<String> {
                let all = header.into_iter().flat_map(|header| header.iter());
                all.filter_map(|one| one.address()).map(str::to_string).collect()
            };
            prop_assert_eq!(addresses(parsed.to()), ["bo@client.example"]);
            prop_assert_eq!(addresses(parsed.from()), ["notifications@portal.example"]);
            prop_assert_eq!(parsed.html_body_count() + parsed.text_body_count(), 2);
        }
    }
}

both_engines! {
    fn n3_names_and_sizes_of_files_stand_with_their_message(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts_files(jane, channel, "", &[("Deed <b>.pdf", 1_460), ("old.pdf", 2_000_000)]);
        office.minutes(1);
        let ada = office.ada;
        office.write(move |tx| {
            let found = listing::in_folder(tx, &ada, channel, None, None, 10)?;
            let old = found.iter().find(|entry| entry.name == "old.pdf").expect("the file");
            changing::delete(tx, &ada, channel, &[old.id], changing::Contents::Refuse).map(|_| ())
        });
        office.minutes(4);
        let mails = office.digests_to(bo);
        assert!(mails[0].text.contains("    [Deed <b>.pdf, 1.5 KB]\n    [old.pdf, removed]\n"), "{}", mails[0].text);
        assert!(mails[0].html.contains("Deed &#60;b&#62;.pdf") && mails[0].html.contains(">1.5 KB</span>"));
        // What a list of mails shows after the subject says what came.
        assert!(mails[0].html.contains("Jane Lee: Deed &#60;b&#62;.pdf, old.pdf</div>"));
        hides(office);
        office.posts_files(jane, channel, "", &[("verdict.pdf", 1), ("testament.pdf", 1)]);
        office.minutes(5);
        let hidden = &office.digests_to(bo)[1];
        assert!(hidden.text.contains("    [2 files]\n") && hidden.html.contains("2 files"));
        for part in [&hidden.subject, &hidden.text, &hidden.html] {
            assert!(!part.contains("verdict") && !part.contains("testament"), "{part}");
        }
    }

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
        for channel in [office.channel_of(bo), office.channel(starting::Subject::Company(acme))] {
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
        // Whoever opens it is told why it says so little.
        for part in [&mails[0].text, &mails[0].html] {
            assert!(part.contains("What was written is not in this email"), "{part}");
        }
    }

    fn n11_hostile_names_and_texts_inject_neither_headers_nor_html(office) {
        let hostile = "<img src=x onerror=alert(1)>\u{202e}\"</title>";
        let text = "\nBcc: eve@evil.example\n\nReply:\nhttps://evil.example\n<script>alert(1)</script>\n[x](javascript:alert(1))";
        let (bo, ada) = (office.client("Bo", &[]), office.ada);
        office.write(move |tx| workspaces::rename(tx, &ada, "Harbor <b>& \"Lee\"</b>"));
        office.write(move |tx| {
            let change = profile::SelfInput { given_name: hostile.to_string().into(), ..Default::default() };
            profile::edit_self(tx, &ada, &change)
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
                profile::SelfInput { time_zone: "America/New_York".to_string().into(), ..Default::default() };
            profile::edit_self(tx, &bo, &change)
        });
        office.posts(jane, office.channel_of(bo), "Hello");
        office.minutes(5);
        assert!(office.digests()[0].text.contains("Jane Lee, Mon 5 Jan, 04:00\n"), "{}", office.digests()[0].text);
    }
}
