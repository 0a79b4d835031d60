//! Nothing is told twice, and nothing is lost, whatever fails (N5, N12).

use std::sync::Arc;
use std::time::Duration;

use domain::channels::starting::Subject;
use domain::messages::unread_backlog::Reason;
use domain::notify::digest_part::DeliveryState;
use outbound::mail::MailError;
use outbound::memory::Behaviour;
use workers::{ClockWatcher, DigestScheduler};

use super::at;
use crate::both_engines;

const HOUR: Duration = Duration::from_secs(3600);

fn away() -> MailError {
    MailError::temporary("the mail server is away")
}

both_engines! {
    fn n5_a_crash_between_the_servers_yes_and_our_record_repeats_the_same_mail(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let message = office.posts(jane, office.channel_of(bo), "Hello");
        office.works();
        office.mails.behave(|_| Behaviour::Dies { taken: true });
        office.minutes(5);
        assert!(matches!(office.fate(&message, bo), Some(DeliveryState::Due(_))), "nothing is known of it yet");
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(10);
        let mails = office.digests();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].message_id, mails[1].message_id, "the same mail to mail systems");
        assert_eq!(office.times_of(&mails), [300, 420], "when the lease has run out");
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Emailed(at(420))));
        office.minutes(600);
        assert_eq!(office.digests().len(), 2);
    }

    fn n5_a_crash_before_the_server_has_it_loses_nothing(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.posts(jane, office.channel_of(bo), "Hello");
        office.works();
        office.mails.behave(|_| Behaviour::Dies { taken: false });
        office.minutes(5);
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(600);
        assert_eq!(office.times_of(&office.digests()), [420]);
    }

    fn n5_a_server_that_takes_it_and_does_not_answer_gets_the_same_mail_again(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.posts(jane, office.channel_of(bo), "Hello");
        office.works();
        office.mails.behave(|_| Behaviour::TakesAndFails(away()));
        office.seconds(302);
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(600);
        let mails = office.digests();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].message_id, mails[1].message_id);
    }

    fn n12_a_server_away_for_hours_loses_nothing_and_the_state_says_when_it_is_tried(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let first = office.posts(jane, channel, "one");
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(away()));
        office.minutes(60);
        let second = office.posts(jane, channel, "two");
        office.minutes(60);
        assert_eq!(office.digests().len(), 0);
        assert!(matches!(office.fate(&first, bo), Some(DeliveryState::Due(_))));
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(120);
        let mails = office.digests();
        assert_eq!(mails.len(), 2);
        for message in [&first, &second] {
            assert!(matches!(office.fate(message, bo), Some(DeliveryState::Emailed(_))));
        }
    }

    fn n12_after_24_hours_it_has_failed_and_the_state_says_why(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let message = office.posts(jane, office.channel_of(bo), "one");
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(away()));
        office.minutes(26 * 60);
        let Some(DeliveryState::Failed(_, why)) = office.fate(&message, bo) else { panic!("it has not failed") };
        assert_eq!(why, "the mail server is away");
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(26 * 60);
        assert_eq!(office.digests_to(bo).len(), 0);
    }

    fn n12_a_final_refusal_ends_it_at_once(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let message = office.posts(jane, office.channel_of(bo), "one");
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(MailError::permanent("550 no such user")));
        office.minutes(5);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Failed(at(300), "550 no such user".to_string())));
    }

    fn n6_what_changes_while_the_server_is_away_goes_out_as_it_is_then(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let [read, edited, deleted] = ["one", "two", "three"].map(|text| office.posts(jane, channel, text));
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(away()));
        office.minutes(30);
        office.reads(bo, channel, 1);
        office.edits(jane, &edited, "two, as it should be");
        office.deletes(jane, &deleted);
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(120);
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("    two, as it should be"));
        assert!(!mails[0].text.contains("    one") && !mails[0].text.contains("    three"));
        assert!(matches!(office.fate(&read, bo), Some(DeliveryState::Seen(_))));
    }

    fn n4_everything_read_while_the_server_is_away_sends_nothing(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "one");
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(away()));
        office.minutes(10);
        office.reads(bo, channel, 1);
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(120);
        assert_eq!(office.digests_to(bo).len(), 0);
    }

    fn n13_access_lost_while_the_server_is_away_leaves_that_channel_out(office) {
        let (acme, other) = (office.company("Acme"), office.company("Other"));
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[acme]));
        let (own, shared) = (office.channel_of(bo), office.channel(Subject::Company(acme)));
        let (kept, lost) = (office.posts(jane, own, "for you"), office.posts(jane, shared, "for Acme"));
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(away()));
        office.minutes(30);
        office.moves(bo, &[other]);
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(120);
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("for you") && !mails[0].text.contains("for Acme"));
        assert!(matches!(office.fate(&kept, bo), Some(DeliveryState::Emailed(_))));
        assert_eq!(office.fate(&lost, bo), Some(DeliveryState::Suppressed(Reason::LostAccess)));
        office.deactivates(bo);
        assert!(matches!(office.fate(&kept, bo), Some(DeliveryState::Emailed(_))), "what was sent was sent");
    }

    fn n5_two_workers_that_wake_at_once_make_one_digest_and_one_mail(office) {
        let acme = office.company("Acme");
        let jane = office.staff("Jane");
        let clients: Vec<_> = (0..12).map(|number| office.client(&format!("Client{number}"), &[acme])).collect();
        let channel = office.channel(Subject::Company(acme));
        for round in 0..5 {
            let message = office.posts(jane, channel, &format!("round {round}"));
            office.works();
            office.store.clock().advance(std::time::Duration::from_secs(300));
            let schedulers: Vec<DigestScheduler> = (0..4).map(|_| DigestScheduler::new(office.store.clone(), None)).collect();
            let worker = Arc::new(office.worker.clone());
            office.wait_for(async {
                let mut all = tokio::task::JoinSet::new();
                for scheduler in schedulers {
                    all.spawn(async move { while scheduler.step().await.unwrap() > 0 {} });
                }
                while all.join_next().await.is_some_and(|ended| ended.is_ok()) {}
                let mut all = tokio::task::JoinSet::new();
                for _ in 0..4 {
                    let worker = Arc::clone(&worker);
                    all.spawn(async move { while worker.step().await.unwrap() > 0 {} });
                }
                while all.join_next().await.is_some_and(|ended| ended.is_ok()) {}
            });
            for client in &clients {
                assert_eq!(office.digests_to(*client).len(), round + 1);
                assert!(matches!(office.fate(&message, *client), Some(DeliveryState::Emailed(_))));
            }
        }
    }

    fn n5_a_clock_that_jumps_forward_or_back_neither_loses_nor_doubles(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "before");
        office.store.clock().advance(std::time::Duration::from_secs(3 * 24 * 3600));
        office.works();
        assert_eq!(office.digests_to(bo).len(), 1);
        office.posts(jane, channel, "while it was wrong");
        office.turn_back(std::time::Duration::from_secs(3 * 24 * 3600));
        office.posts(jane, channel, "after");
        office.minutes(5);
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 2);
        assert!(mails[1].text.contains("after") && mails[1].text.contains("while it was wrong"));
        office.minutes(4 * 24 * 60);
        assert_eq!(office.digests_to(bo).len(), 2);
    }

    fn n5_a_clock_put_back_by_an_hour_makes_nobody_wait_for_it(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let mut watcher = ClockWatcher::new(office.store.clone());
        assert_eq!(office.wait_for(watcher.step()).unwrap(), None);
        office.posts(jane, office.channel_of(bo), "Hello");
        office.minutes(2);
        assert_eq!(office.wait_for(watcher.step()).unwrap(), None, "time passed");
        office.turn_back(HOUR);
        assert_eq!(office.wait_for(watcher.step()).unwrap(), Some(HOUR));
        assert_eq!(office.wait_for(watcher.step()).unwrap(), None);
        office.minutes(3);
        assert_eq!(office.digests_to(bo).len(), 1);
        office.minutes(3 * 60);
        assert_eq!(office.digests_to(bo).len(), 1, "and nobody is told twice");
    }

    fn n5_a_mail_that_waits_for_its_next_try_is_not_late_when_the_clock_was_put_back_while_the_program_was_down(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wait_for(ClockWatcher::new(office.store.clone()).step()).unwrap();
        office.posts(jane, office.channel_of(bo), "Hello");
        office.mails.behave(|_| Behaviour::Refuses(away()));
        office.minutes(10);
        assert!(office.digests_to(bo).is_empty());
        office.wait_for(ClockWatcher::new(office.store.clone()).step()).unwrap();
        office.turn_back(HOUR);
        let by = office.wait_for(ClockWatcher::new(office.store.clone()).step()).unwrap();
        assert_eq!(by, Some(HOUR), "as noted before the program went down");
        office.mails.behave(|_| Behaviour::Takes);
        office.minutes(10);
        assert_eq!(office.digests_to(bo).len(), 1);
    }

    fn n5_thirty_people_due_at_once_are_each_told_once(office) {
        let acme = office.company("Acme");
        let jane = office.staff("Jane");
        let clients: Vec<_> = (0..30).map(|number| office.client(&format!("Client{number}"), &[acme])).collect();
        office.posts(jane, office.channel(Subject::Company(acme)), "Hello all");
        office.minutes(6);
        for client in clients {
            assert_eq!(office.times_of(&office.digests_to(client)), [300]);
        }
    }
}
