//! What was said in the demonstration, and when: read from `conversations.toml`.

use std::sync::LazyLock;

use jiff::{Span, SpanRelativeTo, Unit};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

static CONVERSATIONS: LazyLock<Vec<Conversation>> = LazyLock::new(|| {
    let all: Conversations =
        toml::from_str(include_str!("conversations.toml")).expect("the file is in the program, and tested");
    all.conversation
});

const FILES: [File; 3] = [
    File { name: "Packaging at the market.jpg", bytes: include_bytes!("files/packaging.jpg") },
    File { name: "Employment contract.pdf", bytes: include_bytes!("files/contract.pdf") },
    File { name: "Rents in Mill Street.csv", bytes: include_bytes!("files/rents.csv") },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversations {
    conversation: Vec<Conversation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversation {
    pub(super) about: About,
    pub(super) lines: Vec<Line>,
    /// Besides those who wrote last. For the others it is unread from their own last message on.
    pub(super) read_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum About {
    Client(String),
    Company(String),
    Project(String),
    /// Some client users of a company.
    Group {
        company: String,
        clients: Vec<String>,
    },
}

/// One thing that somebody did.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "ago", deserialize_with = "minutes")]
    pub(super) minutes_ago: u64,
    pub(super) who: String,
    #[serde(flatten)]
    pub(super) action: Action,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Say(String),
    Send {
        #[serde(deserialize_with = "file")]
        file: File,
        text: String,
    },
    /// Changed the text of their last message here.
    Edit(String),
    /// Deleted their last message here.
    Delete {},
}

#[derive(Clone, Copy)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
}

fn minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let span: Span = text.parse().map_err(D::Error::custom)?;
    let minutes =
        span.total((Unit::Minute, SpanRelativeTo::days_are_24_hours())).map_err(D::Error::custom)?;
    Ok(minutes as u64)
}

fn file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<File, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = FILES.into_iter().find(|file| file.name == name);
    found.ok_or_else(|| D::Error::custom(format!("there is no file {name}")))
}

pub(super) fn all() -> &'static [Conversation] {
    &CONVERSATIONS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::firm;

    #[test]
    fn the_conversations_are_whole() {
        let clients = firm::CLIENTS.iter().map(|client| client.given_name);
        let staff = firm::STAFF.iter().chain([&firm::ADMIN]).map(|colleague| colleague.given_name);
        let people: Vec<&str> = clients.chain(staff).collect();
        let mut sent = Vec::new();
        for conversation in all() {
            let known = match &conversation.about {
                About::Client(name) => people.contains(&name.as_str()),
                About::Company(name) => firm::COMPANIES.contains(&name.as_str()),
                About::Project(title) => firm::PROJECTS.iter().any(|project| project.title == title),
                About::Group { company, clients } => {
                    firm::COMPANIES.contains(&company.as_str())
                        && clients.iter().all(|name| people.contains(&name.as_str()))
                }
            };
            assert!(known);
            assert!(conversation.read_by.iter().all(|name| people.contains(&name.as_str())));
            assert!(conversation.lines.iter().map(|line| line.minutes_ago).rev().is_sorted());
            for (number, Line { who, action, .. }) in conversation.lines.iter().enumerate() {
                assert!(people.contains(&who.as_str()), "{who}");
                match action {
                    Action::Say(text) => assert!(!text.is_empty()),
                    Action::Send { file, .. } => sent.push(file.name),
                    Action::Edit(_) | Action::Delete {} => {
                        assert!(conversation.lines[..number].iter().any(|line| line.who == *who), "{who}");
                    }
                }
            }
        }
        sent.sort_unstable();
        let mut files = FILES.map(|file| file.name);
        files.sort_unstable();
        assert_eq!(sent, files);
        assert_eq!((all().len(), all().iter().map(|about| about.lines.len()).sum()), (13, 81));
        assert_eq!(all()[0].lines[0].minutes_ago, (6 * 24 + 3) * 60 + 10);
    }
}
