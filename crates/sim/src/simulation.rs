//! The state of one run: the portal and its workers, the model, and what has happened.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::error;
use domain::kernel::medium::Frequency;
use outbound::mail::Mailer;
use outbound::text::Texter;
use store::{Clock, Reader, Setting, Store, Time, Tx};
use workers::{DeliveryWorker, DigestScheduler};

use crate::broken::Broken;
use crate::compared::Compared;
use crate::firm::{Firm, START, channel_of_company};
use crate::model::{Model, Person, Rules};
use crate::random::Random;
use crate::server::Servers;

const HOST: &str = "portal.example";

pub(crate) struct Simulation {
    pub(crate) random: Random,
    pub(crate) firm: &'static Firm,
    pub(crate) model: Model,
    pub(crate) store: Store,
    pub(crate) compared: Compared,
    /// Who has ever muted which channel.
    pub(crate) ever_muted: HashSet<(usize, usize)>,
    /// Who has ever opted out of mails or texts, or stopped texts.
    pub(crate) ever_opted_out: HashSet<usize>,
    /// Who left which channel while it was muted.
    pub(crate) left_muted: Vec<(usize, usize)>,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) scheduler: DigestScheduler,
    pub(crate) worker: DeliveryWorker,
    pub(crate) servers: Servers,
    pub(crate) trace: Vec<String>,
    folder: tempfile::TempDir,
}

/// What runs in the portal's process and ends with it.
fn workers(store: &Store, servers: &Servers) -> (DigestScheduler, DeliveryWorker) {
    let worker = DeliveryWorker::new(
        store.clone(),
        Arc::new(Mailer::from(servers.mails())),
        Arc::new(Texter::Memory(servers.texts())),
        &format!("https://{HOST}"),
        &format!("notifications@{HOST}"),
    );
    (DigestScheduler::new(store.clone(), None), worker)
}

impl Simulation {
    pub(crate) fn open(seed: u64, rules: Rules) -> Result<Simulation, Broken> {
        let firm = Firm::get();
        let folder = testing::folder()?;
        let file = folder.path().join("portal.db");
        firm.copy_to(&file)?;
        let store = Store::open(&Setting::Sqlite(file), Clock::simulated(START), domain::MIGRATIONS)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let servers = Servers::new(seed, store.clock());
        let (scheduler, worker) = workers(&store, &servers);
        let people = firm.people.iter().map(|person| Person {
            invited: person.invited,
            active: true,
            mail_frequency: Frequency::EveryMessage,
            text_frequency: if person.number.is_some() { Frequency::EveryMessage } else { Frequency::Off },
            has_number: person.number.is_some(),
            stopped: false,
            has_quiet_hours: person.has_quiet_hours,
            expedited: false,
            company: person.company,
        });
        let mut model = Model {
            rules,
            wait: Duration::from_secs(300),
            people: people.collect(),
            messages: Vec::new(),
            memberships: Default::default(),
        };
        for channel in 0..firm.channels.len() {
            for (index, person) in firm.people.iter().enumerate() {
                let is_own = index == channel + 3;
                let is_company = person.company.is_some_and(|own| channel_of_company(own) == channel);
                if person.company.is_none() || is_own || is_company {
                    model.join(index, channel);
                }
            }
        }
        let simulation = Simulation {
            random: Random::new(seed),
            firm,
            model,
            scheduler,
            worker,
            servers,
            store,
            runtime,
            compared: Compared::default(),
            ever_muted: HashSet::new(),
            ever_opted_out: HashSet::new(),
            left_muted: Vec::new(),
            trace: Vec::new(),
            folder,
        };
        simulation.make_secrets_from(seed)?;
        Ok(simulation)
    }

    /// The program starts again, with what is in the file.
    pub(crate) fn reopen(&mut self) -> Result<(), Broken> {
        self.store.close();
        let setting = Setting::Sqlite(self.folder.path().join("portal.db"));
        self.store = Store::open(&setting, self.store.clock().clone(), domain::MIGRATIONS)?;
        (self.scheduler, self.worker) = workers(&self.store, &self.servers);
        let seed = self.random.next();
        self.make_secrets_from(seed)
    }

    /// Secrets follow from `seed` until the program starts again.
    fn make_secrets_from(&self, seed: u64) -> Result<(), Broken> {
        self.write(move |_| {
            domain::kernel::simulation::simulate(seed);
            Ok(())
        })
    }

    pub(crate) fn log(&mut self, what: String) {
        self.trace.push(format!("{} {what}", clock(self.now())));
    }

    pub(crate) fn now(&self) -> Time {
        self.store.clock().now()
    }

    pub(crate) fn advance_to(&self, time: Time) {
        self.store.clock().advance(time.since(self.now()));
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result<T, Broken> {
        Ok(self.runtime.block_on(self.store.write(closure))?)
    }

    pub(crate) fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result<T, Broken> {
        Ok(self.runtime.block_on(self.store.read(closure))?)
    }
}

pub(crate) fn clock(time: Time) -> String {
    let milliseconds = time.0 - START.0;
    let seconds = milliseconds / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds % 1000)
}
