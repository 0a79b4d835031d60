//! Members for API clients: listed page by page, and as the people in whose name clients write, read, mute and leave
//! (D2, D4).

use store::{Reader, Tx};
use uuid::Uuid;

use crate::channels::members::{COLUMNS, Member, TABLES, find, read_up_to};
use crate::directory::person;
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ChannelId, MessageId, PersonId};

/// The members of a channel, by descending id; optionally only those before `before`; at most `most`.
pub fn newest(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    before: Option<PersonId>,
    most: i64,
) -> Result<Vec<Member>> {
    access::channel(reader, actor, channel)?;
    let before = before.unwrap_or(PersonId(Uuid::max()));
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE m.workspace = $1 AND m.channel = $2 AND m.person < $3 \
         ORDER BY m.person DESC LIMIT $4"
    );
    Ok(reader.all(&sql, &[&actor.workspace, &channel, &before, &most], |row| row.read())?)
}

/// The person in whose name an API client writes or reads in a channel: the one it names in `field`, else the admin
/// who created its key.
///
/// # Errors
/// `Field`: `Unknown` if the person does not exist, `NoMember` if they are not in the channel.
pub(crate) fn resolve_sender(
    reader: &Reader,
    program: &Actor,
    channel: ChannelId,
    field: &'static str,
    named: Option<PersonId>,
) -> Result<Actor> {
    let person = named.unwrap_or(program.person);
    if person::display_name(reader, program.workspace, person)?.is_none() {
        return Err(Error::field(field, Problem::Unknown));
    }
    let present = reader.first(
        "SELECT 1 FROM members WHERE workspace = $1 AND channel = $2 AND person = $3 AND left_at IS NULL",
        &[&program.workspace, &channel, &person],
        |_| Ok(()),
    )?;
    let actor = access::actor(reader, program.workspace, person)?.filter(|_| present.is_some());
    actor.ok_or(Error::field(field, Problem::NoMember))
}

/// The internal user for whom an API client mutes or leaves a channel, even one they already left by choice.
///
/// # Errors
/// `NotFound` also for people who are not in the channel; `Conflict` for a client user.
pub fn act_as(reader: &Reader, program: &Actor, channel: ChannelId, person: PersonId) -> Result<Actor> {
    if !find(reader, program, channel, person)?.role.is_internal() {
        return Err(Error::Conflict(
            "Client users are in the channels of what they belong to, and mute none.",
        ));
    }
    access::actor(reader, program.workspace, person)?.ok_or(Error::NotFound)
}

/// Moves the read position of the person the API client names, else of its key's admin, up to a message. Returns the
/// resulting position.
///
/// # Errors
/// `NotFound` for the channel; `Field` for an unknown message, and for someone who is not in the channel.
pub fn read_as(
    tx: &mut Tx,
    program: &Actor,
    reader: Option<PersonId>,
    channel: ChannelId,
    message: MessageId,
) -> Result<i64> {
    access::channel(tx, program, channel)?;
    let position: Option<i64> = tx.first(
        "SELECT position FROM messages WHERE workspace = $1 AND channel = $2 AND id = $3",
        &[&program.workspace, &channel, &message],
        |row| row.get(0),
    )?;
    let position = position.ok_or(Error::field("messageId", Problem::Unknown))?;
    let reader = resolve_sender(tx, program, channel, "readerId", reader)?;
    read_up_to(tx, &reader, channel, position)
}
