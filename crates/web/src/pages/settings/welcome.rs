//! The welcome message (W1–W3): a preview as it looks on a client user's phone, its text for one client user alone, and
//! the picker of merge fields. Its settings are in `messaging`.

use askama::Template;
use domain::channels::channel;
use domain::kernel::access;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId, PersonId};
use domain::kernel::name::Name;
use domain::messages::message::Message;
use domain::tenant::workspaces::Workspace;
use domain::welcome::greeting::{self, Foreseen, Sample};
use domain::welcome::setting;
use domain::welcome::template::{MergeField, TEMPLATE_CHARACTERS};
use serde::Deserialize;
use store::{Reader, Time};

use crate::http::answers::{Result, page, redirect};
use crate::http::brand::Brand;
use crate::http::extractors::{Input, PathParam};
use crate::http::forms::FieldError;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::fragment::fragment;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/settings/messaging/preview", preview)
        .get("/messages/{channel}/welcome", form)
        .post("/messages/{channel}/welcome", write)
        .post("/messages/{channel}/welcome/preview", preview_for)
}

/// The merge fields that can be inserted.
pub(crate) struct Picker {
    pub(crate) fields: Vec<Pick>,
    /// The length limit of a text in characters.
    pub(crate) most: usize,
}

/// A merge field to pick.
pub(crate) struct Pick {
    pub(crate) braced: String,
    pub(crate) meaning: &'static str,
}

impl Picker {
    pub(crate) fn new() -> Picker {
        let pick = |field: MergeField| Pick {
            braced: format!("{{{{{}}}}}", field.word()),
            meaning: field.meaning(),
        };
        Picker { fields: MergeField::ALL.into_iter().map(pick).collect(), most: TEMPLATE_CHARACTERS }
    }
}

/// Renders a message that does not exist yet.
fn shown(text: String, sender: PersonId, sender_name: Name, now: Time) -> String {
    fragment(&Message {
        id: MessageId::new(now),
        channel: ChannelId(sender.0),
        position: 0,
        author: sender,
        author_name: sender_name,
        author_role: access::Role::Staff,
        text,
        sent_at: now,
        edited_at: None,
        deleted_at: None,
        mentions: Vec::new(),
        attachments: Vec::new(),
    })
}

/// A message on a client user's phone.
pub(crate) struct Phone {
    pub(crate) client: String,
    pub(crate) brand: Brand,
    pub(crate) message: String,
}

impl Phone {
    pub(crate) fn of_sample(workspace: &Workspace, sample: Sample, now: Time) -> Phone {
        Phone {
            client: sample.client_name.given_or_full(),
            brand: Brand::of(workspace),
            message: shown(sample.text, sample.sender, sample.sender_name, now),
        }
    }

    fn of_foreseen(workspace: &Workspace, foreseen: Foreseen, now: Time) -> Phone {
        Phone {
            client: foreseen.client_name.given_or_full(),
            brand: Brand::of(workspace),
            message: shown(foreseen.text, foreseen.sender, foreseen.sender_name, now),
        }
    }
}

#[derive(Template)]
#[template(path = "welcome/phone.html")]
struct PhonePart {
    phone: Phone,
}

/// A text being written.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    text: String,
    /// The signer, if one is chosen next to the text.
    sender_id: Option<PersonId>,
    /// `reset` returns to the firm's own text.
    act: String,
}

/// A preview of the firm's text, for scripts.
async fn preview(visit: Visit, Input(form): Input<Form>) -> Result {
    let read = move |reader: &Reader, visitor: &Visitor| {
        let actor = &visitor.actor;
        access::admin(actor)?;
        let signer = match form.sender_id {
            Some(sender) => sender,
            None => setting::signer(reader, actor.workspace)?.ok_or(Error::NotFound)?.0,
        };
        let sample = greeting::sample(reader, actor, &form.text, signer)?;
        Ok(PhonePart { phone: Phone::of_sample(&visitor.workspace, sample, reader.now()) })
    };
    visit.show(read).await
}

/// A preview of the text for the client user of a channel, for scripts.
async fn preview_for(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(form): Input<Form>,
) -> Result {
    let read = move |reader: &Reader, visitor: &Visitor| {
        let foreseen = greeting::foreseen_with(reader, &visitor.actor, channel, Some(&form.text))?;
        let foreseen = foreseen.ok_or(Error::Conflict(greeting::CANCELLED))?;
        Ok(PhonePart { phone: Phone::of_foreseen(&visitor.workspace, foreseen, reader.now()) })
    };
    visit.show(read).await
}

/// The welcome message still to come, as shown to internal users in the channel (W3).
pub(crate) struct ToCome {
    pub(crate) client: String,
    pub(crate) sender: String,
    pub(crate) message: String,
    pub(crate) is_own: bool,
    pub(crate) others: usize,
}

impl ToCome {
    /// Returns `None` for client users and if no welcome message is to come.
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
    ) -> error::Result<Option<ToCome>> {
        if !visitor.actor.role.is_internal() {
            return Ok(None);
        }
        let foreseen = greeting::foreseen(reader, &visitor.actor, channel)?;
        Ok(foreseen.map(|foreseen| ToCome {
            client: foreseen.client_name.full(),
            sender: foreseen.sender_name.full(),
            message: shown(foreseen.text, foreseen.sender, foreseen.sender_name, reader.now()),
            is_own: foreseen.is_own,
            others: foreseen.others,
        }))
    }
}

#[derive(Template)]
#[template(path = "welcome/edit.html")]
struct EditPage {
    layout: Layout,
    channel: ChannelId,
    title: String,
    client: PersonId,
    client_name: String,
    is_own: bool,
    text: String,
    picker: Picker,
    phone: Phone,
    wrong: FieldError,
}

impl EditPage {
    /// Returns `None` if no welcome message is to come any more.
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
        typed: Option<String>,
        wrong: FieldError,
    ) -> error::Result<Option<EditPage>> {
        let Some(foreseen) = greeting::foreseen(reader, &visitor.actor, channel)? else { return Ok(None) };
        let found = channel::find(reader, &visitor.actor, channel)?;
        let title = format!("Welcome message for {}", foreseen.client_name.full());
        Ok(Some(EditPage {
            layout: Layout::read(reader, visitor, Module::Messages, &title)?,
            channel,
            title: found.title,
            client: foreseen.client,
            client_name: foreseen.client_name.full(),
            is_own: foreseen.is_own,
            text: typed.unwrap_or_else(|| foreseen.template.clone()),
            picker: Picker::new(),
            phone: Phone::of_foreseen(&visitor.workspace, foreseen, reader.now()),
            wrong,
        }))
    }
}

async fn form(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    show(visit, channel, None, FieldError::default()).await
}

/// Shows the text, or the channel if it was sent meanwhile or somebody wrote there first.
async fn show(visit: Visit, channel: ChannelId, typed: Option<String>, wrong: FieldError) -> Result {
    let (status, store) = (wrong.status(), visit.app.store().clone());
    let read = move |reader: &Reader| EditPage::read(reader, &visit.visitor, channel, typed, wrong);
    match store.read(read).await? {
        Some(found) => page(status, &found),
        None => Ok(redirect(&format!("/messages/{channel}"))),
    }
}

/// A text and the client user it is for.
#[derive(Clone, Deserialize)]
struct Written {
    client: PersonId,
    #[serde(default)]
    text: String,
    #[serde(default)]
    act: String,
}

async fn write(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(form): Input<Written>,
) -> Result {
    let given = form.clone();
    let written = visit.submit(move |tx, actor| {
        let text = (given.act != "reset").then_some(given.text.as_str());
        greeting::write_for(tx, actor, channel, given.client, text)
    });
    match written.await? {
        Ok(()) => Ok(redirect(&format!("/messages/{channel}"))),
        Err(wrong) => show(visit, channel, Some(form.text), wrong).await,
    }
}
