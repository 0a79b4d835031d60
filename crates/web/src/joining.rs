//! Client users who invite colleagues of their company, from their profile; and the switch for it, under Settings → Joining.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::ids::CompanyId;
use domain::joining::{self, Colleague};
use domain::{Error, access};
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::App;
use crate::answers::{Result, Wanted, go, page};
use crate::forms::{self, Wrong};
use crate::input::{Asked, Input};
use crate::layout::{Layout, Module};
use crate::routes::Routes;
use crate::undo::{self, Saved, Undo};
use crate::visitor::Visitor;

const SETTINGS: &str = "/settings/joining";
const INVITE: &str = "/profile/colleagues";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(SETTINGS, settings).post(SETTINGS, change).get(INVITE, ask).post(INVITE, invite)
}

#[derive(Template)]
#[template(path = "settings/joining.html")]
struct SettingsPage {
    layout: Layout,
    may_invite: bool,
    saved: Saved,
}

async fn settings(State(app): State<App>, visitor: Visitor, Asked(saved): Asked<Saved>) -> Result {
    let read = move |reader: &Reader| {
        access::admin(&visitor.actor)?;
        let may_invite = joining::colleagues_at(reader, visitor.actor.workspace)?.is_some();
        let layout = Layout::read(reader, &visitor, Module::Settings, "Joining")?;
        Ok::<_, Error>(SettingsPage { layout, may_invite, saved })
    };
    page(StatusCode::OK, &app.store().read(read).await?)
}

/// The switch: one that is off sends nothing.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Switch {
    #[serde(skip_serializing_if = "Option::is_none")]
    colleagues: Option<String>,
}

async fn change(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Input(form): Input<Switch>,
) -> Result {
    let actor = visitor.actor;
    let may = form.colleagues.as_deref() == Some("on");
    let changed = app
        .store()
        .write(move |tx| {
            let before = joining::colleagues_at(tx, actor.workspace)?;
            joining::let_invite(tx, &actor, may)?;
            let word = if before.is_some() { "on" } else { "off" };
            Ok::<_, Error>(Undo::of(&Switch { colleagues: Some(word.to_string()) }))
        })
        .await?;
    if Wanted::of(&headers) == Wanted::Json {
        return Ok(axum::Json(changed).into_response());
    }
    Ok(go(&undo::saved(SETTINGS, changed)))
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    given_name: String,
    family_name: String,
    email: String,
    #[serde(deserialize_with = "serde_html_form::de::empty_as_none")]
    company: Option<CompanyId>,
}

#[derive(Template)]
#[template(path = "profile/colleagues.html")]
struct InvitePage {
    layout: Layout,
    companies: Vec<(CompanyId, String)>,
    form: Form,
    wrong: Wrong,
    done: bool,
}

#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn ask(State(app): State<App>, visitor: Visitor, Asked(Done { done }): Asked<Done>) -> Result {
    show(&app, visitor, Form::default(), Wrong::default(), done == "invited").await
}

async fn show(app: &App, visitor: Visitor, form: Form, wrong: Wrong, done: bool) -> Result {
    let read = move |reader: &Reader| {
        let companies = joining::own_companies(reader, &visitor.actor)?;
        if companies.is_empty() {
            return Err(Error::NotFound);
        }
        let layout = Layout::read(reader, &visitor, Module::Profile, "Invite a colleague")?;
        Ok(InvitePage { layout, companies, form, wrong, done })
    };
    let found = app.store().read(read).await?;
    page(found.wrong.status(), &found)
}

async fn invite(State(app): State<App>, visitor: Visitor, Input(form): Input<Form>) -> Result {
    let actor = visitor.actor;
    let colleague = Colleague {
        given_name: form.given_name.clone(),
        family_name: form.family_name.clone(),
        email: form.email.clone(),
        company: form.company,
    };
    let invited = app.store().write(move |tx| joining::invite_colleague(tx, &actor, &colleague)).await;
    match forms::checked(invited)? {
        Ok(()) => Ok(go(&format!("{INVITE}?done=invited"))),
        Err(wrong) => show(&app, visitor, form, wrong, false).await,
    }
}
