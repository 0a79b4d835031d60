//! After each step: what the portal has decided and sent must be exactly what the model says.

use std::collections::HashSet;

use domain::kernel::ids::{ChannelId, DeliveryId, DigestId, PersonId};
use domain::kernel::medium::{Frequency, Medium};
use domain::messages::unread_backlog::Reason;
use uuid::Uuid;

use crate::broken::{Broken, broken};
use crate::compared::Sent;
use crate::model::{Decision, token};
use crate::server::Attempt;
use crate::simulation::Simulation;

/// A new digest as the portal has written it.
struct WrittenDigest {
    id: DigestId,
    person: PersonId,
    suppressed: Option<Reason>,
    by_mail: bool,
    by_text: bool,
    parts: Vec<(ChannelId, i64, i64)>,
}

impl Simulation {
    /// The new decisions of the portal must be those of the model. Unless it was stopped halfway, nobody who is due may be
    /// left out.
    pub(crate) fn compare_digests(&mut self, is_complete: bool) -> Result<(), Broken> {
        let now = self.now();
        let mut written = self.new_digests()?;
        // What came while a channel was muted was decided when it was unmuted.
        written.retain(|digest| digest.suppressed != Some(Reason::Muted));
        for person in 0..self.model.people.len() {
            let id = self.firm.people[person].actor.person;
            let of_person: Vec<&WrittenDigest> =
                written.iter().filter(|digest| digest.person == id).collect();
            let due = self.model.is_due(person, now);
            match (of_person.as_slice(), due) {
                ([], false) => {}
                ([], true) if !is_complete => {}
                ([], true) => return broken(format!("N2, N5: {person} is due and was not decided about")),
                ([_], false) => return broken(format!("N2, N4: {person} was decided about and is not due")),
                ([digest], true) => self.compare_digest(person, digest)?,
                _ => return broken(format!("N5: {person} has two digests at once")),
            }
            if is_complete || !of_person.is_empty() {
                self.model.people[person].expedited = false;
            }
        }
        if !is_complete {
            let expedited = self.read(|reader| {
                Ok(reader.all("SELECT person FROM due WHERE asked_at IS NOT NULL", &[], |row| {
                    row.get::<PersonId>(0)
                })?)
            })?;
            for (index, person) in self.firm.people.iter().enumerate() {
                self.model.people[index].expedited = expedited.contains(&person.actor.person);
            }
        }
        Ok(())
    }

    fn compare_digest(&mut self, person: usize, digest: &WrittenDigest) -> Result<(), Broken> {
        let covers = |channel: usize, position: i64| {
            digest.parts.iter().any(|(id, after, up_to)| {
                *id == self.firm.channels[channel] && *after < position && position <= *up_to
            })
        };
        let pending = self.model.pending(person);
        for (index, message) in self.model.messages.iter().enumerate() {
            let decided = message
                .recipients
                .iter()
                .any(|recipient| recipient.person == person && recipient.decision.is_some());
            let covered = covers(message.channel, message.position);
            if covered && decided {
                return broken(format!("N5: message {index} is in a second digest of {person}"));
            }
            if pending.contains(&index) && !covered {
                return broken(format!("N3: message {index} waits for {person} and is left out"));
            }
        }
        let this = &self.model.people[person];
        // `None` if it depends on whether they have been back since.
        let wanted = |choice, reachable: bool| match choice {
            Frequency::Off => Some(false),
            _ if !reachable => Some(false),
            Frequency::EveryMessage => Some(true),
            Frequency::OncePerVisit => None,
        };
        let (mail, text) =
            (wanted(this.mail_frequency, true), wanted(this.text_frequency, this.takes_texts()));
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
        let decision = match digest.suppressed {
            Some(reason) => Decision::Suppressed(reason),
            None => Decision::Digest(digest.id),
        };
        self.log(format!("{person} is told of {pending:?}: {decided}"));
        for index in pending {
            self.model.decide(person, index, decision.clone());
        }
        Ok(())
    }

    fn new_digests(&mut self) -> Result<Vec<WrittenDigest>, Broken> {
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
                    Ok(WrittenDigest {
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
        let mut found: Vec<WrittenDigest> = Vec::new();
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

    /// Each mail and text must have exactly what is true at that moment (N3, N6, N9, N13), and be sent once (N5).
    pub(crate) fn compare_sent(&mut self) -> Result<(), Broken> {
        let attempts = self.servers.attempts_after(self.compared.attempts);
        self.compared.attempts += attempts.len();
        for attempt in &attempts {
            let digests = self.digests_of(attempt)?;
            if digests.is_empty() {
                continue;
            }
            let person = self.firm.people.iter().position(|person| {
                person.email == attempt.to || person.number.as_deref() == Some(attempt.to.as_str())
            });
            let Some(person) = person else { return broken(format!("sent to nobody: {}", attempt.to)) };
            self.log(format!(
                "{:?} to {person}: accepted {}, confirmed {}",
                attempt.medium, attempt.accepted, attempt.confirmed
            ));
            let mut before = self.compared.sent.iter().filter(|sent| digests.contains(&sent.digest));
            if before.any(|sent| sent.medium == attempt.medium && sent.confirmed) {
                return broken(format!(
                    "N5: {:?} to {person} again, though it is known there",
                    attempt.medium
                ));
            }
            let content = digests.iter().map(|digest| (*digest, self.model.content(person, *digest)));
            let content: Vec<(DigestId, Vec<usize>)> = content.collect();
            let messages: Vec<usize> = content.iter().flat_map(|(_, messages)| messages).copied().collect();
            match attempt.medium {
                Medium::Email => self.compare_mail(person, &messages, attempt)?,
                Medium::Text => self.compare_text(person, &messages, attempt)?,
            }
            let (medium, at, confirmed) = (attempt.medium, attempt.at, attempt.confirmed);
            let sent = content.into_iter().map(|(digest, messages)| Sent {
                digest,
                medium,
                at,
                confirmed,
                messages,
            });
            self.compared.sent.extend(sent);
        }
        // After all the others, because mails and texts are sent in parallel.
        for attempt in attempts.iter().filter(|attempt| attempt.unsubscribed) {
            let people = self.firm.people.iter();
            if let Some(person) =
                people.clone().position(|person| person.number.as_deref() == Some(&attempt.to))
            {
                self.log(format!("{person} is unsubscribed at the provider"));
                self.model.people[person].stopped = true;
                self.ever_opted_out.insert(person);
            }
        }
        Ok(())
    }

    /// The digest that was sent, for a text with those merged into it; empty if it was something else.
    fn digests_of(&self, attempt: &Attempt) -> Result<Vec<DigestId>, Broken> {
        match attempt.medium {
            Medium::Email => {
                let id = attempt.id.strip_prefix("digest.").and_then(|rest| rest.split('@').next());
                Ok(id.map(Uuid::parse_str).transpose()?.map(DigestId).into_iter().collect())
            }
            Medium::Text => {
                let delivery = DeliveryId(Uuid::parse_str(&attempt.id)?);
                self.read(move |reader| {
                    let sql = "SELECT d.reference FROM deliveries d, deliveries o WHERE o.id = $1 \
                         AND o.kind = 'digestText' AND (d.id = o.id OR d.carried_by = o.reference)";
                    Ok(reader.all(sql, &[&delivery], |row| row.get(0))?)
                })
            }
        }
    }

    fn compare_mail(&self, person: usize, messages: &[usize], attempt: &Attempt) -> Result<(), Broken> {
        let expected: HashSet<String> =
            messages.iter().map(|index| token(*index, self.model.messages[*index].version)).collect();
        let words = attempt.text.split_whitespace();
        let found: HashSet<String> =
            words.filter(|word| word.starts_with("message-")).map(str::to_string).collect();
        if expected != found || found.is_empty() {
            return broken(format!("N3, N6, N13: a mail to {person} says {found:?} and not {expected:?}"));
        }
        if self.model.people[person].mail_frequency == Frequency::Off {
            return broken(format!("N10: a mail to {person}, who chose never"));
        }
        Ok(())
    }

    fn compare_text(&self, person: usize, messages: &[usize], attempt: &Attempt) -> Result<(), Broken> {
        let count = messages.len();
        let expected = format!("Harbor: {count} new message{} from ", if count == 1 { "" } else { "s" });
        if count == 0 || !attempt.text.starts_with(&expected) || attempt.text.contains("message-") {
            return broken(format!(
                "N6, N9, N13: a text to {person} about {messages:?} says {}",
                attempt.text
            ));
        }
        let this = &self.model.people[person];
        if this.text_frequency == Frequency::Off || !this.takes_texts() {
            return broken(format!("N9, N10: a text to {person}, who wants none"));
        }
        if this.is_quiet(attempt.at) {
            return broken(format!("N9: a text to {person} in quiet hours"));
        }
        Ok(())
    }
}
