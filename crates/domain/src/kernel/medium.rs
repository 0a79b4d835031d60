//! The ways in which a person is reached outside the portal, and how often they want it.

use serde::{Deserialize, Serialize};

use crate::kernel::words::words;

words! {
    /// The way on which somebody is told outside the portal.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub enum Medium {
        Email = "email",
        /// By text message.
        Text = "text",
    }
}

words! {
    /// How often somebody wants to be told.
    pub enum Frequency {
        /// Each time.
        EveryMessage = "each",
        /// Once, and then not before they have been back.
        OncePerVisit = "once",
        Off = "never",
    }
}

/// The word of the deliveries that carry a digest by a way.
pub(crate) fn digest_word(way: Medium) -> &'static str {
    match way {
        Medium::Email => "digestMail",
        Medium::Text => "digestText",
    }
}

/// The way of a delivery that carries a digest.
pub(crate) fn medium_of(digest_kind: String) -> Medium {
    if digest_kind == digest_word(Medium::Email) { Medium::Email } else { Medium::Text }
}
