//! The firm that every simulation begins with: created once, its database copied for each.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use domain::administration;
use domain::administration::clients::{self, ClientInput};
use domain::administration::set_up::{self, SetUp};
use domain::administration::team::{self, InternalInput};
use domain::arrival::invitations;
use domain::channels::starting::{self, Subject};
use domain::kernel::access::{Actor, Role};
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, CompanyId, PersonId};
use domain::notify::phone::Quiet;
use domain::notify::phone_settings;
use store::{Clock, Setting, Store, Time, Tx};

/// When every simulation begins: Monday 5 January 2026, 09:00 UTC.
pub(crate) const START: Time = Time(1_767_603_600_000);

pub(crate) struct Firm {
    /// First the admin, whom nobody invited, then two internal users, then client users.
    pub(crate) people: Vec<Person>,
    pub(crate) companies: Vec<CompanyId>,
    pub(crate) channels: Vec<ChannelId>,
    database: Vec<u8>,
}

pub(crate) struct Person {
    pub(crate) actor: Actor,
    pub(crate) email: String,
    pub(crate) invited: bool,
    /// Their number, if they have verified one and agreed to texts.
    pub(crate) number: Option<String>,
    pub(crate) has_quiet_hours: bool,
    /// The index of their company.
    pub(crate) company: Option<usize>,
}

impl Person {
    fn new(actor: Actor, email: String, invited: bool, company: Option<usize>) -> Person {
        Person { actor, email, invited, number: None, has_quiet_hours: false, company }
    }
}

impl Firm {
    /// # Panics
    /// If it cannot be created: nothing can be simulated then.
    pub(crate) fn get() -> &'static Firm {
        // On a thread of its own: simulated secrets are the thread's.
        static FIRM: LazyLock<Firm> = LazyLock::new(|| {
            std::thread::spawn(|| create().expect("the firm can be created")).join().expect("the thread ends")
        });
        &FIRM
    }

    pub(crate) fn copy_to(&self, file: &Path) -> std::io::Result<()> {
        std::fs::write(file, &self.database)
    }
}

/// Channels are those of the four client users, then those of the two companies.
pub(crate) fn channel_of_company(company: usize) -> usize {
    4 + company
}

fn create() -> Result<Firm, Box<dyn std::error::Error>> {
    let folder = testing::folder()?;
    let file = folder.path().join("portal.db");
    let clock = Clock::simulated(START.before(Duration::from_secs(3600)));
    let store = Store::open(&Setting::Sqlite(file.clone()), clock.clone(), domain::MIGRATIONS)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    // Everything gets a time of its own, so that ids are in order.
    fn later<T: Send + 'static>(
        runtime: &tokio::runtime::Runtime,
        store: &Store,
        closure: impl FnOnce(&mut Tx) -> error::Result<T> + Clone + Send + 'static,
    ) -> error::Result<T> {
        store.clock().advance(Duration::from_millis(1));
        runtime.block_on(store.write(closure))
    }
    later(&runtime, &store, |_| {
        domain::kernel::simulation::simulate(0);
        Ok(())
    })?;
    let given = SetUp {
        brand: "Harbor".to_string(),
        given_name: "Ada".to_string(),
        family_name: "Admin".to_string(),
        email: "ada@firm.example".to_string(),
    };
    let (workspace, ada) = later(&runtime, &store, move |tx| set_up::set_up(tx, None, &given))?;
    let ada = Actor::new(workspace, ada, Role::Admin, false);
    let mut people = vec![Person::new(ada, "ada@firm.example".to_string(), false, None)];
    let mut companies = Vec::new();
    for name in ["Acme", "Beta"] {
        companies.push(later(&runtime, &store, move |tx| administration::companies::add(tx, &ada, name))?);
    }
    for given in ["Jane", "Tom"] {
        let email = format!("{}@firm.example", given.to_lowercase());
        let new = InternalInput {
            given_name: given.to_string().into(),
            family_name: "Firm".to_string().into(),
            email: email.clone().into(),
            role: Role::Staff.into(),
            is_client_access_limited: false.into(),
            company_access_list: Vec::new().into(),
        };
        let person = later(&runtime, &store, move |tx| team::add_internal(tx, &ada, &new))?;
        let actor = Actor::new(workspace, person, Role::Staff, false);
        people.push(Person::new(actor, email, true, None));
    }
    for (given, company, invited) in [("Bo", 0, true), ("Cy", 0, true), ("Di", 1, true), ("Ed", 1, false)] {
        let email = format!("{}@client.example", given.to_lowercase());
        let new = ClientInput {
            given_name: given.to_string().into(),
            email: email.clone().into(),
            company_ids: vec![companies[company]].into(),
            ..ClientInput::default()
        };
        let person = later(&runtime, &store, move |tx| clients::add_client(tx, &ada, &new))?;
        let actor = Actor::new(workspace, person, Role::Client, false);
        people.push(Person::new(actor, email, invited, Some(company)));
    }
    for (index, has_quiet_hours) in [(2, false), (3, true), (5, false)] {
        let (actor, number) = (people[index].actor, format!("+1500555000{index}"));
        let given = number.clone();
        later(&runtime, &store, move |tx| {
            phone_settings::give(tx, &actor, &given)?;
            let code = phone_settings::prepare_code(tx, actor.workspace, actor.person)?;
            let code = code.expect("a number was given").code;
            phone_settings::prove(tx, &actor, &code)?;
            let wording = phone_settings::wording(tx, &actor)?.expect("a number was verified");
            phone_settings::agree(tx, &actor, &wording)?;
            phone_settings::set_quiet(tx, &actor, has_quiet_hours.then_some(Quiet::NIGHT))
        })?;
        people[index].number = Some(number);
        people[index].has_quiet_hours = has_quiet_hours;
    }
    let invited: Vec<PersonId> =
        people.iter().filter(|person| person.invited).map(|person| person.actor.person).collect();
    for person in invited {
        later(&runtime, &store, move |tx| invitations::invite(tx, &ada, person))?;
    }
    // The invitations were sent long ago.
    later(&runtime, &store, |tx| Ok(tx.run("DELETE FROM deliveries", &[])?))?;
    let mut channels = Vec::new();
    for person in people.iter().filter(|person| person.company.is_some()) {
        let subject = Subject::Client(person.actor.person);
        channels.push(later(&runtime, &store, move |tx| starting::create(tx, &ada, &subject))?);
    }
    for company in companies.clone() {
        channels
            .push(later(&runtime, &store, move |tx| starting::create(tx, &ada, &Subject::Company(company)))?);
    }
    store.close();
    Ok(Firm { people, companies, channels, database: std::fs::read(&file)? })
}
