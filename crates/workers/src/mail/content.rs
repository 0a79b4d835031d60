//! The form of all mails but digests: a greeting, a few sentences and a button, as text and as HTML. Digests share the frame.

use askama::Template;
use domain::directory::addressee::Addressee;
use domain::kernel::limits;
use domain::kernel::name::Name;
use outbound::mail::one_line;

/// The accent of a firm that has chosen none.
const DEFAULT_ACCENT: &str = "#1f5fae";

/// What one mail says.
pub(crate) struct MailContent {
    pub(crate) subject: String,
    /// What a list of mails shows after the subject.
    pub(crate) preview: String,
    /// Shown large, to be typed.
    pub(crate) code: Option<String>,
    pub(crate) opening: String,
    pub(crate) button: &'static str,
    pub(crate) link: String,
    pub(crate) closing: Vec<String>,
}

/// What surrounds the content of every mail in HTML.
pub(crate) struct Frame<'a> {
    pub(crate) subject: &'a str,
    /// What a list of mails shows after the subject.
    pub(crate) preview: &'a str,
    pub(crate) brand: String,
    /// Behind the words of buttons: the firm's accent, made to be read, or the product's own.
    pub(crate) accent: String,
}

#[derive(Template)]
#[template(path = "mail/content.html")]
struct HtmlTemplate<'a> {
    frame: Frame<'a>,
    greeting: String,
    content: &'a MailContent,
}

#[derive(Template)]
#[template(path = "mail/content.txt")]
struct TextTemplate<'a> {
    greeting: String,
    content: &'a MailContent,
    brand: String,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(subject: &'a str, preview: &'a str, to: &Addressee) -> Frame<'a> {
        let accent = to.brand.accent().map(|accent| accent.light.fill.to_string());
        let accent = accent.unwrap_or_else(|| DEFAULT_ACCENT.to_string());
        Frame { subject, preview, brand: one_line(&to.brand_name), accent }
    }
}

impl MailContent {
    pub(crate) fn html(&self, to: &Addressee) -> String {
        let frame = Frame::new(&self.subject, &self.preview, to);
        rendered(&HtmlTemplate { frame, greeting: greeting(&to.name), content: self })
    }

    pub(crate) fn text(&self, to: &Addressee) -> String {
        rendered(&TextTemplate {
            greeting: greeting(&to.name),
            content: self,
            brand: one_line(&to.brand_name),
        })
    }
}

fn greeting(name: &Name) -> String {
    if limits::is_blank(&name.given) {
        "Hello,".to_string()
    } else {
        format!("Hello {},", one_line(&name.given))
    }
}

/// The text of a template, with the line end that askama takes from the end of its file.
pub(crate) fn rendered(template: &impl Template) -> String {
    template.render().expect("a mail's template only writes into a string, which cannot fail") + "\n"
}
