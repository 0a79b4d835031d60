//! Deliveries on their way: mails arrive, failures are tried again, a crash repeats the same mail.

use std::time::Duration;

use crate::support::{ADA, PostOffice, code_of, link_of};
use domain::arrival::sign_in::CodeOutcome;
use domain::kernel::limits;
use domain::notify::deliveries::LEASE;
use domain::notify::delivery::RETRIED_FOR;
use outbound::mail::MailError;
use tokio::sync::watch;

fn busy() -> MailError {
    MailError::temporary("451 try again later")
}

#[tokio::test]
async fn s1_the_mail_arrives_and_its_code_signs_in() {
    let office = PostOffice::open().await;
    let sign_in = office.ask(ADA).await;
    assert_eq!(office.step().await, 1);
    let mail = office.mails.take().remove(0);
    assert_eq!((mail.to.name.as_str(), mail.to.address.as_str()), ("Ada Admin", ADA));
    assert_eq!(
        (mail.from.name.as_str(), mail.from.address.as_str()),
        ("Harbor & Lee", "notifications@portal.example")
    );
    assert_eq!(mail.date_ms, office.now().0);
    assert!(mail.message_id.starts_with("sign-in.") && mail.message_id.ends_with("@portal.example"));
    assert!(mail.formatted().is_ok());
    assert_eq!(office.types(sign_in, &code_of(&mail)).await, CodeOutcome::SignedIn(office.ada.person));
    assert_eq!(office.step().await, 0);
    assert_eq!(office.states().await, [(true, false, None)]);
}

#[tokio::test]
async fn s1_the_link_of_the_mail_signs_in_instead_of_its_code() {
    let office = PostOffice::open().await;
    let sign_in = office.ask(ADA).await;
    office.step().await;
    let mail = office.mails.take().remove(0);
    assert_eq!(office.taps(&link_of(&mail)).await.unwrap(), office.ada.person);
    assert_eq!(office.types(sign_in, &code_of(&mail)).await, CodeOutcome::Over);
}

#[tokio::test]
async fn s2_an_invitation_arrives_and_its_link_signs_in() {
    let office = PostOffice::open().await;
    let bo = office.client("Bo").await;
    office.invite(bo).await;
    assert_eq!(office.step().await, 1);
    let mail = office.mails.take().remove(0);
    assert_eq!(mail.to.address, "bo@client.example");
    assert!(mail.message_id.starts_with("invitation."));
    assert!(mail.subject.contains("Harbor & Lee"));
    assert_eq!(office.taps(&link_of(&mail)).await.unwrap(), bo);
}

#[tokio::test]
async fn s3_an_unknown_address_is_sent_nothing() {
    let office = PostOffice::open().await;
    office.ask("nobody@else.example").await;
    assert_eq!(office.step().await, 0);
    assert!(office.mails.take().is_empty());
}

#[tokio::test]
async fn n11_everyone_gets_a_mail_of_their_own() {
    let office = PostOffice::open().await;
    let mut expected = Vec::new();
    for number in 0..20 {
        let given = format!("Bo{number:02}");
        let person = office.client(&given).await;
        office.invite(person).await;
        expected.push((format!("{}@client.example", given.to_lowercase()), person));
    }
    while office.step().await > 0 {}
    let mut mails = office.mails.take();
    mails.sort_by_key(|mail| mail.to.address.clone());
    assert_eq!(mails.len(), expected.len());
    for (mail, (address, person)) in mails.iter().zip(&expected) {
        assert_eq!(mail.to.address, *address);
        assert_eq!(office.taps(&link_of(mail)).await.unwrap(), *person);
    }
    mails.dedup_by_key(|mail| mail.message_id.clone());
    assert_eq!(mails.len(), expected.len());
}

#[tokio::test]
async fn s1_a_mail_that_fails_for_now_is_tried_again_and_then_has_a_good_code() {
    let office = PostOffice::open().await;
    let sign_in = office.ask(ADA).await;
    office.mails.fail_next(3, busy());
    for seconds in [5, 30, 120] {
        assert_eq!(office.step().await, 1);
        assert!(office.mails.take().is_empty());
        office.wait(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert_eq!(office.step().await, 0, "not before {seconds} s");
        office.wait(Duration::from_millis(1));
    }
    assert_eq!(office.step().await, 1);
    let mail = office.mails.take().remove(0);
    assert_eq!(office.types(sign_in, &code_of(&mail)).await, CodeOutcome::SignedIn(office.ada.person));
    assert_eq!(office.states().await, [(true, false, None)]);
}

#[tokio::test]
async fn s1_a_code_that_would_come_too_late_is_not_sent() {
    let office = PostOffice::open().await;
    office.ask(ADA).await;
    office.mails.fail_next(4, busy());
    for _ in 0..4 {
        assert_eq!(office.step().await, 1);
        office.wait(office.next_due().await.unwrap().since(office.now()));
    }
    office.wait(limits::SIGN_IN_LASTS);
    assert_eq!(office.step().await, 1);
    assert!(office.mails.take().is_empty());
    assert_eq!(office.states().await, [(false, false, Some("no longer wanted".to_string()))]);
    assert_eq!(office.next_due().await, None);
}

#[tokio::test]
async fn n12_after_24_hours_of_failures_it_has_failed() {
    let office = PostOffice::open().await;
    let bo = office.client("Bo").await;
    office.invite(bo).await;
    let began = office.now();
    office.mails.fail_next(1_000, busy());
    let mut tries = 0;
    while let Some(next) = office.next_due().await {
        office.wait(next.since(office.now()));
        assert_eq!(office.step().await, 1);
        tries += 1;
    }
    assert_eq!(tries, 29, "at once, five growing waits, and then hourly");
    assert!(office.now().since(began) <= RETRIED_FOR);
    assert_eq!(office.states().await, [(false, true, Some("451 try again later".to_string()))]);
    assert!(office.mails.take().is_empty());
}

#[tokio::test]
async fn n12_a_final_failure_ends_one_delivery_and_no_other() {
    let office = PostOffice::open().await;
    for given in ["Bo", "Cy"] {
        let person = office.client(given).await;
        office.invite(person).await;
    }
    office.mails.fail_next(1, MailError::permanent("550 no such user"));
    assert_eq!(office.step().await, 2);
    assert_eq!(office.mails.take().len(), 1);
    let mut states = office.states().await;
    states.sort();
    assert_eq!(states, [(false, true, Some("550 no such user".to_string())), (true, false, None)]);
    office.wait(RETRIED_FOR);
    assert_eq!(office.step().await, 0);
}

#[tokio::test]
async fn n11_a_crash_between_sending_and_recording_sends_the_same_mail_again() {
    let office = PostOffice::open().await;
    let sign_in = office.ask(ADA).await;
    // The record cannot be written: for the database that is a worker that died after sending.
    office
        .write(|tx| {
            let refuse = "CREATE TRIGGER crash BEFORE UPDATE OF sent_at ON deliveries \
                 BEGIN SELECT RAISE(ABORT, 'crash'); END";
            tx.run(refuse, &[])?;
            Ok(())
        })
        .await;
    assert_eq!(office.step().await, 1);
    let first = office.mails.take().remove(0);
    assert_eq!(office.states().await, [(false, false, None)]);
    office
        .write(|tx| {
            tx.run("DROP TRIGGER crash", &[])?;
            Ok(())
        })
        .await;
    assert_eq!(office.step().await, 0, "the lease still runs");
    office.wait(LEASE);
    assert_eq!(office.step().await, 1);
    let second = office.mails.take().remove(0);
    assert_eq!(second.message_id, first.message_id);
    assert_eq!(office.types(sign_in, &code_of(&second)).await, CodeOutcome::SignedIn(office.ada.person));
    office.wait(LEASE);
    assert_eq!(office.step().await, 0);
}

#[tokio::test]
async fn a_person_deactivated_meanwhile_is_sent_nothing() {
    let office = PostOffice::open().await;
    let bo = office.client("Bo").await;
    office.invite(bo).await;
    office.ask("bo@client.example").await;
    office.deactivate(bo).await;
    office.step().await;
    assert!(office.mails.take().is_empty());
    assert_eq!(office.next_due().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_running_worker_finds_what_becomes_due_and_stops_when_told() {
    let office = PostOffice::open().await;
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(office.worker.clone().run(stopping));
    for _ in 0..3 {
        office.ask(ADA).await;
        // Time is not waited for: it moves by itself while everybody waits.
        while office.mails.take().is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    stop.send(true).unwrap();
    running.await.unwrap();
}
