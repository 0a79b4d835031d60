//! One's own page: name, phone number, time zone, and the browsers where one is signed in (S1).

use askama::Template;
use axum::extract::State;
use domain::administration::profile::{self, SelfChange};
use domain::arrival::joining;
use domain::directory::person;
use domain::identity::sessions;
use domain::kernel::error;
use domain::kernel::ids::SessionId;
use serde::Deserialize;
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visitor::Visitor;
use crate::pages::profile::device;
use crate::pages::profile::notification_preferences::ChoicesPart;
use crate::pages::profile::time_zones::{self, Region};
use crate::pages::settings::bounces::Bounced;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/profile", profile)
        .post("/profile", edit)
        .post("/profile/sessions/{id}/end", end)
        .post("/profile/sessions/end-others", end_others)
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    given_name: String,
    family_name: String,
    phone: String,
    time_zone: String,
}

/// A browser that is signed in.
struct Device {
    id: SessionId,
    name: String,
    is_this: bool,
    since: Shown,
    used: Shown,
}

#[derive(Template)]
#[template(path = "profile/profile.html")]
struct ProfilePage {
    layout: Layout,
    email: String,
    /// Set if this address takes no mail (N12).
    bounced: Option<Bounced>,
    devices: Vec<Device>,
    regions: &'static [Region],
    form: Form,
    choices: ChoicesPart,
    /// Whether they may invite colleagues of their company.
    may_invite: bool,
    wrong: FieldError,
    done: String,
}

impl ProfilePage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        typed: Option<Form>,
        wrong: FieldError,
        done: String,
    ) -> error::Result<ProfilePage> {
        let me = person::profile(reader, &visitor.actor)?;
        let layout = Layout::read(reader, visitor, Module::Profile, "Profile")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let shown = |time| times::shown(time, reader.now(), &zone);
        let device = |session: sessions::Session| Device {
            id: session.id,
            name: device::name(&session.agent),
            is_this: session.id == visitor.session,
            since: shown(session.created_at),
            used: shown(session.used_at),
        };
        let mut devices: Vec<Device> =
            sessions::list(reader, &visitor.actor)?.into_iter().map(device).collect();
        devices.sort_by_key(|device| !device.is_this);
        let form = typed.unwrap_or(Form {
            given_name: me.name.given,
            family_name: me.name.family,
            phone: me.phone.unwrap_or_default(),
            time_zone: me.time_zone.unwrap_or_default(),
        });
        Ok(ProfilePage {
            layout,
            email: me.name.email,
            bounced: Bounced::of_person(reader, visitor.actor.workspace, visitor.actor.person, &zone)?,
            devices,
            regions: time_zones::regions(),
            form,
            choices: ChoicesPart::read(reader, visitor)?,
            may_invite: !joining::own_companies(reader, &visitor.actor)?.is_empty(),
            wrong,
            done,
        })
    }
}

async fn show(app: &App, visitor: Visitor, typed: Option<Form>, wrong: FieldError, done: String) -> Result {
    let read = move |reader: &Reader| ProfilePage::read(reader, &visitor, typed, wrong, done);
    let profile = app.store().read(read).await?;
    page(profile.wrong.status(), &profile)
}

/// What was just done, so that the page can confirm it.
#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn profile(State(app): State<App>, visitor: Visitor, Query(Done { done }): Query<Done>) -> Result {
    show(&app, visitor, None, FieldError::default(), done).await
}

async fn edit(State(app): State<App>, visitor: Visitor, Input(form): Input<Form>) -> Result {
    let actor = visitor.actor;
    let change = SelfChange {
        given_name: Some(form.given_name.clone()),
        family_name: Some(form.family_name.clone()),
        phone: Some(form.phone.clone()),
        time_zone: Some(form.time_zone.clone()),
    };
    match forms::checked(app.store().write(move |tx| profile::edit_self(tx, &actor, &change)).await)? {
        Ok(()) => Ok(redirect("/profile?done=saved")),
        Err(wrong) => show(&app, visitor, Some(form), wrong, String::new()).await,
    }
}

async fn end(State(app): State<App>, visitor: Visitor, PathParam(session): PathParam<SessionId>) -> Result {
    app.store().write(move |tx| sessions::end(tx, &visitor.actor, session)).await?;
    Ok(redirect("/profile?done=ended"))
}

async fn end_others(State(app): State<App>, visitor: Visitor) -> Result {
    app.store().write(move |tx| sessions::end_all_others(tx, &visitor.actor, visitor.session)).await?;
    Ok(redirect("/profile?done=ended"))
}
