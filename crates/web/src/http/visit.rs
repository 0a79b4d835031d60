//! A request of a signed-in person: what the handler of a page is given, and how it reads, changes and answers.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::kernel::access::Actor;
use domain::kernel::error;
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Answer, Result, page, redirect};
use crate::http::forms::{self, FieldError};
use crate::http::visitor::Visitor;

/// A page with a form that is shown again while something is wrong with it.
pub(crate) trait FormPage: Template + Sized + Send + 'static {
    /// What the page is about, and what was typed.
    type Asked: Clone + Send + 'static;

    fn read(reader: &Reader, visitor: &Visitor, asked: Self::Asked, wrong: FieldError)
    -> error::Result<Self>;
}

/// Closures are given the visitor, or the actor that they are.
pub(crate) struct Visit {
    pub(crate) app: App,
    pub(crate) visitor: Visitor,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visit> {
        Ok(Visit { app: app.clone(), visitor: Visitor::from_request_parts(parts, app).await? })
    }
}

impl Visit {
    pub(crate) fn actor(&self) -> Actor {
        self.visitor.actor
    }

    /// Shows the page that `read` fills.
    pub(crate) async fn show<T: Template + Send + 'static>(
        self,
        read: impl FnOnce(&Reader, &Visitor) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result {
        page(StatusCode::OK, &self.app.store().read(move |reader| read(reader, &self.visitor)).await?)
    }

    /// Like [`Visit::show`], for a page that takes longer to read.
    pub(crate) async fn show_long<T: Template + Send + 'static>(
        self,
        read: impl FnOnce(&Reader, &Visitor) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result {
        let read = move |reader: &Reader| read(reader, &self.visitor);
        page(StatusCode::OK, &self.app.store().read_long(read).await?)
    }

    /// Shows a page with a form, and what was wrong with it.
    pub(crate) async fn show_form<P: FormPage>(self, asked: P::Asked, wrong: FieldError) -> Result {
        let status = wrong.status();
        let read = move |reader: &Reader| P::read(reader, &self.visitor, asked, wrong);
        page(status, &self.app.store().read(read).await?)
    }

    /// Changes something in one transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<T> + Clone + Send + 'static,
    ) -> error::Result<T> {
        let actor = self.actor();
        self.app.store().write(move |tx| change(tx, &actor)).await
    }

    /// Changes something in one transaction, and leads to a page.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        to: &str,
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result {
        self.write(change).await?;
        Ok(redirect(to))
    }

    /// Changes what a form says in one transaction. The inner error is for the form to show.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result<std::result::Result<T, FieldError>> {
        forms::checked(self.write(change).await)
    }
}
