//! A digest as a text message (N6, N9, N13): whether it may be sent, how many messages from whom, and the link to the
//! conversation that has waited longest. Composed anew for each try.

use domain::kernel::error::Result;
use domain::kernel::ids::DigestId;
use domain::kernel::medium::Medium;
use domain::kernel::name::Name;
use domain::messages::unread_backlog::Reason;
use domain::notify::delivery::Delivery;
use domain::notify::digests::{self, Digest, Prepared};
use domain::notify::quiet_hours::{self, Silence, TextDue};
use domain::notify::{phone_settings, text_deliveries};
use outbound::text::Text;
use store::{Time, Tx};

use crate::mail::MailComposer;
use crate::texts::{self, TextContent};

/// The outcome of composing a digest's text.
pub(crate) enum DigestText {
    /// To send.
    Text(Text),
    /// Not to send before this time: the recipient has quiet hours.
    HeldUntil(Time),
    /// Not to send at all, with the reason.
    Dropped(&'static str),
}

impl MailComposer {
    /// The text of a digest, with the data of this moment.
    pub(crate) fn digest_text(&self, tx: &mut Tx, delivery: &Delivery, id: DigestId) -> Result<DigestText> {
        // Digests that are held back are merged, so that one text is sent when quiet hours end.
        text_deliveries::merge(tx, delivery, id)?;
        let texting = phone_settings::texting(tx, delivery.workspace, delivery.person)?;
        let number = match quiet_hours::text_due(&texting, tx.now()) {
            TextDue::Now(number) => number,
            TextDue::HeldUntil(until) => return Ok(DigestText::HeldUntil(until)),
            TextDue::NotAtAll(why) => return Ok(DigestText::Dropped(reason(why).word())),
        };
        Ok(match digests::prepare(tx, delivery.workspace, id, Medium::Text)? {
            Prepared::Digest(digest) => match self.text_content(&digest) {
                Some(content) => DigestText::Text(texts::digest(delivery.id, &number, &content)),
                None => DigestText::Dropped(digests::NOTHING_LEFT),
            },
            Prepared::Dropped(reason) => DigestText::Dropped(reason),
        })
    }

    fn text_content(&self, digest: &Digest) -> Option<TextContent> {
        let first = digest.channels.first()?;
        let beyond: i64 = digest.channels.iter().map(|part| part.more).sum();
        let mut said: Vec<_> = digest.channels.iter().flat_map(|part| &part.messages).collect();
        let count = said.len() + usize::try_from(beyond).expect("a count of messages is not negative");
        said.sort_by_key(|said| std::cmp::Reverse(said.sent_at));
        let mut authors = Vec::new();
        let mut from: Vec<Name> = Vec::new();
        for one in said {
            if !authors.contains(&one.author) {
                authors.push(one.author);
                from.push(one.author_name.clone());
            }
        }
        let link = format!("{}/r/{}", self.portal(&digest.to), first.link.reveal());
        Some(TextContent { brand: digest.to.brand_name.clone(), count, from, link })
    }
}

/// The recorded reason for a text that is not sent.
fn reason(why: Silence) -> Reason {
    match why {
        Silence::NoNumber | Silence::NotProved => Reason::NoAddress,
        Silence::NotAgreed | Silence::Stopped | Silence::Choice => Reason::Choice,
    }
}
