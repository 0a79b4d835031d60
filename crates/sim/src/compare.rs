//! After each step: what the portal has decided and sent is what the model says, no more and no less.

use std::collections::HashSet;

use domain::choices::{Choice, Way};
use domain::ids::{ChannelId, DeliveryId, DigestId, PersonId};
use domain::missed::Reason;
use uuid::Uuid;

use crate::broken::{Broken, broken};
use crate::compared::Sent;
use crate::model::{Told, token};
use crate::server::Taking;
use crate::simulation::Simulation;

/// A new digest as the portal has written it.
struct Written {
    id: DigestId,
    person: PersonId,
    suppressed: Option<Reason>,
    by_mail: bool,
    by_text: bool,
    parts: Vec<(ChannelId, i64, i64)>,
}

impl Simulation {
    /// What the portal has newly decided must be what the model says: for everybody who is due and, where it was not
    /// stopped half-way, for all of them.
    pub(crate) fn compare_digests(&mut self, is_whole: bool) -> Result<(), Broken> {
        let now = self.now();
        let mut written = self.new_digests()?;
        // What came while a channel was muted was settled when it was unmuted.
        written.retain(|digest| digest.suppressed != Some(Reason::Muted));
        for person in 0..self.model.people.len() {
            let id = self.firm.people[person].actor.person;
            let of_person: Vec<&Written> = written.iter().filter(|digest| digest.person == id).collect();
            let due = self.model.is_due(person, now);
            match (of_person.as_slice(), due) {
                ([], false) => {}
                ([], true) if !is_whole => {}
                ([], true) => return broken(format!("N2, N5: {person} is due and was not decided about")),
                ([_], false) => return broken(format!("N2, N4: {person} was decided about and is not due")),
                ([digest], true) => self.compare_digest(person, digest)?,
                _ => return broken(format!("N5: {person} has two digests at once")),
            }
            if is_whole || !of_person.is_empty() {
                self.model.people[person].asked = false;
            }
        }
        if !is_whole {
            let asked = self.read(|reader| {
                Ok(reader.all("SELECT person FROM due WHERE asked_at IS NOT NULL", &[], |row| {
                    row.get::<PersonId>(0)
                })?)
            })?;
            for (place, person) in self.firm.people.iter().enumerate() {
                self.model.people[place].asked = asked.contains(&person.actor.person);
            }
        }
        Ok(())
    }

    fn compare_digest(&mut self, person: usize, digest: &Written) -> Result<(), Broken> {
        let covers = |channel: usize, position: i64| {
            digest.parts.iter().any(|(id, after, up_to)| {
                *id == self.firm.channels[channel] && *after < position && position <= *up_to
            })
        };
        let waiting = self.model.waiting(person);
        for (place, message) in self.model.messages.iter().enumerate() {
            let told = message.copies.iter().any(|copy| copy.person == person && copy.told.is_some());
            let covered = covers(message.channel, message.position);
            if covered && told {
                return broken(format!("N5: message {place} is in a second digest of {person}"));
            }
            if waiting.contains(&place) && !covered {
                return broken(format!("N3: message {place} waits for {person} and is left out"));
            }
        }
        let this = &self.model.people[person];
        // Nothing where it depends on whether they have been back since.
        let wanted = |choice, reachable: bool| match choice {
            Choice::Never => Some(false),
            _ if !reachable => Some(false),
            Choice::Each => Some(true),
            Choice::Once => None,
        };
        let (mail, text) = (wanted(this.choice, true), wanted(this.texts, this.takes_texts()));
        let agrees = |wanted: Option<bool>, written| wanted.is_none_or(|wanted| wanted == written);
        let fits = match digest.suppressed {
            Some(Reason::NotInvited) => !this.invited,
            Some(reason) => {
                this.invited && reason == Reason::Choice && agrees(mail, false) && agrees(text, false)
            }
            None => {
                let some = digest.by_mail || digest.by_text;
                this.invited && some && agrees(mail, digest.by_mail) && agrees(text, digest.by_text)
            }
        };
        let decided = match digest.suppressed {
            Some(reason) => format!("{reason:?}"),
            None => format!("mail {}, text {}", digest.by_mail, digest.by_text),
        };
        if !fits {
            return broken(format!("N1, N9, N10: {person} was decided about as {decided}"));
        }
        let told = match digest.suppressed {
            Some(reason) => Told::Suppressed(reason),
            None => Told::Digest(digest.id),
        };
        self.tell(format!("{person} is told of {waiting:?}: {decided}"));
        for place in waiting {
            self.model.tell(person, place, told.clone());
        }
        Ok(())
    }

    fn new_digests(&mut self) -> Result<Vec<Written>, Broken> {
        let now = self.now();
        let since = std::mem::replace(&mut self.compared.at, now);
        let rows = self.read(move |reader| {
            Ok(reader.all(
                "SELECT g.id, g.person, g.suppressed, t.channel, t.after_position, t.up_to_position, \
                 (SELECT count(*) FROM deliveries d WHERE d.reference = g.id AND d.kind = 'digestMail'), \
                 (SELECT count(*) FROM deliveries d WHERE d.reference = g.id AND d.kind = 'digestText') \
                 FROM digests g JOIN digest_parts t ON t.workspace = g.workspace AND t.digest = g.id \
                 WHERE g.created_at >= $1 ORDER BY g.id, t.channel",
                &[&since],
                |row| {
                    let part = (row.get(3)?, row.get(4)?, row.get(5)?);
                    let (mails, texts): (i64, i64) = (row.get(6)?, row.get(7)?);
                    Ok(Written {
                        id: row.get(0)?,
                        person: row.get(1)?,
                        suppressed: row.get(2)?,
                        by_mail: mails > 0,
                        by_text: texts > 0,
                        parts: vec![part],
                    })
                },
            )?)
        })?;
        let mut found: Vec<Written> = Vec::new();
        for row in rows {
            if self.compared.digests.contains(&row.id) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.id == row.id => last.parts.extend(row.parts),
                _ => found.push(row),
            }
        }
        self.compared.digests.extend(found.iter().map(|digest| digest.id));
        Ok(found)
    }

    /// Each mail and text says what is true at that moment, no more and no less (N3, N6, N9, N13), and goes once (N5).
    pub(crate) fn compare_sent(&mut self) -> Result<(), Broken> {
        let takings = self.servers.after(self.compared.takings);
        self.compared.takings += takings.len();
        for taking in &takings {
            let digests = self.digests_of(taking)?;
            if digests.is_empty() {
                continue;
            }
            let person = self.firm.people.iter().position(|person| {
                person.email == taking.to || person.number.as_deref() == Some(taking.to.as_str())
            });
            let Some(person) = person else { return broken(format!("sent to nobody: {}", taking.to)) };
            self.tell(format!(
                "{:?} to {person}: taken {}, known {}",
                taking.way, taking.taken, taking.known
            ));
            let mut before = self.compared.sent.iter().filter(|sent| digests.contains(&sent.digest));
            if before.any(|sent| sent.way == taking.way && sent.known) {
                return broken(format!("N5: {:?} to {person} again, though it is known there", taking.way));
            }
            let said = digests.iter().map(|digest| (*digest, self.model.says(person, *digest)));
            let said: Vec<(DigestId, Vec<usize>)> = said.collect();
            let holds: Vec<usize> = said.iter().flat_map(|(_, holds)| holds).copied().collect();
            match taking.way {
                Way::Email => self.compare_mail(person, &holds, taking)?,
                Way::Text => self.compare_text(person, &holds, taking)?,
            }
            let (way, at, known) = (taking.way, taking.at, taking.known);
            let sent = said.into_iter().map(|(digest, holds)| Sent { digest, way, at, known, holds });
            self.compared.sent.extend(sent);
        }
        // What is sent side by side does not know of each other.
        for taking in takings.iter().filter(|taking| taking.unsubscribed) {
            let people = self.firm.people.iter();
            if let Some(person) =
                people.clone().position(|person| person.number.as_deref() == Some(&taking.to))
            {
                self.tell(format!("{person} is unsubscribed at the provider"));
                self.model.people[person].stopped = true;
                self.ever_refused.insert(person);
            }
        }
        Ok(())
    }

    /// The digest that was sent, of a text with those that it took along; none where it was something else.
    fn digests_of(&self, taking: &Taking) -> Result<Vec<DigestId>, Broken> {
        match taking.way {
            Way::Email => {
                let id = taking.id.strip_prefix("digest.").and_then(|rest| rest.split('@').next());
                Ok(id.map(Uuid::parse_str).transpose()?.map(DigestId).into_iter().collect())
            }
            Way::Text => {
                let delivery = DeliveryId(Uuid::parse_str(&taking.id)?);
                self.read(move |reader| {
                    let sql = "SELECT d.reference FROM deliveries d, deliveries o WHERE o.id = $1 \
                         AND o.kind = 'digestText' AND (d.id = o.id OR d.carried_by = o.reference)";
                    Ok(reader.all(sql, &[&delivery], |row| row.get(0))?)
                })
            }
        }
    }

    fn compare_mail(&self, person: usize, holds: &[usize], taking: &Taking) -> Result<(), Broken> {
        let expected: HashSet<String> =
            holds.iter().map(|place| token(*place, self.model.messages[*place].version)).collect();
        let words = taking.text.split_whitespace();
        let found: HashSet<String> =
            words.filter(|word| word.starts_with("message-")).map(str::to_string).collect();
        if expected != found || found.is_empty() {
            return broken(format!("N3, N6, N13: a mail to {person} says {found:?} and not {expected:?}"));
        }
        if self.model.people[person].choice == Choice::Never {
            return broken(format!("N10: a mail to {person}, who chose never"));
        }
        Ok(())
    }

    fn compare_text(&self, person: usize, holds: &[usize], taking: &Taking) -> Result<(), Broken> {
        let count = holds.len();
        let expected = format!("Harbor: {count} new message{} from ", if count == 1 { "" } else { "s" });
        if count == 0 || !taking.text.starts_with(&expected) || taking.text.contains("message-") {
            return broken(format!("N6, N9, N13: a text to {person} about {holds:?} says {}", taking.text));
        }
        let this = &self.model.people[person];
        if this.texts == Choice::Never || !this.takes_texts() {
            return broken(format!("N9, N10: a text to {person}, who wants none"));
        }
        if this.is_quiet(taking.at) {
            return broken(format!("N9: a text to {person} in quiet hours"));
        }
        Ok(())
    }
}
