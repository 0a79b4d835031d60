//! A model of the rules, written independently of the portal. It keeps one [`Recipient`] for each message and person, and
//! nothing else.

use std::collections::HashMap;
use std::time::Duration;

use domain::kernel::ids::{DigestId, MessageId};
use domain::kernel::medium::Frequency;
use domain::messages::unread_backlog::Reason;
use store::Time;

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) channel: usize,
    pub(crate) position: i64,
    pub(crate) author: usize,
    pub(crate) sent_at: Time,
    /// How often its text was changed.
    pub(crate) version: u32,
    pub(crate) deleted: bool,
    pub(crate) called_off: bool,
    pub(crate) recipients: Vec<Recipient>,
}

/// A message for one of its recipients.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    pub(crate) person: usize,
    /// They left the channel since, even if they came back.
    pub(crate) removed: bool,
    pub(crate) seen_at: Option<Time>,
    pub(crate) decision: Option<Decision>,
}

/// What was decided when the message was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Digest(DigestId),
    /// It will never be in a digest.
    Suppressed(Reason),
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Membership {
    /// The position up to which they have read.
    pub(crate) read: i64,
    pub(crate) muted: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) invited: bool,
    pub(crate) active: bool,
    pub(crate) mail_frequency: Frequency,
    pub(crate) text_frequency: Frequency,
    /// Whether they have a verified number and agreed to texts.
    pub(crate) has_number: bool,
    /// Whether texts to it were stopped, by them or at the provider.
    pub(crate) stopped: bool,
    pub(crate) has_quiet_hours: bool,
    /// Somebody asked to send what is pending for them at once.
    pub(crate) expedited: bool,
    pub(crate) company: Option<usize>,
}

impl Person {
    pub(crate) fn takes_texts(&self) -> bool {
        self.has_number && !self.stopped
    }

    /// Quiet hours are from 21:00 to 8:00 UTC.
    pub(crate) fn is_quiet(&self, at: Time) -> bool {
        let hour = at.0 / 3_600_000 % 24;
        self.has_quiet_hours && !(8..21).contains(&hour)
    }
}

/// The rules that the model follows. All but the first are wrong, and show that a simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// As they are.
    Correct,
    /// Deleted messages are sent all the same (against N6).
    DeletedIsSent,
    /// Reading one channel counts for all of them (against N4).
    OneReadReadsAll,
    /// Members who were removed are sent messages all the same (against N13).
    FormerMembersAreSent,
}

pub(crate) struct Model {
    pub(crate) rules: Rules,
    pub(crate) wait: Duration,
    pub(crate) people: Vec<Person>,
    pub(crate) messages: Vec<Message>,
    /// By channel and person.
    pub(crate) memberships: HashMap<(usize, usize), Membership>,
}

impl Model {
    pub(crate) fn last(&self, channel: usize) -> i64 {
        self.messages.iter().filter(|message| message.channel == channel).count() as i64
    }

    pub(crate) fn membership(&mut self, channel: usize, person: usize) -> &mut Membership {
        self.memberships.get_mut(&(channel, person)).expect("they are in the channel")
    }

    pub(crate) fn post(&mut self, author: usize, channel: usize, id: MessageId, now: Time) {
        let position = self.last(channel) + 1;
        let mut people: Vec<usize> = self
            .memberships
            .keys()
            .filter(|membership| membership.0 == channel)
            .map(|membership| membership.1)
            .collect();
        people.sort_unstable();
        people.retain(|person| *person != author);
        let recipients = people
            .into_iter()
            .map(|person| Recipient { person, removed: false, seen_at: None, decision: None })
            .collect();
        let read = self.membership(channel, author).read;
        let is_up_to_date = self
            .messages
            .iter()
            .filter(|message| message.channel == channel && message.position > read)
            .all(|message| message.author == author || message.deleted);
        if is_up_to_date {
            self.membership(channel, author).read = position;
        }
        self.messages.push(Message {
            id,
            channel,
            position,
            author,
            sent_at: now,
            version: 0,
            deleted: false,
            called_off: false,
            recipients,
        });
    }

    /// Somebody has read everything up to a position.
    pub(crate) fn read(&mut self, person: usize, channel: usize, position: i64, now: Time) {
        let Some(membership) = self.memberships.get_mut(&(channel, person)) else { return };
        if position <= membership.read {
            return;
        }
        membership.read = position;
        let everywhere = self.rules == Rules::OneReadReadsAll;
        let is_read =
            |message: &&mut Message| everywhere || message.channel == channel && message.position <= position;
        for message in self.messages.iter_mut().filter(is_read) {
            for recipient in message.recipients.iter_mut().filter(|recipient| recipient.person == person) {
                recipient.seen_at = recipient.seen_at.or(Some(now));
            }
        }
    }

    /// A new member has nothing unread.
    pub(crate) fn join(&mut self, person: usize, channel: usize) {
        let membership = Membership { read: self.last(channel), muted: false };
        self.memberships.entry((channel, person)).or_insert(membership);
    }

    /// Nothing more about the channel is sent to somebody who left.
    pub(crate) fn leave(&mut self, person: usize, channel: usize) {
        if self.memberships.remove(&(channel, person)).is_none() {
            return;
        }
        for message in self.messages.iter_mut().filter(|message| message.channel == channel) {
            for recipient in message.recipients.iter_mut().filter(|recipient| recipient.person == person) {
                recipient.removed = true;
            }
        }
    }

    pub(crate) fn unmute(&mut self, person: usize, channel: usize) {
        if let Some(membership) = self.memberships.get_mut(&(channel, person)) {
            membership.muted = false;
        }
        for index in self.pending(person) {
            if self.messages[index].channel == channel {
                self.decide(person, index, Decision::Suppressed(Reason::Muted));
            }
        }
    }

    /// Whether a message may still be sent to a recipient (N1, N3, N4, N6 and N13).
    pub(crate) fn may_be_sent(&self, message: &Message, recipient: &Recipient) -> bool {
        let muted = self
            .memberships
            .get(&(message.channel, recipient.person))
            .is_none_or(|membership| membership.muted);
        let deleted = message.deleted && self.rules != Rules::DeletedIsSent;
        let removed = recipient.removed && self.rules != Rules::FormerMembersAreSent;
        !deleted && !message.called_off && !removed && recipient.seen_at.is_none() && !muted
    }

    /// The indices of the messages that a person is to be sent and that are in no digest yet.
    pub(crate) fn pending(&self, person: usize) -> Vec<usize> {
        let is_pending = |message: &Message| {
            let mut recipients = message.recipients.iter().filter(|recipient| recipient.person == person);
            recipients.any(|recipient| recipient.decision.is_none() && self.may_be_sent(message, recipient))
        };
        (0..self.messages.len()).filter(|index| is_pending(&self.messages[*index])).collect()
    }

    /// Whether a digest for a person is due (N2).
    pub(crate) fn is_due(&self, person: usize, now: Time) -> bool {
        let oldest = self.pending(person).iter().map(|index| self.messages[*index].sent_at).min();
        oldest.is_some_and(|oldest| self.people[person].expedited || oldest.after(self.wait) <= now)
    }

    pub(crate) fn decide(&mut self, person: usize, index: usize, decision: Decision) {
        for recipient in
            self.messages[index].recipients.iter_mut().filter(|recipient| recipient.person == person)
        {
            recipient.decision = Some(decision.clone());
        }
    }

    /// The indices of the messages that a digest must have if it is sent now.
    pub(crate) fn content(&self, person: usize, digest: DigestId) -> Vec<usize> {
        let decision = Some(Decision::Digest(digest));
        let is_in = |message: &Message| {
            let mut recipients = message
                .recipients
                .iter()
                .filter(|recipient| recipient.person == person && recipient.decision == decision);
            recipients.any(|recipient| self.may_be_sent(message, recipient))
        };
        (0..self.messages.len()).filter(|index| is_in(&self.messages[*index])).collect()
    }
}

/// The text of a version of a message, which is found again in mails.
pub(crate) fn token(index: usize, version: u32) -> String {
    format!("message-{index}-version-{version}.")
}
