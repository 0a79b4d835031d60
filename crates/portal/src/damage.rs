//! Reports damaged files by name to the administrator of the portal.

use std::process::ExitCode;

use domain::files::blobs::{self, BlobUse};
use domain::kernel::ids::{BlobId, WorkspaceId};
use outbound::blobs::{Damage, Name};
use store::Reader;

use crate::error::Result;

/// The exit status of commands that did their work but found damaged files.
const STATUS: u8 = 2;

/// Bytes that are not those that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    pub(crate) name: Name,
    pub(crate) damage: Damage,
}

/// A line for each file that has damaged bytes: which one, where, and what is wrong.
pub(crate) fn describe(reader: &Reader, damaged: &[Damaged]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for Damaged { name, damage } in damaged {
        let uses = blobs::uses(reader, WorkspaceId(name.workspace), BlobId(name.id))?;
        for BlobUse { file_name, channel, brand, is_deleted } in uses {
            let deleted = if is_deleted { ", deleted" } else { "" };
            lines.push(format!(
                "\"{}\" in \"{}\" of {}{deleted}: {damage} (blob {})",
                plain(&file_name),
                plain(&channel),
                plain(&brand),
                name.id
            ));
        }
    }
    Ok(lines)
}

/// Prints these lines as errors, and what else was done. The status says whether any file is damaged.
pub(crate) fn status(damaged: &[Damaged], lines: &[String], rest: &str) -> ExitCode {
    if damaged.is_empty() {
        return ExitCode::SUCCESS;
    }
    tell(lines);
    eprintln!("portal: {} damaged files. {rest}.", damaged.len());
    ExitCode::from(STATUS)
}

pub(crate) fn tell(lines: &[String]) {
    lines.iter().for_each(|line| eprintln!("portal: damaged: {line}"));
}

/// Without line breaks and other characters that a terminal obeys.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
