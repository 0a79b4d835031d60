//! Webhooks on their way (H1 to H6): what happens is told once to each, failures are tried again, and what dies in between
//! leaves nothing out.

mod faults;
mod off;
mod program;

use std::time::Duration;

use domain::webhooks::call_history;
use domain::webhooks::calls::WAITING_MAX;
use domain::webhooks::webhook::{self, EventFilter};
use program::{Program, no};

#[tokio::test]
async fn h1_h3_a_webhook_hears_of_what_it_wants_from_when_it_was_made_each_once() {
    let program = Program::open().await;
    program.says("before").await;
    let webhook = program.make("https://a.example/", &["message.*"]).await;
    program.make("https://b.example/", &["message.updated"]).await;
    for text in ["one", "two", "three"] {
        program.says(text).await;
    }
    program.settle().await;
    let shown = program.list(webhook).await;
    assert_eq!(shown.len(), 3);
    assert!(shown.windows(2).all(|pair| pair[0].seq > pair[1].seq), "the newest first");
    let told = program.told();
    assert_eq!(
        told,
        [
            ("https://a.example/", "message.sent", "one"),
            ("https://a.example/", "message.sent", "three"),
            ("https://a.example/", "message.sent", "two"),
        ]
        .map(|(url, kind, text)| (url.to_string(), kind.to_string(), text.to_string()))
    );
    program.settle().await;
    assert!(program.told().is_empty(), "nothing twice");
}

#[tokio::test]
async fn h2_a_call_has_the_form_that_standard_webhooks_recommends() {
    let program = Program::open().await;
    program.make("https://a.example/", &["*"]).await;
    let happened = program.office.now();
    let message = program.says("Hello “Zoë”").await;
    program.office.wait(Duration::from_millis(61_500));
    program.settle().await;
    let calls = program.calls.take();
    assert_eq!(calls.len(), 1);
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "type": "message.sent",
            "timestamp": "2026-01-05T09:00:00.000Z",
            "data": {
                "workspaceId": program.office.workspace,
                "channelId": program.channel,
                "object": { "id": message, "text": "Hello “Zoë”" },
            },
        })
    );
    assert_eq!(happened.0 / 1000 + 61, calls[0].timestamp, "signed when it was sent, in whole seconds");
    assert_eq!(calls[0].secret.len(), 32);
}

#[tokio::test]
async fn h1_a_new_channel_is_told_with_its_files() {
    let program = Program::open().await;
    program.make("https://a.example/", &["messageChannel.created", "fileChannel.created"]).await;
    program.office.client("Mo").await;
    program.settle().await;
    let kinds: Vec<String> = program.told().into_iter().map(|told| told.1).collect();
    assert_eq!(kinds, ["fileChannel.created", "messageChannel.created"]);
}

#[tokio::test]
async fn h2_each_try_has_the_same_id_and_shows_what_is_true_then() {
    let program = Program::open().await;
    program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|_| no(500));
    let message = program.says("first").await;
    program.settle().await;
    program.edit(message, "second").await;
    program.office.wait(Duration::from_secs(5));
    program.settle().await;
    let calls = program.calls.take();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].id, calls[1].id);
    assert!(calls[0].body.contains("first") && calls[1].body.contains("second"));
    assert_eq!(calls[1].timestamp - calls[0].timestamp, 5);
}

#[tokio::test]
async fn h3_what_a_newer_program_wrote_is_passed_over() {
    let program = Program::open().await;
    program.make("https://a.example/", &["*"]).await;
    let workspace = program.office.workspace;
    program
        .office
        .write(move |tx| {
            for (kind, payload) in [
                ("planet.discovered", r#"{"kind":"planet.discovered","planet":9}"#),
                ("message.sent", "not JSON"),
                ("message.sent", r#"{"kind":"message.sent","in":"a form to come"}"#),
            ] {
                let payload = payload.to_string();
                tx.record(store::Entry { workspace: workspace.0, kind, channel: None, payload });
            }
            Ok(())
        })
        .await;
    program.says("known").await;
    program.settle().await;
    assert_eq!(program.texts(), ["known"]);
}

#[tokio::test]
async fn h3_what_a_program_does_not_take_waits_in_the_journal_and_is_told_when_it_does() {
    let program = Program::open().await;
    program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|_| no(503));
    let most = usize::try_from(WAITING_MAX).unwrap();
    let texts: Vec<String> = (0..2 * most + 7).map(|number| number.to_string()).collect();
    for text in &texts {
        program.says(text).await;
    }
    program.settle().await;
    assert_eq!(program.calls.take().len(), most, "of all that waits only the next are tried");
    program.calls.answer(|_| Ok(program::yes()));
    program.office.wait(Duration::from_secs(5));
    program.settle().await;
    let mut told = program.texts();
    told.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(told, texts);
}

#[tokio::test]
async fn h6_each_try_is_shown_and_a_call_can_be_sent_again_by_hand() {
    let program = Program::open().await;
    let webhook = program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|_| no(500));
    program.says("Hello").await;
    program.settle().await;
    program.calls.answer(|_| Ok(program::yes()));
    program.office.wait(Duration::from_secs(5));
    program.settle().await;
    let shown = program.list(webhook).await;
    assert_eq!(shown.len(), 1);
    let tries: Vec<_> = shown[0].tries.iter().map(|tried| (tried.status, tried.said.as_str())).collect();
    assert_eq!(tries, [(Some(500), "no"), (Some(200), "yes")]);
    assert_eq!((shown[0].taken_at, shown[0].next_try_at), (Some(program.office.now()), None));
    let first = program.calls.take();

    // Taken already: once more, under the same id.
    program.again(webhook, shown[0].id).await.unwrap();
    program.settle().await;
    let second = program.calls.take();
    assert_eq!((second.len(), &second[0].id), (1, &first[0].id));
    assert_eq!(program.list(webhook).await[0].tries.len(), 3);

    // Waiting for its next try: at once, and not twice.
    program.calls.answer(|_| no(500));
    program.again(webhook, shown[0].id).await.unwrap();
    program.settle().await;
    program.again(webhook, shown[0].id).await.unwrap();
    program.settle().await;
    assert_eq!(program.calls.take().len(), 2);
    let other = program.make("https://b.example/", &["*"]).await;
    assert!(program.again(other, shown[0].id).await.is_err(), "it is not that webhook's");
}

#[tokio::test]
async fn h3_a_deleted_webhook_is_called_no_more_and_nothing_of_it_stays() {
    let program = Program::open().await;
    let webhook = program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|_| no(500));
    program.says("Hello").await;
    program.settle().await;
    let ada = program.office.ada;
    program.office.write(move |tx| webhook::delete(tx, &ada, webhook)).await;
    program.calls.take();
    program.office.wait(Duration::from_secs(3600));
    program.says("again").await;
    program.settle().await;
    assert!(program.calls.take().is_empty());
    program.sweep().await;
    for table in ["webhooks", "webhook_calls", "webhook_tries", "deliveries"] {
        assert_eq!(program.rows(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn h6_calls_are_kept_for_thirty_days() {
    let program = Program::open().await;
    let webhook = program.make("https://a.example/", &["message.sent"]).await;
    program.says("Hello").await;
    program.settle().await;
    program.office.wait(call_history::KEPT);
    program.sweep().await;
    assert_eq!(program.list(webhook).await.len(), 1);
    program.office.wait(Duration::from_millis(1));
    program.sweep().await;
    assert!(program.list(webhook).await.is_empty());
    assert_eq!((program.rows("webhook_tries").await, program.rows("deliveries").await), (0, 0));
}

#[tokio::test]
async fn h3_calls_are_in_no_mails_way() {
    let program = Program::open().await;
    program.make("https://a.example/", &["*"]).await;
    program.says("Hello").await;
    program.worker.step().await.unwrap();
    program.says("again").await;
    program.calls.answer(|_| no(500));
    program.worker.step().await.unwrap();
    assert_eq!(program.office.step().await, 0, "the worker of mails takes no call");
    assert_eq!(program.office.next_due().await, None);
}

#[test]
fn h1_everything_can_be_wanted() {
    assert!(webhook::KINDS.iter().all(|kind| EventFilter::everything().holds(kind)));
}
