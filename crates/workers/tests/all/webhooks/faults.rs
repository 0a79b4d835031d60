//! Whatever dies between any two steps: nothing is left out, and nothing is made twice (H3).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::kernel::error;
use domain::notify::deliveries::LEASE;
use domain::notify::webhook_deliveries;
use domain::webhooks::calls;
use proptest::prelude::*;
use tokio::sync::watch;

use crate::webhooks::program::{Program, yes};

#[tokio::test]
async fn h3_a_worker_that_dies_before_or_after_the_call_leaves_it_to_the_next() {
    for has_called in [false, true] {
        let program = Program::open().await;
        let webhook = program.make("https://a.example/", &["message.sent"]).await;
        program.says("Hello").await;
        if has_called {
            program.calls.answer(|_| panic!("the worker dies with the answer in its hands"));
            program.worker.step().await.unwrap();
            assert_eq!(program.calls.calls().len(), 1);
        } else {
            let workspace = program.office.workspace;
            program.office.write(move |tx| calls::enqueue_calls(tx, workspace, webhook)).await;
            let taken = program
                .office
                .write(move |tx| webhook_deliveries::claim_calls(tx, workspace, webhook, 10))
                .await;
            assert_eq!(taken.len(), 1);
        }
        program.calls.answer(|_| Ok(yes()));
        assert_eq!(program.worker.step().await.unwrap(), 0, "it is held until the lease runs out");
        program.office.wait(LEASE);
        program.settle().await;
        let made = program.calls.take();
        assert!(made.iter().all(|call| call.id == made[0].id), "a repeat can be recognised");
        assert_eq!(made.len(), if has_called { 2 } else { 1 });
        assert!(program.list(webhook).await[0].taken_at.is_some());
    }
}

#[tokio::test]
async fn h3_one_that_fails_at_each_call_keeps_no_other_waiting() {
    let program = Program::open().await;
    program.make("https://slow.example/", &["message.sent"]).await;
    program.make("https://quick.example/", &["message.sent"]).await;
    let quick = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&quick);
    program.calls.answer(move |call| {
        assert!(!call.url.contains("slow"), "this one dies at each call");
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(yes())
    });
    for number in 0..50 {
        program.says(&number.to_string()).await;
    }
    program.settle().await;
    assert_eq!(quick.load(Ordering::SeqCst), 50);
}

#[tokio::test]
async fn h3_a_running_worker_tells_what_happens_and_ends_when_told() {
    let program = Program::open().await;
    program.make("https://a.example/", &["message.sent"]).await;
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(Program::worker(&program.office, &program.calls).run(stopping));
    let others = tokio::spawn(Program::worker(&program.office, &program.calls).run(stop.subscribe()));
    for number in 0..20 {
        program.says(&number.to_string()).await;
    }
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while program.calls.calls().len() < 20 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("all are told");
    stop.send_replace(true);
    running.await.unwrap();
    others.await.unwrap();
    let mut texts = program.texts();
    texts.sort_by_key(|text| text.parse::<u32>().unwrap());
    let expected: Vec<String> = (0..20).map(|number: u32| number.to_string()).collect();
    assert_eq!(texts, expected, "each once, though two workers ran");
}

/// What may happen in between.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody writes.
    Says,
    /// The journal is followed, and the transaction is lost on its way to the disk.
    FollowLost,
    /// The journal is followed.
    Follow,
    /// The worker dies while it calls.
    Dies,
    /// The program refuses.
    Refuses,
    /// All goes well.
    Steps,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Says),
        1 => Just(Step::FollowLost),
        1 => Just(Step::Follow),
        1 => Just(Step::Dies),
        1 => Just(Step::Refuses),
        2 => Just(Step::Steps),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn h3_whatever_dies_in_between_each_event_is_one_call_and_is_taken(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let program = Program::open().await;
            let webhook = program.make("https://a.example/", &["message.sent"]).await;
            let workspace = program.office.workspace;
            let mut said = 0;
            for step in steps {
                match step {
                    Step::Says => {
                        program.says(&said.to_string()).await;
                        said += 1;
                    }
                    Step::FollowLost => {
                        let lost = program.office.store.write(move |tx| {
                            calls::enqueue_calls(tx, workspace, webhook)?;
                            Err::<(), _>(error::Error::Conflict("the power is cut"))
                        });
                        assert!(lost.await.is_err());
                    }
                    Step::Follow => {
                        program.office.write(move |tx| calls::enqueue_calls(tx, workspace, webhook)).await;
                    }
                    Step::Dies => {
                        program.calls.answer(|_| panic!("dies"));
                        program.worker.step().await.unwrap();
                    }
                    Step::Refuses => {
                        program.calls.answer(|_| crate::webhooks::program::no(500));
                        program.worker.step().await.unwrap();
                    }
                    Step::Steps => {
                        program.calls.answer(|_| Ok(yes()));
                        program.worker.step().await.unwrap();
                    }
                }
            }
            program.calls.answer(|_| Ok(yes()));
            for _ in 0..3 {
                program.office.wait(LEASE);
                program.settle().await;
            }
            let shown = program.list(webhook).await;
            assert_eq!(shown.len(), said);
            assert!(shown.iter().all(|call| call.taken_at.is_some()));
            let mut told: Vec<(String, String)> =
                program.calls.take().into_iter().map(|call| (call.id, call.body)).collect();
            told.sort();
            told.dedup_by_key(|call| call.0.clone());
            assert_eq!(told.len(), said, "one id for each event");
            let mut texts: Vec<usize> = told
                .iter()
                .map(|(_, body)| {
                    let body: serde_json::Value = serde_json::from_str(body).unwrap();
                    body["data"]["object"]["text"].as_str().unwrap().parse().unwrap()
                })
                .collect();
            texts.sort_unstable();
            assert_eq!(texts, (0..said).collect::<Vec<_>>());
        });
    }
}
