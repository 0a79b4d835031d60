//! Every kind of mail, whole, as it is kept in `snapshots/`. After a wanted change: `INSTA_UPDATE=always cargo test -p workers
//! --test all mail_snapshots`, and read the difference before committing it.

use domain::arrival::invitations::PreparedInvitation;
use domain::arrival::sign_in::Prepared;
use domain::channels::channel::Kind;
use domain::directory::addressee::Addressee;
use domain::kernel::ids::{ChannelId, DeliveryId, DigestId, PersonId};
use domain::kernel::name::Name;
use domain::kernel::secrets::Secret;
use domain::notify::digests::{Digest, DigestChannel, DigestMessage, SentFile};
use domain::notify::reply_links::PreparedFresh;
use domain::tenant::brand::Brand;
use domain::webhooks::webhook::PreparedWebhookOff;
use domain::welcome::setting::PreparedSignerMissing;
use outbound::mail::Mail;
use store::Time;
use uuid::Uuid;
use workers::MailComposer;

use crate::support::{MORNING, PORTAL};

const DELIVERY: DeliveryId = DeliveryId(Uuid::from_u128(1));
/// What somebody may type who wants to break out of a mail.
const HOSTILE: &str = "<b>\"O'Neil\" & Co</b>\r\nBcc: eve@evil.example";

fn composer() -> MailComposer {
    MailComposer::new(PORTAL, "notifications@portal.example")
}

fn name(given: &str, family: &str) -> Name {
    let email = format!("{}@client.example", family.to_lowercase());
    Name { given: given.to_string(), family: family.to_string(), email }
}

fn to_maria() -> Addressee {
    Addressee {
        person: PersonId(Uuid::from_u128(2)),
        name: name("Maria", "Client"),
        brand_name: "Harbor & Lee".to_string(),
        brand: Brand::default(),
        host: None,
    }
}

/// Somebody of a firm with its own color and host.
fn to_own_host() -> Addressee {
    Addressee {
        brand: Brand { accent: Some("#ffd400".to_string()), ..Brand::default() },
        host: Some("portal.firm.example".to_string()),
        ..to_maria()
    }
}

fn to_hostile() -> Addressee {
    Addressee {
        name: Name { given: HOSTILE.to_string(), ..name("", "Client") },
        brand_name: HOSTILE.to_string(),
        ..to_maria()
    }
}

fn sign_in(to: Addressee, is_sign_up: bool) -> Mail {
    let prepared = Prepared { to, code: "048213".to_string(), link_secret: Secret::new(), is_sign_up };
    composer().sign_in(DELIVERY, MORNING, &prepared)
}

fn invitation(to: Addressee) -> Mail {
    composer().invitation(DELIVERY, MORNING, &PreparedInvitation { to, link_secret: Secret::new() })
}

fn said(author: u128, given: &str, minutes: i64, text: &str) -> DigestMessage {
    DigestMessage {
        author: PersonId(Uuid::from_u128(author)),
        author_name: name(given, "Lee"),
        sent_at: Time(MORNING.0 + minutes * 60_000),
        edited_at: None,
        text: text.to_string(),
        files: Vec::new(),
    }
}

fn file(name: &str, size: i64) -> SentFile {
    SentFile { name: name.to_string(), size, is_removed: false }
}

fn part(channel: u128, title: &str, messages: Vec<DigestMessage>) -> DigestChannel {
    let channel = ChannelId(Uuid::from_u128(channel));
    DigestChannel {
        channel,
        title: title.to_string(),
        kind: Kind::Client,
        messages,
        more: 0,
        link: Secret::short(),
    }
}

fn digest(to: Addressee, channels: Vec<DigestChannel>) -> Digest {
    Digest {
        id: DigestId(Uuid::from_u128(3)),
        created_at: MORNING,
        to,
        time_zone: None,
        hides_text: false,
        channels,
        unsubscribe: Some(Secret::new()),
    }
}

/// What people write, with all that has a form of its own in a mail.
const MARKDOWN: &str = "Hello **Maria**, @Maria Client, see https://firm.example/a?b=1&c=2.\n\n- one\n- two\n\n> quoted\n\n```\n  code <b>\n```\n<i>not \"markup\"</i>";

fn digest_mail(digest: &Digest) -> Mail {
    composer().digest(MORNING, digest)
}

/// The whole mail to read, with the same word for each secret.
fn shown(mail: &Mail) -> String {
    let mut shown = format!(
        "Message-ID: {}\nFrom: {} <{}>\nTo: {} <{}>\nSubject: {}\n",
        mail.message_id, mail.from.name, mail.from.address, mail.to.name, mail.to.address, mail.subject
    );
    for (header, value) in &mail.headers {
        shown += &format!("{header}: {value}\n");
    }
    shown += &format!("\n===== text\n{}===== HTML\n{}===== end\n", mail.text, mail.html);
    for before in ["/sign-in/link/", "/r/", "/unsubscribe/"] {
        shown = without_secrets(&shown, before);
    }
    shown
}

fn without_secrets(text: &str, before: &str) -> String {
    let mut pieces = text.split(before);
    let mut result = pieces.next().unwrap().to_string();
    for piece in pieces {
        let rest = piece.trim_start_matches(|character: char| character.is_ascii_alphanumeric());
        result += &format!("{before}SECRET{rest}");
    }
    result
}

#[test]
fn sign_in_code() {
    insta::assert_snapshot!(shown(&sign_in(to_maria(), false)));
}

#[test]
fn sign_in_code_of_a_firm_with_its_own_color_and_host() {
    insta::assert_snapshot!(shown(&sign_in(to_own_host(), false)));
}

#[test]
fn sign_in_code_with_hostile_names() {
    insta::assert_snapshot!(shown(&sign_in(to_hostile(), false)));
}

#[test]
fn sign_up_code() {
    let to = Addressee { name: name("", "Client"), ..to_maria() };
    insta::assert_snapshot!(shown(&sign_in(to, true)));
}

#[test]
fn invitation_to_the_portal() {
    insta::assert_snapshot!(shown(&invitation(to_maria())));
}

#[test]
fn invitation_to_a_portal_with_its_own_host() {
    insta::assert_snapshot!(shown(&invitation(to_own_host())));
}

#[test]
fn fresh_reply_link() {
    let prepared =
        PreparedFresh { to: to_maria(), title: "Smith \"v.\" Jones".to_string(), secret: Secret::short() };
    insta::assert_snapshot!(shown(&composer().fresh_link(DELIVERY, MORNING, &prepared)));
}

#[test]
fn welcome_message_without_its_signer() {
    let prepared =
        PreparedSignerMissing { to: to_maria(), before: name("Jane", "Lee"), now: name("Tom", "O'Neil") };
    insta::assert_snapshot!(shown(&composer().signer_missing(DELIVERY, MORNING, &prepared)));
}

#[test]
fn webhook_switched_off() {
    let prepared = PreparedWebhookOff {
        to: to_maria(),
        url: "https://program.example/hook?a=1&b=2".to_string(),
        reason: "It answered <410>.".to_string(),
    };
    insta::assert_snapshot!(shown(&composer().webhook_off(DELIVERY, MORNING, &prepared)));
}

#[test]
fn digest_of_one_channel() {
    let messages = vec![said(4, "Jane", 0, MARKDOWN), said(4, "Jane", 1, "One\nline <more> & one")];
    let part = part(5, "Smith v. Jones", messages);
    insta::assert_snapshot!(shown(&digest_mail(&digest(to_maria(), vec![part]))));
}

#[test]
fn digest_of_the_readers_own_channel_which_is_called_like_the_firm() {
    let part = part(5, "Harbor & Lee", vec![said(4, "Jane", 0, "Hello")]);
    let digest = Digest { unsubscribe: None, ..digest(to_own_host(), vec![part]) };
    insta::assert_snapshot!(shown(&digest_mail(&digest)));
}

#[test]
fn digest_of_several_channels_in_the_readers_time_zone() {
    let edited = DigestMessage { edited_at: Some(MORNING), ..said(6, "Tom", 2, "Changed since") };
    let more = |more, part| DigestChannel { more, ..part };
    let channels = vec![
        part(5, "Harbor & Lee", vec![said(4, "Jane", 0, "First"), edited]),
        more(1, part(7, "Smith v. Jones", vec![said(4, "Jane", 1, "Second")])),
        more(12, part(8, "Harbor & Lee", vec![said(9, "Ida", 3, "Third")])),
    ];
    let zone = Some("America/New_York".to_string());
    let digest = Digest { time_zone: zone, ..digest(to_maria(), channels) };
    insta::assert_snapshot!(shown(&digest_mail(&digest)));
}

#[test]
fn digest_with_files() {
    let mut with_text = said(4, "Jane", 0, "See these");
    let removed = SentFile { is_removed: true, ..file("old.pdf", 2_000_000) };
    with_text.files = vec![file("Deed <b>.pdf", 1_460), removed];
    let mut without_text = said(4, "Jane", 1, "");
    without_text.files = vec![file("plan \"A\".png", 12)];
    // Files alone: what a list of mails shows after the subject names them.
    let channels =
        vec![part(5, "Plans", vec![without_text.clone()]), part(7, "Deeds", vec![with_text, without_text])];
    insta::assert_snapshot!(shown(&digest_mail(&digest(to_maria(), channels))));
}

#[test]
fn digest_with_hidden_text() {
    let with_files =
        |count: usize, message| DigestMessage { files: vec![file("verdict.pdf", 1); count], ..message };
    let messages = vec![
        said(4, "Jane", 0, "The verdict"),
        with_files(1, said(6, "Tom", 1, "")),
        with_files(2, said(6, "Tom", 2, "Confidential")),
    ];
    let channel = DigestChannel { more: 3, ..part(5, "Smith v. Jones", messages) };
    let digest = Digest { hides_text: true, ..digest(to_maria(), vec![channel]) };
    insta::assert_snapshot!(shown(&digest_mail(&digest)));
}

#[test]
fn digest_with_hostile_names_and_texts() {
    let mut message = said(
        4,
        HOSTILE,
        0,
        "\nBcc: eve@evil.example\n\nReply:\nhttps://evil.example\n<script>alert(1)</script>\n[x](javascript:alert(1))",
    );
    message.files = vec![file(HOSTILE, 1)];
    let channels = vec![part(5, HOSTILE, vec![message.clone()]), part(7, HOSTILE, vec![message])];
    insta::assert_snapshot!(shown(&digest_mail(&digest(to_hostile(), channels))));
}
