//! Notification preferences, and the links in mails to unsubscribe (N10).

use crate::support::people::{Firm, not_found};
use domain::kernel::access::Actor;
use domain::kernel::medium::{Frequency, Medium};
use domain::notify::preferences::{self, Preferences};

fn chosen(firm: &Firm<'_>, who: Actor) -> Preferences {
    firm.office
        .read(move |reader| preferences::of_person(reader, who.workspace, who.person))
        .expect("choices")
}

fn secret(firm: &Firm<'_>, who: Actor, way: Medium) -> String {
    let made =
        firm.office.write(move |tx| preferences::unsubscribe_secret(tx, who.workspace, who.person, way));
    made.expect("a secret").reveal().to_string()
}

both_engines! {
    fn n10_each_way_has_a_choice_of_its_own(office) {
        let firm = office.firm("choices.example");
        let bo = firm.client_actor("Bo", &[]);
        assert_eq!(chosen(&firm, bo), Preferences { email: Frequency::EveryMessage, text: Frequency::Off });
        office.write(move |tx| preferences::choose(tx, &bo, Some(Frequency::OncePerVisit), None)).expect("a choice");
        assert_eq!(chosen(&firm, bo), Preferences { email: Frequency::OncePerVisit, text: Frequency::Off });
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::EveryMessage))).expect("a choice");
        assert_eq!(chosen(&firm, bo), Preferences { email: Frequency::OncePerVisit, text: Frequency::EveryMessage });
        assert_eq!(chosen(&firm, firm.ada), Preferences { email: Frequency::EveryMessage, text: Frequency::Off });
    }

    fn n10_unsubscribing_is_the_same_choice_and_looking_changes_nothing(office) {
        let firm = office.firm("choices.example");
        let bo = firm.client_actor("Bo", &[]);
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::OncePerVisit))).expect("a choice");
        let link = secret(&firm, bo, Medium::Email);
        for _ in 0..100 {
            let link = link.clone();
            let seen = office.read(move |reader| preferences::find_unsubscribe(reader, bo.workspace, &link));
            assert_eq!(seen.expect("a link").choice, Frequency::EveryMessage);
        }
        assert_eq!(chosen(&firm, bo).email, Frequency::EveryMessage);
        for _ in 0..2 {
            let link = link.clone();
            let done = office.write(move |tx| preferences::unsubscribe(tx, bo.workspace, &link)).expect("an end");
            assert_eq!((done.person, done.way, done.choice), (bo.person, Medium::Email, Frequency::Off));
        }
        assert_eq!(chosen(&firm, bo), Preferences { email: Frequency::Off, text: Frequency::OncePerVisit });
        let text = secret(&firm, bo, Medium::Text);
        office.write(move |tx| preferences::unsubscribe(tx, bo.workspace, &text)).expect("an end");
        assert_eq!(chosen(&firm, bo), Preferences { email: Frequency::Off, text: Frequency::Off });
        assert_eq!(chosen(&firm, firm.ada).email, Frequency::EveryMessage);
    }

    fn n10_a_wrong_foreign_or_old_link_ends_nothing(office) {
        let firm = office.firm("choices.example");
        let other = office.firm("other.example");
        let bo = firm.client_actor("Bo", &[]);
        let link = secret(&firm, bo, Medium::Email);
        let there = other.workspace;
        for (workspace, secret) in [(there, link.clone()), (bo.workspace, "abc".to_string())] {
            not_found(office.write(move |tx| preferences::unsubscribe(tx, workspace, &secret)));
        }
        office.wait(preferences::UNSUBSCRIBE_LASTS);
        not_found(office.write(move |tx| preferences::unsubscribe(tx, bo.workspace, &link)));
        assert_eq!(chosen(&firm, bo).email, Frequency::EveryMessage);
        assert_eq!(office.write(|tx| preferences::sweep(tx)).expect("a sweep"), 1);
        assert_eq!(office.write(|tx| preferences::sweep(tx)).expect("a sweep"), 0);
    }
}
