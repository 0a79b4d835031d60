//! The attachments of a message, the same for everybody in its channel: pictures with their space reserved (F4), video
//! and audio to play, other files with name and size, and only the name of what was removed (F5).

use askama::Template;
use domain::files::content::Class;
use domain::files::{blobs, names};
use domain::kernel::display;
use domain::kernel::ids::{ChannelId, FileId};
use domain::messages::attachments::{Attachment, State};

/// The largest width and height of a picture in a conversation, in CSS pixels.
const SHOWN_MAX: (i64, i64) = (360, 320);
/// The longest file extension that is shown as the file's kind.
const KIND_CHARACTERS: usize = 5;

/// Where files are reached: in the portal, or through a reply link.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    prefix: String,
    /// Whether files have pages of their own (F11). Reply links have none.
    has_pages: bool,
}

impl Reached {
    /// For somebody who is signed in.
    pub(crate) fn in_portal(channel: ChannelId) -> Reached {
        Reached { prefix: format!("/files/{channel}"), has_pages: true }
    }

    /// For the page of a reply link.
    pub(crate) fn by_link(token: &str) -> Reached {
        Reached { prefix: format!("/r/{token}/files"), has_pages: false }
    }

    /// The address of a file's bytes; `way` is `content`, `download` or `small`.
    pub(crate) fn bytes(&self, file: FileId, way: &str) -> String {
        format!("{}/{file}/{way}", self.prefix)
    }

    /// Where a click on the file leads.
    fn look(&self, file: FileId, class: Class) -> String {
        match class {
            Class::Picture | Class::Pdf if self.has_pages => format!("{}/{file}", self.prefix),
            class if class.opens_in_place() => self.bytes(file, "content"),
            _ => self.bytes(file, "download"),
        }
    }
}

/// One attachment as templates show it.
#[derive(Template)]
#[template(path = "files/attached.html")]
struct AttachedPart {
    name: String,
    /// For instance `PDF · 1.2 MB`.
    kind: String,
    class: &'static str,
    state: Shown,
    look: String,
    download: String,
    content: String,
}

enum Shown {
    /// A small version, with its displayed size.
    Picture {
        src: String,
        width: i64,
        height: i64,
    },
    /// Reserved space: the small version is not ready yet.
    Frame {
        width: i64,
        height: i64,
    },
    Video,
    Audio,
    Plain,
    HeldBack(&'static str),
    Removed,
}

/// All attachments of a message as HTML.
pub(crate) fn fragment(attachments: &[Attachment], reached: &Reached) -> String {
    attachments.iter().map(|attachment| part(attachment, reached)).collect()
}

fn part(attachment: &Attachment, reached: &Reached) -> String {
    let file = attachment.file;
    let class = attachment.class();
    let part = AttachedPart {
        name: display::shown(&attachment.name),
        kind: format!("{} · {}", kind(&attachment.name, class), display::size(attachment.size)),
        class: class.word(),
        state: shown(attachment, class, reached),
        look: reached.look(file, class),
        download: reached.bytes(file, "download"),
        content: reached.bytes(file, "content"),
    };
    // Writing into memory does not fail.
    part.render().expect("a template renders into a string")
}

fn shown(attachment: &Attachment, class: Class, reached: &Reached) -> Shown {
    let stored = match &attachment.state {
        State::Removed => return Shown::Removed,
        State::HeldBack(why) if why == blobs::UNCHECKED => return Shown::HeldBack("Being checked"),
        State::HeldBack(why) if why == blobs::TOO_LARGE => {
            return Shown::HeldBack("Held back: too large to be checked");
        }
        State::HeldBack(why) if why == blobs::DAMAGED => return Shown::HeldBack("Damaged"),
        State::HeldBack(_) => return Shown::HeldBack("Held back: it may be harmful"),
        State::There(stored) => stored,
    };
    match (class, stored.dimensions, stored.small) {
        (Class::Picture | Class::Pdf, _, Some(small)) => {
            let (width, height) = fit(small);
            Shown::Picture { src: reached.bytes(attachment.file, "small"), width, height }
        }
        (Class::Picture, Some(dimensions), None) => {
            let (width, height) = fit(dimensions);
            Shown::Frame { width, height }
        }
        (Class::Video, ..) => Shown::Video,
        (Class::Audio, ..) => Shown::Audio,
        _ => Shown::Plain,
    }
}

/// Scales down to fit a conversation, never up.
fn fit((width, height): (i64, i64)) -> (i64, i64) {
    let (width, height) = (width.max(1) as f64, height.max(1) as f64);
    let scale = (SHOWN_MAX.0 as f64 / width).min(SHOWN_MAX.1 as f64 / height).min(1.0);
    let scaled = |side: f64| ((side * scale).round() as i64).max(1);
    (scaled(width), scaled(height))
}

/// A short word for a file's kind: its extension if that is short, otherwise its class.
pub(crate) fn kind(name: &str, class: Class) -> String {
    let end = names::extension(name).trim_start_matches('.');
    let is_word = !end.is_empty()
        && end.chars().count() <= KIND_CHARACTERS
        && end.chars().all(|character| character.is_ascii_alphanumeric());
    if is_word {
        return end.to_ascii_uppercase();
    }
    match class {
        Class::Picture => "Picture",
        Class::Video => "Video",
        Class::Audio => "Audio",
        Class::Pdf => "PDF",
        Class::Document => "Text",
        Class::Table => "Table",
        Class::Slides => "Slides",
        Class::Archive => "Archive",
        Class::Other => "File",
    }
    .to_string()
}

/// Stands in for the text of a message that has only files.
pub(crate) fn in_words(count: i64, first: &str) -> String {
    let first = display::shown(first);
    match count {
        0 => String::new(),
        1 => first,
        2 => format!("{first} and 1 more file"),
        more => format!("{first} and {} more files", more - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f4_a_picture_gets_the_space_that_it_will_need() {
        assert_eq!(fit((960, 480)), (360, 180));
        assert_eq!(fit((480, 960)), (160, 320));
        assert_eq!(fit((30, 20)), (30, 20));
        assert_eq!(fit((20_000, 1)), (360, 1));
        assert_eq!(fit((0, 0)), (1, 1));
    }

    #[test]
    fn f11_pictures_and_documents_are_looked_at_on_pages_of_their_own_where_there_are_any() {
        let (channel, file) = (ChannelId(uuid::Uuid::nil()), FileId(uuid::Uuid::nil()));
        let (portal, link) = (Reached::in_portal(channel), Reached::by_link("token"));
        assert_eq!(portal.look(file, Class::Picture), format!("/files/{channel}/{file}"));
        assert_eq!(portal.look(file, Class::Pdf), format!("/files/{channel}/{file}"));
        assert_eq!(portal.look(file, Class::Table), format!("/files/{channel}/{file}/download"));
        assert_eq!(link.look(file, Class::Picture), format!("/r/token/files/{file}/content"));
        assert_eq!(link.look(file, Class::Pdf), format!("/r/token/files/{file}/download"));
    }

    #[test]
    fn a_kind_is_a_short_word() {
        assert_eq!(kind("deed.pdf", Class::Pdf), "PDF");
        assert_eq!(kind("deed", Class::Pdf), "PDF");
        assert_eq!(kind("a.verylongend", Class::Other), "File");
        assert_eq!(kind("a.<b>", Class::Other), "File");
    }

    #[test]
    fn m1_a_message_without_words_is_known_by_its_files() {
        assert_eq!(in_words(1, "deed.pdf"), "deed.pdf");
        assert_eq!(in_words(2, "deed.pdf"), "deed.pdf and 1 more file");
        assert_eq!(in_words(5, "a\u{202e}b"), "a\u{fffd}b and 4 more files");
    }
}
