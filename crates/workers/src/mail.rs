//! What mails say: the words, and one form for all of them, as text and as HTML that reads well on a phone, by light
//! and by dark. Names and brands are whatever people typed; they are text here and never markup.

use std::fmt::Write;

use domain::arrival::invitations::PreparedInvitation;
use domain::arrival::sign_in::Prepared;
use domain::directory::addressee::Addressee;
use domain::kernel::ids::DeliveryId;
use domain::kernel::limits;
use domain::kernel::name::Name;
use domain::notify::reply_links::{self, PreparedFresh};
use domain::tenant::workspaces;
use domain::webhooks::webhook::PreparedNote;
use domain::welcome::setting::SignerMissing;
use outbound::mail::{Mail, Mailbox, one_line};
use store::Time;

/// Where mails are written: what their links begin with, and whom they are from.
#[derive(Clone, Debug)]
pub struct Desk {
    public_url: String,
    mail_from: String,
}

/// A mail before it has a form.
struct Letter {
    subject: String,
    /// What a list of mails shows after the subject.
    preview: String,
    greeting: String,
    /// Shown large, to be typed.
    code: Option<String>,
    opening: String,
    button: &'static str,
    link: String,
    closing: Vec<String>,
}

impl Desk {
    /// `public_url` without a slash at its end is what links begin with; `mail_from` is the address of the sender.
    pub fn new(public_url: &str, mail_from: &str) -> Desk {
        Desk { public_url: public_url.trim_end_matches('/').to_string(), mail_from: mail_from.to_string() }
    }

    /// The mail with a code and a link that somebody asked for (S1).
    pub fn sign_in(&self, delivery: DeliveryId, now: Time, prepared: &Prepared) -> Mail {
        if prepared.is_sign_up {
            return self.sign_up(delivery, now, prepared);
        }
        let brand = one_line(&prepared.to.brand_name);
        let minutes = limits::SIGN_IN_LASTS.as_secs() / 60;
        let letter = Letter {
            subject: format!("{} is your sign-in code for {brand}", prepared.code),
            preview: format!("Type the code, or tap the button. Both are good for {minutes} minutes."),
            greeting: greeting(&prepared.to.name),
            code: Some(prepared.code.clone()),
            opening: format!("This is your code for signing in to {brand}. Type it where you asked for it, or tap the button on the device you want to use."),
            button: "Sign in",
            link: self.link(&prepared.to, prepared.link_secret.reveal()),
            closing: vec![
                format!("Code and button work once, for {minutes} minutes after you asked for them."),
                "You did not ask? Then somebody mistyped an address, and you can forget this mail. Never pass the code on: nobody who may have it will ask you for it.".to_string(),
            ],
        };
        self.mail("sign-in", delivery, now, &prepared.to, &letter)
    }

    /// The same to somebody who signed up (S2). Nothing in it is what they typed but their address.
    fn sign_up(&self, delivery: DeliveryId, now: Time, prepared: &Prepared) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let minutes = limits::SIGN_IN_LASTS.as_secs() / 60;
        let letter = Letter {
            subject: format!("{} is your code for signing up with {brand}", prepared.code),
            preview: format!("Type the code, or tap the button. Both are good for {minutes} minutes."),
            greeting: greeting(&prepared.to.name),
            code: Some(prepared.code.clone()),
            opening: format!("This is your code for signing up with {brand}. Type it where you signed up, or tap the button on the device you want to use."),
            button: "Open the portal",
            link: self.link(&prepared.to, prepared.link_secret.reveal()),
            closing: vec![
                format!("Code and button work once, for {minutes} minutes after you signed up."),
                "You did not sign up? Then somebody mistyped an address, and you can forget this mail: without code or button nothing happens.".to_string(),
            ],
        };
        self.mail("sign-in", delivery, now, &prepared.to, &letter)
    }

    /// An invitation (S2).
    pub fn invitation(&self, delivery: DeliveryId, now: Time, prepared: &PreparedInvitation) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let days = limits::INVITATION_LASTS.as_secs() / 86_400;
        let letter = Letter {
            subject: format!("{brand} invites you to their portal"),
            preview: "Messages and files in one place, on any phone or computer, without a password."
                .to_string(),
            greeting: greeting(&prepared.to.name),
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
        self.mail("invitation", delivery, now, &prepared.to, &letter)
    }

    /// A fresh reply link that somebody asked for (N8).
    pub fn fresh_link(&self, delivery: DeliveryId, now: Time, prepared: &PreparedFresh) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let title = one_line(&prepared.title);
        let days = reply_links::LASTS.as_secs() / 86_400;
        let letter = Letter {
            subject: format!("Your new link to {title}"),
            preview: format!("It leads straight to the conversation, for {days} days."),
            greeting: greeting(&prepared.to.name),
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
        self.mail("fresh-link", delivery, now, &prepared.to, &letter)
    }

    /// Tells an admin that the one who signs the welcome message was deactivated.
    pub fn signer_missing(&self, delivery: DeliveryId, now: Time, prepared: &SignerMissing) -> Mail {
        let (before, signs) = (one_line(&prepared.before.full()), one_line(&prepared.now.full()));
        let letter = Letter {
            subject: format!("{before} no longer signs your welcome message"),
            preview: format!("Until you choose somebody else, it comes from {signs}."),
            greeting: greeting(&prepared.to.name),
            code: None,
            opening: format!(
                "New client users found a welcome message from {before}, who was deactivated. Until you choose somebody else, it comes from {signs}."
            ),
            button: "Choose who signs",
            link: format!("{}/settings/messaging", self.portal(&prepared.to)),
            closing: vec!["You get this because you manage the portal.".to_string()],
        };
        self.mail("signer-missing", delivery, now, &prepared.to, &letter)
    }

    /// A note that a program is called no more (H5).
    pub fn webhook_off(&self, delivery: DeliveryId, now: Time, prepared: &PreparedNote) -> Mail {
        let brand = one_line(&prepared.to.brand_name);
        let url = one_line(&prepared.url);
        let letter = Letter {
            subject: format!("{brand} no longer calls your webhook"),
            preview: format!("{url} is switched off until you switch it on again."),
            greeting: greeting(&prepared.to.name),
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
        self.mail("webhook-off", delivery, now, &prepared.to, &letter)
    }

    /// What links of somebody's portal begin with.
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

    fn mail(&self, kind: &str, delivery: DeliveryId, now: Time, to: &Addressee, letter: &Letter) -> Mail {
        let host = self.host();
        Mail {
            message_id: format!("{kind}.{delivery}@{host}"),
            date_ms: now.0,
            from: Mailbox::new(one_line(&to.brand_name), self.mail_from.clone()),
            to: Mailbox::new(to.name.full(), to.name.email.clone()),
            subject: letter.subject.clone(),
            text: text(letter, &to.brand_name),
            html: html(letter, to),
            headers: Vec::new(),
        }
    }
}

fn greeting(name: &Name) -> String {
    if limits::is_blank(&name.given) {
        "Hello,".to_string()
    } else {
        format!("Hello {},", one_line(&name.given))
    }
}

fn text(letter: &Letter, brand: &str) -> String {
    let mut text = String::new();
    if let Some(code) = &letter.code {
        text.push_str(&format!("{code}\n\n"));
    }
    text.push_str(&format!(
        "{}\n\n{}\n\n{}:\n{}\n",
        letter.greeting, letter.opening, letter.button, letter.link
    ));
    for line in &letter.closing {
        text.push_str(&format!("\n{line}\n"));
    }
    text.push_str(&format!("\n-- \n{}\n", one_line(brand)));
    text
}

/// The look of all mails. Colours stand in the elements, where every mail program obeys them, and once more here for
/// those that know dark mode.
const STYLE: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
body{margin:0;padding:0;-webkit-text-size-adjust:100%}\
.said p,.said ul,.said ol,.said pre,.said blockquote{margin:0 0 8px}\
.said pre{white-space:pre-wrap}.said a{color:#1f5fae}\
.said blockquote{padding:0 0 0 12px;border-left:3px solid #8b939e}\
@media (prefers-color-scheme:dark){\
.page{background:#16181c!important}.card{background:#1f2227!important;border-color:#33373e!important}\
.ink{color:#eceef1!important}.soft{color:#a9afb8!important}\
.said a{color:#8fbcf5!important}.file{border-color:#33373e!important}\
.code{background:#2a2e35!important;color:#ffffff!important}}\
@media (max-width:520px){.card{padding:24px 20px!important}}";

pub(crate) const FONT: &str =
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

fn html(letter: &Letter, to: &Addressee) -> String {
    let (greeting, opening) = (escaped(&letter.greeting), escaped(&letter.opening));
    let code = letter.code.as_ref().map_or(String::new(), |code| {
        format!(
            "<p class=\"code ink\" style=\"margin:0 0 20px;padding:16px;border-radius:10px;background:#f1f3f6;\
             color:#1c2128;font:600 34px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:6px;\
             text-align:center\">{}</p>\n",
            escaped(code)
        )
    });
    let closing: String = letter.closing.iter().fold(String::new(), |mut closing, line| {
        let style = "margin:0 0 12px;color:#5b6470;font-size:14px;line-height:1.5";
        // Writing into a String does not fail.
        let _ = writeln!(closing, "<p class=\"soft\" style=\"{style}\">{}</p>", escaped(line));
        closing
    });
    let body = format!(
        "{code}\
         <p class=\"ink\" style=\"margin:0 0 12px;color:#1c2128;font-size:16px;line-height:1.5\">{greeting}</p>\n\
         <p class=\"ink\" style=\"margin:0 0 24px;color:#1c2128;font-size:16px;line-height:1.5\">{opening}</p>\n\
         {}\
         {closing}",
        button(letter.button, &letter.link, to)
    );
    framed(&Frame { subject: &letter.subject, preview: &letter.preview, to, body: &body })
}

/// What stands in the one form that all mails have. Only `body` is HTML.
pub(crate) struct Frame<'a> {
    pub(crate) subject: &'a str,
    pub(crate) preview: &'a str,
    pub(crate) to: &'a Addressee,
    pub(crate) body: &'a str,
}

/// What is behind the words of buttons: the firm's accent, made to be read, or the product's own.
fn accent(to: &Addressee) -> String {
    to.brand.accent().map_or("#1f5fae".to_string(), |accent| accent.light.fill.to_string())
}

/// A button that leads somewhere, as HTML.
pub(crate) fn button(label: &str, link: &str, to: &Addressee) -> String {
    let (label, link, accent) = (escaped(label), escaped(link), accent(to));
    format!(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 24px\"><tr>\
         <td align=\"center\" bgcolor=\"{accent}\" style=\"border-radius:10px\">\
         <a href=\"{link}\" style=\"display:block;padding:14px 20px;color:#ffffff;font-size:16px;font-weight:600;\
         line-height:1.25;text-decoration:none\">{label}</a></td></tr></table>\n"
    )
}

/// A whole HTML document in the form of all mails.
pub(crate) fn framed(frame: &Frame<'_>) -> String {
    let (subject, preview) = (escaped(frame.subject), escaped(frame.preview));
    let (brand, accent, body) = (escaped(&one_line(&frame.to.brand_name)), accent(frame.to), frame.body);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{subject}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body class=\"page\" style=\"margin:0;padding:0;background:#f6f7f9\">\n\
         <div style=\"display:none;max-height:0;overflow:hidden\">{preview}</div>\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" class=\"page\" \
         style=\"background:#f6f7f9\"><tr><td align=\"center\" style=\"padding:24px 12px\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:480px;{FONT}\">\n\
         <tr><td class=\"card\" style=\"padding:32px;background:#ffffff;border:1px solid #e2e5ea;border-radius:12px;\
         overflow-wrap:anywhere;word-break:break-word\">\n\
         <p class=\"ink\" style=\"margin:0 0 24px;padding:0 0 16px;border-bottom:3px solid {accent};color:#1c2128;\
         font-size:17px;font-weight:600\">{brand}</p>\n\
         {body}\
         </td></tr></table>\n</td></tr></table>\n</body>\n</html>\n"
    )
}

/// A text as it stands in HTML, between tags and in quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
