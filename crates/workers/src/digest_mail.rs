//! The mail of a digest (N3, N7, N11): the messages by channel, each with sender and time, one Reply button a channel, as
//! text and as HTML, with the headers that let mail programs group such mails and end them.
//!
//! Names, titles and brands are text here and never markup; a message's Markdown becomes HTML through
//! `domain::formatting` alone. Relies on [`crate::mail`] for the form that all mails have.

use std::fmt::Write;

use domain::formatting;
use domain::formatting::plain_text;
use domain::kernel::human;
use domain::notify::digests::{Digest, Part, Said, SentFile};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use outbound::mail::{Mail, Mailbox, one_line};
use store::Time;

use crate::mail::{Desk, FONT, Frame, button, escaped, framed};

/// Characters of a name in the sender's; the brand beside it has as many.
const SENDER_CHARACTERS_MAX: usize = 50;
/// Why it came, beneath everything.
const WHY: &str = "You get this because you have not read it in the portal. The links are yours alone: please do not \
                   pass this mail on.";
/// Where the workspace hides what was written.
const HIDDEN: &str = "What was written is not in this email: the link leads to it.";
/// Characters of what a list of mails shows after the subject.
const PREVIEW_CHARACTERS: usize = 140;

impl Desk {
    /// The mail of a digest. `now` is when it is sent.
    pub fn digest(&self, now: Time, digest: &Digest) -> Mail {
        let host = self.host();
        let brand = one_line(&digest.to.brand_name);
        let zone = digest.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let letter = Letter {
            desk: self,
            digest,
            brand: &brand,
            is_utc: zone.is_none(),
            zone: zone.unwrap_or(TimeZone::UTC),
            unsubscribe: digest
                .unsubscribe
                .as_ref()
                .map(|secret| format!("{}/unsubscribe/{}", self.portal(&digest.to), secret.reveal())),
        };
        // Steady roots, never sent themselves: mail programs put what refers to the same one into one conversation.
        let root = match digest.channels.as_slice() {
            [only] => format!("<channel.{}@{host}>", only.channel),
            _ => format!("<person.{}@{host}>", digest.to.person),
        };
        let mut headers = vec![("References", root)];
        if let Some(link) = &letter.unsubscribe {
            headers.push(("List-Unsubscribe", format!("<{link}>")));
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_string()));
        }
        Mail {
            message_id: format!("digest.{}@{host}", digest.id),
            date_ms: now.0,
            from: Mailbox::new(letter.sender(), self.address()),
            to: Mailbox::new(digest.to.name.full(), digest.to.name.email.clone()),
            subject: letter.subject(),
            text: letter.text(),
            html: letter.html(),
            headers,
        }
    }
}

struct Letter<'a> {
    desk: &'a Desk,
    digest: &'a Digest,
    brand: &'a str,
    zone: TimeZone,
    is_utc: bool,
    unsubscribe: Option<String>,
}

impl Letter<'_> {
    /// Who wrote, each once, in the order of their first message.
    fn authors(&self) -> Vec<String> {
        let mut people = Vec::new();
        let mut names = Vec::new();
        for said in self.digest.channels.iter().flat_map(|part| &part.messages) {
            if !people.contains(&said.author) {
                people.push(said.author);
                names.push(one_line(&said.author_name.full()));
            }
        }
        names
    }

    fn sender(&self) -> String {
        let authors = self.authors();
        let first = cut(authors.first().map_or("", String::as_str), SENDER_CHARACTERS_MAX);
        let others = if authors.len() > 1 { " and others" } else { "" };
        format!("{first}{others} via {}", cut(self.brand, SENDER_CHARACTERS_MAX))
    }

    /// The same for each digest about the same channel, so that they stay one conversation.
    fn subject(&self) -> String {
        match self.digest.channels.as_slice() {
            [only] => format!("New messages: {}", one_line(&only.title)),
            _ => format!("New messages: {}", self.brand),
        }
    }

    fn preview(&self) -> String {
        let said = self.digest.channels.first().and_then(|part| part.messages.first());
        match said {
            Some(said) if !self.digest.hides_text => {
                let mut words = plain_text::plain(&said.text, PREVIEW_CHARACTERS);
                if words.is_empty() {
                    let names = said.files.iter().map(|file| one_line(&human::shown(&file.name)));
                    words = cut(&names.collect::<Vec<_>>().join(", "), PREVIEW_CHARACTERS);
                }
                format!("{}: {words}", one_line(&said.author_name.full()))
            }
            _ => format!("From {}", self.authors().join(", ")),
        }
    }

    fn link(&self, part: &Part) -> String {
        format!("{}/r/{}", self.desk.portal(&self.digest.to), part.link.reveal())
    }

    fn at(&self, time: Time) -> String {
        let at = Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let zone = if self.is_utc { " UTC" } else { "" };
        format!("{}{zone}", at.to_zoned(self.zone.clone()).strftime("%a %-d %b, %H:%M"))
    }

    /// Who and when, and that it was edited.
    fn heading(&self, said: &Said) -> (String, String) {
        let edited = if said.edited_at.is_some() { ", edited" } else { "" };
        (one_line(&said.author_name.full()), format!("{}{edited}", self.at(said.sent_at)))
    }

    /// What a message was sent with: names, and what there is to say of each. Names are what somebody wrote: where that is
    /// hidden, only how many there are.
    fn files(&self, said: &Said) -> Vec<(String, String)> {
        match said.files.len() {
            0 => Vec::new(),
            1 if self.digest.hides_text => vec![("1 file".to_string(), String::new())],
            count if self.digest.hides_text => vec![(format!("{count} files"), String::new())],
            _ => said.files.iter().map(file).collect(),
        }
    }

    /// What there is to say beneath a channel's messages.
    fn remarks(&self, part: &Part) -> impl Iterator<Item = String> {
        let hidden = self.digest.hides_text.then(|| HIDDEN.to_string());
        more(part).into_iter().chain(hidden)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.digest.channels {
            // Writing into a String does not fail.
            let _ = writeln!(text, "{}\n", one_line(&part.title));
            for said in &part.messages {
                let (name, at) = self.heading(said);
                let _ = writeln!(text, "{name}, {at}");
                if !self.digest.hides_text {
                    // Set in, so that nothing which was written can pass for a line of ours.
                    for line in said.text.lines() {
                        let _ = writeln!(text, "    {line}");
                    }
                }
                for (name, about) in self.files(said) {
                    let _ = writeln!(text, "    [{name}{about}]");
                }
                text.push('\n');
            }
            for remark in self.remarks(part) {
                let _ = writeln!(text, "{remark}\n");
            }
            let _ = writeln!(text, "Reply:\n{}\n", self.link(part));
        }
        let _ = write!(text, "-- \n{}\n{WHY}\n", self.brand);
        for (words, link) in self.ways_out() {
            let _ = writeln!(text, "{words}: {link}");
        }
        text
    }

    /// Where they choose what they are sent, and where they end it.
    fn ways_out(&self) -> Vec<(&'static str, String)> {
        let choices = format!("{}/profile", self.desk.portal(&self.digest.to));
        let unsubscribe = self.unsubscribe.clone().map(|link| ("Unsubscribe", link));
        [("What you are sent", choices)].into_iter().chain(unsubscribe).collect()
    }

    fn html(&self) -> String {
        let mut body = String::new();
        for (index, part) in self.digest.channels.iter().enumerate() {
            let above = if index == 0 { "0" } else { "28px" };
            let title = one_line(&part.title);
            // A client user's own channel is called like the firm, which stands above everything.
            if index > 0 || title != self.brand {
                let _ = writeln!(
                    body,
                    "<h2 class=\"ink\" style=\"margin:{above} 0 16px;color:#1c2128;font-size:17px;font-weight:600;\
                     line-height:1.35\">{}</h2>",
                    escaped(&title)
                );
            }
            for said in &part.messages {
                self.said(&mut body, said);
            }
            for remark in self.remarks(part) {
                let style = "margin:0 0 16px;color:#5b6470;font-size:14px";
                let _ = writeln!(body, "<p class=\"soft\" style=\"{style}\">{}</p>", escaped(&remark));
            }
            body.push_str(&button("Reply", &self.link(part), &self.digest.to));
        }
        let ways_out = self.ways_out().into_iter().map(|(words, link)| {
            format!("<a class=\"soft\" href=\"{}\" style=\"color:#5b6470\">{words}</a>", escaped(&link))
        });
        let ways_out = ways_out.collect::<Vec<_>>().join(" \u{b7} ");
        let _ = writeln!(
            body,
            "<p class=\"soft\" style=\"margin:0;color:#5b6470;font-size:13px;line-height:1.5;{FONT}\">{WHY}<br>{ways_out}</p>"
        );
        let (subject, preview) = (self.subject(), self.preview());
        framed(&Frame { subject: &subject, preview: &preview, to: &self.digest.to, body: &body })
    }

    fn said(&self, body: &mut String, said: &Said) {
        let (name, at) = self.heading(said);
        let _ = writeln!(
            body,
            "<p style=\"margin:0 0 2px;font-size:14px;line-height:1.4\"><strong class=\"ink\" style=\"color:#1c2128\">{}\
             </strong> <span class=\"soft\" style=\"color:#5b6470\">{}</span></p>",
            escaped(&name),
            escaped(&at)
        );
        let words = if self.digest.hides_text {
            String::new()
        } else {
            // The firm's own walls against markup that was typed stand in there.
            formatting::html(&said.text, &[])
        };
        let files = self.files(said).into_iter().map(|(name, about)| {
            format!(
                "<p class=\"ink file\" style=\"margin:8px 0 0;padding:8px 12px;border:1px solid #e2e5ea;border-radius:8px;\
                 font-size:15px\">{} <span class=\"soft\" style=\"color:#5b6470\">{}</span></p>\n",
                escaped(&name),
                escaped(about.trim_start_matches([',', ' ']))
            )
        });
        let files: String = files.collect();
        let _ = writeln!(
            body,
            "<div class=\"ink said\" style=\"margin:0 0 16px;color:#1c2128;font-size:16px;line-height:1.5\">{words}{files}</div>"
        );
    }
}

/// A file's name, and its size or that it is gone.
fn file(file: &SentFile) -> (String, String) {
    let about = if file.is_removed { "removed".to_string() } else { human::size(file.size) };
    (one_line(&human::shown(&file.name)), format!(", {about}"))
}

fn more(part: &Part) -> Option<String> {
    match part.more {
        0 => None,
        1 => Some("And one more message.".to_string()),
        more => Some(format!("And {more} more messages.")),
    }
}

fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().nth(characters_max).is_none() {
        return text.to_string();
    }
    let kept: String = text.chars().take(characters_max - 1).collect();
    format!("{}…", kept.trim_end())
}
