//! A call of the API: what every handler is given, and how it reads, changes and answers.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use domain::kernel::access::Actor;
use domain::kernel::error;
use serde::Serialize;
use store::{Reader, Tx};
use uuid::Uuid;

use crate::api::auth::ApiClient;
use crate::api::failure::{Failure, Result};
use crate::api::idempotency::IdempotencyKey;
use crate::api::list::{Id, List, Of, Page};
use crate::api::objects::{Deleted, Viewer};
use crate::app::App;

/// A call of the API. Closures are given the actor of its key.
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) api_client: ApiClient,
    idempotency_key: Option<IdempotencyKey>,
}

impl FromRequestParts<App> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Call, Failure> {
        let api_client = ApiClient::from_request_parts(parts, app).await?;
        Ok(Call { app: app.clone(), api_client, idempotency_key: IdempotencyKey::of(parts)? })
    }
}

impl Call {
    pub(crate) fn actor(&self) -> Actor {
        self.api_client.actor
    }

    pub(crate) fn viewer(&self) -> Viewer {
        let web = &self.app.web;
        Viewer { actor: self.actor(), wait: web.wait, public_url: web.public_url.clone() }
    }

    /// Answers what a short read finds.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        find: impl FnOnce(&Reader, &Actor) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result<Json<T>> {
        let actor = self.actor();
        Ok(Json(self.app.store().read(move |reader| find(reader, &actor)).await?))
    }

    /// Answers a page of a list, which may take longer to read.
    pub(crate) async fn read_list<T: Send + 'static>(
        &self,
        find: impl FnOnce(&Reader, &Actor) -> error::Result<List<T>> + Clone + Send + 'static,
    ) -> Result<Json<List<T>>> {
        let actor = self.actor();
        Ok(Json(self.app.store().read_long(move |reader| find(reader, &actor)).await?))
    }

    /// Answers a page of a list whose tokens are the ids of its rows; `find` is given the last id of the page before and the
    /// number of rows to read.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub(crate) async fn list<R: 'static, I: From<Id> + Clone + Send + 'static, T: Send + 'static>(
        &self,
        of: Of,
        page: Page,
        find: impl FnOnce(&Reader, &Actor, Option<I>, i64) -> error::Result<Vec<R>> + Clone + Send + 'static,
        id: fn(&R) -> Uuid,
        show: impl Fn(&Reader, &Actor, R) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result<Json<List<T>>> {
        let before = page.after_id(of)?;
        let list = self.read_list(move |reader, actor| {
            let rows = find(reader, actor, before, page.read())?;
            page.list(of, rows, |row| id(row).as_bytes().to_vec(), |row| show(reader, actor, row))
        });
        list.await
    }

    /// Changes something in one transaction and answers what the change returns.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result<Json<T>> {
        let actor = self.actor();
        Ok(Json(self.app.store().write(move |tx| change(tx, &actor)).await?))
    }

    /// Deletes an object and answers that it is gone.
    pub(crate) async fn delete<D: Send + 'static>(
        &self,
        id: Uuid,
        object: &'static str,
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<D> + Clone + Send + 'static,
    ) -> Result<Json<Deleted>> {
        let delete = move |tx: &mut Tx, actor: &Actor| change(tx, actor).map(|_| Deleted::new(id, object));
        self.write(delete).await
    }

    /// Changes something once per `Idempotency-Key` and answers what `show` makes of the outcome, in the same transaction:
    /// what was kept is never answered as failed. `body` is what the call came with, in canonical form.
    ///
    /// # Errors
    /// What the closures return; 409 if the key was used for another call.
    pub(crate) async fn run<D: Clone + Send + 'static, T: Serialize + Send + 'static>(
        self,
        body: &[u8],
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<D> + Clone + Send + 'static,
        show: impl FnOnce(&Reader, &Actor, D) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result {
        let Some(key) = self.idempotency_key else {
            let shown = self.write(|tx, actor| change(tx, actor).and_then(|done| show(tx, actor, done)));
            return Ok(shown.await?.into_response());
        };
        key.run(&self.app, &self.api_client, body, change, show).await
    }
}
