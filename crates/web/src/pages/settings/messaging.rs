//! Settings → Modules → Messaging, for admins: the welcome message, the wait, hidden content, sign-in for reply links,
//! and channels of client users. Each is saved at once; the answer carries the previous value, so that it can be undone.

use askama::Template;
use axum::http::header::HeaderMap;
use domain::administration::settings::MessagingChange;
use domain::directory::team;
use domain::kernel::access;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{self, PersonId};
use domain::tenant::settings::{DefaultChannel, Messaging, ReplyLinks, WAIT_MINUTES};
use domain::welcome::greeting;
use domain::welcome::setting::{self, Welcome, WelcomeChange};
use domain::{administration, tenant};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};

use crate::http::answers::Result;
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved};
use crate::http::visit::{FormPage, Visit};
use crate::http::visitor::Visitor;
use crate::pages::settings::welcome::{Phone, Picker};

const HERE: &str = "/settings/messaging";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(HERE, messaging).post(HERE, change)
}

/// What a form sends; the page has one for each setting. `None` leaves a value unchanged.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    /// The switch that the form is for: a switch that is off sends no value of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    switch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    welcome_enabled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    welcome_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_minutes: Option<String>,
    /// `hide` or `show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_links: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clients_may_start: Option<String>,
}

fn no_choice(field: &'static str) -> Error {
    Error::field(field, Problem::NoChoice)
}

impl Form {
    fn messaging(&self) -> error::Result<MessagingChange> {
        let wait = |typed: &String| typed.trim().parse::<i64>().map_err(|_| no_choice("waitMinutes"));
        let hide = |word: &String| match word.as_str() {
            "hide" => Ok(true),
            "show" => Ok(false),
            _ => Err(no_choice("text")),
        };
        let links = |word: &String| ReplyLinks::from_word(word).ok_or(no_choice("replyLinks"));
        let channel = |word: &String| DefaultChannel::from_word(word).ok_or(no_choice("defaultChannel"));
        Ok(MessagingChange {
            wait_minutes: self.wait_minutes.as_ref().map(wait).transpose()?,
            hide_text: self.text.as_ref().map(hide).transpose()?,
            reply_links: self.reply_links.as_ref().map(links).transpose()?,
            default_channel: self.default_channel.as_ref().map(channel).transpose()?,
            clients_may_start: self.switched("clientsMayStart", self.clients_may_start.as_ref())?,
        })
    }

    fn welcome(&self) -> error::Result<WelcomeChange> {
        let sender = |id: &String| id.parse::<PersonId>().map_err(|_| no_choice("welcome.senderId"));
        Ok(WelcomeChange {
            enabled: self.switched("welcomeEnabled", self.welcome_enabled.as_ref())?,
            text: self.welcome_text.clone(),
            sender: self.sender_id.as_ref().map(sender).transpose()?,
        })
    }

    fn switched(&self, name: &'static str, value: Option<&String>) -> error::Result<Option<bool>> {
        forms::switched(self.switch.as_deref(), name, value.map(String::as_str))
    }

    /// The form that undoes this one.
    fn undo(&self, tx: &Tx, workspace: ids::WorkspaceId) -> error::Result<Form> {
        let before = tenant::settings::messaging(tx, workspace)?;
        let greeting = setting::setting(tx, workspace)?;
        let signer = setting::signer(tx, workspace)?;
        let switch = |name: &str, is_on: bool| {
            let is_meant = self.switch.as_deref() == Some(name);
            is_meant.then(|| if is_on { "on".to_string() } else { "off".to_string() })
        };
        Ok(Form {
            switch: self.switch.clone(),
            welcome_enabled: switch("welcomeEnabled", greeting.enabled),
            welcome_text: self.welcome_text.as_ref().map(|_| greeting.text),
            sender_id: self.sender_id.as_ref().and_then(|_| signer.map(|(id, _)| id.to_string())),
            wait_minutes: self.wait_minutes.as_ref().map(|_| before.wait_minutes.to_string()),
            text: self.text.as_ref().map(|_| hides(&before).to_string()),
            reply_links: self.reply_links.as_ref().map(|_| before.reply_links.word().to_string()),
            default_channel: self.default_channel.as_ref().map(|_| before.default_channel.word().to_string()),
            clients_may_start: switch("clientsMayStart", before.clients_start_at.is_some()),
        })
    }
}

fn hides(messaging: &Messaging) -> &'static str {
    if messaging.hide_text_at.is_some() { "hide" } else { "show" }
}

/// An internal user who may sign the welcome message.
struct Signer {
    id: PersonId,
    name: String,
    signs: bool,
}

#[derive(Template)]
#[template(path = "settings/messaging.html")]
struct MessagingPage {
    layout: Layout,
    now: Messaging,
    welcome: Welcome,
    welcome_text: String,
    signers: Vec<Signer>,
    /// The chosen sender who cannot sign, and the admin who signs instead (W1).
    missing: Option<(String, String)>,
    picker: Picker,
    phone: Option<Phone>,
    wait_minutes: String,
    wait_least: i64,
    wait_most: i64,
    hides_text: bool,
    wrong: FieldError,
    saved: Saved,
}

impl FormPage for MessagingPage {
    type Asked = (Form, Saved);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (typed, saved): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<MessagingPage> {
        let actor = &visitor.actor;
        access::admin(actor)?;
        let now = tenant::settings::messaging(reader, actor.workspace)?;
        let welcome = setting::setting(reader, actor.workspace)?;
        let signer = setting::signer(reader, actor.workspace)?;
        let signs = |id: PersonId| signer.as_ref().is_some_and(|(signer, _)| *signer == id);
        let internal = team::internal_users(reader, actor)?.into_iter();
        let signers: Vec<Signer> = internal
            .filter(|person| person.deactivated_at.is_none())
            .map(|person| Signer { id: person.id, name: person.name.full(), signs: signs(person.id) })
            .collect();
        let missing = setting::missing(reader, actor.workspace)?;
        let signer_name = signer.as_ref().map(|(_, name)| name.full()).unwrap_or_default();
        let phone = match signer {
            Some((signer, _)) => {
                let sample = greeting::sample(reader, actor, &welcome.text, signer)?;
                Some(Phone::of_sample(&visitor.workspace, sample, reader.now()))
            }
            None => None,
        };
        Ok(MessagingPage {
            layout: Layout::read(reader, visitor, Module::Settings, "Messaging")?,
            welcome_text: typed.welcome_text.unwrap_or_else(|| welcome.text.clone()),
            welcome,
            signers,
            missing: missing.map(|name| (name.full(), signer_name)),
            picker: Picker::new(),
            phone,
            wait_minutes: typed.wait_minutes.unwrap_or_else(|| now.wait_minutes.to_string()),
            wait_least: *WAIT_MINUTES.start(),
            wait_most: *WAIT_MINUTES.end(),
            hides_text: now.hide_text_at.is_some(),
            now,
            wrong,
            saved,
        })
    }
}

async fn messaging(visit: Visit, Query(saved): Query<Saved>) -> Result {
    visit.show_form::<MessagingPage>((Form::default(), saved), FieldError::default()).await
}

async fn change(visit: Visit, headers: HeaderMap, Input(form): Input<Form>) -> Result {
    let given = form.clone();
    let saved = undo::save(&visit, &headers, HERE, move |tx, actor| {
        let (messaging, greeting) = (given.messaging()?, given.welcome()?);
        let undo = given.undo(tx, actor.workspace)?;
        administration::settings::change_messaging(tx, actor, &messaging)?;
        setting::change(tx, actor, &greeting)?;
        Ok(undo)
    });
    match saved.await? {
        Ok(answer) => Ok(answer),
        Err(wrong) => visit.show_form::<MessagingPage>((form, Saved::default()), wrong).await,
    }
}
