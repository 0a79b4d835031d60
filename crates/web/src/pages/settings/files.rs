//! Settings → Modules → Files, for admins: the size limit of a file, and how much of the storage is used (F3).

use askama::Template;
use axum::http::header::HeaderMap;
use domain::files::blobs;
use domain::files::uploads::StorageLimits;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::{access, display};
use domain::{administration, tenant};
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::http::answers::Result;
use crate::http::extractors::{Input, Query};
use crate::http::forms::FieldError;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved};
use crate::http::visit::{FormPage, Visit};
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

impl FormPage for FilesPage {
    type Asked = (StorageLimits, Option<Form>, Saved);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (room, typed, saved): Self::Asked,
        wrong: FieldError,
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

async fn show(visit: Visit, Query(saved): Query<Saved>) -> Result {
    let room = visit.app.web.room;
    visit.show_form::<FilesPage>((room, None, saved), FieldError::default()).await
}

async fn change(visit: Visit, headers: HeaderMap, Input(form): Input<Form>) -> Result {
    let (given, room) = (form.clone(), visit.app.web.room);
    let saved = undo::save(&visit, &headers, HERE, move |tx, actor| {
        let before = tenant::settings::file_limit(tx, actor.workspace)?;
        let limit = given.bytes(most(&room))?.map(|bytes| bytes.min(room.file_max));
        administration::settings::limit_files(tx, actor, limit, room.file_max)?;
        Ok(Form::of(before))
    });
    match saved.await? {
        Ok(answer) => Ok(answer),
        Err(wrong) => visit.show_form::<FilesPage>((room, Some(form), Saved::default()), wrong).await,
    }
}
