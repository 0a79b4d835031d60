//! Deliveries: claimed by one worker at a time, retried with growing waits for 24 hours (N12), recorded once.

use std::collections::HashSet;
use std::time::Duration;

use crate::support::Office;
use crate::support::people::Firm;
use domain::arrival::invitations;
use domain::identity::sign_in_requests;
use domain::kernel::ids::{DeliveryId, PersonId};
use domain::notify::deliveries::{self, LEASE};
use domain::notify::delivery::{CALLS_RETRIED_FOR, Delivery, Kind, RETRIED_FOR};
use store::Time;

const MILLISECOND: Duration = Duration::from_millis(1);

fn invite(firm: &Firm<'_>, person: PersonId) {
    let ada = firm.ada;
    firm.office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
}

/// A firm with one invitation due.
fn one_due(office: &Office) -> Firm<'_> {
    let firm = office.firm("a.example");
    let bo = firm.client("Bo", &[]);
    invite(&firm, bo);
    firm
}

fn claim(office: &Office, most: i64) -> Vec<Delivery> {
    office.write(move |tx| deliveries::claim(tx, most)).expect("deliveries")
}

fn claim_one(office: &Office) -> Delivery {
    let mut claimed = claim(office, 10);
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

fn sent(office: &Office, delivery: &Delivery) {
    let delivery = delivery.clone();
    office.write(move |tx| deliveries::sent(tx, &delivery)).expect("recorded");
}

fn failed_for_now(office: &Office, delivery: &Delivery) -> Option<Time> {
    let delivery = delivery.clone();
    office.write(move |tx| deliveries::failed_for_now(tx, &delivery, "no connection")).expect("recorded")
}

fn next_due(office: &Office) -> Option<Time> {
    office.read(deliveries::next_due).expect("an answer")
}

/// Whether it was sent, whether it failed permanently, and why.
fn state(office: &Office, id: DeliveryId) -> (bool, bool, Option<String>) {
    let sql = "SELECT sent_at, failed_at, reason FROM deliveries WHERE id = $1";
    office
        .read(move |reader| {
            Ok(reader.one(sql, &[&id], |row| {
                let (sent, failed): (Option<Time>, Option<Time>) = (row.get(0)?, row.get(1)?);
                Ok((sent.is_some(), failed.is_some(), row.get(2)?))
            })?)
        })
        .expect("a delivery")
}

both_engines! {
    fn a_delivery_is_due_at_once_and_sent_once(office) {
        assert_eq!(next_due(office), None);
        let firm = one_due(office);
        assert_eq!(next_due(office), Some(office.now()));
        let delivery = claim_one(office);
        assert_eq!((delivery.workspace, delivery.kind, delivery.tries), (firm.workspace, Kind::Invitation, 1));
        assert_eq!(delivery.created_at, office.now());
        sent(office, &delivery);
        office.wait(RETRIED_FOR);
        assert!(claim(office, 10).is_empty());
        assert_eq!(next_due(office), None);
        assert_eq!(state(office, delivery.id), (true, false, None));
    }

    fn a_sign_in_is_delivered_for_its_request(office) {
        let firm = office.firm("a.example");
        let workspace = firm.workspace;
        let sign_in =
            office.write(move |tx| sign_in_requests::ask(tx, workspace, "ada@firm.example", "192.0.2.7")).unwrap();
        let delivery = claim_one(office);
        assert_eq!((delivery.kind, delivery.person), (Kind::SignIn(sign_in), firm.ada.person));
    }

    fn nobody_else_takes_what_a_worker_holds_until_its_lease_runs_out(office) {
        let _firm = one_due(office);
        let first = claim_one(office);
        office.wait(LEASE - MILLISECOND);
        assert!(claim(office, 10).is_empty());
        assert_eq!(next_due(office), Some(office.now().after(MILLISECOND)));
        office.wait(MILLISECOND);
        let second = claim_one(office);
        assert_eq!((second.id, second.tries), (first.id, 2));
    }

    fn at_most_as_many_as_wanted_are_taken_the_oldest_first(office) {
        let firm = office.firm("a.example");
        let mut people = Vec::new();
        for number in 0..5 {
            people.push(firm.client(&format!("Bo{number}"), &[]));
            invite(&firm, people[number]);
            office.wait(MILLISECOND);
        }
        let who = |claimed: Vec<Delivery>| claimed.into_iter().map(|delivery| delivery.person).collect::<Vec<_>>();
        assert_eq!(who(claim(office, 2)), people[..2]);
        assert_eq!(who(claim(office, 2)), people[2..4]);
        assert_eq!(who(claim(office, 2)), people[4..]);
    }

    fn deliveries_of_all_workspaces_are_taken(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        invite(&firm, firm.client("Bo", &[]));
        invite(&other, other.client("Cy", &[]));
        let workspaces: HashSet<_> = claim(office, 10).into_iter().map(|delivery| delivery.workspace).collect();
        assert_eq!(workspaces, HashSet::from([firm.workspace, other.workspace]));
    }

    fn two_workers_never_hold_the_same_one(office) {
        let firm = office.firm("a.example");
        for number in 0..40 {
            invite(&firm, firm.client(&format!("Bo{number}"), &[]));
        }
        let store = office.store.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let claimed = runtime.block_on(async move {
            let mut workers = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let store = store.clone();
                workers.spawn(async move {
                    let mut held = Vec::new();
                    loop {
                        match store.write(|tx| deliveries::claim(tx, 3)).await.unwrap() {
                            none if none.is_empty() => return held,
                            some => {
                                assert!(some.len() <= 3);
                                held.extend(some.into_iter().map(|delivery| delivery.id));
                            }
                        }
                    }
                });
            }
            workers.join_all().await.concat()
        });
        assert_eq!(claimed.len(), 40);
        assert_eq!(claimed.into_iter().collect::<HashSet<_>>().len(), 40);
    }

    fn n12_what_fails_for_now_is_tried_again_after_growing_waits_for_24_hours(office) {
        let _firm = one_due(office);
        let began = office.now();
        let mut waits = Vec::new();
        let last = loop {
            let delivery = claim_one(office);
            let Some(next) = failed_for_now(office, &delivery) else { break delivery };
            assert_eq!(next_due(office), Some(next));
            let wait = next.since(office.now());
            office.wait(wait - MILLISECOND);
            assert!(claim(office, 10).is_empty(), "not before its time");
            office.wait(MILLISECOND);
            waits.push(wait.as_secs());
        };
        assert_eq!(waits[..6], [5, 30, 120, 600, 1800, 3600]);
        assert!(waits[6..].iter().all(|wait| *wait == 3600));
        let lasted = office.now().since(began);
        assert!(lasted <= RETRIED_FOR && lasted > RETRIED_FOR - Duration::from_secs(3600), "{lasted:?}");
        assert_eq!(state(office, last.id), (false, true, Some("no connection".to_string())));
        office.wait(RETRIED_FOR);
        assert!(claim(office, 10).is_empty());
        assert_eq!(next_due(office), None);
    }

    fn n12_a_final_failure_is_not_tried_again(office) {
        let _firm = one_due(office);
        let delivery = claim_one(office);
        let (id, reason) = (delivery.id, format!("550 no such\r\nuser {}", "x".repeat(10_000)));
        office.write(move |tx| deliveries::failed(tx, &delivery, &reason)).unwrap();
        let (sent, failed, reason) = state(office, id);
        assert_eq!((sent, failed), (false, true));
        let reason = reason.unwrap();
        assert!(reason.starts_with("550 no suchuser x") && reason.len() <= 500, "{reason}");
        office.wait(RETRIED_FOR);
        assert!(claim(office, 10).is_empty());
    }

    fn what_is_no_longer_wanted_is_dropped_and_has_not_failed(office) {
        let _firm = one_due(office);
        let delivery = claim_one(office);
        let id = delivery.id;
        office.write(move |tx| deliveries::dropped(tx, &delivery, "deactivated")).unwrap();
        assert_eq!(state(office, id), (false, false, Some("deactivated".to_string())));
        office.wait(RETRIED_FOR);
        assert!(claim(office, 10).is_empty());
    }

    fn a_worker_whose_lease_was_taken_over_has_no_say_but_for_what_it_sent(office) {
        let _firm = one_due(office);
        let slow = claim_one(office);
        office.wait(LEASE);
        let quick = claim_one(office);
        failed_for_now(office, &slow);
        let given_up = slow.clone();
        office.write(move |tx| deliveries::failed(tx, &given_up, "late")).unwrap();
        assert_eq!(state(office, slow.id), (false, false, None), "the quick one still holds it");
        assert_eq!(next_due(office), Some(office.now().after(LEASE)));
        sent(office, &slow);
        failed_for_now(office, &quick);
        assert_eq!(state(office, slow.id), (true, false, None));
        office.wait(RETRIED_FOR);
        assert!(claim(office, 10).is_empty());
    }
}

mod waits {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn n12_h5_no_wait_leads_past_the_time_for_tries_and_none_is_shorter_than_the_one_before(
            tries in 1i64..1_000, age_ms in 0u64..400_000_000, is_call: bool
        ) {
            let retried_for = if is_call { CALLS_RETRIED_FOR } else { RETRIED_FOR };
            let age = Duration::from_millis(age_ms);
            match deliveries::next_wait(tries, age, retried_for) {
                Some(wait) => {
                    prop_assert!(age + wait <= retried_for);
                    prop_assert!(wait >= Duration::from_secs(5) && wait <= Duration::from_secs(3600));
                    let before = deliveries::next_wait(tries - 1, age, retried_for);
                    prop_assert!(before.is_some_and(|before| before <= wait));
                }
                None => prop_assert!(age + Duration::from_secs(3600) > retried_for),
            }
        }
    }
}
