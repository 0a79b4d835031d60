//! Why a call is refused: the product's refusals as programs read them.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::kernel::error::{self, Error, Problem};

use crate::http::answers::Answer;

/// A result of a call.
pub(crate) type Result<T = Response> = std::result::Result<T, Failure>;

/// What a field names was looked for: where it is not there, or not for the one who asks, the field is to blame.
pub(crate) fn named<T>(field: &'static str, found: error::Result<T>) -> error::Result<T> {
    found.map_err(|error| match error {
        Error::NotFound => Error::field(field, Problem::Unknown),
        other => other,
    })
}

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Answer);

impl Failure {
    /// A field's value cannot be taken.
    pub(crate) fn field(field: &str, message: &str) -> Failure {
        Failure(Answer::at_field(StatusCode::BAD_REQUEST, "invalid", message, field))
    }

    /// A field that must be there is not.
    pub(crate) fn missing(field: &'static str) -> Failure {
        Failure::from(Error::field(field, Problem::Empty))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let Error::Field { field, problem } = &error else { return Failure(Answer::from(error)) };
        let (status, code) = match problem {
            // What a body names and is not there, or not for the one who asks.
            Problem::Unknown => (StatusCode::NOT_FOUND, "notFound"),
            Problem::Taken | Problem::LastAdmin | Problem::NoContrast => (StatusCode::CONFLICT, "conflict"),
            Problem::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "tooLarge"),
            _ => (StatusCode::BAD_REQUEST, "invalid"),
        };
        Failure(Answer::at_field(status, code, &problem.to_string(), field))
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        Failure(Answer::from(error))
    }
}

impl From<Answer> for Failure {
    fn from(answer: Answer) -> Failure {
        Failure(answer)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
