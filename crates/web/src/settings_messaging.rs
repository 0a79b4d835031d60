//! Settings → Messaging, for admins: the wait, hidden text, what reply links lead to. Each is saved at once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::settings::{self, MessagingChange, ReplyLinks, WAIT_MINUTES};
use domain::{Error, Problem, access};
use serde::Deserialize;
use store::Reader;

use crate::App;
use crate::answers::{Result, Wanted, go, page};
use crate::forms::{self, Wrong};
use crate::input::{Asked, Input};
use crate::layout::{Layout, Module};
use crate::routes::Routes;
use crate::visitor::Visitor;

const HERE: &str = "/settings/messaging";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(HERE, messaging).post(HERE, change)
}

/// What a form sends: the page has one for each setting. Nothing for what stays.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    wait_minutes: Option<String>,
    /// `hide` or `show`.
    text: Option<String>,
    reply_links: Option<String>,
}

impl Form {
    fn change(&self) -> domain::Result<MessagingChange> {
        let wait = |typed: &String| {
            let minutes = typed.trim().parse::<i64>();
            minutes.map_err(|_| Error::field("waitMinutes", Problem::NoChoice))
        };
        let hide = |word: &String| match word.as_str() {
            "hide" => Ok(true),
            "show" => Ok(false),
            _ => Err(Error::field("text", Problem::NoChoice)),
        };
        let links =
            |word: &String| ReplyLinks::from_word(word).ok_or(Error::field("replyLinks", Problem::NoChoice));
        Ok(MessagingChange {
            wait_minutes: self.wait_minutes.as_ref().map(wait).transpose()?,
            hide_text: self.text.as_ref().map(hide).transpose()?,
            reply_links: self.reply_links.as_ref().map(links).transpose()?,
            ..MessagingChange::default()
        })
    }
}

#[derive(Template)]
#[template(path = "settings/messaging.html")]
struct MessagingPage {
    layout: Layout,
    wait_minutes: String,
    wait_least: i64,
    wait_most: i64,
    hides_text: bool,
    reply_links: &'static str,
    wrong: Wrong,
    done: String,
}

impl MessagingPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        typed: Option<&Form>,
        wrong: Wrong,
        done: String,
    ) -> domain::Result<MessagingPage> {
        access::admin(&visitor.actor)?;
        let now = settings::messaging(reader, visitor.actor.workspace)?;
        let typed = typed.and_then(|form| form.wait_minutes.clone());
        Ok(MessagingPage {
            layout: Layout::read(reader, visitor, Module::Settings, "Messaging")?,
            wait_minutes: typed.unwrap_or_else(|| now.wait_minutes.to_string()),
            wait_least: *WAIT_MINUTES.start(),
            wait_most: *WAIT_MINUTES.end(),
            hides_text: now.hide_text_at.is_some(),
            reply_links: now.reply_links.word(),
            wrong,
            done,
        })
    }
}

/// What was just done here, for a word about it.
#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn messaging(State(app): State<App>, visitor: Visitor, Asked(Done { done }): Asked<Done>) -> Result {
    let read = move |reader: &Reader| MessagingPage::read(reader, &visitor, None, Wrong::default(), done);
    page(StatusCode::OK, &app.store().read(read).await?)
}

async fn change(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Input(form): Input<Form>,
) -> Result {
    let (actor, given) = (visitor.actor, form.clone());
    let changed = app
        .store()
        .write(move |tx| {
            access::admin(&actor)?;
            settings::change_messaging(tx, &actor, &given.change()?)
        })
        .await;
    if Wanted::of(&headers) == Wanted::Json {
        changed?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    match forms::checked(changed)? {
        Ok(()) => Ok(go("/settings/messaging?done=saved")),
        Err(wrong) => {
            let read = move |reader: &Reader| {
                MessagingPage::read(reader, &visitor, Some(&form), wrong, String::new())
            };
            let again = app.store().read(read).await?;
            page(again.wrong.status(), &again)
        }
    }
}
