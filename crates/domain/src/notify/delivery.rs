//! A delivery: one mail, text or call that leaves the program.

use std::time::Duration;

use store::{Columns, FromRow, Reader, Time};
use uuid::Uuid;

use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{
    CallId, ChannelId, DeliveryId, DigestId, FreshLinkId, PersonId, SignInId, WebhookId, WorkspaceId,
};
use crate::kernel::medium::{Medium, digest_word};

/// What failed for now is not tried again later than this after it was due first (N12).
pub const RETRIED_FOR: Duration = Duration::from_secs(24 * 3600);

/// The same for calls of programs: somebody may only be back at it after a weekend (H5).
pub const CALLS_RETRIED_FOR: Duration = Duration::from_secs(3 * 24 * 3600);

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A code and a link that somebody asked for (S1).
    SignIn(SignInId),
    /// An invitation (S2).
    Invitation,
    /// A fresh reply link that somebody asked for (N8).
    FreshLink(FreshLinkId),
    /// A code by text that proves a number (N9).
    PhoneCode,
    /// An admin hears that this person no longer signs the welcome message.
    PreparedSignerMissing(PersonId),
    /// What somebody has missed, by email (N3).
    DigestMail(DigestId),
    /// What somebody has missed, by text message (N9).
    DigestText(DigestId),
    /// A call of a program (H2).
    Webhook(CallId),
    /// A note that a program is called no more (H5).
    WebhookOff(WebhookId),
}

impl Kind {
    /// A digest by a way.
    pub(crate) fn digest(way: Medium, id: DigestId) -> Kind {
        match way {
            Medium::Email => Kind::DigestMail(id),
            Medium::Text => Kind::DigestText(id),
        }
    }

    /// The word that the database uses.
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

    /// What failed for now is not tried again later than this after it was due first.
    pub fn retried_for(self) -> Duration {
        match self {
            Kind::Webhook(_) => CALLS_RETRIED_FOR,
            _ => RETRIED_FOR,
        }
    }

    /// What is sent by which way, where it is a digest.
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
    /// A delivery that a worker holds.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Delivery {
        /// Whose.
        pub workspace: WorkspaceId = "deliveries.workspace",
        /// Its id: the same at every try.
        pub id: DeliveryId = "deliveries.id",
        /// What is to be sent.
        pub kind: Kind = "deliveries.kind, deliveries.reference",
        /// To whom.
        pub person: PersonId = "deliveries.person",
        /// When it was due first.
        pub created_at: Time = "deliveries.created_at",
        /// The number of this try, from 1. It tells this lease from a later one.
        pub tries: i64 = "deliveries.tries",
    }
}

pub(crate) fn channels(reader: &Reader, workspace: WorkspaceId, digest: DigestId) -> Result<Vec<ChannelId>> {
    Ok(reader.all(
        "SELECT channel FROM digest_parts WHERE workspace = $1 AND digest = $2 ORDER BY channel",
        &[&workspace, &digest],
        |row| row.get(0),
    )?)
}
