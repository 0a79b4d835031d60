//! Profile → Texts (N9): give a number, confirm it with a code, consent to a wording that is kept, choose quiet hours.
//! One step at a time, each a plain form.

use askama::Template;
use axum::extract::State;
use domain::directory::person;
use domain::kernel::error::{self, Problem};
use domain::notify::phone::Quiet;
use domain::notify::phone_settings::{self, CodeOutcome};
use serde::Deserialize;
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visitor::Visitor;
use crate::pages::profile::consents;

const PAGE: &str = "/profile/texts";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get(PAGE, texts)
        .post("/profile/texts/number", give)
        .post("/profile/texts/code", prove)
        .post("/profile/texts/yes", agree)
        .post("/profile/texts/no", disagree)
        .post("/profile/texts/quiet", quiet)
        .post("/profile/texts/forget", forget)
        .get("/settings/messaging/consents.csv", consents::export)
}

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Waiting for a number.
    Number,
    /// Waiting for the code that was sent.
    Code,
    /// The code is no longer valid; another can be requested.
    Over,
    /// The number is confirmed; consent is missing.
    Yes,
    /// Texts are on.
    Done,
    /// Texts were stopped from the phone.
    Stopped,
}

#[derive(Template)]
#[template(path = "profile/texts.html")]
struct TextsPage {
    layout: Layout,
    step: Step,
    /// The number that was saved or is being typed.
    number: String,
    wording: String,
    /// The code as typed.
    code: String,
    typed_quiet: QuietForm,
    has_zone: bool,
    wrong: FieldError,
    done: String,
}

impl TextsPage {
    fn is(&self, step: &str) -> bool {
        matches!(
            (self.step, step),
            (Step::Number, "number")
                | (Step::Code, "code")
                | (Step::Over, "over")
                | (Step::Yes, "yes")
                | (Step::Done, "done")
                | (Step::Stopped, "stopped")
        )
    }
}

/// What was typed into one of the forms, to show it again.
#[derive(Clone, Default)]
struct Typed {
    number: Option<String>,
    pub(crate) code: String,
    quiet: Option<QuietForm>,
    /// No attempts are left with this code.
    is_over: bool,
}

fn read(
    reader: &Reader,
    visitor: &Visitor,
    typed: Typed,
    wrong: FieldError,
    done: String,
) -> error::Result<TextsPage> {
    let layout = Layout::read(reader, visitor, Module::Profile, "Text messages")?;
    let phone = phone_settings::mine(reader, &visitor.actor)?;
    let step = match &phone {
        None => Step::Number,
        Some(phone) if phone.stopped_at.is_some() => Step::Stopped,
        Some(phone) if phone.agreed_at.is_some() => Step::Done,
        Some(phone) if phone.proved_at.is_some() => Step::Yes,
        Some(phone) if phone.awaits_code(reader.now()) && !typed.is_over => Step::Code,
        Some(_) => Step::Over,
    };
    let step = if typed.number.is_some() { Step::Number } else { step };
    let known = match &phone {
        Some(phone) => phone.number.clone(),
        None => person::profile(reader, &visitor.actor)?.phone.unwrap_or_default(),
    };
    let quiet = phone.map_or(Some(Quiet::NIGHT), |phone| phone.quiet);
    let shown = quiet.unwrap_or(Quiet::NIGHT);
    Ok(TextsPage {
        step,
        number: typed.number.unwrap_or(known),
        wording: phone_settings::wording(reader, &visitor.actor)?.unwrap_or_default(),
        code: typed.code,
        typed_quiet: typed.quiet.unwrap_or_else(|| QuietForm {
            quiet: quiet.map(|_| "yes".to_string()),
            quiet_from: shown.from(),
            quiet_until: shown.until(),
        }),
        has_zone: layout.time_zone.is_some(),
        layout,
        wrong,
        done,
    })
}

async fn show(app: &App, visitor: Visitor, typed: Typed, wrong: FieldError, done: String) -> Result {
    let read = move |reader: &Reader| read(reader, &visitor, typed, wrong, done);
    let texts = app.store().read(read).await?;
    page(texts.wrong.status(), &texts)
}

/// What was just done, so that the page can confirm it.
#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
    /// Set to enter another number.
    #[serde(default)]
    other: String,
}

async fn texts(State(app): State<App>, visitor: Visitor, Query(asked): Query<Done>) -> Result {
    let typed = Typed { number: (!asked.other.is_empty()).then(String::new), ..Typed::default() };
    show(&app, visitor, typed, FieldError::default(), asked.done).await
}

#[derive(Deserialize)]
struct NumberForm {
    #[serde(default)]
    number: String,
}

async fn give(State(app): State<App>, visitor: Visitor, Input(form): Input<NumberForm>) -> Result {
    let (actor, number) = (visitor.actor, form.number.clone());
    match forms::checked(app.store().write(move |tx| phone_settings::give(tx, &actor, &number)).await)? {
        Ok(()) => Ok(redirect(PAGE)),
        Err(wrong) => {
            let typed = Typed { number: Some(form.number), ..Typed::default() };
            show(&app, visitor, typed, wrong, String::new()).await
        }
    }
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

async fn prove(State(app): State<App>, visitor: Visitor, Input(form): Input<CodeForm>) -> Result {
    let (actor, code) = (visitor.actor, form.code.clone());
    let outcome = app.store().write(move |tx| phone_settings::prove(tx, &actor, &code)).await?;
    if outcome == CodeOutcome::Proved {
        return Ok(redirect(PAGE));
    }
    let typed = Typed { code: form.code, is_over: outcome == CodeOutcome::Over, ..Typed::default() };
    show(&app, visitor, typed, FieldError::field("code", Problem::WrongCode), String::new()).await
}

#[derive(Deserialize)]
struct YesForm {
    /// The wording that the page asked consent to.
    #[serde(default)]
    wording: String,
    #[serde(default)]
    yes: Option<String>,
}

async fn agree(State(app): State<App>, visitor: Visitor, Input(form): Input<YesForm>) -> Result {
    if form.yes.is_none() {
        let wrong = FieldError::field("yes", Problem::Empty);
        return show(&app, visitor, Typed::default(), wrong, String::new()).await;
    }
    let actor = visitor.actor;
    let said = app.store().write(move |tx| phone_settings::agree(tx, &actor, &form.wording)).await;
    match forms::checked(said)? {
        Ok(()) => Ok(redirect("/profile/texts?done=yes")),
        Err(wrong) => show(&app, visitor, Typed::default(), wrong, String::new()).await,
    }
}

async fn disagree(State(app): State<App>, visitor: Visitor) -> Result {
    app.store().write(move |tx| phone_settings::disagree(tx, &visitor.actor)).await?;
    Ok(redirect("/profile/texts?done=no"))
}

async fn forget(State(app): State<App>, visitor: Visitor) -> Result {
    app.store().write(move |tx| phone_settings::forget(tx, &visitor.actor)).await?;
    Ok(redirect("/profile/texts?done=forgotten"))
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct QuietForm {
    quiet: Option<String>,
    quiet_from: String,
    quiet_until: String,
}

async fn quiet(State(app): State<App>, visitor: Visitor, Input(form): Input<QuietForm>) -> Result {
    let (actor, typed) = (visitor.actor, form.clone());
    let saved = app.store().write(move |tx| {
        let quiet = match typed.quiet {
            Some(_) => Some(Quiet::between(&typed.quiet_from, &typed.quiet_until)?),
            None => None,
        };
        phone_settings::set_quiet(tx, &actor, quiet)
    });
    match forms::checked(saved.await)? {
        Ok(()) => Ok(redirect("/profile/texts?done=quiet")),
        Err(wrong) => {
            let typed = Typed { quiet: Some(form), ..Typed::default() };
            show(&app, visitor, typed, wrong, String::new()).await
        }
    }
}
