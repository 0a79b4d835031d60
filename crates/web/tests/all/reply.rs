//! Reply links in a browser: one channel from the digest on, a reply, and nothing else (N7, N8, N13).

use std::time::Duration;

use crate::support::{Answer, Browser, Firm, MORNING};
use domain::administration::deactivation;
use domain::administration::settings::{self, MessagingChange};
use domain::channels::{channel, starting};
use domain::kernel::access::Actor;
use domain::kernel::ids::{self, ChannelId, MessageId};
use domain::messages::message;
use domain::notify::reply_links;
use domain::tenant::settings::ReplyLinks;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Jane has sent Oskar "before", "first" and "second"; his link is for the last two.
async fn missed() -> (Firm, String) {
    let firm = Firm::new().await;
    for text in ["before the digest", "first missed", "second missed"] {
        firm.posts(firm.jane, firm.channel, text).await;
    }
    let link = firm.reply_link(firm.oskar, firm.channel, 2, 4).await;
    (firm, link)
}

/// Everything that a GET must not change: messages, read positions, sessions, links, deliveries, the journal.
async fn state(firm: &Firm) -> String {
    let tables = [
        "messages",
        "members",
        "read_moves",
        "sessions",
        "sign_ins",
        "sign_in_links",
        "reply_links",
        "fresh_links",
        "deliveries",
        "tries",
        "people",
        "journal",
    ];
    let mut found = String::new();
    for table in tables {
        let rows = firm
            .portal
            .read(move |reader| {
                let columns = reader.columns(&format!("SELECT * FROM {table}"))?.len();
                let sql = format!("SELECT * FROM {table} ORDER BY 1, 2, 3");
                let row = |row: &store::Row<'_>| {
                    (0..columns)
                        .map(|index| row.value(index).map(|value| format!("{value:?}")))
                        .collect::<Result<Vec<_>, _>>()
                };
                Ok(reader.all(&sql, &[], row)?)
            })
            .await;
        found.push_str(&format!("{table}: {rows:?}\n"));
    }
    found
}

async fn read_position(firm: &Firm, who: Actor, channel: ChannelId) -> i64 {
    firm.portal.read(move |reader| Ok(channel::find(reader, &who, channel)?.read_position)).await
}

async fn texts(firm: &Firm) -> Vec<(ids::PersonId, String)> {
    let (jane, channel) = (firm.jane, firm.channel);
    let found = firm
        .portal
        .read(move |reader| message::page(reader, &jane, channel, message::Window::Newest, 200))
        .await;
    found.into_iter().map(|message| (message.author, message.text)).collect()
}

/// The value of a hidden field on the page.
fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

async fn answers(browser: &mut Browser<'_>, link: &str, text: &str) -> Answer {
    let id = MessageId::new(MORNING).to_string();
    browser.post(link, &[("id", &id), ("text", text), ("shown", "4")]).await
}

async fn demand_signing_in(firm: &Firm) {
    let jane = firm.jane;
    let change = MessagingChange { reply_links: Some(ReplyLinks::SignIn), ..MessagingChange::default() };
    firm.portal.write(move |tx| settings::change_messaging(tx, &jane, &change)).await;
}

#[tokio::test]
async fn n8_the_page_shows_the_digest_s_messages_and_sends_an_answer_without_scripts_or_session() {
    let (firm, link) = missed().await;
    let mut phone = firm.portal.browser();
    let page = phone.get(&link).await;
    page.is(200)
        .shows("first missed")
        .shows("second missed")
        .shows("Harbor &#38; Lee")
        .shows("for Oskar Kowalski");
    page.hides("before the digest").hides("Good morning!").hides("\"/messages/").hides("name=\"channel\"");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["x-robots-tag"], "noindex, nofollow");

    let (id, shown) = (hidden(&page, "id"), hidden(&page, "shown"));
    let fields = [("id", id), ("shown", shown), ("text", "On my way")];
    let sent = phone.post(&link, &fields).await;
    sent.goes(&format!("{link}?sent=5#message-{id}"));
    let again = phone.get(sent.to().split_once('#').unwrap().0).await;
    again.is(200).shows("On my way").shows("Sent. You can write more.").hides("before the digest");
    assert_eq!(texts(&firm).await[4], (firm.oskar.person, "On my way".to_string()));
    assert_eq!(read_position(&firm, firm.oskar, firm.channel).await, 5);
    // Submitting twice posts one reply.
    phone.post(&link, &fields).await.goes(sent.to());
    assert_eq!(texts(&firm).await.len(), 5);
    assert_eq!(phone.cookie, None);
    assert!(!phone.is_signed_in().await);
}

#[tokio::test]
async fn n8_scanners_change_nothing_however_often_they_get_and_head() {
    let (firm, link) = missed().await;
    let unsubscribe = firm.unsubscribe_link(firm.oskar).await;
    let before = state(&firm).await;
    let mut scanner = firm.portal.browser();
    let asked = [link.clone(), format!("{link}?sent=4"), format!("{link}?done=fresh"), unsubscribe];
    for _ in 0..100 {
        for path in &asked {
            scanner.get(path).await.is(200);
            assert!(scanner.head(path).await.is(200).text.is_empty());
        }
    }
    for path in ["read", "fresh"] {
        scanner.get(&format!("{link}/{path}")).await.is(405);
        scanner.head(&format!("{link}/{path}")).await.is(405);
    }
    assert_eq!(state(&firm).await, before);
    firm.portal.browser().get(&link).await.is(200).shows("first missed");
}

#[tokio::test]
async fn n7_on_the_person_s_own_device_the_portal_opens_at_the_first_unread() {
    let (firm, link) = missed().await;
    let mut phone = firm.browser_of(firm.oskar).await;
    let opened = phone.get(&link).await;
    opened.goes(&format!("/messages/{}", firm.channel));
    phone.follow(&opened).await.is(200).shows("id=\"new\"").shows("id=\"composer\"");
    // Further back than the newest page: it opens at the first unread message.
    for number in 0..60 {
        firm.posts(firm.jane, firm.channel, &format!("number {number}")).await;
    }
    let opened = phone.get(&link).await;
    opened.goes(&format!("/messages/{}?after=1", firm.channel));
    phone
        .follow(&opened)
        .await
        .is(200)
        .shows("before the digest")
        .shows("id=\"new\"")
        .shows("id=\"composer\"");
    assert_eq!(read_position(&firm, firm.oskar, firm.channel).await, 1);
    // The session opens the channel, so the age of the link does not matter.
    firm.portal.wait(15 * DAY);
    phone.get(&link).await.goes(&format!("/messages/{}?after=1", firm.channel));
}

#[tokio::test]
async fn n8_an_answer_of_a_page_opened_before_signing_in_is_not_lost() {
    let (firm, link) = missed().await;
    let mut phone = firm.browser_of(firm.oskar).await;
    answers(&mut phone, &link, "Still here").await.goes(&format!("/messages/{}", firm.channel));
    assert_eq!(texts(&firm).await[4], (firm.oskar.person, "Still here".to_string()));
}

#[tokio::test]
async fn n8_where_somebody_else_is_signed_in_it_says_so_and_does_nothing() {
    let (firm, link) = missed().await;
    for other in [firm.maria, firm.jane] {
        let mut browser = firm.browser_of(other).await;
        let before = state(&firm).await;
        let page = browser.get(&link).await;
        page.is(403).shows("This link is for somebody else").shows("is signed in").hides("first missed");
        page.hides("Oskar").hides(&firm.channel.to_string());
        let refused = answers(&mut browser, &link, "not mine").await;
        refused.is(403).shows("This link is for somebody else").shows("not mine").hides("Oskar");
        browser.post(&format!("{link}/read"), &[("position", "4")]).await.goes(&link);
        browser.post(&format!("{link}/fresh"), &[]).await.is(403);
        assert_eq!(state(&firm).await, before);
    }
}

#[tokio::test]
async fn n8_a_workspace_can_demand_signing_in_first_and_then_the_channel_opens() {
    let (firm, link) = missed().await;
    demand_signing_in(&firm).await;
    let mut phone = firm.portal.browser();
    let asked = phone.get(&link).await;
    let channel = format!("/messages/{}", firm.channel);
    asked.goes(&format!("/sign-in?back={}", channel.replace('/', "%2F")));
    asked.hides("missed");
    phone.follow(&asked).await.is(200).shows(&format!("value=\"{channel}\""));
    let refused = answers(&mut phone, &link, "too early").await;
    refused.is(403).shows("Please sign in first").shows("too early").hides("first missed");
    assert_eq!(texts(&firm).await.len(), 4);
    // The link in the mail leads there too, on any device.
    let asked = phone.post("/sign-in", &[("email", "oskar@client.example"), ("back", &channel)]).await;
    let (_, id) = asked.to().split_once("sign_in=").unwrap();
    let mail =
        firm.portal.mail(firm.workspace, id.split_once('&').unwrap().0.parse().unwrap()).await.unwrap();
    let signs_in = format!("/sign-in/link/{}", mail.link_secret.reveal());
    let mut other = firm.portal.browser();
    let page = other.get(&signs_in).await;
    page.is(200).shows(&format!("name=\"back\" value=\"{channel}\""));
    other.post(&signs_in, &[("back", hidden(&page, "back"))]).await.goes(&channel);
    other.get(&link).await.goes(&channel);
}

#[tokio::test]
async fn n8_after_fourteen_days_it_says_so_and_sends_a_fresh_one_when_asked() {
    let (firm, link) = missed().await;
    firm.portal.wait(14 * DAY - Duration::from_millis(1));
    firm.portal.browser().get(&link).await.is(200);
    firm.portal.wait(Duration::from_millis(1));
    let mut phone = firm.portal.browser();
    let page = phone.get(&link).await;
    page.is(410).shows("This link has expired").shows("Send me a fresh link").hides("missed").hides("Oskar");
    page.hides("client.example");
    answers(&mut phone, &link, "too late").await.is(410).shows("too late").shows("Send me a fresh link");
    assert_eq!(texts(&firm).await.len(), 4);

    let asked = phone.post(&format!("{link}/fresh"), &[]).await;
    asked.goes(&format!("{link}?done=fresh"));
    phone.follow(&asked).await.is(410).shows("Look into your mail").hides("Oskar").hides("client.example");
    let workspace = firm.workspace;
    let prepared = firm
        .portal
        .write(move |tx| {
            let sql = "SELECT id FROM fresh_links WHERE workspace = $1";
            let id = tx.one(sql, &[&workspace], |row| row.get(0))?;
            reply_links::prepare_fresh(tx, workspace, id)
        })
        .await
        .unwrap();
    assert_eq!(prepared.to.name.email, "oskar@client.example");
    let fresh = format!("/r/{}", prepared.secret.reveal());
    phone.get(&fresh).await.is(200).shows("first missed").hides("before the digest");
    phone.get(&link).await.is(410);
}

#[tokio::test]
async fn n8_fresh_links_are_limited() {
    let (firm, link) = missed().await;
    firm.portal.wait(14 * DAY);
    let mut phone = firm.portal.browser();
    for _ in 0..reply_links::FRESH_MAX {
        phone.post(&format!("{link}/fresh"), &[]).await.is(303);
    }
    let refused = phone.post(&format!("{link}/fresh"), &[]).await;
    refused.is(429).shows("Please wait a little");
    assert_eq!(refused.headers["retry-after"], "3600");
}

#[tokio::test]
async fn n8_answers_are_limited_and_what_was_written_stays() {
    let (firm, link) = missed().await;
    let mut phone = firm.portal.browser();
    for _ in 0..reply_links::REPLIES_MAX {
        answers(&mut phone, &link, "on and on").await.is(303);
    }
    answers(&mut phone, &link, "and further").await.is(429).shows(">and further</textarea>");
}

#[tokio::test]
async fn n8_a_link_revoked_by_its_owner_says_so() {
    let (firm, link) = missed().await;
    let mut own = firm.browser_of(firm.oskar).await;
    own.post("/profile/links/end", &[]).await.goes("/profile?done=links");
    let mut phone = firm.portal.browser();
    phone.get(&link).await.is(410).shows("switched off for your safety").hides("missed");
    answers(&mut phone, &link, "no").await.is(410);
    assert_eq!(texts(&firm).await.len(), 4);
}

#[tokio::test]
async fn n13_with_the_access_the_link_shows_nothing() {
    let (firm, link) = missed().await;
    let (jane, oskar) = (firm.jane, firm.oskar.person);
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, oskar)).await;
    let mut phone = firm.portal.browser();
    let page = phone.get(&link).await;
    page.is(410).shows("not open to you any more").hides("missed").hides("Oskar").hides("Jane");
    answers(&mut phone, &link, "no").await.is(410);
    phone.post(&format!("{link}/fresh"), &[]).await.goes(&format!("{link}?done=fresh"));
    let workspace = firm.workspace;
    let asked = firm
        .portal
        .read(move |reader| {
            Ok(reader.first("SELECT 1 FROM fresh_links WHERE workspace = $1", &[&workspace], |_| Ok(()))?)
        })
        .await;
    assert_eq!((texts(&firm).await.len(), asked), (4, None));
}

#[tokio::test]
async fn n8_wrong_foreign_and_tampered_links_look_alike_and_give_nothing_away() {
    let (firm, link) = missed().await;
    let mut tampered = link.clone();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'a' { 'b' } else { 'a' });
    let mut pages = Vec::new();
    for path in [tampered.as_str(), "/r/abc", "/r/%F0%9F%98%80", "/r/%00", "/r/%22%3E%3Cscript%3E"] {
        let mut phone = firm.portal.browser();
        pages.push(phone.get(path).await);
        pages.push(phone.post(&format!("{path}/fresh"), &[]).await);
        answers(&mut phone, path, "lost?").await.is(404).shows("lost?");
        phone.post(&format!("{path}/read"), &[("position", "4")]).await.is(404);
    }
    let mut elsewhere = firm.portal.browser();
    elsewhere.host = "another.example".to_string();
    elsewhere.get(&link).await.is(404).shows("This link is not known here").hides("Harbor").hides("missed");
    for page in &pages {
        page.is(404);
        assert_eq!((&page.text, &page.headers), (&pages[0].text, &pages[0].headers));
    }
    assert_eq!(read_position(&firm, firm.oskar, firm.channel).await, 1);
}

#[tokio::test]
async fn n8_a_link_opens_its_channel_and_no_other_of_that_person() {
    let (firm, link) = missed().await;
    let (jane, project) = (firm.jane, firm.renovation);
    let other =
        firm.portal.write(move |tx| starting::create(tx, &jane, &starting::Subject::Project(project))).await;
    firm.posts(firm.jane, other, "in the other channel").await;
    let mut phone = firm.portal.browser();
    phone.get(&link).await.is(200).hides("in the other channel");
    for path in [format!("/messages/{other}"), format!("/messages/{}", firm.channel), "/profile".to_string()]
    {
        phone.get(&path).await.is(303);
    }
    phone.get(&format!("{link}?after=-9223372036854775808")).await.is(200).hides("before the digest");
    phone.get(&format!("{link}?sent=-9223372036854775808")).await.is(200).hides("before the digest");
    phone.get(&format!("{link}?after=9223372036854775807")).await.is(200);
    phone.post(&format!("{link}/read"), &[("position", "9223372036854775807")]).await.goes(&link);
    assert_eq!(read_position(&firm, firm.oskar, other).await, 0);
    assert_eq!(read_position(&firm, firm.oskar, firm.channel).await, 4);
}

#[tokio::test]
async fn n8_more_messages_than_a_page_holds_are_there_page_by_page() {
    let (firm, link) = missed().await;
    for number in 0..60 {
        firm.posts(firm.jane, firm.channel, &format!("number {number} of many")).await;
    }
    let mut phone = firm.portal.browser();
    let page = phone.get(&link).await;
    page.is(200).shows("first missed").shows("number 47 of many").hides("number 48 of many");
    page.shows(&format!("href=\"{link}?after=52\""));
    phone.get(&format!("{link}?after=52")).await.shows("number 48 of many").shows("number 59 of many");
}

#[tokio::test]
async fn n8_a_bad_answer_comes_back_with_a_word_and_everything_that_was_written() {
    let (firm, link) = missed().await;
    let mut phone = firm.portal.browser();
    let id = MessageId::new(MORNING).to_string();
    for text in ["", "  ", "a\u{0}b", &"x".repeat(10_001)] {
        let answer = phone.post(&link, &[("id", &id), ("text", text)]).await;
        answer.is(400).shows("first missed");
        assert_eq!(answer.errors().len(), 1, "{text:.20}");
    }
    phone
        .post(&link, &[("id", &id), ("text", "a<b>\u{7}")])
        .await
        .is(400)
        .shows("a&#60;b&#62;")
        .hides("a<b>");
    phone.post(&link, &[("id", "abc"), ("text", "no id")]).await.is(400);
    let taken = firm.message.to_string();
    phone.post(&link, &[("id", &taken), ("text", "an id of before")]).await.is(303);
    assert_eq!(texts(&firm).await.len(), 4);
    for broken in ["id=1&text=%FF", "text=a", "", "{}"] {
        phone.send(&link, broken).await.is(400);
    }
    phone.send(&link, &format!("id={id}&text={}", "a".repeat(3_000_000))).await.is(413);
    phone.post(&format!("{link}/read"), &[("position", "many")]).await.is(400);
}

#[tokio::test]
async fn n8_a_page_of_another_site_can_neither_answer_nor_read() {
    let (firm, link) = missed().await;
    let before = state(&firm).await;
    let mut browser = firm.portal.browser();
    for site in ["cross-site", "same-site", "none"] {
        browser.site = site;
        answers(&mut browser, &link, "forged").await.is(403);
        browser.post(&format!("{link}/read"), &[("position", "4")]).await.is(403);
        browser.post(&format!("{link}/fresh"), &[]).await.is(403);
    }
    assert_eq!(state(&firm).await, before);
}
