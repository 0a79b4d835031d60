//! What was just saved, and the form that makes it undone: settings are saved at once, so a slip must be one tap away from
//! never having been made.

use serde::{Deserialize, Serialize};

use crate::http::forms;

/// Characters of an undo that a page's address carries: what proxies let through. Scripts carry any.
const CARRIED_CHARACTERS: usize = 1_500;

/// What scripts are answered when something was saved.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Undo {
    /// What has to be sent to the same address to make it undone, as a form.
    undo: String,
}

impl Undo {
    /// `before` has the fields that were changed, as they were.
    pub(crate) fn of(before: &impl Serialize) -> Undo {
        // Strings always have a form.
        Undo { undo: serde_html_form::to_string(before).unwrap_or_default() }
    }
}

/// Where a page goes on when something was saved: it says so, and offers to undo it.
pub(crate) fn saved(page: &str, undo: Undo) -> String {
    let undo = if undo.undo.len() <= CARRIED_CHARACTERS { undo.undo } else { String::new() };
    forms::address(page, &Saved { done: "saved".to_string(), undo })
}

/// What was just done, as the address of a page says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Saved {
    #[serde(default)]
    pub(crate) done: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    undo: String,
}

impl Saved {
    /// Whether anything was.
    pub(crate) fn is_so(&self) -> bool {
        self.done == "saved"
    }

    /// The fields of the form that makes it undone.
    pub(crate) fn undo(&self) -> Vec<(String, String)> {
        serde_html_form::from_str(&self.undo).unwrap_or_default()
    }
}
