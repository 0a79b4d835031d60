//! Errors as responses: JSON for API clients and scripts, a page for people. All mapping of errors to statuses is here.

use askama::Template;
use axum::http::header::{self, HeaderName};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::kernel::error::{Error, Problem};
use serde::Serialize;

pub(crate) type Result<T = Response> = std::result::Result<T, Answer>;

/// Seconds until a request may be tried again whose database was away.
const RETRY_AFTER: u64 = 5;

/// A response other than the one asked for.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Refused(Refusal),
    /// The visitor must sign in first, and then returns to this address.
    SignIn(String),
}

/// A refusal; its serialized fields are the body that API clients read.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Refusal {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(skip)]
    pub(crate) retry_after: Option<u64>,
    #[serde(skip)]
    pub(crate) header: Option<Box<(HeaderName, &'static str)>>,
}

impl Answer {
    pub(crate) fn refused(status: StatusCode, code: &'static str, message: &str) -> Answer {
        Answer::Refused(Refusal {
            status,
            code,
            message: message.to_string(),
            field: None,
            retry_after: None,
            header: None,
        })
    }

    pub(crate) fn at_field(status: StatusCode, code: &'static str, message: &str, field: &str) -> Answer {
        let (message, field) = (message.to_string(), Some(field.to_string()));
        Answer::Refused(Refusal { status, code, message, field, retry_after: None, header: None })
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Answer::Refused(refusal) => refusal.status,
            Answer::SignIn(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// In seconds.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Answer::Refused(refusal) => refusal.retry_after,
            Answer::SignIn(_) => None,
        }
    }

    /// Puts `words` and a colon before the message.
    pub(crate) fn led_by(mut self, words: &str) -> Answer {
        if let Answer::Refused(refusal) = &mut self {
            refusal.message = format!("{words}: {}", refusal.message);
        }
        self
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Answer {
        if let Answer::Refused(refusal) = &mut self {
            refusal.header = Some(Box::new((name, value)));
        }
        self
    }

    /// The message for people.
    pub(crate) fn message(&self) -> &str {
        match self {
            Answer::Refused(refusal) => &refusal.message,
            Answer::SignIn(_) => "Please sign in.",
        }
    }

    pub(crate) fn not_found() -> Answer {
        Answer::from(domain::Error::NotFound)
    }

    /// The disk takes no more. Nothing was stored.
    pub(crate) fn storage_full() -> Answer {
        Answer::refused(
            StatusCode::INSUFFICIENT_STORAGE,
            "storageFull",
            "This could not be saved: the server has no room left. Nothing of it was kept; please try again later.",
        )
    }

    fn of_store(error: &store::Error) -> Answer {
        error.log("the database failed");
        match error {
            store::Error::StorageFull(_) => Answer::storage_full(),
            store::Error::Unavailable(_) | store::Error::DiskFailed(_) => Answer::Refused(Refusal {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: "unavailable",
                message: "The portal cannot reach its data at the moment. Please try again.".to_string(),
                field: None,
                retry_after: Some(RETRY_AFTER),
                header: None,
            }),
            _ => Answer::refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "failed",
                "Something went wrong here. It has been noted; please try again.",
            ),
        }
    }
}

impl From<domain::Error> for Answer {
    fn from(error: domain::Error) -> Answer {
        let message = error.to_string();
        let (status, code) = match &error {
            Error::Field { problem: Problem::TooLarge(_) | Problem::StorageFull, .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "tooLarge")
            }
            Error::Field { .. } => (StatusCode::BAD_REQUEST, "invalid"),
            Error::NotFound => (StatusCode::NOT_FOUND, "notFound"),
            Error::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Error::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Error::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "tooMany"),
            Error::Store(cause) => return Answer::of_store(cause),
        };
        let field = match &error {
            Error::Field { field, .. } => Some(field.to_string()),
            _ => None,
        };
        let message = match &error {
            Error::Field { problem, .. } => problem.to_string(),
            _ => message,
        };
        let retry_after = match &error {
            Error::TooMany(wait) => Some(wait.as_secs().max(1)),
            _ => None,
        };
        Answer::Refused(Refusal { status, code, message, field, retry_after, header: None })
    }
}

impl From<store::Error> for Answer {
    fn from(error: store::Error) -> Answer {
        Answer::from(domain::Error::from(error))
    }
}

impl From<askama::Error> for Answer {
    fn from(error: askama::Error) -> Answer {
        tracing::error!(%error, "a page could not be written");
        Answer::refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            "Something went wrong here. It has been noted.",
        )
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        // `problem_page::finish` writes the body, since it knows which format the client reads.
        let mut response = ().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) async fn nothing_here() -> Answer {
    Answer::not_found()
}

/// The router adds `Allow` with the methods that exist.
pub(crate) async fn not_this_way(_: Method, _: Uri) -> Answer {
    Answer::refused(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", "This cannot be done here.")
}

/// A page. A form with mistakes is shown again with a status other than 200.
pub(crate) fn page(status: StatusCode, page: &impl Template) -> Result {
    Ok((status, Html(page.render()?)).into_response())
}

/// A page that is shown only once: not even the browser may store it (RFC 9111, 5.2.2.5).
pub(crate) fn page_once(page: &impl Template) -> Result {
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(page.render()?)).into_response())
}

/// Redirects after a form was processed (POST, redirect, GET).
pub(crate) fn redirect(to: &str) -> Response {
    Redirect::to(to).into_response()
}
