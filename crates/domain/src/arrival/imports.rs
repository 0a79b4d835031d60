//! Tables of people and companies that an internal user hands in: kept as they were written, looked at, and only then taken
//! in, some hundred lines in a transaction, so that others can write in between. What is wrong with a line by itself is noted
//! when it comes in. What else it comes to is worked out anew each time it is looked at, from what is true then; what was
//! taken in keeps what came of it. So one that was cut off goes on with the lines that are left.

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

/// Lines that one transaction keeps or takes in: others wait for it no longer than a moment.
pub const LINES_AT_ONCE: usize = 200;
/// Tables are kept this long: they hold addresses of people who may never come.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Tables that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 10;

columns! {
    /// A table that was handed in.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Import {
        pub id: ImportId = "id",
        pub file_name: String = "file_name",
        /// Whether everybody in it is invited when it is taken in.
        pub invites: bool = "invite_at" => |at: Option<Time>| at.is_some(),
        /// When somebody said that it be taken in.
        pub started_at: Option<Time> = "started_at",
        /// When some of its lines were last taken in.
        pub stepped_at: Option<Time> = "stepped_at",
        /// When all of it was.
        pub finished_at: Option<Time> = "finished_at",
    }
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A client user is added, in a company that is there, in one that is made with them, or in none.
    Client(LineCompany),
    /// A company is added.
    Company,
    /// It is there already: nothing changes.
    Here,
    /// It cannot be taken: the field and what is wrong there.
    LeftOut(String, String),
}

/// Where a new client user belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineCompany {
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
    pub line: Line,
    /// What it comes to.
    pub outcome: Outcome,
    /// Who came of it.
    pub person: Option<PersonId>,
    /// Whether it was taken in, as far as it could be.
    pub is_done: bool,
}

words! {
    /// What a line came to, as it is kept.
    pub(crate) enum LineResult {
        Client = "client",
        Company = "company",
        Here = "here",
        LeftOut = "leftOut",
    }
}

/// A line as it came in, with what is wrong with it by itself.
#[derive(Clone, Debug)]
pub struct Checked {
    line: Line,
    wrong: Option<(String, String)>,
}

/// Looks at each line of a table by itself, and beside the others: an address can stand there once.
pub fn check(lines: Vec<Line>) -> Vec<Checked> {
    let mut seen: HashMap<String, i64> = HashMap::new();
    let checked = lines.into_iter().map(|line| {
        let wrong = match check_line(&line, &mut seen) {
            Err(Error::Field { field, problem }) => Some((field.to_string(), problem.to_string())),
            // Checks of texts refuse them at their field.
            _ => None,
        };
        Checked { line, wrong }
    });
    checked.collect()
}

/// `seen` are the addresses of earlier lines that can be taken, with the line of each.
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

/// Begins to keep a table to be looked at; its lines follow by [`add_lines`]. Nobody hears of it before all of them are
/// there: one that is cut off is swept with the old ones.
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

/// Keeps some lines of a table; at most [`LINES_AT_ONCE`] belong into one transaction.
///
/// # Errors
/// `NotFound`.
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

/// A table of the one who asks.
///
/// # Errors
/// `NotFound`, also for that of somebody else.
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

/// What every line of a table comes to, or came to when it was taken in.
///
/// # Errors
/// `NotFound`.
pub fn plan(reader: &Reader, actor: &Actor, import: ImportId) -> Result<Vec<Planned>> {
    find(reader, actor, import)?;
    plan_some(reader, actor, import, "", i64::MAX)
}

/// The same for the first `most` lines that fulfil a condition.
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

/// A line as it is kept, and what came of it, or why it cannot be taken.
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

/// What is there already of a table's people and companies.
struct There {
    /// Lines whose address is somebody's.
    people: HashSet<i64>,
    /// Companies by their names as they are compared, and whether the one who asks sees them; those that earlier lines
    /// make, too.
    companies: HashMap<String, bool>,
}

impl There {
    /// Of the lines from `first` to `last`, with two questions however many these are.
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

    /// What a line comes to that nothing is wrong with by itself.
    fn outcome(&mut self, line: &Line) -> Outcome {
        let company = limits::normalize(&line.company);
        let belonging = match self.companies.get(&company) {
            _ if limits::is_blank(&company) => LineCompany::Alone,
            Some(true) => LineCompany::Known,
            // To somebody who may not see that company the name is just not free.
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
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM imports WHERE (workspace, id) IN \
         (SELECT workspace, id FROM imports WHERE created_at <= $1 LIMIT $2)",
        &[&tx.now().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
