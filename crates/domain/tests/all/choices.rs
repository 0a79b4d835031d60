//! What people choose to be sent, and the links in mails that end it (N10).

use crate::support::people::{Firm, not_found};
use domain::kernel::access::Actor;
use domain::kernel::medium::{Choice, Way};
use domain::notify::preferences::{self, Choices};

fn chosen(firm: &Firm<'_>, who: Actor) -> Choices {
    firm.office
        .read(move |reader| preferences::of_person(reader, who.workspace, who.person))
        .expect("choices")
}

fn secret(firm: &Firm<'_>, who: Actor, way: Way) -> String {
    let made =
        firm.office.write(move |tx| preferences::unsubscribe_secret(tx, who.workspace, who.person, way));
    made.expect("a secret").reveal().to_string()
}

both_engines! {
    fn n10_each_way_has_a_choice_of_its_own(office) {
        let firm = office.firm("choices.example");
        let bo = firm.client_actor("Bo", &[]);
        assert_eq!(chosen(&firm, bo), Choices { email: Choice::Each, text: Choice::Never });
        office.write(move |tx| preferences::choose(tx, &bo, Some(Choice::Once), None)).expect("a choice");
        assert_eq!(chosen(&firm, bo), Choices { email: Choice::Once, text: Choice::Never });
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Choice::Each))).expect("a choice");
        assert_eq!(chosen(&firm, bo), Choices { email: Choice::Once, text: Choice::Each });
        assert_eq!(chosen(&firm, firm.ada), Choices { email: Choice::Each, text: Choice::Never });
    }

    fn n10_unsubscribing_is_the_same_choice_and_looking_changes_nothing(office) {
        let firm = office.firm("choices.example");
        let bo = firm.client_actor("Bo", &[]);
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Choice::Once))).expect("a choice");
        let link = secret(&firm, bo, Way::Email);
        for _ in 0..100 {
            let link = link.clone();
            let seen = office.read(move |reader| preferences::look_at_unsubscribe(reader, bo.workspace, &link));
            assert_eq!(seen.expect("a link").choice, Choice::Each);
        }
        assert_eq!(chosen(&firm, bo).email, Choice::Each);
        for _ in 0..2 {
            let link = link.clone();
            let done = office.write(move |tx| preferences::unsubscribe(tx, bo.workspace, &link)).expect("an end");
            assert_eq!((done.person, done.way, done.choice), (bo.person, Way::Email, Choice::Never));
        }
        assert_eq!(chosen(&firm, bo), Choices { email: Choice::Never, text: Choice::Once });
        let text = secret(&firm, bo, Way::Text);
        office.write(move |tx| preferences::unsubscribe(tx, bo.workspace, &text)).expect("an end");
        assert_eq!(chosen(&firm, bo), Choices { email: Choice::Never, text: Choice::Never });
        assert_eq!(chosen(&firm, firm.ada).email, Choice::Each);
    }

    fn n10_a_wrong_foreign_or_old_link_ends_nothing(office) {
        let firm = office.firm("choices.example");
        let other = office.firm("other.example");
        let bo = firm.client_actor("Bo", &[]);
        let link = secret(&firm, bo, Way::Email);
        let there = other.workspace;
        for (workspace, secret) in [(there, link.clone()), (bo.workspace, "abc".to_string())] {
            not_found(office.write(move |tx| preferences::unsubscribe(tx, workspace, &secret)));
        }
        office.wait(preferences::UNSUBSCRIBE_LASTS);
        not_found(office.write(move |tx| preferences::unsubscribe(tx, bo.workspace, &link)));
        assert_eq!(chosen(&firm, bo).email, Choice::Each);
        assert_eq!(office.write(|tx| preferences::sweep(tx)).expect("a sweep"), 1);
        assert_eq!(office.write(|tx| preferences::sweep(tx)).expect("a sweep"), 0);
    }
}
