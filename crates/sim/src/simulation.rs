//! One run: people act, time passes, the workers work, die and come back, and after each step model and portal agree.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::choices::Choice;
use domain::ids::{ChannelId, DigestId, PersonId};
use domain::missed::{self, Reason};
use domain::{deliveries, secrets};
use outbound::mail::Mailer;
use outbound::text::Texter;
use store::{Clock, Reader, Setting, Store, Time, Tx};
use workers::deliveries::Worker;
use workers::missed::Teller;

use crate::chance::Chance;
use crate::check;
use crate::firm::{self, Firm, MORNING};
use crate::model::{Model, Person, Told};
use crate::server::{Mood, Server, Taking};

/// Deeds in one run: enough for a few stories to cross.
const DEEDS: usize = 60;
/// What failed for now is tried for 24 hours; after these everything is over.
const CALM: Duration = Duration::from_secs(26 * 3600);
/// The host of Message-IDs.
const HOST: &str = "portal.example";

/// A run in which nothing was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened, in order.
    pub trace: Vec<String>,
    /// Digests that the mail server was given, repeats too.
    pub mails: usize,
}

/// A run in which a rule was broken. The same seed breaks it again.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The rule, and how it was broken.
    pub broken: Broken,
    /// What had happened until then.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(formatter, "{line}")?;
        }
        write!(formatter, "seed {}: {}", self.seed, self.broken)
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Broken {
        Broken(format!("no rule allows an error here: {error}"))
    }
}

/// Runs one seed.
///
/// # Errors
/// Where a rule was broken.
pub fn run(seed: u64) -> Result<Report, Box<Failure>> {
    let early = |broken| Box::new(Failure { seed, broken, trace: Vec::new() });
    let mut simulation = Simulation::open(seed).map_err(early)?;
    let ended = simulation.live();
    simulation.store.close();
    let trace = std::mem::take(&mut simulation.trace);
    match ended {
        Ok(()) => Ok(Report { trace, mails: simulation.takings.len() }),
        Err(broken) => Err(Box::new(Failure { seed, broken, trace })),
    }
}

pub(crate) struct Simulation {
    pub(crate) chance: Chance,
    pub(crate) firm: &'static Firm,
    pub(crate) model: Model,
    pub(crate) store: Store,
    /// The digests that the server was given.
    pub(crate) takings: Vec<Taking>,
    /// Who has ever muted which channel.
    pub(crate) ever_muted: HashSet<(usize, usize)>,
    /// Who has ever chosen never to get mails.
    pub(crate) ever_never: HashSet<usize>,
    /// Who left which channel while it was muted.
    pub(crate) left_muted: Vec<(usize, usize)>,
    runtime: tokio::runtime::Runtime,
    teller: Teller,
    worker: Worker,
    server: Server,
    /// How many mails of the server have been looked at, invitations too.
    looked_at: usize,
    known: HashSet<DigestId>,
    trace: Vec<String>,
    _folder: tempfile::TempDir,
}

/// A new digest as the portal has written it.
struct Written {
    id: DigestId,
    person: PersonId,
    suppressed: Option<Reason>,
    parts: Vec<(ChannelId, i64, i64)>,
}

impl Simulation {
    fn open(seed: u64) -> Result<Simulation, Broken> {
        let firm = Firm::get();
        let folder = firm::folder()?;
        let file = folder.path().join("portal.db");
        firm.copy_to(&file)?;
        let store = Store::open(&Setting::Sqlite(file), Clock::simulated(MORNING), domain::MIGRATIONS)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (server, memory) = Server::new(seed);
        let texter = Arc::new(Texter::Memory(Default::default()));
        let worker = Worker::new(
            store.clone(),
            Arc::new(Mailer::Memory(memory)),
            texter,
            &format!("https://{HOST}"),
            &format!("notifications@{HOST}"),
        );
        let people = firm.people.iter().map(|person| Person {
            invited: person.invited,
            active: true,
            choice: Choice::Each,
            asked: false,
            company: person.company,
        });
        let mut model = Model {
            wait: Duration::from_secs(300),
            people: people.collect(),
            messages: Vec::new(),
            seats: Default::default(),
        };
        for channel in 0..firm.channels.len() {
            for (place, person) in firm.people.iter().enumerate() {
                let is_own = place == channel + 3;
                let is_company =
                    person.company.is_some_and(|own| Simulation::channel_of_company(own) == channel);
                if person.company.is_none() || is_own || is_company {
                    model.joins(place, channel);
                }
            }
        }
        let simulation = Simulation {
            chance: Chance::new(seed),
            firm,
            model,
            teller: Teller::new(store.clone(), None),
            worker,
            server,
            store,
            runtime,
            takings: Vec::new(),
            looked_at: 0,
            known: HashSet::new(),
            ever_muted: HashSet::new(),
            ever_never: HashSet::new(),
            left_muted: Vec::new(),
            trace: Vec::new(),
            _folder: folder,
        };
        simulation.write(move |_| {
            secrets::simulate(seed);
            Ok(())
        })?;
        Ok(simulation)
    }

    fn live(&mut self) -> Result<(), Broken> {
        for _ in 0..DEEDS {
            self.act()?;
            self.passes()?;
        }
        self.server.feel(Mood::Well);
        self.tell("everything is well from now on".to_string());
        self.works_until(self.now().after(CALM))?;
        check::fates(self)
    }

    /// Some time passes, in which the server is in some mood and the program may die.
    fn passes(&mut self) -> Result<(), Broken> {
        let milliseconds = match self.chance.below(100) {
            0..=29 => 0,
            30..=59 => self.chance.below(60_000),
            60..=89 => self.chance.below(400_000),
            90..=97 => self.chance.below(3_600_000),
            _ => self.chance.below(20 * 3_600_000),
        };
        let mood = match self.chance.below(100) {
            0..=54 => Mood::Well,
            55..=79 => Mood::Moody,
            80..=91 => Mood::Away,
            _ => Mood::Deadly,
        };
        let end = self.now().after(Duration::from_millis(1 + milliseconds));
        self.tell(format!("until {} the server is {mood:?}", clock(end)));
        self.server.feel(mood);
        match self.chance.below(100) {
            0..=9 => {
                self.tell("the program is down".to_string());
                self.advance_to(end);
                Ok(())
            }
            10..=19 => {
                self.works_in_part()?;
                self.tell("the program has died".to_string());
                self.advance_to(end);
                Ok(())
            }
            _ => self.works_until(end),
        }
    }

    /// Lets time pass; whatever is due is done when it is due.
    fn works_until(&mut self, end: Time) -> Result<(), Broken> {
        self.works()?;
        loop {
            let next = self.read(|reader| {
                let times = [missed::next(reader, None)?, deliveries::next_due(reader)?];
                Ok(times.into_iter().flatten().min())
            })?;
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.advance_to(next);
            self.works()?;
        }
        self.advance_to(end);
        Ok(())
    }

    /// Does whatever is due now.
    fn works(&mut self) -> Result<(), Broken> {
        while self.runtime.block_on(self.teller.step())? > 0 {}
        self.compare_digests(true)?;
        while self.runtime.block_on(self.worker.step())? > 0 {}
        self.compare_mails()
    }

    /// Does some of what is due now, as far as a program comes that dies between two steps.
    fn works_in_part(&mut self) -> Result<(), Broken> {
        let steps = self.chance.below(6);
        let mut left = steps;
        for (workspace, channel) in self.read(|reader| missed::ripe(reader, None, 100))? {
            if left == 0 {
                break;
            }
            self.write(move |tx| missed::come_due(tx, workspace, channel, None))?;
            left -= 1;
        }
        for (workspace, person) in self.read(|reader| missed::due(reader, 100))? {
            if left == 0 {
                break;
            }
            self.write(move |tx| missed::settle(tx, workspace, person, None))?;
            left -= 1;
        }
        self.compare_digests(false)
    }

    /// What the portal has newly decided must be what the model says: for everybody who is due and, where it was not
    /// stopped half-way, for all of them.
    fn compare_digests(&mut self, is_whole: bool) -> Result<(), Broken> {
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
            if self.known.contains(&id) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.id == id => last.parts.push(part),
                _ => found.push(Written { id, person, suppressed, parts: vec![part] }),
            }
        }
        self.known.extend(found.iter().map(|digest| digest.id));
        Ok(found)
    }

    /// Each mail says what is true at that moment, no more and no less (N3, N6, N13).
    fn compare_mails(&mut self) -> Result<(), Broken> {
        let takings = self.server.after(self.looked_at);
        self.looked_at += takings.len();
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
            self.takings.push(taking);
        }
        Ok(())
    }

    pub(crate) fn tell(&mut self, what: String) {
        self.trace.push(format!("{} {what}", clock(self.now())));
    }

    pub(crate) fn now(&self) -> Time {
        self.store.clock().now()
    }

    fn advance_to(&self, time: Time) {
        self.store.clock().advance(time.since(self.now()));
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> domain::Result<T> + Send + 'static,
    ) -> Result<T, Broken> {
        Ok(self.runtime.block_on(self.store.write(closure))?)
    }

    pub(crate) fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> domain::Result<T> + Send + 'static,
    ) -> Result<T, Broken> {
        Ok(self.runtime.block_on(self.store.read(closure))?)
    }
}

fn clock(time: Time) -> String {
    let milliseconds = time.0 - MORNING.0;
    let seconds = milliseconds / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds % 1000)
}

pub(crate) fn broken<T>(what: String) -> Result<T, Broken> {
    Err(Broken(what))
}
