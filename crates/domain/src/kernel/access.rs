//! Who may see and do what, decided here and nowhere else.
//!
//! What someone may not see is answered as if it did not exist ([`Error::NotFound`]); what they may see but not do is
//! [`Error::Forbidden`]. Channel membership follows the view `readers` (see `channels::members`). The rules for
//! people, companies and projects are the SQL conditions below, shared by finders and lists.

use serde::Deserialize;
use store::{Reader, Time};

use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, CompanyId, PersonId, ProjectId, WorkspaceId};
use crate::kernel::words::words;

words! {
    /// A person's role in a workspace.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub enum Role {
        /// An internal user who also manages the team and the settings.
        Admin = "admin",
        /// Any other internal user.
        Staff = "staff",
        /// A client user. Nobody is made one by changing their role.
        #[serde(skip_deserializing)]
        Client = "client",
    }
}

impl Role {
    /// Whether this is one of the firm's own people.
    pub fn is_internal(self) -> bool {
        self != Role::Client
    }
}

/// The requester and their workspace. Every finder takes one, so none can forget the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub role: Role,
    /// Whether an internal user sees assigned companies only.
    pub limited: bool,
    /// Cannot be set from outside: only an API key gives access beyond the person's own (see `tenant::api_keys`).
    pub(crate) via: Origin,
}

words! {
    /// Where a request comes from, which decides how much it can see.
    pub enum Origin {
        /// A page: the channels that the person is in.
        Page = "page",
        /// An API client with this person's key: everything in the workspace, every channel included.
        ApiKey = "program",
        /// The command line, on the person's behalf: what a page would show them.
        Cli = "machine",
    }
}

impl Actor {
    /// Someone acting for themselves.
    pub fn new(workspace: WorkspaceId, person: PersonId, role: Role, limited: bool) -> Actor {
        Actor { workspace, person, role, limited, via: Origin::Page }
    }

    /// An API client with a key created by this admin. It may do whatever the pages let anybody do (D2).
    pub(crate) fn api_client(workspace: WorkspaceId, admin: PersonId) -> Actor {
        Actor { workspace, person: admin, role: Role::Admin, limited: false, via: Origin::ApiKey }
    }

    /// API clients see every channel of the workspace and may act for anybody.
    pub fn is_api_client(&self) -> bool {
        self.via == Origin::ApiKey
    }

    /// The same person, acted for on the command line.
    pub fn on_machine(self) -> Actor {
        Actor { via: Origin::Cli, ..self }
    }

    /// 1 if this person sees assigned companies only, else 0; a parameter of the conditions below.
    pub(crate) fn limit(&self) -> i64 {
        i64::from(self.limited)
    }
}

/// Refuses client users with `NotFound`: what internal users manage does not exist for them.
pub fn internal(actor: &Actor) -> Result<()> {
    if actor.role.is_internal() { Ok(()) } else { Err(Error::NotFound) }
}

/// Refuses everyone but admins.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn admin(actor: &Actor) -> Result<()> {
    internal(actor)?;
    if actor.role == Role::Admin { Ok(()) } else { Err(Error::Forbidden) }
}

/// The condition for an internal user to see the company `c`: `$2` is [`Actor::limit`], `$3` the person. Nobody sees
/// what was deleted.
pub(crate) const SEES_COMPANY: &str = "c.deleted_at IS NULL AND ($2 = 0 OR EXISTS (SELECT 1 FROM company_assignments a \
     WHERE a.workspace = c.workspace AND a.company = c.id AND a.person = $3))";

/// The same for the client user `p`; parameters as in [`SEES_COMPANY`].
pub(crate) const SEES_CLIENT: &str = "p.deleted_at IS NULL AND ($2 = 0 OR EXISTS (SELECT 1 FROM company_clients b \
     JOIN company_assignments a ON a.workspace = b.workspace AND a.company = b.company \
     WHERE b.workspace = p.workspace AND b.person = p.id AND a.person = $3))";

/// The same for the project `j`; parameters as in [`SEES_COMPANY`]. With limited access, people see only the projects
/// they are assigned to.
pub(crate) const SEES_PROJECT: &str = "j.deleted_at IS NULL AND ($2 = 0 OR EXISTS (SELECT 1 FROM project_people o \
     WHERE o.workspace = j.workspace AND o.project = j.id AND o.person = $3))";

/// Checks that an internal user may see a client user.
pub fn client(reader: &Reader, actor: &Actor, client: PersonId) -> Result<()> {
    internal(actor)?;
    let sql = format!(
        "SELECT 1 FROM people p WHERE p.workspace = $1 AND p.id = $4 AND p.role = 'client' AND {SEES_CLIENT}"
    );
    found(reader, &sql, actor, &client)
}

/// Checks that an internal user may see a company.
pub fn company(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<()> {
    internal(actor)?;
    let sql = format!("SELECT 1 FROM companies c WHERE c.workspace = $1 AND c.id = $4 AND {SEES_COMPANY}");
    found(reader, &sql, actor, &company)
}

/// Checks that an internal user may see a project.
pub fn project(reader: &Reader, actor: &Actor, project: ProjectId) -> Result<()> {
    internal(actor)?;
    let sql = format!("SELECT 1 FROM projects j WHERE j.workspace = $1 AND j.id = $4 AND {SEES_PROJECT}");
    found(reader, &sql, actor, &project)
}

fn found(reader: &Reader, sql: &str, actor: &Actor, id: &dyn store::Param) -> Result<()> {
    reader
        .first(sql, &[&actor.workspace, &actor.limit(), &actor.person, id], |_| Ok(()))?
        .ok_or(Error::NotFound)
}

/// Checks that the requester may see a channel: its members may, as may internal users who chose to leave it, and API
/// clients.
pub fn channel(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<()> {
    let found = if actor.is_api_client() {
        let sql = "SELECT 1 FROM channels WHERE workspace = $1 AND id = $2";
        reader.first(sql, &[&actor.workspace, &channel], |_| Ok(()))?
    } else {
        let sql = "SELECT 1 FROM members WHERE workspace = $1 AND channel = $2 AND person = $3";
        reader.first(sql, &[&actor.workspace, &channel, &actor.person], |_| Ok(()))?
    };
    found.ok_or(Error::NotFound)
}

/// A person as an [`Actor`]; `None` if they do not exist or are deactivated.
pub fn actor(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Actor>> {
    Ok(reader.first(
        "SELECT role, limited_at FROM people WHERE workspace = $1 AND id = $2 AND deactivated_at IS NULL",
        &[&workspace, &person],
        |row| Ok(Actor::new(workspace, person, row.get(0)?, row.get::<Option<Time>>(1)?.is_some())),
    )?)
}
