//! Forms that are shown again: each mistake at its field, with all input kept.

use axum::http::StatusCode;
use domain::kernel::error::{self, Error, Problem};
use serde::{Deserialize, Serialize};

use crate::http::answers::{Answer, Result};

/// Options offered at once; beyond that, the form offers a search.
pub(crate) const CHOICES_MAX: usize = 500;

/// What was wrong with a form, if anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldError(Option<Mistake>);

#[derive(Clone, Debug)]
struct Mistake {
    status: StatusCode,
    field: Option<(&'static str, Problem)>,
    message: String,
}

impl FieldError {
    pub(crate) fn field(field: &'static str, problem: Problem) -> FieldError {
        let (status, message) = (StatusCode::BAD_REQUEST, problem.to_string());
        FieldError(Some(Mistake { status, field: Some((field, problem)), message }))
    }

    /// The form as a whole was refused.
    pub(crate) fn whole(status: StatusCode, message: String) -> FieldError {
        FieldError(Some(Mistake { status, field: None, message }))
    }

    /// The message for a field.
    pub(crate) fn at(&self, name: &str) -> Option<&str> {
        let mistake = self.0.as_ref()?;
        mistake.field.as_ref().is_some_and(|(field, _)| *field == name).then_some(mistake.message.as_str())
    }

    pub(crate) fn is(&self, problem: Problem) -> bool {
        self.0.as_ref().and_then(|mistake| mistake.field.as_ref()).is_some_and(|(_, wrong)| *wrong == problem)
    }

    /// The message that belongs to no single field.
    pub(crate) fn above(&self) -> Option<&str> {
        self.0.as_ref().filter(|mistake| mistake.field.is_none()).map(|mistake| mistake.message.as_str())
    }

    /// The status of the page that shows the form.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.as_ref().map_or(StatusCode::OK, |mistake| mistake.status)
    }
}

/// Separates errors that the user can fix in the form from all others, which become responses of their own.
pub(crate) fn checked<T>(outcome: error::Result<T>) -> Result<std::result::Result<T, FieldError>> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(Error::Field { field, problem }) => Ok(Err(FieldError::field(field, problem))),
        Err(Error::Conflict(message)) => {
            Ok(Err(FieldError::whole(StatusCode::CONFLICT, message.to_string())))
        }
        Err(error) => Err(Answer::from(error)),
    }
}

/// The state of the switch `name`; `None` if it was not sent. Browsers send nothing for a switch that is off, so `meant`
/// names the switch the form is about.
pub(crate) fn switched(
    meant: Option<&str>,
    name: &'static str,
    value: Option<&str>,
) -> error::Result<Option<bool>> {
    match value {
        Some("on") => Ok(Some(true)),
        Some("off") => Ok(Some(false)),
        Some(_) => Err(Error::field(name, Problem::NoChoice)),
        None => Ok((meant == Some(name)).then_some(false)),
    }
}

/// What was just done, so that the page can confirm it.
#[derive(Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    pub(crate) done: String,
}

/// Whether the notice that a form was shown with is confirmed.
#[derive(Deserialize)]
pub(crate) struct Confirmation {
    told: Option<String>,
}

impl Confirmation {
    pub(crate) fn is_given(&self) -> bool {
        self.told.is_some()
    }
}

/// An option of a field.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The submitted value.
    pub(crate) value: String,
    /// The displayed name.
    pub(crate) name: String,
    /// Distinguishes options with the same name.
    pub(crate) note: String,
    pub(crate) chosen: bool,
}

/// The options of a field, chosen ones first; otherwise the order is kept.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    pub(crate) list: Vec<Choice>,
    /// Whether some options were left out.
    pub(crate) is_cut: bool,
}

impl Choices {
    /// As many as may be offered at once, those that are chosen in any case.
    pub(crate) fn cut(mut list: Vec<Choice>) -> Choices {
        let is_cut = list.len() > CHOICES_MAX;
        list.sort_by_key(|choice| !choice.chosen);
        list.truncate(CHOICES_MAX);
        Choices { list, is_cut }
    }

    pub(crate) fn new(list: Vec<Choice>, is_cut: bool) -> Choices {
        let (mut list, others): (Vec<Choice>, Vec<Choice>) =
            list.into_iter().partition(|choice| choice.chosen);
        list.extend(others);
        Choices { list, is_cut }
    }

    /// Whether all options fit on the page at once.
    pub(crate) fn are_few(&self) -> bool {
        self.list.len() <= 12
    }

    pub(crate) fn chosen(&self) -> impl Iterator<Item = &Choice> {
        self.list.iter().filter(|choice| choice.chosen)
    }

    pub(crate) fn others(&self) -> impl Iterator<Item = &Choice> {
        self.list.iter().filter(|choice| !choice.chosen)
    }
}

/// A path with `asked` as its query string.
pub(crate) fn address(path: &str, asked: &impl Serialize) -> String {
    match serde_html_form::to_string(asked) {
        Ok(asked) if !asked.is_empty() => format!("{path}?{asked}"),
        _ => path.to_string(),
    }
}
