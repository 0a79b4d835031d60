//! Making channels: what can have one, what it will be, and that it is made once (C1, C5, C6, C9).

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

/// Client users that a group needs (C9).
pub const GROUP_MIN: usize = 2;
/// The field that names them.
const PEOPLE: &str = "memberIds";

/// What a channel is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A client user.
    Client(PersonId),
    /// A company with all its client users.
    Company(CompanyId),
    Project(ProjectId),
    /// Client users of one company, put together by hand (C9).
    Group(CompanyId, Vec<PersonId>),
}

/// What a channel will be, before it is made (C5).
#[derive(Clone, Debug)]
pub struct Preview {
    /// The title that it will have.
    pub title: String,
    /// Who will read it: client users first.
    pub people: Vec<(PersonId, Name, Role)>,
    /// The channel that is there already, where there is one (C1).
    pub existing: Option<ChannelId>,
}

/// What the channel of a subject will be: its title and its people, before it is made (C5).
///
/// # Errors
/// `NotFound` for a subject that is not there or not open to the one who asks; `Field` for a group that cannot be.
pub fn preview(reader: &Reader, actor: &Actor, subject: &Subject) -> Result<Preview> {
    let (_, id) = check(reader, actor, subject)?;
    let existing = of_subject(reader, actor.workspace, id)?;
    // A group that is not made yet is read by the company's internal users and the client users chosen.
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

/// Makes sure that a subject is open to the one who asks; answers its kind and id.
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

/// Client users start channels about themselves, their companies and their projects, where the workspace lets them.
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

/// Something that a client user may start a channel about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Startable {
    pub subject: Subject,
    /// The title that the channel has, or will have.
    pub title: String,
}

/// What the client user who asks may start channels about, those that are there already included: themselves, their
/// companies, their projects. Nothing where the workspace does not let client users start any.
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

/// The company that client users have in common, the main one of the first of them before others (C9).
///
/// # Errors
/// `Field` for somebody who is not there or not open to the one who asks, and where there is no such company.
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

/// The people of a group in the order of their ids. Naming somebody twice is taken for a mistake: a group is of several
/// people, and who was meant by the second is not known.
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

/// The same people of the same company put together again are the same group (C1).
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

/// Makes the channel of a subject, or answers the one that is there (C1). Title and people come by themselves (C5).
///
/// # Errors
/// `NotFound` for a subject that is not there or not open to the one who asks; `Conflict` for a project that the
/// one who asks is not on; `Field` for a group that cannot be.
pub fn create(tx: &mut Tx, actor: &Actor, subject: &Subject) -> Result<ChannelId> {
    // Who reads along is settled by what is there: nobody may join or leave the subject meanwhile.
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
        // Two asked at the same instant: the first one's channel is everybody's.
        return of_subject(tx, workspace, subject)?.ok_or(Error::NotFound);
    }
    journal::record(tx, workspace, &Event::ChannelCreated { channel: id });
    journal::record(tx, workspace, &Event::FileChannelCreated { channel: id });
    Ok(id)
}

/// Gives a client user who was just made the channel that the workspace's default says (C6): their own, or that of
/// each company they belong to.
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
