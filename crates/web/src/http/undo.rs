//! Undo for settings: they are saved at once, so every save is answered with a form that reverts it.

use serde::{Deserialize, Serialize};

use crate::http::forms;

/// Limit for an undo form in the address of a page, which proxies must accept. In JSON it may be of any length.
const CARRIED_CHARACTERS: usize = 1_500;

/// The JSON answer after a save.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Undo {
    /// The form fields, URL-encoded, to send to the same address to undo the change.
    undo: String,
}

impl Undo {
    /// `before` has the changed fields with their old values.
    pub(crate) fn of(before: &impl Serialize) -> Undo {
        // Strings always serialize.
        Undo { undo: serde_html_form::to_string(before).expect("a form has a form encoding") }
    }
}

/// The address to redirect to after a save; the page confirms it and offers the undo.
pub(crate) fn saved(page: &str, undo: Undo) -> String {
    let undo = if undo.undo.len() <= CARRIED_CHARACTERS { undo.undo } else { String::new() };
    forms::address(page, &Saved { done: "saved".to_string(), undo })
}

/// What a page's query says about the last save.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Saved {
    #[serde(default)]
    pub(crate) done: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    undo: String,
}

impl Saved {
    pub(crate) fn is_so(&self) -> bool {
        self.done == "saved"
    }

    /// The fields of the undo form.
    pub(crate) fn undo(&self) -> Vec<(String, String)> {
        serde_html_form::from_str(&self.undo).unwrap_or_default()
    }
}
