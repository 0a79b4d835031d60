//! What must come of it: a model of the rules, written apart from the portal and from nothing but the rules themselves.
//!
//! It keeps, for each message and each of its recipients, one [`Copy`], and knows of nothing else.

use std::collections::HashMap;
use std::time::Duration;

use domain::kernel::ids::{DigestId, MessageId};
use domain::kernel::medium::Choice;
use domain::messages::unread_backlog::Reason;
use store::Time;

/// A message, by its place in the list of all.
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
    /// Who it is for.
    pub(crate) copies: Vec<Copy>,
}

/// A message for one of its recipients.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) person: usize,
    /// They are out of the channel since, however often they come back.
    pub(crate) lost: bool,
    pub(crate) seen_at: Option<Time>,
    pub(crate) told: Option<Told>,
}

/// What was decided when its time had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is in this digest.
    Digest(DigestId),
    /// It is in none, and never will be.
    Suppressed(Reason),
}

/// Somebody in a channel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seat {
    pub(crate) read: i64,
    pub(crate) muted: bool,
}

/// What is known of a person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) invited: bool,
    pub(crate) active: bool,
    /// How often they want mails.
    pub(crate) choice: Choice,
    /// How often they want texts.
    pub(crate) texts: Choice,
    /// Whether there is a number that they have proven and agreed to.
    pub(crate) has_number: bool,
    /// Whether texts to it were stopped, by them or at the provider.
    pub(crate) stopped: bool,
    /// Whether no text may come at night.
    pub(crate) sleeps: bool,
    /// Somebody asked for what waits for them to be sent at once.
    pub(crate) asked: bool,
    pub(crate) company: Option<usize>,
}

impl Person {
    pub(crate) fn takes_texts(&self) -> bool {
        self.has_number && !self.stopped
    }

    /// Whether it is night, from 21:00 to 8:00 UTC, for who sleeps then.
    pub(crate) fn is_quiet(&self, at: Time) -> bool {
        let hour = at.0 / 3_600_000 % 24;
        self.sleeps && !(8..21).contains(&hour)
    }
}

/// What the model holds true. All but the first are false, and show that a simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// The rules as they are.
    Rules,
    /// What was deleted is told all the same (against N6).
    DeletedIsTold,
    /// Reading one channel is reading all of them (against N4).
    ReadingIsEverywhere,
    /// Who is out of a channel is told of it all the same (against N13).
    LostIsTold,
}

pub(crate) struct Model {
    pub(crate) belief: Belief,
    pub(crate) wait: Duration,
    pub(crate) people: Vec<Person>,
    pub(crate) messages: Vec<Message>,
    /// By channel and person.
    pub(crate) seats: HashMap<(usize, usize), Seat>,
}

impl Model {
    pub(crate) fn last(&self, channel: usize) -> i64 {
        self.messages.iter().filter(|message| message.channel == channel).count() as i64
    }

    /// Notes a message; answers its place.
    pub(crate) fn posts(&mut self, author: usize, channel: usize, id: MessageId, now: Time) -> usize {
        let position = self.last(channel) + 1;
        let mut people: Vec<usize> =
            self.seats.keys().filter(|seat| seat.0 == channel).map(|seat| seat.1).collect();
        people.sort_unstable();
        people.retain(|person| *person != author);
        let copies = people
            .into_iter()
            .map(|person| Copy { person, lost: false, seen_at: None, told: None })
            .collect();
        let seat = self.seats.get(&(channel, author)).copied().unwrap_or_default();
        let nothing_waits = self
            .messages
            .iter()
            .filter(|message| message.channel == channel && message.position > seat.read)
            .all(|message| message.author == author || message.deleted);
        if nothing_waits && let Some(seat) = self.seats.get_mut(&(channel, author)) {
            seat.read = position;
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
            copies,
        });
        self.messages.len() - 1
    }

    /// Somebody has everything up to a position on screen.
    pub(crate) fn reads(&mut self, person: usize, channel: usize, position: i64, now: Time) {
        let Some(seat) = self.seats.get_mut(&(channel, person)) else { return };
        if position <= seat.read {
            return;
        }
        seat.read = position;
        let everywhere = self.belief == Belief::ReadingIsEverywhere;
        let is_read =
            |message: &&mut Message| everywhere || message.channel == channel && message.position <= position;
        for message in self.messages.iter_mut().filter(is_read) {
            for copy in message.copies.iter_mut().filter(|copy| copy.person == person) {
                copy.seen_at = copy.seen_at.or(Some(now));
            }
        }
    }

    /// Somebody comes into a channel, where nothing waits for them.
    pub(crate) fn joins(&mut self, person: usize, channel: usize) {
        let seat = Seat { read: self.last(channel), muted: false };
        self.seats.entry((channel, person)).or_insert(seat);
    }

    /// Somebody is out of a channel: nothing more is sent to them about it.
    pub(crate) fn leaves(&mut self, person: usize, channel: usize) {
        if self.seats.remove(&(channel, person)).is_none() {
            return;
        }
        for message in self.messages.iter_mut().filter(|message| message.channel == channel) {
            for copy in message.copies.iter_mut().filter(|copy| copy.person == person) {
                copy.lost = true;
            }
        }
    }

    pub(crate) fn unmutes(&mut self, person: usize, channel: usize) {
        if let Some(seat) = self.seats.get_mut(&(channel, person)) {
            seat.muted = false;
        }
        for place in self.waiting(person) {
            if self.messages[place].channel == channel {
                self.tell(person, place, Told::Suppressed(Reason::Muted));
            }
        }
    }

    /// Whether a message may still be told to a person: what N1, N3, N4, N6 and N13 say of it.
    pub(crate) fn is_open(&self, message: &Message, copy: &Copy) -> bool {
        let muted = self.seats.get(&(message.channel, copy.person)).is_none_or(|seat| seat.muted);
        let deleted = message.deleted && self.belief != Belief::DeletedIsTold;
        let lost = copy.lost && self.belief != Belief::LostIsTold;
        !deleted && !message.called_off && !lost && copy.seen_at.is_none() && !muted
    }

    /// The places of what waits for a person: open, and in no digest yet.
    pub(crate) fn waiting(&self, person: usize) -> Vec<usize> {
        let waits = |message: &Message| {
            let mut copies = message.copies.iter().filter(|copy| copy.person == person);
            copies.any(|copy| copy.told.is_none() && self.is_open(message, copy))
        };
        (0..self.messages.len()).filter(|place| waits(&self.messages[*place])).collect()
    }

    /// Whether a person's time has come (N2).
    pub(crate) fn is_due(&self, person: usize, now: Time) -> bool {
        let oldest = self.waiting(person).iter().map(|place| self.messages[*place].sent_at).min();
        oldest.is_some_and(|oldest| self.people[person].asked || oldest.after(self.wait) <= now)
    }

    pub(crate) fn tell(&mut self, person: usize, place: usize, told: Told) {
        for copy in self.messages[place].copies.iter_mut().filter(|copy| copy.person == person) {
            copy.told = Some(told.clone());
        }
    }

    /// The places of what a digest must tell of if it is sent now.
    pub(crate) fn says(&self, person: usize, digest: DigestId) -> Vec<usize> {
        let told = Some(Told::Digest(digest));
        let holds = |message: &Message| {
            let mut copies = message.copies.iter().filter(|copy| copy.person == person && copy.told == told);
            copies.any(|copy| self.is_open(message, copy))
        };
        (0..self.messages.len()).filter(|place| holds(&self.messages[*place])).collect()
    }
}

/// The words of a message in a version: found again in mails.
pub(crate) fn token(place: usize, version: u32) -> String {
    format!("message-{place}-version-{version}.")
}
