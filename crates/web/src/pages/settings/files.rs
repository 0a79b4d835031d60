//! Settings → Modules → Files, for admins: the size limit of a file, and how much of the storage is used (F3).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::files::blobs;
use domain::files::uploads::StorageLimits;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::{access, display};
use domain::{administration, tenant};
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved, Undo};
use crate::http::visitor::Visitor;

const HERE: &str = "/settings/files";
/// The form takes the limit in megabytes.
const MEGABYTE: i64 = 1_000_000;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(HERE, show).post(HERE, change)
}

/// An empty limit means the portal's maximum.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    file_limit: String,
}

impl Form {
    fn of(limit: Option<i64>) -> Form {
        Form { file_limit: limit.map(|bytes| (bytes / MEGABYTE).max(1).to_string()).unwrap_or_default() }
    }

    fn bytes(&self, most: i64) -> error::Result<Option<i64>> {
        match self.file_limit.trim() {
            "" => Ok(None),
            typed => {
                let megabytes = typed.parse::<i64>().ok().filter(|megabytes| (1..=most).contains(megabytes));
                let megabytes = megabytes.ok_or(Error::field("fileLimit", Problem::NoChoice))?;
                Ok(Some(megabytes * MEGABYTE))
            }
        }
    }
}

/// The largest limit that may be set, in megabytes.
fn most(room: &StorageLimits) -> i64 {
    (room.file_max / MEGABYTE).max(1)
}

#[derive(Template)]
#[template(path = "settings/files.html")]
struct FilesPage {
    layout: Layout,
    typed: String,
    most: i64,
    /// The storage used and the storage available, in words.
    stored: String,
    room: String,
    wrong: FieldError,
    saved: Saved,
}

impl FilesPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        room: StorageLimits,
        typed: Option<Form>,
        wrong: FieldError,
        saved: Saved,
    ) -> error::Result<FilesPage> {
        access::admin(&visitor.actor)?;
        let workspace = visitor.actor.workspace;
        let limit = tenant::settings::file_limit(reader, workspace)?;
        Ok(FilesPage {
            layout: Layout::read(reader, visitor, Module::Settings, "Files")?,
            typed: typed.unwrap_or_else(|| Form::of(limit)).file_limit,
            most: most(&room),
            stored: display::size(blobs::stored(reader, workspace)?),
            room: display::size(room.workspace_max),
            wrong,
            saved,
        })
    }
}

async fn show(State(app): State<App>, visitor: Visitor, Query(saved): Query<Saved>) -> Result {
    let room = app.web.room;
    let read =
        move |reader: &Reader| FilesPage::read(reader, &visitor, room, None, FieldError::default(), saved);
    page(StatusCode::OK, &app.store().read(read).await?)
}

async fn change(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Input(form): Input<Form>,
) -> Result {
    let (actor, given, room) = (visitor.actor, form.clone(), app.web.room);
    let changed = app
        .store()
        .write(move |tx| {
            access::admin(&actor)?;
            let before = tenant::settings::file_limit(tx, actor.workspace)?;
            let limit = given.bytes(most(&room))?.map(|bytes| bytes.min(room.file_max));
            administration::settings::limit_files(tx, &actor, limit, room.file_max)?;
            Ok::<_, Error>(Undo::of(&Form::of(before)))
        })
        .await;
    if ResponseFormat::of(&headers) == ResponseFormat::Json {
        return Ok(axum::Json(changed?).into_response());
    }
    match forms::checked(changed)? {
        Ok(undo) => Ok(redirect(&undo::saved(HERE, undo))),
        Err(wrong) => {
            let read = move |reader: &Reader| {
                FilesPage::read(reader, &visitor, room, Some(form), wrong, Saved::default())
            };
            let again = app.store().read(read).await?;
            page(again.wrong.status(), &again)
        }
    }
}
