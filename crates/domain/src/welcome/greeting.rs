//! Who is welcomed in which channel, by whom and with what text, both when sending at the first sign-in and when
//! previewing.
//!
//! Client users are welcomed in their own channel or, where the workspace puts them into their company's (C6), in that
//! one. An internal user who wrote there first has already welcomed them (W3).

use store::{Reader, Time, Tx};

use crate::channels::channel::Kind;
use crate::channels::{members, starting};
use crate::directory::clients::{self, ClientFilter};
use crate::directory::{person, team};
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, CompanyId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::messages::sending::{self, Draft};
use crate::tenant::workspaces;
use crate::welcome::setting::{Welcome, setting};
use crate::welcome::template::{self, Template, Values};

/// The error if the welcome message is no longer going to be sent.
pub const CANCELLED: &str = "This welcome message is not to come any more.";

/// The channel in which a client user is welcomed.
struct Place {
    channel: ChannelId,
    /// The company, if it is a company's channel.
    company: Option<CompanyId>,
}

/// Sends the welcome message to a client user who signs in for the first time. Returns the channel, or `None` if
/// welcoming is off or an internal user has already written there. The caller must have the directory lock.
pub fn greet(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<Option<ChannelId>> {
    let welcome = setting(tx, workspace)?;
    if !welcome.enabled {
        return Ok(None);
    }
    let place = match place_of(tx, workspace, client)? {
        Some(place) => place,
        None => {
            starting::for_new_client(tx, workspace, client)?;
            place_of(tx, workspace, client)?.ok_or(Error::NotFound)?
        }
    };
    // Waits for anybody who is writing in this channel.
    tx.lock_rows(
        "SELECT 1 FROM channels WHERE workspace = $1 AND id = $2 FOR NO KEY UPDATE",
        &[&workspace, &place.channel],
    )?;
    if is_under_way(tx, workspace, place.channel)? {
        return Ok(None);
    }
    let Some((signer, signer_name)) = signer_in(tx, workspace, place.channel, &welcome)? else {
        return Ok(None);
    };
    let template = template_for(tx, workspace, client, &welcome)?.0;
    let text = template.fill(&values(tx, workspace, client, &place, signer_name)?);
    let id = MessageId::new(tx.now());
    let draft = Draft { id, channel: place.channel, text, attachments: Vec::new(), shown: None };
    let sent = sending::send(tx, &signer, &draft)?;
    members::mark_nothing_new(tx, workspace, place.channel, sent.position)?;
    tx.run(
        "INSERT INTO welcomes (workspace, person, message, sent_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace, person) DO UPDATE SET message = excluded.message, sent_at = excluded.sent_at",
        &[&workspace, &client, &id, &tx.now()],
    )?;
    Ok(Some(place.channel))
}

fn place_of(reader: &Reader, workspace: WorkspaceId, client: PersonId) -> Result<Option<Place>> {
    Ok(reader.first(
        "SELECT c.id, c.kind, c.subject FROM members m JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
         WHERE m.workspace = $1 AND m.person = $2 AND c.kind IN ('client', 'company') \
         ORDER BY CASE c.kind WHEN 'client' THEN 0 ELSE 1 END, c.created_at, c.id LIMIT 1",
        &[&workspace, &client],
        |row| {
            let (channel, kind, subject): (_, Kind, _) = row.read()?;
            Ok(Place { channel, company: (kind == Kind::Company).then_some(subject) })
        },
    )?)
}

/// Whether an internal user has written in a channel.
fn is_under_way(reader: &Reader, workspace: WorkspaceId, channel: ChannelId) -> Result<bool> {
    let found = reader.first(
        "SELECT 1 FROM messages x JOIN people p ON p.workspace = x.workspace AND p.id = x.author \
         WHERE x.workspace = $1 AND x.channel = $2 AND x.deleted_at IS NULL AND p.role <> 'client' LIMIT 1",
        &[&workspace, &channel],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Who signs in a channel: the chosen sender, else an admin, else any internal user, each only if a member of it.
fn signer_in(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    welcome: &Welcome,
) -> Result<Option<(Actor, Name)>> {
    Ok(reader.first(
        "SELECT p.id, p.role, p.limited_at, p.given_name, p.family_name, p.email FROM members m \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.left_at IS NULL AND p.role <> 'client' AND p.deactivated_at IS NULL \
         ORDER BY CASE WHEN p.id = $3 THEN 0 WHEN p.role = 'admin' THEN 1 ELSE 2 END, p.created_at, p.id LIMIT 1",
        &[&workspace, &channel, &welcome.chosen],
        |row| {
            let (person, role, limited_at, name): (_, _, Option<Time>, _) = row.read()?;
            Ok((Actor::new(workspace, person, role, limited_at.is_some()), name))
        },
    )?)
}

/// The text for a client user, and whether it was written for them alone.
fn template_for(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
    welcome: &Welcome,
) -> Result<(Template, bool)> {
    let own: Option<Option<String>> = reader.first(
        "SELECT text FROM welcomes WHERE workspace = $1 AND person = $2",
        &[&workspace, &client],
        |row| row.get(0),
    )?;
    match own.flatten() {
        Some(own) => Ok((template::parse("text", &own)?, true)),
        None => Ok((template::parse("text", &welcome.text)?, false)),
    }
}

fn values(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
    place: &Place,
    sender: Name,
) -> Result<Values> {
    let company: Option<String> = reader.first(
        "SELECT k.name FROM company_clients b JOIN companies k ON k.workspace = b.workspace AND k.id = b.company \
         WHERE b.workspace = $1 AND b.person = $2 AND k.placeholder_at IS NULL \
         ORDER BY CASE WHEN k.id = $3 THEN 0 ELSE 1 END, b.since, k.id LIMIT 1",
        &[&workspace, &client, &place.company],
        |row| row.get(0),
    )?;
    Ok(Values {
        client: person::display_name(reader, workspace, client)?.ok_or(Error::NotFound)?,
        company: company.unwrap_or_default(),
        brand: workspaces::find(reader, workspace)?.brand_name,
        sender,
    })
}

/// A preview of a welcome message that has not been sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    pub client: PersonId,
    pub client_name: Name,
    pub sender: PersonId,
    pub sender_name: Name,
    /// The message as it would be sent now, in Markdown.
    pub text: String,
    /// The text before its merge fields are filled.
    pub template: String,
    /// Whether it was written for this client user alone.
    pub is_own: bool,
    /// How many other client users would receive it if they signed in first.
    pub others: usize,
}

/// The welcome message that a client user of a channel will get at their first sign-in (W3). Returns `None` if nobody in
/// the channel is still expected, or if nobody will be welcomed there.
///
/// # Errors
/// `NotFound`, also for client users.
pub fn foreseen(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<Option<Foreseen>> {
    foreseen_with(reader, actor, channel, None)
}

/// The same preview with another text that has not been saved.
///
/// # Errors
/// As [`foreseen`], and `Field` for the text.
pub fn foreseen_with(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    text: Option<&str>,
) -> Result<Option<Foreseen>> {
    access::internal(actor)?;
    access::channel(reader, actor, channel)?;
    let workspace = actor.workspace;
    let welcome = setting(reader, workspace)?;
    if !welcome.enabled {
        return Ok(None);
    }
    let mut coming: Vec<(PersonId, Name)> = reader.all(
        "SELECT p.id, p.given_name, p.family_name, p.email FROM members m \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
         WHERE m.workspace = $1 AND m.channel = $2 AND p.role = 'client' AND p.first_seen_at IS NULL \
         ORDER BY p.given_name, p.family_name, p.id",
        &[&workspace, &channel],
        |row| row.read(),
    )?;
    let mut place = None;
    let mut here = Vec::new();
    for person in coming.drain(..) {
        match place_of(reader, workspace, person.0)? {
            Some(found) if found.channel == channel => {
                place = Some(found);
                here.push(person);
            }
            _ => {}
        }
    }
    let (Some(place), Some((client, client_name))) = (place, here.first().cloned()) else { return Ok(None) };
    if is_under_way(reader, workspace, channel)? {
        return Ok(None);
    }
    let Some((signer, sender_name)) = signer_in(reader, workspace, channel, &welcome)? else {
        return Ok(None);
    };
    let (template, is_own) = match text {
        Some(text) => (template::parse("text", text)?, true),
        None => template_for(reader, workspace, client, &welcome)?,
    };
    let text = template.fill(&values(reader, workspace, client, &place, sender_name.clone())?);
    Ok(Some(Foreseen {
        client,
        client_name,
        sender: signer.person,
        sender_name,
        text,
        template: template.text(),
        is_own,
        others: here.len() - 1,
    }))
}

/// Sets the text for one client user alone; `None` returns to the workspace's text (W3).
///
/// # Errors
/// `NotFound`, also for client users; `Conflict` if that client user will no longer be welcomed there; `Field`.
pub fn write_for(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    client: PersonId,
    text: Option<&str>,
) -> Result<()> {
    let foreseen = foreseen(tx, actor, channel)?;
    let text = text.map(|text| template::parse("text", text)).transpose()?;
    if foreseen.is_none_or(|foreseen| foreseen.client != client) {
        return Err(Error::Conflict(CANCELLED));
    }
    tx.run(
        "INSERT INTO welcomes (workspace, person, text) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace, person) DO UPDATE SET text = excluded.text WHERE welcomes.sent_at IS NULL",
        &[&actor.workspace, &client, &text.map(|text| text.text())],
    )?;
    audit_log::append(tx, actor, AuditAction::WelcomeWritten, Some(client.0), Changes::none())
}

/// Previews a text, signed by `sender`, with the values of a client user whom the actor can see, or invented ones.
///
/// # Errors
/// `NotFound` for client users and an unknown sender, `Forbidden` for staff; `Field` for the text.
pub fn sample(reader: &Reader, actor: &Actor, text: &str, sender: PersonId) -> Result<Sample> {
    access::admin(actor)?;
    let template = template::parse("text", text)?;
    let sender = team::internal(reader, actor, sender)?;
    let client = clients::clients(reader, actor, &ClientFilter::default(), 1)?.pop();
    let values = match client {
        Some(client) => {
            let place = Place { channel: ChannelId(client.id.0), company: None };
            values(reader, actor.workspace, client.id, &place, sender.name.clone())?
        }
        None => Values {
            client: Name { given: "Alex".into(), family: "Morgan".into(), email: "alex@example.com".into() },
            company: "Example Ltd".to_string(),
            brand: workspaces::find(reader, actor.workspace)?.brand_name,
            sender: sender.name.clone(),
        },
    };
    Ok(Sample {
        text: template.fill(&values),
        client_name: values.client,
        sender: sender.id,
        sender_name: sender.name,
    })
}

/// A preview of a welcome message for an example client user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Markdown.
    pub text: String,
    pub client_name: Name,
    pub sender: PersonId,
    pub sender_name: Name,
}
