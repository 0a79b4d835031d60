//! Settings → Messaging → History, for admins: which digests were sent to whom, why, and with what delivery status.

use askama::Template;
use domain::kernel::access::Role;
use domain::kernel::error;
use domain::kernel::ids::{DigestId, PersonId};
use domain::kernel::medium::Medium;
use domain::kernel::name::Name;
use domain::messages::unread_backlog::Reason;
use domain::notify::history::{self, Notice, Sending};
use domain::notify::{bounces, digests};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use crate::http::answers::Result;
use crate::http::avatars::Avatar;
use crate::http::extractors::Query;
use crate::http::layout::{Layout, Module};
use crate::http::paging;
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::delivery_status::in_words;

/// Digests on one page.
const PAGE: usize = 50;
/// People listed whose address takes no mail. If there are more, the cause is probably not their addresses.
const BOUNCED_SHOWN: i64 = 30;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/settings/messaging/notices", history)
}

/// Where the page begins.
#[derive(Clone, Default, Deserialize)]
struct HistoryQuery {
    before: Option<DigestId>,
}

struct Row {
    name: String,
    email: String,
    face: Avatar,
    at: Shown,
    about: Vec<String>,
    outcomes: Vec<Outcome>,
}

/// The outcome of one delivery.
struct Outcome {
    /// The style of its tag: `good`, `warn`, `bad` or empty.
    tag: &'static str,
    words: &'static str,
    at: Option<Shown>,
    why: String,
}

#[derive(Template)]
#[template(path = "settings/notification_history.html")]
struct HistoryPage {
    layout: Layout,
    rows: Vec<Row>,
    /// Names of people whose address takes no mail, with the addresses of their pages.
    bounced: Vec<(String, String)>,
    is_first: bool,
    before: Option<DigestId>,
}

async fn history(visit: Visit, Query(place): Query<HistoryQuery>) -> Result {
    visit.show(move |reader, visitor| HistoryPage::read(reader, visitor, &place)).await
}

impl HistoryPage {
    fn read(reader: &Reader, visitor: &Visitor, place: &HistoryQuery) -> error::Result<HistoryPage> {
        // One more than a page shows whether another page follows.
        let most = PAGE as i64 + 1;
        let mut found = history::list(reader, &visitor.actor, place.before, most)?;
        let before = paging::cut_to(&mut found, PAGE, |notice| notice.digest);
        let layout = Layout::read(reader, visitor, Module::Settings, "History of notices")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let rows = found.iter().map(|notice| row(notice, reader.now(), &zone)).collect();
        let bounced = bounces::list(reader, &visitor.actor, BOUNCED_SHOWN)?;
        let shown = |(id, name, role): (PersonId, Name, Role)| {
            let place = if role.is_internal() { "/settings/team" } else { "/clients" };
            (name.full(), format!("{place}/{id}"))
        };
        let bounced = bounced.into_iter().map(shown).collect();
        Ok(HistoryPage { layout, rows, bounced, is_first: place.before.is_none(), before })
    }
}

fn row(notice: &Notice, now: Time, zone: &TimeZone) -> Row {
    let about = notice.about.iter().map(|about| {
        let title = about.title.clone().unwrap_or_else(|| "A channel that you cannot see".to_string());
        match about.left_out {
            Some(reason) => format!("{title} (left out: {})", in_words(reason)),
            None => title,
        }
    });
    let mut outcomes: Vec<Outcome> =
        notice.sendings.iter().map(|sending| outcome(sending, now, zone)).collect();
    if let Some(reason) = notice.suppressed {
        let why = in_words(reason).to_string();
        outcomes.push(Outcome { tag: "", words: "Nothing sent", at: None, why });
    }
    Row {
        name: notice.name.full(),
        email: notice.name.email.clone(),
        face: Avatar::of_person(notice.person.0, &notice.name),
        at: times::shown(notice.created_at, now, zone),
        about: about.collect(),
        outcomes,
    }
}

fn outcome(sending: &Sending, now: Time, zone: &TimeZone) -> Outcome {
    let shown = |at: Option<Time>| at.map(|at| times::shown(at, now, zone));
    let by_mail = sending.way == Medium::Email;
    let reason = sending.reason.clone().unwrap_or_default();
    if sending.sent_at.is_some() && sending.failed_at.is_none() {
        let words = if by_mail { "Emailed" } else { "Texted" };
        return Outcome { tag: "good", words, at: shown(sending.sent_at), why: String::new() };
    }
    if sending.failed_at.is_some() {
        let words = match (by_mail, sending.sent_at) {
            (true, None) => "Email failed",
            (true, Some(_)) => "Email came back",
            (false, _) => "Text failed",
        };
        return Outcome { tag: "bad", words, at: shown(sending.failed_at), why: reason };
    }
    if sending.next_try_at.is_some() {
        let (words, tag) = match (by_mail, sending.tries) {
            (true, 0) => ("Email goes out", ""),
            (true, _) => ("Email is tried again", "warn"),
            (false, 0) => ("Text goes out", ""),
            (false, _) => ("Text is tried again", "warn"),
        };
        return Outcome { tag, words, at: shown(sending.next_try_at), why: reason };
    }
    let words = if by_mail { "No email" } else { "No text" };
    let why = Reason::from_word(&reason).map_or_else(
        || {
            if reason == digests::NOTHING_LEFT { "read or deleted before".to_string() } else { reason }
        },
        |reason| in_words(reason).to_string(),
    );
    Outcome { tag: "", words, at: None, why }
}
