//! Starting channels: what can have one, what it will be, and that each is created once (C1, C5, C6, C9). Relies on
//! `directory` for access to subjects.

use sha2::{Digest, Sha256};
use store::{Reader, Tx};
use uuid::Uuid;

use crate::channels::channel::{Kind, of_subject};
use crate::channels::members::{self, Scope};
use crate::directory::{clients, companies, person, projects};
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{self, Error, Problem, Result};
use crate::kernel::ids::{ChannelId, CompanyId, PersonId, ProjectId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::name::Name;
use crate::kernel::{limits, lock};
use crate::tenant::settings::{self, DefaultChannel};
use crate::tenant::workspaces;

/// Client users needed for a group (C9).
pub const GROUP_MIN: usize = 2;
/// The field that names the people of a group.
const PEOPLE: &str = "memberIds";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Client(PersonId),
    Company(CompanyId),
    Project(ProjectId),
    /// Client users of one company, chosen by hand (C9).
    Group(CompanyId, Vec<PersonId>),
}

/// A channel before it is created (C5).
#[derive(Clone, Debug)]
pub struct Preview {
    pub title: String,
    /// Its future readers, client users first.
    pub people: Vec<(PersonId, Name, Role)>,
    /// The existing channel, if there is one (C1).
    pub existing: Option<ChannelId>,
}

/// The title and people that a subject's channel will have (C5).
///
/// # Errors
/// `NotFound` for a subject that the actor may not see; `Field` for an invalid group.
pub fn preview(reader: &Reader, actor: &Actor, subject: &Subject) -> Result<Preview> {
    let (_, id) = check(reader, actor, subject)?;
    let existing = of_subject(reader, actor.workspace, id)?;
    // A group's readers will be the company's internal users and the chosen client users.
    let read_like = match subject {
        Subject::Group(company, _) => company.0,
        _ => id,
    };
    let mut people: Vec<(PersonId, Name, Role)> = reader.all(
        "SELECT p.id, p.given_name, p.family_name, p.email, p.role FROM people p WHERE p.workspace = $1 \
         AND p.id IN (SELECT r.person FROM readers r WHERE r.workspace = $1 AND r.subject = $2) \
         ORDER BY CASE p.role WHEN 'client' THEN 0 ELSE 1 END, p.given_name, p.family_name, p.id",
        &[&actor.workspace, &read_like],
        |row| row.read(),
    )?;
    let title = match subject {
        _ if !actor.role.is_internal() => {
            let own = startable(reader, actor)?.into_iter().find(|own| own.subject == *subject);
            own.ok_or(Error::NotFound)?.title
        }
        Subject::Client(client) => clients::client(reader, actor, *client)?.name.full(),
        Subject::Company(company) => companies::find(reader, actor, *company)?.name,
        Subject::Project(project) => projects::find(reader, actor, *project)?.title,
        Subject::Group(_, chosen) => {
            people.retain(|(person, _, role)| role.is_internal() || chosen.contains(person));
            let clients = people.iter().filter(|(_, _, role)| !role.is_internal());
            clients.map(|(_, name, _)| name.full()).collect::<Vec<_>>().join(", ")
        }
    };
    Ok(Preview { title, people, existing })
}

/// Checks that the actor may start a channel about a subject; returns its kind and id.
fn check(reader: &Reader, actor: &Actor, subject: &Subject) -> Result<(Kind, Uuid)> {
    if !actor.role.is_internal() {
        return check_own(reader, actor, subject);
    }
    match subject {
        Subject::Client(client) => {
            access::client(reader, actor, *client)?;
            Ok((Kind::Client, client.0))
        }
        Subject::Company(company) => {
            if companies::find(reader, actor, *company)?.placeholder_at.is_some() {
                return Err(Error::NotFound);
            }
            Ok((Kind::Company, company.0))
        }
        Subject::Project(project) => {
            access::project(reader, actor, *project)?;
            Ok((Kind::Project, project.0))
        }
        Subject::Group(company, people) => {
            access::company(reader, actor, *company)?;
            let people = each_once(people)?;
            if people.len() < GROUP_MIN {
                return Err(Error::field(PEOPLE, Problem::TooFew(GROUP_MIN)));
            }
            let known = companies::clients_of(reader, actor, *company)?;
            if people.iter().any(|person| !known.iter().any(|client| client.id == *person)) {
                return Err(Error::field(PEOPLE, Problem::Unknown));
            }
            Ok((Kind::Group, group_subject(*company, &people)))
        }
    }
}

/// Client users may start channels about themselves, their companies and their projects, if the workspace allows it.
fn check_own(reader: &Reader, actor: &Actor, subject: &Subject) -> Result<(Kind, Uuid)> {
    let own = startable(reader, actor)?.into_iter().find(|own| own.subject == *subject);
    let kind_and_id = match own.ok_or(Error::NotFound)?.subject {
        Subject::Client(client) => (Kind::Client, client.0),
        Subject::Company(company) => (Kind::Company, company.0),
        Subject::Project(project) => (Kind::Project, project.0),
        Subject::Group(..) => return Err(Error::NotFound),
    };
    Ok(kind_and_id)
}

/// A subject about which a client user may start a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Startable {
    pub subject: Subject,
    /// The channel's title, present or future.
    pub title: String,
}

/// What a client user may start channels about, existing channels included: themselves, their companies, their
/// projects. Empty if the workspace does not allow it (C5).
pub fn startable(reader: &Reader, actor: &Actor) -> Result<Vec<Startable>> {
    let may = settings::messaging(reader, actor.workspace)?.clients_start_at.is_some();
    if actor.role.is_internal() || !may {
        return Ok(Vec::new());
    }
    let brand = workspaces::find(reader, actor.workspace)?.brand_name;
    let mut found = vec![Startable { subject: Subject::Client(actor.person), title: brand }];
    found.extend(reader.all(
        "SELECT c.id, c.name FROM company_clients b JOIN companies c ON c.workspace = b.workspace AND c.id = b.company \
         WHERE b.workspace = $1 AND b.person = $2 AND c.placeholder_at IS NULL ORDER BY c.name_key, c.id",
        &[&actor.workspace, &actor.person],
        |row| Ok(Startable { subject: Subject::Company(row.get(0)?), title: row.get(1)? }),
    )?);
    found.extend(reader.all(
        "SELECT j.id, j.title FROM project_people o JOIN projects j ON j.workspace = o.workspace AND j.id = o.project \
         WHERE o.workspace = $1 AND o.person = $2 AND j.archived_at IS NULL ORDER BY j.title, j.id",
        &[&actor.workspace, &actor.person],
        |row| Ok(Startable { subject: Subject::Project(row.get(0)?), title: row.get(1)? }),
    )?);
    Ok(found)
}

/// A company that all these client users have in common, preferring the order of the first one's companies (C9).
///
/// # Errors
/// `Field` if the actor may not see one of them, or if there is no such company.
pub fn common_company(reader: &Reader, actor: &Actor, clients: &[PersonId]) -> Result<CompanyId> {
    each_once(clients)?;
    let mut common: Option<Vec<CompanyId>> = None;
    for client in clients {
        error::at_field(PEOPLE, Problem::Unknown, access::client(reader, actor, *client))?;
        let theirs = companies::all_of(reader, actor.workspace, *client)?;
        match &mut common {
            None => common = Some(theirs),
            Some(common) => common.retain(|company| theirs.contains(company)),
        }
    }
    match common {
        None => Err(Error::field(PEOPLE, Problem::TooFew(GROUP_MIN))),
        Some(common) => common.first().copied().ok_or(Error::field(PEOPLE, Problem::NothingInCommon)),
    }
}

/// The people of a group, ordered by id. A duplicate is refused as a mistake, because it is unclear who was meant by
/// the second (D3).
///
/// # Errors
/// `Field`: `TooMany`, `Twice`.
pub fn each_once(people: &[PersonId]) -> Result<Vec<PersonId>> {
    if people.len() > limits::PEOPLE_AT_ONCE {
        return Err(Error::field(PEOPLE, Problem::TooMany(limits::PEOPLE_AT_ONCE)));
    }
    let mut ordered = people.to_vec();
    ordered.sort_unstable();
    if ordered.windows(2).any(|two| two[0] == two[1]) {
        return Err(Error::field(PEOPLE, Problem::Twice));
    }
    Ok(ordered)
}

/// The same people of the same company always form the same group (C1).
fn group_subject(company: CompanyId, people: &[PersonId]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(company.0.as_bytes());
    for person in people {
        hash.update(person.0.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

/// Creates a subject's channel with its members, or returns the existing one (C1, C5).
///
/// # Errors
/// `NotFound` for a subject that the actor may not see; `Conflict` for a project that the actor is not on; `Field`
/// for an invalid group.
pub fn create(tx: &mut Tx, actor: &Actor, subject: &Subject) -> Result<ChannelId> {
    // Nobody may join or leave the subject while its readers are determined.
    lock::lock_directory(tx, actor.workspace)?;
    let (kind, id) = check(tx, actor, subject)?;
    if let Subject::Project(project) = subject
        && actor.role.is_internal()
        && !actor.is_api_client()
        && !projects::people_of(tx, actor, *project)?.iter().any(|person| person.id == actor.person)
    {
        return Err(Error::Conflict("Only people on a project can talk there: put yourself on it first."));
    }
    if let Some(existing) = of_subject(tx, actor.workspace, id)? {
        return Ok(existing);
    }
    let company = match subject {
        Subject::Group(company, _) => Some(*company),
        _ => None,
    };
    let channel = insert(tx, actor.workspace, kind, id, company)?;
    let mut changes = Changes::none();
    if let Subject::Group(_, people) = subject {
        changes = changes.note("members", person::names(tx, actor.workspace, people)?);
        for person in people {
            tx.run(
                "INSERT INTO group_people (workspace, channel, person, since) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT DO NOTHING",
                &[&actor.workspace, &channel, person, &tx.now()],
            )?;
        }
    }
    members::sync_members(tx, actor.workspace, Scope::Channel(channel))?;
    audit_log::append(tx, actor, AuditAction::ChannelMade, Some(id), changes)?;
    Ok(channel)
}

fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    kind: Kind,
    subject: Uuid,
    company: Option<CompanyId>,
) -> Result<ChannelId> {
    let id = ChannelId::new(tx.now());
    let made = tx.run(
        "INSERT INTO channels (workspace, id, kind, subject, company, last_position, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $6) ON CONFLICT (workspace, subject) DO NOTHING",
        &[&workspace, &id, &kind.word(), &subject, &company, &tx.now()],
    )?;
    if made == 0 {
        // Created concurrently by somebody else: use that one.
        return of_subject(tx, workspace, subject)?.ok_or(Error::NotFound);
    }
    journal::record(tx, workspace, &Event::ChannelCreated { channel: id });
    journal::record(tx, workspace, &Event::FileChannelCreated { channel: id });
    Ok(id)
}

/// Gives a new client user the channel of the workspace's default (C6): their own, or that of each of their
/// companies.
pub(crate) fn for_new_client(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    let default = settings::messaging(tx, workspace)?.default_channel;
    let companies: Vec<Uuid> = if default == DefaultChannel::Company {
        tx.all(
            "SELECT c.id FROM company_clients b JOIN companies c ON c.workspace = b.workspace AND c.id = b.company \
             WHERE b.workspace = $1 AND b.person = $2 AND c.placeholder_at IS NULL ORDER BY c.id",
            &[&workspace, &client],
            |row| row.get(0),
        )?
    } else {
        Vec::new()
    };
    let subjects = if companies.is_empty() {
        vec![(Kind::Client, client.0)]
    } else {
        companies.into_iter().map(|company| (Kind::Company, company)).collect()
    };
    for (kind, subject) in subjects {
        let channel = match of_subject(tx, workspace, subject)? {
            Some(channel) => channel,
            None => insert(tx, workspace, kind, subject, None)?,
        };
        members::sync_members(tx, workspace, Scope::Channel(channel))?;
    }
    Ok(())
}
