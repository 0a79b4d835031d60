//! Who may see and do what: decided here and nowhere else.
//!
//! What somebody may not see answers like what is not there ([`Error::NotFound`]); what they may see but not do is
//! [`Error::Forbidden`]. Membership of channels follows the view `entitled` (see `members`), which says for every
//! channel whose subject is open to whom; the rules for people, companies and projects stand below, as SQL conditions
//! that finders and lists share.

use store::{Reader, Time};

use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, CompanyId, PersonId, ProjectId, WorkspaceId};
use crate::kernel::words::words;

words! {
    /// What somebody is in a workspace.
    pub enum Role {
        /// An internal user who also manages the team and the settings.
        Admin = "admin",
        /// An internal user.
        Staff = "staff",
        /// A client's person.
        Client = "client",
    }
}

impl Role {
    /// Whether this is one of the firm's own people.
    pub fn is_internal(self) -> bool {
        self != Role::Client
    }
}

/// The person who asks, and where. Every finder takes it, so none can forget the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The workspace in which everything happens.
    pub workspace: WorkspaceId,
    /// Who asks.
    pub person: PersonId,
    pub role: Role,
    /// Whether an internal user sees assigned companies only.
    pub limited: bool,
    /// How they come to do what they do. Not to be set from outside: only a key opens more than what is a person's own (see
    /// `keys`).
    pub(crate) via: Origin,
}

words! {
    /// How somebody comes to do what they do, and with it how far their sight reaches.
    pub enum Origin {
        /// On a page: the channels that they are in.
        Page = "page",
        /// By a program with a key that they made: everything in the workspace, and every channel too.
        ApiKey = "program",
        /// In their name, by whoever runs the portal on its machine: what a page would show them.
        Cli = "machine",
    }
}

impl Actor {
    /// Somebody who asks for themselves.
    pub fn new(workspace: WorkspaceId, person: PersonId, role: Role, limited: bool) -> Actor {
        Actor { workspace, person, role, limited, via: Origin::Page }
    }

    /// A program with a key that this admin made. It may do whatever the pages can do for anybody.
    pub(crate) fn api_client(workspace: WorkspaceId, admin: PersonId) -> Actor {
        Actor { workspace, person: admin, role: Role::Admin, limited: false, via: Origin::ApiKey }
    }

    /// Whether a program asks: no channel of the workspace is closed to it, and it may act for anybody.
    pub fn is_api_client(&self) -> bool {
        self.via == Origin::ApiKey
    }

    /// The same person, in whose name whoever runs the portal does something on its machine.
    pub fn on_machine(self) -> Actor {
        Actor { via: Origin::Cli, ..self }
    }

    /// 1 where this person sees assigned companies only, for the conditions below.
    pub(crate) fn limit(&self) -> i64 {
        i64::from(self.limited)
    }
}

/// Refuses client users: what internal users manage does not exist for them.
///
/// # Errors
/// `NotFound`.
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

/// The condition under which an internal user sees the company `c`: `$2` is [`Actor::limit`], `$3` the person. What was
/// deleted is there for nobody.
pub(crate) const SEES_COMPANY: &str = "c.deleted_at IS NULL AND ($2 = 0 OR EXISTS (SELECT 1 FROM company_assignments a \
     WHERE a.workspace = c.workspace AND a.company = c.id AND a.person = $3))";

/// The condition under which an internal user sees the client user `p`; parameters as [`SEES_COMPANY`].
pub(crate) const SEES_CLIENT: &str = "p.deleted_at IS NULL AND ($2 = 0 OR EXISTS (SELECT 1 FROM company_clients b \
     JOIN company_assignments a ON a.workspace = b.workspace AND a.company = b.company \
     WHERE b.workspace = p.workspace AND b.person = p.id AND a.person = $3))";

/// The condition under which an internal user sees the project `j`; parameters as [`SEES_COMPANY`]. With limited
/// access one sees the projects one is put on.
pub(crate) const SEES_PROJECT: &str = "j.deleted_at IS NULL AND ($2 = 0 OR EXISTS (SELECT 1 FROM project_people o \
     WHERE o.workspace = j.workspace AND o.project = j.id AND o.person = $3))";

/// Makes sure that a client user is there and open to the internal user who asks.
///
/// # Errors
/// `NotFound`.
pub fn client(reader: &Reader, actor: &Actor, client: PersonId) -> Result<()> {
    internal(actor)?;
    let sql = format!(
        "SELECT 1 FROM people p WHERE p.workspace = $1 AND p.id = $4 AND p.role = 'client' AND {SEES_CLIENT}"
    );
    found(reader, &sql, actor, &client)
}

/// Makes sure that a company is there and open to the internal user who asks.
///
/// # Errors
/// `NotFound`.
pub fn company(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<()> {
    internal(actor)?;
    let sql = format!("SELECT 1 FROM companies c WHERE c.workspace = $1 AND c.id = $4 AND {SEES_COMPANY}");
    found(reader, &sql, actor, &company)
}

/// Makes sure that a project is there and open to the internal user who asks.
///
/// # Errors
/// `NotFound`.
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

/// Makes sure that a channel is there and open to the one who asks: members see it, internal users who left it by
/// choice, and programs.
///
/// # Errors
/// `NotFound`.
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

/// A person as one who asks; nothing where they are not there or deactivated.
pub fn actor(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Actor>> {
    Ok(reader.first(
        "SELECT role, limited_at FROM people WHERE workspace = $1 AND id = $2 AND deactivated_at IS NULL",
        &[&workspace, &person],
        |row| Ok(Actor::new(workspace, person, row.get(0)?, row.get::<Option<Time>>(1)?.is_some())),
    )?)
}
