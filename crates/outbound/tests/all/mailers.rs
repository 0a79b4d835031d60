//! Mail into a folder and into memory.

use std::fs;
use std::path::Path;

use mail_parser::MessageParser;
use outbound::mail::{Folder, Mail, MailError, MailErrorKind, Mailbox, Mailer, Memory};

fn mail(message_id: &str, subject: &str) -> Mail {
    Mail {
        message_id: message_id.to_owned(),
        date_ms: 1_800_000_000_000,
        from: Mailbox::new("Harbor & Lee", "notifications@portal.example"),
        to: Mailbox::new("Maria Santos", "maria@client.example"),
        subject: subject.to_owned(),
        text: "Your code is 123456.".to_owned(),
        html: "<p>Your code is 123456.</p>".to_owned(),
        headers: vec![],
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn subject(file: &Path) -> String {
    let bytes = fs::read(file).unwrap();
    MessageParser::default().parse(&bytes).unwrap().subject().unwrap().to_owned()
}

#[tokio::test]
async fn a_folder_receives_one_file_a_mail_named_after_its_message_id() {
    let place = tempfile::tempdir().unwrap();
    let outbox = place.path().join("data/outbox");
    let mailer = Mailer::from_setting(&format!("folder:{}", outbox.display())).unwrap();
    mailer.send(&mail("sign-in.1@portal.example", "First")).await.unwrap();
    mailer.send(&mail("sign-in.2@portal.example", "Second")).await.unwrap();
    assert_eq!(names(&outbox), ["sign-in.1@portal.example.eml", "sign-in.2@portal.example.eml"]);
    assert_eq!(subject(&Folder::new(&outbox).file_of("sign-in.2@portal.example")), "Second");
}

#[tokio::test]
async fn n11_a_repeat_of_the_same_mail_overwrites_its_file() {
    let outbox = tempfile::tempdir().unwrap();
    let mailer = Mailer::from(Folder::new(outbox.path()));
    mailer.send(&mail("digest.1@portal.example", "First try")).await.unwrap();
    mailer.send(&mail("digest.1@portal.example", "Second try")).await.unwrap();
    assert_eq!(names(outbox.path()), ["digest.1@portal.example.eml"]);
    assert_eq!(subject(&outbox.path().join("digest.1@portal.example.eml")), "Second try");
}

#[tokio::test]
async fn a_message_id_cannot_lead_out_of_the_folder() {
    let place = tempfile::tempdir().unwrap();
    let outbox = place.path().join("outbox");
    let mailer = Mailer::from(Folder::new(&outbox));
    mailer.send(&mail("a/b@portal.example", "Inside")).await.unwrap();
    assert_eq!(names(&outbox), ["a%2Fb@portal.example.eml"]);
    let error = mailer.send(&mail("../a@portal.example", "Outside")).await.unwrap_err();
    assert_eq!(error.kind, MailErrorKind::Permanent);
    assert_eq!(names(place.path()), ["outbox"]);
}

#[tokio::test]
async fn many_mails_at_once_are_all_there_and_whole() {
    let outbox = tempfile::tempdir().unwrap();
    let mailer = std::sync::Arc::new(Mailer::from(Folder::new(outbox.path())));
    let sends: Vec<_> = (0..40)
        .map(|number| {
            let mailer = mailer.clone();
            // Each id twice, as when two workers send the same mail.
            let id = format!("digest.{}@portal.example", number / 2);
            tokio::spawn(async move { mailer.send(&mail(&id, "Whole")).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(names(outbox.path()).len(), 20);
    for name in names(outbox.path()) {
        assert_eq!(subject(&outbox.path().join(name)), "Whole");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_temporary_and_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("a-file");
    fs::write(&file, "not a folder").unwrap();
    let mailer = Mailer::from(Folder::new(file.join("outbox")));
    let error = mailer.send(&mail("digest.1@portal.example", "Hello")).await.unwrap_err();
    assert_eq!(error.kind, MailErrorKind::Temporary);
    assert!(error.cause.contains("a-file"), "{error}");
    assert!(mailer.check().await.is_err());

    // Where the mail's own place is taken by a folder, the rename fails.
    let outbox = place.path().join("outbox");
    fs::create_dir_all(outbox.join("digest.1@portal.example.eml")).unwrap();
    let mailer = Mailer::from(Folder::new(&outbox));
    assert!(mailer.send(&mail("digest.1@portal.example", "Hello")).await.unwrap_err().is_temporary());
    assert_eq!(names(&outbox), ["digest.1@portal.example.eml"]);
}

#[tokio::test]
async fn checking_a_folder_makes_it_and_leaves_it_empty() {
    let place = tempfile::tempdir().unwrap();
    let outbox = place.path().join("outbox");
    let mailer = Mailer::from(Folder::new(&outbox));
    assert!(mailer.check().await.unwrap().contains("outbox"));
    assert!(names(&outbox).is_empty());
}

#[tokio::test]
async fn memory_keeps_what_was_sent_and_fails_when_told_to() {
    let memory = Memory::default();
    let mailer = Mailer::from(memory.clone());
    memory.fail_next(2, MailError::temporary("451 later"));
    memory.fail_next(1, MailError::permanent("550 never"));
    let first = mail("digest.1@portal.example", "Hello");
    for expected in [MailErrorKind::Temporary, MailErrorKind::Temporary, MailErrorKind::Permanent] {
        assert_eq!(mailer.send(&first).await.unwrap_err().kind, expected);
    }
    assert!(memory.sent().is_empty());
    mailer.send(&first).await.unwrap();
    assert_eq!(memory.sent(), std::slice::from_ref(&first));
    assert_eq!(memory.take(), [first]);
    assert!(memory.sent().is_empty());
}

#[tokio::test]
async fn every_way_refuses_a_bad_recipient_for_good() {
    let outbox = tempfile::tempdir().unwrap();
    let memory = Memory::default();
    let mut bad = mail("digest.1@portal.example", "Hello");
    bad.to.address = "nobody".to_owned();
    for mailer in [Mailer::from(Folder::new(outbox.path())), Mailer::from(memory.clone())] {
        assert_eq!(mailer.send(&bad).await.unwrap_err().kind, MailErrorKind::Permanent);
    }
    assert!(names(outbox.path()).is_empty());
    assert!(memory.sent().is_empty());
}
