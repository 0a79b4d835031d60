//! Tables of people and companies that an internal user hands in: kept as they were written, looked at, and only then taken
//! in, all of it in one transaction. What a line comes to is worked out anew each time it is looked at, from what is true
//! then; what was taken in keeps what came of it.

mod reading;

use std::collections::HashMap;
use std::time::Duration;

use store::{Reader, Row, Time, Tx};

use crate::access::{self, Actor};
use crate::error::{Error, Problem, Result};
use crate::ids::{ImportId, PersonId, WorkspaceId};
use crate::people::{self, NewClient};
use crate::records::{self, Changes, Deed};
use crate::{companies, limits, sign_ins};

pub use reading::{BYTES_MAX, LINES_MAX, Line, read};

/// Tables are kept this long: they hold addresses of people who may never come.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Tables that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 10;

/// A table that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What its file is called.
    pub file_name: String,
    /// Whether everybody in it is invited when it is taken in.
    pub invites: bool,
    /// When it was taken in.
    pub finished_at: Option<Time>,
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A client user is added, in a company that is there, in one that is made with them, or in none.
    Client(Belonging),
    /// A company is added.
    Company,
    /// It is there already: nothing changes.
    Here,
    /// It cannot be taken: the field and what is wrong there.
    LeftOut(String, String),
}

/// Where a new client user belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belonging {
    /// Nowhere.
    Alone,
    /// To a company that is there.
    Known,
    /// To a company that is made.
    New,
}

/// A line and what it comes to, or came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The line.
    pub line: Line,
    /// What it comes to.
    pub outcome: Outcome,
    /// Who came of it.
    pub person: Option<PersonId>,
}

/// Keeps a table to be looked at.
///
/// # Errors
/// `NotFound` for client users; `Field` of `file` as [`read`] refuses it.
pub fn hand_in(tx: &mut Tx, actor: &Actor, file_name: &str, bytes: &[u8], invites: bool) -> Result<ImportId> {
    access::internal(actor)?;
    let lines = read(bytes)?;
    let now = tx.now();
    let (id, invite_at) = (ImportId::new(now), invites.then_some(now));
    let file_name: String =
        file_name.chars().filter(|character| !character.is_control()).take(limits::NAME_CHARACTERS).collect();
    tx.run(
        "INSERT INTO imports (workspace, id, person, file_name, invite_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&actor.workspace, &id, &actor.person, &file_name, &invite_at, &now],
    )?;
    for line in lines {
        let key = (!line.email.is_empty()).then(|| limits::key(&line.email));
        let company_key = (!line.company.is_empty()).then(|| limits::key(&line.company));
        tx.run(
            "INSERT INTO import_lines (workspace, import, line, given_name, family_name, email, email_key, phone, \
             company, company_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                &actor.workspace,
                &id,
                &line.number,
                &line.given_name,
                &line.family_name,
                &line.email,
                &key,
                &line.phone,
                &line.company,
                &company_key,
            ],
        )?;
    }
    Ok(id)
}

/// A table of the one who asks.
///
/// # Errors
/// `NotFound`, also for that of somebody else.
pub fn find(reader: &Reader, actor: &Actor, import: ImportId) -> Result<Import> {
    access::internal(actor)?;
    let found = reader.first(
        "SELECT id, file_name, invite_at, finished_at FROM imports WHERE workspace = $1 AND id = $2 AND person = $3",
        &[&actor.workspace, &import, &actor.person],
        |row| {
            let invite_at: Option<Time> = row.get(2)?;
            Ok(Import {
                id: row.get(0)?,
                file_name: row.get(1)?,
                invites: invite_at.is_some(),
                finished_at: row.get(3)?,
            })
        },
    )?;
    found.ok_or(Error::NotFound)
}

/// What every line of a table comes to, or came to when it was taken in.
///
/// # Errors
/// `NotFound`.
pub fn plan(reader: &Reader, actor: &Actor, import: ImportId) -> Result<Vec<Planned>> {
    let is_finished = find(reader, actor, import)?.finished_at.is_some();
    let rows = reader.all(
        "SELECT line, given_name, family_name, email, phone, company, field, problem, person, done_at \
         FROM import_lines WHERE workspace = $1 AND import = $2 ORDER BY line",
        &[&actor.workspace, &import],
        kept,
    )?;
    if is_finished {
        return Ok(rows);
    }
    let mut seen = Seen::default();
    rows.into_iter()
        .map(|row| {
            let outcome = match outcome(reader, actor, &row.line, &mut seen) {
                Ok(outcome) => outcome,
                Err(Error::Field { field, problem }) => {
                    Outcome::LeftOut(field.to_string(), problem.to_string())
                }
                Err(error) => return Err(error),
            };
            Ok(Planned { outcome, ..row })
        })
        .collect()
}

/// A line as it is kept; what came of it only counts once the table was taken in.
fn kept(row: &Row<'_>) -> store::Result<Planned> {
    let line = Line {
        number: row.get(0)?,
        given_name: row.get(1)?,
        family_name: row.get(2)?,
        email: row.get(3)?,
        phone: row.get(4)?,
        company: row.get(5)?,
    };
    let (field, problem): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
    let person: Option<PersonId> = row.get(8)?;
    let is_done = row.get::<Option<Time>>(9)?.is_some();
    let outcome = match (field, problem) {
        (Some(field), Some(problem)) => Outcome::LeftOut(field, problem),
        _ if person.is_some() => {
            let is_alone = line.company.is_empty();
            Outcome::Client(if is_alone { Belonging::Alone } else { Belonging::Known })
        }
        _ if is_done => Outcome::Company,
        _ => Outcome::Here,
    };
    Ok(Planned { line, outcome, person })
}

/// Addresses and companies of earlier lines, with the line of each.
#[derive(Default)]
struct Seen {
    emails: HashMap<String, i64>,
    companies: HashMap<String, i64>,
}

fn outcome(reader: &Reader, actor: &Actor, line: &Line, seen: &mut Seen) -> Result<Outcome> {
    let company = limits::optional_line("company", &line.company, limits::NAME_CHARACTERS)?;
    let belonging = belonging(reader, actor, &company, seen)?;
    if line.email.is_empty() && line.given_name.is_empty() && line.family_name.is_empty() {
        let is_there = belonging == Belonging::Known;
        let is_repeated = seen.companies.insert(limits::key(&company), line.number).is_some();
        return match belonging {
            Belonging::Alone => Err(Error::field("email", Problem::Empty)),
            _ if is_there || is_repeated => Ok(Outcome::Here),
            _ => Ok(Outcome::Company),
        };
    }
    let email = limits::email("email", &line.email)?;
    people::checked_name(&line.given_name, &line.family_name, &email)?;
    limits::phone("phone", &line.phone)?;
    if let Some(earlier) = seen.emails.get(&limits::key(&email)) {
        return Err(Error::field("email", Problem::TwiceInTable(*earlier)));
    }
    seen.emails.insert(limits::key(&email), line.number);
    if people::by_email(reader, actor.workspace, &email)?.is_some() {
        return Ok(Outcome::Here);
    }
    if belonging == Belonging::New {
        seen.companies.entry(limits::key(&company)).or_insert(line.number);
    }
    Ok(Outcome::Client(belonging))
}

fn belonging(reader: &Reader, actor: &Actor, company: &str, seen: &Seen) -> Result<Belonging> {
    if limits::is_blank(company) {
        return Ok(Belonging::Alone);
    }
    match companies::by_name(reader, actor.workspace, company)? {
        Some(known) => {
            // To somebody who may not see that company the name is just not free.
            people::at_field("company", Problem::Taken, access::company(reader, actor, known))?;
            Ok(Belonging::Known)
        }
        None if seen.companies.contains_key(&limits::key(company)) => Ok(Belonging::Known),
        None => Ok(Belonging::New),
    }
}

/// Takes a table in: all that can be, in this one transaction. Again changes nothing.
///
/// # Errors
/// `NotFound`.
pub fn take_in(tx: &mut Tx, actor: &Actor, import: ImportId) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    let found = find(tx, actor, import)?;
    if found.finished_at.is_some() {
        return Ok(());
    }
    let planned = plan(tx, actor, import)?;
    let (mut clients, mut made) = (0_usize, 0_usize);
    for Planned { line, outcome, .. } in planned {
        match outcome {
            Outcome::Client(_) => {
                let client = NewClient {
                    given_name: line.given_name,
                    family_name: line.family_name,
                    email: line.email,
                    phone: line.phone,
                    new_company: line.company,
                    ..NewClient::default()
                };
                let person = people::add_client(tx, actor, &client)?;
                if found.invites {
                    sign_ins::invite(tx, actor, person)?;
                }
                clients += 1;
                note(tx, actor.workspace, import, line.number, Some(person), None)?;
            }
            Outcome::Company => {
                companies::add(tx, actor, &line.company)?;
                made += 1;
                note(tx, actor.workspace, import, line.number, None, None)?;
            }
            Outcome::Here => {}
            Outcome::LeftOut(field, problem) => {
                note(tx, actor.workspace, import, line.number, None, Some((&field, &problem)))?;
            }
        }
    }
    tx.run(
        "UPDATE imports SET started_at = $3, finished_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &import, &tx.now()],
    )?;
    let changes =
        Changes::none().note("file", found.file_name).note("clientUsers", clients).note("companies", made);
    records::keep(tx, actor, Deed::ImportStarted, None, changes)
}

fn note(
    tx: &Tx,
    workspace: WorkspaceId,
    import: ImportId,
    line: i64,
    person: Option<PersonId>,
    left_out: Option<(&str, &str)>,
) -> Result<()> {
    let (field, problem) = left_out.unzip();
    let done_at = left_out.is_none().then(|| tx.now());
    tx.run(
        "UPDATE import_lines SET person = $4, field = $5, problem = $6, done_at = $7 \
         WHERE workspace = $1 AND import = $2 AND line = $3",
        &[&workspace, &import, &line, &person, &field, &problem, &done_at],
    )?;
    Ok(())
}

/// Forgets a table that is not to be taken in, or was.
///
/// # Errors
/// `NotFound`.
pub fn forget(tx: &mut Tx, actor: &Actor, import: ImportId) -> Result<()> {
    find(tx, actor, import)?;
    tx.run("DELETE FROM imports WHERE workspace = $1 AND id = $2", &[&actor.workspace, &import])?;
    Ok(())
}

/// Forgets some tables that were handed in long ago, and says how many; 0 when none are left.
///
/// # Errors
/// Where the database fails.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM imports WHERE (workspace, id) IN \
         (SELECT workspace, id FROM imports WHERE created_at <= $1 LIMIT $2)",
        &[&tx.now().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
