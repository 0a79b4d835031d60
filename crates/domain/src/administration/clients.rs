//! Adding and changing client users, with their companies, channels and groups.

use serde::Deserialize;
use store::{Reader, Tx};

use crate::administration::save_person::{self, save};
use crate::channels::members::{self, Scope};
use crate::channels::{channel, starting};
use crate::directory::person::{BY_COLLEAGUE, Person, email_is_free, find, insert, new};
use crate::directory::{companies, company_overlap, company_rows};
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::custom_fields::Fields;
use crate::kernel::error::{Error, Problem, Result, at_field};
use crate::kernel::ids::{ChannelId, CompanyId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::name::{Name, name_of};
use crate::kernel::patch::{Input, Patch, clearable, clearable_id, optional_id};
use crate::kernel::{limits, lock};

/// A colleague to be invited by a client user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Colleague {
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    /// One of the inviter's companies; their main one if `None`.
    #[serde(deserialize_with = "optional_id")]
    pub company: Option<CompanyId>,
}

/// What is said about a client user, to add or to change one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientInput {
    pub given_name: Patch<String>,
    pub family_name: Patch<String>,
    pub email: Patch<String>,
    /// Empty for none.
    #[serde(deserialize_with = "clearable")]
    pub phone: Patch<String>,
    /// Comes before `company_ids`, as the main one.
    #[serde(deserialize_with = "clearable_id")]
    pub company_id: Patch<Option<CompanyId>>,
    /// All their companies, except those that the actor cannot see.
    #[serde(deserialize_with = "clearable")]
    pub company_ids: Patch<Vec<CompanyId>>,
    /// Set by API clients only.
    pub custom_fields: Patch<Fields>,
    /// The name of one more company for a new client user, which is added if it does not exist; empty for none.
    #[serde(skip)]
    pub new_company: String,
    /// Whether the actor confirmed the notice that clients of different companies will share a project (C4).
    #[serde(skip)]
    pub confirmed: bool,
}

impl Input for ClientInput {
    const REQUIRED: &'static str = "email";
}

impl ClientInput {
    /// Clears what is left out, but for the address and the custom fields.
    pub fn or_cleared(self) -> ClientInput {
        ClientInput {
            given_name: self.given_name.or_cleared(),
            family_name: self.family_name.or_cleared(),
            phone: self.phone.or_cleared(),
            company_ids: self.company_ids.or_cleared(),
            ..self
        }
    }

    /// Clears what is left out, but for the address.
    pub fn replacing(self) -> ClientInput {
        let cleared = self.or_cleared();
        ClientInput { custom_fields: cleared.custom_fields.only(), ..cleared }
    }

    fn apply(&self, before: Person) -> Result<Person> {
        Ok(Person {
            name: before.name.changed(&self.given_name, &self.family_name, &self.email)?,
            phone: self.phone.checked(before.phone, |number| limits::validate_phone("phone", number))?,
            custom_fields: before.custom_fields.changed(&self.custom_fields)?,
            ..before
        })
    }

    /// All their companies from now on, the main one first; `None` if nothing is said about them.
    fn companies(&self, reader: &Reader, actor: &Actor) -> Result<Option<Vec<CompanyId>>> {
        let main = self.company_id.value().copied();
        if main.is_none() && self.company_ids == Patch::Keep {
            return Ok(None);
        }
        let mut ids = self.company_ids.value().cloned().unwrap_or_default();
        if let Some(id) = main.flatten() {
            at_field("companyId", Problem::Unknown, access::company(reader, actor, id))?;
            ids.retain(|other| *other != id);
            ids.insert(0, id);
        }
        companies::open(reader, actor, "companyIds", &ids).map(Some)
    }
}

/// Adds a client user and their channel (C6). One without a company gets a placeholder.
///
/// # Errors
/// `NotFound` for client users; `Field`.
pub fn add_client(tx: &mut Tx, actor: &Actor, client: &ClientInput) -> Result<PersonId> {
    access::internal(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    client.email.required(ClientInput::REQUIRED)?;
    let made_by = if actor.is_api_client() { "api" } else { "internalUser" };
    let person = client.apply(new(tx.now(), Role::Client, Name::default(), made_by))?;
    let mut joined = client.companies(tx, actor)?.unwrap_or_default();
    refuse_placeholders(tx, actor, &joined)?;
    let new_company =
        limits::validate_optional_line("newCompany", &client.new_company, limits::NAME_CHARACTERS)?;
    let known = companies::by_name(tx, actor.workspace, &new_company)?;
    if let Some(known) = known {
        // The actor cannot see that company, so they learn only that the name is taken.
        at_field("newCompany", Problem::Taken, access::company(tx, actor, known))?;
        joined.extend((!joined.contains(&known)).then_some(known));
    }
    email_is_free(tx, actor.workspace, None, &person.name.email)?;

    insert(tx, actor.workspace, &person)?;
    if known.is_none() && !limits::is_blank(&new_company) {
        joined.push(company_rows::insert(tx, actor, &new_company)?);
    }
    if joined.is_empty() {
        joined.push(company_rows::insert_placeholder(tx, actor)?);
    }
    settle(tx, actor.workspace, person.id, &joined)?;
    let changes = Changes::none().note("email", &person.name.email);
    audit_log::append(tx, actor, AuditAction::PersonAdded, Some(person.id.0), changes)?;
    Ok(person.id)
}

/// Adds a client user invited by a client user of that company. The caller must have checked that this is allowed. They
/// are in no channel until they sign in ([`begin_conversations`]), so that only internal users see the invitation (S3).
pub(crate) fn add_colleague(
    tx: &mut Tx,
    actor: &Actor,
    colleague: &Colleague,
    company: CompanyId,
) -> Result<PersonId> {
    let name = name_of(&colleague.given_name, &colleague.family_name, &colleague.email)?;
    let person = new(tx.now(), Role::Client, name, BY_COLLEAGUE);
    insert(tx, actor.workspace, &person)?;
    belong(tx, actor.workspace, person.id, &[company])?;
    Ok(person.id)
}

/// Adds a client user who signed up, under the id of the sign-up. They start with a placeholder: an internal user decides
/// which company they belong to (S14).
pub(crate) fn add_signed_up(tx: &mut Tx, workspace: WorkspaceId, id: PersonId, name: Name) -> Result<()> {
    let person = Person { id, ..new(tx.now(), Role::Client, name, "directSignUp") };
    insert(tx, workspace, &person)?;
    let placeholder = company_rows::insert_placeholder(tx, &Actor::new(workspace, id, Role::Client, false))?;
    settle(tx, workspace, id, &[placeholder])
}

/// Puts a new client user into their companies and channels.
fn settle(tx: &mut Tx, workspace: WorkspaceId, client: PersonId, joined: &[CompanyId]) -> Result<()> {
    belong(tx, workspace, client, joined)?;
    begin_conversations(tx, workspace, client)
}

fn belong(tx: &mut Tx, workspace: WorkspaceId, client: PersonId, joined: &[CompanyId]) -> Result<()> {
    for company in joined {
        company_rows::join(tx, workspace, *company, client)?;
    }
    journal::record(tx, workspace, &Event::ClientCreated { client });
    Ok(())
}

/// Creates a client user's first channel (C6) and makes them a member of all theirs.
pub(crate) fn begin_conversations(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    starting::for_new_client(tx, workspace, client)?;
    members::sync_members(tx, workspace, Scope::Person(client))
}

/// Changes a client user. Joining a company joins its channel; leaving it ends access at once (C3), also to groups of
/// that company (C9).
///
/// # Errors
/// `NotFound`; `Field`, also if clients of different companies would meet in a project and the actor has not confirmed
/// the notice (C4).
pub fn edit_client(tx: &mut Tx, actor: &Actor, client: PersonId, change: &ClientInput) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    access::client(tx, actor, client)?;
    let before = find(tx, actor.workspace, client)?;
    let after = change.apply(before.clone())?;
    email_is_free(tx, actor.workspace, Some(client), &after.name.email)?;
    let moving = match change.companies(tx, actor)? {
        Some(wanted) => check_move(tx, actor, client, wanted, change.confirmed)?,
        None => None,
    };
    let mut changes = save_person::changes(&before, &after);
    let mut is_changed = save(tx, actor.workspace, &before, after)?;
    if let Some(moving) = moving {
        let earlier = companies::names_of(tx, actor.workspace, client)?;
        carry_out(tx, actor, client, &moving)?;
        changes = changes.field("companies", earlier, companies::names_of(tx, actor.workspace, client)?);
        is_changed = true;
    }
    audit_log::append_change(tx, actor, AuditAction::PersonChanged, Some(client.0), changes)?;
    if is_changed {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client });
    }
    Ok(())
}

/// A checked change of a client user's companies.
struct Move {
    joined: Vec<CompanyId>,
    left: Vec<CompanyId>,
    /// All companies afterwards, the main one first; empty if a placeholder is needed.
    order: Vec<CompanyId>,
}

fn check_move(
    tx: &Tx,
    actor: &Actor,
    client: PersonId,
    mut after: Vec<CompanyId>,
    confirmed: bool,
) -> Result<Option<Move>> {
    let current = companies::all_of(tx, actor.workspace, client)?;
    let new: Vec<CompanyId> = after.iter().copied().filter(|company| !current.contains(company)).collect();
    refuse_placeholders(tx, actor, &new)?;
    for company in &current {
        if !after.contains(company) && !companies::sees(tx, actor, *company)? {
            after.push(*company);
        }
    }
    // A placeholder stays only while there is no real company.
    let placeholder = companies::placeholder_of(tx, actor.workspace, client)?;
    after.retain(|company| Some(*company) != placeholder);
    let alone = after.is_empty();
    after.extend(placeholder.filter(|_| alone));
    if after == current {
        return Ok(None);
    }
    if !confirmed && company_overlap::would_meet(tx, actor.workspace, client, &current, &after)? {
        return Err(Error::field("companyIds", Problem::ClientsMeet));
    }
    Ok(Some(Move {
        joined: after.iter().copied().filter(|company| !current.contains(company)).collect(),
        left: current.into_iter().filter(|company| !after.contains(company)).collect(),
        order: after,
    }))
}

fn carry_out(tx: &mut Tx, actor: &Actor, client: PersonId, moving: &Move) -> Result<()> {
    for company in &moving.left {
        leave_groups(tx, actor.workspace, *company, client)?;
        company_rows::leave(tx, actor.workspace, *company, client)?;
    }
    for company in &moving.joined {
        company_rows::join(tx, actor.workspace, *company, client)?;
    }
    if moving.order.is_empty() {
        let placeholder = company_rows::insert_placeholder(tx, actor)?;
        company_rows::join(tx, actor.workspace, placeholder, client)?;
    }
    company_rows::place(tx, actor.workspace, client, &moving.order)?;
    tx.run(
        "UPDATE people SET updated_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &client, &tx.now()],
    )?;
    members::sync_members(tx, actor.workspace, Scope::Person(client))?;
    // Internal users with limited access see the client user's own channel through the companies.
    if let Some(channel) = channel::of_subject(tx, actor.workspace, client.0)? {
        members::sync_members(tx, actor.workspace, Scope::Channel(channel))?;
    }
    Ok(())
}

/// Removes a client user from a company that is being deleted.
pub(crate) fn leave_company(tx: &mut Tx, actor: &Actor, client: PersonId, company: CompanyId) -> Result<()> {
    let mut order = companies::all_of(tx, actor.workspace, client)?;
    order.retain(|other| *other != company);
    carry_out(tx, actor, client, &Move { joined: Vec::new(), left: vec![company], order })?;
    journal::record(tx, actor.workspace, &Event::ClientUpdated { client });
    Ok(())
}

/// Removes a client user permanently from the groups of a company they leave, which changes the groups' titles (C9).
pub(crate) fn leave_groups(
    tx: &mut Tx,
    workspace: WorkspaceId,
    company: CompanyId,
    client: PersonId,
) -> Result<()> {
    let groups: Vec<ChannelId> = tx.all(
        "DELETE FROM group_people WHERE workspace = $1 AND person = $2 AND channel IN (SELECT c.id FROM channels c \
         WHERE c.workspace = $1 AND c.company = $3) RETURNING channel",
        &[&workspace, &client, &company],
        |row| row.get(0),
    )?;
    for channel in groups {
        journal::record(tx, workspace, &Event::ChannelUpdated { channel });
    }
    Ok(())
}

/// A placeholder belongs to one client user: nobody else can join it.
fn refuse_placeholders(reader: &Reader, actor: &Actor, wanted: &[CompanyId]) -> Result<()> {
    for company in wanted {
        if companies::find(reader, actor, *company)?.placeholder_at.is_some() {
            return Err(Error::field("companyIds", Problem::Unknown));
        }
    }
    Ok(())
}
