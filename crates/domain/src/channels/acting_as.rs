//! Members as programs deal with them: listed page by page, and the people as whom they speak, read, mute and leave.

use store::{Reader, Tx};
use uuid::Uuid;

use crate::channels::members::{COLUMNS, Member, TABLES, find, read_up_to};
use crate::directory::person;
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ChannelId, MessageId, PersonId};

/// The members of a channel, those who were made last first: those made before `before` where one is named, at most `most`.
///
/// # Errors
/// `NotFound`.
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

/// The person as whom a program writes or reads in a channel: the one whom it names in `field`, else the admin who made its
/// key.
///
/// # Errors
/// `Field`: `Unknown` for somebody who is not there, `NoMember` for somebody who is not in the channel.
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

/// The internal user in a channel, whether they left it by choice or not, for whom a program mutes it or leaves it.
///
/// # Errors
/// `NotFound` for a channel and for a person that are not there, and for somebody who is not in the channel; `Conflict`
/// for a client user.
pub fn act_as(reader: &Reader, program: &Actor, channel: ChannelId, person: PersonId) -> Result<Actor> {
    if !find(reader, program, channel, person)?.role.is_internal() {
        return Err(Error::Conflict(
            "Client users are in the channels of what they belong to, and mute none.",
        ));
    }
    access::actor(reader, program.workspace, person)?.ok_or(Error::NotFound)
}

/// Moves somebody's read position up to a message, for a program: that of the person whom it names, else of the admin
/// who made its key. Answers the position that holds now.
///
/// # Errors
/// `NotFound` for the channel; `Field` for a message that is not there and for somebody who is not in the channel.
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
