//! Checks who may be assigned to a project, and whether clients of different companies would meet there (C4).

use store::Reader;

use crate::directory::{companies, team};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{self, Error, Problem, Result};
use crate::kernel::ids::{CompanyId, PersonId, WorkspaceId};
use crate::kernel::limits;

/// Whether a change of a client user's companies would leave them sharing a project with a client user they no longer
/// share a company with (C4).
pub(crate) fn would_meet(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
    before: &[CompanyId],
    after: &[CompanyId],
) -> Result<bool> {
    let others = together(reader, workspace, client)?;
    Ok(others.iter().any(|other| share(other, before) && !share(other, after)))
}

/// The companies of each client user who shares a project with this one.
fn together(reader: &Reader, workspace: WorkspaceId, client: PersonId) -> Result<Vec<Vec<CompanyId>>> {
    let others: Vec<PersonId> = reader.all(
        "SELECT DISTINCT p.id FROM project_people m \
         JOIN project_people o ON o.workspace = m.workspace AND o.project = m.project AND o.person <> m.person \
         JOIN people p ON p.workspace = o.workspace AND p.id = o.person AND p.role = 'client' \
         WHERE m.workspace = $1 AND m.person = $2",
        &[&workspace, &client],
        |row| row.get(0),
    )?;
    others.into_iter().map(|other| companies::all_of(reader, workspace, other)).collect()
}

fn share(some: &[CompanyId], others: &[CompanyId]) -> bool {
    some.iter().any(|company| others.contains(company))
}

pub(crate) fn check_company(reader: &Reader, actor: &Actor, company: Option<CompanyId>) -> Result<()> {
    companies::open(reader, actor, "companyId", company.as_slice()).map(|_| ())
}

/// The client users for a project, without duplicates. Those already on it stay. The actor must be able to see those
/// who are added, and unless the actor confirmed it (`confirmed`), they must share a company with everyone on it (C4).
pub(crate) fn check_clients(
    reader: &Reader,
    actor: &Actor,
    given: &[PersonId],
    current: &[PersonId],
    confirmed: bool,
) -> Result<Vec<PersonId>> {
    let clients = each_once("clientIds", given)?;
    for client in clients.iter().filter(|client| !current.contains(client)) {
        error::at_field("clientIds", Problem::Unknown, access::client(reader, actor, *client))?;
    }
    if confirmed || clients.iter().all(|client| current.contains(client)) {
        return Ok(clients);
    }
    let companies: Vec<Vec<CompanyId>> = clients
        .iter()
        .map(|client| companies::all_of(reader, actor.workspace, *client))
        .collect::<Result<_>>()?;
    for (added, mine) in clients.iter().zip(&companies).filter(|(client, _)| !current.contains(client)) {
        let meets =
            clients.iter().zip(&companies).any(|(other, theirs)| other != added && !share(mine, theirs));
        if meets {
            return Err(Error::field("clientIds", Problem::ClientsMeet));
        }
    }
    Ok(clients)
}

pub(crate) fn check_internals(reader: &Reader, actor: &Actor, given: &[PersonId]) -> Result<Vec<PersonId>> {
    let internals = each_once("internalUserIds", given)?;
    for person in &internals {
        error::at_field(
            "internalUserIds",
            Problem::Unknown,
            team::internal(reader, actor, *person).map(|_| ()),
        )?;
    }
    Ok(internals)
}

fn each_once(field: &'static str, given: &[PersonId]) -> Result<Vec<PersonId>> {
    if given.len() > limits::PEOPLE_AT_ONCE {
        return Err(Error::field(field, Problem::TooMany(limits::PEOPLE_AT_ONCE)));
    }
    let mut found = given.to_vec();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
