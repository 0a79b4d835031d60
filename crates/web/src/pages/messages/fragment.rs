//! A message as HTML, the same for everybody who may see it: on pages, in live updates and in answers to scripts.

use askama::Template;
use domain::formatting;
use domain::formatting::{emoji, plain_text};
use domain::messages::message::Message;
use jiff::tz::TimeZone;

use crate::http::avatars::Avatar;
use crate::http::times;
use crate::pages::files::attached::{self, Reached};

/// The length of a message's preview in lists and notifications.
const PREVIEW_CHARACTERS: usize = 140;

#[derive(Template)]
#[template(path = "messages/message.html")]
pub(crate) struct MessagePart {
    pub(crate) id: String,
    pub(crate) position: String,
    pub(crate) author: String,
    pub(crate) name: String,
    pub(crate) face: Avatar,
    pub(crate) at: String,
    pub(crate) clock: String,
    pub(crate) html: String,
    /// Its attachments as HTML.
    pub(crate) files: String,
    pub(crate) has_text: bool,
    pub(crate) has_files: bool,
    pub(crate) is_emoji: bool,
    pub(crate) is_edited: bool,
    pub(crate) is_deleted: bool,
}

pub(crate) fn fragment(message: &Message) -> String {
    fragment_for(message, &Reached::in_portal(message.channel))
}

/// A message whose files are linked where this viewer can reach them (a reply link has addresses of its own).
pub(crate) fn fragment_for(message: &Message, reached: &Reached) -> String {
    let part = MessagePart {
        id: message.id.to_string(),
        position: message.position.to_string(),
        author: message.author.to_string(),
        name: message.author_name.full(),
        face: Avatar::of_person(message.author.0, &message.author_name),
        at: times::exact(message.sent_at),
        clock: times::clock(message.sent_at, &TimeZone::UTC),
        html: formatting::html(&message.text, &message.mentions),
        files: attached::fragment(&message.attachments, reached),
        has_text: !message.text.is_empty(),
        has_files: !message.attachments.is_empty(),
        is_emoji: emoji::is_emoji_only(&message.text),
        is_edited: message.edited_at.is_some(),
        is_deleted: message.deleted_at.is_some(),
    };
    // Writing into memory does not fail.
    part.render().expect("a template renders into a string")
}

/// The beginning of a message, for lists and notifications.
pub(crate) fn preview(message: &Message) -> String {
    let count = i64::try_from(message.attachments.len()).expect("a list in memory has a length of 63 bits");
    let first = message.attachments.first().map_or("", |first| first.name.as_str());
    first_words(&message.text, message.deleted_at.is_some(), (count, first))
}

/// The beginning of a text; if it has none, the number of files and the first one's name, or that it was deleted.
pub(crate) fn first_words(text: &str, is_deleted: bool, (count, first): (i64, &str)) -> String {
    if is_deleted {
        "Message deleted".to_string()
    } else if text.is_empty() {
        attached::in_words(count, first)
    } else {
        plain_text::plain(text, PREVIEW_CHARACTERS)
    }
}
