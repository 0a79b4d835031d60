//! Signatures, as a verifier that is not ours (dkimpy, which `bin/setup` installs) finds them.

use std::io::Write;
use std::process::{Command, Stdio};

use outbound::mail::{Dkim, DkimError, Folder, Mail, Mailbox, Mailer};

/// Answers `True` or `False` for the mail on standard input; the DNS holds one record, given as arguments.
const VERIFIER: &str = "
import sys, dkim
name, record = sys.argv[1].encode(), ''.join(sys.argv[2:]).encode()
find = lambda asked, timeout=5: record if asked.rstrip(b'.') == name else None
print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=find, minkey=2048))
";

fn verifies(mail: &[u8], name: &str, record: &[String]) -> bool {
    // The one that Debian's packages belong to.
    let mut child = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", "-c", VERIFIER, name])
        .args(record)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 with dkimpy, which bin/setup installs");
    child.stdin.take().unwrap().write_all(mail).unwrap();
    let output = child.wait_with_output().unwrap();
    match String::from_utf8_lossy(&output.stdout).trim() {
        "True" => true,
        "False" => false,
        other => panic!("the verifier said {other:?}: is python3-dkim missing? bin/setup installs it"),
    }
}

/// A fresh key, as openssl makes it.
fn key(kind: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(kind).stderr(Stdio::null()).output().expect("openssl");
    assert!(output.status.success(), "{kind:?}");
    output.stdout
}

const RSA: &[&str] = &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const RSA_OLD_FORM: &[&str] = &["genrsa", "-traditional", "3072"];
const ED25519: &[&str] = &["genpkey", "-algorithm", "ed25519"];

fn digest() -> Mail {
    Mail {
        message_id: "digest.1@portal.example".to_owned(),
        date_ms: 1_760_000_000_000,
        from: Mailbox::new(
            "José \u{1f600} via Harbor & Lee, of London \u{2014} solicitors and more",
            "notifications@portal.example",
        ),
        to: Mailbox::new("Łukasz \"Luke\" Żółć", "lukasz@client.example"),
        subject:
            "New messages: Überprüfung der Unterlagen für das Haus in der Großen Straße 12, zweiter Teil"
                .to_owned(),
        text: "  The deed \t is  signed. \n\n.\n..dots\nJane Ł\n\n\n\n".to_owned(),
        html: "<p>The deed  is signed.</p>\n\n\n".to_owned(),
        headers: vec![
            ("References", "<channel.0190@portal.example>".to_owned()),
            ("List-Unsubscribe", format!("<https://portal.example/unsubscribe/{}>", "a".repeat(64))),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ],
    }
}

async fn sent(mail: &Mail, dkim: &Dkim) -> Vec<u8> {
    let outbox = tempfile::tempdir().unwrap();
    let folder = Folder::new(outbox.path());
    let file = folder.file_of(&mail.message_id);
    Mailer::from(folder).signed(dkim.clone()).send(mail).await.unwrap();
    std::fs::read(file).unwrap()
}

#[tokio::test]
async fn n11_a_signature_of_each_kind_of_key_is_found_good_by_the_record_that_the_doctor_shows() {
    for kind in [RSA, RSA_OLD_FORM, ED25519] {
        let dkim = Dkim::new(&key(kind), "Portal.example", "s1").unwrap();
        assert_eq!(dkim.record_name(), "s1._domainkey.portal.example");
        assert!(dkim.record().iter().all(|text| text.len() <= 255));
        let mut plain = digest();
        (plain.text, plain.html) = (String::new(), String::new());
        for mail in [digest(), plain] {
            let bytes = sent(&mail, &dkim).await;
            assert!(
                verifies(&bytes, &dkim.record_name(), &dkim.record()),
                "{}",
                String::from_utf8_lossy(&bytes)
            );
            assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() < 998));
        }
        // Another key under the same name: nothing verifies.
        let other = Dkim::new(&key(kind), "portal.example", "s1").unwrap();
        assert!(!verifies(&sent(&digest(), &dkim).await, &dkim.record_name(), &other.record()));
    }
}

#[tokio::test]
async fn n11_the_one_click_headers_are_under_the_signature_and_nothing_can_be_added() {
    let dkim = Dkim::new(&key(ED25519), "portal.example", "portal").unwrap();
    let text = String::from_utf8(sent(&digest(), &dkim).await).unwrap();
    let (name, record) = (dkim.record_name(), dkim.record());
    let signed: String =
        text.split_once(" h=").unwrap().1.split(';').next().unwrap().split_whitespace().collect();
    for header in [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "references",
        "list-unsubscribe",
        "list-unsubscribe-post",
    ] {
        assert!(signed.split(':').any(|name| name == header), "{header} is not in {signed}");
    }
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        verifies(text.replacen(from, to, 1).as_bytes(), &name, &record)
    };
    assert!(changed("List-Unsubscribe: ", "List-Unsubscribe:\t"), "white space may change on the way");
    for (from, to) in [
        ("portal.example/unsubscribe/", "evil.example/unsubscribe/"),
        ("One-Click", "Two-Click"),
        ("\r\nSubject: ", "\r\nSubject: You won\r\nSubject: "),
        ("\r\nTo: ", "\r\nReply-To: eve@evil.example\r\nTo: "),
        ("\r\nTo: ", "\r\nFrom: eve@evil.example\r\nTo: "),
        ("is signed", "is not signed"),
        ("t=1760000000", "t=1760000001"),
    ] {
        assert!(!changed(from, to), "{from:?} became {to:?} unnoticed");
    }
}

#[test]
fn keys_that_are_too_weak_or_of_another_kind_are_refused() {
    for kind in [
        &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..],
        &["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    ] {
        assert_eq!(
            Dkim::new(&key(kind), "portal.example", "portal").err(),
            Some(DkimError::Kind),
            "{kind:?}"
        );
    }
    let dkim = Dkim::new(&key(RSA), "portal.example", "portal").unwrap();
    assert_eq!(format!("{dkim:?}"), "Dkim(portal._domainkey.portal.example)");
}
