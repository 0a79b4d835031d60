//! STOP, START and HELP by text (N9). They come from a number, not from somebody who is signed in: what they mean holds for
//! everybody who gave that number, in every workspace, as all of them send from the same one.

use store::{Reader, Tx};

use crate::kernel::error::{self, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::limits;
use crate::notify::consents::{self, ConsentInput, How};
use crate::tenant::workspaces;

/// What there is to answer to somebody who wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeywordReply {
    /// The firm in whose name it is answered: one that texts to that number, else the first.
    pub brand_name: String,
    /// The host name of its portal, where that has one of its own.
    pub host: Option<String>,
}

/// Whether the owner of a number has stopped texts to it.
pub(crate) fn is_stopped(reader: &Reader, workspace: WorkspaceId, number: &str) -> Result<bool> {
    let found = reader.first(
        "SELECT 1 FROM stopped_numbers WHERE workspace = $1 AND number = $2",
        &[&workspace, &number],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Somebody wrote that they want no more texts; `words` is what they wrote. Again changes nothing.
///
/// # Errors
/// `Field` for what is no number.
pub fn stop(tx: &mut Tx, number: &str, words: &str) -> Result<KeywordReply> {
    let number = known(number)?;
    end(tx, &number, How::TextMessage, words)?;
    keyword_reply(tx, &number)
}

/// The provider takes no texts to a number, as its owner told it so (Twilio's 21610). Email goes on.
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

/// Somebody wrote that they want texts again; `words` is what they wrote. It takes back a stop and nothing else: where
/// nobody had said yes before, no text goes.
///
/// # Errors
/// `Field` for what is no number.
pub fn start(tx: &mut Tx, number: &str, words: &str) -> Result<KeywordReply> {
    let number = known(number)?;
    let started: Vec<WorkspaceId> =
        tx.all("DELETE FROM stopped_numbers WHERE number = $1 RETURNING workspace", &[&number], |row| {
            row.get(0)
        })?;
    keep(tx, &number, &started, true, How::TextMessage, words)?;
    keyword_reply(tx, &number)
}

/// Somebody wants to know who texts them. Changes nothing.
///
/// # Errors
/// `Field` for what is no number.
pub fn help(reader: &Reader, number: &str) -> Result<KeywordReply> {
    keyword_reply(reader, &known(number)?)
}

fn known(number: &str) -> Result<String> {
    let number = limits::validate_phone("From", number)?;
    number.ok_or(error::Error::field("From", error::Problem::Empty))
}

/// Writes the answer down for everybody in these workspaces who had said yes for the number.
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
