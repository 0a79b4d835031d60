//! Notification preferences, one-click unsubscribing, and the settings behind them (N2, N8, N10, N11).

use crate::support::Firm;
use axum::http::Method;
use domain::notify::preferences;

#[tokio::test]
async fn n10_one_click_unsubscribes_by_post_without_a_session_and_never_by_get() {
    let firm = Firm::new().await;
    let link = firm.unsubscribe_link(firm.oskar).await;
    let mut program = firm.portal.browser();
    let page = program.get(&link).await;
    page.is(200)
        .shows("<form class=\"buttons\" method=\"post\"><button")
        .hides("Oskar")
        .hides("client.example");
    let chosen = || {
        let oskar = firm.oskar;
        firm.portal.read(move |reader| {
            Ok(preferences::of_person(reader, oskar.workspace, oskar.person)?.email.word())
        })
    };
    assert_eq!(chosen().await, "each");
    // As mail programs send it: cross-site and without a cookie; the answer never redirects (RFC 8058, 3.1).
    program.site = "cross-site";
    program.post(&link, &[("List-Unsubscribe", "One-Click")]).await.is(200).shows("Switched off");
    assert_eq!(chosen().await, "never");
    program.get(&link).await.is(200).shows("Switched off");

    let mut own = firm.browser_of(firm.oskar).await;
    let profile = own.get("/profile").await;
    profile.shows("name=\"email\" value=\"never\" checked");
    own.post("/profile/choices", &[("email", "once")]).await.goes("/profile?done=saved");
    assert_eq!(chosen().await, "once");
    program.get(&link).await.is(200).hides("Switched off");
    own.post("/profile/choices", &[("email", "sometimes")]).await.is(400);
    own.site = "cross-site";
    own.post("/profile/choices", &[("email", "never")]).await.is(403);
    assert_eq!(chosen().await, "once");
}

#[tokio::test]
async fn n10_an_unsubscribe_link_that_is_none_changes_nothing_and_says_nothing() {
    let firm = Firm::new().await;
    let link = firm.unsubscribe_link(firm.oskar).await;
    let mut elsewhere = firm.portal.browser();
    elsewhere.host = "another.example".to_string();
    elsewhere.post(&link, &[]).await.is(404).hides("Harbor");
    let mut program = firm.portal.browser();
    for path in ["/unsubscribe/abc", "/unsubscribe/%00", "/unsubscribe/%F0%9F%98%80"] {
        for answer in [program.get(path).await, program.post(path, &[]).await] {
            answer.is(404).shows("This link is not known here");
        }
    }
    let (status, _, _) = program.open(Method::PUT, &link, None).await;
    assert_eq!(status, 405);
    program.get(&link).await.hides("Switched off");
}

#[tokio::test]
async fn n2_admins_set_the_wait_and_a_wrong_one_comes_back() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/settings/messaging").await.is(200).shows("value=\"5\"").shows("value=\"reply\" checked");
    jane.post("/settings/messaging", &[("waitMinutes", "30")])
        .await
        .goes("/settings/messaging?done=saved&undo=waitMinutes%3D5");
    jane.post("/settings/messaging", &[("replyLinks", "signIn")]).await.is(303);
    jane.post("/settings/messaging", &[("text", "hide")]).await.is(303);
    let page = jane.get("/settings/messaging").await;
    page.shows("value=\"30\"").shows("value=\"signIn\" checked").shows("value=\"hide\" checked");
    for wrong in ["0", "61", "five", "", "5.5", "99999999999999999999"] {
        let answer = jane.post("/settings/messaging", &[("waitMinutes", wrong)]).await;
        assert_eq!(answer.is(400).errors(), ["Please give 1 to 60 minutes."], "{wrong}");
        answer.shows(&format!("value=\"{wrong}\""));
    }
    jane.post("/settings/messaging", &[("replyLinks", "perhaps")]).await.is(400);
    jane.post("/settings/messaging", &[("text", "perhaps")]).await.is(400);
    jane.get("/settings/messaging").await.shows("value=\"30\"");
}

#[tokio::test]
async fn n12_admins_find_what_was_sent_to_whom_why_and_how_it_went() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/settings/messaging/notices").await.is(200).shows("Nothing was sent yet");
    let (workspace, oskar, tom) = (firm.workspace, firm.oskar.person, firm.tom.person);
    firm.reply_link(firm.oskar, firm.channel, 0, 1).await;
    firm.reply_link(firm.tom, firm.channel, 0, 1).await;
    let sent = move |tx: &mut store::Tx| {
        let sql = "INSERT INTO deliveries (workspace, id, kind, person, reference, created_at, tries, sent_at, failed_at, reason) \
                   SELECT g.workspace, g.id, 'digestMail', g.person, g.id, $3, 1, $4, $5, $6 FROM digests g \
                   WHERE g.workspace = $1 AND g.person = $2";
        let (now, none): (_, Option<store::Time>) = (tx.now(), None);
        tx.run(sql, &[&workspace, &oskar, &now, &Some(now), &none, &None::<String>])?;
        tx.run(sql, &[&workspace, &tom, &now, &none, &Some(now), &"550 <unknown>"])?;
        Ok(())
    };
    firm.portal.write(sent).await;
    let page = jane.get("/settings/messaging/notices").await;
    page.is(200)
        .shows("Emailed")
        .shows("oskar@client.example")
        .shows("Email failed")
        .shows("550 &#60;unknown&#62;");
    page.hides("Good morning!").hides("Older");
    for _ in 0..60 {
        firm.portal.wait(std::time::Duration::from_millis(1));
        firm.reply_link(firm.oskar, firm.channel, 0, 1).await;
    }
    let page = jane.get("/settings/messaging/notices").await;
    let (_, rest) = page.text.split_once("/settings/messaging/notices?before=").unwrap();
    let older = format!("/settings/messaging/notices?before={}", rest.split_once('"').unwrap().0);
    jane.get(&older).await.is(200).shows("Email failed").shows("Newest").hides("Older");
    jane.get("/settings/messaging/notices?before=abc").await.is(400);
}
