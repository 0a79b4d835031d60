//! Adding and changing client users, with their companies, channels and groups.

use store::{Reader, Tx};

use crate::administration::save_person::{self, save};
use crate::channels::members::{self, Scope};
use crate::channels::{channel, starting};
use crate::directory::person::{BY_COLLEAGUE, Person, email_is_free, find, insert, new};
use crate::directory::{companies, company_overlap, company_rows};
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::custom_fields::CustomFields;
use crate::kernel::error::{Error, Problem, Result, at_field};
use crate::kernel::ids::{ChannelId, CompanyId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::name::{Name, changed_name, name_of};
use crate::kernel::{limits, lock};

/// A colleague to be invited by a client user.
#[derive(Clone, Debug, Default)]
pub struct Colleague {
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    /// One of the inviter's companies; their main one if `None`.
    pub company: Option<CompanyId>,
}

#[derive(Clone, Debug, Default)]
pub struct NewClient {
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    /// Empty for none.
    pub phone: String,
    pub companies: Vec<CompanyId>,
    /// The name of one more company, which is added if it does not exist; empty for none.
    pub new_company: String,
    /// Set through the API only.
    pub custom_fields: CustomFields,
}

/// Adds a client user and their channel (C6). One without a company gets a placeholder.
///
/// # Errors
/// `NotFound` for client users; `Field`.
pub fn add_client(tx: &mut Tx, actor: &Actor, client: &NewClient) -> Result<PersonId> {
    access::internal(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let name = name_of(&client.given_name, &client.family_name, &client.email)?;
    let phone = limits::validate_phone("phone", &client.phone)?;
    let mut joined = companies::open(tx, actor, "companyIds", &client.companies)?;
    refuse_placeholders(tx, actor, &joined)?;
    let new_company =
        limits::validate_optional_line("newCompany", &client.new_company, limits::NAME_CHARACTERS)?;
    let known = companies::by_name(tx, actor.workspace, &new_company)?;
    if let Some(known) = known {
        // The actor cannot see that company, so they learn only that the name is taken.
        at_field("newCompany", Problem::Taken, access::company(tx, actor, known))?;
        joined.extend((!joined.contains(&known)).then_some(known));
    }
    email_is_free(tx, actor.workspace, None, &name.email)?;

    let made_by = if actor.is_api_client() { "api" } else { "internalUser" };
    let custom_fields = client.custom_fields.clone();
    let person = Person { phone, custom_fields, ..new(tx.now(), Role::Client, name, made_by) };
    insert(tx, actor.workspace, &person)?;
    if known.is_none() && !limits::is_blank(&new_company) {
        joined.push(company_rows::insert(tx, actor, &new_company)?);
    }
    if joined.is_empty() {
        joined.push(company_rows::insert_placeholder(tx, actor)?);
    }
    settle(tx, actor.workspace, person.id, &joined)?;
    audit_log::append(
        tx,
        actor,
        AuditAction::PersonAdded,
        Some(person.id.0),
        Changes::none().note("email", &person.name.email),
    )?;
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

/// Changes to a client user; `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub email: Option<String>,
    /// Empty for none.
    pub phone: Option<String>,
    /// Replaces their companies, except those the actor cannot see.
    pub companies: Option<Vec<CompanyId>>,
    /// Whether the actor confirmed the notice that clients of different companies will share a project (C4).
    pub confirmed: bool,
    /// Replaces all of their custom fields.
    pub custom_fields: Option<CustomFields>,
}

/// Changes a client user. Joining a company joins its channel; leaving it ends access at once (C3), also to groups of
/// that company (C9).
///
/// # Errors
/// `NotFound`; `Field`, also if clients of different companies would meet in a project and the actor has not confirmed
/// the notice (C4).
pub fn edit_client(tx: &mut Tx, actor: &Actor, client: PersonId, change: &ClientChange) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    access::client(tx, actor, client)?;
    let before = find(tx, actor.workspace, client)?;
    let mut after = before.clone();
    after.name = changed_name(&before.name, &change.given_name, &change.family_name, &change.email)?;
    if let Some(number) = &change.phone {
        after.phone = limits::validate_phone("phone", number)?;
    }
    if let Some(fields) = &change.custom_fields {
        after.custom_fields = fields.clone();
    }
    email_is_free(tx, actor.workspace, Some(client), &after.name.email)?;
    let moving = match &change.companies {
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
    wanted: &[CompanyId],
    confirmed: bool,
) -> Result<Option<Move>> {
    let current = companies::all_of(tx, actor.workspace, client)?;
    let mut after = companies::open(tx, actor, "companyIds", wanted)?;
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
