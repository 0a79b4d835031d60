//! Links: viewed any number of times, used once (S1, S4).

use super::*;
use domain::administration::clients;
use domain::arrival::sign_in::{self, CodeOutcome};
use domain::identity::sign_in_links::{LinkKind, LinkState};
use domain::identity::sign_in_requests;
use domain::kernel::limits;

both_engines! {
    fn s1_looking_at_a_link_uses_nothing_up(office) {
        let firm = office.firm("a.example");
        let prepared = mail(&firm, ask(&firm, ADA)).expect("a mail");
        for _ in 0..20 {
            let link = look(office, prepared.link_secret.reveal()).unwrap();
            assert_eq!((link.workspace, link.person), (firm.workspace, firm.ada.person));
            assert_eq!((link.name.full(), link.kind), ("Ada Admin".to_string(), LinkKind::Mail));
            assert_eq!(link.state, LinkState::Good);
        }
        assert!(person(&firm, firm.ada.person).first_seen_at.is_none());
        assert!(tap(office, prepared.link_secret.reveal()).is_ok());
    }

    fn s4_a_link_of_the_command_line_signs_in_once_for_fifteen_minutes(office) {
        let firm = office.firm("a.example");
        let (first, second) = (link(&firm, firm.ada.person, LinkKind::Command), link(&firm, firm.ada.person, LinkKind::Command));
        assert_eq!(tap(office, &first).unwrap(), (firm.workspace, firm.ada.person));
        conflict(tap(office, &first), "used");
        assert_eq!(look(office, &first).unwrap().state, LinkState::Used);
        office.wait(limits::SIGN_IN_LASTS);
        conflict(tap(office, &second), "expired");
        assert_eq!(look(office, &first).unwrap().state, LinkState::Used, "used stays used");
    }

    fn s1_a_link_is_used_once_also_when_two_devices_tap_at_the_same_instant(office) {
        let firm = office.firm("a.example");
        let mailed = mail(&firm, ask(&firm, ADA)).expect("a mail").link_secret.reveal().to_string();
        for secret in [link(&firm, firm.ada.person, LinkKind::Command), mailed] {
            let store = office.store.clone();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let outcomes = runtime.block_on(async move {
                let mut taps = tokio::task::JoinSet::new();
                for _ in 0..8 {
                    let (store, secret) = (store.clone(), secret.clone());
                    taps.spawn(async move { store.write(move |tx| sign_in::by_link(tx, &secret)).await });
                }
                taps.join_all().await
            });
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            for outcome in outcomes.into_iter().filter(|outcome| outcome.is_err()) {
                conflict(outcome, "used");
            }
        }
    }

    fn s1_links_sent_to_an_old_address_or_to_somebody_without_access_open_nothing(office) {
        let firm = office.firm("a.example");
        let moved = firm.client("Maria", &[]);
        let gone = firm.client("Otto", &[]);
        let [to_old, to_gone] = [moved, gone].map(|person| link(&firm, person, LinkKind::Invitation));
        let change = clients::ClientInput {
            email: "new@client.example".to_string().into(),
            ..clients::ClientInput::default()
        };
        firm.edit_client(firm.ada, moved, change).expect("a new address");
        firm.deactivate(firm.ada, gone).expect("deactivated");
        firm.reactivate(firm.ada, gone).expect("and back");
        for secret in [to_old, to_gone] {
            conflict(tap(office, &secret), "used");
        }
        assert!(tap(office, &link(&firm, moved, LinkKind::Invitation)).is_ok(), "a new one does");
    }

    fn a_link_of_the_demonstration_is_good_for_a_day_and_not_used_up(office) {
        let firm = office.firm("a.example");
        let secret = link(&firm, firm.ada.person, LinkKind::Demo);
        for _ in 0..3 {
            tap(office, &secret).unwrap();
        }
        assert_eq!(look(office, &secret).unwrap().state, LinkState::Good);
        office.wait(Duration::from_secs(24 * 3600));
        conflict(tap(office, &secret), "expired");
    }

    fn s1_what_was_called_off_signs_nobody_in(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client("Bo", &[]), firm.client("Cy", &[]));
        let sign_in = ask(&firm, "bo@client.example");
        let prepared = mail(&firm, sign_in).expect("a mail");
        let (invitation, other) = (link(&firm, bo, LinkKind::Invitation), link(&firm, cy, LinkKind::Invitation));
        let workspace = firm.workspace;
        office.write(move |tx| sign_in_requests::call_off(tx, workspace, bo)).unwrap();
        assert_eq!(types(&firm, sign_in, &prepared.code), CodeOutcome::Over);
        conflict(tap(office, prepared.link_secret.reveal()), "used");
        conflict(tap(office, &invitation), "used");
        assert!(mail(&firm, sign_in).is_none());
        assert_eq!(tap(office, &other).unwrap(), (workspace, cy));
    }
}
