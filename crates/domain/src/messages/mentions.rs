//! Mentions (M8): the members that a message names, stored with the name as written.

use store::{Reader, Tx};

use crate::channels::members;
use crate::formatting;
use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, MessageId, PersonId, WorkspaceId};

/// Stores the members that a text mentions: `@` and a full name, or a given name that begins no matched full
/// name. Returns them ordered by name.
pub(crate) fn insert(
    tx: &Tx,
    actor: &Actor,
    channel: ChannelId,
    message: MessageId,
    text: &str,
) -> Result<Vec<(PersonId, String)>> {
    if !text.contains('@') {
        return Ok(Vec::new());
    }
    let members = members::all(tx, actor.workspace, channel)?;
    let named = |name: &str| !name.is_empty() && formatting::mentions(text, name);
    let (in_full, others): (Vec<_>, Vec<_>) = members
        .into_iter()
        .map(|member| (member.person, member.name))
        .partition(|(_, name)| named(&name.full()));
    let mut mentioned: Vec<(PersonId, String)> =
        in_full.into_iter().map(|(person, name)| (person, name.full())).collect();
    // "@Jane Lee" does not also mean Jane Smith.
    let means_another = |given: &str| mentioned.iter().any(|(_, full)| full.starts_with(given));
    let by_given: Vec<_> = others
        .into_iter()
        .filter(|(_, name)| named(&name.given) && !means_another(&name.given))
        .map(|(person, name)| (person, name.given))
        .collect();
    mentioned.extend(by_given);
    mentioned.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
    for (person, name) in &mentioned {
        tx.run(
            "INSERT INTO mentions (workspace, message, person, name) VALUES ($1, $2, $3, $4)",
            &[&actor.workspace, &message, person, name],
        )?;
    }
    Ok(mentioned)
}

/// Removes the mentions of a message's previous text.
pub(crate) fn forget(tx: &Tx, actor: &Actor, message: MessageId) -> Result<()> {
    tx.run("DELETE FROM mentions WHERE workspace = $1 AND message = $2", &[&actor.workspace, &message])?;
    Ok(())
}

/// The members that a message mentions, ordered by name.
pub(crate) fn of(
    reader: &Reader,
    workspace: WorkspaceId,
    message: MessageId,
) -> Result<Vec<(PersonId, String)>> {
    Ok(reader.all(
        "SELECT person, name FROM mentions WHERE workspace = $1 AND message = $2 ORDER BY name, person",
        &[&workspace, &message],
        |row| row.read(),
    )?)
}
