//! A copy of all that is kept about one client user, as an archive (ZIP) of tables and files that is written while it is
//! sent; and deleting them on request. For admins, from the client user's page.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::access;
use domain::consents;
use domain::dossiers::{self, File, Message};
use domain::ids::{FileId, PersonId};
use domain::people;
use domain::records::{self, Deed};
use outbound::blobs::{Form, Name};
use store::{Reader, Time};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::App;
use crate::answers::{Result, go, page};
use crate::exports::{self, Pieces};
use crate::input::Named;
use crate::layout::{Layout, Module};
use crate::routes::Routes;
use crate::times;
use crate::visitor::Visitor;

/// Messages and files that are read at once.
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
    client: people::Person,
}

async fn ask(State(app): State<App>, visitor: Visitor, Named(id): Named<PersonId>) -> Result {
    let read = move |reader: &Reader| {
        let (client, _) = dossiers::person(reader, &visitor.actor, id)?;
        let layout = Layout::read(reader, &visitor, Module::Clients, &client.name.full())?;
        Ok::<_, domain::Error>(DeletePage { layout, client })
    };
    page(StatusCode::OK, &app.store().read(read).await?)
}

async fn delete(State(app): State<App>, visitor: Visitor, Named(id): Named<PersonId>) -> Result {
    app.store()
        .write(move |tx| {
            access::admin(&visitor.actor)?;
            people::delete_client(tx, &visitor.actor, id)
        })
        .await?;
    Ok(go("/clients?done=deleted"))
}

async fn everything(State(app): State<App>, visitor: Visitor, Named(id): Named<PersonId>) -> Result {
    let actor = visitor.actor;
    let (person, _) = app
        .store()
        .write(move |tx| {
            let found = dossiers::person(tx, &actor, id)?;
            records::note_export(tx, &actor, Deed::PersonExported, Some(id))?;
            Ok::<_, domain::Error>(found)
        })
        .await?;
    let name = format!("{}.zip", person.name.full());
    let (pieces, body) = exports::body();
    tokio::spawn(async move {
        let mut copy = Copy::new(app, visitor, id, pieces);
        if let Err(error) = copy.write().await {
            copy.pieces.break_off(&error).await;
        }
    });
    Ok(exports::file("application/zip", &name, body))
}

/// What was written and not sent yet: the archive writes at one end, the connection takes at the other.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        // Nothing panics while the lock is held.
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The copy on its way out.
struct Copy {
    app: App,
    visitor: Visitor,
    client: PersonId,
    pieces: Pieces,
    written: Written,
    writer: ZipWriter<StreamWriter<Written>>,
}

impl Copy {
    fn new(app: App, visitor: Visitor, client: PersonId, pieces: Pieces) -> Copy {
        let written = Written::default();
        let writer = ZipWriter::new_stream(written.clone());
        Copy { app, visitor, client, pieces, written, writer }
    }

    async fn write(&mut self) -> io::Result<()> {
        self.profile().await?;
        self.messages().await?;
        self.notices().await?;
        self.consents().await?;
        self.files().await?;
        let end = ZipWriter::new_stream(Written::default());
        std::mem::replace(&mut self.writer, end).finish()?;
        self.send().await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> domain::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        self.app.store().read_long(read).await.map_err(io::Error::other)
    }

    fn begin(&mut self, name: &str, size: u64) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(size >= u64::from(u32::MAX));
        Ok(self.writer.start_file(name, options)?)
    }

    /// Sends what was written so far; an error where nobody reads any more.
    async fn send(&mut self) -> io::Result<()> {
        let written = self.written.take();
        if written.is_empty() || self.pieces.send(written).await {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
    }

    async fn profile(&mut self) -> io::Result<()> {
        let (actor, client) = (self.visitor.actor, self.client);
        let (person, companies) = self.read(move |reader| dossiers::person(reader, &actor, client)).await?;
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
        self.begin("profile.csv", 0)?;
        self.writer.write_all(table.as_bytes())?;
        self.send().await
    }

    async fn messages(&mut self) -> io::Result<()> {
        let (actor, client) = (self.visitor.actor, self.client);
        self.begin("messages.csv", 0)?;
        let columns = ["time", "channel", "from", "text", "edited", "deleted"];
        self.writer.write_all(exports::head(&columns).as_bytes())?;
        let mut after = None;
        let mut title = (None, String::new());
        loop {
            let read = move |reader: &Reader| dossiers::messages(reader, &actor, client, after, AT_ONCE);
            let found: Vec<Message> = self.read(read).await?;
            let Some(last) = found.last() else { return self.send().await };
            after = Some((last.channel, last.position));
            for message in &found {
                if title.0 != Some(message.channel) {
                    let channel = message.channel;
                    let called = self.read(move |reader| dossiers::title(reader, &actor, channel)).await?;
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
                self.writer.write_all(line.as_bytes())?;
            }
            self.send().await?;
        }
    }

    async fn notices(&mut self) -> io::Result<()> {
        let (actor, client) = (self.visitor.actor, self.client);
        let found = self.read(move |reader| dossiers::notices(reader, &actor, client)).await?;
        self.begin("notices.csv", 0)?;
        self.writer.write_all(exports::head(&["time", "kind", "sent", "failed", "reason"]).as_bytes())?;
        let time = |time: Option<Time>| time.map(times::exact).unwrap_or_default();
        for notice in found {
            let line = exports::line([
                &*times::exact(notice.created_at),
                &notice.kind,
                &time(notice.sent_at),
                &time(notice.failed_at),
                notice.reason.as_deref().unwrap_or(""),
            ]);
            self.writer.write_all(line.as_bytes())?;
        }
        self.send().await
    }

    async fn consents(&mut self) -> io::Result<()> {
        let (actor, client) = (self.visitor.actor, self.client);
        let found = self.read(move |reader| consents::all(reader, &actor)).await?;
        self.begin("texts.csv", 0)?;
        self.writer.write_all(exports::head(&["time", "number", "answer", "how", "wording"]).as_bytes())?;
        for consent in found.into_iter().filter(|consent| consent.person == client) {
            let answer = if consent.is_yes { "yes" } else { "no" };
            let line = exports::line([
                &*times::exact(consent.at),
                &consent.number,
                answer,
                consent.how.word(),
                &consent.wording,
            ]);
            self.writer.write_all(line.as_bytes())?;
        }
        self.send().await
    }

    async fn files(&mut self) -> io::Result<()> {
        let (actor, client) = (self.visitor.actor, self.client);
        let mut after: Option<FileId> = None;
        let mut left_out = Vec::new();
        loop {
            let read = move |reader: &Reader| dossiers::files(reader, &actor, client, after, AT_ONCE);
            let found: Vec<File> = self.read(read).await?;
            let Some(last) = found.last() else { break };
            after = Some(last.id);
            for file in found {
                let Some((blob, size)) = file.bytes else {
                    left_out.push(file.name);
                    continue;
                };
                let size = u64::try_from(size).unwrap_or(0);
                let name = Name { workspace: actor.workspace.0, id: blob.0 };
                let reading = self.app.web.blobs.read(name, Form::Whole, 0..size).await;
                let mut reading = reading.map_err(io::Error::other)?;
                // Two files of one name stand beside each other in folders of their own.
                self.begin(&format!("files/{}/{}", file.id, file.name), size)?;
                while let Some(bytes) = reading.next().await.map_err(io::Error::other)? {
                    self.writer.write_all(&bytes)?;
                    self.send().await?;
                }
            }
        }
        if !left_out.is_empty() {
            self.begin("files/Not included.txt", 0)?;
            self.writer.write_all(left_out.join("\r\n").as_bytes())?;
        }
        self.send().await
    }
}
