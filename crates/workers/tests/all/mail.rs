//! What mails say: the same in both parts, one button, and nothing that people typed becomes markup.

use crate::support::{MORNING, PORTAL, code_of, link_of};
use domain::arrival::invitations::PreparedInvitation;
use domain::arrival::sign_in::Prepared;
use domain::directory::addressee::Addressee;
use domain::kernel::ids::{DeliveryId, PersonId};
use domain::kernel::name::Name;
use domain::kernel::secrets::Secret;
use domain::tenant::brand::Brand;
use outbound::mail::Mail;
use workers::MailComposer;

fn composer() -> MailComposer {
    MailComposer::new(&format!("{PORTAL}/"), "notifications@portal.example")
}

fn to(given: &str, brand: &str) -> Addressee {
    let email = "maria@client.example".to_string();
    Addressee {
        person: PersonId::new(MORNING),
        name: Name { given: given.to_string(), family: String::new(), email },
        brand_name: brand.to_string(),
        brand: Brand::default(),
        host: None,
    }
}

fn prepared(to: Addressee, is_sign_up: bool) -> Prepared {
    Prepared { to, code: "048213".to_string(), link_secret: Secret::new(), is_sign_up }
}

fn sign_in(given: &str, brand: &str) -> Mail {
    let prepared = prepared(to(given, brand), false);
    composer().sign_in(DeliveryId::new(MORNING), MORNING, &prepared)
}

fn invitation(given: &str, brand: &str) -> Mail {
    let prepared = PreparedInvitation { to: to(given, brand), link_secret: Secret::new() };
    composer().invitation(DeliveryId::new(MORNING), MORNING, &prepared)
}

#[test]
fn s1_the_code_stands_in_subject_text_and_html() {
    let mail = sign_in("Maria", "Harbor & Lee");
    assert_eq!(mail.subject, "048213 is your sign-in code for Harbor & Lee");
    assert_eq!(code_of(&mail), "048213");
    assert!(mail.text.starts_with("048213\n"));
    assert!(mail.html.contains(">048213</p>"));
    assert!(mail.text.contains("15 minutes") && mail.html.contains("15 minutes"));
    assert!(mail.text.contains("Hello Maria,"));
}

#[test]
fn mails_have_one_button_and_no_other_link() {
    let sign_up =
        composer().sign_in(DeliveryId::new(MORNING), MORNING, &prepared(to("", "Harbor & Lee"), true));
    for mail in [sign_in("Maria", "Harbor & Lee"), sign_up, invitation("Maria", "Harbor & Lee")] {
        let link = link_of(&mail);
        let secret = link.strip_prefix("https://portal.example/sign-in/link/").unwrap();
        assert_eq!(secret.len(), 64);
        assert!(mail.html.contains("prefers-color-scheme:dark") && mail.html.contains("color-scheme"));
        // Nothing is loaded from anywhere, and nobody is told that the mail was opened.
        for loaded in ["<img", "src=", "url(", "<script", "@import", "<link"] {
            assert!(!mail.html.contains(loaded), "{loaded}");
        }
    }
}

#[test]
fn s2_the_mail_of_a_sign_up_says_so_and_greets_nobody_by_a_name_that_a_stranger_typed() {
    let mail = composer().sign_in(DeliveryId::new(MORNING), MORNING, &prepared(to("", "Harbor & Lee"), true));
    assert_eq!(mail.subject, "048213 is your code for signing up with Harbor & Lee");
    assert_eq!(code_of(&mail), "048213");
    assert!(link_of(&mail).starts_with("https://portal.example/sign-in/link/"));
    assert!(mail.text.contains("Hello,\n") && mail.text.contains("You did not sign up?"));
}

#[test]
fn s2_an_invitation_says_how_to_sign_in_later() {
    let mail = invitation("Maria", "Harbor & Lee");
    assert_eq!(mail.subject, "Harbor & Lee invites you to their portal");
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("https://portal.example/sign-in"));
        assert!(part.contains("maria@client.example"));
        assert!(part.contains("7 days"));
    }
}

#[test]
fn hostile_names_and_brands_stay_text() {
    let hostile = "<img src=x onerror=alert(1)>\"'&amp;</title></style><a href=\"https://evil.example\">\r\nBcc: eve@evil.example\u{202e}";
    let plain = sign_in("Maria", "Harbor");
    for mail in [sign_in(hostile, hostile), invitation(hostile, hostile)] {
        link_of(&mail);
        assert!(!mail.html.contains("<img") && !mail.html.contains("<a href=\"https://evil"));
        assert!(
            mail.html.contains("&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;amp;&#60;/title&#62;")
        );
        assert_eq!(mail.html.matches("<title>").count(), 1);
        assert_eq!(mail.html.matches("</style>").count(), 1);
        assert_eq!(mail.html.matches("<a ").count(), plain.html.matches("<a ").count());
        assert!(!mail.subject.contains(['\r', '\n', '\u{202e}']));
        assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")));
        let whole = String::from_utf8(mail.formatted().unwrap()).unwrap();
        let headers = whole.split("\r\n\r\n").next().unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc:")), "{headers}");
    }
}

#[test]
fn a_person_without_a_given_name_is_greeted_all_the_same() {
    for mail in [sign_in(" ", "Harbor"), invitation("\u{200b}", "Harbor")] {
        assert!(mail.text.contains("Hello,\n"), "{}", mail.text);
        assert_eq!(mail.to.name, "maria@client.example");
    }
}

#[test]
fn a_mail_is_the_same_mail_at_every_try() {
    let delivery = DeliveryId::new(MORNING);
    let make = || {
        let prepared = PreparedInvitation { to: to("Maria", "Harbor"), link_secret: Secret::new() };
        composer().invitation(delivery, MORNING, &prepared).message_id
    };
    assert_eq!(make(), make());
    assert_eq!(make(), format!("invitation.{delivery}@portal.example"));
}

#[test]
fn b1_a_mail_has_the_firms_accent_and_leads_to_its_own_host() {
    let to = Addressee {
        brand: Brand { accent: Some("#ffd400".to_string()), ..Brand::default() },
        host: Some("portal.firm.example".to_string()),
        ..to("Maria", "Harbor & Lee")
    };
    let accent = to.brand.accent().unwrap().light.fill.to_string();
    let prepared = PreparedInvitation { to, link_secret: Secret::new() };
    let mail = composer().invitation(DeliveryId::new(MORNING), MORNING, &prepared);
    assert!(mail.html.contains(&format!("bgcolor=\"{accent}\"")), "{}", mail.html);
    // Links within what people wrote stay blue; the firm's colour as it was chosen could not be read.
    assert!(!mail.html.contains("bgcolor=\"#1f5fae\"") && !mail.html.contains("#ffd400"));
    assert!(link_of(&mail).starts_with("https://portal.firm.example/sign-in/link/"));
    assert!(mail.text.contains("at https://portal.firm.example/sign-in"));
    assert!(!mail.text.contains("https://portal.example") && !mail.html.contains("https://portal.example"));
}
