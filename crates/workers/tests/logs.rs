//! What workers log. A binary of its own: a subscriber is for the whole program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "a part of it is used here")]
#[path = "all/support.rs"]
mod support;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound::mail::MailError;
use support::{ADA, PostOffice, code_of, link_of};

/// What is logged, kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_tell_ids_and_outcomes_but_no_code_link_or_address() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).without_time();
    subscriber.with_writer(move || writer.clone()).init();

    let office = PostOffice::open().await;
    office.ask(ADA).await;
    office.mails.fail_next(1, MailError::temporary("451 try again later"));
    office.step().await;
    office.wait(Duration::from_secs(5));
    office.step().await;
    let mail = office.mails.take().remove(0);
    let bo = office.client("Bo").await;
    office.invite(bo).await;
    office.mails.fail_next(1, MailError::permanent("550 bo@client.example is unknown"));
    office.step().await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let delivery = mail.message_id.trim_start_matches("sign-in.").split('@').next().unwrap();
    assert!(log.contains(delivery) && log.contains("sent") && log.contains("failed for good"), "{log}");
    let link = link_of(&mail);
    for kept_back in [link.rsplit('/').next().unwrap(), "example"] {
        assert!(!log.contains(kept_back), "{kept_back} in {log}");
    }
    // As a word: inside an id, six digits could be the code by chance.
    let code = code_of(&mail);
    assert!(
        !log.split(|character: char| !character.is_alphanumeric()).any(|word| word == code),
        "{code} in {log}"
    );
}
