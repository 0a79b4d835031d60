//! What people do: each deed in the portal and in the model.

use std::time::Duration;

use domain::choices::{self, Choice};
use domain::ids::MessageId;
use domain::messages::{self, Draft};
use domain::people::ClientChange;
use domain::settings::{self, MessagingChange};
use domain::{members, missed, people, phones, sign_ins};
use uuid::Builder;

use crate::broken::Broken;
use crate::firm::channel_of_company;
use crate::model::token;
use crate::simulation::Simulation;

/// The internal users who mute, leave and come back, by their place.
const STAFF: [usize; 2] = [1, 2];
/// Where client users begin.
const FIRST_CLIENT: usize = 3;

impl Simulation {
    /// Somebody does something.
    pub(crate) fn act(&mut self) -> Result<(), Broken> {
        match self.chance.below(100) {
            0..=29 => self.posts(),
            30..=54 => self.reads(),
            55..=60 => self.edits(),
            61..=65 => self.deletes(),
            66..=68 => self.calls_off(),
            69..=72 => self.sends_now(),
            73..=78 => self.mutes(),
            79..=84 => self.leaves_or_comes(),
            85..=88 => self.moves(),
            89..=92 => self.chooses(),
            93 => self.stops_or_starts(),
            94..=95 => self.deactivates(),
            96..=97 => self.changes_wait(),
            _ => self.invites(),
        }
    }

    /// Somebody in some channel.
    fn seat(&mut self) -> Option<(usize, usize)> {
        let mut seats: Vec<(usize, usize)> = self.model.seats.keys().copied().collect();
        seats.sort_unstable();
        if seats.is_empty() { None } else { Some(*self.chance.one_of(&seats)) }
    }

    /// A message that is not deleted, likelier a new one.
    fn message(&mut self) -> Option<usize> {
        let all: Vec<usize> =
            (0..self.model.messages.len()).filter(|place| !self.model.messages[*place].deleted).collect();
        let newest = &all[all.len().saturating_sub(6)..];
        if newest.is_empty() { None } else { Some(*self.chance.one_of(newest)) }
    }

    fn posts(&mut self) -> Result<(), Broken> {
        let Some((channel, author)) = self.seat() else { return Ok(()) };
        let now = self.now();
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = u8::try_from(self.chance.below(256)).unwrap_or(0);
        }
        let milliseconds = u64::try_from(now.0).unwrap_or(0);
        let id = MessageId(Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid());
        let last = self.model.last(channel);
        let shown = (last > 0 && self.chance.is(30)).then_some(last);
        let place = self.model.messages.len();
        let text = token(place, 0);
        self.tell(format!("{author} posts {text} in {channel}, shown {shown:?}"));
        let (actor, draft) = (
            self.firm.people[author].actor,
            Draft { id, channel: self.firm.channels[channel], text, attachments: Vec::new(), shown },
        );
        self.write(move |tx| messages::send(tx, &actor, &draft))?;
        if let Some(shown) = shown {
            self.model.reads(author, channel, shown, now);
        }
        self.model.posts(author, channel, id, now);
        Ok(())
    }

    fn reads(&mut self) -> Result<(), Broken> {
        let Some((channel, person)) = self.seat() else { return Ok(()) };
        let last = self.model.last(channel);
        if last == 0 {
            return Ok(());
        }
        let all = self.chance.is(60);
        let position = if all { last } else { 1 + self.chance.below(last.unsigned_abs()).cast_signed() };
        self.tell(format!("{person} reads {channel} up to {position}"));
        let (actor, id, now) = (self.firm.people[person].actor, self.firm.channels[channel], self.now());
        self.write(move |tx| members::read_up_to(tx, &actor, id, position))?;
        self.model.reads(person, channel, position, now);
        Ok(())
    }

    fn edits(&mut self) -> Result<(), Broken> {
        let Some(place) = self.message() else { return Ok(()) };
        let (author, channel) = (self.model.messages[place].author, self.model.messages[place].channel);
        if !self.model.seats.contains_key(&(channel, author)) {
            return Ok(());
        }
        let version = self.model.messages[place].version + 1;
        let (actor, id, text) =
            (self.firm.people[author].actor, self.model.messages[place].id, token(place, version));
        self.tell(format!("{author} edits it to {text}"));
        self.write(move |tx| messages::edit(tx, &actor, id, &text))?;
        self.model.messages[place].version = version;
        Ok(())
    }

    fn deletes(&mut self) -> Result<(), Broken> {
        let Some(place) = self.message() else { return Ok(()) };
        let (author, channel) = (self.model.messages[place].author, self.model.messages[place].channel);
        if !self.model.seats.contains_key(&(channel, author)) {
            return Ok(());
        }
        let (actor, id) = (self.firm.people[author].actor, self.model.messages[place].id);
        self.tell(format!("{author} deletes message {place}"));
        self.write(move |tx| messages::delete(tx, &actor, id))?;
        self.model.messages[place].deleted = true;
        Ok(())
    }

    fn calls_off(&mut self) -> Result<(), Broken> {
        let Some(place) = self.message() else { return Ok(()) };
        let (ada, id) = (self.firm.people[0].actor, self.model.messages[place].id);
        self.tell(format!("message {place} is called off"));
        self.write(move |tx| missed::call_off(tx, &ada, id))?;
        self.model.messages[place].called_off = true;
        Ok(())
    }

    fn sends_now(&mut self) -> Result<(), Broken> {
        let Some(place) = self.message() else { return Ok(()) };
        if self.model.messages[place].called_off {
            return Ok(());
        }
        let (ada, id) = (self.firm.people[0].actor, self.model.messages[place].id);
        self.tell(format!("message {place} is to be sent now"));
        self.write(move |tx| missed::send_now(tx, &ada, id))?;
        for person in 0..self.model.people.len() {
            if self.model.waiting(person).contains(&place) {
                self.model.people[person].asked = true;
            }
        }
        Ok(())
    }

    fn mutes(&mut self) -> Result<(), Broken> {
        let person = *self.chance.one_of(&STAFF);
        let Some(channel) = self.channel_of(person) else { return Ok(()) };
        let muted = !self.model.seats[&(channel, person)].muted;
        let (actor, id) = (self.firm.people[person].actor, self.firm.channels[channel]);
        self.tell(format!("{person} mutes {channel}: {muted}"));
        self.write(move |tx| members::mute(tx, &actor, id, muted))?;
        self.ever_muted.insert((channel, person));
        if muted {
            if let Some(seat) = self.model.seats.get_mut(&(channel, person)) {
                seat.muted = true;
            }
        } else {
            self.model.unmutes(person, channel);
        }
        Ok(())
    }

    /// A channel that somebody is in.
    fn channel_of(&mut self, person: usize) -> Option<usize> {
        let mut channels: Vec<usize> =
            self.model.seats.keys().filter(|seat| seat.1 == person).map(|seat| seat.0).collect();
        channels.sort_unstable();
        if channels.is_empty() { None } else { Some(*self.chance.one_of(&channels)) }
    }

    fn leaves_or_comes(&mut self) -> Result<(), Broken> {
        let person = *self.chance.one_of(&STAFF);
        let channel = usize::try_from(self.chance.below(self.firm.channels.len() as u64)).unwrap_or(0);
        let (actor, id) = (self.firm.people[person].actor, self.firm.channels[channel]);
        if self.model.seats.contains_key(&(channel, person)) {
            self.tell(format!("{person} leaves {channel}"));
            self.write(move |tx| members::leave(tx, &actor, id))?;
            self.left_muted.retain(|seat| *seat != (channel, person));
            if self.model.seats[&(channel, person)].muted {
                self.left_muted.push((channel, person));
            }
            self.model.leaves(person, channel);
        } else {
            self.tell(format!("{person} comes back to {channel}"));
            self.write(move |tx| members::add(tx, &actor, id, actor.person))?;
            self.model.joins(person, channel);
            // Who left a muted channel finds it muted.
            let muted = self.left_muted.contains(&(channel, person));
            if let Some(seat) = self.model.seats.get_mut(&(channel, person)) {
                seat.muted = muted;
            }
        }
        Ok(())
    }

    fn client(&mut self) -> usize {
        FIRST_CLIENT + usize::try_from(self.chance.below(4)).unwrap_or(0)
    }

    fn moves(&mut self) -> Result<(), Broken> {
        let client = self.client();
        let Some(company) = self.model.people[client].company.filter(|_| self.model.people[client].active)
        else {
            return Ok(());
        };
        let other = 1 - company;
        self.tell(format!("{client} moves to company {other}"));
        let (ada, id) = (self.firm.people[0].actor, self.firm.people[client].actor.person);
        let change =
            ClientChange { companies: Some(vec![self.firm.companies[other]]), ..ClientChange::default() };
        self.write(move |tx| people::edit_client(tx, &ada, id, &change))?;
        self.model.leaves(client, channel_of_company(company));
        self.model.joins(client, channel_of_company(other));
        self.model.people[client].company = Some(other);
        Ok(())
    }

    fn chooses(&mut self) -> Result<(), Broken> {
        let person = usize::try_from(self.chance.below(self.model.people.len() as u64)).unwrap_or(0);
        let choice = *self.chance.one_of(&[Choice::Each, Choice::Each, Choice::Once, Choice::Never]);
        if !self.model.people[person].active {
            return Ok(());
        }
        let is_text = self.firm.people[person].number.is_some() && self.chance.is(50);
        self.tell(format!("{person} chooses {choice:?}, for texts: {is_text}"));
        let actor = self.firm.people[person].actor;
        if is_text {
            self.write(move |tx| choices::choose(tx, &actor, None, Some(choice)))?;
            self.model.people[person].texts = choice;
        } else {
            self.write(move |tx| choices::choose(tx, &actor, Some(choice), None))?;
            self.model.people[person].choice = choice;
        }
        if choice == Choice::Never {
            self.ever_refused.insert(person);
        }
        Ok(())
    }

    fn stops_or_starts(&mut self) -> Result<(), Broken> {
        let with_number: Vec<usize> =
            (0..self.firm.people.len()).filter(|place| self.firm.people[*place].number.is_some()).collect();
        let person = *self.chance.one_of(&with_number);
        let Some(number) = self.firm.people[person].number.clone() else { return Ok(()) };
        let stops = !self.model.people[person].stopped;
        self.tell(format!("{person} texts STOP: {stops}"));
        if stops {
            self.write(move |tx| phones::stop(tx, &number, "STOP"))?;
            self.ever_refused.insert(person);
        } else {
            self.write(move |tx| phones::start(tx, &number, "START"))?;
        }
        self.model.people[person].stopped = stops;
        Ok(())
    }

    fn deactivates(&mut self) -> Result<(), Broken> {
        let client = self.client();
        let (ada, id) = (self.firm.people[0].actor, self.firm.people[client].actor.person);
        let active = !self.model.people[client].active;
        self.tell(format!("{client} is active: {active}"));
        let company = self.model.people[client].company.map(channel_of_company);
        let own = client - FIRST_CLIENT;
        if active {
            self.write(move |tx| people::reactivate(tx, &ada, id))?;
            for channel in [Some(own), company].into_iter().flatten() {
                self.model.joins(client, channel);
            }
        } else {
            self.write(move |tx| people::deactivate(tx, &ada, id))?;
            for channel in [Some(own), company].into_iter().flatten() {
                self.model.leaves(client, channel);
            }
        }
        self.model.people[client].active = active;
        Ok(())
    }

    fn changes_wait(&mut self) -> Result<(), Broken> {
        let minutes = *self.chance.one_of(&[1, 2, 5, 5, 10, 60]);
        self.tell(format!("the wait is {minutes} minutes"));
        let ada = self.firm.people[0].actor;
        let change = MessagingChange { wait_minutes: Some(minutes), ..MessagingChange::default() };
        self.write(move |tx| settings::change_messaging(tx, &ada, &change))?;
        self.model.wait = Duration::from_secs(60 * minutes.unsigned_abs());
        Ok(())
    }

    fn invites(&mut self) -> Result<(), Broken> {
        let client = self.model.people.len() - 1;
        if self.model.people[client].invited || !self.model.people[client].active {
            return Ok(());
        }
        self.tell(format!("{client} is invited"));
        let (ada, id) = (self.firm.people[0].actor, self.firm.people[client].actor.person);
        self.write(move |tx| sign_ins::invite(tx, &ada, id))?;
        self.model.people[client].invited = true;
        Ok(())
    }
}
