//! What has been compared so far, so that each step looks only at what is new.

use std::collections::HashSet;

use domain::kernel::ids::DigestId;
use domain::kernel::medium::Medium;
use store::Time;

#[derive(Default)]
pub(crate) struct Compared {
    /// Digests that the portal has written.
    pub(crate) digests: HashSet<DigestId>,
    /// The time of the last comparison.
    pub(crate) at: Time,
    /// How many mails and texts the servers were given, invitations too.
    pub(crate) attempts: usize,
    /// The digests among them.
    pub(crate) sent: Vec<Sent>,
}

/// A digest that a server was given.
pub(crate) struct Sent {
    pub(crate) digest: DigestId,
    pub(crate) medium: Medium,
    pub(crate) at: Time,
    /// Whether the sender knows that the server has it.
    pub(crate) confirmed: bool,
    /// The indices of the messages in it.
    pub(crate) messages: Vec<usize>,
}
