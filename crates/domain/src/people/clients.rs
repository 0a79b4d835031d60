//! Client users, as internal users make, change and find them.

use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use uuid::Uuid;

use super::{
    BY_COLLEAGUE, COLUMNS, Name, Person, at_field, changed_name, email_is_free, find, insert, name_of, new,
    pattern, read, save, searchable,
};
use crate::access::{self, Actor, Role};
use crate::custom_fields::CustomFields;
use crate::error::{Error, Problem, Result};
use crate::ids::{ChannelId, CompanyId, PersonId, WorkspaceId};
use crate::joining::Colleague;
use crate::journal::{self, Event};
use crate::members::{self, Scope};
use crate::records::{self, Changes, Deed};
use crate::{channels, companies, limits, projects};

/// A client user about to be made.
#[derive(Clone, Debug, Default)]
pub struct NewClient {
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Email address.
    pub email: String,
    /// Telephone number; empty for none.
    pub phone: String,
    /// The companies they belong to.
    pub companies: Vec<CompanyId>,
    /// The name of one more company, made where there is none of that name; empty for none.
    pub new_company: String,
    /// What a program adds.
    pub custom_fields: CustomFields,
}

/// Makes a client user, and their channel with them (C6). One without a company gets a placeholder.
///
/// # Errors
/// `NotFound` for client users; `Field`.
pub fn add_client(tx: &mut Tx, actor: &Actor, client: &NewClient) -> Result<PersonId> {
    access::internal(actor)?;
    super::turn(tx, actor.workspace)?;
    let name = name_of(&client.given_name, &client.family_name, &client.email)?;
    let phone = limits::phone("phone", &client.phone)?;
    let mut joined = companies::open(tx, actor, "companyIds", &client.companies)?;
    refuse_placeholders(tx, actor, &joined)?;
    let new_company = limits::optional_line("newCompany", &client.new_company, limits::NAME_CHARACTERS)?;
    let known = companies::by_name(tx, actor.workspace, &new_company)?;
    if let Some(known) = known {
        // To somebody who may not see that company the name is just not free.
        at_field("newCompany", Problem::Taken, access::company(tx, actor, known))?;
        joined.extend((!joined.contains(&known)).then_some(known));
    }
    email_is_free(tx, actor.workspace, None, &name.email)?;

    let made_by = if actor.is_program() { "api" } else { "internalUser" };
    let custom_fields = client.custom_fields.clone();
    let person = Person { phone, custom_fields, ..new(tx.now(), Role::Client, name, made_by) };
    insert(tx, actor.workspace, &person)?;
    if known.is_none() && !limits::is_blank(&new_company) {
        joined.push(companies::insert(tx, actor, &new_company)?);
    }
    if joined.is_empty() {
        joined.push(companies::insert_placeholder(tx, actor)?);
    }
    settle(tx, actor.workspace, person.id, &joined)?;
    records::keep(
        tx,
        actor,
        Deed::PersonAdded,
        Some(person.id.0),
        Changes::none().note("email", &person.name.email),
    )?;
    Ok(person.id)
}

/// Makes a client user whom a client user of that company invites. Whoever calls this has checked that they may. They
/// are in no conversation before they come in ([`begin_conversations`]): nobody but the firm sees that they are expected (S3).
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

/// Makes a client user who signed up by themselves, under the id that was theirs before. They belong to no company: it is
/// for an internal user to say where they do.
pub(crate) fn add_newcomer(tx: &mut Tx, workspace: WorkspaceId, id: PersonId, name: Name) -> Result<()> {
    let person = Person { id, ..new(tx.now(), Role::Client, name, "directSignUp") };
    insert(tx, workspace, &person)?;
    let placeholder = companies::insert_placeholder(tx, &Actor::new(workspace, id, Role::Client, false))?;
    settle(tx, workspace, id, &[placeholder])
}

/// Puts a client user who was just made into their companies and channels.
fn settle(tx: &mut Tx, workspace: WorkspaceId, client: PersonId, joined: &[CompanyId]) -> Result<()> {
    belong(tx, workspace, client, joined)?;
    begin_conversations(tx, workspace, client)
}

fn belong(tx: &mut Tx, workspace: WorkspaceId, client: PersonId, joined: &[CompanyId]) -> Result<()> {
    for company in joined {
        companies::join(tx, workspace, *company, client)?;
    }
    journal::record(tx, workspace, &Event::ClientCreated { client });
    Ok(())
}

/// Makes the channel that a client user begins with (C6), and puts them into all that are theirs.
pub(crate) fn begin_conversations(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    channels::for_new_client(tx, workspace, client)?;
    members::follow(tx, workspace, Scope::Person(client))
}

/// What changes about a client user; nothing for what stays.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Telephone number; empty for none.
    pub phone: Option<String>,
    /// The companies they belong to from now on. Those that the one who asks may not see stay.
    pub companies: Option<Vec<CompanyId>>,
    /// Whether the one who asks was told that the client user shares a project with clients of other companies
    /// from now on (C4).
    pub told: bool,
    /// What a program's fields are from now on.
    pub custom_fields: Option<CustomFields>,
}

/// Changes a client user. Joining a company joins its channel, leaving ends access at once (C3), groups of that
/// company included (C9).
///
/// # Errors
/// `NotFound`; `Field`, also where companies change so that clients of different ones meet in a project and nobody
/// was told (C4).
pub fn edit_client(tx: &mut Tx, actor: &Actor, client: PersonId, change: &ClientChange) -> Result<()> {
    super::turn(tx, actor.workspace)?;
    access::client(tx, actor, client)?;
    let before = find(tx, actor.workspace, client)?;
    let mut after = before.clone();
    after.name = changed_name(&before.name, &change.given_name, &change.family_name, &change.email)?;
    if let Some(number) = &change.phone {
        after.phone = limits::phone("phone", number)?;
    }
    if let Some(fields) = &change.custom_fields {
        after.custom_fields = fields.clone();
    }
    email_is_free(tx, actor.workspace, Some(client), &after.name.email)?;
    let moving = match &change.companies {
        Some(wanted) => check_move(tx, actor, client, wanted, change.told)?,
        None => None,
    };
    let mut changes = super::changes(&before, &after);
    let mut is_changed = save(tx, actor.workspace, &before, after)?;
    if let Some(moving) = moving {
        let earlier = companies::names_of(tx, actor.workspace, client)?;
        carry_out(tx, actor, client, &moving)?;
        changes = changes.field("companies", earlier, companies::names_of(tx, actor.workspace, client)?);
        is_changed = true;
    }
    records::keep_change(tx, actor, Deed::PersonChanged, Some(client.0), changes)?;
    if is_changed {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client });
    }
    Ok(())
}

/// What a client user's move from companies to companies comes to.
struct Move {
    joined: Vec<CompanyId>,
    left: Vec<CompanyId>,
    /// Where they are then, the main one first; nothing where a placeholder has to stand in.
    order: Vec<CompanyId>,
}

fn check_move(
    tx: &Tx,
    actor: &Actor,
    client: PersonId,
    wanted: &[CompanyId],
    told: bool,
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
    // A placeholder stands in for a company: beside a real one it has nothing to do, and without one it stays.
    let placeholder = companies::placeholder_of(tx, actor.workspace, client)?;
    after.retain(|company| Some(*company) != placeholder);
    let alone = after.is_empty();
    after.extend(placeholder.filter(|_| alone));
    if after == current {
        return Ok(None);
    }
    if !told && projects::would_meet(tx, actor.workspace, client, &current, &after)? {
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
        companies::leave(tx, actor.workspace, *company, client)?;
    }
    for company in &moving.joined {
        companies::join(tx, actor.workspace, *company, client)?;
    }
    if moving.order.is_empty() {
        let placeholder = companies::insert_placeholder(tx, actor)?;
        companies::join(tx, actor.workspace, placeholder, client)?;
    }
    companies::place(tx, actor.workspace, client, &moving.order)?;
    tx.run(
        "UPDATE people SET updated_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &client, &tx.now()],
    )?;
    members::follow(tx, actor.workspace, Scope::Person(client))?;
    // Internal users with limited access see the client user's own channel through the companies.
    if let Some(channel) = channels::of_subject(tx, actor.workspace, client.0)? {
        members::follow(tx, actor.workspace, Scope::Channel(channel))?;
    }
    Ok(())
}

/// Takes a client user out of a company that is being deleted.
pub(crate) fn leave_company(tx: &mut Tx, actor: &Actor, client: PersonId, company: CompanyId) -> Result<()> {
    let mut order = companies::all_of(tx, actor.workspace, client)?;
    order.retain(|other| *other != company);
    carry_out(tx, actor, client, &Move { joined: Vec::new(), left: vec![company], order })?;
    journal::record(tx, actor.workspace, &Event::ClientUpdated { client });
    Ok(())
}

/// Takes a client user out of the groups of a company that they leave, for good (C9). Its title is another one then.
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

/// A placeholder stands in for one client user: nobody else can join it.
fn refuse_placeholders(reader: &Reader, actor: &Actor, wanted: &[CompanyId]) -> Result<()> {
    for company in wanted {
        if companies::find(reader, actor, *company)?.placeholder_at.is_some() {
            return Err(Error::field("companyIds", Problem::Unknown));
        }
    }
    Ok(())
}

/// A client user.
///
/// # Errors
/// `NotFound`.
pub fn client(reader: &Reader, actor: &Actor, client: PersonId) -> Result<Person> {
    access::client(reader, actor, client)?;
    find(reader, actor.workspace, client)
}

/// Which client users a list shows.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// Only those with this text in their name or address; empty for all.
    pub text: String,
    /// Only those of this company.
    pub company: Option<CompanyId>,
    /// Only those after this place.
    pub after: Option<Place>,
}

/// A place in a list of client users, which stays where it is whatever is added or renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    given_name: String,
    family_name: String,
    id: PersonId,
}

impl Place {
    /// The place of a person, as the page before ended with them.
    pub fn of(person: &Person) -> Place {
        Place {
            given_name: person.name.given.clone(),
            family_name: person.name.family.clone(),
            id: person.id,
        }
    }

    fn first() -> Place {
        Place { given_name: String::new(), family_name: String::new(), id: PersonId(Uuid::nil()) }
    }
}

/// The client users that the internal user who asks may see, by given name, family name and id.
///
/// # Errors
/// `NotFound` for client users, and for a company that is not there or not open to the one who asks.
pub fn clients(reader: &Reader, actor: &Actor, filter: &ClientFilter, most: i64) -> Result<Vec<Person>> {
    access::internal(actor)?;
    if let Some(company) = filter.company {
        access::company(reader, actor, company)?;
    }
    let after = filter.after.clone().unwrap_or_else(Place::first);
    let of_company = if filter.company.is_some() {
        "AND EXISTS (SELECT 1 FROM company_clients k \
         WHERE k.workspace = p.workspace AND k.person = p.id AND k.company = $9)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.role = 'client' AND {sees} {of_company} \
         AND lower(p.given_name || ' ' || p.family_name || ' ' || p.email) LIKE lower($4) ESCAPE '!' \
         AND (lower(p.given_name), lower(p.family_name), p.id) > (lower($5), lower($6), $7) \
         ORDER BY lower(p.given_name), lower(p.family_name), p.id LIMIT $8",
        sees = access::SEES_CLIENT,
    );
    let (limit, text) = (actor.limit(), pattern(&filter.text));
    let (given_name, family_name) = (searchable(&after.given_name), searchable(&after.family_name));
    let mut params: Vec<&dyn store::Param> =
        vec![&actor.workspace, &limit, &actor.person, &text, &given_name, &family_name, &after.id, &most];
    if let Some(company) = &filter.company {
        params.push(company);
    }
    Ok(reader.all(&sql, &params, read)?)
}

/// The companies of a client user that the one who asks may see, by name: id, name, and whether it is a placeholder.
///
/// # Errors
/// `NotFound`.
pub fn companies_of(
    reader: &Reader,
    actor: &Actor,
    client: PersonId,
) -> Result<Vec<(CompanyId, String, bool)>> {
    access::client(reader, actor, client)?;
    let sql = format!(
        "SELECT c.id, c.name, c.placeholder_at FROM company_clients k \
         JOIN companies c ON c.workspace = k.workspace AND c.id = k.company \
         WHERE k.workspace = $1 AND k.person = $4 AND {} ORDER BY coalesce(c.name_key, ''), c.id",
        access::SEES_COMPANY
    );
    Ok(reader.all(&sql, &[&actor.workspace, &actor.limit(), &actor.person, &client], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<Option<i64>>(2)?.is_some()))
    })?)
}

/// All companies of a client user in their order, the main one first; for those who may see the client user.
///
/// # Errors
/// Where the database cannot be read.
pub fn ordered_companies(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
) -> Result<Vec<CompanyId>> {
    companies::all_of(reader, workspace, client)
}
