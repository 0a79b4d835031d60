//! Settings → Records, for admins: the audit log (R1), filtered by subject, person and day, and its export as a table.

use askama::Template;
use domain::directory::{person, team};
use domain::kernel::access;
use domain::kernel::audit_log::{self, About, AuditAction, Change, Filter, Record};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{PersonId, RecordId};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::{Reader, Time};

use crate::http::answers::{Result, page};
use crate::http::avatars::Avatar;
use crate::http::exports;
use crate::http::extractors::Query;
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::paging;
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::settings::audit_log_words;

const LIST: &str = "/settings/records";
const TABLE: &str = "/settings/records.csv";
/// Entries on one page.
const PAGE: usize = 50;
/// Entries that an export reads at a time.
const EXPORTED_AT_ONCE: i64 = 1_000;
const COLUMNS: [&str; 8] = ["time", "by", "byEmail", "how", "deed", "about", "aboutEmail", "changes"];
/// The subjects that the filter offers.
const FIELDS: [(&str, &str); 8] = [
    ("people", "People and access"),
    ("companies", "Companies"),
    ("projects", "Projects"),
    ("channels", "Channels"),
    ("settings", "Settings"),
    ("keys", "Keys and webhooks"),
    ("exports", "Exports"),
    ("earlyAccess", "Early access"),
];

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(LIST, list).get(TABLE, export)
}

/// The filter, as given in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asking {
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
    #[serde(
        deserialize_with = "serde_html_form::de::empty_as_none",
        skip_serializing_if = "Option::is_none"
    )]
    person: Option<PersonId>,
    /// The first day, as `2026-01-31`.
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    /// The last day, inclusive.
    #[serde(skip_serializing_if = "String::is_empty")]
    until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<RecordId>,
}

impl Asking {
    /// The domain's filter. Days are those of `zone`.
    fn filter(&self, zone: &TimeZone) -> error::Result<Filter> {
        if !self.field.is_empty() && !FIELDS.iter().any(|(field, _)| *field == self.field) {
            return Err(Error::field("field", Problem::NoChoice));
        }
        let field = if self.field.is_empty() { String::new() } else { format!("{}.", self.field) };
        Ok(Filter {
            field,
            person: self.person,
            since: day("since", &self.since)?.map(|day| midnight(day, zone)),
            until: day("until", &self.until)?
                .map(|day| midnight(day.checked_add(1.day()).unwrap_or(day), zone)),
            before: self.before,
        })
    }

    fn is_narrowed(&self) -> bool {
        !(self.field.is_empty() && self.person.is_none() && self.since.is_empty() && self.until.is_empty())
    }
}

fn day(field: &'static str, text: &str) -> error::Result<Option<Date>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Error::field(field, Problem::NoDay))
}

fn midnight(day: Date, zone: &TimeZone) -> Time {
    let start = day.to_zoned(zone.clone());
    Time(start.map_or(0, |start| start.timestamp().as_millisecond()))
}

/// A person that the filter offers.
struct Colleague {
    id: PersonId,
    name: String,
    is_chosen: bool,
}

struct Row {
    at: Shown,
    who: String,
    face: Option<Avatar>,
    how: &'static str,
    /// The action in words.
    what: String,
    /// Its subject's name, and the address of that page if there is one.
    about: Option<(String, Option<String>)>,
    changes: Vec<Shift>,
}

/// A changed value in words.
struct Shift {
    name: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "settings/audit_log.html")]
struct RecordsPage {
    layout: Layout,
    asking: Asking,
    fields: &'static [(&'static str, &'static str)],
    colleagues: Vec<Colleague>,
    rows: Vec<Row>,
    /// The person filtered by, if they are not an internal user.
    other: Option<Colleague>,
    is_first: bool,
    is_narrowed: bool,
    newest: String,
    older: Option<String>,
    table: String,
    wrong: FieldError,
}

async fn list(visit: Visit, Query(asking): Query<Asking>) -> Result {
    let read = move |reader: &Reader| RecordsPage::read(reader, &visit.visitor, asking);
    let found = visit.app.store().clone().read(read).await?;
    page(found.wrong.status(), &found)
}

impl RecordsPage {
    fn read(reader: &Reader, visitor: &Visitor, asking: Asking) -> error::Result<RecordsPage> {
        let actor = &visitor.actor;
        access::admin(actor)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "Records")?;
        let zone = times::zone(layout.time_zone.as_deref());
        // One more than a page shows whether another page follows.
        let most = PAGE as i64 + 1;
        let (mut found, wrong) = match asking.filter(&zone) {
            Ok(filter) => (audit_log::list(reader, actor, &filter, most)?, FieldError::default()),
            Err(Error::Field { field, problem }) => (Vec::new(), FieldError::field(field, problem)),
            Err(error) => return Err(error),
        };
        let last = paging::cut_to(&mut found, PAGE, |record| record.id);
        let from = |before: Option<RecordId>| forms::address(LIST, &Asking { before, ..asking.clone() });
        let colleagues: Vec<Colleague> = team::internal_users(reader, actor)?
            .into_iter()
            .map(|person| Colleague {
                id: person.id,
                name: person.name.full(),
                is_chosen: asking.person == Some(person.id),
            })
            .collect();
        let other = match asking.person {
            Some(id) if !colleagues.iter().any(|colleague| colleague.id == id) => {
                person::display_name(reader, actor.workspace, id)?.map(|name| Colleague {
                    id,
                    name: name.full(),
                    is_chosen: true,
                })
            }
            _ => None,
        };
        Ok(RecordsPage {
            fields: &FIELDS,
            colleagues,
            other,
            is_first: asking.before.is_none(),
            is_narrowed: asking.is_narrowed(),
            newest: from(None),
            older: last.map(|last| from(Some(last))),
            table: forms::address(TABLE, &Asking { before: None, ..asking.clone() }),
            rows: found.into_iter().map(|record| row(record, reader.now(), &zone)).collect(),
            asking,
            layout,
            wrong,
        })
    }
}

fn row(record: Record, now: Time, zone: &TimeZone) -> Row {
    let about = match &record.about {
        About::Nothing => None,
        About::Person(id, name, role) => {
            let module = if role.is_internal() { "settings/team" } else { "clients" };
            Some((name.full(), Some(format!("/{module}/{id}"))))
        }
        About::Company(_, name) if name.is_empty() => None,
        About::Company(id, name) => Some((name.clone(), Some(format!("/companies/{id}")))),
        About::Project(id, title) => Some((title.clone(), Some(format!("/projects/{id}")))),
    };
    let deed = AuditAction::from_word(&record.deed);
    // A deleted subject has no page any more; its entries stay.
    let is_gone = matches!(
        deed,
        Some(AuditAction::PersonDeleted | AuditAction::CompanyDeleted | AuditAction::ProjectDeleted)
    );
    // Somebody who signs up is both actor and subject.
    let is_own = deed == Some(AuditAction::PersonJoined);
    Row {
        at: times::shown(record.at, now, zone),
        who: audit_log_words::who(&record),
        face: record.person.as_ref().map(|(id, name)| Avatar::of_person(id.0, name)),
        how: audit_log_words::how(record.via),
        what: deed.map_or(record.deed.clone(), |deed| audit_log_words::of(deed).to_string()),
        about: about.filter(|_| !is_own).map(|(name, place)| (name, place.filter(|_| !is_gone))),
        changes: record.changes.iter().map(shift).collect(),
    }
}

fn shift(change: &Change) -> Shift {
    Shift {
        name: audit_log_words::field(&change.field),
        before: change.before.clone(),
        after: change.after.clone(),
    }
}

/// Exports the filtered entries as a table, streamed while they are read. The export is logged itself.
async fn export(visit: Visit, Query(asking): Query<Asking>) -> Result {
    let actor = visit.actor();
    let me = visit.write(|tx, actor| {
        audit_log::note_export(tx, actor, AuditAction::RecordsExported, None)?;
        person::profile(tx, actor)
    });
    let filter = asking.filter(&times::zone(me.await?.time_zone.as_deref()))?;
    let read = move |reader: &Reader, last: Option<&Record>| {
        let mut wanted = filter.clone();
        wanted.before = last.map(|last| last.id).or(wanted.before);
        audit_log::list(reader, &actor, &wanted, EXPORTED_AT_ONCE)
    };
    Ok(exports::newest_first(visit.app.store().clone(), "records.csv", &COLUMNS, read, line))
}

fn line(record: &Record) -> String {
    let (about, email) = match &record.about {
        About::Nothing => ("", ""),
        About::Person(_, name, _) => (&*name.full(), &*name.email),
        About::Company(_, name) | About::Project(_, name) => (&**name, ""),
    };
    let by = record.person.as_ref();
    let changes: Vec<String> = record.changes.iter().map(audit_log_words::change).collect();
    exports::line([
        &*times::exact(record.at),
        &audit_log_words::who(record),
        by.map_or("", |(_, name)| &name.email),
        record.via.word(),
        &record.deed,
        about,
        email,
        &changes.join("; "),
    ])
}
