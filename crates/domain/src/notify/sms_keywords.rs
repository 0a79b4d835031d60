//! STOP, START and HELP by text (N9). They come from a number, not from a signed-in person, so they apply to
//! everybody who gave that number, in every workspace: all workspaces send from the same number.

use store::{Reader, Tx};

use crate::kernel::error::{self, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::limits;
use crate::notify::consents::{self, ConsentInput, How};
use crate::tenant::workspaces;

/// What a reply to such a text needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeywordReply {
    /// The firm to reply as: one that texts this number, otherwise the first one.
    pub brand_name: String,
    /// The host name of its portal, if it has one of its own.
    pub host: Option<String>,
}

pub(crate) fn is_stopped(reader: &Reader, workspace: WorkspaceId, number: &str) -> Result<bool> {
    let found = reader.first(
        "SELECT 1 FROM stopped_numbers WHERE workspace = $1 AND number = $2",
        &[&workspace, &number],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Stops texts to a number; `words` is the message received. Again changes nothing.
///
/// # Errors
/// `Field` for an invalid number.
pub fn stop(tx: &mut Tx, number: &str, words: &str) -> Result<KeywordReply> {
    let number = known(number)?;
    end(tx, &number, How::TextMessage, words)?;
    keyword_reply(tx, &number)
}

/// Stops texts to a number that the provider reports as unsubscribed (Twilio error 21610). Email continues.
pub fn unsubscribed(tx: &mut Tx, number: &str) -> Result<()> {
    end(tx, number, How::Provider, "The provider reports this number as unsubscribed.")
}

fn end(tx: &Tx, number: &str, how: How, words: &str) -> Result<()> {
    let stopped: Vec<WorkspaceId> = tx.all(
        "INSERT INTO stopped_numbers (workspace, number, at) SELECT w.id, $1, CAST($2 AS BIGINT) FROM workspaces w \
         WHERE w.id IS NOT NULL ON CONFLICT (workspace, number) DO NOTHING RETURNING workspace",
        &[&number, &tx.now()],
        |row| row.get(0),
    )?;
    keep(tx, number, &stopped, false, how, words)
}

/// Allows texts to a number again; `words` is the message received. It only undoes a stop: without earlier
/// consent no text is sent.
///
/// # Errors
/// `Field` for an invalid number.
pub fn start(tx: &mut Tx, number: &str, words: &str) -> Result<KeywordReply> {
    let number = known(number)?;
    let started: Vec<WorkspaceId> =
        tx.all("DELETE FROM stopped_numbers WHERE number = $1 RETURNING workspace", &[&number], |row| {
            row.get(0)
        })?;
    keep(tx, &number, &started, true, How::TextMessage, words)?;
    keyword_reply(tx, &number)
}

/// Answers HELP. Changes nothing.
///
/// # Errors
/// `Field` for an invalid number.
pub fn help(reader: &Reader, number: &str) -> Result<KeywordReply> {
    keyword_reply(reader, &known(number)?)
}

fn known(number: &str) -> Result<String> {
    let number = limits::validate_phone("From", number)?;
    number.ok_or(error::Error::field("From", error::Problem::Empty))
}

/// Records the answer for everybody in these workspaces who had consented for the number.
fn keep(
    tx: &Tx,
    number: &str,
    workspaces: &[WorkspaceId],
    is_yes: bool,
    how: How,
    wording: &str,
) -> Result<()> {
    for workspace in workspaces {
        let agreed: Vec<PersonId> = tx.all(
            "SELECT person FROM phones WHERE workspace = $1 AND number = $2 AND agreed_at IS NOT NULL ORDER BY person",
            &[workspace, &number],
            |row| row.get(0),
        )?;
        for person in agreed {
            consents::append(tx, *workspace, &ConsentInput { person, number, is_yes, wording, how })?;
        }
    }
    Ok(())
}

fn keyword_reply(reader: &Reader, number: &str) -> Result<KeywordReply> {
    let told = reader.first(
        "SELECT w.brand_name, w.host FROM phones f JOIN workspaces w ON w.id = f.workspace WHERE f.number = $1 \
         ORDER BY CASE WHEN f.agreed_at IS NULL THEN 1 ELSE 0 END, w.created_at, w.id LIMIT 1",
        &[&number],
        |row| Ok(KeywordReply { brand_name: row.get(0)?, host: row.get(1)? }),
    )?;
    if let Some(told) = told {
        return Ok(told);
    }
    let first = workspaces::all(reader)?.into_iter().next();
    let told = first.map(|workspace| KeywordReply { brand_name: workspace.brand_name, host: workspace.host });
    Ok(told.unwrap_or(KeywordReply { brand_name: String::new(), host: None }))
}
