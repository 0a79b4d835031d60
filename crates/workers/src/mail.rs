//! What mails say. How they look is in `templates/mail/`: one frame for all of them, which reads well on a phone, in light
//! and in dark mode. Names and brands are whatever people typed; the templates escape them.

mod content;

use domain::arrival::invitations::PreparedInvitation;
use domain::arrival::sign_in::Prepared;
use domain::directory::addressee::Addressee;
use domain::kernel::ids::DeliveryId;
use domain::kernel::limits;
use domain::notify::reply_links::{self, PreparedFresh};
use domain::tenant::workspaces;
use domain::webhooks::webhook::PreparedWebhookOff;
use domain::welcome::setting::PreparedSignerMissing;
use outbound::mail::{Mail, Mailbox, one_line};
use store::Time;

use content::MailContent;
pub(crate) use content::{Frame, rendered};

/// Composes mails: knows what their links begin with and whom they are from.
#[derive(Clone, Debug)]
pub struct MailComposer {
    public_url: String,
    mail_from: String,
}

impl MailComposer {
    /// `public_url` is what links begin with; `mail_from` is the sender's address.
    pub fn new(public_url: &str, mail_from: &str) -> MailComposer {
        MailComposer {
            public_url: public_url.trim_end_matches('/').to_string(),
            mail_from: mail_from.to_string(),
        }
    }

    /// The mail with the code and the link to sign in (S1).
    pub fn sign_in(&self, delivery: DeliveryId, now: Time, prepared: &Prepared) -> Mail {
        if prepared.is_sign_up {
            return self.sign_up(delivery, now, prepared);
        }
        let brand = one_line(&prepared.to.brand_name);
        let minutes = limits::SIGN_IN_LASTS.as_secs() / 60;
        let content = MailContent {
            subject: format!("{} is your sign-in code for {brand}", prepared.code),
            preview: format!("Type the code, or tap the button. Both are good for {minutes} minutes."),
            code: Some(prepared.code.clone()),
            opening: format!("This is your code for signing in to {brand}. Type it where you asked for it, or tap the button on the device you want to use."),
            button: "Sign in",
            link: self.link(&prepared.to, prepared.link_secret.reveal()),
            closing: vec![
                format!("Code and button work once, for {minutes} minutes after you asked for them."),
                "You did not ask? Then somebody mistyped an address, and you can forget this mail. Never pass the code on: nobody who may have it will ask you for it.".to_string(),
            ],
        };
        self.mail("sign-in", delivery, now, &prepared.to, &content)
    }

    /// The same for a sign-up (S2). It repeats nothing that the person typed but the address.
    fn sign_up(&self, delivery: DeliveryId, now: Time, prepared: &Prepared) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let minutes = limits::SIGN_IN_LASTS.as_secs() / 60;
        let content = MailContent {
            subject: format!("{} is your code for signing up with {brand}", prepared.code),
            preview: format!("Type the code, or tap the button. Both are good for {minutes} minutes."),
            code: Some(prepared.code.clone()),
            opening: format!("This is your code for signing up with {brand}. Type it where you signed up, or tap the button on the device you want to use."),
            button: "Open the portal",
            link: self.link(&prepared.to, prepared.link_secret.reveal()),
            closing: vec![
                format!("Code and button work once, for {minutes} minutes after you signed up."),
                "You did not sign up? Then somebody mistyped an address, and you can forget this mail: without code or button nothing happens.".to_string(),
            ],
        };
        self.mail("sign-in", delivery, now, &prepared.to, &content)
    }

    /// An invitation (S2).
    pub fn invitation(&self, delivery: DeliveryId, now: Time, prepared: &PreparedInvitation) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let days = limits::INVITATION_LASTS.as_secs() / 86_400;
        let content = MailContent {
            subject: format!("{brand} invites you to their portal"),
            preview: "Messages and files in one place, on any phone or computer, without a password."
                .to_string(),
            code: None,
            opening: format!(
                "{brand} invites you to their portal: messages and files in one place, on any phone or computer. You need no password."
            ),
            button: "Open the portal",
            link: self.link(&prepared.to, prepared.link_secret.reveal()),
            closing: vec![
                format!(
                    "The button works once, for {days} days. After that you sign in with your address {} at {}/sign-in.",
                    prepared.to.name.email,
                    self.portal(&prepared.to)
                ),
                "You do not know what this is about? Then you can forget this mail.".to_string(),
            ],
        };
        self.mail("invitation", delivery, now, &prepared.to, &content)
    }

    /// A requested new reply link (N8).
    pub fn fresh_link(&self, delivery: DeliveryId, now: Time, prepared: &PreparedFresh) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let title = one_line(&prepared.title);
        let days = reply_links::LASTS.as_secs() / 86_400;
        let content = MailContent {
            subject: format!("Your new link to {title}"),
            preview: format!("It leads straight to the conversation, for {days} days."),
            code: None,
            opening: format!("Here is a new link to your conversation “{title}” with {brand}."),
            button: "Open and reply",
            link: format!("{}/r/{}", self.portal(&prepared.to), prepared.secret.reveal()),
            closing: vec![
                format!("It works for {days} days and answers as you: please do not pass it on."),
                "You did not ask? Then somebody opened an old link of yours, and you can forget this mail."
                    .to_string(),
            ],
        };
        self.mail("fresh-link", delivery, now, &prepared.to, &content)
    }

    /// Tells an admin that the sender of the welcome message was deactivated.
    pub fn signer_missing(&self, delivery: DeliveryId, now: Time, prepared: &PreparedSignerMissing) -> Mail {
        let (before, signs) = (one_line(&prepared.before.full()), one_line(&prepared.now.full()));
        let content = MailContent {
            subject: format!("{before} no longer signs your welcome message"),
            preview: format!("Until you choose somebody else, it comes from {signs}."),
            code: None,
            opening: format!(
                "New client users found a welcome message from {before}, who was deactivated. Until you choose somebody else, it comes from {signs}."
            ),
            button: "Choose who signs",
            link: format!("{}/settings/messaging", self.portal(&prepared.to)),
            closing: vec!["You get this because you manage the portal.".to_string()],
        };
        self.mail("signer-missing", delivery, now, &prepared.to, &content)
    }

    /// Tells an admin that a webhook was switched off (H5).
    pub fn webhook_off(&self, delivery: DeliveryId, now: Time, prepared: &PreparedWebhookOff) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let url = one_line(&prepared.url);
        let content = MailContent {
            subject: format!("{brand} no longer calls your webhook"),
            preview: format!("{url} is switched off until you switch it on again."),
            code: None,
            opening: format!(
                "The webhook {url} was switched off: your program there hears nothing more of what happens in {brand}. {}",
                one_line(&prepared.reason)
            ),
            button: "Look at its calls",
            link: format!("{}/settings/api/webhooks", self.portal(&prepared.to)),
            closing: vec![
                "Once the program is well again, switch the webhook on there. What it did not take can be sent again from there too."
                    .to_string(),
            ],
        };
        self.mail("webhook-off", delivery, now, &prepared.to, &content)
    }

    /// What links of the recipient's portal begin with.
    pub(crate) fn portal(&self, to: &Addressee) -> String {
        workspaces::address(&self.public_url, to.host.as_deref())
    }

    /// The sender's address.
    pub(crate) fn address(&self) -> &str {
        &self.mail_from
    }

    /// What Message-IDs end with.
    pub(crate) fn host(&self) -> &str {
        self.mail_from.rsplit_once('@').map_or("localhost", |(_, host)| host)
    }

    fn link(&self, to: &Addressee, secret: &str) -> String {
        format!("{}/sign-in/link/{secret}", self.portal(to))
    }

    fn mail(
        &self,
        kind: &str,
        delivery: DeliveryId,
        now: Time,
        to: &Addressee,
        content: &MailContent,
    ) -> Mail {
        let host = self.host();
        Mail {
            message_id: format!("{kind}.{delivery}@{host}"),
            date_ms: now.0,
            from: Mailbox::new(one_line(&to.brand_name), self.mail_from.clone()),
            to: Mailbox::new(to.name.full(), to.name.email.clone()),
            subject: content.subject.clone(),
            text: content.text(to),
            html: content.html(to),
            headers: Vec::new(),
        }
    }
}
