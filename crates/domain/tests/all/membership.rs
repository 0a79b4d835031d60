//! Random sequences of changes to people, companies and projects: channel members must always be those who are entitled
//! (C3), and all other invariants must hold.

use crate::support::Office;
use crate::support::people::{Firm, new_client, pairs};
use domain::administration::clients::ClientInput;
use domain::administration::deletion;
use domain::administration::projects::{self, ProjectInput};
use domain::administration::team::InternalInput;
use domain::arrival::complete_sign_in;
use domain::channels::starting::{self, Subject};
use domain::kernel::access::Role;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, CompanyId, PersonId, ProjectId};
use domain::{administration, directory};
use proptest::prelude::*;

/// An action of an internal user. Numbers pick from what exists, wrapping around; sets of people and companies are bit
/// masks.
#[derive(Clone, Debug)]
enum Step {
    AddClient { companies: u8, fresh: bool },
    Move { client: usize, companies: u8, confirmed: bool },
    Deactivate { person: usize },
    Reactivate { person: usize },
    Assign { internal: usize, company: usize, assigned: bool },
    Limit { internal: usize, limited: bool, role: bool },
    AddProject { clients: u8, internals: u8, confirmed: bool },
    ChangeProject { project: usize, clients: u8, internals: u8 },
    ClientChannel { client: usize },
    CompanyChannel { company: usize },
    ProjectChannel { project: usize },
    Group { company: usize },
    DeleteClient { client: usize },
    DeleteCompany { company: usize },
    DeleteProject { project: usize },
    DeleteInternal { internal: usize },
    InviteColleague { client: usize },
    ComeIn { client: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (n, bits, yes) = (0..16usize, any::<u8>(), any::<bool>());
    prop_oneof![
        2 => (bits, yes).prop_map(|(companies, fresh)| Step::AddClient { companies, fresh }),
        4 => (n.clone(), bits, yes)
            .prop_map(|(client, companies, confirmed)| Step::Move { client, companies, confirmed }),
        2 => n.clone().prop_map(|person| Step::Deactivate { person }),
        2 => n.clone().prop_map(|person| Step::Reactivate { person }),
        2 => (n.clone(), n.clone(), yes)
            .prop_map(|(internal, company, assigned)| Step::Assign { internal, company, assigned }),
        2 => (n.clone(), yes, yes)
            .prop_map(|(internal, limited, role)| Step::Limit { internal, limited, role }),
        1 => (bits, bits, yes)
            .prop_map(|(clients, internals, confirmed)| Step::AddProject { clients, internals, confirmed }),
        2 => (n.clone(), bits, bits)
            .prop_map(|(project, clients, internals)| Step::ChangeProject { project, clients, internals }),
        1 => n.clone().prop_map(|client| Step::ClientChannel { client }),
        1 => n.clone().prop_map(|company| Step::CompanyChannel { company }),
        1 => n.clone().prop_map(|project| Step::ProjectChannel { project }),
        2 => n.clone().prop_map(|company| Step::Group { company }),
        1 => n.clone().prop_map(|client| Step::DeleteClient { client }),
        1 => n.clone().prop_map(|company| Step::DeleteCompany { company }),
        1 => n.clone().prop_map(|project| Step::DeleteProject { project }),
        1 => n.clone().prop_map(|internal| Step::DeleteInternal { internal }),
        2 => n.clone().prop_map(|client| Step::InviteColleague { client }),
        2 => n.prop_map(|client| Step::ComeIn { client }),
    ]
}

/// Everything created so far.
struct Town<'a> {
    firm: Firm<'a>,
    internals: Vec<PersonId>,
    clients: Vec<PersonId>,
    companies: Vec<CompanyId>,
    projects: Vec<ProjectId>,
}

fn nth<T: Copy>(all: &[T], n: usize) -> Option<T> {
    all.get(n % all.len().max(1)).copied()
}

fn chosen<T: Copy>(all: &[T], bits: u8) -> Vec<T> {
    all.iter().enumerate().filter(|(n, _)| bits >> (n % 8) & 1 == 1).map(|(_, one)| *one).collect()
}

impl Town<'_> {
    fn new(office: &Office) -> Town<'_> {
        let firm = office.firm("a");
        firm.lets_clients_invite();
        let companies = vec![firm.company("Acme"), firm.company("Beta"), firm.company("Gamma")];
        let internals = vec![
            firm.ada.person,
            firm.staff("Sam").person,
            firm.limited("Lin", &companies[..1]).person,
            firm.limited("Mo", &companies[1..]).person,
        ];
        let clients = vec![
            firm.client("Bo", &companies[..1]),
            firm.client("Cy", &companies[..2]),
            firm.client("Di", &companies[1..2]),
            firm.client("Ed", &[]),
        ];
        Town { firm, internals, clients, companies, projects: Vec::new() }
    }

    /// Performs a step as `who`, or returns why it is refused.
    fn go(&mut self, who: usize, step: Step) -> error::Result<()> {
        let Some(actor) = nth(&self.internals, who).and_then(|person| self.firm.actor(person)) else {
            return Ok(());
        };
        let office = self.firm.office;
        let everybody: Vec<PersonId> = self.internals.iter().chain(&self.clients).copied().collect();
        let make = |subject: Subject| {
            office.write(move |tx| starting::create(tx, &actor, &subject)).map(|_: ChannelId| ())
        };
        match step {
            Step::AddClient { companies, fresh } => {
                let mut new =
                    new_client(&format!("C{}", self.clients.len()), &chosen(&self.companies, companies));
                if fresh {
                    new.new_company = format!("Company {}", self.companies.len());
                }
                let client = office.write(move |tx| administration::clients::add_client(tx, &actor, &new))?;
                self.clients.push(client);
                let ada = self.firm.ada;
                for (company, ..) in
                    office.read(move |reader| directory::clients::companies_of(reader, &ada, client))?
                {
                    if !self.companies.contains(&company) {
                        self.companies.push(company);
                    }
                }
                Ok(())
            }
            Step::Move { client, companies, confirmed } => {
                let Some(client) = nth(&self.clients, client) else { return Ok(()) };
                let companies = chosen(&self.companies, companies);
                self.firm.edit_client(
                    actor,
                    client,
                    ClientInput { company_ids: companies.into(), confirmed, ..ClientInput::default() },
                )
            }
            Step::Deactivate { person } => match nth(&everybody, person) {
                Some(person) => self.firm.deactivate(actor, person),
                None => Ok(()),
            },
            Step::Reactivate { person } => match nth(&everybody, person) {
                Some(person) => self.firm.reactivate(actor, person),
                None => Ok(()),
            },
            Step::Assign { internal, company, assigned } => {
                let pair = nth(&self.internals, internal).zip(nth(&self.companies, company));
                let Some((person, company)) = pair else { return Ok(()) };
                office
                    .write(move |tx| administration::companies::assign(tx, &actor, company, person, assigned))
            }
            Step::Limit { internal, limited, role } => {
                let Some(person) = nth(&self.internals, internal) else { return Ok(()) };
                let role = if role { Role::Admin } else { Role::Staff };
                let change = InternalInput {
                    is_client_access_limited: limited.into(),
                    role: role.into(),
                    ..InternalInput::default()
                };
                self.firm.edit_internal(actor, person, change)
            }
            Step::AddProject { clients, internals, confirmed } => {
                let (clients, internals) =
                    (chosen(&self.clients, clients), chosen(&self.internals, internals));
                let new = ProjectInput {
                    title: "Audit".to_string().into(),
                    client_ids: clients.into(),
                    internal_user_ids: internals.into(),
                    confirmed,
                    ..ProjectInput::default()
                };
                self.projects.push(office.write(move |tx| projects::add(tx, &actor, &new))?);
                Ok(())
            }
            Step::ChangeProject { project, clients, internals } => {
                let Some(project) = nth(&self.projects, project) else { return Ok(()) };
                let clients = chosen(&self.clients, clients);
                let internals = chosen(&self.internals, internals);
                let change = ProjectInput {
                    client_ids: clients.into(),
                    internal_user_ids: internals.into(),
                    confirmed: true,
                    ..ProjectInput::default()
                };
                office.write(move |tx| projects::edit(tx, &actor, project, &change))
            }
            Step::DeleteClient { client } => match nth(&self.clients, client) {
                Some(client) => office.write(move |tx| deletion::delete_client(tx, &actor, client)),
                None => Ok(()),
            },
            Step::DeleteCompany { company } => match nth(&self.companies, company) {
                Some(company) => {
                    office.write(move |tx| administration::companies::delete(tx, &actor, company))
                }
                None => Ok(()),
            },
            Step::DeleteProject { project } => match nth(&self.projects, project) {
                Some(project) => office.write(move |tx| projects::delete(tx, &actor, project)),
                None => Ok(()),
            },
            Step::DeleteInternal { internal } => match nth(&self.internals, internal) {
                Some(person) => office.write(move |tx| deletion::delete_internal(tx, &actor, person)),
                None => Ok(()),
            },
            Step::InviteColleague { client } => {
                let Some(actor) = nth(&self.clients, client).and_then(|person| self.firm.actor(person))
                else {
                    return Ok(());
                };
                let email = format!("colleague{}@client.example", self.clients.len());
                self.firm.invites(actor, &email, None)?;
                self.clients.extend(self.firm.known_at(&email).map(|person| person.id));
                Ok(())
            }
            Step::ComeIn { client } => {
                let Some(client) = nth(&self.clients, client) else { return Ok(()) };
                office
                    .write(move |tx| complete_sign_in::complete_sign_in(tx, actor.workspace, client))
                    .map(|_| ())
            }
            Step::ClientChannel { client } => {
                nth(&self.clients, client).map_or(Ok(()), |id| make(Subject::Client(id)))
            }
            Step::CompanyChannel { company } => {
                nth(&self.companies, company).map_or(Ok(()), |id| make(Subject::Company(id)))
            }
            Step::ProjectChannel { project } => {
                nth(&self.projects, project).map_or(Ok(()), |id| make(Subject::Project(id)))
            }
            Step::Group { company } => {
                let Some(company) = nth(&self.companies, company) else { return Ok(()) };
                let ada = self.firm.ada;
                let found =
                    office.read(move |reader| directory::companies::clients_of(reader, &ada, company))?;
                make(Subject::Group(company, found.iter().map(|person| person.id).collect()))
            }
        }
    }
}

/// The number of rows of a query.
fn count(office: &Office, sql: &'static str) -> usize {
    office.read(move |reader| Ok(reader.all(sql, &[], |_| Ok(()))?)).expect("an answer").len()
}

fn check(office: &Office) -> Result<(), TestCaseError> {
    prop_assert_eq!(pairs(office, "members"), pairs(office, "entitled"));
    // Everybody has a company, and a placeholder is the only company of its one client user.
    prop_assert_eq!(
        count(
            office,
            "SELECT 1 FROM people p WHERE p.role = 'client' AND NOT EXISTS (SELECT 1 FROM company_clients k \
             WHERE k.workspace = p.workspace AND k.person = p.id)"
        ),
        0
    );
    prop_assert_eq!(
        count(
            office,
            "SELECT 1 FROM companies c WHERE c.placeholder_at IS NOT NULL AND c.deleted_at IS NULL \
             AND ((SELECT count(*) FROM company_clients k \
             WHERE k.workspace = c.workspace AND k.company = c.id) <> 1 \
             OR (SELECT count(*) FROM company_clients k \
             JOIN company_clients o ON o.workspace = k.workspace AND o.person = k.person \
             WHERE k.workspace = c.workspace AND k.company = c.id) <> 1)"
        ),
        0
    );
    prop_assert!(count(office, "SELECT 1 FROM people WHERE role = 'admin' AND deactivated_at IS NULL") > 0);
    // People who left a company are no longer in any of its groups (C9).
    prop_assert_eq!(
        count(
            office,
            "SELECT 1 FROM group_people g JOIN channels c ON c.workspace = g.workspace AND c.id = g.channel \
             WHERE NOT EXISTS (SELECT 1 FROM company_clients k \
             WHERE k.workspace = g.workspace AND k.company = c.company AND k.person = g.person)"
        ),
        0
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c3_c9_members_are_those_who_are_entitled_after_any_changes(
        steps in prop::collection::vec((0..16usize, step()), 1..40)
    ) {
        let office = Office::on_sqlite();
        let mut town = Town::new(&office);
        for (who, step) in steps {
            match town.go(who, step) {
                Err(Error::Store(error)) => return Err(TestCaseError::fail(error.to_string())),
                Err(_) | Ok(()) => check(&office)?,
            }
        }
    }
}

/// Guards the test above against refusing everything: most steps of a plain sequence succeed.
#[test]
fn the_steps_do_something() {
    let office = Office::on_sqlite();
    let mut town = Town::new(&office);
    let steps = [
        Step::Group { company: 0 },
        Step::CompanyChannel { company: 1 },
        Step::AddClient { companies: 1, fresh: true },
        Step::AddProject { clients: 0b1111, internals: 0b0111, confirmed: true },
        Step::ProjectChannel { project: 0 },
        Step::Move { client: 1, companies: 0b10, confirmed: true },
        Step::Limit { internal: 1, limited: true, role: false },
        Step::Assign { internal: 1, company: 1, assigned: true },
        Step::ChangeProject { project: 0, clients: 0b1, internals: 0b11 },
        Step::Deactivate { person: 1 },
        Step::Reactivate { person: 1 },
        Step::Deactivate { person: 5 },
        Step::ClientChannel { client: 3 },
        Step::InviteColleague { client: 2 },
        Step::ComeIn { client: 5 },
        Step::DeleteProject { project: 0 },
        Step::DeleteClient { client: 0 },
        Step::DeleteCompany { company: 1 },
        Step::DeleteInternal { internal: 2 },
    ];
    for step in steps {
        let named = format!("{step:?}");
        let before = pairs(&office, "members");
        town.go(0, step).unwrap_or_else(|error| panic!("{named}: {error}"));
        check(&office).unwrap_or_else(|error| panic!("{named}: {error}"));
        let quiet =
            ["AddProject", "ClientChannel", "InviteColleague"].iter().any(|name| named.starts_with(name));
        assert_eq!(pairs(&office, "members") == before, quiet, "{named}");
    }
}
