//! Imported tables of people and companies (S15): stored as written, previewed, then imported in transactions of some
//! hundred lines (`arrival::importing`), so that others can write in between.
//!
//! Errors within a line are stored on upload. All else is computed from the current data at each preview and each step;
//! only imported lines store their result. An interrupted import therefore continues with the remaining lines.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use store::{Reader, Row, Time, Tx};

use crate::arrival::import_table::Line;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ImportId, PersonId};
use crate::kernel::words::words;
use crate::kernel::{limits, name};

/// Lines stored or imported per transaction, so that other writers wait only a moment.
pub const LINES_AT_ONCE: usize = 200;
/// How long tables are kept: they contain addresses of people who may never become client users.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Tables deleted per sweep at most, so that other writers are not held up.
const SWEPT_AT_ONCE: i64 = 10;

columns! {
    /// An uploaded table.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Import {
        pub id: ImportId = "id",
        pub file_name: String = "file_name",
        /// Whether everybody who is added is also invited.
        pub invites: bool = "invite_at" => |at: Option<Time>| at.is_some(),
        /// When the import was started.
        pub started_at: Option<Time> = "started_at",
        /// When the last step ended.
        pub stepped_at: Option<Time> = "stepped_at",
        /// When the last line was imported.
        pub finished_at: Option<Time> = "finished_at",
    }
}

/// The effect of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Adds a client user.
    Client(LineCompany),
    /// Adds a company.
    Company,
    /// Already exists: changes nothing.
    Here,
    /// Cannot be imported: the field, and what is wrong with it.
    LeftOut(String, String),
}

/// The company of a new client user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineCompany {
    /// None.
    Alone,
    /// An existing one.
    Known,
    /// One that is added too.
    New,
}

/// A line with its expected or actual effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub line: Line,
    pub outcome: Outcome,
    /// The client user who was added.
    pub person: Option<PersonId>,
    /// Whether the line has been processed, even if it was left out.
    pub is_done: bool,
}

words! {
    /// The stored result of a processed line.
    pub(crate) enum LineResult {
        Client = "client",
        Company = "company",
        Here = "here",
        LeftOut = "leftOut",
    }
}

/// A line, with the field and error if it is invalid in itself.
#[derive(Clone, Debug)]
pub struct Checked {
    line: Line,
    wrong: Option<(String, String)>,
}

/// Checks each line in itself, and that no address occurs twice in the table.
pub fn check(lines: Vec<Line>) -> Vec<Checked> {
    let mut seen: HashMap<String, i64> = HashMap::new();
    let checked = lines.into_iter().map(|line| {
        let wrong = match check_line(&line, &mut seen) {
            Err(Error::Field { field, problem }) => Some((field.to_string(), problem.to_string())),
            // Validation only fails with `Error::Field`.
            _ => None,
        };
        Checked { line, wrong }
    });
    checked.collect()
}

/// `seen` maps the addresses of earlier valid lines to their line numbers.
fn check_line(line: &Line, seen: &mut HashMap<String, i64>) -> Result<()> {
    limits::validate_optional_line("company", &line.company, limits::NAME_CHARACTERS)?;
    if is_about_company(line) {
        let is_empty = limits::is_blank(&line.company);
        return if is_empty { Err(Error::field("email", Problem::Empty)) } else { Ok(()) };
    }
    let email = limits::validate_email("email", &line.email)?;
    name::name_of(&line.given_name, &line.family_name, &email)?;
    limits::validate_phone("phone", &line.phone)?;
    let key = limits::normalize(&email);
    if let Some(earlier) = seen.get(&key) {
        return Err(Error::field("email", Problem::TwiceInTable(*earlier)));
    }
    seen.insert(key, line.number);
    Ok(())
}

fn is_about_company(line: &Line) -> bool {
    line.email.is_empty() && line.given_name.is_empty() && line.family_name.is_empty()
}

/// Starts storing a table; the lines follow through [`add_lines`]. Publish the id only after all lines are stored: an
/// interrupted upload is then never seen, and swept with the old tables.
///
/// # Errors
/// `NotFound` for client users.
pub fn begin(tx: &mut Tx, actor: &Actor, file_name: &str, invites: bool) -> Result<ImportId> {
    access::internal(actor)?;
    let now = tx.now();
    let (id, invite_at) = (ImportId::new(now), invites.then_some(now));
    let file_name: String =
        file_name.chars().filter(|character| !character.is_control()).take(limits::NAME_CHARACTERS).collect();
    tx.run(
        "INSERT INTO imports (workspace, id, person, file_name, invite_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&actor.workspace, &id, &actor.person, &file_name, &invite_at, &now],
    )?;
    Ok(id)
}

/// Stores some lines of a table; at most [`LINES_AT_ONCE`] per transaction.
pub fn add_lines(tx: &mut Tx, actor: &Actor, import: ImportId, lines: &[Checked]) -> Result<()> {
    find(tx, actor, import)?;
    for Checked { line, wrong } in lines {
        let key = (!line.email.is_empty()).then(|| limits::normalize(&line.email));
        let company_key = (!line.company.is_empty()).then(|| limits::normalize(&line.company));
        let (field, problem) = wrong.as_ref().map(|(field, problem)| (&**field, &**problem)).unzip();
        tx.run(
            "INSERT INTO import_lines (workspace, import, line, given_name, family_name, email, email_key, phone, \
             company, company_key, field, problem) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &[
                &actor.workspace,
                &import,
                &line.number,
                &line.given_name,
                &line.family_name,
                &line.email,
                &key,
                &line.phone,
                &line.company,
                &company_key,
                &field,
                &problem,
            ],
        )?;
    }
    Ok(())
}

/// A table that the actor uploaded.
///
/// # Errors
/// `NotFound`, also if somebody else uploaded it.
pub fn find(reader: &Reader, actor: &Actor, import: ImportId) -> Result<Import> {
    access::internal(actor)?;
    let found = reader.first(
        constcat::concat!(
            "SELECT ",
            Import::COLUMNS,
            " FROM imports WHERE workspace = $1 AND id = $2 AND person = $3"
        ),
        &[&actor.workspace, &import, &actor.person],
        |row| row.read(),
    )?;
    found.ok_or(Error::NotFound)
}

/// The expected effect of every line of a table, or the actual one once it has been imported.
pub fn plan(reader: &Reader, actor: &Actor, import: ImportId) -> Result<Vec<Planned>> {
    find(reader, actor, import)?;
    plan_some(reader, actor, import, "", i64::MAX)
}

/// As [`plan`], for the first `most` lines that match the SQL condition `and`.
pub(crate) fn plan_some(
    reader: &Reader,
    actor: &Actor,
    import: ImportId,
    and: &str,
    most: i64,
) -> Result<Vec<Planned>> {
    let sql = format!(
        "SELECT {}, field, problem, person, came_to \
         FROM import_lines WHERE workspace = $1 AND import = $2 {and} ORDER BY line LIMIT $3",
        Line::COLUMNS
    );
    let rows = reader.all(&sql, &[&actor.workspace, &import, &most], kept)?;
    let open = rows.iter().filter(|(_, outcome)| outcome.is_none()).map(|(planned, _)| planned.line.number);
    let (first, last) = (open.clone().min().unwrap_or(0), open.max().unwrap_or(0));
    let mut there = There::read(reader, actor, import, first, last)?;
    let planned = rows.into_iter().map(|(planned, came_to)| match came_to {
        Some(outcome) => Planned { outcome, ..planned },
        None => Planned { outcome: there.outcome(&planned.line), ..planned },
    });
    Ok(planned.collect())
}

/// A stored line, and its outcome if it is invalid or already processed.
fn kept(row: &Row<'_>) -> store::Result<(Planned, Option<Outcome>)> {
    type Columns = (Line, Option<String>, Option<String>, Option<PersonId>, Option<LineResult>);
    let (line, field, problem, person, came_to): Columns = row.read()?;
    let is_done = came_to.is_some();
    let outcome = match (field, problem, came_to) {
        (Some(field), Some(problem), _) => Some(Outcome::LeftOut(field, problem)),
        (_, _, Some(LineResult::Client)) => {
            let is_alone = line.company.is_empty();
            Some(Outcome::Client(if is_alone { LineCompany::Alone } else { LineCompany::Known }))
        }
        (_, _, Some(LineResult::Company)) => Some(Outcome::Company),
        (_, _, Some(LineResult::Here | LineResult::LeftOut)) => Some(Outcome::Here),
        (_, _, None) => None,
    };
    Ok((Planned { line, outcome: Outcome::Here, person, is_done }, outcome))
}

/// Which people and companies of a table already exist.
struct There {
    /// Lines whose address belongs to somebody.
    people: HashSet<i64>,
    /// Companies by normalized name, and whether the actor can see them; includes those that earlier lines add.
    companies: HashMap<String, bool>,
}

impl There {
    /// For lines `first` to `last`, in two queries regardless of their number.
    fn read(reader: &Reader, actor: &Actor, import: ImportId, first: i64, last: i64) -> Result<There> {
        let people = reader.all(
            "SELECT l.line FROM import_lines l JOIN people p ON p.workspace = l.workspace AND p.email_key = l.email_key \
             WHERE l.workspace = $1 AND l.import = $2 AND l.line >= $3 AND l.line <= $4",
            &[&actor.workspace, &import, &first, &last],
            |row| row.get(0),
        )?;
        let sql = format!(
            "SELECT DISTINCT l.company_key, CAST(CASE WHEN {sees} THEN 1 ELSE 0 END AS BIGINT) FROM import_lines l \
             JOIN companies c ON c.workspace = l.workspace AND c.name_key = l.company_key \
             WHERE l.workspace = $1 AND l.import = $4 AND l.line >= $5 AND l.line <= $6",
            sees = access::SEES_COMPANY
        );
        let companies = reader.all(
            &sql,
            &[&actor.workspace, &actor.limit(), &actor.person, &import, &first, &last],
            |row| Ok((row.get(0)?, row.get::<i64>(1)? != 0)),
        )?;
        Ok(There { people: people.into_iter().collect(), companies: companies.into_iter().collect() })
    }

    /// The effect of a line that is valid in itself.
    fn outcome(&mut self, line: &Line) -> Outcome {
        let company = limits::normalize(&line.company);
        let belonging = match self.companies.get(&company) {
            _ if limits::is_blank(&company) => LineCompany::Alone,
            Some(true) => LineCompany::Known,
            // The actor cannot see that company, so they learn only that the name is taken.
            Some(false) => return Outcome::LeftOut("company".to_string(), Problem::Taken.to_string()),
            None => LineCompany::New,
        };
        let outcome = if is_about_company(line) {
            if belonging == LineCompany::Known { Outcome::Here } else { Outcome::Company }
        } else if self.people.contains(&line.number) {
            Outcome::Here
        } else {
            Outcome::Client(belonging)
        };
        if belonging == LineCompany::New && outcome != Outcome::Here {
            self.companies.insert(company, true);
        }
        outcome
    }
}

/// Deletes a table, imported or not.
pub fn forget(tx: &mut Tx, actor: &Actor, import: ImportId) -> Result<()> {
    find(tx, actor, import)?;
    tx.run("DELETE FROM imports WHERE workspace = $1 AND id = $2", &[&actor.workspace, &import])?;
    Ok(())
}

/// Deletes some old tables. Returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM imports WHERE (workspace, id) IN \
         (SELECT workspace, id FROM imports WHERE created_at <= $1 LIMIT $2)",
        &[&tx.settled().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
