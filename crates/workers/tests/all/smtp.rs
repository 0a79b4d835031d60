//! Mails as they leave in earnest: through an SMTP server, over several connections, and as a parser that is not ours
//! reads them.

use std::sync::Arc;
use std::time::Duration;

use crate::server::{Answer, Received, Server, Step};
use crate::support::{PORTAL, PostOffice};
use domain::administration::{clients, companies};
use domain::channels::starting::{self, Subject};
use domain::kernel::ids::ChannelId;
use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders};
use outbound::mail::{Dkim, Mailer};
use outbound::text::Texter;
use tokio::sync::watch;
use workers::{DeliveryWorker, DigestScheduler};

/// The example of RFC 8410, 10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

fn worker(office: &PostOffice, server: &Server) -> DeliveryWorker {
    let dkim = Dkim::new(KEY.as_bytes(), "portal.example", "s1").unwrap();
    let mailer = Mailer::from_setting(&format!("smtp://{}", server.address)).unwrap().signed(dkim);
    let texter = Arc::new(Texter::Memory(office.texts.clone()));
    DeliveryWorker::new(
        office.store.clone(),
        Arc::new(mailer),
        texter,
        PORTAL,
        "notifications@portal.example",
    )
}

/// Waits until so many mails have arrived, or the test fails.
async fn arrived(server: &Server, count: usize) -> Vec<Received> {
    for _ in 0..3_000 {
        let mails = server.mails();
        if mails.len() >= count {
            return mails;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} of {count} mails have arrived", server.mails().len());
}

fn header<'a>(mail: &'a Message<'_>, name: &'static str) -> Vec<&'a str> {
    let name = HeaderName::parse(name).unwrap();
    mail.headers()
        .iter()
        .filter(|header| header.name == name)
        .map(|header| {
            let raw = &mail.raw_message[header.offset_start as usize..header.offset_end as usize];
            std::str::from_utf8(raw).unwrap().trim()
        })
        .collect()
}

#[tokio::test]
async fn n11_a_digest_arrives_with_all_its_headers_and_both_parts() {
    let (office, server) = (PostOffice::open().await, Server::start().await);
    let bo = office.client("Bo").await;
    let ada = office.ada;
    let (channel, other) = office
        .write(move |tx| {
            let company = companies::add(tx, &ada, "Acme")?;
            let change = clients::ClientInput { company_ids: vec![company].into(), ..Default::default() };
            clients::edit_client(tx, &ada, bo, &change)?;
            Ok((
                starting::create(tx, &ada, &Subject::Client(bo))?,
                starting::create(tx, &ada, &Subject::Company(company))?,
            ))
        })
        .await;
    office.invite(bo).await;
    office.write(|tx| Ok(tx.run("DELETE FROM deliveries", &[])?)).await;
    let worker = worker(&office, &server);
    let scheduler = DigestScheduler::new(office.store.clone(), None);
    let tell = async |channels: &[ChannelId]| {
        for channel in channels {
            office.says(1, *channel, "The **deed** is ready.\n.\nRCPT TO:<eve@evil.example>").await;
        }
        office.wait(Duration::from_secs(300));
        while scheduler.step().await.unwrap() > 0 {}
        assert_eq!(worker.step().await.unwrap(), 1);
    };
    tell(&[channel]).await;
    tell(&[channel]).await;
    tell(&[channel, other]).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 3);
    let parsed: Vec<Message<'_>> =
        mails.iter().map(|mail| MessageParser::new().parse(&mail.bytes[..]).unwrap()).collect();
    for (received, mail) in mails.iter().zip(&parsed) {
        assert_eq!(received.recipients, ["bo@client.example"]);
        assert_eq!(received.sender, "notifications@portal.example");
        assert_eq!(mail.to().unwrap().as_list().unwrap().len(), 1, "one recipient");
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("bo@client.example"));
        assert_eq!(mail.from().unwrap().first().unwrap().name(), Some("Ada Admin via Harbor & Lee"));
        assert_eq!(header(mail, "Auto-Submitted"), ["auto-generated"]);
        assert_eq!(header(mail, "List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
        assert!(header(mail, "List-Unsubscribe")[0].starts_with("<https://portal.example/unsubscribe/"));
        assert!(header(mail, "DKIM-Signature")[0].contains("d=portal.example; s=s1"));
        for once in
            ["From", "To", "Subject", "Date", "Message-ID", "References", "MIME-Version", "Content-Type"]
        {
            assert_eq!(header(mail, once).len(), 1, "{once}");
        }
        assert!(mail.message_id().unwrap().starts_with("digest."));
        let kinds: Vec<_> = mail.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
        assert_eq!(kinds, ["alternative", "plain", "html"]);
        let text = mail.body_text(0).unwrap();
        assert!(text.contains("The **deed** is ready.\r\n    .\r\n    RCPT TO:<eve@evil.example>"), "{text}");
        assert!(mail.body_html(0).unwrap().contains("The <strong>deed</strong> is ready."));
    }
    let roots: Vec<&str> = parsed.iter().map(|mail| header(mail, "References")[0]).collect();
    assert_eq!(roots[0], format!("<channel.{channel}@portal.example>"), "a steady root for a channel");
    assert_eq!(roots[0], roots[1]);
    assert_eq!(
        roots[2],
        format!("<person.{bo}@portal.example>"),
        "and for the person where there are several"
    );
    let mut ids: Vec<&str> = parsed.iter().map(|mail| mail.message_id().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let mut links: Vec<&str> = parsed.iter().map(|mail| header(mail, "List-Unsubscribe")[0]).collect();
    links.dedup();
    assert_eq!(links.len(), 3);
}

#[tokio::test]
async fn deliveries_go_out_over_as_many_connections_as_the_setting_says() {
    for most in [1, 3] {
        let (office, server) = (PostOffice::open().await, Server::start().await);
        for number in 0..12 {
            let client = office.client(&format!("Bo{number}")).await;
            office.invite(client).await;
        }
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(worker(&office, &server).at_once(most).run(stopping));
        arrived(&server, 12).await;
        stop.send_replace(true);
        running.await.unwrap();
        assert_eq!(server.connections(), most);
        assert!(office.states().await.iter().all(|(sent, _, _)| *sent));
    }
}

#[tokio::test]
async fn a_mail_that_hangs_holds_up_no_other() {
    let (office, server) = (PostOffice::open().await, Server::start().await);
    server.next(Step::Body, Answer::Silence);
    let (stop, stopping) = watch::channel(false);
    for number in 0..2 {
        let client = office.client(&format!("First{number}")).await;
        office.invite(client).await;
    }
    let running = tokio::spawn(worker(&office, &server).at_once(2).run(stopping));
    server.fell_silent().await;
    for number in 0..9 {
        let client = office.client(&format!("Later{number}")).await;
        office.invite(client).await;
    }
    // The one that hangs has arrived too; only its answer is missing.
    arrived(&server, 11).await;
    server.speak();
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(server.connections(), 2);
    assert!(office.states().await.iter().all(|(sent, _, _)| *sent), "what has begun is ended");
}
