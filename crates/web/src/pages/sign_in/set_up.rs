//! The first start: a one-time link to set up the brand and the first admin (S4). Also the page at the portal's bare
//! address.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use domain::administration::set_up::{self, SetUp};
use domain::arrival::complete_sign_in;
use domain::kernel::access;
use domain::kernel::error::Error;
use domain::tenant::workspaces;

use crate::app::App;
use crate::http::answers::{Answer, Result, page, redirect};
use crate::http::brand::Brand;
use crate::http::extractors::{Input, PathParam};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::visitor::{CurrentWorkspace, Visitor};
use crate::pages::early_access;
use crate::pages::sign_in::browser_session;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/", front).get("/set-up", done).get("/set-up/{secret}", form).post("/set-up/{secret}", set_up)
}

#[derive(Template)]
#[template(path = "set_up/not_yet.html")]
struct NotYetPage {
    look: Theme,
    brand: Brand,
}

/// A page that says that there is no workspace yet. Once there is one, `answer` is given instead.
pub(crate) async fn not_yet(app: &App, look: Theme, answer: Answer) -> Result {
    if app.store().read(workspaces::any).await? {
        return Err(answer);
    }
    page(StatusCode::OK, &NotYetPage { look, brand: Brand::product() })
}

async fn front(
    State(app): State<App>,
    look: Theme,
    here: Result<CurrentWorkspace>,
    visitor: Option<Visitor>,
) -> Result {
    match here {
        Err(answer) if answer.status() != StatusCode::NOT_FOUND => Err(answer),
        // A host that belongs to no workspace shows the product's own front page (E1).
        Err(answer) => match not_yet(&app, look, answer).await {
            Err(answer) if answer.status() == StatusCode::NOT_FOUND => early_access::front_page(look),
            shown => shown,
        },
        Ok(_) if visitor.is_some() => Ok(redirect("/messages")),
        Ok(_) => Ok(redirect("/sign-in")),
    }
}

#[derive(Template)]
#[template(path = "set_up/form.html")]
struct FormPage {
    look: Theme,
    brand: Brand,
    form: SetUp,
    wrong: FieldError,
}

impl FormPage {
    fn new(look: Theme) -> FormPage {
        FormPage { look, brand: Brand::product(), form: SetUp::default(), wrong: FieldError::default() }
    }
}

async fn form(State(app): State<App>, look: Theme, PathParam(secret): PathParam<String>) -> Result {
    let is_good = app.store().read(move |reader| set_up::check_set_up(reader, &secret)).await;
    match is_good {
        Ok(()) => page(StatusCode::OK, &FormPage::new(look)),
        Err(error) => gone(&app, error).await,
    }
}

/// Answers a link that cannot be used. If the portal is already set up, that is the sign-in page.
async fn gone(app: &App, error: Error) -> Result {
    let is_set_up = app.store().read(workspaces::any).await?;
    if is_set_up && matches!(error, Error::NotFound | Error::Conflict(_)) {
        return Ok(redirect("/sign-in"));
    }
    Err(Answer::from(error))
}

async fn set_up(
    State(app): State<App>,
    look: Theme,
    PathParam(secret): PathParam<String>,
    headers: HeaderMap,
    Input(form): Input<SetUp>,
) -> Result {
    let (agent, given) = (browser_session::agent(&headers), form.clone());
    let outcome = app
        .store()
        .write(move |tx| {
            let (workspace, person) = set_up::set_up(tx, Some(&secret), &given)?;
            // The same path as for everybody else, so that the first visit is recorded.
            complete_sign_in::complete_sign_in(tx, workspace, person)?;
            browser_session::start(tx, workspace, person, &agent, None)
        })
        .await;
    match outcome {
        Err(error @ (Error::NotFound | Error::Conflict(_))) => gone(&app, error).await,
        outcome => match forms::checked(outcome)? {
            Ok(session) => Ok(browser_session::signed_in(&app, &session, "/set-up")),
            Err(wrong) => page(wrong.status(), &FormPage { form, wrong, ..FormPage::new(look) }),
        },
    }
}

#[derive(Template)]
#[template(path = "set_up/done.html")]
struct DonePage {
    layout: Layout,
}

/// The page that the first admin sees first.
async fn done(State(app): State<App>, visitor: Option<Visitor>) -> Result {
    let admin = visitor.filter(|visitor| access::admin(&visitor.actor).is_ok());
    let Some(visitor) = admin else { return Ok(redirect("/")) };
    let title = "Your portal is ready";
    let layout =
        app.store().read(move |reader| Layout::read(reader, &visitor, Module::Clients, title)).await?;
    page(StatusCode::OK, &DonePage { layout })
}
