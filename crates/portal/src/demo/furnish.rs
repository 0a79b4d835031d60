//! Furnishing: the people of the demonstration act as themselves, one after the other, on a clock set to when each of them
//! acted.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use domain::administration;
use domain::administration::clients::{self, ClientInput};
use domain::administration::projects::{self, ProjectInput};
use domain::administration::set_up::{self, SetUp};
use domain::administration::team::{self, InternalInput};
use domain::arrival::{invitations, sign_in};
use domain::channels::members;
use domain::channels::starting::{self, Subject};
use domain::files::blobs::ReceivedBlob;
use domain::files::content;
use domain::files::uploads::{self, NewUpload, Purpose, StorageLimits};
use domain::identity::sign_in_links::{self, LinkKind};
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::error;
use domain::kernel::ids::{
    BlobId, ChannelId, CompanyId, MessageId, PersonId, ProjectId, UploadId, WorkspaceId,
};
use domain::messages::attachments::Attached;
use domain::messages::editing;
use domain::messages::sending::{self, Draft};
use domain::tenant::brand_settings::{self, BrandChange};
use outbound::blobs::{Blobs, Name};
use outbound::pictures;
use store::{Clock, Setting, Store, Time, Tx};

use super::conversations::{self, About, Action, File};
use super::firm::{ACCENT, ADMIN, BRAND, CLIENTS, COMPANIES, PROJECTS, SIDE, STAFF};
use crate::error::Result;

/// When the firm opened its portal: before the first conversation.
const OPENED_DAYS_AGO: u64 = 9;
/// How long after the last message a conversation was read.
const READ_AFTER_MINUTES: u64 = 4;
/// More than what is sent here.
const ROOM: StorageLimits = StorageLimits { file_max: 1 << 20, workspace_max: 1 << 30 };
/// When the last client was invited. The mail leaves when the demonstration starts.
const INVITED_MINUTES_AGO: u64 = 2;

/// Fills an empty database. Files are sent only if there is a store for their bytes.
pub(crate) async fn furnish(setting: &Setting, blobs: Option<&Blobs>) -> Result<()> {
    let now = Clock::System.now();
    let clock = Clock::simulated(now.before(minutes(OPENED_DAYS_AGO * 24 * 60)));
    let store = Store::open(setting, clock, domain::MIGRATIONS)?;
    let furnished = act(&store, now, blobs).await;
    store.close();
    furnished
}

async fn act(store: &Store, now: Time, blobs: Option<&Blobs>) -> Result<()> {
    let office = store.write(open_office).await?;
    let (mut office, acts) = store.write(move |tx| open_channels(tx, office)).await?;
    for act in acts {
        let clock = store.clock();
        clock.advance(now.before(minutes(act.minutes_ago)).since(clock.now()));
        let file = match (act.action, blobs) {
            (Some(Action::Send { file, .. }), Some(blobs)) => {
                Some(upload(store, blobs, office.actor(act.who)?, act.channel, *file).await?)
            }
            _ => None,
        };
        office = store.write(move |tx| perform(tx, office, act, file)).await?;
    }
    let clock = store.clock();
    clock.advance(now.before(minutes(INVITED_MINUTES_AGO)).since(clock.now()));
    Ok(store.write(move |tx| invite(tx, &office)).await?)
}

/// Uploads a file that its sender sends afterwards.
async fn upload(
    store: &Store,
    blobs: &Blobs,
    sender: Actor,
    channel: ChannelId,
    file: File,
) -> Result<UploadId> {
    let size = file.bytes.len() as i64;
    let new = NewUpload {
        channel,
        purpose: Purpose::Message,
        name: file.name.to_string(),
        size: Some(size),
        metadata: None,
    };
    let upload = store.write(move |tx| uploads::begin(tx, &sender, &new, &ROOM)).await?.id;
    let id = BlobId::new(store.clock().now());
    let mut receiving = blobs.receive(upload.0, 0).await?;
    receiving.write(Bytes::from_static(file.bytes)).await?;
    receiving.sync().await?;
    let name = Name { workspace: sender.workspace.0, id: id.0 };
    let placed = blobs.place(upload.0, file.bytes.len() as u64, name).await?;
    let dimensions = pictures::dimensions(file.bytes).map(|(width, height)| (width.into(), height.into()));
    let content_type = content::content_type(&placed.head, file.name).to_string();
    let arrived = ReceivedBlob { id, hash: placed.hash, size, content_type, dimensions, is_unchecked: false };
    store.write(move |tx| uploads::complete(tx, &sender, upload, &arrived, &ROOM)).await?;
    Ok(upload)
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// Everybody and everything by the name used in the conversations.
#[derive(Clone)]
struct Office {
    workspace: WorkspaceId,
    people: HashMap<&'static str, Actor>,
    companies: HashMap<&'static str, CompanyId>,
    projects: HashMap<&'static str, ProjectId>,
    /// The last message of each person in each channel.
    last: HashMap<(ChannelId, PersonId), MessageId>,
}

impl Office {
    fn actor(&self, name: &str) -> error::Result<Actor> {
        self.people.get(name).copied().ok_or(error::Error::NotFound)
    }

    fn people(&self, names: &[impl AsRef<str>]) -> error::Result<Vec<PersonId>> {
        names.iter().map(|name| Ok(self.actor(name.as_ref())?.person)).collect()
    }

    fn company(&self, name: &str) -> error::Result<CompanyId> {
        self.companies.get(name).copied().ok_or(error::Error::NotFound)
    }

    /// Signs somebody in for the first time by a link from the firm.
    fn sign_in(&mut self, tx: &mut Tx, name: &'static str, person: PersonId) -> error::Result<()> {
        let link = sign_in_links::create_link(tx, self.workspace, person, LinkKind::Command)?;
        sign_in::by_link(tx, link.reveal())?;
        self.remember(tx, name, person)
    }

    fn remember(&mut self, tx: &Tx, name: &'static str, person: PersonId) -> error::Result<()> {
        let actor = access::actor(tx, self.workspace, person)?.ok_or(error::Error::NotFound)?;
        self.people.insert(name, actor);
        Ok(())
    }
}

fn open_office(tx: &mut Tx) -> error::Result<Office> {
    let set_up = SetUp {
        brand: BRAND.to_string(),
        given_name: ADMIN.given_name.to_string(),
        family_name: ADMIN.family_name.to_string(),
        email: ADMIN.email.to_string(),
    };
    let (workspace, admin) = set_up::set_up(tx, None, &set_up)?;
    let mut office = Office {
        workspace,
        people: HashMap::new(),
        companies: HashMap::new(),
        projects: HashMap::new(),
        last: HashMap::new(),
    };
    office.sign_in(tx, ADMIN.given_name, admin)?;
    let admin = office.actor(ADMIN.given_name)?;
    let colors = BrandChange {
        accent: Some(ACCENT.to_string()),
        side: Some(SIDE.to_string()),
        ..BrandChange::default()
    };
    brand_settings::change(tx, &admin, &colors)?;
    for name in COMPANIES {
        office.companies.insert(name, administration::companies::add(tx, &admin, name)?);
    }
    for colleague in STAFF {
        let assigned = colleague.limited_to.unwrap_or_default();
        let assigned: Vec<_> =
            assigned.iter().map(|name| office.company(name)).collect::<error::Result<_>>()?;
        let new = InternalInput {
            given_name: colleague.given_name.to_string().into(),
            family_name: colleague.family_name.to_string().into(),
            email: colleague.email.to_string().into(),
            role: Role::Staff.into(),
            is_client_access_limited: colleague.limited_to.is_some().into(),
            company_access_list: assigned.into(),
        };
        let person = team::add_internal(tx, &admin, &new)?;
        office.sign_in(tx, colleague.given_name, person)?;
    }
    for client in CLIENTS {
        let new = ClientInput {
            given_name: client.given_name.to_string().into(),
            family_name: client.family_name.to_string().into(),
            email: client.email.to_string().into(),
            new_company: client.company.to_string(),
            ..ClientInput::default()
        };
        let person = clients::add_client(tx, &admin, &new)?;
        if client.has_come {
            office.sign_in(tx, client.given_name, person)?;
        } else {
            office.remember(tx, client.given_name, person)?;
        }
    }
    for project in PROJECTS {
        let new = ProjectInput {
            title: project.title.to_string().into(),
            company_id: Some(office.company(project.company)?).into(),
            client_ids: office.people(project.clients)?.into(),
            internal_user_ids: office.people(project.colleagues)?.into(),
            ..ProjectInput::default()
        };
        office.projects.insert(project.title, projects::add(tx, &admin, &new)?);
    }
    Ok(office)
}

/// Something that somebody does in a channel.
#[derive(Clone)]
struct Act {
    minutes_ago: u64,
    who: &'static str,
    channel: ChannelId,
    /// Without one, they read what there is.
    action: Option<&'static Action>,
}

/// Creates the channels, each by a member from the firm; returns what happens in all of them, in order.
fn open_channels(tx: &mut Tx, office: Office) -> error::Result<(Office, Vec<Act>)> {
    let mut acts = Vec::new();
    for conversation in conversations::all() {
        let (maker, subject) = match &conversation.about {
            About::Client(name) => (ADMIN.given_name, Subject::Client(office.actor(name)?.person)),
            About::Company(name) => (ADMIN.given_name, Subject::Company(office.company(name)?)),
            About::Project(title) => {
                let id = office.projects.get(title.as_str()).copied().ok_or(error::Error::NotFound)?;
                let project = PROJECTS.iter().find(|project| project.title == title);
                (project.expect("it has an id").colleagues[0], Subject::Project(id))
            }
            About::Group { company, clients } => {
                (ADMIN.given_name, Subject::Group(office.company(company)?, office.people(clients)?))
            }
        };
        let channel = starting::create(tx, &office.actor(maker)?, &subject)?;
        for line in &conversation.lines {
            let (who, action) = (line.who.as_str(), Some(&line.action));
            acts.push(Act { minutes_ago: line.minutes_ago, who, channel, action });
        }
        let newest = conversation.lines.last().map_or(0, |line| line.minutes_ago);
        let minutes_ago = newest.saturating_sub(READ_AFTER_MINUTES);
        for who in &conversation.read_by {
            acts.push(Act { minutes_ago, who, channel, action: None });
        }
    }
    acts.sort_by_key(|act| std::cmp::Reverse(act.minutes_ago));
    Ok((office, acts))
}

fn perform(tx: &mut Tx, mut office: Office, act: Act, file: Option<UploadId>) -> error::Result<Office> {
    let actor = office.actor(act.who)?;
    let author = (act.channel, actor.person);
    let last = office.last.get(&author).copied();
    match act.action {
        // Without the file, an empty message would be left.
        Some(Action::Send { text, .. }) if text.is_empty() && file.is_none() => {}
        Some(Action::Say(text) | Action::Send { text, .. }) => {
            let id = MessageId::new(tx.now());
            // An author has read everything before their message.
            let draft = Draft {
                id,
                channel: act.channel,
                text: text.clone(),
                attachments: file.map(Attached::Upload).into_iter().collect(),
                shown: Some(i64::MAX),
            };
            sending::send(tx, &actor, &draft)?;
            office.last.insert(author, id);
        }
        Some(Action::Edit(text)) => {
            editing::edit(tx, &actor, last.ok_or(error::Error::NotFound)?, text)?;
        }
        Some(Action::Delete {}) => {
            editing::delete(tx, &actor, last.ok_or(error::Error::NotFound)?)?;
        }
        None => {
            members::read_up_to(tx, &actor, act.channel, i64::MAX)?;
        }
    }
    Ok(office)
}

fn invite(tx: &mut Tx, office: &Office) -> error::Result<()> {
    let admin = office.actor(ADMIN.given_name)?;
    for client in CLIENTS.iter().filter(|client| !client.has_come) {
        invitations::invite(tx, &admin, office.actor(client.given_name)?.person)?;
    }
    Ok(())
}
