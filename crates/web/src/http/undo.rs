//! Undo for settings: they are saved at once, so every save is answered with a form that reverts it.

use axum::Json;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::kernel::access::{self, Actor};
use domain::kernel::error;
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::http::answers::{Result, redirect};
use crate::http::forms::{self, FieldError};
use crate::http::response_format::ResponseFormat;
use crate::http::visit::Visit;

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

/// Saves what an admin's form says, and answers with its undo: in JSON for scripts, else by leading back to the page at `here`.
/// `change` returns the form that undoes it. The inner error is for the form to show.
pub(crate) async fn save<F: Serialize>(
    visit: &Visit,
    headers: &HeaderMap,
    here: &str,
    change: impl FnOnce(&mut Tx, &Actor) -> error::Result<F> + Clone + Send + 'static,
) -> Result<std::result::Result<Response, FieldError>> {
    let change = move |tx: &mut Tx, actor: &Actor| {
        access::admin(actor)?;
        Ok(Undo::of(&change(tx, actor)?))
    };
    let undo = visit.write(change).await;
    let undo = if is_script(headers) { Ok(undo?) } else { forms::checked(undo)? };
    Ok(undo.map(|undo| answer(headers, here, undo)))
}

/// The answer to a save.
pub(crate) fn answer(headers: &HeaderMap, here: &str, undo: Undo) -> Response {
    if is_script(headers) { Json(undo).into_response() } else { redirect(&saved(here, undo)) }
}

fn is_script(headers: &HeaderMap) -> bool {
    ResponseFormat::of(headers) == ResponseFormat::Json
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
