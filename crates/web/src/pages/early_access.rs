//! The product's public front page with its early access form (E1), and the list of entries for admins.
//!
//! The page itself needs no database, so it can report a failure, with all that was typed, even if the database is
//! unreachable.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use domain::kernel::access::{self, Actor};
use domain::kernel::audit_log::{self, AuditAction};
use domain::kernel::error::{self, Error};
use domain::kernel::ids::EntryId;
use domain::tenant::early_access::{self, Entry, EntryInput};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use uuid::Uuid;

use crate::app::App;
use crate::http::answers::{Answer, Result, page};
use crate::http::avatars::Avatar;
use crate::http::exports;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, Done, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::paging;
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::times::{self, Shown};
use crate::http::visit::Visit;
use crate::http::visitor::{CurrentWorkspace, Sender, Visitor};

const FORM: &str = "/early-access";
const LIST: &str = "/settings/early-access";
/// Where the browser goes after a successful submission: the same page, at its form.
const THANKS: &str = "/early-access?done=yes#early-access";
/// The wording is given by E1.
const RECEIVED: &str = "Thank you! Your submission has been received";
const WENT_WRONG: &str = "Oops! Something went wrong";
/// Entries on one page of the list.
const PAGE: usize = 50;
/// Entries that an export reads at a time.
const EXPORTED_AT_ONCE: i64 = 1_000;
const COLUMNS: [&str; 4] = ["time", "name", "email", "company"];

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get(FORM, front)
        .post(FORM, submit)
        .get(LIST, list)
        .get("/settings/early-access.csv", export)
        .post("/settings/early-access/{id}/remove", remove)
}

#[derive(Template)]
#[template(path = "early_access/front.html")]
struct FrontPage {
    look: Theme,
    form: EntryInput,
    wrong: FieldError,
    /// `done`, `failed` or empty.
    outcome: &'static str,
    /// Why it failed and what to do.
    message: &'static str,
}

impl FrontPage {
    fn new(look: Theme) -> FrontPage {
        FrontPage {
            look,
            form: EntryInput::default(),
            wrong: FieldError::default(),
            outcome: "",
            message: "",
        }
    }
}

async fn front(look: Theme, Query(Done { done }): Query<Done>) -> Result {
    let outcome = if done == "yes" { "done" } else { "" };
    page(StatusCode::OK, &FrontPage { outcome, ..FrontPage::new(look) })
}

/// The front page at the bare address of a host that belongs to no workspace.
pub(crate) fn front_page(look: Theme) -> Result {
    page(StatusCode::OK, &FrontPage::new(look))
}

async fn submit(
    State(app): State<App>,
    look: Theme,
    headers: HeaderMap,
    here: Result<CurrentWorkspace>,
    Sender(sender): Sender,
    form: std::result::Result<Input<EntryInput>, Answer>,
) -> Result {
    let wanted = ResponseFormat::of(&headers);
    let form = match form {
        Ok(Input(form)) => form,
        Err(answer) => return failed(look, wanted, EntryInput::default(), answer),
    };
    let workspace = match here {
        Ok(CurrentWorkspace(workspace)) => Some(workspace.id),
        Err(answer) if answer.status() == StatusCode::NOT_FOUND => None,
        Err(answer) => return failed(look, wanted, form, answer),
    };
    let given = form.clone();
    let submitted = app.store().write(move |tx| early_access::submit(tx, workspace, &given, &sender)).await;
    if wanted == ResponseFormat::Json {
        return match submitted {
            Ok(()) => Ok(axum::Json(serde_json::json!({ "message": RECEIVED })).into_response()),
            Err(error @ Error::Field { .. }) => Err(Answer::from(error)),
            Err(error) => failed(look, wanted, form, Answer::from(error)),
        };
    }
    match forms::checked(submitted) {
        Ok(Ok(())) => Ok(thanks()),
        Ok(Err(wrong)) => page(wrong.status(), &FrontPage { form, wrong, ..FrontPage::new(look) }),
        Err(answer) => failed(look, wanted, form, answer),
    }
}

/// Redirects, so that reloading does not submit again. The body is for clients that do not follow redirects.
fn thanks() -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, THANKS)], RECEIVED).into_response()
}

/// Shows the page again with what was typed.
fn failed(look: Theme, wanted: ResponseFormat, form: EntryInput, answer: Answer) -> Result {
    let answer = answer.led_by(WENT_WRONG);
    if wanted == ResponseFormat::Json {
        return Err(answer);
    }
    let status = answer.status();
    let message = match status {
        StatusCode::TOO_MANY_REQUESTS => {
            "There were too many tries from your network. What you typed is still here: please send it again in an hour."
        }
        status if status.is_server_error() => {
            "It is not you, it is us. What you typed is still here: please send it again in a moment."
        }
        _ => "What came in could not be read. Please fill in the form once more.",
    };
    let front = FrontPage { form, outcome: "failed", message, ..FrontPage::new(look) };
    let mut page = page(status, &front)?;
    if let Some(wait) = answer.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    Ok(page)
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct EntriesQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trapped: Option<String>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    before: Option<EntryId>,
    #[serde(default, skip_serializing)]
    done: String,
}

struct Row {
    entry: Entry,
    face: Avatar,
    at: Shown,
}

#[derive(Template)]
#[template(path = "early_access/list.html")]
struct ListPage {
    layout: Layout,
    rows: Vec<Row>,
    /// The number of entries by people.
    people: i64,
    /// The number of entries that look like a bot's.
    machines: i64,
    /// Whether the bots' entries are shown.
    trapped: bool,
    is_first: bool,
    here: String,
    older: Option<String>,
    /// The public address of the form.
    address: String,
    done: String,
}

async fn list(visit: Visit, Query(place): Query<EntriesQuery>) -> Result {
    let address = format!("{}{FORM}", visit.app.address_of(&visit.visitor.workspace));
    visit.show(move |reader, visitor| ListPage::read(reader, visitor, &place, address)).await
}

impl ListPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        place: &EntriesQuery,
        address: String,
    ) -> error::Result<ListPage> {
        let trapped = place.trapped.is_some();
        let (people, machines) = early_access::counts(reader, &visitor.actor)?;
        // One more than a page shows whether another page follows.
        let most = PAGE as i64 + 1;
        let mut found = early_access::list(reader, &visitor.actor, trapped, place.before, most)?;
        let last = paging::cut_to(&mut found, PAGE, |entry| entry.id);
        let from = |before: Option<EntryId>| forms::address(LIST, &EntriesQuery { before, ..place.clone() });
        let layout = Layout::read(reader, visitor, Module::Settings, "Early access")?;
        let zone = times::zone(layout.time_zone.as_deref());
        Ok(ListPage {
            people,
            machines,
            trapped,
            is_first: place.before.is_none(),
            here: from(None),
            older: last.map(|last| from(Some(last))),
            rows: found
                .into_iter()
                .map(|entry| Row {
                    face: Avatar::of_title(face_id(&entry), &entry.name).round(),
                    at: times::shown(entry.at, reader.now(), &zone),
                    entry,
                })
                .collect(),
            address,
            done: place.done.clone(),
            layout,
        })
    }
}

fn face_id(entry: &Entry) -> Uuid {
    entry.id.0
}

async fn remove(visit: Visit, PathParam(id): PathParam<EntryId>) -> Result {
    let to = "/settings/early-access?done=removed";
    visit.change(to, move |tx, actor| early_access::remove(tx, actor, id)).await
}

/// Exports all entries but the bots', streamed while they are read.
async fn export(visit: Visit) -> Result {
    let actor = visit.actor();
    let note = move |tx: &mut Tx, actor: &Actor| {
        access::admin(actor)?;
        audit_log::note_export(tx, actor, AuditAction::EarlyAccessExported, None)
    };
    visit.write(note).await?;
    let read = move |reader: &Reader, last: Option<&Entry>| {
        early_access::list(reader, &actor, false, last.map(|last| last.id), EXPORTED_AT_ONCE)
    };
    Ok(exports::newest_first(visit.app.store().clone(), "early-access.csv", &COLUMNS, read, line))
}

fn line(entry: &Entry) -> String {
    exports::line([&*times::exact(entry.at), &entry.name, &entry.email, &entry.company])
}
