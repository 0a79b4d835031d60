//! One run: people act, time passes, the workers work, die and come back, and after each step model and portal agree.

use std::fmt;
use std::time::Duration;

use domain::kernel::medium::Medium;
use domain::notify::{deliveries, due};
use store::Time;

use crate::broken::Broken;
use crate::check;
use crate::model::Rules;
use crate::server::Mood;
use crate::simulation::{Simulation, clock};

/// Actions in most runs: enough to affect each other, and few enough to be read.
const ACTIONS: u64 = 20;
/// Actions in one run of ten.
const ACTIONS_LONG: u64 = 80;
/// After this long nothing is pending: failed deliveries are retried for 24 hours.
const SETTLING: Duration = Duration::from_secs(26 * 3600);

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

/// A run in which a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// Running it again breaks the same rule.
    pub seed: u64,
    /// What went wrong.
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
pub fn run(seed: u64) -> Result<Report, Box<Failure>> {
    run_against(seed, Rules::Correct)
}

/// Runs one seed against a model that follows other rules.
pub fn run_against(seed: u64, rules: Rules) -> Result<Report, Box<Failure>> {
    let early = |broken| Box::new(Failure { seed, broken, trace: Vec::new() });
    let mut simulation = Simulation::open(seed, rules).map_err(early)?;
    let ended = simulation.run_to_end();
    simulation.store.close();
    let trace = std::mem::take(&mut simulation.trace);
    match ended {
        Ok(()) => {
            let by = |medium| simulation.compared.sent.iter().filter(|sent| sent.medium == medium).count();
            Ok(Report { trace, mails: by(Medium::Email), texts: by(Medium::Text) })
        }
        Err(broken) => Err(Box::new(Failure { seed, broken, trace })),
    }
}

impl Simulation {
    fn run_to_end(&mut self) -> Result<(), Broken> {
        let most = if self.random.percent(10) { ACTIONS_LONG } else { ACTIONS };
        for _ in 0..1 + self.random.below(most) {
            self.act()?;
            self.pass_time()?;
        }
        self.servers.set_moods(Mood::Well, Mood::Well);
        self.log("everything is well from now on".to_string());
        self.run_workers_until(self.now().after(SETTLING))?;
        check::delivery_status(self)
    }

    /// Some time passes, during which the servers behave in some way and the program may die.
    fn pass_time(&mut self) -> Result<(), Broken> {
        let milliseconds = match self.random.below(100) {
            0..=29 => 0,
            30..=59 => self.random.below(60_000),
            60..=89 => self.random.below(400_000),
            90..=97 => self.random.below(3_600_000),
            _ => self.random.below(20 * 3_600_000),
        };
        let (mails, texts) = (self.mood(), self.mood());
        let end = self.now().after(Duration::from_millis(1 + milliseconds));
        self.log(format!("until {} the server is {mails:?}, that of texts {texts:?}", clock(end)));
        self.servers.set_moods(mails, texts);
        match self.random.below(100) {
            0..=9 => {
                self.log("the program is down".to_string());
                self.advance_to(end);
                self.reopen()
            }
            10..=19 => {
                self.run_workers_partly()?;
                self.log("the program has died".to_string());
                self.advance_to(end);
                self.reopen()
            }
            _ => self.run_workers_until(end),
        }
    }

    fn mood(&mut self) -> Mood {
        match self.random.below(100) {
            0..=54 => Mood::Well,
            55..=79 => Mood::Moody,
            80..=91 => Mood::Away,
            _ => Mood::Deadly,
        }
    }

    /// Lets time pass, and does everything when it is due.
    fn run_workers_until(&mut self, end: Time) -> Result<(), Broken> {
        self.run_workers()?;
        loop {
            let next = self.read(|reader| {
                let times = [due::next(reader, None)?, deliveries::next_due(reader)?];
                Ok(times.into_iter().flatten().min())
            })?;
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.advance_to(next);
            self.run_workers()?;
        }
        self.advance_to(end);
        Ok(())
    }

    /// Does everything that is due now.
    fn run_workers(&mut self) -> Result<(), Broken> {
        while self.runtime.block_on(self.scheduler.step())? > 0 {}
        self.compare_digests(true)?;
        while self.runtime.block_on(self.worker.step())? > 0 {
            self.compare_sent()?;
        }
        Ok(())
    }

    /// Does some of what is due now, like a program that dies between two steps.
    fn run_workers_partly(&mut self) -> Result<(), Broken> {
        let steps = self.random.below(6);
        let mut left = steps;
        for (workspace, channel) in self.read(|reader| due::channels_past_wait(reader, None, 100))? {
            if left == 0 {
                break;
            }
            self.write(move |tx| due::enqueue_due(tx, workspace, channel, None))?;
            left -= 1;
        }
        for (workspace, person) in self.read(|reader| due::due(reader, 100))? {
            if left == 0 {
                break;
            }
            self.write(move |tx| due::decide(tx, workspace, person, None))?;
            left -= 1;
        }
        if left > 0 {
            // Claimed, and then neither sent nor released.
            let most = i64::try_from(left).expect("it is below 6");
            self.write(move |tx| deliveries::claim(tx, most))?;
        }
        self.compare_digests(false)
    }
}
