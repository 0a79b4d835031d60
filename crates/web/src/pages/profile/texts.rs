//! Profile → Texts (N9): give a number, confirm it with a code, consent to a wording that is kept, choose quiet hours.
//! One step at a time, each a plain form.

use askama::Template;
use domain::directory::person;
use domain::kernel::error::{self, Problem};
use domain::notify::phone::Quiet;
use domain::notify::phone_settings::{self, CodeOutcome};
use serde::Deserialize;
use store::Reader;

use crate::http::answers::{Result, redirect};
use crate::http::extractors::{Input, Query};
use crate::http::forms::FieldError;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visit::{FormPage, Visit};
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

impl FormPage for TextsPage {
    type Asked = (Typed, String);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (typed, done): Self::Asked,
        wrong: FieldError,
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
}

/// What was just done, so that the page can confirm it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    done: String,
    /// Set to enter another number.
    other: String,
}

async fn texts(visit: Visit, Query(asked): Query<Asked>) -> Result {
    let typed = Typed { number: (!asked.other.is_empty()).then(String::new), ..Typed::default() };
    visit.show_form::<TextsPage>((typed, asked.done), FieldError::default()).await
}

#[derive(Deserialize)]
struct NumberForm {
    #[serde(default)]
    number: String,
}

async fn give(visit: Visit, Input(form): Input<NumberForm>) -> Result {
    let number = form.number.clone();
    match visit.submit(move |tx, actor| phone_settings::give(tx, actor, &number)).await? {
        Ok(()) => Ok(redirect(PAGE)),
        Err(wrong) => {
            let typed = Typed { number: Some(form.number), ..Typed::default() };
            visit.show_form::<TextsPage>((typed, String::new()), wrong).await
        }
    }
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

async fn prove(visit: Visit, Input(form): Input<CodeForm>) -> Result {
    let code = form.code.clone();
    let outcome = visit.write(move |tx, actor| phone_settings::prove(tx, actor, &code)).await?;
    if outcome == CodeOutcome::Proved {
        return Ok(redirect(PAGE));
    }
    let typed = Typed { code: form.code, is_over: outcome == CodeOutcome::Over, ..Typed::default() };
    let wrong = FieldError::field("code", Problem::WrongCode);
    visit.show_form::<TextsPage>((typed, String::new()), wrong).await
}

#[derive(Deserialize)]
struct YesForm {
    /// The wording that the page asked consent to.
    #[serde(default)]
    wording: String,
    #[serde(default)]
    yes: Option<String>,
}

async fn agree(visit: Visit, Input(form): Input<YesForm>) -> Result {
    let agreed = match form.yes {
        None => Err(FieldError::field("yes", Problem::Empty)),
        Some(_) => visit.submit(move |tx, actor| phone_settings::agree(tx, actor, &form.wording)).await?,
    };
    match agreed {
        Ok(()) => Ok(redirect("/profile/texts?done=yes")),
        Err(wrong) => visit.show_form::<TextsPage>((Typed::default(), String::new()), wrong).await,
    }
}

async fn disagree(visit: Visit) -> Result {
    visit.change("/profile/texts?done=no", phone_settings::disagree).await
}

async fn forget(visit: Visit) -> Result {
    visit.change("/profile/texts?done=forgotten", phone_settings::forget).await
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct QuietForm {
    quiet: Option<String>,
    quiet_from: String,
    quiet_until: String,
}

async fn quiet(visit: Visit, Input(form): Input<QuietForm>) -> Result {
    let typed = form.clone();
    let saved = visit.submit(move |tx, actor| {
        let between = |_| Quiet::between(&typed.quiet_from, &typed.quiet_until);
        phone_settings::set_quiet(tx, actor, typed.quiet.as_ref().map(between).transpose()?)
    });
    match saved.await? {
        Ok(()) => Ok(redirect("/profile/texts?done=quiet")),
        Err(wrong) => {
            let typed = Typed { quiet: Some(form), ..Typed::default() };
            visit.show_form::<TextsPage>((typed, String::new()), wrong).await
        }
    }
}
