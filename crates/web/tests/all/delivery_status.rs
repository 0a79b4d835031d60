//! The delivery status of a message, shown at the message and to internal users only (N12, N14).

use std::time::Duration;

use crate::support::Firm;
use crate::texts::agreed;
use domain::administration::deactivation;
use domain::arrival::invitations;
use domain::channels::{members, starting};
use domain::kernel::ids::{MessageId, PersonId};
use domain::kernel::medium::Frequency;
use domain::messages::message;
use domain::notify::{due, muting, preferences};

const MINUTE: Duration = Duration::from_secs(60);

/// A firm in which Oskar is invited and Jane has just sent him two messages; Tom, also a member, has muted the channel.
async fn written() -> (Firm, [MessageId; 2]) {
    let firm = Firm::new().await;
    let (jane, tom, oskar, channel) = (firm.jane, firm.tom, firm.oskar.person, firm.channel);
    firm.portal
        .write(move |tx| {
            muting::mute(tx, &tom, channel, true)?;
            invitations::invite(tx, &jane, oskar)
        })
        .await;
    firm.posts(firm.jane, firm.channel, "first").await;
    firm.posts(firm.jane, firm.channel, "second").await;
    let found = firm
        .portal
        .read(move |reader| message::page(reader, &jane, channel, message::Window::Newest, 2))
        .await;
    let ids: Vec<MessageId> = found.iter().map(|message| message.id).collect();
    (firm, [ids[0], ids[1]])
}

async fn settles(firm: &Firm, person: PersonId) -> bool {
    let (workspace, channel) = (firm.workspace, firm.channel);
    let settle = move |tx: &mut store::Tx| {
        due::enqueue_due(tx, workspace, channel, None)?;
        Ok(due::decide(tx, workspace, person, None)?.is_some())
    };
    firm.portal.write(settle).await
}

#[tokio::test]
async fn n14_internal_users_see_the_time_once_behind_what_is_due_together() {
    let (firm, [_, second]) = written().await;
    let page = firm.browser_of(firm.jane).await.get(&format!("/messages/{}", firm.channel)).await;
    page.is(200).shows("Notice to Oskar Kowalski at <time datetime=\"2026-01-05T09:05:00.000Z\"");
    page.shows("Nothing is sent to Tom Harbor (muted)");
    assert_eq!(page.text.matches("Notice to Oskar").count(), 1);
    page.shows(&format!("/messages/{second}/send-now"));
    // The fragments that scripts fetch show the same.
    let part = firm.browser_of(firm.jane).await.get(&format!("/messages/{}/older", firm.channel)).await;
    part.is(200).shows("Notice to Oskar Kowalski at").shows(&format!("/messages/{second}/call-off"));
}

#[tokio::test]
async fn n12_client_users_see_nothing_of_it() {
    let (firm, _) = written().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    for path in [format!("/messages/{}", firm.channel), format!("/messages/{}/older", firm.channel)] {
        oskar
            .get(&path)
            .await
            .is(200)
            .shows("second")
            .hides("class=\"fates\"")
            .hides("send-now")
            .hides("muted");
    }
}

#[tokio::test]
async fn n14_calling_off_what_is_shown_together_tells_nobody() {
    let (firm, [first, second]) = written().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let path = format!("/messages/{}/messages/{second}/call-off", firm.channel);
    let sent = jane.post(&path, &[("also", &first.to_string())]).await;
    sent.goes(&format!("/messages/{}?message={second}#message-{second}", firm.channel));
    let page = jane.get(&format!("/messages/{}", firm.channel)).await;
    page.shows("Nothing is sent to Oskar Kowalski and Tom Harbor (called off)")
        .hides("Notice to")
        .hides("send-now");
    firm.portal.wait(5 * MINUTE);
    assert!(!settles(&firm, firm.oskar.person).await);
    jane.post(&path, &[]).await.is(303);
    jane.post(&path.replace("call-off", "send-now"), &[]).await.is(409);
}

#[tokio::test]
async fn n14_sending_now_does_not_wait() {
    let (firm, [_, second]) = written().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.post(&format!("/messages/{}/messages/{second}/send-now", firm.channel), &[]).await.is(303);
    assert!(settles(&firm, firm.oskar.person).await);
    let page = jane.get(&format!("/messages/{}", firm.channel)).await;
    page.shows("Being sent to Oskar Kowalski").hides("Notice to");
}

#[tokio::test]
async fn n12_what_was_sent_failed_and_was_read_is_said() {
    let (firm, _) = written().await;
    let (workspace, oskar) = (firm.workspace, firm.oskar);
    firm.portal.wait(5 * MINUTE);
    assert!(settles(&firm, firm.oskar.person).await);
    let mut jane = firm.browser_of(firm.jane).await;
    let path = format!("/messages/{}", firm.channel);
    let record = |sql: &'static str| firm.portal.write(move |tx| Ok(tx.run(sql, &[&workspace, &tx.now()])?));
    record(
        "UPDATE deliveries SET next_try_at = NULL, failed_at = $2, reason = '550 <no> such user' \
         WHERE workspace = $1 AND kind = 'digestMail'",
    )
    .await;
    let page = jane.get(&path).await;
    page.shows("Could not be sent to Oskar Kowalski").shows("550 &#60;no&#62; such user").hides("<no>");
    record(
        "UPDATE deliveries SET failed_at = NULL, reason = NULL, sent_at = $2 WHERE workspace = $1 AND kind = 'digestMail'",
    )
    .await;
    jane.get(&path).await.shows("Emailed to Oskar Kowalski").hides("send-now");
    let channel = firm.channel;
    firm.portal.write(move |tx| members::read_up_to(tx, &oskar, channel, 3)).await;
    jane.get(&path).await.hides("Emailed to").shows("Seen by Oskar Kowalski");
}

#[tokio::test]
async fn n14_a_text_that_quiet_hours_hold_is_shown_and_called_off_but_not_hastened() {
    let (firm, [first, second]) = written().await;
    let (workspace, oskar) = (firm.workspace, firm.oskar);
    agreed(&firm, oskar).await;
    // As after 22:00: the email was sent, the text waits until morning.
    firm.portal.write(move |tx| preferences::choose(tx, &oskar, None, Some(Frequency::EveryMessage))).await;
    firm.portal.wait(5 * MINUTE);
    assert!(settles(&firm, oskar.person).await);
    for (kind, sql) in [
        (
            "digestMail",
            "UPDATE deliveries SET sent_at = $2, next_try_at = NULL WHERE workspace = $1 AND kind = $3",
        ),
        ("digestText", "UPDATE deliveries SET next_try_at = $2 + 3600000 WHERE workspace = $1 AND kind = $3"),
    ] {
        let changed = move |tx: &mut store::Tx| Ok(tx.run(sql, &[&workspace, &tx.now(), &kind])?);
        assert_eq!(firm.portal.write(changed).await, 1, "{kind}");
    }
    let mut jane = firm.browser_of(firm.jane).await;
    let path = format!("/messages/{}", firm.channel);
    let page = jane.get(&path).await;
    page.shows("Emailed to Oskar Kowalski")
        .shows("Text to Oskar Kowalski at <time datetime=\"2026-01-05T10:05:00.000Z\"")
        .shows(&format!("/messages/{second}/call-off"))
        .hides("send-now");
    firm.portal.wait(MINUTE);
    let call_off = format!("{path}/messages/{second}/call-off");
    jane.post(&call_off, &[("also", &first.to_string())]).await.is(303);
    jane.get(&path).await.shows("Emailed to Oskar Kowalski").hides("Text to").hides("call-off");
}

#[tokio::test]
async fn n14_a_message_of_another_channel_is_not_reached_through_this_one() {
    let (firm, [first, second]) = written().await;
    let (jane, maria) = (firm.jane, firm.maria.person);
    let other =
        firm.portal.write(move |tx| starting::create(tx, &jane, &starting::Subject::Client(maria))).await;
    let mut browser = firm.browser_of(firm.jane).await;
    for act in ["send-now", "call-off"] {
        browser.post(&format!("/messages/{other}/messages/{first}/{act}"), &[]).await.is(404);
    }
    firm.posts(firm.jane, other, "elsewhere").await;
    let found =
        firm.portal.read(move |reader| message::page(reader, &jane, other, message::Window::Newest, 1)).await;
    let path = format!("/messages/{}/messages/{second}/call-off", firm.channel);
    browser.post(&path, &[("also", &found[0].id.to_string())]).await.is(404);
    browser.get(&format!("/messages/{}", firm.channel)).await.shows("Notice to Oskar").hides("called off");
    // A deactivated client user is sent nothing, and the status says so.
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, maria)).await;
    browser
        .get(&format!("/messages/{other}"))
        .await
        .shows("Nothing is sent to Maria Santos (no access any more)");
}
