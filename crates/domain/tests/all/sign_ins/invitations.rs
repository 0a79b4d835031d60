//! Invitations: who may send them, how often, how long they are good (S2).

use super::*;
use crate::support::people::new_internal;
use domain::access::Actor;
use domain::people::NewInternal;

fn invite(office: &Office, actor: Actor, person: PersonId) -> domain::Result<()> {
    office.write(move |tx| sign_ins::invite(tx, &actor, person))
}

/// The secret of an invitation's mail, where one goes out.
fn invited(firm: &Firm<'_>, person: PersonId) -> Option<String> {
    let workspace = firm.workspace;
    let prepared = firm.office.write(move |tx| sign_ins::prepare_invitation(tx, workspace, person));
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

    fn s2_an_invitation_can_be_sent_again_and_the_earlier_link_stays_good(office) {
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
        tap(office, &second).unwrap();
    }

    fn s2_nobody_is_invited_more_than_ten_times_a_day(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client("Bo", &[]), firm.client("Cy", &[]));
        for _ in 0..sign_ins::INVITED_MAX {
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
        let nameless = domain::people::NewClient { given_name: String::new(), ..new_client("Bo", &[]) };
        let bo = office.write(move |tx| people::add_client(tx, &ada, &nameless)).unwrap();
        let single = NewInternal { family_name: String::new(), ..new_internal("Sam", domain::access::Role::Staff) };
        let sam = office.write(move |tx| people::add_internal(tx, &ada, &single)).unwrap();
        for person in [bo, sam] {
            invite(office, firm.ada, person).unwrap();
            assert!(invited(&firm, person).is_some());
        }
    }
}
