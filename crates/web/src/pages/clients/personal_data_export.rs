//! The export of a client user's personal data (R3): a ZIP archive of tables and files, written while it is sent; and
//! deleting the client user. For admins.

use std::io;
use std::sync::Arc;

use askama::Template;
use domain::administration::deletion;
use domain::administration::personal_data_export::{self, File, Message};
use domain::directory::person;
use domain::files::blobs::BlobRecord;
use domain::kernel::access::{self, Actor};
use domain::kernel::audit_log::{self, AuditAction};
use domain::kernel::error;
use domain::kernel::ids::{FileId, PersonId};
use domain::notify::consents;
use outbound::blobs::Content;
use store::{Reader, Time, Tx};

use crate::app::App;
use crate::http::answers::Result;
use crate::http::extractors::PathParam;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::http::zip_archive::Archive;
use crate::http::{exports, times};

/// Messages or files read at a time.
const AT_ONCE: i64 = 500;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/clients/{id}/everything.zip", everything)
        .get("/clients/{id}/delete", ask)
        .post("/clients/{id}/delete", delete)
}

#[derive(Template)]
#[template(path = "clients/delete.html")]
struct DeletePage {
    layout: Layout,
    client: person::Person,
}

async fn ask(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    let read = move |reader: &Reader, visitor: &Visitor| {
        let (client, _) = personal_data_export::person(reader, &visitor.actor, id)?;
        let layout = Layout::read(reader, visitor, Module::Clients, &client.name.full())?;
        Ok(DeletePage { layout, client })
    };
    visit.show(read).await
}

async fn delete(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    let delete = move |tx: &mut Tx, actor: &Actor| {
        access::admin(actor)?;
        deletion::delete_client(tx, actor, id)
    };
    visit.change("/clients?done=deleted", delete).await
}

async fn everything(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    let actor = visit.actor();
    copy(visit.app, actor, id).await
}

/// Exports a client user's personal data, for an admin or an API client. The export is added to the audit log.
pub(crate) async fn copy(app: App, actor: Actor, id: PersonId) -> Result {
    let (person, _) = app
        .store()
        .write(move |tx| {
            let found = personal_data_export::person(tx, &actor, id)?;
            audit_log::note_export(tx, &actor, AuditAction::PersonExported, Some(id))?;
            Ok::<_, error::Error>(found)
        })
        .await?;
    let name = format!("{}.zip", person.name.full());
    let (pieces, body) = exports::body();
    tokio::spawn(async move {
        let archive = Archive::new(Arc::clone(&app.web.blobs), pieces);
        let mut copy = Copy { app, actor, client: id, archive };
        if let Err(error) = copy.write().await {
            copy.archive.break_off(&error).await;
        }
    });
    Ok(exports::file("application/zip", &name, body))
}

/// An export being sent.
struct Copy {
    app: App,
    actor: Actor,
    client: PersonId,
    archive: Archive,
}

impl Copy {
    async fn write(&mut self) -> io::Result<()> {
        self.profile().await?;
        self.messages().await?;
        self.notices().await?;
        self.consents().await?;
        self.files().await?;
        self.archive.end("files/").await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> error::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        self.app.store().read_long(read).await.map_err(io::Error::other)
    }

    async fn profile(&mut self) -> io::Result<()> {
        let (actor, client) = (self.actor, self.client);
        let (person, companies) =
            self.read(move |reader| personal_data_export::person(reader, &actor, client)).await?;
        let mut table = exports::head(&["field", "value"]);
        let time = |time: Option<Time>| time.map(times::exact).unwrap_or_default();
        for (field, value) in [
            ("givenName", person.name.given.clone()),
            ("familyName", person.name.family.clone()),
            ("email", person.name.email.clone()),
            ("phone", person.phone.clone().unwrap_or_default()),
            ("timeZone", person.time_zone.clone().unwrap_or_default()),
            ("companies", companies),
            ("status", person.status().word().to_string()),
            ("creationMethod", person.made_by.clone()),
            ("createdAt", times::exact(person.created_at)),
            ("invitedAt", time(person.invited_at)),
            ("firstLoginDate", time(person.first_seen_at)),
            ("lastLoginDate", time(person.last_seen_at)),
        ] {
            table += &exports::line([field, &*value]);
        }
        self.archive.begin("profile.csv", None)?;
        self.archive.write(&table)?;
        self.archive.send().await
    }

    async fn messages(&mut self) -> io::Result<()> {
        let (actor, client) = (self.actor, self.client);
        self.archive.begin("messages.csv", None)?;
        let columns = ["time", "channel", "from", "text", "edited", "deleted"];
        self.archive.write(&exports::head(&columns))?;
        let mut after = None;
        let mut title = (None, String::new());
        loop {
            let read =
                move |reader: &Reader| personal_data_export::messages(reader, &actor, client, after, AT_ONCE);
            let found: Vec<Message> = self.read(read).await?;
            let Some(last) = found.last() else { return self.archive.send().await };
            after = Some((last.channel, last.position));
            for message in &found {
                if title.0 != Some(message.channel) {
                    let channel = message.channel;
                    let called =
                        self.read(move |reader| personal_data_export::title(reader, &actor, channel)).await?;
                    title = (Some(channel), called);
                }
                let time = |time: Option<Time>| time.map(times::exact).unwrap_or_default();
                let line = exports::line([
                    &*times::exact(message.sent_at),
                    &title.1,
                    &message.author.full(),
                    &message.text,
                    &time(message.edited_at),
                    &time(message.deleted_at),
                ]);
                self.archive.write(&line)?;
            }
            self.archive.send().await?;
        }
    }

    async fn notices(&mut self) -> io::Result<()> {
        let (actor, client) = (self.actor, self.client);
        let found = self.read(move |reader| personal_data_export::notices(reader, &actor, client)).await?;
        self.archive.begin("notices.csv", None)?;
        self.archive.write(&exports::head(&["time", "kind", "sent", "failed", "reason"]))?;
        let time = |time: Option<Time>| time.map(times::exact).unwrap_or_default();
        for notice in found {
            let line = exports::line([
                &*times::exact(notice.created_at),
                &notice.kind,
                &time(notice.sent_at),
                &time(notice.failed_at),
                notice.reason.as_deref().unwrap_or(""),
            ]);
            self.archive.write(&line)?;
        }
        self.archive.send().await
    }

    async fn consents(&mut self) -> io::Result<()> {
        let (actor, client) = (self.actor, self.client);
        let found = self.read(move |reader| consents::of(reader, &actor, client)).await?;
        self.archive.begin("texts.csv", None)?;
        self.archive.write(&exports::head(&["time", "number", "answer", "how", "wording"]))?;
        for consent in found {
            let answer = if consent.is_yes { "yes" } else { "no" };
            let line = exports::line([
                &*times::exact(consent.at),
                &consent.number,
                answer,
                consent.how.word(),
                &consent.wording,
            ]);
            self.archive.write(&line)?;
        }
        self.archive.send().await
    }

    async fn files(&mut self) -> io::Result<()> {
        let (actor, client) = (self.actor, self.client);
        let mut after: Option<FileId> = None;
        loop {
            let read =
                move |reader: &Reader| personal_data_export::files(reader, &actor, client, after, AT_ONCE);
            let found: Vec<File> = self.read(read).await?;
            let Some(last) = found.last() else { return Ok(()) };
            after = Some(last.id);
            for file in found {
                let Some(BlobRecord { workspace, blob, size, hash }) = file.bytes else {
                    self.archive.leave_out(file.name);
                    continue;
                };
                let content = Content::new(workspace.0, blob.0, size, hash);
                // A folder for each file, so that files of the same name do not collide.
                let path = format!("files/{}/{}", file.id, file.name);
                self.archive.file(&path, content, None).await?;
            }
        }
    }
}
