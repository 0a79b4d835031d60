//! A delivery: one mail, text message or webhook call to be sent.

use std::time::Duration;

use store::{Columns, FromRow, Reader, Time};
use uuid::Uuid;

use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{
    CallId, ChannelId, DeliveryId, DigestId, FreshLinkId, PersonId, SignInId, WebhookId, WorkspaceId,
};
use crate::kernel::medium::{Medium, digest_word};

/// How long temporary failures are retried, from when the delivery was first due (N12).
pub const RETRIED_FOR: Duration = Duration::from_secs(24 * 3600);

/// The same for webhook calls: nobody may look after the receiver before the end of a weekend (H5).
pub const CALLS_RETRIED_FOR: Duration = Duration::from_secs(3 * 24 * 3600);

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sign-in code and link (S1).
    SignIn(SignInId),
    Invitation,
    /// A fresh reply link that was requested (N8).
    FreshLink(FreshLinkId),
    /// A code by text that confirms a number (N9).
    PhoneCode,
    /// A mail to an admin: this person can no longer sign the welcome message (W1).
    PreparedSignerMissing(PersonId),
    /// A digest by email (N3).
    DigestMail(DigestId),
    /// A digest by text message (N9).
    DigestText(DigestId),
    /// A webhook call (H2).
    Webhook(CallId),
    /// A mail to an admin: a webhook was switched off (H5).
    WebhookOff(WebhookId),
}

impl Kind {
    pub(crate) fn digest(way: Medium, id: DigestId) -> Kind {
        match way {
            Medium::Email => Kind::DigestMail(id),
            Medium::Text => Kind::DigestText(id),
        }
    }

    /// The name used in the database.
    pub fn word(self) -> &'static str {
        match self {
            Kind::SignIn(_) => "signIn",
            Kind::Invitation => "invitation",
            Kind::FreshLink(_) => "freshLink",
            Kind::PhoneCode => "phoneCode",
            Kind::PreparedSignerMissing(_) => "signerMissing",
            Kind::DigestMail(_) => digest_word(Medium::Email),
            Kind::DigestText(_) => digest_word(Medium::Text),
            Kind::Webhook(_) => "webhook",
            Kind::WebhookOff(_) => "webhookOff",
        }
    }

    /// How long temporary failures are retried, from when the delivery was first due.
    pub fn retried_for(self) -> Duration {
        match self {
            Kind::Webhook(_) => CALLS_RETRIED_FOR,
            _ => RETRIED_FOR,
        }
    }

    /// The digest and its medium; `None` for other kinds.
    pub(crate) fn digest_and_way(self) -> Option<(DigestId, Medium)> {
        match self {
            Kind::DigestMail(digest) => Some((digest, Medium::Email)),
            Kind::DigestText(digest) => Some((digest, Medium::Text)),
            _ => None,
        }
    }

    pub(crate) fn reference(self) -> Option<Uuid> {
        match self {
            Kind::SignIn(sign_in) => Some(sign_in.0),
            Kind::FreshLink(id) => Some(id.0),
            Kind::PreparedSignerMissing(person) => Some(person.0),
            Kind::DigestMail(digest) | Kind::DigestText(digest) => Some(digest.0),
            Kind::Webhook(call) => Some(call.0),
            Kind::WebhookOff(webhook) => Some(webhook.0),
            Kind::Invitation | Kind::PhoneCode => None,
        }
    }
}

/// From the columns `kind` and `reference`.
impl FromRow for Kind {
    const WIDTH: usize = 2;

    fn from_row(columns: &mut Columns<'_>) -> store::Result<Kind> {
        let (word, reference): (String, Option<Uuid>) = columns.next()?;
        Ok(match (word.as_str(), reference) {
            ("signIn", Some(sign_in)) => Kind::SignIn(SignInId(sign_in)),
            ("invitation", None) => Kind::Invitation,
            ("phoneCode", None) => Kind::PhoneCode,
            ("signerMissing", Some(id)) => Kind::PreparedSignerMissing(PersonId(id)),
            ("digestMail", Some(id)) => Kind::DigestMail(DigestId(id)),
            ("digestText", Some(id)) => Kind::DigestText(DigestId(id)),
            ("freshLink", Some(id)) => Kind::FreshLink(FreshLinkId(id)),
            ("webhook", Some(id)) => Kind::Webhook(CallId(id)),
            ("webhookOff", Some(id)) => Kind::WebhookOff(WebhookId(id)),
            _ => return Err(columns.unexpected("a kind unknown here")),
        })
    }
}

columns! {
    /// A delivery that a worker has leased.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Delivery {
        pub workspace: WorkspaceId = "deliveries.workspace",
        /// The same at every attempt.
        pub id: DeliveryId = "deliveries.id",
        pub kind: Kind = "deliveries.kind, deliveries.reference",
        /// The recipient.
        pub person: PersonId = "deliveries.person",
        /// When it was first due.
        pub created_at: Time = "deliveries.created_at",
        /// The number of this attempt, from 1. Distinguishes this lease from a later one.
        pub tries: i64 = "deliveries.tries",
    }
}

/// The channels of a digest, each with the positions that it covers: after the first, up to the second.
pub(crate) fn parts(
    reader: &Reader,
    workspace: WorkspaceId,
    digest: DigestId,
) -> Result<Vec<(ChannelId, (i64, i64))>> {
    Ok(reader.all(
        "SELECT channel, after_position, up_to_position FROM digest_parts WHERE workspace = $1 AND digest = $2 \
         ORDER BY channel",
        &[&workspace, &digest],
        |row| row.read(),
    )?)
}
