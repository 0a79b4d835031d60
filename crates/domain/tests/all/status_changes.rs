//! What journal entries say about the delivery status of messages (D6, N12).

use domain::arrival::invitations;
use domain::channels::members;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, PersonId};
use domain::kernel::journal::Event;
use domain::kernel::medium::{Frequency, Medium};
use domain::messages::unread_backlog::Reason;
use domain::notify::delivery::Delivery;
use domain::notify::digest_part::DeliveryState;
use domain::notify::status_changes::{self, POSITIONS_MAX, StatusChange};
use domain::notify::{deliveries, due, manual_send, muting, preferences};
use store::Tx;

use crate::support::Office;
use crate::support::people::Firm;

/// The changes that entries after `seq` tell of, and the newest entry.
fn changes(office: &Office, viewer: Actor, seq: i64) -> (Vec<StatusChange>, i64) {
    let read = move |reader: &store::Reader| {
        let mut found = Vec::new();
        for entry in reader.journal_after(viewer.workspace.0, seq, 1_000)? {
            let event = Event::of(&entry).expect("a known event");
            found.extend(status_changes::of_event(reader, &viewer, entry.at, &event, None)?);
        }
        Ok((found, reader.journal_head(viewer.workspace.0)?))
    };
    office.read(read).expect("changes")
}

/// For each change the person, and the new delivery status of their message.
fn states(changes: &[StatusChange]) -> Vec<(PersonId, &DeliveryState, Option<Medium>)> {
    changes.iter().map(|change| (change.person, &change.state, change.medium)).collect()
}

/// Everybody's wait is over: the digest of each of these people is written, and their deliveries are taken.
fn digests(office: &Office, firm: &Firm<'_>, channel: ChannelId, people: &[PersonId]) -> Vec<Delivery> {
    let (workspace, people) = (firm.workspace, people.to_vec());
    office.wait_minutes(5);
    let decide = move |tx: &mut Tx| -> error::Result<Vec<Delivery>> {
        due::enqueue_due(tx, workspace, channel, None)?;
        for person in people {
            due::decide(tx, workspace, person, None)?;
        }
        let claimed = deliveries::claim(tx, 100)?;
        Ok(claimed.into_iter().filter(|delivery| delivery.kind.word() == "digestMail").collect())
    };
    office.write(decide).expect("digests")
}

both_engines! {
    fn d6_a_read_position_tells_of_the_newest_messages_that_it_passes(office) {
        let firm = office.firm("seen.example");
        let (bo, ben, ada) = (firm.client_actor("Bo", &[]), firm.staff("Ben"), firm.ada);
        let channel = firm.channel_of(bo.person);
        let mut ids = Vec::new();
        for number in 0..POSITIONS_MAX + 5 {
            ids.push(office.posts(ada, channel, &number.to_string()).id);
        }
        office.deletes(ada, ids[1]).expect("deleted");
        let own = office.posts(bo, channel, "Mine");
        let head = changes(office, ada, 0).1;
        office.reads(bo, channel, 3).expect("read");
        let (first, head) = changes(office, ada, head);
        let seen = DeliveryState::Seen(office.now());
        let change = |message| StatusChange { channel, message, person: bo.person, state: seen.clone(), medium: None };
        assert_eq!(first, [change(ids[0]), change(ids[2])], "a deleted message has no status");

        office.reads(bo, channel, own.position).expect("read");
        let (then, head) = changes(office, ada, head);
        let newest: Vec<_> = ids[6..].iter().map(|id| change(*id)).collect();
        assert_eq!(then, newest, "their own is not among the newest {POSITIONS_MAX}, but counts");
        office.reads(bo, channel, own.position).expect("read");
        office.reads(ben, channel, 1).expect("read");
        assert_eq!(states(&changes(office, ada, head).0), [(ben.person, &seen, None)]);
    }

    fn d6_what_was_sent_failed_or_is_tried_again_is_told_for_its_recipient(office) {
        let firm = office.firm("sent.example");
        let (bo, ben, ada) = (firm.client_actor("Bo", &[]), firm.staff("Ben"), firm.ada);
        let channel = firm.channel_of(bo.person);
        for person in [bo.person, ben.person] {
            office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
        }
        let message = office.posts(ada, channel, "Hello").id;
        office.posts(bo, channel, "Of Bo");
        let deliveries = digests(office, &firm, channel, &[bo.person, ben.person]);
        let of = |person| deliveries.iter().find(|delivery| delivery.person == person).expect("a delivery").clone();
        let head = changes(office, ada, 0).1;

        let delivery = of(bo.person);
        let next = office.write(move |tx| deliveries::failed_for_now(tx, &delivery, "later")).expect("tried").expect("again");
        let (told, head) = changes(office, ada, head);
        assert_eq!(states(&told), [(bo.person, &DeliveryState::Due(next), None)]);
        assert_eq!(told[0].message, message);
        let delivery = of(bo.person);
        office.write(move |tx| deliveries::sent(tx, &delivery)).expect("sent");
        let (told, head) = changes(office, ada, head);
        assert_eq!(states(&told), [(bo.person, &DeliveryState::Emailed(office.now()), Some(Medium::Email))]);
        let delivery = of(ben.person);
        office.write(move |tx| deliveries::failed(tx, &delivery, "550 no such user")).expect("failed");
        let failed = DeliveryState::Failed(office.now(), "550 no such user".to_string());
        let (told, _) = changes(office, ada, head);
        assert_eq!(states(&told), [(ben.person, &failed, Some(Medium::Email)); 2], "both messages were for Ben");
    }

    fn d6_who_mutes_chooses_or_is_spared_is_told_with_what_follows(office) {
        let firm = office.firm("changed.example");
        let (bo, ben, ada) = (firm.client_actor("Bo", &[]), firm.staff("Ben"), firm.ada);
        let channel = firm.channel_of(bo.person);
        for person in [bo.person, ben.person] {
            office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
        }
        office.posts(ada, channel, "Read by Ben");
        office.reads(ben, channel, 1).expect("read");
        let message = office.posts(ada, channel, "Hello");
        let due = DeliveryState::Due(message.sent_at.after(std::time::Duration::from_secs(300)));
        let suppressed = |reason| DeliveryState::Suppressed(reason);
        let head = changes(office, ada, 0).1;

        office.write(move |tx| muting::mute(tx, &ben, channel, true)).expect("muted");
        let (told, head) = changes(office, ada, head);
        assert_eq!(states(&told), [(ben.person, &suppressed(Reason::Muted), None)], "what was read is seen");
        office.write(move |tx| preferences::choose(tx, &bo, Some(Frequency::Off), None)).expect("a choice");
        let (told, head) = changes(office, ada, head);
        let choice = suppressed(Reason::Choice);
        assert_eq!(states(&told), [(bo.person, &choice, None); 2]);
        office.write(move |tx| preferences::choose(tx, &bo, Some(Frequency::EveryMessage), None)).expect("a choice");
        let (told, head) = changes(office, ada, head);
        assert_eq!(states(&told), [(bo.person, &due, None); 2]);
        office.write(move |tx| manual_send::call_off(tx, &ada, message.id)).expect("called off");
        let (told, _) = changes(office, ada, head);
        let called_off = suppressed(Reason::CalledOff);
        assert_eq!(states(&told), [(ben.person, &called_off, None), (bo.person, &called_off, None)]);
    }

    fn d6_entries_of_older_versions_tell_of_nothing(office) {
        let firm = office.firm("older.example");
        let bo = firm.client_actor("Bo", &[]);
        let channel = firm.channel_of(bo.person);
        let ada = firm.ada;
        office.posts(ada, channel, "Hello");
        office.write(move |tx| members::read_up_to(tx, &bo, channel, 1)).expect("read");
        for (kind, more) in [("channel.read", format!(r#","person":"{}","position":1"#, bo.person)), ("notification.changed", String::new())] {
            let payload = format!(r#"{{"kind":"{kind}","channel":"{channel}"{more}}}"#);
            let event: Event = serde_json::from_str(&payload).expect("an event");
            let told = office.read(move |reader| status_changes::of_event(reader, &ada, reader.now(), &event, None));
            assert_eq!(told.expect("changes"), []);
        }
    }
}
