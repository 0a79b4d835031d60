//! Signing in and out (S1): a mail with a link and a code, no password.
//!
//! A link's page asks for one tap, because mail scanners open links: a mere GET changes nothing. The pages are the same
//! for known and unknown addresses (S3).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::Response;
use domain::arrival::sign_in::{self, CodeOutcome};
use domain::identity::sign_in_requests::{self, BACK_CHARACTERS};
use domain::kernel::error::{self, Error};
use domain::kernel::ids::SignInId;
use domain::kernel::limits;
use domain::tenant::workspaces::Workspace;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::brand::Brand;
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, FieldError};
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::visitor::{self, CurrentWorkspace, Sender, Visitor};
use crate::pages::sign_in::browser_session::{agent, end, signed_in, start, with_cookie};
use crate::pages::sign_in::set_up;

/// Where signing in leads by default.
pub(crate) const INSIDE: &str = "/messages";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/sign-in", address)
        .post("/sign-in", ask)
        .get("/sign-in/code", code)
        .post("/sign-in/code", by_code)
        .post("/sign-out", sign_out)
}

/// Where somebody wanted to go before signing in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ReturnTo {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) email: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) back: String,
}

impl ReturnTo {
    /// A path on this host, whatever was asked for: it has exactly one leading `/` and nothing that browsers read as
    /// another host (`//`, `\`) or drop (line breaks, tabs).
    pub(crate) fn back(&self) -> &str {
        let ours = self.back.starts_with('/')
            && !self.back.starts_with("//")
            && self.back.len() <= BACK_CHARACTERS
            && self.back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if ours { &self.back } else { INSIDE }
    }
}

#[derive(Template)]
#[template(path = "sign_in/address.html")]
struct AddressPage {
    look: Theme,
    brand: Brand,
    form: ReturnTo,
    may_sign_up: bool,
    wrong: FieldError,
}

impl AddressPage {
    fn new(look: Theme, workspace: &Workspace, form: ReturnTo, wrong: FieldError) -> AddressPage {
        let may_sign_up = workspace.sign_up_at.is_some();
        AddressPage { look, brand: Brand::of(workspace), form, may_sign_up, wrong }
    }
}

async fn address(
    State(app): State<App>,
    look: Theme,
    here: Result<CurrentWorkspace>,
    visitor: Option<Visitor>,
    Query(form): Query<ReturnTo>,
) -> Result {
    if visitor.is_some() {
        return Ok(redirect(form.back()));
    }
    let CurrentWorkspace(workspace) = match here {
        Ok(here) => here,
        Err(answer) => return set_up::not_yet(&app, look, answer).await,
    };
    page(StatusCode::OK, &AddressPage::new(look, &workspace, form, FieldError::default()))
}

/// Sends the mail and redirects to the code's page, which survives switching to a mail app on a phone.
async fn ask(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    Sender(sender): Sender,
    Input(form): Input<ReturnTo>,
) -> Result {
    let (email, back) = (form.email.clone(), form.back().to_string());
    let asked = app
        .store()
        .write(move |tx| {
            let sign_in = sign_in_requests::ask(tx, workspace.id, &email, &sender)?;
            if back != INSIDE {
                sign_in_requests::note_back(tx, workspace.id, sign_in, &back)?;
            }
            Ok(sign_in)
        })
        .await;
    match forms::checked(asked)? {
        Ok(sign_in) => {
            let email = form.email.trim().to_string();
            let back = form.back;
            Ok(Typed { sign_in: Some(sign_in), email, back, ..Typed::default() }.redirect())
        }
        Err(wrong) => page(wrong.status(), &AddressPage::new(look, &workspace, form, wrong)),
    }
}

/// The code's form. It carries everything needed to show it again.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Typed {
    #[serde(deserialize_with = "serde_html_form::de::empty_as_none")]
    pub(crate) sign_in: Option<SignInId>,
    pub(crate) email: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) back: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) code: String,
    /// The sign-up page as it was filled in; empty for signing in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) sign_up: String,
}

impl Typed {
    fn wanted(&self) -> ReturnTo {
        ReturnTo { email: self.email.clone(), back: self.back.clone() }
    }

    /// Redirects to the code's page.
    pub(crate) fn redirect(&self) -> Response {
        redirect(&forms::address("/sign-in/code", self))
    }

    /// The previous page with what was typed there.
    fn before(&self) -> String {
        if self.is_sign_up() { self.sign_up.clone() } else { forms::address("/sign-in", &self.wanted()) }
    }

    /// Whether somebody is signing up. Any other value in the address is ignored.
    fn is_sign_up(&self) -> bool {
        self.sign_up.starts_with("/sign-up?")
    }
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    look: Theme,
    brand: Brand,
    sign_in: SignInId,
    form: Typed,
    /// The address of the previous page with what was typed there.
    again: String,
    wrong: FieldError,
    /// No attempts are left.
    is_over: bool,
}

impl CodePage {
    fn new(look: Theme, workspace: &Workspace, sign_in: SignInId, form: Typed) -> CodePage {
        CodePage {
            look,
            brand: Brand::of(workspace),
            sign_in,
            again: form.before(),
            form,
            wrong: FieldError::default(),
            is_over: false,
        }
    }
}

async fn code(
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    Query(form): Query<Typed>,
) -> Result {
    // The page shows the address, so anything that is not an address is not repeated.
    let is_address = limits::validate_email("email", &form.email).is_ok();
    match form.sign_in.filter(|_| is_address) {
        Some(sign_in) => page(StatusCode::OK, &CodePage::new(look, &workspace, sign_in, form)),
        None => Ok(redirect("/sign-in")),
    }
}

async fn by_code(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    visitor: Option<Visitor>,
    headers: HeaderMap,
    Input(form): Input<Typed>,
) -> Result {
    let Some(sign_in) = form.sign_in else { return Ok(redirect("/sign-in")) };
    let (id, typed, agent) = (workspace.id, form.code.clone(), agent(&headers));
    let outcome = app
        .store()
        .write(move |tx| {
            Ok::<_, Error>(match sign_in::by_code(tx, id, sign_in, &typed)? {
                CodeOutcome::SignedIn(person) => Ok(start(tx, id, person, &agent, visitor.as_ref())?),
                refused => Err(refused),
            })
        })
        .await?;
    let is_over = match outcome {
        Ok(secret) => return Ok(signed_in(&app, &secret, form.wanted().back())),
        Err(refused) => refused == CodeOutcome::Over,
    };
    let mut again = CodePage::new(look, &workspace, sign_in, form);
    if !is_over {
        again.wrong = FieldError::field("code", error::Problem::WrongCode);
    }
    page(StatusCode::BAD_REQUEST, &CodePage { is_over, ..again })
}

async fn sign_out(State(app): State<App>, visitor: Option<Visitor>) -> Result {
    if let Some(visitor) = visitor {
        app.store().write(move |tx| end(tx, &visitor)).await?;
    }
    Ok(with_cookie(visitor::sign_out_cookie(&app), "/sign-in"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_ours_is_followed() {
        let back = |back: &str| ReturnTo { back: back.to_string(), email: String::new() }.back().to_string();
        for ours in ["/", "/messages/1?at=2#3", "/clients?find=a%20b"] {
            assert_eq!(back(ours), ours);
        }
        let long = format!("/{}", "a".repeat(BACK_CHARACTERS));
        for other in [
            "",
            "messages",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " /messages",
            "/a b",
            "/ü",
            "/a\r\nSet-Cookie: a=b",
            &long,
        ] {
            assert_eq!(back(other), INSIDE, "{other:?}");
        }
    }
}
