//! The history of notices, for admins (N12).

use crate::support::people::{forbidden, not_found};
use domain::arrival::invitations;
use domain::kernel::access::Actor;
use domain::kernel::medium::Frequency;
use domain::messages::unread_backlog::Reason;
use domain::notify::history::{self, Notice};
use domain::notify::{due, preferences};

both_engines! {
    fn n12_admins_see_what_was_decided_newest_first_and_nobody_else_does(office) {
        let firm = office.firm("notices.example");
        let (bo, ben) = (firm.client_actor("Bo", &[]), firm.staff("Ben"));
        let channel = firm.channel_of(bo.person);
        let (workspace, ada) = (firm.workspace, firm.ada);
        for person in [bo.person, ben.person] {
            office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
        }
        office.write(move |tx| preferences::choose(tx, &ben, Some(Frequency::Off), None)).expect("a choice");
        office.posts(ada, channel, "Hello");
        office.wait_minutes(5);
        office.write(move |tx| due::enqueue_due(tx, workspace, channel, None)).expect("a look");
        for person in [bo.person, ben.person] {
            office.write(move |tx| due::decide(tx, workspace, person, None)).expect("a decision");
            office.wait_minutes(1);
        }

        let list = |who: Actor, before, most| office.read(move |reader| history::list(reader, &who, before, most));
        let found: Vec<Notice> = list(ada, None, 10).expect("a list");
        let of: Vec<_> = found.iter().map(|notice| (notice.person, notice.suppressed, notice.sendings.len())).collect();
        assert_eq!(of, [(ben.person, Some(Reason::Choice), 0), (bo.person, None, 1)]);
        assert_eq!(found[1].about[0].title.as_deref(), Some("Bo Client"));
        assert!(found[1].sendings[0].next_try_at.is_some());
        assert_eq!(list(ada, None, 1).expect("a list"), found[..1]);
        assert_eq!(list(ada, Some(found[0].digest), 10).expect("a list"), found[1..]);
        assert_eq!(list(office.firm("other.example").ada, None, 10).expect("a list"), []);
        forbidden(list(ben, None, 10));
        not_found(list(bo, None, 10));
    }
}
