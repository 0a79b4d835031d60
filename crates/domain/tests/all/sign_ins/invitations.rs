//! Invitations: who may send them, how often, and how long they are valid (S2).

use super::*;
use crate::support::people::new_internal;
use domain::administration::team::InternalInput;
use domain::administration::{clients, team};
use domain::arrival::{invitations, sign_in};
use domain::directory::person::Status;
use domain::kernel::access::{self, Actor};
use domain::kernel::error;
use domain::kernel::error::Error;
use domain::kernel::ids::PersonId;
use domain::kernel::limits;

fn invite(office: &Office, actor: Actor, person: PersonId) -> error::Result<()> {
    office.write(move |tx| invitations::invite(tx, &actor, person))
}

/// The secret in the mail of an invitation, if one is sent.
fn invited(firm: &Firm<'_>, person: PersonId) -> Option<String> {
    let workspace = firm.workspace;
    let prepared = firm.office.write(move |tx| invitations::prepare_invitation(tx, workspace, person));
    prepared.expect("an answer").map(|prepared| prepared.link_secret.reveal().to_string())
}

both_engines! {
    fn s2_an_invitation_signs_in_once_within_seven_days(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client("Bo", &[]), firm.client("Cy", &[]));
        for person in [bo, cy] {
            invite(office, firm.ada, person).unwrap();
        }
        assert_eq!(person(&firm, bo).status(), Status::Invited);
        assert_eq!(rows(office, "deliveries"), 2);
        let (first, second) = (invited(&firm, bo).unwrap(), invited(&firm, cy).unwrap());
        office.wait(limits::INVITATION_LASTS - Duration::from_millis(1));
        assert_eq!(tap(office, &first).unwrap(), (firm.workspace, bo));
        conflict(tap(office, &first), "used");
        assert_eq!(person(&firm, bo).status(), Status::Active);
        office.wait(Duration::from_millis(1));
        conflict(tap(office, &second), "expired");
        assert_eq!(person(&firm, cy).status(), Status::Invited);
    }

    fn s2_an_invitation_can_be_sent_again_and_the_earlier_link_stays_good_until_one_is_accepted(office) {
        let firm = office.firm("a.example");
        let bo = firm.client("Bo", &[]);
        invite(office, firm.ada, bo).unwrap();
        let first = invited(&firm, bo).unwrap();
        office.wait_minutes(60);
        invite(office, firm.ada, bo).unwrap();
        let second = invited(&firm, bo).unwrap();
        assert_eq!(person(&firm, bo).invited_at, Some(office.now()));
        assert_ne!(first, second);
        tap(office, &first).unwrap();
        conflict(tap(office, &second), "used");
    }

    fn s2_an_invitation_that_was_taken_back_lets_nobody_in_until_it_is_sent_again(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client("Bo", &[]), firm.client("Cy", &[]));
        let take_back = |actor: Actor, person| office.write(move |tx| invitations::take_back(tx, &actor, person));
        invite(office, firm.ada, bo).unwrap();
        let first = invited(&firm, bo).unwrap();
        not_found(take_back(firm.actor(cy).unwrap(), bo));
        not_found(take_back(office.firm("b.example").ada, bo));
        take_back(firm.ada, bo).unwrap();
        take_back(firm.ada, bo).unwrap();
        conflict(tap(office, &first), "taken back");
        assert_eq!(person(&firm, bo).status(), Status::NotInvited);
        assert!(invited(&firm, bo).is_none(), "a mail that is still waiting is not sent");
        invite(office, firm.ada, bo).unwrap();
        let second = invited(&firm, bo).unwrap();
        conflict(tap(office, &first), "taken back");
        assert_eq!(tap(office, &second).unwrap(), (firm.workspace, bo));
        conflict(take_back(firm.ada, bo), "accepted");
        assert_eq!(person(&firm, bo).status(), Status::Active);
    }

    fn s2_of_two_who_accept_one_invitation_one_comes_in(office) {
        let firm = office.firm("a.example");
        let bo = firm.client("Bo", &[]);
        invite(office, firm.ada, bo).unwrap();
        let links = [invited(&firm, bo).unwrap(), invited(&firm, bo).unwrap()];
        let outcomes: Vec<bool> = std::thread::scope(|scope| {
            let taps: Vec<_> = [0, 0, 1, 1]
                .into_iter()
                .map(|link| {
                    let (store, secret) = (office.store.clone(), links[link].clone());
                    scope.spawn(move || {
                        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                        let tapped = move |tx: &mut store::Tx| sign_in::by_link(tx, &secret);
                        runtime.block_on(store.write(tapped)).is_ok()
                    })
                })
                .collect();
            taps.into_iter().map(|tap| tap.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|came| **came).count(), 1, "{outcomes:?}");
        assert_eq!(person(&firm, bo).status(), Status::Active);
    }

    fn s2_nobody_is_invited_more_than_ten_times_a_day(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client("Bo", &[]), firm.client("Cy", &[]));
        for _ in 0..invitations::INVITED_MAX {
            invite(office, firm.ada, bo).unwrap();
        }
        assert_eq!(wait_of(invite(office, firm.ada, bo)), Duration::from_secs(24 * 3600));
        invite(office, firm.ada, cy).unwrap();
        office.wait(Duration::from_secs(24 * 3600));
        invite(office, firm.ada, bo).unwrap();
    }

    fn s2_internal_users_invite_the_clients_they_see_and_admins_the_team(office) {
        let firm = office.firm("a.example");
        let (north, south) = (firm.company("North"), firm.company("South"));
        let (bo, cy) = (firm.client("Bo", &[north]), firm.client("Cy", &[south]));
        let (sam, lim) = (firm.staff("Sam"), firm.limited("Lim", &[north]));
        invite(office, sam, bo).unwrap();
        invite(office, lim, bo).unwrap();
        not_found(invite(office, lim, cy));
        invite(office, firm.ada, sam.person).unwrap();
        assert!(matches!(invite(office, sam, lim.person), Err(Error::Forbidden)));
        let client = firm.actor(bo).unwrap();
        not_found(invite(office, client, cy));
        not_found(invite(office, client, bo));
    }

    fn s2_another_firm_invites_nobody_here(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let bo = firm.client("Bo", &[]);
        not_found(invite(office, other.ada, bo));
        not_found(invite(office, firm.ada, other.ada.person));
        assert!(invited(&other, bo).is_none());
        assert_eq!(rows(office, "deliveries"), 0);
        assert_eq!(person(&firm, bo).status(), Status::NotInvited);
    }

    fn s2_a_deactivated_person_is_not_invited(office) {
        let firm = office.firm("a.example");
        let bo = firm.client("Bo", &[]);
        invite(office, firm.ada, bo).unwrap();
        firm.deactivate(firm.ada, bo).unwrap();
        conflict(invite(office, firm.ada, bo), "deactivated");
        assert!(invited(&firm, bo).is_none(), "a mail that is still waiting is not sent");
        assert_eq!(rows(office, "deliveries"), 1);
    }

    fn s2_a_person_without_a_given_name_is_invited_all_the_same(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let nameless = clients::ClientInput { given_name: String::new().into(), ..new_client("Bo", &[]) };
        let bo = office.write(move |tx| clients::add_client(tx, &ada, &nameless)).unwrap();
        let single = InternalInput {
            family_name: String::new().into(),
            ..new_internal("Sam", access::Role::Staff)
        };
        let sam = office.write(move |tx| team::add_internal(tx, &ada, &single)).unwrap();
        for person in [bo, sam] {
            invite(office, firm.ada, person).unwrap();
            assert!(invited(&firm, person).is_some());
        }
    }
}
