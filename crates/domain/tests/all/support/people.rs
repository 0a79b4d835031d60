//! Helpers for people: a firm with its people, companies and projects, created as an admin would.

use domain::administration;
use domain::administration::clients::{self, ClientInput, Colleague};
use domain::administration::deactivation;
use domain::administration::projects::{self, ProjectInput};
use domain::administration::set_up;
use domain::administration::settings::{self, MessagingChange};
use domain::administration::team::{self, InternalInput};
use domain::arrival::joining::{self, JoiningChange};
use domain::channels::starting::{self, Subject};
use domain::directory::person::{self, Person};
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{ChannelId, CompanyId, PersonId, ProjectId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::tenant::workspaces;

use super::Office;

/// A workspace with its first admin, Ada.
pub struct Firm<'a> {
    pub office: &'a Office,
    pub workspace: WorkspaceId,
    pub ada: Actor,
}

impl Office {
    /// A new firm with its own host name.
    pub fn firm(&self, host: &str) -> Firm<'_> {
        let host = host.to_string();
        let (workspace, ada) = self
            .write(move |tx| {
                let workspace = workspaces::add(tx, "Brand", Some(&host))?;
                let ada = set_up::first_admin(tx, workspace, "Ada", "Admin", "ada@firm.example")?;
                Ok((workspace, ada))
            })
            .expect("a firm");
        let ada = Actor::new(workspace, ada, Role::Admin, false);
        Firm { office: self, workspace, ada }
    }
}

/// Input for a client user with an address made from their name.
pub fn new_client(given: &str, companies: &[CompanyId]) -> ClientInput {
    ClientInput {
        given_name: given.to_string().into(),
        family_name: "Client".to_string().into(),
        email: format!("{}@client.example", given.to_lowercase()).into(),
        company_ids: companies.to_vec().into(),
        ..ClientInput::default()
    }
}

/// Input for an internal user with access to everything.
pub fn new_internal(given: &str, role: Role) -> InternalInput {
    InternalInput {
        given_name: given.to_string().into(),
        family_name: "Firm".to_string().into(),
        email: format!("{}@firm.example", given.to_lowercase()).into(),
        role: role.into(),
        is_client_access_limited: false.into(),
        company_access_list: Vec::new().into(),
    }
}

impl Firm<'_> {
    pub fn company(&self, name: &str) -> CompanyId {
        let (ada, name) = (self.ada, name.to_string());
        self.office.write(move |tx| administration::companies::add(tx, &ada, &name)).expect("a company")
    }

    pub fn sets(&self, change: MessagingChange) {
        let ada = self.ada;
        self.office.write(move |tx| settings::change_messaging(tx, &ada, &change)).expect("the setting");
    }

    pub fn client(&self, given: &str, companies: &[CompanyId]) -> PersonId {
        let (ada, new) = (self.ada, new_client(given, companies));
        self.office.write(move |tx| clients::add_client(tx, &ada, &new)).expect("a client user")
    }

    /// A client user whose name cannot be part of an address.
    pub fn client_named(&self, given: &str, companies: &[CompanyId]) -> PersonId {
        let id = self.office.message_id();
        let new =
            ClientInput { email: format!("{id}@client.example").into(), ..new_client(given, companies) };
        let ada = self.ada;
        self.office.write(move |tx| clients::add_client(tx, &ada, &new)).expect("a client user")
    }

    pub fn client_actor(&self, given: &str, companies: &[CompanyId]) -> Actor {
        self.actor(self.client(given, companies)).expect("an active client user")
    }

    /// Staff with access to everything.
    pub fn staff(&self, given: &str) -> Actor {
        self.internal(new_internal(given, Role::Staff))
    }

    /// Staff with access to these companies only.
    pub fn limited(&self, given: &str, companies: &[CompanyId]) -> Actor {
        let companies = companies.to_vec();
        self.internal(InternalInput {
            is_client_access_limited: true.into(),
            company_access_list: companies.into(),
            ..new_internal(given, Role::Staff)
        })
    }

    pub fn admin(&self, given: &str) -> Actor {
        self.internal(new_internal(given, Role::Admin))
    }

    fn internal(&self, new: InternalInput) -> Actor {
        let ada = self.ada;
        let person =
            self.office.write(move |tx| team::add_internal(tx, &ada, &new)).expect("an internal user");
        self.actor(person).expect("an active internal user")
    }

    pub fn project(&self, title: &str, clients: &[PersonId], internals: &[PersonId]) -> ProjectId {
        let ada = self.ada;
        let new = ProjectInput {
            title: title.to_string().into(),
            client_ids: clients.to_vec().into(),
            internal_user_ids: internals.to_vec().into(),
            confirmed: true,
            ..ProjectInput::default()
        };
        self.office.write(move |tx| projects::add(tx, &ada, &new)).expect("a project")
    }

    pub fn channel(&self, subject: Subject) -> ChannelId {
        let ada = self.ada;
        self.office.write(move |tx| starting::create(tx, &ada, &subject)).expect("a channel")
    }

    /// The client user's own channel.
    pub fn channel_of(&self, client: PersonId) -> ChannelId {
        self.channel(Subject::Client(client))
    }

    /// A person as an actor; `None` if they may not sign in.
    pub fn actor(&self, person: PersonId) -> Option<Actor> {
        let workspace = self.workspace;
        self.office.read(move |reader| access::actor(reader, workspace, person)).expect("an answer")
    }

    pub fn edit_client(&self, actor: Actor, client: PersonId, change: ClientInput) -> error::Result<()> {
        self.office.write(move |tx| clients::edit_client(tx, &actor, client, &change))
    }

    pub fn move_client(&self, client: PersonId, companies: &[CompanyId]) {
        let change = ClientInput { company_ids: companies.to_vec().into(), ..ClientInput::default() };
        self.edit_client(self.ada, client, change).expect("a move");
    }

    pub fn edit_internal(&self, actor: Actor, person: PersonId, change: InternalInput) -> error::Result<()> {
        self.office.write(move |tx| team::edit_internal(tx, &actor, person, &change))
    }

    pub fn deactivate(&self, actor: Actor, person: PersonId) -> error::Result<()> {
        self.office.write(move |tx| deactivation::deactivate(tx, &actor, person))
    }

    pub fn reactivate(&self, actor: Actor, person: PersonId) -> error::Result<()> {
        self.office.write(move |tx| deactivation::reactivate(tx, &actor, person))
    }

    /// Allows client users to invite colleagues from now on.
    pub fn lets_clients_invite(&self) {
        let (ada, colleagues) = (self.ada, Some(true));
        let change = JoiningChange { colleagues, ..JoiningChange::default() };
        self.office.write(move |tx| joining::change(tx, &ada, &change)).expect("the setting");
    }

    /// Invites a colleague, to the inviter's main company if none is given.
    pub fn invites(&self, who: Actor, email: &str, company: Option<CompanyId>) -> error::Result<()> {
        let (given_name, email) = ("Nina".to_string(), email.to_string());
        let colleague = Colleague { given_name, email, company, ..Colleague::default() };
        self.office.write(move |tx| joining::invite_colleague(tx, &who, &colleague))
    }

    pub fn known_at(&self, email: &str) -> Option<Person> {
        let (workspace, email) = (self.workspace, email.to_string());
        self.office.read(move |reader| person::by_email(reader, workspace, &email)).expect("an answer")
    }

    /// Whether somebody is a member of a channel.
    pub fn is_in(&self, channel: ChannelId, person: PersonId) -> bool {
        let workspace = self.workspace;
        self.office
            .read(move |reader| {
                Ok(reader.first(
                    "SELECT 1 FROM members WHERE workspace = $1 AND channel = $2 AND person = $3",
                    &[&workspace, &channel, &person],
                    |_| Ok(()),
                )?)
            })
            .expect("an answer")
            .is_some()
    }

    /// All journal events, oldest first.
    pub fn told(&self) -> Vec<Event> {
        let workspace = self.workspace;
        let entries = self.office.read(move |reader| Ok(reader.journal_after(workspace.0, 0, 10_000)?));
        entries.expect("the journal").iter().filter_map(Event::of).collect()
    }
}

/// The pairs of channel and person in a table or view.
pub fn pairs(office: &Office, table: &'static str) -> Vec<(ChannelId, PersonId)> {
    let sql = format!("SELECT channel, person FROM {table} ORDER BY channel, person");
    office
        .read(move |reader| Ok(reader.all(&sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?))
        .expect("an answer")
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: error::Result<T>, field: &str, problem: Problem) {
    match outcome {
        Err(Error::Field { field: at, problem: found }) => assert_eq!((at, found), (field, problem)),
        other => panic!("{field} {problem:?}, not {other:?}"),
    }
}

#[track_caller]
pub fn not_found<T: std::fmt::Debug>(outcome: error::Result<T>) {
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
}

#[track_caller]
pub fn forbidden<T: std::fmt::Debug>(outcome: error::Result<T>) {
    assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
}
