//! What was said in the demonstration, and when. People go by their given names.

mod brightwater;
mod calder;
mod northwind;
mod others;

/// A conversation: where, what was said, and who has read all of it.
pub(super) struct Conversation {
    pub(super) about: About,
    pub(super) lines: &'static [Line],
    /// Besides those who wrote last. For the others it waits unread from their own last message on.
    pub(super) read_by: &'static [&'static str],
}

/// The subject of a conversation.
pub(super) enum About {
    /// A client user.
    Client(&'static str),
    /// A company.
    Company(&'static str),
    /// A project.
    Project(&'static str),
    /// Client users of a company, put together by hand.
    Group(&'static str, &'static [&'static str]),
}

/// One thing that somebody did.
pub(super) struct Line {
    /// Before now.
    pub(super) minutes_ago: u64,
    pub(super) who: &'static str,
    pub(super) does: Does,
}

/// What somebody did.
#[derive(Clone, Copy)]
pub(super) enum Does {
    /// Wrote a message.
    Say(&'static str),
    /// Wrote a message with a file.
    Send(&'static str, &'static File),
    /// Changed the text of their last message here.
    Edit(&'static str),
    /// Deleted their last message here.
    Delete,
}

/// A file that somebody sent.
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
}

const fn ago(days: u64, hours: u64, minutes: u64, who: &'static str, does: Does) -> Line {
    Line { minutes_ago: (days * 24 + hours) * 60 + minutes, who, does }
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Conversation> {
    const ALL: [&[Conversation]; 4] = [
        &northwind::CONVERSATIONS,
        &calder::CONVERSATIONS,
        &brightwater::CONVERSATIONS,
        &others::CONVERSATIONS,
    ];
    ALL.into_iter().flatten()
}
