//! Every setting: changed on its page, then seen on the next page, in the next mail and in the next text. A field of a
//! settings page that is not covered here fails the test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use domain::arrival::invitations;
use domain::channels::starting::{self, Subject};
use domain::identity::sign_in_links::LinkKind;
use domain::kernel::access::Actor;
use outbound::mail::{Mail, Mailer};
use outbound::text::Texter;
use workers::{DeliveryWorker, DigestScheduler};

use crate::support::{Browser, Firm, HOST, metadata};
use crate::texts;

const WORDS: &str = "The landlord has signed";

/// The page and name of each field on the settings pages. Picture fields are named by their place.
async fn fields(firm: &Firm) -> BTreeSet<(&'static str, String)> {
    let routes = web::routes();
    let of = |method: Method| {
        routes
            .iter()
            .filter(move |route| route.method == method)
            .map(|route| route.path)
            .collect::<BTreeSet<_>>()
    };
    let (shown, changed) = (of(Method::GET), of(Method::POST));
    let is_setting =
        |path: &&&str| path.starts_with("/settings/") && !path.contains('{') && !path.ends_with("/new");
    let pages = shown.intersection(&changed).filter(is_setting);
    let mut jane = firm.browser_of(firm.jane).await;
    let mut found = BTreeSet::new();
    for page in pages {
        let shown = jane.get(page).await;
        for form in shown.is(200).text.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let action = between(form, "action=\"", "\"");
            let Some(place) = action.strip_prefix(page) else { continue };
            let names = form.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next());
            for name in names.filter(|name| *name != "switch") {
                let field = if place.is_empty() { name } else { place.trim_start_matches('/') };
                found.insert((*page, field.to_string()));
            }
        }
    }
    found
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    text.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found)
}

#[tokio::test]
async fn every_setting_is_seen_in_the_next_page_mail_and_text() {
    let found = fields(&Firm::roomy().await).await;
    assert!(found.len() >= 19, "the pages are no longer read: {found:?}");
    for (page, field) in found {
        let firm = Firm::roomy().await;
        seen(&firm, page, &field).await;
    }
}

/// Changes a setting on its page, as Jane.
async fn sets(firm: &Firm, page: &str, fields: &[(&str, &str)]) {
    firm.browser_of(firm.jane).await.post(page, fields).await.is(303);
}

async fn sets_picture(firm: &Firm, place: &str) {
    let mut jane = firm.browser_of(firm.jane).await;
    let picture = firm.picture();
    let path = format!("/settings/brand/{place}");
    jane.sends_form(&path, &[], &[("picture", "a.png", &picture)]).await.is(303);
}

/// Changes one field and checks that the effect shows, which it did not before.
async fn seen(firm: &Firm, page: &'static str, field: &str) {
    let mut nobody = firm.portal.browser();
    let mut oskar = firm.browser_of(firm.oskar).await;
    match (page, field) {
        ("/settings/brand", "brandName") => {
            sets(firm, page, &[(field, "Lee & Partners")]).await;
            nobody.get("/sign-in").await.shows("Lee &#38; Partners").hides("Harbor");
            oskar.get("/messages").await.shows("Lee &#38; Partners").hides("Harbor");
            let (mail, text) = missed(firm).await;
            assert_eq!(mail.from.name, "Jane Lee via Lee & Partners");
            assert!(mail.text.contains("Lee & Partners") && mail.html.contains("Lee &#38; Partners"));
            assert!(text.starts_with("Lee & Partners: "), "{text}");
        }
        ("/settings/brand", "colorAccent") => {
            assert!(!style(&mut nobody).await.contains("#336699"));
            sets(firm, page, &[(field, "#336699")]).await;
            assert!(style(&mut nobody).await.contains("--accent:light-dark(#336699"));
            assert!(missed(firm).await.0.html.contains("bgcolor=\"#336699\""));
        }
        ("/settings/brand", "colorSidebarBackground") => {
            assert!(!style(&mut oskar).await.contains("--side:#12324a"));
            sets(firm, page, &[(field, "#12324a")]).await;
            assert!(style(&mut oskar).await.contains("--side:#12324a"));
        }
        ("/settings/brand", "colorSidebarText") => {
            sets(firm, page, &[("colorSidebarBackground", "#12324a")]).await;
            assert!(!style(&mut oskar).await.contains("#ffeecc"));
            sets(firm, page, &[(field, "#ffeecc")]).await;
            assert!(style(&mut oskar).await.contains("#ffeecc"));
        }
        ("/settings/brand", "host") => {
            sets(firm, page, &[(field, "clients.example")]).await;
            nobody.get("/sign-in").await.is(200);
            nobody.host = "clients.example".to_string();
            nobody.get("/sign-in").await.is(200).shows("Harbor &#38; Lee");
            let (mail, text) = missed(firm).await;
            assert!(mail.text.contains("http://clients.example/r/") && !mail.text.contains(HOST));
            assert!(text.contains("http://clients.example/r/"), "{text}");
        }
        ("/settings/brand", "logo" | "icon" | "cover") => {
            let mark = match field {
                "logo" => "class=\"logo\"",
                "icon" => "apple-touch-icon",
                _ => "class=\"cover\"",
            };
            nobody.get("/sign-in").await.hides(mark);
            sets_picture(firm, field).await;
            nobody.get("/sign-in").await.shows(mark);
            match field {
                "logo" => oskar.get("/messages").await.shows(mark),
                "icon" => nobody.get("/manifest.webmanifest").await.shows("icon-512.png"),
                _ => nobody.get("/sign-in/link/none").await.shows(mark),
            };
        }
        ("/settings/messaging", "welcomeEnabled") => {
            sets(firm, page, &[("switch", field)]).await;
            assert_eq!(welcome(firm, firm.maria).await, "");
            sets(firm, page, &[("switch", field), (field, "on")]).await;
            assert!(!welcome(firm, firm.oskar_s_colleague().await).await.is_empty());
        }
        ("/settings/messaging", "welcomeText") => {
            sets(firm, page, &[(field, "Good to see you, {{client.givenName}}")]).await;
            assert!(welcome(firm, firm.maria).await.contains("Good to see you, Maria"));
        }
        ("/settings/messaging", "senderId") => {
            sets(firm, page, &[("welcomeText", "{{sender.givenName}} is here for you")]).await;
            sets(firm, page, &[(field, &firm.tom.person.to_string())]).await;
            assert!(welcome(firm, firm.maria).await.contains("Tom is here for you"));
        }
        ("/settings/messaging", "waitMinutes") => {
            sets(firm, page, &[(field, "2")]).await;
            let post = Post::of(firm).await;
            post.jane_writes().await;
            post.minutes(1).await;
            assert_eq!(post.digests().len(), 0);
            post.minutes(1).await;
            assert_eq!(post.digests().len(), 1);
        }
        ("/settings/messaging", "text") => {
            let post = Post::of(firm).await;
            let shown = post.missed().await.0;
            assert!(shown.text.contains(WORDS) && shown.html.contains(WORDS));
            sets(firm, page, &[(field, "hide")]).await;
            let hidden = post.missed().await.0;
            assert!(!hidden.text.contains(WORDS) && !hidden.html.contains(WORDS));
            assert!(!hidden.subject.contains(WORDS));
        }
        ("/settings/messaging", "replyLinks") => {
            let link = firm.reply_link(firm.oskar, firm.channel, 0, 1).await;
            nobody.get(&link).await.is(200).shows("Good morning!");
            sets(firm, page, &[(field, "signIn")]).await;
            let asked = nobody.get(&link).await;
            assert!(asked.to().starts_with("/sign-in?back="), "{} {}", asked.status, asked.to());
        }
        ("/settings/messaging", "defaultChannel") => {
            sets(firm, page, &[(field, "company")]).await;
            let nina = firm.oskar_s_colleague().await;
            firm.browser_of(nina).await.get("/messages").await.shows("Northwind Bakery");
        }
        ("/settings/messaging", "clientsMayStart") => {
            oskar.get("/messages/new").await.is(404);
            sets(firm, page, &[("switch", field), (field, "on")]).await;
            oskar.get("/messages").await.shows("href=\"/messages/new\"");
            let about = oskar.get("/messages/new").await;
            about.is(200).shows("Northwind Bakery").shows("Renovation").hides("Santos").hides("Client user");
            let subject = format!("project:{}", firm.renovation);
            let started = oskar.post("/messages/new", &[("subject", &subject)]).await;
            oskar.follow(&started).await.is(200).shows("Renovation");
            let other = format!("company:{}", firm.santos);
            oskar.post("/messages/new", &[("subject", &other)]).await.is(404);
        }
        ("/settings/files", "fileLimit") => {
            assert_eq!(announces(firm, &mut oskar).await, 201);
            sets(firm, page, &[(field, "1")]).await;
            assert_eq!(announces(firm, &mut oskar).await, 413);
        }
        ("/settings/joining", "colleagues") => {
            oskar.get("/profile/colleagues").await.is(404);
            sets(firm, page, &[("switch", field), (field, "on")]).await;
            oskar.get("/profile/colleagues").await.is(200);
            oskar.get("/profile").await.shows("/profile/colleagues");
        }
        ("/settings/joining", "signUp") => {
            nobody.get("/sign-up").await.is(404);
            sets(firm, page, &[("switch", field), (field, "on")]).await;
            nobody.get("/sign-up").await.is(200);
            nobody.get("/sign-in").await.shows("/sign-up");
        }
        _ => panic!("nothing says where {field} of {page} is seen"),
    }
}

/// The style sheet of a page.
async fn style(browser: &mut Browser<'_>) -> String {
    let page = browser.get("/profile").await;
    let page = if page.status == 200 { page } else { browser.get("/sign-in").await };
    browser.get(between(&page.text, "rel=\"stylesheet\" href=\"", "\"")).await.text
}

/// The message that a client user finds in their own channel on first signing in; empty if there is none.
async fn welcome(firm: &Firm, client: Actor) -> String {
    let link = firm.portal.link(firm.workspace, client.person, LinkKind::Command).await;
    firm.portal.browser().post(&link, &[]).await.goes("/messages");
    let jane = firm.jane;
    let make = move |tx: &mut store::Tx| starting::create(tx, &jane, &Subject::Client(client.person));
    let channel = firm.portal.write(make).await;
    let sql = "SELECT text FROM messages WHERE channel = $1 ORDER BY position";
    let found =
        firm.portal.read(move |reader| Ok(reader.all(sql, &[&channel], |row| row.get::<String>(0))?)).await;
    found.concat()
}

/// The status that Oskar gets for announcing a file of two megabytes.
async fn announces(firm: &Firm, oskar: &mut Browser<'_>) -> u16 {
    let channel = firm.channel.to_string();
    let pairs = metadata(&[("filename", "plan.pdf"), ("channel", &channel)]);
    let headers =
        [("tus-resumable", "1.0.0"), ("upload-length", "2000000"), ("upload-metadata", pairs.as_str())];
    oskar.raw(Method::POST, "/uploads", &headers, "").await.status.as_u16()
}

/// The email and the text that Oskar is sent about a missed message.
async fn missed(firm: &Firm) -> (Mail, String) {
    Post::of(firm).await.missed().await
}

/// Captures the mails and texts that leave the portal.
struct Post<'a> {
    firm: &'a Firm,
    mails: outbound::mail::Memory,
    texts: outbound::text::Memory,
    worker: DeliveryWorker,
    scheduler: DigestScheduler,
}

impl<'a> Post<'a> {
    /// Oskar is invited and has consented to texts.
    async fn of(firm: &'a Firm) -> Post<'a> {
        let (jane, oskar, store) = (firm.jane, firm.oskar, firm.portal.store.clone());
        firm.portal.write(move |tx| invitations::invite(tx, &jane, oskar.person)).await;
        texts::agreed(firm, oskar).await;
        let (mails, texts) = (outbound::mail::Memory::default(), outbound::text::Memory::default());
        let (mailer, texter) =
            (Arc::new(Mailer::from(mails.clone())), Arc::new(Texter::Memory(texts.clone())));
        let from = "notifications@portal.example";
        let worker = DeliveryWorker::new(store.clone(), mailer, texter, &format!("http://{HOST}"), from);
        let post = Post { firm, mails, texts, worker, scheduler: DigestScheduler::new(store, None) };
        post.works().await;
        post.texts.take();
        post
    }

    /// The email and the text that Oskar is sent about a missed message.
    async fn missed(&self) -> (Mail, String) {
        self.jane_writes().await;
        self.minutes(5).await;
        let text = self.texts.sent().pop().expect("a text").body;
        (self.digests().pop().expect("an email"), text)
    }

    async fn jane_writes(&self) {
        self.firm.posts(self.firm.jane, self.firm.channel, WORDS).await;
    }

    async fn minutes(&self, minutes: u64) {
        self.firm.portal.wait(Duration::from_secs(60 * minutes));
        self.works().await;
    }

    /// Decides and sends everything that is due now.
    async fn works(&self) {
        while self.scheduler.step().await.unwrap() > 0 {}
        while self.worker.step().await.unwrap() > 0 {}
    }

    fn digests(&self) -> Vec<Mail> {
        let mut mails = self.mails.sent();
        mails.retain(|mail| {
            mail.message_id.starts_with("digest.") && mail.to.address == "oskar@client.example"
        });
        mails
    }
}
