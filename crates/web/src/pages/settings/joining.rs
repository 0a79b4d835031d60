//! Settings → Joining, for admins: whether people may sign up (S14), and whether client users may invite colleagues to
//! their company (S2), which they do from their profile.

use askama::Template;
use axum::http::header::HeaderMap;
use domain::administration::clients::Colleague;
use domain::arrival::joining::{self, Joining, JoiningChange};
use domain::kernel::access;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::CompanyId;
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::http::answers::{Result, redirect};
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, Done, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved, Undo};
use crate::http::visit::{FormPage, Visit};
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

async fn settings(visit: Visit, Query(saved): Query<Saved>) -> Result {
    let sign_up_address = format!("{}/sign-up", visit.app.address_of(&visit.visitor.workspace));
    let read = move |reader: &Reader, visitor: &Visitor| {
        access::admin(&visitor.actor)?;
        let now = joining::setting(reader, visitor.actor.workspace)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "Joining")?;
        Ok(SettingsPage { layout, now, sign_up_address, saved })
    };
    visit.show(read).await
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

async fn change(visit: Visit, headers: HeaderMap, Input(form): Input<Switches>) -> Result {
    let changed = visit.write(move |tx, actor| {
        access::admin(actor)?;
        let before = joining::setting(tx, actor.workspace)?;
        let change = form.change()?;
        joining::change(tx, actor, &change)?;
        Ok(Undo::of(&Switches::undo(&before, &change)))
    });
    Ok(undo::answer(&headers, SETTINGS, changed.await?))
}

#[derive(Template)]
#[template(path = "profile/colleagues.html")]
struct InvitePage {
    layout: Layout,
    companies: Vec<(CompanyId, String)>,
    form: Colleague,
    wrong: FieldError,
    done: bool,
}

impl FormPage for InvitePage {
    /// What was typed, and whether somebody was just invited.
    type Asked = (Colleague, bool);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (form, done): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<InvitePage> {
        let companies = joining::own_companies(reader, &visitor.actor)?;
        if companies.is_empty() {
            return Err(Error::NotFound);
        }
        let layout = Layout::read(reader, visitor, Module::Profile, "Invite a colleague")?;
        Ok(InvitePage { layout, companies, form, wrong, done })
    }
}

async fn ask(visit: Visit, Query(Done { done }): Query<Done>) -> Result {
    let asked = (Colleague::default(), done == "invited");
    visit.show_form::<InvitePage>(asked, FieldError::default()).await
}

async fn invite(visit: Visit, Input(form): Input<Colleague>) -> Result {
    let colleague = form.clone();
    match visit.submit(move |tx, actor| joining::invite_colleague(tx, actor, &colleague)).await? {
        Ok(()) => Ok(redirect(&format!("{INVITE}?done=invited"))),
        Err(wrong) => visit.show_form::<InvitePage>((form, false), wrong).await,
    }
}
