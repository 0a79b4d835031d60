//! One's own page: name, phone number, time zone, and the browsers where one is signed in (S1).

use askama::Template;
use domain::administration::profile::{self, SelfInput};
use domain::arrival::joining;
use domain::directory::person;
use domain::identity::sessions;
use domain::kernel::error;
use domain::kernel::ids::SessionId;
use store::Reader;

use crate::http::answers::{Result, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{Done, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::{FormPage, Visit};
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
    form: SelfInput,
    choices: ChoicesPart,
    /// Whether they may invite colleagues of their company.
    may_invite: bool,
    wrong: FieldError,
    done: String,
}

impl FormPage for ProfilePage {
    type Asked = (Option<SelfInput>, String);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (typed, done): Self::Asked,
        wrong: FieldError,
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
        let form = typed.unwrap_or(SelfInput {
            given_name: me.name.given.into(),
            family_name: me.name.family.into(),
            phone: me.phone.unwrap_or_default().into(),
            time_zone: me.time_zone.unwrap_or_default().into(),
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

impl ProfilePage {
    fn is_zone(&self, name: &str) -> bool {
        self.form.time_zone.value().is_some_and(|zone| zone == name)
    }
}

async fn profile(visit: Visit, Query(Done { done }): Query<Done>) -> Result {
    visit.show_form::<ProfilePage>((None, done), FieldError::default()).await
}

async fn edit(visit: Visit, Input(form): Input<SelfInput>) -> Result {
    // Names that are left out are as wrong as empty ones.
    let (given_name, family_name) = (form.given_name.or_cleared(), form.family_name.or_cleared());
    let form = SelfInput { given_name, family_name, ..form };
    let change = form.clone();
    match visit.submit(move |tx, actor| profile::edit_self(tx, actor, &change)).await? {
        Ok(()) => Ok(redirect("/profile?done=saved")),
        Err(wrong) => visit.show_form::<ProfilePage>((Some(form), String::new()), wrong).await,
    }
}

async fn end(visit: Visit, PathParam(session): PathParam<SessionId>) -> Result {
    visit.change("/profile?done=ended", move |tx, actor| sessions::end(tx, actor, session)).await
}

async fn end_others(visit: Visit) -> Result {
    let mine = visit.visitor.session;
    visit.change("/profile?done=ended", move |tx, actor| sessions::end_all_others(tx, actor, mine)).await
}
