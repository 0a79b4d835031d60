//! Reply links (N7, N8): from a mail or text straight to a page for replying, for one person in one channel.
//!
//! Opening a link changes nothing, so mail scanners may do so as often as they like. Only the hash of its
//! secret is stored. Whether it still works is decided each time, from the current membership, time and
//! workspace setting. Replying is [`crate::messages::sending::send`] as that person.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::channels::channel::{self, Channel};
use crate::channels::members;
use crate::directory::addressee::{self, Addressee};
use crate::directory::person;
use crate::files::entry::{self, Entry};
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, DigestId, FileId, FreshLinkId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::secrets::{self, Secret};
use crate::kernel::{limits, rate_limits};
use crate::messages::attachments::Attached;
use crate::messages::message::{self, Message, Window};
use crate::messages::sending::{self, Draft};
use crate::notify::deliveries;
use crate::notify::delivery::Kind;
use crate::tenant::settings::{self, ReplyLinks};

/// How long a link works (N8).
pub const LASTS: Duration = Duration::from_secs(14 * 24 * 3600);
/// The window for the rate limits below.
const WINDOW: Duration = Duration::from_secs(3600);
/// Replies of one person by links in a [`WINDOW`]: a lively conversation, but no flood from a leaked link.
pub const REPLIES_MAX: i64 = 120;
/// Fresh links for one person and channel in a [`WINDOW`]: a lost mail or two, but no flooded mailbox.
pub const FRESH_MAX: i64 = 3;
/// Fresh links requested from one network address in a [`WINDOW`].
pub const FRESH_BY_SENDER_MAX: i64 = 30;
/// How long links are kept after they expire, so that a late visitor is told why and can request a fresh one.
const KEPT: Duration = Duration::from_secs(180 * 24 * 3600);
/// The most rows per sweep, so that writers do not wait for it.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Creates the link of a digest for one of its channels, `/r/SECRET`. Anybody with the secret can read that
/// channel from the digest on and reply there as this person.
pub fn create(
    tx: &mut Tx,
    workspace: WorkspaceId,
    digest: DigestId,
    person: PersonId,
    channel: ChannelId,
) -> Result<Secret> {
    let secret = Secret::short();
    let now = tx.now();
    tx.run(
        "INSERT INTO reply_links (workspace, token_hash, digest, person, channel, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[&workspace, &secret.hash(), &digest, &person, &channel, &now, &now.after(LASTS)],
    )?;
    Ok(secret)
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Link {
        pub person: PersonId = "l.person",
        /// The digest it was sent with.
        pub digest: DigestId = "l.digest",
        pub channel: ChannelId = "l.channel",
        pub expires_at: Time = "l.expires_at",
        /// Since when it no longer works, although not expired.
        pub revoked_at: Option<Time> = "l.revoked_at",
        /// The position after which the digest begins.
        after: i64 = "d.after_position",
    }
}

/// What a link leads to. Only `Reply` shows anything of the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The link's person is signed in on this device: the portal opens at this channel.
    Portal(Actor, ChannelId),
    /// Nobody is signed in: a page shows the messages and sends replies as this person.
    Reply(Actor, Link),
    /// The workspace requires signing in first; then this channel opens.
    SignIn(ChannelId),
    /// Somebody else is signed in on this device: nothing happens.
    SomebodyElse,
    /// Older than [`LASTS`]. A fresh one can be requested.
    Expired,
    /// Revoked before it expired. A fresh one can be requested.
    Revoked,
    /// The person can no longer see the channel (N13).
    AccessLost,
}

/// Resolves a link's secret on a device where `signed_in` is signed in. Changes nothing.
///
/// # Errors
/// `NotFound` if the secret is wrong or of another workspace.
pub fn resolve(
    reader: &Reader,
    workspace: WorkspaceId,
    secret: &str,
    signed_in: Option<&Actor>,
) -> Result<Outcome> {
    let link = find(reader, workspace, secret)?;
    if signed_in.is_some_and(|actor| (actor.workspace, actor.person) != (workspace, link.person)) {
        return Ok(Outcome::SomebodyElse);
    }
    let Some(actor) = access::actor(reader, workspace, link.person)? else { return Ok(Outcome::AccessLost) };
    if let Some(signed_in) = signed_in {
        // Their session opens the channel, however old the link is.
        return Ok(match access::channel(reader, signed_in, link.channel) {
            Ok(()) => Outcome::Portal(*signed_in, link.channel),
            Err(Error::NotFound) => Outcome::AccessLost,
            Err(error) => return Err(error),
        });
    }
    if !members::is_in(reader, &actor, link.channel)? {
        return Ok(Outcome::AccessLost);
    }
    if link.revoked_at.is_some() {
        return Ok(Outcome::Revoked);
    }
    if link.expires_at <= reader.now() {
        return Ok(Outcome::Expired);
    }
    Ok(match settings::messaging(reader, workspace)?.reply_links {
        ReplyLinks::Reply => Outcome::Reply(actor, link),
        ReplyLinks::SignIn => Outcome::SignIn(link.channel),
    })
}

fn find(reader: &Reader, workspace: WorkspaceId, secret: &str) -> Result<Link> {
    let found = reader.first(
        constcat::concat!(
            "SELECT ",
            Link::COLUMNS,
            " FROM reply_links l JOIN digest_parts d ON d.workspace = l.workspace AND d.digest = l.digest \
             AND d.channel = l.channel WHERE l.token_hash = $2 AND l.workspace = $1"
        ),
        &[&workspace, &secrets::hash(secret)],
        |row| row.read(),
    )?;
    found.ok_or(Error::NotFound)
}

/// The content of a link's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Who replies with it.
    pub name: Name,
    /// As an IANA name.
    pub time_zone: Option<String>,
    /// As that person sees it.
    pub channel: Channel,
    /// From the digest on, oldest first, at most one page.
    pub messages: Vec<Message>,
    /// The position to continue after, if there are more.
    pub newer: Option<i64>,
}

/// The page of a link that resolved to [`Outcome::Reply`]: the messages after the position `after`, but none
/// before the digest.
pub fn open(reader: &Reader, actor: &Actor, link: &Link, after: Option<i64>) -> Result<Opened> {
    let after = after.unwrap_or(link.after).max(link.after);
    let me = person::profile(reader, actor)?;
    let channel = channel::find(reader, actor, link.channel)?;
    let stretch = Window::After(after);
    let messages = message::page(reader, actor, link.channel, stretch, limits::PAGE_MESSAGES)?;
    let newer = messages.last().map(|last| last.position).filter(|last| *last < channel.last_position);
    Ok(Opened { name: me.name, time_zone: me.time_zone, channel, messages, newer })
}

/// A reply from the page of a link.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Created by the page; the same id again is the same message (M2).
    pub id: MessageId,
    /// Markdown.
    pub text: String,
    pub attachments: Vec<Attached>,
    /// The newest position that the page showed: replying marks everything up to it as read (M6).
    pub shown: Option<i64>,
}

/// The result of using a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyOutcome<T> {
    Yes(T),
    /// The link does not allow it (any more); nothing was done.
    No(Outcome),
}

/// Sends a reply as the person of the link, from its page or where they are signed in.
///
/// # Errors
/// As [`resolve`] and [`crate::messages::sending::send`]; `TooMany` by rate limits.
pub fn reply(
    tx: &mut Tx,
    workspace: WorkspaceId,
    secret: &str,
    signed_in: Option<&Actor>,
    answer: &Answer,
) -> Result<ReplyOutcome<Message>> {
    let (actor, channel) = match resolve(tx, workspace, secret, signed_in)? {
        Outcome::Reply(actor, link) => (actor, link.channel),
        Outcome::Portal(actor, channel) => (actor, channel),
        outcome => return Ok(ReplyOutcome::No(outcome)),
    };
    let subject = format!("reply-link:reply:{}", actor.person);
    rate_limits::hit(tx, &subject, WINDOW, REPLIES_MAX)?;
    let draft = Draft {
        id: answer.id,
        channel,
        text: answer.text.clone(),
        attachments: answer.attachments.clone(),
        shown: answer.shown,
    };
    sending::send(tx, &actor, &draft).map(ReplyOutcome::Yes)
}

/// A file that the page of a link shows: an attachment of a message from the digest on (F2). If its person is
/// signed in, any file of the channel.
///
/// # Errors
/// `NotFound` as [`resolve`], and for any other file.
pub fn file(
    reader: &Reader,
    workspace: WorkspaceId,
    secret: &str,
    signed_in: Option<&Actor>,
    file: FileId,
) -> Result<ReplyOutcome<Entry>> {
    let (actor, channel, after) = match resolve(reader, workspace, secret, signed_in)? {
        Outcome::Reply(actor, link) => (actor, link.channel, Some(link.after)),
        Outcome::Portal(actor, channel) => (actor, channel, None),
        outcome => return Ok(ReplyOutcome::No(outcome)),
    };
    let found = entry::find(reader, &actor, file)?;
    if found.channel != channel {
        return Err(Error::NotFound);
    }
    if let Some(after) = after {
        let shown = reader.first(
            "SELECT 1 FROM attachments a JOIN messages m ON m.workspace = a.workspace AND m.id = a.message \
             WHERE a.workspace = $1 AND a.file = $2 AND m.channel = $3 AND m.position > $4 LIMIT 1",
            &[&workspace, &file, &channel, &after],
            |_| Ok(()),
        )?;
        shown.ok_or(Error::NotFound)?;
    }
    Ok(ReplyOutcome::Yes(found))
}

/// Marks everything up to `position` as read: the page of a link had it on screen (M6). Returns the resulting
/// read position.
pub fn read_up_to(
    tx: &mut Tx,
    workspace: WorkspaceId,
    secret: &str,
    signed_in: Option<&Actor>,
    position: i64,
) -> Result<ReplyOutcome<i64>> {
    let (actor, channel) = match resolve(tx, workspace, secret, signed_in)? {
        Outcome::Reply(actor, link) => (actor, link.channel),
        Outcome::Portal(actor, channel) => (actor, channel),
        outcome => return Ok(ReplyOutcome::No(outcome)),
    };
    members::read_up_to(tx, &actor, channel, position).map(ReplyOutcome::Yes)
}

/// Sends a fresh link to the address on file, for one that is expired or revoked. `sender` is the network
/// address of the request. If access was lost nothing is sent, with the same result.
///
/// # Errors
/// `NotFound` as [`resolve`]; `TooMany` by rate limits.
pub fn ask_fresh(
    tx: &mut Tx,
    workspace: WorkspaceId,
    secret: &str,
    signed_in: Option<&Actor>,
    sender: &str,
) -> Result<ReplyOutcome<()>> {
    let outcome = resolve(tx, workspace, secret, signed_in)?;
    if !matches!(outcome, Outcome::Expired | Outcome::Revoked | Outcome::AccessLost) {
        return Ok(ReplyOutcome::No(outcome));
    }
    let link = find(tx, workspace, secret)?;
    let subject = format!("reply-link:fresh:{}:{}", link.person, link.channel);
    rate_limits::hit(tx, &subject, WINDOW, FRESH_MAX)?;
    rate_limits::hit(
        tx,
        &format!("reply-link:fresh:{}", rate_limits::network(sender)),
        WINDOW,
        FRESH_BY_SENDER_MAX,
    )?;
    if outcome != Outcome::AccessLost {
        let now = tx.now();
        let id = FreshLinkId::new(now);
        tx.run(
            "INSERT INTO fresh_links (workspace, id, person, digest, channel, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&workspace, &id, &link.person, &link.digest, &link.channel, &now],
        )?;
        deliveries::add(tx, workspace, Kind::FreshLink(id), Some(link.person))?;
    }
    Ok(ReplyOutcome::Yes(()))
}

/// The content of the mail with a fresh link. It contains a secret that must not be logged, hence no `Debug`.
pub struct PreparedFresh {
    pub to: Addressee,
    /// The title as the recipient sees it.
    pub title: String,
    pub secret: Secret,
}

/// Creates the fresh link that was requested. Called right before its mail is sent. Returns `None` if the
/// person can no longer see the channel; then nothing is sent.
pub fn prepare_fresh(tx: &mut Tx, workspace: WorkspaceId, id: FreshLinkId) -> Result<Option<PreparedFresh>> {
    let asked: Option<(PersonId, DigestId, ChannelId)> = tx.first(
        "SELECT person, digest, channel FROM fresh_links WHERE workspace = $1 AND id = $2",
        &[&workspace, &id],
        |row| row.read(),
    )?;
    let Some((person, digest, channel)) = asked else { return Ok(None) };
    let Some(to) = addressee::addressee(tx, workspace, person)? else { return Ok(None) };
    let Some(actor) = access::actor(tx, workspace, person)? else { return Ok(None) };
    if !members::is_in(tx, &actor, channel)? {
        return Ok(None);
    }
    let title = channel::find(tx, &actor, channel)?.title;
    let secret = create(tx, workspace, digest, person, channel)?;
    Ok(Some(PreparedFresh { to, title, secret }))
}

/// Revokes all of the requester's links.
pub fn revoke_mine(tx: &mut Tx, actor: &Actor) -> Result<()> {
    revoke_of_person(tx, actor.workspace, actor.person)
}

/// Revokes all links of a person: the mailbox they were sent to is no longer theirs.
pub(crate) fn revoke_of_person(tx: &Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    tx.run(
        "UPDATE reply_links SET revoked_at = $3 \
         WHERE workspace = $1 AND person = $2 AND revoked_at IS NULL AND expires_at > $3",
        &[&workspace, &person, &tx.now()],
    )?;
    Ok(())
}

/// Removes links that expired long ago and old requests for fresh ones, a limited number. Returns how many; 0
/// when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let before = tx.settled().before(KEPT);
    let links = tx.run(
        "DELETE FROM reply_links WHERE (workspace, token_hash) IN \
         (SELECT workspace, token_hash FROM reply_links WHERE expires_at <= $1 LIMIT $2)",
        &[&before, &SWEPT_AT_ONCE],
    )?;
    let requests = tx.run(
        "DELETE FROM fresh_links WHERE (workspace, id) IN \
         (SELECT workspace, id FROM fresh_links WHERE created_at <= $1 LIMIT $2)",
        &[&before, &SWEPT_AT_ONCE],
    )?;
    Ok(links + requests)
}
