//! What people do: each action in the portal and in the model.

use std::time::Duration;

use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::administration::settings::{self, MessagingChange};
use domain::arrival::invitations;
use domain::channels::members;
use domain::kernel::ids::MessageId;
use domain::kernel::medium::Frequency;
use domain::messages::editing;
use domain::messages::sending::{self, Draft};
use domain::notify::{manual_send, muting, preferences, sms_keywords};
use uuid::Builder;

use crate::broken::Broken;
use crate::firm::channel_of_company;
use crate::model::token;
use crate::simulation::Simulation;

/// The indices of the internal users who mute, leave and come back.
const STAFF: [usize; 2] = [1, 2];
/// The index of the first client user.
const FIRST_CLIENT: usize = 3;

impl Simulation {
    /// A random action of somebody.
    pub(crate) fn act(&mut self) -> Result<(), Broken> {
        match self.random.below(100) {
            0..=29 => self.post_message(),
            30..=54 => self.read_messages(),
            55..=60 => self.edit_message(),
            61..=65 => self.delete_message(),
            66..=68 => self.call_off_message(),
            69..=72 => self.send_message_now(),
            73..=78 => self.toggle_mute(),
            79..=84 => self.leave_or_rejoin(),
            85..=88 => self.move_client(),
            89..=92 => self.choose_frequency(),
            93 => self.toggle_texts(),
            94..=95 => self.toggle_active(),
            96..=97 => self.change_wait(),
            _ => self.invite_client(),
        }
    }

    /// A channel and one of its members.
    fn random_membership(&mut self) -> Option<(usize, usize)> {
        let mut memberships: Vec<(usize, usize)> = self.model.memberships.keys().copied().collect();
        memberships.sort_unstable();
        if memberships.is_empty() { None } else { Some(*self.random.pick(&memberships)) }
    }

    /// One of the newest messages that are not deleted.
    fn random_message(&mut self) -> Option<usize> {
        let all: Vec<usize> =
            (0..self.model.messages.len()).filter(|index| !self.model.messages[*index].deleted).collect();
        let newest = &all[all.len().saturating_sub(6)..];
        if newest.is_empty() { None } else { Some(*self.random.pick(newest)) }
    }

    fn post_message(&mut self) -> Result<(), Broken> {
        let Some((channel, author)) = self.random_membership() else { return Ok(()) };
        let now = self.now();
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = u8::try_from(self.random.below(256)).expect("it is below 256");
        }
        let milliseconds = u64::try_from(now.0).expect("simulations begin in 2026");
        let id = MessageId(Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid());
        let last = self.model.last(channel);
        let shown = (last > 0 && self.random.percent(30)).then_some(last);
        let index = self.model.messages.len();
        let text = token(index, 0);
        self.log(format!("{author} posts {text} in {channel}, shown {shown:?}"));
        let (actor, draft) = (
            self.firm.people[author].actor,
            Draft { id, channel: self.firm.channels[channel], text, attachments: Vec::new(), shown },
        );
        self.write(move |tx| sending::send(tx, &actor, &draft))?;
        if let Some(shown) = shown {
            self.model.read(author, channel, shown, now);
        }
        self.model.post(author, channel, id, now);
        Ok(())
    }

    fn read_messages(&mut self) -> Result<(), Broken> {
        let Some((channel, person)) = self.random_membership() else { return Ok(()) };
        let last = self.model.last(channel);
        if last == 0 {
            return Ok(());
        }
        let all = self.random.percent(60);
        let position = if all { last } else { 1 + self.random.below(last.unsigned_abs()).cast_signed() };
        self.log(format!("{person} reads {channel} up to {position}"));
        let (actor, id, now) = (self.firm.people[person].actor, self.firm.channels[channel], self.now());
        self.write(move |tx| members::read_up_to(tx, &actor, id, position))?;
        self.model.read(person, channel, position, now);
        Ok(())
    }

    fn edit_message(&mut self) -> Result<(), Broken> {
        let Some(index) = self.random_message() else { return Ok(()) };
        let (author, channel) = (self.model.messages[index].author, self.model.messages[index].channel);
        if !self.model.memberships.contains_key(&(channel, author)) {
            return Ok(());
        }
        let version = self.model.messages[index].version + 1;
        let (actor, id, text) =
            (self.firm.people[author].actor, self.model.messages[index].id, token(index, version));
        self.log(format!("{author} edits it to {text}"));
        self.write(move |tx| editing::edit(tx, &actor, id, &text))?;
        self.model.messages[index].version = version;
        Ok(())
    }

    fn delete_message(&mut self) -> Result<(), Broken> {
        let Some(index) = self.random_message() else { return Ok(()) };
        let (author, channel) = (self.model.messages[index].author, self.model.messages[index].channel);
        if !self.model.memberships.contains_key(&(channel, author)) {
            return Ok(());
        }
        let (actor, id) = (self.firm.people[author].actor, self.model.messages[index].id);
        self.log(format!("{author} deletes message {index}"));
        self.write(move |tx| editing::delete(tx, &actor, id))?;
        self.model.messages[index].deleted = true;
        Ok(())
    }

    fn call_off_message(&mut self) -> Result<(), Broken> {
        let Some(index) = self.random_message() else { return Ok(()) };
        let (ada, id) = (self.firm.people[0].actor, self.model.messages[index].id);
        self.log(format!("message {index} is called off"));
        self.write(move |tx| manual_send::call_off(tx, &ada, id))?;
        self.model.messages[index].called_off = true;
        Ok(())
    }

    fn send_message_now(&mut self) -> Result<(), Broken> {
        let Some(index) = self.random_message() else { return Ok(()) };
        if self.model.messages[index].called_off {
            return Ok(());
        }
        let (ada, id) = (self.firm.people[0].actor, self.model.messages[index].id);
        self.log(format!("message {index} is to be sent now"));
        self.write(move |tx| manual_send::send_now(tx, &ada, id))?;
        for person in 0..self.model.people.len() {
            if self.model.pending(person).contains(&index) {
                self.model.people[person].expedited = true;
            }
        }
        Ok(())
    }

    fn toggle_mute(&mut self) -> Result<(), Broken> {
        let person = *self.random.pick(&STAFF);
        let Some(channel) = self.random_channel_of(person) else { return Ok(()) };
        let muted = !self.model.memberships[&(channel, person)].muted;
        let (actor, id) = (self.firm.people[person].actor, self.firm.channels[channel]);
        self.log(format!("{person} mutes {channel}: {muted}"));
        self.write(move |tx| muting::mute(tx, &actor, id, muted))?;
        self.ever_muted.insert((channel, person));
        if muted {
            self.model.membership(channel, person).muted = true;
        } else {
            self.model.unmute(person, channel);
        }
        Ok(())
    }

    /// A channel that somebody is in.
    fn random_channel_of(&mut self, person: usize) -> Option<usize> {
        let mut channels: Vec<usize> = self
            .model
            .memberships
            .keys()
            .filter(|membership| membership.1 == person)
            .map(|membership| membership.0)
            .collect();
        channels.sort_unstable();
        if channels.is_empty() { None } else { Some(*self.random.pick(&channels)) }
    }

    fn leave_or_rejoin(&mut self) -> Result<(), Broken> {
        let person = *self.random.pick(&STAFF);
        let channel = self.random.index(self.firm.channels.len());
        let (actor, id) = (self.firm.people[person].actor, self.firm.channels[channel]);
        if self.model.memberships.contains_key(&(channel, person)) {
            self.log(format!("{person} leaves {channel}"));
            self.write(move |tx| members::leave(tx, &actor, id))?;
            self.left_muted.retain(|membership| *membership != (channel, person));
            if self.model.memberships[&(channel, person)].muted {
                self.left_muted.push((channel, person));
            }
            self.model.leave(person, channel);
        } else {
            self.log(format!("{person} comes back to {channel}"));
            self.write(move |tx| members::add(tx, &actor, id, actor.person))?;
            self.model.join(person, channel);
            // A muted channel stays muted when somebody leaves it and comes back.
            let muted = self.left_muted.contains(&(channel, person));
            self.model.membership(channel, person).muted = muted;
        }
        Ok(())
    }

    fn random_client(&mut self) -> usize {
        FIRST_CLIENT + self.random.index(4)
    }

    fn move_client(&mut self) -> Result<(), Broken> {
        let client = self.random_client();
        if !self.model.people[client].active {
            return Ok(());
        }
        let company = self.model.people[client].company.expect("clients have one");
        let other = 1 - company;
        self.log(format!("{client} moves to company {other}"));
        let (ada, id) = (self.firm.people[0].actor, self.firm.people[client].actor.person);
        let change =
            ClientInput { company_ids: vec![self.firm.companies[other]].into(), ..ClientInput::default() };
        self.write(move |tx| clients::edit_client(tx, &ada, id, &change))?;
        self.model.leave(client, channel_of_company(company));
        self.model.join(client, channel_of_company(other));
        self.model.people[client].company = Some(other);
        Ok(())
    }

    fn choose_frequency(&mut self) -> Result<(), Broken> {
        let person = self.random.index(self.model.people.len());
        let choice = *self.random.pick(&[
            Frequency::EveryMessage,
            Frequency::EveryMessage,
            Frequency::OncePerVisit,
            Frequency::Off,
        ]);
        if !self.model.people[person].active {
            return Ok(());
        }
        let is_text = self.firm.people[person].number.is_some() && self.random.percent(50);
        self.log(format!("{person} chooses {choice:?}, for texts: {is_text}"));
        let actor = self.firm.people[person].actor;
        if is_text {
            self.write(move |tx| preferences::choose(tx, &actor, None, Some(choice)))?;
            self.model.people[person].text_frequency = choice;
        } else {
            self.write(move |tx| preferences::choose(tx, &actor, Some(choice), None))?;
            self.model.people[person].mail_frequency = choice;
        }
        if choice == Frequency::Off {
            self.ever_opted_out.insert(person);
        }
        Ok(())
    }

    fn toggle_texts(&mut self) -> Result<(), Broken> {
        let with_number: Vec<usize> =
            (0..self.firm.people.len()).filter(|index| self.firm.people[*index].number.is_some()).collect();
        let person = *self.random.pick(&with_number);
        let number = self.firm.people[person].number.clone().expect("those without were left out");
        let stops = !self.model.people[person].stopped;
        self.log(format!("{person} texts STOP: {stops}"));
        if stops {
            self.write(move |tx| sms_keywords::stop(tx, &number, "STOP"))?;
            self.ever_opted_out.insert(person);
        } else {
            self.write(move |tx| sms_keywords::start(tx, &number, "START"))?;
        }
        self.model.people[person].stopped = stops;
        Ok(())
    }

    fn toggle_active(&mut self) -> Result<(), Broken> {
        let client = self.random_client();
        let (ada, id) = (self.firm.people[0].actor, self.firm.people[client].actor.person);
        let active = !self.model.people[client].active;
        self.log(format!("{client} is active: {active}"));
        let company = self.model.people[client].company.map(channel_of_company);
        let own = client - FIRST_CLIENT;
        if active {
            self.write(move |tx| deactivation::reactivate(tx, &ada, id))?;
            for channel in [Some(own), company].into_iter().flatten() {
                self.model.join(client, channel);
            }
        } else {
            self.write(move |tx| deactivation::deactivate(tx, &ada, id))?;
            for channel in [Some(own), company].into_iter().flatten() {
                self.model.leave(client, channel);
            }
        }
        self.model.people[client].active = active;
        Ok(())
    }

    fn change_wait(&mut self) -> Result<(), Broken> {
        let minutes = *self.random.pick(&[1, 2, 5, 5, 10, 60]);
        self.log(format!("the wait is {minutes} minutes"));
        let ada = self.firm.people[0].actor;
        let change = MessagingChange { wait_minutes: Some(minutes), ..MessagingChange::default() };
        self.write(move |tx| settings::change_messaging(tx, &ada, &change))?;
        self.model.wait = Duration::from_secs(60 * minutes.unsigned_abs());
        Ok(())
    }

    fn invite_client(&mut self) -> Result<(), Broken> {
        let client = self.model.people.len() - 1;
        if self.model.people[client].invited || !self.model.people[client].active {
            return Ok(());
        }
        self.log(format!("{client} is invited"));
        let (ada, id) = (self.firm.people[0].actor, self.firm.people[client].actor.person);
        self.write(move |tx| invitations::invite(tx, &ada, id))?;
        self.model.people[client].invited = true;
        Ok(())
    }
}
