//! Settings → API → Webhooks: created, viewed, sent again, deleted (H1, H4, H5, H6).

use std::time::Duration;

use crate::support::Firm;
use domain::kernel::ids::{CallId, WebhookId};
use domain::notify::webhook_deliveries;
use domain::webhooks::call_attempts::{self, Try, Verdict};
use domain::webhooks::calls;
use domain::webhooks::webhook::{self, Webhook};
use store::Reader;

const LIST: &str = "/settings/api/webhooks";
const NEW: &str = "/settings/api/webhooks/new";

async fn made(firm: &Firm) -> Vec<Webhook> {
    let jane = firm.jane;
    firm.portal.read(move |reader: &Reader| webhook::list(reader, &jane, None, 100)).await
}

/// Records a try of a call with this answer.
async fn tried(firm: &Firm, webhook: WebhookId, call: CallId, status: u16, said: &str, verdict: Verdict) {
    let (workspace, said) = (firm.workspace, said.to_string());
    firm.portal
        .write(move |tx| {
            let taken = webhook_deliveries::claim_calls(tx, workspace, webhook, 1)?.remove(0);
            let tried = Try { at: tx.now(), took: Duration::from_millis(7), status: Some(status), said };
            call_attempts::record(tx, &taken, webhook, call, &tried, verdict)
        })
        .await;
}

#[tokio::test]
async fn h1_the_secret_is_shown_once() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(NEW).await.is(200).shows("message.sent").shows("notification.failed");
    let fields = [
        ("url", "https://hooks.example/a?b"),
        ("which", "chosen"),
        ("events", "message.sent"),
        ("events", "client.created"),
    ];
    let answer = jane.post(NEW, &fields).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let secret = answer.is(200).text.split("whsec_").nth(1).unwrap().split('"').next().unwrap();
    // 32 bytes in Base64, in which `=` may be written as a character reference.
    assert!(secret.len() >= 44, "{secret}");
    let id = made(&firm).await[0].id;
    let list = jane.get(LIST).await;
    list.is(200).shows("https://hooks.example/a?b").shows("message.sent, client.created").hides("whsec_");
    let page = jane.get(&format!("{LIST}/{id}")).await;
    page.is(200)
        .shows("https://hooks.example/a?b")
        .shows("No calls yet")
        .hides("whsec_")
        .hides(&secret[..40]);
}

#[tokio::test]
async fn h4_an_address_that_does_not_lead_to_the_internet_is_refused_at_its_field() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    for (url, words) in [
        ("http://127.0.0.1:9/", "does not lead to the internet"),
        ("http://localhost/", "does not lead to the internet"),
        ("http://169.254.169.254/latest", "does not lead to the internet"),
        ("http://[::ffff:10.0.0.1]/", "does not lead to the internet"),
        ("hooks", "Please give the address"),
        ("", "Please give the address"),
        ("https://u:p@hooks.example/", "Please give the address"),
    ] {
        let answer = jane.post(NEW, &[("url", url), ("which", "all")]).await;
        answer.is(400);
        assert_eq!(answer.errors().len(), 1, "{url}");
        assert!(answer.errors()[0].contains(words), "{url}: {:?}", answer.errors());
    }
    for fields in [
        &[("url", "https://hooks.example/"), ("which", "chosen")][..],
        &[("url", "https://hooks.example/"), ("which", "chosen"), ("events", "planet.found")],
        &[("url", "https://hooks.example/"), ("which", "some")],
        &[("url", "https://hooks.example/")],
    ] {
        let answer = jane.post(NEW, fields).await;
        answer.is(400).shows("https://hooks.example/");
        assert_eq!(answer.errors().len(), 1, "{fields:?}");
    }
    assert!(made(&firm).await.is_empty());
}

#[tokio::test]
async fn h6_calls_are_shown_with_their_tries_and_sent_again() {
    let firm = Firm::new().await;
    let (webhook, call) = firm.webhook().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let place = format!("{LIST}/{webhook}");
    let page = jane.get(&place).await;
    page.is(200).shows("company.created").shows("Not tried yet").shows(&call.to_string());
    tried(&firm, webhook, call, 502, "<b>no</b>", Verdict::NotNow).await;
    let page = jane.get(&place).await;
    page.is(200).shows("1 try").shows("502").shows("7 ms").shows("Is tried again").hides("<b>no</b>");
    let sent = jane.post(&format!("{place}/calls/{call}/again"), &[]).await;
    sent.goes(&format!("{place}?done=again"));
    jane.follow(&sent).await.is(200).shows("The call is made again.");
    tried(&firm, webhook, call, 200, "", Verdict::Taken).await;
    jane.get(&place).await.is(200).shows("2 tries").shows("Taken");
    jane.post(&format!("{place}/delete"), &[]).await.goes(LIST);
    jane.get(&place).await.is(404);
    jane.get(LIST).await.is(200).shows("No program is told yet");
}

#[tokio::test]
async fn h5_one_that_is_off_says_why_and_is_switched_on_again() {
    let firm = Firm::new().await;
    let (webhook, call) = firm.webhook().await;
    tried(&firm, webhook, call, 410, "", Verdict::Gone).await;
    let mut jane = firm.browser_of(firm.jane).await;
    let place = format!("{LIST}/{webhook}");
    jane.get(&place).await.is(200).shows("Switched off").shows("It answered 410").hides("Send again");
    jane.get(LIST).await.is(200).shows("Off").shows("Switched off");
    let refused = jane.post(&format!("{place}/calls/{call}/again"), &[]).await;
    refused.is(409).shows("Please switch it on first.");
    let on = jane.post(&format!("{place}/enable"), &[]).await;
    on.goes(&format!("{place}?done=enabled"));
    jane.follow(&on).await.is(200).shows("It is told what happens from now on.").shows("Send again");
    jane.get(&place).await.is(200).hides("Switched off");
}

#[tokio::test]
async fn h6_many_calls_are_shown_page_by_page() {
    let firm = Firm::new().await;
    let (webhook, _) = firm.webhook().await;
    for number in 0..60 {
        firm.posts(firm.tom, firm.channel, &number.to_string()).await;
    }
    let workspace = firm.workspace;
    firm.portal.write(move |tx| calls::enqueue_calls(tx, workspace, webhook)).await;
    let mut jane = firm.browser_of(firm.jane).await;
    let place = format!("{LIST}/{webhook}");
    let first = jane.get(&place).await;
    assert_eq!(first.is(200).text.matches("Not tried yet").count(), 50);
    let older = first.text.split("?before=").nth(1).unwrap().split('"').next().unwrap();
    let second = jane.get(&format!("{place}?before={older}")).await;
    assert_eq!(second.is(200).shows("Newest").text.matches("Not tried yet").count(), 11);
    jane.get(&format!("{place}?before=none")).await.is(400);
}
