//! After each step: what the portal has decided and sent is what the model says, no more and no less.

use std::collections::HashSet;

use domain::choices::Choice;
use domain::ids::{ChannelId, DigestId, PersonId};
use domain::missed::Reason;

use crate::check;
use crate::model::Told;
use crate::server::Taking;
use crate::simulation::{Broken, HOST, Simulation, broken};

/// What has been compared already.
#[derive(Default)]
pub(crate) struct Compared {
    /// Digests that the portal has written.
    digests: HashSet<DigestId>,
    /// How many mails the server was given, invitations too.
    mails: usize,
    /// The digests among them.
    pub(crate) takings: Vec<Taking>,
}

/// A new digest as the portal has written it.
struct Written {
    id: DigestId,
    person: PersonId,
    suppressed: Option<Reason>,
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
        let fits = match (digest.suppressed, this.invited, this.choice) {
            (suppressed, false, _) => suppressed == Some(Reason::NotInvited),
            (suppressed, true, Choice::Each) => suppressed.is_none(),
            (suppressed, true, Choice::Never) => suppressed == Some(Reason::Choice),
            (suppressed, true, Choice::Once) => suppressed.is_none_or(|reason| reason == Reason::Choice),
        };
        if !fits {
            return broken(format!("N1, N10: {person} was decided about as {:?}", digest.suppressed));
        }
        let told = match digest.suppressed {
            Some(reason) => Told::Suppressed(reason),
            None => Told::Digest(format!("digest.{}@{HOST}", digest.id)),
        };
        self.tell(format!("{person} is told of {waiting:?}: {:?}", digest.suppressed));
        for place in waiting {
            self.model.tell(person, place, told.clone());
        }
        Ok(())
    }

    fn new_digests(&mut self) -> Result<Vec<Written>, Broken> {
        let rows = self.read(|reader| {
            Ok(reader.all(
                "SELECT g.id, g.person, g.suppressed, t.channel, t.after_position, t.up_to_position FROM digests g \
                 JOIN digest_parts t ON t.workspace = g.workspace AND t.digest = g.id ORDER BY g.id, t.channel",
                &[],
                |row| {
                    let part = (row.get(3)?, row.get(4)?, row.get(5)?);
                    Ok((row.get::<DigestId>(0)?, row.get(1)?, row.get(2)?, part))
                },
            )?)
        })?;
        let mut found: Vec<Written> = Vec::new();
        for (id, person, suppressed, part) in rows {
            if self.compared.digests.contains(&id) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.id == id => last.parts.push(part),
                _ => found.push(Written { id, person, suppressed, parts: vec![part] }),
            }
        }
        self.compared.digests.extend(found.iter().map(|digest| digest.id));
        Ok(found)
    }

    /// Each mail says what is true at that moment, no more and no less (N3, N6, N13).
    pub(crate) fn compare_mails(&mut self) -> Result<(), Broken> {
        let takings = self.server.after(self.compared.mails);
        self.compared.mails += takings.len();
        for taking in takings {
            if !taking.message_id.starts_with("digest.") {
                continue;
            }
            let person = self.firm.people.iter().position(|person| person.email == taking.to);
            let Some(person) = person else { return broken(format!("a mail to nobody: {}", taking.to)) };
            let expected = self.model.says(person, &taking.message_id);
            let found = check::tokens(&taking.text);
            self.tell(format!("a mail to {person}, taken {}, known {}", taking.taken, taking.known));
            if expected != found || found.is_empty() {
                return broken(format!(
                    "N3, N6, N13: a mail to {person} says {found:?} and not {expected:?}"
                ));
            }
            if self.model.people[person].choice == Choice::Never {
                return broken(format!("N10: a mail to {person}, who chose never"));
            }
            self.compared.takings.push(taking);
        }
        Ok(())
    }
}
