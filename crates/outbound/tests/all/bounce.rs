//! Reports that a mail did not arrive, as several mail systems write them (RFC 3464).

use outbound::mail::bounce::{Report, read};
use proptest::prelude::*;

/// A report with these per-recipient fields, and this third part about the mail itself.
fn report(recipient: &str, about: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: notifications@portal.example\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b1\"\r\n\r\n\
         This is a MIME-encapsulated message.\r\n\r\n--b1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n--b1\r\n\
         Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 5 Jan 2026 09:05:00 +0000\r\n\r\n{recipient}\r\n\r\n\
         --b1\r\n{about}\r\n--b1--\r\n"
    )
}

const WHOLE: &str = "Content-Type: message/rfc822\r\n\r\nFrom: \"Jane\" <notifications@portal.example>\r\n\
    Message-ID: <digest.0190-ab@portal.example>\r\nSubject: New messages\r\n\r\nHello\r\n";
const HEADERS: &str = "Content-Type: text/rfc822-headers\r\n\r\nFrom: <notifications@portal.example>\r\n\
    Message-Id:\r\n <digest.0190-ab@portal.example>\r\n";
const UNKNOWN: &str = "Final-Recipient: rfc822; Bo@client.example\r\nOriginal-Recipient: rfc822;bo@client.example\r\n\
    Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.client.example\r\n\
    Diagnostic-Code: smtp; 550 5.1.1 <bo@client.example>: Recipient address\r\n    rejected: unknown";

#[test]
fn n12_a_report_says_which_mail_did_not_reach_whom_and_why() {
    for about in [WHOLE, HEADERS] {
        let expected = Report {
            message_id: "digest.0190-ab@portal.example".to_owned(),
            addresses: vec!["bo@client.example".to_owned(), "Bo@client.example".to_owned()],
            is_about_address: true,
            reason: "550 5.1.1 <bo@client.example>: Recipient address rejected: unknown".to_owned(),
        };
        assert_eq!(read(report(UNKNOWN, about).as_bytes()), Some(expected));
    }
    // As mail that passed a machine with lines of its own has it.
    assert!(read(report(UNKNOWN, WHOLE).replace("\r\n", "\n").as_bytes()).is_some());
}

#[test]
fn n12_what_is_not_about_the_address_says_so() {
    for (status, said, is_about_address) in [
        ("5.7.1", "smtp; 550 5.7.1 rejected as spam", false),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", false),
        ("4.4.7", "smtp; 451 4.4.1 timed out", false),
        ("5.0.0", "smtp; 550 5.1.1 unknown user", true),
        ("5.0.0", "X-Postfix; something odd", false),
        ("5.1.10", "smtp; 556 5.1.10 takes no mail", true),
        ("5.2.1 (mailbox disabled)", "smtp; 550 off", true),
    ] {
        let fields = format!(
            "Final-Recipient: rfc822;bo@client.example\r\nAction: Failed\r\nStatus: {status}\r\nDiagnostic-Code: {said}"
        );
        let read = read(report(&fields, WHOLE).as_bytes()).unwrap();
        assert_eq!(read.is_about_address, is_about_address, "{status} {said}");
        assert!(said.ends_with(&read.reason), "{}", read.reason);
    }
}

#[test]
fn what_is_no_report_of_a_failure_is_none() {
    let delayed = UNKNOWN.replace("failed", "delayed").replace("5.1.1", "4.4.1");
    let arrived = UNKNOWN.replace("failed", "delivered").replace("5.1.1", "2.0.0");
    for mail in [
        report(&delayed, WHOLE),
        report(&arrived, WHOLE),
        report(UNKNOWN, "Content-Type: text/plain\r\n\r\nMessage-ID: <digest.0190-ab@portal.example>\r\n"),
        report("", WHOLE),
        "From: bo@client.example\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nUntil Monday\r\n".to_owned(),
        String::new(),
    ] {
        assert_eq!(read(mail.as_bytes()), None, "{mail}");
    }
}

#[test]
fn a_report_of_several_recipients_counts_the_one_that_failed() {
    let delayed = UNKNOWN.replace("failed", "delayed").replace("bo@", "cy@");
    let read = read(report(&format!("{delayed}\r\n\r\n{UNKNOWN}"), WHOLE).as_bytes()).unwrap();
    assert_eq!(read.addresses[0], "bo@client.example");
}

proptest! {
    #[test]
    fn no_mail_whatever_breaks_the_reader(fields in "[ -~\r\n\t\u{e9}]{0,400}", about in "[ -~\r\n]{0,200}", cut in 0..2_000_usize) {
        let mail = report(&fields, &about);
        let end = (0..=cut.min(mail.len())).rev().find(|end| mail.is_char_boundary(*end)).unwrap_or(0);
        let _ = read(&mail.as_bytes()[..end]);
        if let Some(report) = read(mail.as_bytes()) {
            prop_assert!(report.reason.chars().count() <= 300 && !report.reason.contains(['\r', '\n']));
        }
    }
}
