//! Settings → Joining, for admins: whether people may sign up (S14), and whether client users may invite colleagues to
//! their company (S2), which they do from their profile.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::administration::clients::Colleague;
use domain::arrival::joining::{self, Joining, JoiningChange};
use domain::kernel::access;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::CompanyId;
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved, Undo};
use crate::http::visitor::Visitor;

const SETTINGS: &str = "/settings/joining";
const INVITE: &str = "/profile/colleagues";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(SETTINGS, settings).post(SETTINGS, change).get(INVITE, ask).post(INVITE, invite)
}

#[derive(Template)]
#[template(path = "settings/joining.html")]
struct SettingsPage {
    layout: Layout,
    now: Joining,
    /// The address of the sign-up page.
    sign_up_address: String,
    saved: Saved,
}

async fn settings(State(app): State<App>, visitor: Visitor, Query(saved): Query<Saved>) -> Result {
    let sign_up_address = format!("{}/sign-up", app.address_of(&visitor.workspace));
    let read = move |reader: &Reader| {
        access::admin(&visitor.actor)?;
        let now = joining::setting(reader, visitor.actor.workspace)?;
        let layout = Layout::read(reader, &visitor, Module::Settings, "Joining")?;
        Ok::<_, Error>(SettingsPage { layout, now, sign_up_address, saved })
    };
    page(StatusCode::OK, &app.store().read(read).await?)
}

/// What a form sends; the page has one for each switch.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Switches {
    /// The switch that the form is for: a switch that is off sends no value of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    switch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colleagues: Option<String>,
}

impl Switches {
    fn change(&self) -> error::Result<JoiningChange> {
        let switched = |name, value| forms::switched(self.switch.as_deref(), name, value);
        Ok(JoiningChange {
            sign_up: switched("signUp", self.sign_up.as_deref())?,
            colleagues: switched("colleagues", self.colleagues.as_deref())?,
        })
    }

    /// The form that undoes `change`.
    fn undo(before: &Joining, change: &JoiningChange) -> Switches {
        let word = |is_on: bool| if is_on { "on".to_string() } else { "off".to_string() };
        Switches {
            switch: None,
            sign_up: change.sign_up.map(|_| word(before.sign_up_at.is_some())),
            colleagues: change.colleagues.map(|_| word(before.colleagues_at.is_some())),
        }
    }
}

async fn change(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Input(form): Input<Switches>,
) -> Result {
    let actor = visitor.actor;
    let changed = app
        .store()
        .write(move |tx| {
            access::admin(&actor)?;
            let before = joining::setting(tx, actor.workspace)?;
            let change = form.change()?;
            joining::change(tx, &actor, &change)?;
            Ok::<_, Error>(Undo::of(&Switches::undo(&before, &change)))
        })
        .await?;
    if ResponseFormat::of(&headers) == ResponseFormat::Json {
        return Ok(axum::Json(changed).into_response());
    }
    Ok(redirect(&undo::saved(SETTINGS, changed)))
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
    wrong: FieldError,
    done: bool,
}

#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn ask(State(app): State<App>, visitor: Visitor, Query(Done { done }): Query<Done>) -> Result {
    show(&app, visitor, Form::default(), FieldError::default(), done == "invited").await
}

async fn show(app: &App, visitor: Visitor, form: Form, wrong: FieldError, done: bool) -> Result {
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
        Ok(()) => Ok(redirect(&format!("{INVITE}?done=invited"))),
        Err(wrong) => show(&app, visitor, form, wrong, false).await,
    }
}
