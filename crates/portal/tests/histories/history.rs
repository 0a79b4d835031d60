//! What programs asked of one channel, when, and what they were answered.

use uuid::Uuid;

/// Nanoseconds since the run began, of the monotonic clock.
pub(crate) type Moment = u64;
/// When something ended whose answer was lost: it may take effect at any time.
pub(crate) const NEVER: Moment = Moment::MAX;

/// A message as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) message: Uuid,
    /// `None` once it is deleted.
    pub(crate) text: Option<String>,
    pub(crate) is_seen: bool,
}

/// What a program asked.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Send {
        message: Uuid,
        text: String,
    },
    Edit {
        message: Uuid,
        text: String,
    },
    Delete {
        message: Uuid,
    },
    Look {
        message: Uuid,
    },
    /// Moves the reader's read position.
    Read {
        message: Uuid,
    },
    /// The newest messages, newest first, or all of them.
    List {
        is_whole: bool,
    },
}

/// What it was answered.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// With the messages that the answer showed.
    Done(Vec<Shown>),
    Refused(u16),
    /// The connection broke, or the portal could not say.
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) begun: Moment,
    pub(crate) ended: Moment,
    pub(crate) action: Action,
    pub(crate) outcome: Outcome,
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) seq: i64,
    pub(crate) name: String,
    pub(crate) message: Uuid,
    pub(crate) text: Option<String>,
}

/// A stream from its first connection to the end of the run, across every break.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listening {
    /// When the first connection stood.
    pub(crate) open: Moment,
    pub(crate) heard: Vec<Heard>,
}

/// Everything about one channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) operations: Vec<Operation>,
    pub(crate) streams: Vec<Listening>,
    /// All messages at the end, the oldest first.
    pub(crate) end: Vec<Shown>,
}

impl Operation {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done(_))
    }

    /// The messages that its answer showed.
    pub(crate) fn shown(&self) -> &[Shown] {
        match &self.outcome {
            Outcome::Done(shown) => shown,
            Outcome::Refused(_) | Outcome::Unknown => &[],
        }
    }

    /// The message it is about, unless it lists many.
    pub(crate) fn message(&self) -> Option<Uuid> {
        match &self.action {
            Action::Send { message, .. }
            | Action::Edit { message, .. }
            | Action::Delete { message }
            | Action::Look { message }
            | Action::Read { message } => Some(*message),
            Action::List { .. } => None,
        }
    }
}
