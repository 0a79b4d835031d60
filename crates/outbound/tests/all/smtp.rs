//! Mail through an SMTP server: what goes over the wire, and what its answers mean.

use mail_parser::MessageParser;
use outbound::mail::{Mail, MailErrorKind, Mailbox, Mailer};

use crate::server::{Answer, Server, Step};

fn mail(message_id: &str) -> Mail {
    Mail {
        message_id: message_id.to_owned(),
        date_ms: 1_800_000_000_000,
        from: Mailbox::new("Jane Lee via Harbor & Lee", "notifications@portal.example"),
        to: Mailbox::new("Maria Santos", "maria@client.example"),
        subject: "Jane wrote to you".to_owned(),
        text: "The deed is signed.\n.\nJane".to_owned(),
        html: "<p>The deed is signed.</p>".to_owned(),
        headers: vec![],
    }
}

fn mailer(server: &Server) -> Mailer {
    Mailer::from_setting(&format!("smtp://{}", server.address)).unwrap()
}

#[tokio::test]
async fn n11_a_mail_arrives_whole_for_one_recipient() {
    let server = Server::start().await;
    mailer(&server).send(&mail("digest.1@portal.example")).await.unwrap();

    let [received] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(received.sender, "notifications@portal.example");
    assert_eq!(received.recipients, ["maria@client.example"]);
    let parsed = MessageParser::default().parse(&received.bytes).unwrap();
    assert_eq!(parsed.message_id(), Some("digest.1@portal.example"));
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), "The deed is signed.\r\n.\r\nJane");
    assert_eq!(server.commands()[0], "EHLO portal.example");
}

#[tokio::test]
async fn one_connection_carries_several_mails() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    for id in ["digest.1@portal.example", "digest.2@portal.example", "digest.3@portal.example"] {
        mailer.send(&mail(id)).await.unwrap();
    }
    assert_eq!(server.mails().iter().map(|received| received.connection).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn mails_at_the_same_time_have_connections_of_their_own() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    server.next(Step::Body, Answer::Silence);
    let first = mail("digest.1@portal.example");
    let (sent, ()) = tokio::join!(mailer.send(&first), async {
        server.fell_silent().await;
        mailer.send(&mail("digest.2@portal.example")).await.unwrap();
        server.speak();
    });
    sent.unwrap();
    assert_eq!(server.connections(), 2);
    assert_eq!(server.mails().len(), 2);
}

#[tokio::test]
async fn n12_answers_4xx_and_broken_connections_are_temporary_and_5xx_are_final() {
    use MailErrorKind::{NoMailbox, Permanent, Temporary};
    for (step, answer, kind) in [
        (Step::Sender, Answer::Say("451 4.3.0 later"), Temporary),
        (Step::Sender, Answer::Say("550 5.7.1 not you"), Permanent),
        (Step::Recipient, Answer::Say("451 4.7.1 greylisted"), Temporary),
        (Step::Recipient, Answer::Say("550 5.1.1 no such person"), NoMailbox),
        (Step::Recipient, Answer::Say("550 no such person"), NoMailbox),
        (Step::Recipient, Answer::Say("550-5.2.1 switched\r\n550 5.2.1 off"), NoMailbox),
        (Step::Recipient, Answer::Say("550 5.7.1 on a list"), Permanent),
        (Step::Recipient, Answer::Say("552 5.2.2 full"), Permanent),
        (Step::Recipient, Answer::Say("554 no"), Permanent),
        (Step::Sender, Answer::Say("550 5.1.8 who are you"), Permanent),
        (Step::Sender, Answer::Say("550 no"), Permanent),
        (Step::Data, Answer::Say("452 4.3.1 full"), Temporary),
        (Step::Data, Answer::Say("554 5.5.1 no"), Permanent),
        (Step::Body, Answer::Say("421 4.3.2 closing"), Temporary),
        (Step::Body, Answer::Say("552 5.3.4 too big"), Permanent),
        (Step::Body, Answer::Say("550 spam"), Permanent),
        (Step::Body, Answer::Say("550 5.1.1 not here after all"), NoMailbox),
        (Step::Body, Answer::HangUp, Temporary),
        (Step::Recipient, Answer::HangUp, Temporary),
        (Step::Recipient, Answer::Say("hello?"), Temporary),
        // These say something about the server or about us, but nothing about the mail.
        (Step::Greeting, Answer::HangUp, Temporary),
        (Step::Greeting, Answer::Say("421 too busy"), Temporary),
        (Step::Greeting, Answer::Say("554 no mail here"), Temporary),
        (Step::Hello, Answer::Say("550 who are you"), Temporary),
        (Step::Sender, Answer::Say("530 5.7.0 sign in first"), Temporary),
    ] {
        let server = Server::start().await;
        let mailer = mailer(&server);
        server.next(step, answer);
        let error = mailer.send(&mail("digest.1@portal.example")).await.unwrap_err();
        assert_eq!(error.kind, kind, "{step:?} {answer:?}: {error}");
        if let Answer::Say(said) = answer
            && !said.contains('\n')
            && let Some((_, words)) = said.split_once(' ')
        {
            assert!(error.cause.contains(words), "{error} does not say {words}");
        }

        mailer.send(&mail("digest.2@portal.example")).await.unwrap();
        assert_eq!(server.mails().last().unwrap().recipients, ["maria@client.example"]);
    }
}

#[tokio::test]
async fn a_refused_recipient_costs_the_next_mail_nothing() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    server.next(Step::Recipient, Answer::Say("550 5.1.1 no such person"));
    mailer.send(&mail("digest.1@portal.example")).await.unwrap_err();
    mailer.send(&mail("digest.2@portal.example")).await.unwrap();
    let [received] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(received.recipients, ["maria@client.example"]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_temporary() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    drop(server);
    let mailer = Mailer::from_setting(&format!("smtp://jane:secret@{address}")).unwrap();
    let error = mailer.send(&mail("digest.1@portal.example")).await.unwrap_err();
    assert_eq!(error.kind, MailErrorKind::Temporary);
    assert!(error.cause.contains(&address.to_string()), "{error}");
    assert!(!error.cause.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_is_replaced() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    mailer.send(&mail("digest.1@portal.example")).await.unwrap();
    server.next(Step::Reset, Answer::HangUp);
    mailer.send(&mail("digest.2@portal.example")).await.unwrap();
    assert_eq!(server.mails().len(), 2);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_never_taken_for_that_to_the_next_mail() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    server.next(Step::Body, Answer::Silence);
    let late = mail("digest.1@portal.example");
    let (sent, ()) = tokio::join!(mailer.send(&late), async {
        server.fell_silent().await;
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_secs(600)).await;
        tokio::time::resume();
    });
    let error = sent.unwrap_err();
    assert_eq!(error.kind, MailErrorKind::Temporary);
    assert!(error.cause.contains("180 s"), "{error}");
    server.speak();

    server.next(Step::Recipient, Answer::Say("550 5.1.1 no such person"));
    let error = mailer.send(&mail("digest.2@portal.example")).await.unwrap_err();
    assert_eq!(error.kind, MailErrorKind::NoMailbox);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_answers_out_of_step_has_taken_nothing() {
    for step in [Step::Greeting, Step::Sender, Step::Recipient] {
        let server = Server::start().await;
        let mailer = mailer(&server);
        server.next(step, Answer::Say("250 ok\r\n250 ok"));
        server.next(Step::Body, Answer::Say("550 5.7.1 no"));
        let error = mailer.send(&mail("digest.1@portal.example")).await.unwrap_err();
        assert_eq!(error.kind, MailErrorKind::Temporary, "{step:?}: {error}");
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_connection_long_unused_is_not_used_again() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    mailer.send(&mail("digest.1@portal.example")).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    tokio::time::resume();
    mailer.send(&mail("digest.2@portal.example")).await.unwrap();
    assert_eq!(server.mails().iter().map(|received| received.connection).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_host_elsewhere_that_lacks_starttls_gets_neither_password_nor_mail() {
    let server = Server::start().await;
    server.wants("AGphbmUAc2VjcmV0");
    // Another way to write 127.0.0.1, which does not count as loopback.
    let setting = format!("smtp://jane:secret@127.1:{}", server.address.port());
    let error =
        Mailer::from_setting(&setting).unwrap().send(&mail("digest.1@portal.example")).await.unwrap_err();
    assert_eq!(error.kind, MailErrorKind::Temporary);
    assert!(error.cause.contains("STARTTLS"), "{error}");
    assert_eq!(server.connections(), 1);
    assert!(server.commands().iter().all(|command| command.starts_with("EHLO")), "{:?}", server.commands());
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn it_signs_in_with_the_decoded_user_name_and_password() {
    let server = Server::start().await;
    server.wants("AGphbmVAZmlybS5leGFtcGxlAHNlYzpyZXQ=");
    let setting = format!("smtp://jane%40firm.example:sec%3Aret@{}", server.address);
    let mailer = Mailer::from_setting(&setting).unwrap();
    mailer.send(&mail("digest.1@portal.example")).await.unwrap();
    assert_eq!(server.mails().len(), 1);
    assert_eq!(
        mailer.check().await.unwrap(),
        format!("mail goes through smtp://{}, which answers (not encrypted, signed in)", server.address)
    );
}

#[tokio::test]
async fn a_refused_password_is_temporary_and_is_never_shown_even_by_a_server_that_repeats_it() {
    let server = Server::start().await;
    server.wants("something else");
    let mailer = Mailer::from_setting(&format!("smtp://jane:secret@{}", server.address)).unwrap();
    for answer in ["535 5.7.8 jane:secret is wrong", "secret", "454 secret"] {
        server.next(Step::SignIn, Answer::Say(answer));
        let error = mailer.send(&mail("digest.1@portal.example")).await.unwrap_err();
        assert_eq!(error.kind, MailErrorKind::Temporary, "{error}");
        assert!(error.cause.contains("user name and password"), "{error}");
        for shown in [format!("{error}"), format!("{error:?}"), format!("{mailer}"), format!("{mailer:?}")] {
            assert!(!shown.contains("secret") && !shown.contains("jane"), "{shown}");
        }
    }
    assert!(mailer.check().await.unwrap_err().cause.contains("535"));
}

#[tokio::test]
async fn checking_connects_and_sends_nothing() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    let found = mailer.check().await.unwrap();
    assert_eq!(found, format!("mail goes through smtp://{}, which answers (not encrypted)", server.address));
    assert_eq!(server.commands(), ["EHLO [127.0.0.1]", "NOOP", "QUIT"]);

    server.next(Step::Greeting, Answer::Say("554 no mail here"));
    assert!(mailer.check().await.unwrap_err().cause.contains("no mail here"));
}

#[tokio::test]
async fn a_bad_recipient_is_final_and_never_reaches_the_server() {
    let server = Server::start().await;
    let mailer = mailer(&server);
    for address in ["maria", "", "a@b.example>\r\nRCPT TO:<eve@evil.example", "a@b.example,eve@evil.example"]
    {
        let mut mail = mail("digest.1@portal.example");
        mail.to.address = address.to_owned();
        assert_eq!(mailer.send(&mail).await.unwrap_err().kind, MailErrorKind::Permanent, "{address}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_address_beyond_ascii_is_final_where_the_server_does_not_know_them() {
    let server = Server::start().await;
    let mut mail = mail("digest.1@portal.example");
    mail.to.address = "josé@client.example".to_owned();
    let mailer = mailer(&server);
    assert_eq!(mailer.send(&mail).await.unwrap_err().kind, MailErrorKind::Permanent);
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_domain_beyond_ascii_goes_as_the_dns_has_it() {
    let server = Server::start().await;
    let mut mail = mail("digest.1@portal.example");
    mail.to.address = "maria@exämple.example".to_owned();
    mailer(&server).send(&mail).await.unwrap();
    let [received] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(received.recipients, ["maria@xn--exmple-cua.example"]);
}

#[tokio::test]
async fn hostile_text_adds_neither_commands_nor_recipients_nor_mails() {
    let server = Server::start().await;
    let hostile = "x\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\nBcc: eve@evil.example";
    let mut mail = mail("digest.1@portal.example");
    mail.subject = hostile.to_owned();
    mail.to.name = hostile.to_owned();
    mail.from.name = hostile.to_owned();
    mail.text = format!("{hostile}\r\n.\r\n{hostile}\n.\n{hostile}\r.\r");
    mail.html = mail.text.clone();
    mail.headers.push(("X-Channel", hostile.to_owned()));
    mailer(&server).send(&mail).await.unwrap();

    let [received] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(received.recipients, ["maria@client.example"]);
    let verbs: Vec<_> = server.commands().iter().map(|command| command[..4].to_owned()).collect();
    assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "DATA"]);
    let parsed = MessageParser::default().parse(&received.bytes).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(parsed.body_text(0).unwrap().matches("RCPT TO").count(), 3);
}
