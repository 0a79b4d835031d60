//! The ways in which a person is reached outside the portal, and how often they want it.

use serde::{Deserialize, Serialize};

use crate::kernel::words::words;

words! {
    /// The way on which somebody is told outside the portal.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub enum Way {
        Email = "email",
        /// By text message.
        Text = "text",
    }
}

words! {
    /// How often somebody wants to be told.
    pub enum Choice {
        /// Each time.
        Each = "each",
        /// Once, and then not before they have been back.
        Once = "once",
        Never = "never",
    }
}

/// The word of the deliveries that carry a digest by a way.
pub(crate) fn digest_word(way: Way) -> &'static str {
    match way {
        Way::Email => "digestMail",
        Way::Text => "digestText",
    }
}

/// The way of a delivery that carries a digest.
pub(crate) fn way_of(digest_kind: String) -> Way {
    if digest_kind == digest_word(Way::Email) { Way::Email } else { Way::Text }
}
