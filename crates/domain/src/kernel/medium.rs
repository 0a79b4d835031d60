//! The media by which people are notified outside the portal, and how often they want that (N10).

use serde::{Deserialize, Serialize};

use crate::kernel::words::words;

words! {
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub enum Medium {
        Email = "email",
        /// A text message.
        Text = "text",
    }
}

words! {
    /// How often someone wants to be notified (N10).
    pub enum Frequency {
        EveryMessage = "each",
        /// Once, and then not until they have been back.
        OncePerVisit = "once",
        Off = "never",
    }
}

/// The kind of a delivery that carries a digest by this medium.
pub(crate) fn digest_word(way: Medium) -> &'static str {
    match way {
        Medium::Email => "digestMail",
        Medium::Text => "digestText",
    }
}

/// The inverse of [`digest_word`].
pub(crate) fn medium_of(digest_kind: String) -> Medium {
    if digest_kind == digest_word(Medium::Email) { Medium::Email } else { Medium::Text }
}
