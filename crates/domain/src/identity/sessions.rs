//! Sessions of signed-in browsers (S1). The browser keeps the secret; the database keeps only its hash.
//!
//! [`of_secret`] runs on every request, so it is a single statement that looks the session up by that hash.

use std::time::Duration;

use store::{Param, Reader, Time, Tx};

use crate::kernel::access::Actor;
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, SessionId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;
use crate::kernel::secrets::{self, Secret};
use crate::tenant::workspaces::{COLUMNS, Workspace};

/// The last use is recorded at most this often: a write on each request would cost more than the request itself.
const NOTED_EVERY: Duration = Duration::from_secs(3600);
/// Maximum length of the stored user agent, in characters: enough to recognize the browser.
const AGENT_CHARACTERS: usize = 200;
/// Whether workspace `w` answers for host `$3`: it has or had that host name, or has none while no other has or had it.
const ANSWERS: &str = "(w.host = $3 OR EXISTS (SELECT 1 FROM former_hosts f WHERE f.host = $3 AND f.workspace = w.id) OR \
     (w.host IS NULL AND NOT EXISTS (SELECT 1 FROM workspaces o WHERE o.host = $3) AND NOT EXISTS (SELECT 1 FROM \
     former_hosts f WHERE f.host = $3)))";

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Session {
        pub id: SessionId = "id",
        pub person: PersonId = "person",
        /// The user agent that the browser sent, shortened.
        pub agent: String = "agent",
        pub created_at: Time = "created_at",
        /// Accurate to within an hour.
        pub used_at: Time = "used_at",
    }
}

/// Signs a browser in and returns its secret. `agent` is the user agent, shown so that people recognize their sessions.
pub fn start(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, agent: &str) -> Result<Secret> {
    let secret = Secret::new();
    let now = tx.now();
    let agent: String =
        agent.chars().filter(|character| !character.is_control()).take(AGENT_CHARACTERS).collect();
    tx.run(
        "INSERT INTO sessions (workspace, id, person, token_hash, agent, created_at, used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[&workspace, &SessionId::new(now), &person, &secret.hash(), &agent.trim(), &now],
    )?;
    Ok(secret)
}

/// A session found by its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    pub session: SessionId,
    pub actor: Actor,
    pub workspace: Workspace,
    /// Whether the last use should be recorded again with [`touch`].
    pub is_stale: bool,
}

/// The session of a secret, in the workspace that answers for the host (as `workspaces::by_host` finds it). Returns `None`
/// if the session has ended or was unused for too long, or if its person is deactivated.
pub fn of_secret(reader: &Reader, host: &str, secret: &str) -> Result<Option<SignedIn>> {
    let now = reader.now();
    let sql = format!(
        "SELECT s.id, s.person, s.used_at, p.role, p.limited_at, {COLUMNS} FROM sessions s \
         JOIN people p ON p.workspace = s.workspace AND p.id = s.person \
         JOIN workspaces w ON w.id = s.workspace \
         WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.used_at > $2 AND p.deactivated_at IS NULL AND {ANSWERS}"
    );
    let params: [&dyn Param; 3] =
        [&secrets::hash(secret), &now.before(limits::SESSION_LASTS), &limits::normalize(host)];
    let found = reader.first(&sql, &params, |row| {
        let (session, person, used_at, role, limited_at, workspace): (
            _,
            _,
            Time,
            _,
            Option<Time>,
            Workspace,
        ) = row.read()?;
        let actor = Actor::new(workspace.id, person, role, limited_at.is_some());
        let is_stale = used_at <= now.before(NOTED_EVERY);
        Ok(SignedIn { session, actor, workspace, is_stale })
    })?;
    Ok(found)
}

/// Records that a session is in use, at most once an hour.
pub fn touch(tx: &mut Tx, workspace: WorkspaceId, session: SessionId) -> Result<()> {
    let now = tx.now();
    tx.run(
        "UPDATE sessions SET used_at = $3 WHERE workspace = $1 AND id = $2 AND ended_at IS NULL AND used_at <= $4",
        &[&workspace, &session, &now, &now.before(NOTED_EVERY)],
    )?;
    Ok(())
}

/// The actor's active sessions, most recently used first.
pub fn list(reader: &Reader, actor: &Actor) -> Result<Vec<Session>> {
    Ok(reader.all(
        constcat::concat!(
            "SELECT ",
            Session::COLUMNS,
            " FROM sessions WHERE workspace = $1 AND person = $2 AND ended_at IS NULL AND used_at > $3 \
             ORDER BY used_at DESC, id DESC"
        ),
        &[&actor.workspace, &actor.person, &reader.now().before(limits::SESSION_LASTS)],
        |row| row.read(),
    )?)
}

/// Ends a session of the actor; its open pages are notified.
///
/// # Errors
/// `NotFound` if the session is not the actor's or has already ended.
pub fn end(tx: &mut Tx, actor: &Actor, session: SessionId) -> Result<()> {
    let ended = tx.run(
        "UPDATE sessions SET ended_at = $4 WHERE workspace = $1 AND person = $2 AND id = $3 AND ended_at IS NULL",
        &[&actor.workspace, &actor.person, &session, &tx.now()],
    )?;
    if ended == 0 {
        return Err(Error::NotFound);
    }
    journal::record(tx, actor.workspace, &Event::SessionEnded { session, person: actor.person });
    Ok(())
}

/// Ends all sessions of the actor except `keep`, and returns how many were ended.
pub fn end_all_others(tx: &mut Tx, actor: &Actor, keep: SessionId) -> Result<usize> {
    let ended: Vec<SessionId> = tx.all(
        "UPDATE sessions SET ended_at = $4 WHERE workspace = $1 AND person = $2 AND id <> $3 AND ended_at IS NULL \
         RETURNING id",
        &[&actor.workspace, &actor.person, &keep, &tx.now()],
        |row| row.get(0),
    )?;
    for session in &ended {
        let event = Event::SessionEnded { session: *session, person: actor.person };
        journal::record(tx, actor.workspace, &event);
    }
    Ok(ended.len())
}
