//! Errors of calls: maps errors of `domain` to statuses and codes of the API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::kernel::error::{self, Error, Problem};

use crate::http::answers::Answer;

pub(crate) type Result<T = Response> = std::result::Result<T, Failure>;

/// Turns `NotFound` into an error of the field that named the object.
pub(crate) fn named<T>(field: &'static str, found: error::Result<T>) -> error::Result<T> {
    found.map_err(|error| match error {
        Error::NotFound => Error::field(field, Problem::Unknown),
        other => other,
    })
}

#[derive(Clone, Debug)]
pub(crate) struct Failure(Answer);

impl Failure {
    /// 400 with the field's name.
    pub(crate) fn field(field: &str, message: &str) -> Failure {
        Failure(Answer::at_field(StatusCode::BAD_REQUEST, "invalid", message, field))
    }

    /// A required field is missing.
    pub(crate) fn missing(field: &'static str) -> Failure {
        Failure::from(Error::field(field, Problem::Empty))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let Error::Field { field, problem } = &error else { return Failure(Answer::from(error)) };
        let (status, code) = match problem {
            // An object named in the body does not exist, or the requester may not see it.
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
