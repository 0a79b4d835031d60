//! The ways in which a person is reached outside the portal, and how often they want it.

use serde::{Deserialize, Serialize};
use store::{FromValue, Param, Value};

/// The way on which somebody is told outside the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// By email.
    Email,
    /// By text message.
    Text,
}

impl Way {
    /// The word that the database uses.
    pub fn word(self) -> &'static str {
        match self {
            Way::Email => "email",
            Way::Text => "text",
        }
    }
}

impl FromValue for Way {
    fn from_value(value: Value<'_>) -> Option<Way> {
        [Way::Email, Way::Text].into_iter().find(|way| value == Value::Text(way.word()))
    }
}

/// How often somebody wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Each time.
    Each,
    /// Once, and then not before they have been back.
    Once,
    /// Never.
    Never,
}

impl Choice {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Choice; 3] = [Choice::Each, Choice::Once, Choice::Never];

    /// The word that the database and forms use.
    pub fn word(self) -> &'static str {
        match self {
            Choice::Each => "each",
            Choice::Once => "once",
            Choice::Never => "never",
        }
    }

    /// The meaning of a word.
    pub fn from_word(word: &str) -> Option<Choice> {
        Choice::ALL.into_iter().find(|choice| choice.word() == word)
    }
}

impl FromValue for Choice {
    fn from_value(value: Value<'_>) -> Option<Choice> {
        match value {
            Value::Text(word) => Choice::from_word(word),
            _ => None,
        }
    }
}

impl Param for Choice {
    fn value(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

/// The word of the deliveries that carry a digest by a way.
pub(crate) fn digest_word(way: Way) -> &'static str {
    match way {
        Way::Email => "digestMail",
        Way::Text => "digestText",
    }
}
