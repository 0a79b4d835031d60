//! Every message that was answered as sent is looked up afterwards: a server that is fast and loses some is none.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use domain::kernel::ids::MessageId;

use crate::error::Result;
use crate::server;

static ANSWERED: Mutex<Vec<MessageId>> = Mutex::new(Vec::new());

/// The message that an answer is about.
pub(crate) fn message(body: &[u8]) -> Option<MessageId> {
    std::str::from_utf8(body.strip_prefix(b"{\"id\":\"")?.get(..36)?).ok()?.parse().ok()
}

/// Takes note of messages that were answered as sent.
pub(crate) fn answered(messages: Vec<MessageId>) {
    ANSWERED.lock().unwrap_or_else(PoisonError::into_inner).extend(messages);
}

/// Fails unless every message that was answered since the last time is in this database, whose server was killed.
pub(crate) async fn look_up(folder: &Path) -> Result<()> {
    let answered: BTreeSet<MessageId> =
        std::mem::take(&mut *ANSWERED.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect();
    let store = server::open(folder)?;
    let kept = store.read_long(|reader| reader.all("SELECT id FROM messages", &[], |row| row.get(0))).await;
    store.close();
    let kept: BTreeSet<MessageId> = kept.map(|kept: Vec<MessageId>| kept.into_iter().collect())?;
    let lost = answered.difference(&kept).count();
    if answered.is_empty() || lost > 0 {
        return Err(
            format!("{lost} of {} messages that were answered as sent are lost", answered.len()).into()
        );
    }
    eprintln!("{} messages were answered as sent, and all are there", answered.len());
    Ok(())
}
