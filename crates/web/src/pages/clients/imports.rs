//! Clients → Import (S15): a table of people and companies is uploaded, previewed, and imported in steps after one more
//! tap. Its page shows the progress, then the result, and exports the lines that were left out as a table.

use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::arrival::import_table::{self, BYTES_MAX, LINES_MAX};
use domain::arrival::importing::{self, Step};
use domain::arrival::imports::{self, Import, LINES_AT_ONCE, LineCompany, Outcome, Planned};
use domain::kernel::access::{self, Actor};
use domain::kernel::display;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::ImportId;
use store::{Reader, Time};

use crate::app::App;
use crate::http::answers::{Answer, Result, page, redirect};
use crate::http::exports;
use crate::http::extractors::{self, PathParam};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visit::{FormPage, Visit};
use crate::http::visitor::Visitor;

const NEW: &str = "/clients/import";
/// Bytes of the form around a table.
const AROUND: usize = 64 * 1024;
/// The most lines shown of those left out, and of any other kind. The exported table has all of those left out.
const LEFT_OUT_MAX: usize = 200;
const SHOWN_MAX: usize = 50;
/// An import without a step for this long was interrupted: a step takes a second at most.
const CUT_OFF_AFTER: Duration = Duration::from_secs(30);
/// While an import is running, its page reloads every two seconds, without scripts too.
const REFRESH: (HeaderName, &str) = (HeaderName::from_static("refresh"), "2");
const COLUMNS: [&str; 7] = ["Line", "Given name", "Family name", "Email", "Mobile", "Company", "Why"];

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get(NEW, new)
        .post(NEW, hand_in)
        .get("/clients/import/{id}", import)
        .post("/clients/import/{id}", take_in)
        .post("/clients/import/{id}/forget", forget)
        .get("/clients/import/{id}/left-out.csv", left_out)
}

#[derive(Template)]
#[template(path = "imports/new.html")]
struct NewPage {
    layout: Layout,
    lines_max: String,
    invites: bool,
    wrong: FieldError,
}

impl FormPage for NewPage {
    /// Whether people are to be invited.
    type Asked = bool;

    fn read(reader: &Reader, visitor: &Visitor, invites: bool, wrong: FieldError) -> error::Result<NewPage> {
        access::internal(&visitor.actor)?;
        let layout = Layout::read(reader, visitor, Module::Clients, "Import client users")?;
        Ok(NewPage { layout, lines_max: display::number(LINES_MAX), invites, wrong })
    }
}

async fn new(visit: Visit) -> Result {
    visit.show_form::<NewPage>(false, FieldError::default()).await
}

#[derive(Default)]
struct Form {
    name: String,
    table: Bytes,
    invites: bool,
}

async fn hand_in(visit: Visit, request: Request) -> Result {
    access::internal(&visit.actor())?;
    let form = match form(request).await {
        Ok(form) => form,
        Err(answer) if answer.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let most = BYTES_MAX as i64;
            let wrong = FieldError::field("file", Problem::TooLarge(most));
            return visit.show_form::<NewPage>(false, wrong).await;
        }
        Err(answer) => return Err(answer),
    };
    let invites = form.invites;
    match forms::checked(keep(&visit, form).await)? {
        Ok(import) => Ok(redirect(&format!("{NEW}/{import}"))),
        Err(wrong) => visit.show_form::<NewPage>(invites, wrong).await,
    }
}

/// Stores a table for its preview, some lines at a time.
async fn keep(visit: &Visit, form: Form) -> error::Result<ImportId> {
    let Form { name, table, invites } = form;
    let read = move || Ok::<_, Error>(imports::check(import_table::read(&table)?));
    // Parsing a large table takes a while and must not block this thread.
    let mut lines = match tokio::task::spawn_blocking(read).await {
        Ok(lines) => lines?,
        Err(_) => return Err(Error::field("file", Problem::NotText)),
    };
    let import = visit.write(move |tx, actor| imports::begin(tx, actor, &name, invites)).await?;
    while !lines.is_empty() {
        let rest = lines.split_off(lines.len().min(LINES_AT_ONCE));
        visit.write(move |tx, actor| imports::add_lines(tx, actor, import, &lines)).await?;
        lines = rest;
    }
    Ok(import)
}

/// Reads a form with a file (RFC 7578).
async fn form(request: Request) -> Result<Form> {
    let unreadable = |message: &str| Answer::refused(StatusCode::BAD_REQUEST, "unreadable", message);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let Ok(boundary) = multer::parse_boundary(kind) else {
        let message = "Please send the table in a form with a file.";
        return Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message));
    };
    let whole = extractors::whole(request, BYTES_MAX + AROUND).await?;
    let mut parts = multer::Multipart::new(Body::from(whole).into_data_stream(), boundary);
    let mut form = Form::default();
    loop {
        let part = parts.next_field().await.map_err(|_| unreadable("The form could not be read."))?;
        let Some(part) = part else { return Ok(form) };
        let (name, file_name) = (part.name().unwrap_or("").to_string(), part.file_name().map(str::to_string));
        let bytes = part.bytes().await.map_err(|_| unreadable("The form broke off."))?;
        match name.as_str() {
            "file" => {
                form.table = bytes;
                form.name = file_name.unwrap_or_default();
            }
            "invite" => form.invites = true,
            _ => {}
        }
    }
}

/// A line on the page.
struct Row {
    line: i64,
    name: String,
    email: String,
    company: String,
    /// A remark, for instance why it was left out.
    note: String,
    /// The page of the person that it created.
    place: Option<String>,
}

/// Lines with the same outcome.
#[derive(Default)]
struct Group {
    count: usize,
    rows: Vec<Row>,
}

impl Group {
    fn take(&mut self, most: usize, planned: &Planned, note: String) {
        self.count += 1;
        if self.rows.len() < most {
            let line = &planned.line;
            self.rows.push(Row {
                line: line.number,
                name: format!("{} {}", line.given_name, line.family_name).trim().to_string(),
                email: line.email.clone(),
                company: line.company.clone(),
                note,
                place: planned.person.map(|person| format!("/clients/{person}")),
            });
        }
    }

    /// The number of lines not shown.
    fn hidden(&self) -> usize {
        self.count - self.rows.len()
    }
}

#[derive(Template)]
#[template(path = "imports/import.html")]
struct ImportPage {
    layout: Layout,
    import: Import,
    clients: Group,
    companies: Group,
    /// Companies that are created together with client users.
    with_them: usize,
    here: Group,
    left_out: Group,
    /// The number of imported lines, out of `lines`.
    done: usize,
    lines: usize,
    progress: Progress,
    wrong: FieldError,
}

/// The progress of an import.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Previewed only.
    Waiting,
    /// Being imported.
    Running,
    /// Interrupted before the end.
    CutOff,
    /// Completely imported.
    Finished,
}

impl Progress {
    fn of(import: &Import, now: Time) -> Progress {
        match import.stepped_at {
            _ if import.finished_at.is_some() => Progress::Finished,
            None => Progress::Waiting,
            Some(at) if now.since(at) < CUT_OFF_AFTER => Progress::Running,
            Some(_) => Progress::CutOff,
        }
    }
}

async fn import(visit: Visit, PathParam(id): PathParam<ImportId>) -> Result {
    let store = visit.app.store().clone();
    let found = store.read(move |reader| ImportPage::read(reader, &visit.visitor, id)).await?;
    let shown = page(StatusCode::OK, &found)?;
    let is_running = found.progress == Progress::Running;
    Ok(if is_running { ([REFRESH], shown).into_response() } else { shown })
}

impl ImportPage {
    fn read(reader: &Reader, visitor: &Visitor, id: ImportId) -> error::Result<ImportPage> {
        let import = imports::find(reader, &visitor.actor, id)?;
        let mut found = ImportPage {
            layout: Layout::read(reader, visitor, Module::Clients, "Import client users")?,
            progress: Progress::of(&import, reader.now()),
            import,
            clients: Group::default(),
            companies: Group::default(),
            with_them: 0,
            here: Group::default(),
            left_out: Group::default(),
            done: 0,
            lines: 0,
            wrong: FieldError::default(),
        };
        let is_begun = found.is_begun();
        for planned in imports::plan(reader, &visitor.actor, id)? {
            found.lines += 1;
            found.done += usize::from(planned.is_done);
            // Once started, the page shows what was imported, not what will be.
            if is_begun && !planned.is_done {
                continue;
            }
            match &planned.outcome {
                Outcome::Client(belonging) => {
                    let is_new = *belonging == LineCompany::New;
                    found.with_them += usize::from(is_new);
                    let note = if is_new { "new company" } else { "" };
                    found.clients.take(SHOWN_MAX, &planned, note.to_string());
                }
                Outcome::Company => found.companies.take(SHOWN_MAX, &planned, String::new()),
                Outcome::Here => found.here.take(SHOWN_MAX, &planned, String::new()),
                Outcome::LeftOut(field, problem) => {
                    let note = format!("{}: {problem}", field_name(field));
                    found.left_out.take(LEFT_OUT_MAX, &planned, note);
                }
            }
        }
        Ok(found)
    }

    fn is_finished(&self) -> bool {
        self.progress == Progress::Finished
    }

    fn is_cut_off(&self) -> bool {
        self.progress == Progress::CutOff
    }

    /// Whether somebody has started the import.
    fn is_begun(&self) -> bool {
        self.progress != Progress::Waiting
    }

    fn would_do_something(&self) -> bool {
        self.clients.count + self.companies.count > 0
    }
}

/// The label of a field's column.
fn field_name(field: &str) -> &'static str {
    match field {
        "email" => "Email",
        "phone" => "Mobile",
        "givenName" => "Given name",
        "familyName" => "Family name",
        _ => "Company",
    }
}

/// Imports a table. The first step is done before answering, so a short table is complete by then. The rest continues
/// in the background, whether or not anybody watches.
async fn take_in(visit: Visit, PathParam(id): PathParam<ImportId>) -> Result {
    let first = visit.write(move |tx, actor| {
        let is_running = Progress::of(&imports::find(tx, actor, id)?, tx.now()) == Progress::Running;
        // Tapped twice: the running import is enough.
        if is_running { Ok(Step::Done) } else { importing::apply_some(tx, actor, id, LINES_AT_ONCE) }
    });
    if first.await? == Step::More {
        let actor = visit.actor();
        tokio::spawn(take_in_rest(visit.app, actor, id));
    }
    Ok(redirect(&format!("{NEW}/{id}")))
}

async fn take_in_rest(app: App, actor: Actor, id: ImportId) {
    let next = move |tx: &mut store::Tx| {
        // The uploader may have lost access meanwhile.
        let actor = access::actor(tx, actor.workspace, actor.person)?.ok_or(Error::NotFound)?;
        importing::apply_some(tx, &actor, id, LINES_AT_ONCE)
    };
    loop {
        match app.store().write(next).await {
            Ok(Step::More) => {}
            Ok(Step::Done) => return,
            // The page shows how far it got and lets somebody continue.
            Err(error) => return tracing::warn!(%error, "a table is not taken in any further"),
        }
    }
}

async fn forget(visit: Visit, PathParam(id): PathParam<ImportId>) -> Result {
    visit.change("/clients", move |tx, actor| imports::forget(tx, actor, id)).await
}

/// Exports the lines that were left out, to be corrected and imported again.
async fn left_out(visit: Visit, PathParam(id): PathParam<ImportId>) -> Result {
    let actor = visit.actor();
    let planned = visit.app.store().read(move |reader| imports::plan(reader, &actor, id)).await?;
    let mut table = exports::head(&COLUMNS);
    for Planned { line, outcome, .. } in planned {
        if let Outcome::LeftOut(field, problem) = outcome {
            let (number, why) = (line.number.to_string(), format!("{}: {problem}", field_name(&field)));
            table += &exports::line([
                &*number,
                &line.given_name,
                &line.family_name,
                &line.email,
                &line.phone,
                &line.company,
                &why,
            ]);
        }
    }
    Ok(exports::table("left-out.csv", table))
}
