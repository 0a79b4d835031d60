//! One run: people act, time passes, the workers work, die and come back, and after each step model and portal agree.

use std::fmt;
use std::time::Duration;

use domain::choices::Way;
use domain::deliveries;
use domain::missed;
use store::Time;

use crate::broken::Broken;
use crate::check;
use crate::model::Belief;
use crate::server::Mood;
use crate::simulation::{Simulation, clock};

/// Deeds in most runs: enough for a few stories to cross, and few enough to be read.
const DEEDS: u64 = 20;
/// Deeds in one run of ten.
const DEEDS_LONG: u64 = 80;
/// What failed for now is tried for 24 hours; after these everything is over.
const CALM: Duration = Duration::from_secs(26 * 3600);

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

impl Simulation {
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
        while self.runtime.block_on(self.teller.step())? > 0 {}
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
}
