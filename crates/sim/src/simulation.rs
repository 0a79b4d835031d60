//! One run: people act, time passes, the workers work, die and come back, and after each step model and portal agree.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::choices::{Choice, Way};
use domain::missed;
use domain::{deliveries, secrets};
use outbound::mail::Mailer;
use outbound::text::Texter;
use store::{Clock, Reader, Setting, Store, Time, Tx};
use workers::{DeliveryWorker, DigestScheduler};

use crate::chance::Chance;
use crate::check;
use crate::compare::Compared;
use crate::firm::{Firm, MORNING};
use crate::model::{Belief, Model, Person};
use crate::server::{Mood, Servers};

/// Deeds in most runs: enough for a few stories to cross, and few enough to be read.
const DEEDS: u64 = 20;
/// Deeds in one run of ten.
const DEEDS_LONG: u64 = 80;
/// What failed for now is tried for 24 hours; after these everything is over.
const CALM: Duration = Duration::from_secs(26 * 3600);
/// The host of Message-IDs.
pub(crate) const HOST: &str = "portal.example";

/// A run in which nothing was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened, in order.
    pub trace: Vec<String>,
    /// Digests that the mail server was given, repeats too.
    pub mails: usize,
    /// Digests that the text server was given, repeats too.
    pub texts: usize,
}

/// A run in which a rule was broken. The same seed breaks it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    run_against(seed, Belief::Rules)
}

/// Runs one seed beside a model that holds something true.
///
/// # Errors
/// Where portal and model differ.
pub fn run_against(seed: u64, belief: Belief) -> Result<Report, Box<Failure>> {
    let early = |broken| Box::new(Failure { seed, broken, trace: Vec::new() });
    let mut simulation = Simulation::open(seed, belief).map_err(early)?;
    let ended = simulation.live();
    simulation.store.close();
    let trace = std::mem::take(&mut simulation.trace);
    match ended {
        Ok(()) => {
            let by = |way| simulation.compared.sent.iter().filter(|sent| sent.way == way).count();
            Ok(Report { trace, mails: by(Way::Email), texts: by(Way::Text) })
        }
        Err(broken) => Err(Box::new(Failure { seed, broken, trace })),
    }
}

pub(crate) struct Simulation {
    pub(crate) chance: Chance,
    pub(crate) firm: &'static Firm,
    pub(crate) model: Model,
    pub(crate) store: Store,
    /// What has been compared already.
    pub(crate) compared: Compared,
    /// Who has ever muted which channel.
    pub(crate) ever_muted: HashSet<(usize, usize)>,
    /// Who has ever chosen never to be told in some way, or stopped texts.
    pub(crate) ever_refused: HashSet<usize>,
    /// Who left which channel while it was muted.
    pub(crate) left_muted: Vec<(usize, usize)>,
    runtime: tokio::runtime::Runtime,
    scheduler: DigestScheduler,
    worker: DeliveryWorker,
    pub(crate) servers: Servers,
    trace: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Simulation {
    fn open(seed: u64, belief: Belief) -> Result<Simulation, Broken> {
        let firm = Firm::get();
        let folder = testing::folder()?;
        let file = folder.path().join("portal.db");
        firm.copy_to(&file)?;
        let store = Store::open(&Setting::Sqlite(file), Clock::simulated(MORNING), domain::MIGRATIONS)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (servers, mails, texts) = Servers::new(seed, store.clock());
        let worker = DeliveryWorker::new(
            store.clone(),
            Arc::new(Mailer::from(mails)),
            Arc::new(Texter::Memory(texts)),
            &format!("https://{HOST}"),
            &format!("notifications@{HOST}"),
        );
        let people = firm.people.iter().map(|person| Person {
            invited: person.invited,
            active: true,
            choice: Choice::Each,
            texts: if person.number.is_some() { Choice::Each } else { Choice::Never },
            has_number: person.number.is_some(),
            stopped: false,
            sleeps: person.sleeps,
            asked: false,
            company: person.company,
        });
        let mut model = Model {
            belief,
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
            scheduler: DigestScheduler::new(store.clone(), None),
            worker,
            servers,
            store,
            runtime,
            compared: Compared::default(),
            ever_muted: HashSet::new(),
            ever_refused: HashSet::new(),
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
        let most = if self.chance.is(10) { DEEDS_LONG } else { DEEDS };
        for _ in 0..1 + self.chance.below(most) {
            self.act()?;
            self.passes()?;
        }
        self.servers.feel(Mood::Well, Mood::Well);
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
        let (mails, texts) = (self.mood(), self.mood());
        let end = self.now().after(Duration::from_millis(1 + milliseconds));
        self.tell(format!("until {} the server is {mails:?}, that of texts {texts:?}", clock(end)));
        self.servers.feel(mails, texts);
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

    fn mood(&mut self) -> Mood {
        match self.chance.below(100) {
            0..=54 => Mood::Well,
            55..=79 => Mood::Moody,
            80..=91 => Mood::Away,
            _ => Mood::Deadly,
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
        while self.runtime.block_on(self.scheduler.step())? > 0 {}
        self.compare_digests(true)?;
        while self.runtime.block_on(self.worker.step())? > 0 {
            self.compare_sent()?;
        }
        Ok(())
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
        if left > 0 {
            // Taken, and then neither sent nor given back.
            let most = i64::try_from(left).unwrap_or(1);
            self.write(move |tx| deliveries::claim(tx, most))?;
        }
        self.compare_digests(false)
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
