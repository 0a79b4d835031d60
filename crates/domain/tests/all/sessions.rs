//! Sessions: signed-in browsers, how long they last, and who sees and ends them (S1).

use std::time::Duration;

use crate::support::Office;
use crate::support::people::Firm;
use domain::identity::sessions::{self, Session};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{PersonId, SessionId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::kernel::limits;
use domain::tenant::workspaces;

const HOUR: Duration = Duration::from_secs(3600);

fn start(firm: &Firm<'_>, person: PersonId, agent: &str) -> String {
    let (workspace, agent) = (firm.workspace, agent.to_string());
    let secret = firm.office.write(move |tx| sessions::start(tx, workspace, person, &agent));
    secret.expect("a session").reveal().to_string()
}

fn who(office: &Office, workspace: WorkspaceId, secret: &str) -> Option<(Actor, SessionId, bool)> {
    let secret = secret.to_string();
    let found = office.read(move |reader| {
        let host = workspaces::find(reader, workspace)?.host.unwrap_or_default();
        sessions::of_secret(reader, &host, &secret)
    });
    found.expect("an answer").map(|found| (found.actor, found.session, found.is_stale))
}

fn list(office: &Office, actor: Actor) -> Vec<Session> {
    office.read(move |reader| sessions::list(reader, &actor)).expect("sessions")
}

fn end(office: &Office, actor: Actor, session: SessionId) -> error::Result<()> {
    office.write(move |tx| sessions::end(tx, &actor, session))
}

fn touch(firm: &Firm<'_>, session: SessionId) {
    let workspace = firm.workspace;
    firm.office.write(move |tx| sessions::touch(tx, workspace, session)).expect("noted");
}

fn ended(firm: &Firm<'_>) -> Vec<SessionId> {
    let told = firm.told().into_iter();
    told.filter_map(|event| match event {
        Event::SessionEnded { session, .. } => Some(session),
        _ => None,
    })
    .collect()
}

both_engines! {
    fn s1_a_session_knows_who_is_signed_in_and_what_they_are(office) {
        let firm = office.firm("a.example");
        let company = firm.company("North");
        let lim = firm.limited("Lim", &[company]);
        let bo = firm.client_actor("Bo", &[company]);
        for actor in [firm.ada, lim, bo] {
            let secret = start(&firm, actor.person, "Browser");
            let (found, _, stale) = who(office, firm.workspace, &secret).expect("a session");
            assert_eq!(found, actor);
            assert!(!stale);
        }
        assert_eq!(who(office, firm.workspace, ""), None);
        assert_eq!(who(office, firm.workspace, &"a".repeat(64)), None);
    }

    fn s1_a_session_works_in_its_own_workspace_only(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let secret = start(&firm, firm.ada.person, "Browser");
        assert!(who(office, firm.workspace, &secret).is_some());
        assert_eq!(who(office, other.workspace, &secret), None);
    }

    fn s1_a_session_lasts_ninety_days_of_use(office) {
        let firm = office.firm("a.example");
        let secret = start(&firm, firm.ada.person, "Browser");
        for _ in 0..3 {
            office.wait(limits::SESSION_LASTS - HOUR);
            let (_, session, stale) = who(office, firm.workspace, &secret).expect("still signed in");
            assert!(stale);
            touch(&firm, session);
            let (_, _, stale) = who(office, firm.workspace, &secret).expect("still signed in");
            assert!(!stale);
        }
        office.wait(limits::SESSION_LASTS - Duration::from_millis(1));
        assert_eq!(list(office, firm.ada).len(), 1);
        office.wait(Duration::from_millis(1));
        assert_eq!(who(office, firm.workspace, &secret), None);
        assert!(list(office, firm.ada).is_empty());
    }

    fn s1_use_is_noted_at_most_once_an_hour(office) {
        let firm = office.firm("a.example");
        let began = office.now();
        let secret = start(&firm, firm.ada.person, "Browser");
        let (_, session, _) = who(office, firm.workspace, &secret).unwrap();
        office.wait(HOUR - Duration::from_millis(1));
        assert!(!who(office, firm.workspace, &secret).unwrap().2);
        touch(&firm, session);
        assert_eq!(list(office, firm.ada)[0].used_at, began);
        office.wait(Duration::from_millis(1));
        assert!(who(office, firm.workspace, &secret).unwrap().2);
        touch(&firm, session);
        assert_eq!(list(office, firm.ada)[0].used_at, office.now());
        assert_eq!(list(office, firm.ada)[0].created_at, began);
    }

    fn s1_a_person_sees_their_own_sessions_the_last_used_first(office) {
        let firm = office.firm("a.example");
        let sam = firm.staff("Sam");
        start(&firm, firm.ada.person, "Phone");
        office.wait_minutes(1);
        start(&firm, firm.ada.person, "Desk");
        start(&firm, sam.person, "Sam's phone");
        let agents = |actor| list(office, actor).into_iter().map(|session| session.agent).collect::<Vec<_>>();
        assert_eq!(agents(firm.ada), ["Desk", "Phone"]);
        assert_eq!(agents(sam), ["Sam's phone"]);
    }

    fn s1_a_person_ends_their_own_sessions_only_and_open_pages_hear_of_it(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let sam = firm.staff("Sam");
        let secret = start(&firm, firm.ada.person, "Phone");
        let (_, session, _) = who(office, firm.workspace, &secret).unwrap();
        for outsider in [sam, other.ada] {
            assert!(matches!(end(office, outsider, session), Err(Error::NotFound)));
        }
        assert!(who(office, firm.workspace, &secret).is_some());
        assert!(ended(&firm).is_empty());

        end(office, firm.ada, session).unwrap();
        assert_eq!(who(office, firm.workspace, &secret), None);
        assert_eq!(ended(&firm), [session]);
        assert!(list(office, firm.ada).is_empty());
        assert!(matches!(end(office, firm.ada, session), Err(Error::NotFound)));
        touch(&firm, session);
        assert_eq!(who(office, firm.workspace, &secret), None);
    }

    fn s1_all_sessions_but_this_one_can_be_ended(office) {
        let firm = office.firm("a.example");
        let sam = firm.staff("Sam");
        let here = start(&firm, firm.ada.person, "Here");
        let elsewhere = [start(&firm, firm.ada.person, "Phone"), start(&firm, firm.ada.person, "Lost phone")];
        let of_sam = start(&firm, sam.person, "Sam's phone");
        let (ada, (_, keep, _)) = (firm.ada, who(office, firm.workspace, &here).unwrap());
        assert_eq!(office.write(move |tx| sessions::end_all_others(tx, &ada, keep)).unwrap(), 2);
        assert!(elsewhere.iter().all(|secret| who(office, firm.workspace, secret).is_none()));
        assert!(who(office, firm.workspace, &here).is_some());
        assert!(who(office, firm.workspace, &of_sam).is_some());
        assert_eq!(ended(&firm).len(), 2);
        assert_eq!(office.write(move |tx| sessions::end_all_others(tx, &ada, keep)).unwrap(), 0);
    }

    fn s1_deactivating_a_person_signs_them_out(office) {
        let firm = office.firm("a.example");
        let bo = firm.client("Bo", &[]);
        let secret = start(&firm, bo, "Phone");
        firm.deactivate(firm.ada, bo).unwrap();
        assert_eq!(who(office, firm.workspace, &secret), None);
        firm.reactivate(firm.ada, bo).unwrap();
        assert_eq!(who(office, firm.workspace, &secret), None, "they sign in anew");
    }

    fn s1_what_a_browser_says_it_is_is_kept_short_and_harmless(office) {
        let firm = office.firm("a.example");
        start(&firm, firm.ada.person, &format!(" Fire\u{0}fox\r\n\u{1b}[31m {}", "é".repeat(5_000)));
        let agent = list(office, firm.ada).remove(0).agent;
        assert!(agent.starts_with("Firefox[31m é"), "{agent}");
        assert!(agent.chars().count() <= 200);
        assert!(!agent.chars().any(char::is_control));
        start(&firm, firm.ada.person, "");
        assert_eq!(list(office, firm.ada).len(), 2);
    }
}
