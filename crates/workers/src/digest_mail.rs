//! The mail of a digest (N3, N7, N11): the messages by channel, each with sender and time, one Reply button a channel, with
//! the headers that let mail programs group such mails and end them. How it looks is in `templates/mail/`.
//!
//! Names, titles and brands are escaped by the templates; a message's Markdown becomes HTML through `domain::formatting`
//! alone.

use askama::Template;
use domain::formatting;
use domain::formatting::plain_text;
use domain::kernel::display;
use domain::notify::digests::{Digest, DigestChannel, DigestMessage, SentFile};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use outbound::mail::{Mail, Mailbox, one_line};
use store::Time;

use crate::mail::{Frame, MailComposer, rendered};

/// Maximum characters of the author in the sender's name; the brand beside it may have as many.
const SENDER_CHARACTERS_MAX: usize = 50;
/// DigestMessage if the workspace hides what was written.
const HIDDEN: &str = "What was written is not in this email: the link leads to it.";
/// Maximum characters of what a list of mails shows after the subject.
const PREVIEW_CHARACTERS: usize = 140;

impl MailComposer {
    /// The mail of a digest. `now` is when it is sent.
    pub fn digest(&self, now: Time, digest: &Digest) -> Mail {
        let host = self.host();
        let portal = self.portal(&digest.to);
        let brand = one_line(&digest.to.brand_name);
        let unsubscribe =
            digest.unsubscribe.as_ref().map(|secret| format!("{portal}/unsubscribe/{}", secret.reveal()));
        // Ids of mails that are never sent: mail programs group mails that refer to the same one into a conversation.
        let root = match digest.channels.as_slice() {
            [only] => format!("<channel.{}@{host}>", only.channel),
            _ => format!("<person.{}@{host}>", digest.to.person),
        };
        let mut headers = vec![("References", root)];
        if let Some(link) = &unsubscribe {
            headers.push(("List-Unsubscribe", format!("<{link}>")));
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_string()));
        }
        let subject = subject(digest, &brand);
        let preview = preview(digest);
        let sender = sender(digest, &brand);
        let content = DigestContent::new(digest, brand, &portal, unsubscribe);
        let frame = Frame::new(&subject, &preview, &digest.to);
        Mail {
            message_id: format!("digest.{}@{host}", digest.id),
            date_ms: now.0,
            from: Mailbox::new(sender, self.address()),
            to: Mailbox::new(digest.to.name.full(), digest.to.name.email.clone()),
            text: rendered(&TextTemplate { content: &content }),
            html: rendered(&HtmlTemplate { frame, content: &content }),
            subject,
            headers,
        }
    }
}

#[derive(Template)]
#[template(path = "mail/digest.html")]
struct HtmlTemplate<'a> {
    frame: Frame<'a>,
    content: &'a DigestContent<'a>,
}

#[derive(Template)]
#[template(path = "mail/digest.txt")]
struct TextTemplate<'a> {
    content: &'a DigestContent<'a>,
}

/// What the templates of a digest write.
struct DigestContent<'a> {
    brand: String,
    channels: Vec<Channel<'a>>,
    /// Where the reader chooses what they are sent, and where they end it.
    ways_out: Vec<WayOut>,
}

struct Channel<'a> {
    title: String,
    messages: Vec<Message<'a>>,
    /// What there is to say beneath the messages.
    remarks: Vec<String>,
    /// Where the Reply button leads.
    link: String,
}

struct Message<'a> {
    author: String,
    /// When it was sent, and that it was edited.
    at: String,
    /// `None` if the workspace hides what was written.
    text: Option<&'a str>,
    /// The same as safe HTML; empty if hidden.
    html: String,
    files: Vec<File>,
}

struct File {
    name: String,
    /// Its size, or that it was removed; may be empty.
    about: String,
}

struct WayOut {
    label: &'static str,
    link: String,
}

impl<'a> DigestContent<'a> {
    fn new(
        digest: &'a Digest,
        brand: String,
        portal: &str,
        unsubscribe: Option<String>,
    ) -> DigestContent<'a> {
        let clock = Clock::new(digest.time_zone.as_deref());
        let channels = digest.channels.iter().map(|part| Channel {
            title: one_line(&part.title),
            messages: part.messages.iter().map(|said| message(said, digest.hides_text, &clock)).collect(),
            remarks: more(part).into_iter().chain(digest.hides_text.then(|| HIDDEN.to_string())).collect(),
            link: format!("{portal}/r/{}", part.link.reveal()),
        });
        let choices = WayOut { label: "What you are sent", link: format!("{portal}/profile") };
        let unsubscribe = unsubscribe.map(|link| WayOut { label: "Unsubscribe", link });
        DigestContent {
            brand,
            channels: channels.collect(),
            ways_out: [choices].into_iter().chain(unsubscribe).collect(),
        }
    }
}

/// Writes times in the reader's time zone, or in UTC if that is unknown.
struct Clock {
    zone: TimeZone,
    is_utc: bool,
}

impl Clock {
    fn new(zone: Option<&str>) -> Clock {
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        Clock { is_utc: zone.is_none(), zone: zone.unwrap_or(TimeZone::UTC) }
    }

    fn at(&self, time: Time) -> String {
        let at = Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let zone = if self.is_utc { " UTC" } else { "" };
        format!("{}{zone}", at.to_zoned(self.zone.clone()).strftime("%a %-d %b, %H:%M"))
    }
}

fn message<'a>(said: &'a DigestMessage, is_hidden: bool, clock: &Clock) -> Message<'a> {
    let edited = if said.edited_at.is_some() { ", edited" } else { "" };
    Message {
        author: one_line(&said.author_name.full()),
        at: format!("{}{edited}", clock.at(said.sent_at)),
        text: (!is_hidden).then_some(said.text.as_str()),
        html: if is_hidden { String::new() } else { formatting::html(&said.text, &[]) },
        files: files(said, is_hidden),
    }
}

/// If what people wrote is hidden, so are the names of files: only their number is given.
fn files(said: &DigestMessage, is_hidden: bool) -> Vec<File> {
    let count = |name: String| vec![File { name, about: String::new() }];
    match said.files.len() {
        0 => Vec::new(),
        1 if is_hidden => count("1 file".to_string()),
        several if is_hidden => count(format!("{several} files")),
        _ => said.files.iter().map(file).collect(),
    }
}

fn file(file: &SentFile) -> File {
    let about = if file.is_removed { "removed".to_string() } else { display::size(file.size) };
    File { name: one_line(&display::shown(&file.name)), about }
}

fn more(part: &DigestChannel) -> Option<String> {
    match part.more {
        0 => None,
        1 => Some("And one more message.".to_string()),
        more => Some(format!("And {more} more messages.")),
    }
}

/// The names of the authors, each once, in the order of their first message.
fn authors(digest: &Digest) -> Vec<String> {
    let mut people = Vec::new();
    let mut names = Vec::new();
    for said in digest.channels.iter().flat_map(|part| &part.messages) {
        if !people.contains(&said.author) {
            people.push(said.author);
            names.push(one_line(&said.author_name.full()));
        }
    }
    names
}

fn sender(digest: &Digest, brand: &str) -> String {
    let authors = authors(digest);
    let first = cut(authors.first().map_or("", String::as_str), SENDER_CHARACTERS_MAX);
    let others = if authors.len() > 1 { " and others" } else { "" };
    format!("{first}{others} via {}", cut(brand, SENDER_CHARACTERS_MAX))
}

/// Equal for all digests of one channel, so that mail programs keep them in one conversation.
fn subject(digest: &Digest, brand: &str) -> String {
    match digest.channels.as_slice() {
        [only] => format!("New messages: {}", one_line(&only.title)),
        _ => format!("New messages: {brand}"),
    }
}

fn preview(digest: &Digest) -> String {
    let first = digest.channels.first().and_then(|part| part.messages.first());
    match first {
        Some(said) if !digest.hides_text => {
            let mut words = plain_text::plain(&said.text, PREVIEW_CHARACTERS);
            if words.is_empty() {
                let names = said.files.iter().map(|file| one_line(&display::shown(&file.name)));
                words = cut(&names.collect::<Vec<_>>().join(", "), PREVIEW_CHARACTERS);
            }
            format!("{}: {words}", one_line(&said.author_name.full()))
        }
        _ => format!("From {}", authors(digest).join(", ")),
    }
}

fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().nth(characters_max).is_none() {
        return text.to_string();
    }
    let kept: String = text.chars().take(characters_max - 1).collect();
    format!("{}…", kept.trim_end())
}
