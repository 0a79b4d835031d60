//! Signing up (S14), if the workspace allows it: a name, an address and optionally a company. It continues like signing
//! in, with the mail's code or link. While it is off, the page does not exist.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::identity::sign_ups::{self, SignUpInput};
use domain::kernel::error::Error;

use crate::app::App;
use crate::http::answers::{Answer, Result, page, redirect};
use crate::http::brand::Brand;
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, FieldError};
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::visitor::{CurrentWorkspace, Sender, Visitor};
use crate::pages::sign_in::code::{INSIDE, Typed};

const HERE: &str = "/sign-up";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(HERE, show).post(HERE, sign_up)
}

#[derive(Template)]
#[template(path = "sign_in/sign_up.html")]
struct SignUpPage {
    look: Theme,
    brand: Brand,
    form: SignUpInput,
    wrong: FieldError,
}

async fn show(
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    visitor: Option<Visitor>,
    Query(form): Query<SignUpInput>,
) -> Result {
    if workspace.sign_up_at.is_none() {
        return Err(Answer::not_found());
    }
    if visitor.is_some() {
        return Ok(redirect(INSIDE));
    }
    let brand = Brand::of(&workspace);
    page(StatusCode::OK, &SignUpPage { look, brand, form, wrong: FieldError::default() })
}

async fn sign_up(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    Sender(sender): Sender,
    Input(form): Input<SignUpInput>,
) -> Result {
    let (id, given) = (workspace.id, form.clone());
    let asked = app.store().write(move |tx| sign_ups::ask(tx, id, &given, &sender)).await;
    if let Err(Error::TooMany(wait)) = &asked {
        // What was typed is kept for the next attempt.
        let message = "There were too many tries. Please wait a little and send it again.".to_string();
        let wrong = FieldError::whole(StatusCode::TOO_MANY_REQUESTS, message);
        let wait = wait.as_secs().max(1);
        let refused = page(wrong.status(), &SignUpPage { look, brand: Brand::of(&workspace), form, wrong })?;
        return Ok(([(header::RETRY_AFTER, wait.to_string())], refused).into_response());
    }
    match forms::checked(asked)? {
        Ok(sign_in) => {
            let (email, sign_up) = (form.email.trim().to_string(), forms::address(HERE, &form));
            Ok(Typed { sign_in: Some(sign_in), email, sign_up, ..Typed::default() }.redirect())
        }
        Err(wrong) => page(wrong.status(), &SignUpPage { look, brand: Brand::of(&workspace), form, wrong }),
    }
}
