//! Applying an imported table step by step; each step takes account of what changed in between (S15).

use store::Tx;

use crate::administration::clients::{self, ClientInput};
use crate::administration::companies;
use crate::arrival::imports::{LineResult, Outcome, Planned, find, plan_some};
use crate::arrival::invitations;
use crate::kernel::access::Actor;
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ImportId, PersonId, WorkspaceId};
use crate::kernel::lock;

/// Whether an import has lines left after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    More,
    Done,
}

/// Imports the next lines of a table, at most `most` ([`crate::arrival::imports::LINES_AT_ONCE`]), in this transaction.
/// Does nothing once all lines are imported.
pub fn apply_some(tx: &mut Tx, actor: &Actor, import: ImportId, most: usize) -> Result<Step> {
    lock::lock_directory(tx, actor.workspace)?;
    let found = find(tx, actor, import)?;
    if found.finished_at.is_some() {
        return Ok(Step::Done);
    }
    if found.started_at.is_none() {
        let sql = "SELECT count(*) FROM import_lines WHERE workspace = $1 AND import = $2";
        let lines: i64 = tx.one(sql, &[&actor.workspace, &import], |row| row.get(0))?;
        let changes = Changes::none().note("file", &found.file_name).note("lines", lines).switch(
            "invite",
            false,
            found.invites,
        );
        audit_log::append(tx, actor, AuditAction::TableImported, None, changes)?;
    }
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let planned = plan_some(tx, actor, import, "AND came_to IS NULL", limit)?;
    let step = if planned.len() < most { Step::Done } else { Step::More };
    for planned in planned {
        let number = planned.line.number;
        let taken = match apply(tx, actor, planned, found.invites) {
            Ok(taken) => taken,
            // Input is checked before anything is written, so a refused line leaves nothing half-done.
            Err(Error::Field { field, problem }) => {
                AppliedLine::left_out(field.to_string(), problem.to_string())
            }
            Err(error) => return Err(error),
        };
        note(tx, actor.workspace, import, number, &taken)?;
    }
    let finished_at = (step == Step::Done).then(|| tx.now());
    tx.run(
        "UPDATE imports SET started_at = coalesce(started_at, $3), stepped_at = $3, finished_at = $4 \
         WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &import, &tx.now(), &finished_at],
    )?;
    Ok(step)
}

struct AppliedLine {
    came_to: LineResult,
    person: Option<PersonId>,
    wrong: Option<(String, String)>,
}

impl AppliedLine {
    fn plain(came_to: LineResult) -> AppliedLine {
        AppliedLine { came_to, person: None, wrong: None }
    }

    fn left_out(field: String, problem: String) -> AppliedLine {
        AppliedLine { wrong: Some((field, problem)), ..AppliedLine::plain(LineResult::LeftOut) }
    }
}

fn apply(tx: &mut Tx, actor: &Actor, planned: Planned, invites: bool) -> Result<AppliedLine> {
    let line = planned.line;
    match planned.outcome {
        Outcome::Client(_) => {
            let client = ClientInput {
                given_name: line.given_name.into(),
                family_name: line.family_name.into(),
                email: line.email.into(),
                phone: line.phone.into(),
                new_company: line.company,
                ..ClientInput::default()
            };
            let person = clients::add_client(tx, actor, &client)?;
            if invites {
                invitations::invite(tx, actor, person)?;
            }
            Ok(AppliedLine { person: Some(person), ..AppliedLine::plain(LineResult::Client) })
        }
        Outcome::Company => {
            companies::add(tx, actor, &line.company)?;
            Ok(AppliedLine::plain(LineResult::Company))
        }
        Outcome::Here => Ok(AppliedLine::plain(LineResult::Here)),
        Outcome::LeftOut(field, problem) => Ok(AppliedLine::left_out(field, problem)),
    }
}

fn note(tx: &Tx, workspace: WorkspaceId, import: ImportId, line: i64, taken: &AppliedLine) -> Result<()> {
    let (field, problem) = taken.wrong.as_ref().map(|(field, problem)| (&**field, &**problem)).unzip();
    tx.run(
        "UPDATE import_lines SET person = $4, field = $5, problem = $6, came_to = $7, done_at = $8 \
         WHERE workspace = $1 AND import = $2 AND line = $3",
        &[&workspace, &import, &line, &taken.person, &field, &problem, &taken.came_to, &tx.now()],
    )?;
    Ok(())
}
