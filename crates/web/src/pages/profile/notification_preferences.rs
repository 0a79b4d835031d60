//! How people are notified of missed messages (N10): the choice on Profile, and the one-click links in mails that turn
//! notifications off.
//!
//! A GET of an unsubscribe link changes nothing. The change is a POST that needs no session, only the link's secret,
//! because mail programs send it themselves (RFC 8058).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::medium::{Frequency, Medium};
use domain::notify::preferences::{self, Unsubscribe};
use domain::notify::reply_links;
use domain::tenant::settings;
use domain::tenant::workspaces::Workspace;
use serde::Deserialize;
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page};
use crate::http::brand::Brand;
use crate::http::extractors::{Input, PathParam};
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::visit::Visit;
use crate::http::visitor::{CurrentWorkspace, Visitor};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/profile/choices", choose)
        .post("/profile/links/end", end_links)
        .get("/unsubscribe/{token}", show_unsubscribe)
        .post("/unsubscribe/{token}", unsubscribe)
}

/// One preference as forms offer it.
pub(crate) struct Offered {
    pub(crate) word: &'static str,
    pub(crate) name: &'static str,
    pub(crate) chosen: bool,
}

/// The card on Profile.
pub(crate) struct ChoicesPart {
    pub(crate) email: Vec<Offered>,
    pub(crate) text: Vec<Offered>,
    /// The workspace's wait, for instance `5 minutes`.
    pub(crate) wait: String,
}

impl ChoicesPart {
    pub(crate) fn read(reader: &Reader, visitor: &Visitor) -> error::Result<ChoicesPart> {
        let actor = &visitor.actor;
        let chosen = preferences::of_person(reader, actor.workspace, actor.person)?;
        let wait = match settings::messaging(reader, actor.workspace)?.wait_minutes {
            1 => "a minute".to_string(),
            minutes => format!("{minutes} minutes"),
        };
        Ok(ChoicesPart { email: offered(chosen.email), text: offered(chosen.text), wait })
    }
}

fn offered(chosen: Frequency) -> Vec<Offered> {
    let offer = |choice: Frequency| Offered {
        word: choice.word(),
        name: match choice {
            Frequency::EveryMessage => "Each time",
            Frequency::OncePerVisit => "Once, until I have been back",
            Frequency::Off => "Never",
        },
        chosen: choice == chosen,
    };
    Frequency::ALL.into_iter().map(offer).collect()
}

/// The submitted preferences; an absent one stays unchanged.
#[derive(Deserialize)]
struct Form {
    email: Option<String>,
    text: Option<String>,
}

fn choice(field: &'static str, word: Option<&String>) -> error::Result<Option<Frequency>> {
    word.map(|word| Frequency::from_word(word).ok_or(Error::field(field, Problem::NoChoice))).transpose()
}

async fn choose(visit: Visit, Input(form): Input<Form>) -> Result {
    let email = choice("email", form.email.as_ref())?;
    let text = choice("text", form.text.as_ref())?;
    visit.change("/profile?done=saved", move |tx, actor| preferences::choose(tx, actor, email, text)).await
}

async fn end_links(visit: Visit) -> Result {
    visit.change("/profile?done=links", reply_links::revoke_mine).await
}

#[derive(Template)]
#[template(path = "profile/unsubscribe.html")]
struct UnsubscribePage {
    look: Theme,
    brand: Brand,
    /// `email` or `text`; `None` if the link is unknown.
    way: Option<&'static str>,
    is_done: bool,
}

fn shown(look: Theme, workspace: &Workspace, found: error::Result<Unsubscribe>) -> Result<Response> {
    let (status, way, is_done) = match found {
        Ok(link) => (StatusCode::OK, Some(link.way), link.choice == Frequency::Off),
        Err(Error::NotFound) => (StatusCode::NOT_FOUND, None, false),
        Err(error) => return Err(error.into()),
    };
    let brand = Brand::of(workspace);
    page(status, &UnsubscribePage { look, brand, way: way.map(Medium::word), is_done })
}

async fn show_unsubscribe(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    PathParam(token): PathParam<String>,
) -> Result<Response> {
    let id = workspace.id;
    let found = app.store().read(move |reader| preferences::find_unsubscribe(reader, id, &token)).await;
    shown(look, &workspace, found)
}

/// The body is not read: it says nothing that the address does not. The answer is a page, never a redirect (RFC 8058,
/// 3.1).
async fn unsubscribe(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    PathParam(token): PathParam<String>,
) -> Result<Response> {
    let id = workspace.id;
    let found = app.store().write(move |tx| preferences::unsubscribe(tx, id, &token)).await;
    shown(look, &workspace, found)
}
