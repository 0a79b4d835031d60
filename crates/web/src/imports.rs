//! Clients → Import: a table of people and companies is handed in, shown with what will happen, and taken in by one more
//! tap; then it says what came of it, and gives back what could not be taken as a table.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use domain::ids::ImportId;
use domain::imports::{self, BYTES_MAX, Belonging, Import, LINES_MAX, Outcome, Planned};
use domain::{Problem, access};
use store::Reader;

use crate::App;
use crate::answers::{Answer, Result, go, page};
use crate::exports;
use crate::forms::{self, Wrong};
use crate::input::{self, Named};
use crate::layout::{Layout, Module};
use crate::routes::Routes;
use crate::visitor::Visitor;

const NEW: &str = "/clients/import";
/// Bytes of the form around a table.
const AROUND: usize = 64 * 1024;
/// Lines of each kind that the page shows: the table itself has them all.
const SHOWN_MAX: usize = 200;
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
    lines_max: usize,
    invites: bool,
    wrong: Wrong,
}

async fn new(State(app): State<App>, visitor: Visitor) -> Result {
    show_new(&app, visitor, false, Wrong::default()).await
}

async fn show_new(app: &App, visitor: Visitor, invites: bool, wrong: Wrong) -> Result {
    let read = move |reader: &Reader| {
        access::internal(&visitor.actor)?;
        let layout = Layout::read(reader, &visitor, Module::Clients, "Import client users")?;
        Ok::<_, domain::Error>(NewPage { layout, lines_max: LINES_MAX, invites, wrong })
    };
    let new = app.store().read(read).await?;
    page(new.wrong.status(), &new)
}

/// What the form brings.
#[derive(Default)]
struct Form {
    name: String,
    table: Bytes,
    invites: bool,
}

async fn hand_in(State(app): State<App>, visitor: Visitor, request: Request) -> Result {
    access::internal(&visitor.actor)?;
    let form = match form(request).await {
        Ok(form) => form,
        Err(answer) if answer.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let most = i64::try_from(BYTES_MAX).unwrap_or(i64::MAX);
            let wrong = Wrong::field("file", Problem::TooLarge(most));
            return show_new(&app, visitor, false, wrong).await;
        }
        Err(answer) => return Err(answer),
    };
    let (actor, invites) = (visitor.actor, form.invites);
    let handed_in = app
        .store()
        .write(move |tx| imports::hand_in(tx, &actor, &form.name, &form.table, form.invites))
        .await;
    match forms::checked(handed_in)? {
        Ok(import) => Ok(go(&format!("{NEW}/{import}"))),
        Err(wrong) => show_new(&app, visitor, invites, wrong).await,
    }
}

/// A form with a file in it, as browsers send it (RFC 7578).
async fn form(request: Request) -> Result<Form> {
    let unreadable = |message: &str| Answer::refused(StatusCode::BAD_REQUEST, "unreadable", message);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let Ok(boundary) = multer::parse_boundary(kind) else {
        let message = "Please send the table in a form with a file.";
        return Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message));
    };
    let whole = input::whole(request, BYTES_MAX + AROUND).await?;
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
    /// What is said about it.
    note: String,
    /// The page of who came of it.
    place: Option<String>,
}

/// Lines that come to the same.
#[derive(Default)]
struct Group {
    count: usize,
    rows: Vec<Row>,
}

impl Group {
    fn take(&mut self, planned: &Planned, note: String) {
        self.count += 1;
        if self.rows.len() < SHOWN_MAX {
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

    /// How many are not shown.
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
    /// Companies that come with client users.
    with_them: usize,
    here: Group,
    left_out: Group,
    wrong: Wrong,
}

async fn import(State(app): State<App>, visitor: Visitor, Named(id): Named<ImportId>) -> Result {
    let found = app.store().read(move |reader| ImportPage::read(reader, &visitor, id)).await?;
    page(StatusCode::OK, &found)
}

impl ImportPage {
    fn read(reader: &Reader, visitor: &Visitor, id: ImportId) -> domain::Result<ImportPage> {
        let import = imports::find(reader, &visitor.actor, id)?;
        let mut found = ImportPage {
            layout: Layout::read(reader, visitor, Module::Clients, "Import client users")?,
            import,
            clients: Group::default(),
            companies: Group::default(),
            with_them: 0,
            here: Group::default(),
            left_out: Group::default(),
            wrong: Wrong::default(),
        };
        for planned in imports::plan(reader, &visitor.actor, id)? {
            match &planned.outcome {
                Outcome::Client(belonging) => {
                    let is_new = *belonging == Belonging::New;
                    found.with_them += usize::from(is_new);
                    let note = if is_new { "new company" } else { "" };
                    found.clients.take(&planned, note.to_string());
                }
                Outcome::Company => found.companies.take(&planned, String::new()),
                Outcome::Here => found.here.take(&planned, String::new()),
                Outcome::LeftOut(field, problem) => {
                    let note = format!("{}: {problem}", field_name(field));
                    found.left_out.take(&planned, note);
                }
            }
        }
        Ok(found)
    }

    fn is_finished(&self) -> bool {
        self.import.finished_at.is_some()
    }

    fn would_do_something(&self) -> bool {
        self.clients.count + self.companies.count > 0
    }
}

/// The column that people know a field by.
fn field_name(field: &str) -> &'static str {
    match field {
        "email" => "Email",
        "phone" => "Mobile",
        "givenName" => "Given name",
        "familyName" => "Family name",
        _ => "Company",
    }
}

async fn take_in(State(app): State<App>, visitor: Visitor, Named(id): Named<ImportId>) -> Result {
    app.store().write(move |tx| imports::take_in(tx, &visitor.actor, id)).await?;
    Ok(go(&format!("{NEW}/{id}")))
}

async fn forget(State(app): State<App>, visitor: Visitor, Named(id): Named<ImportId>) -> Result {
    app.store().write(move |tx| imports::forget(tx, &visitor.actor, id)).await?;
    Ok(go("/clients"))
}

/// What could not be taken, to be mended and handed in again.
async fn left_out(State(app): State<App>, visitor: Visitor, Named(id): Named<ImportId>) -> Result {
    let planned = app.store().read(move |reader| imports::plan(reader, &visitor.actor, id)).await?;
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
